"""Seven years, a schedule, seven days of grace, and then nothing is left but a tombstone."""

import json
from datetime import timedelta

from agencies.kit.export import verify_export
from agencies.notes import tombstone as tombstones
from agencies.notes.tombstone import case_commitment, parse_tombstone
from broker.ports import UnitOfWork
from crypto import note as signed_note
from tests.journeys.register import renew
from tests.journeys.world import COORDINATOR, SENDER, SERVICE, START, World, refusal
from tests.ports.makers import by

SEVEN_YEARS = timedelta(days=7 * 365 + 3)
GRACE = timedelta(days=7, hours=1)
A_YEAR_LATER = timedelta(days=12 * 31 + 1)


def test_seven_years_after_its_last_referral_a_case_is_destroyed_and_a_tombstone_stays_inside_and_outside(
    world: World,
) -> None:
    accepted = world.refer()
    case, message = accepted[0].manifest.case, accepted[0].manifest.message
    opened, unopened = world.collect(SERVICE, 2).saved
    world.kit(SERVICE).open(opened)
    _fall_due(world)
    assert world.logged(event="schedule")["case"] == case
    note = _wait_out_the_grace(world)
    stone = parse_tombstone(signed_note.verify(note, [world.area.gateway.verify_key], tombstones.TYPE).text)
    assert stone.case == case_commitment(stone.salt, case)
    assert (stone.rule, stone.counts) == ("retention-7-years", (("referral", 3),))
    outside = (world.settings.outside / "tombstones").read_text().splitlines()
    assert [json.loads(line) for line in outside] == [note]
    assert refusal(lambda: world.kit(SERVICE).open(unopened)).code == "not-available"
    assert refusal(lambda: world.kit(SENDER).status(message)).code == "not-available"
    assert refusal(lambda: world.refer(case=case)).code == "not-available"
    assert world.peek(_cases) == 0
    assert world.logged(event="purge")["case"] == case


def test_a_case_is_scheduled_when_its_own_seven_years_are_over_and_not_with_its_neighbour(embedded: World) -> None:
    first = embedded.refer()[0].manifest.case
    embedded.move(timedelta(days=4))
    embedded.refer()
    embedded.move(SEVEN_YEARS - timedelta(days=4))
    embedded.logged(event="schedule")
    assert [entry["case"] for entry in embedded.entries(event="schedule")] == [first]


def test_a_referral_between_schedule_and_run_saves_the_case(world: World) -> None:
    saved, lost = (world.refer()[0].manifest for _ in range(2))
    _fall_due(world, 2)
    renew(world)
    world.refer(case=saved.case)
    stone = parse_tombstone(signed_note.text_of(_wait_out_the_grace(world)))
    assert stone.case == case_commitment(stone.salt, lost.case)
    world.kit(SENDER).status(saved.message)
    world.refer(case=saved.case)


def test_a_schedule_that_is_no_longer_due_is_taken_back_and_logged_and_the_case_stays(world: World) -> None:
    case = world.refer()[0].manifest.case
    world.change(lambda uow: uow.cases.schedule([case], START - GRACE, before=by(world.clock())))
    world.move(timedelta(seconds=1))
    assert world.logged(event="unschedule")["case"] == case
    assert world.peek(lambda uow: uow.cases.scheduled(world.clock(), 9)) == []
    assert world.peek(_cases) == 1


def test_a_year_after_the_case_its_entries_go_too_and_the_log_still_verifies(world: World) -> None:
    case = world.refer()[0].manifest.case
    world.read(SERVICE, 2)
    _fall_due(world)
    _wait_out_the_grace(world)
    world.logged(event="purge", case=case)
    before = world.export()
    world.stop()
    world.move(A_YEAR_LATER)
    world.start()
    world.until(lambda: world.entries(case=case) == [], pause_s=0.3)
    lines = world.export()
    verified = verify_export(lines, [world.area.log.verify_key], f"{world.settings.area}/log")
    assert verified.destroyed > 0
    gone = [json.loads(line) for line in lines[1:] if json.loads(line)["entry"] is None]
    assert len(gone) == verified.destroyed
    assert {one["salt"] for one in gone} == {None}
    leaves = {json.loads(line)["index"]: json.loads(line)["leaf"] for line in before[1:]}
    assert all(leaves.get(one["index"], one["leaf"]) == one["leaf"] for one in gone)


def _fall_due(world: World, cases: int = 1) -> None:
    """Seven years pass; destruction is scheduled, and that is in the log which outsiders can check."""
    world.move(SEVEN_YEARS)
    world.until(lambda: len(world.entries(event="schedule")) == cases, pause_s=0.2)


def _wait_out_the_grace(world: World) -> str:
    """The grace passes; return the tombstone."""
    world.move(GRACE)
    kit = world.kit(COORDINATOR)
    world.until(lambda: bool(kit.tombstones()), pause_s=0.2)
    (note,) = kit.tombstones()
    return note


async def _cases(uow: UnitOfWork) -> int:
    return await uow.cases.count()
