"""Look-ups: answered at once and alike, kept for a year unless a referral joins them, and counted by agency."""

import json
from datetime import timedelta

from agencies.documents.lookup import PASSED_ON, Lookup
from agencies.documents.person import Person
from agencies.kit.compose import about
from agencies.names import CaseRef
from agencies.notes.manifest import parse_manifest
from agencies.notes.tombstone import parse_tombstone
from broker.ports import UnitOfWork
from crypto import note as signed_note
from tests.factories import a_judgement_referral
from tests.journeys.test_case_messages import HEALTH, POLICE, a_case
from tests.journeys.world import COORDINATOR, SENDER, World, refusal

KEPT = timedelta(days=12 * 31, hours=1)
GRACE = timedelta(days=7, hours=1)


def look_up(world: World, by: str, name: str = "Alex Invented") -> dict[str, object]:
    """Return the gateway's own answer to a look-up."""
    kit = world.kit(by)
    question = Lookup(person=Person(name=name), reason="She has just called us. (made up)")
    composed = kit.prepare_any(about("lookup", None), {"lookup": question})
    body = kit.gateway.post("/v1/lookups", composed.body(), kit.fields(**{"idempotency-key": composed.idempotency}))
    answer: dict[str, object] = json.loads(body)
    return answer


def case_of(answer: dict[str, object]) -> CaseRef:
    manifests = answer["manifests"]
    assert isinstance(manifests, list)
    return parse_manifest(signed_note.text_of(manifests[0])).case


def test_every_look_up_is_answered_alike_and_at_once(world: World) -> None:
    a_case(world, collected=0)
    answers = [look_up(world, HEALTH, name) for name in ("Alex Invented", "Nobody Atall")]
    assert [answer["message"] for answer in answers] == [PASSED_ON] * 2
    assert [answer.keys() for answer in answers] == [{"manifests", "message"}] * 2
    assert len({len(json.dumps(answer)) for answer in answers}) == 1


def test_repeated_look_ups_without_a_referral_stand_out_by_agency_and_without_a_person(embedded: World) -> None:
    for _ in range(2):
        look_up(embedded, HEALTH)
        look_up(embedded, SENDER)
        embedded.clock.move(timedelta(days=3))
    embedded.refer()
    look_up(embedded, POLICE)
    found = {one.agency.rpartition("/")[2]: one for one in embedded.kit(COORDINATOR).lookups().agencies}
    assert {short: (len(one.looked_up), len(one.without_referral), one.stands_out) for short, one in found.items()} == {
        HEALTH: (2, 2, True), SENDER: (2, 1, False), POLICE: (1, 1, False),
    }  # fmt: skip
    assert embedded.logged(event="survey")["outcome"] == "permit"
    assert refusal(embedded.kit(HEALTH).lookups).code == "act-not-allowed"
    assert embedded.logged(event="survey", outcome="deny")["rule"] == "N3"


def test_who_is_excluded_from_a_look_ups_case_does_not_see_it_counted(embedded: World) -> None:
    asked, excluded = case_of(look_up(embedded, HEALTH)), embedded.officer(COORDINATOR)
    embedded.change(lambda uow: uow.cases.exclude(asked, [excluded]))
    assert embedded.kit(COORDINATOR).lookups().agencies == ()


def test_a_case_that_was_only_looked_up_goes_after_a_year_and_one_that_was_referred_stays(world: World) -> None:
    asked = [case_of(look_up(world, HEALTH)) for _ in range(2)]
    world.refer(by=HEALTH, case=asked[1])
    assert [world.kit(COORDINATOR).case(one).stage for one in asked] == ["looked-up", "referred"]
    world.move(KEPT)
    assert world.logged(event="schedule")["rule"] == "lookup-372-days"
    world.move(GRACE)
    world.until(lambda: bool(world.kit(COORDINATOR).tombstones()), pause_s=0.2)
    (note,) = world.kit(COORDINATOR).tombstones()
    stone = parse_tombstone(signed_note.text_of(note))
    assert (stone.rule, stone.counts) == ("lookup-372-days", (("lookup", 1),))
    assert world.peek(_cases) == 1


def test_a_referral_for_information_starts_the_clock_of_a_case_that_was_only_looked_up(embedded: World) -> None:
    asked = case_of(look_up(embedded, HEALTH))
    informing = a_judgement_referral().model_copy(update={"information_only": True})
    embedded.refer(informing, by=HEALTH, case=asked)
    assert embedded.kit(COORDINATOR).case(asked).last_referral_at is not None


async def _cases(uow: UnitOfWork) -> int:
    return await uow.cases.count()
