"""What one agency says again and again is kept once: nobody else pays for it for ever."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from agencies.kit.client import Kit
from agencies.notes.revocation import REASONS, Revocation
from broker.ports import UnitOfWork
from crypto import note as signed_note
from tests.journeys.colleagues import session
from tests.journeys.world import COORDINATOR, SENDER, World, refusal

A_SECOND = timedelta(seconds=1)


def test_a_key_is_revoked_once_however_often_its_owner_says_so(world: World) -> None:
    kit, key = world.kit(SENDER), _recipient(world)
    now = world.clock()
    for seconds in range(3):
        for reason in REASONS:
            _send(kit, world, Revocation(kit.home.settings.area, key, now + seconds * A_SECOND, reason))
    assert len(world.peek(_revocations)) == 1
    earlier = Revocation(kit.home.settings.area, key, now - timedelta(minutes=1), "lost")
    assert refusal(lambda: _send(kit, world, earlier)).code == "note-invalid"
    assert len(world.peek(_revocations)) == 1


def test_the_registrar_dates_a_revocation_back_and_each_kit_keeps_the_one_that_counts(world: World) -> None:
    kit, key = world.kit(SENDER), _recipient(world)
    area, now = kit.home.settings.area, world.clock()
    _send(kit, world, Revocation(area, key, now, "lost"))
    by_registrar = [
        signed_note.sign(Revocation(area, key, now - timedelta(hours=hours), "stolen").encode(), [world.area.registrar])
        for hours in (1, 1, 2)
    ]
    for note in by_registrar:
        world.kit(COORDINATOR).post("/v1/revocations", {"note": note})
    assert len(world.peek(_revocations)) == 3
    kit.refresh()
    held = kit.home.trust()
    assert held is not None
    assert held.revocations == (by_registrar[-1],)


def test_of_revocations_that_come_at_once_one_is_kept(world: World) -> None:
    key, now = _recipient(world), world.clock()

    def revoke(reason: str) -> None:
        with session(world, SENDER, None) as kit:
            _send(kit, world, Revocation(kit.home.settings.area, key, now, reason))

    with ThreadPoolExecutor(len(REASONS)) as threads:
        list(threads.map(revoke, REASONS))
    assert len(world.peek(_revocations)) == 1


def _recipient(world: World) -> str:
    return str(world.kit(SENDER).keyring.identities[0].recipient())


def _send(kit: Kit, world: World, revocation: Revocation) -> None:
    note = signed_note.sign(revocation.encode(), [world.area.members[SENDER].keyring.agency])
    kit.post("/v1/revocations", {"note": note})


async def _revocations(uow: UnitOfWork) -> Sequence[str]:
    return await uow.trust.revocations()
