from tests.journeys.world import World
def test_x(world: World) -> None:
    acc = world.refer()
    world.arrived(acc)
    assert list(world.read("coordinator", 3)) 
    assert set(world.read("lantern", 2)) == {"referral", "safe-contact"}
    assert world.gets_nothing("health")
    print(world.logged(event="open")["agency"])
