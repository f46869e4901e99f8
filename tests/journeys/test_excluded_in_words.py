"""People excluded in words: each message that says so is settled by itself, by who may read it, and no other is."""

from agencies.documents.exclusions import Exclusions
from agencies.kit.excluding import read_here
from agencies.kit.sending import MOST_SETTLED
from agencies.names import CaseRef, MessageId
from tests.factories import exclusions
from tests.journeys.world import COORDINATOR, SERVICE, World

HIS_COUSIN, HER_BROTHER = exclusions(people=["His cousin"]), exclusions(people=["Her brother, at the housing office"])


def referred(world: World, words: Exclusions, case: CaseRef | None = None) -> tuple[CaseRef, MessageId]:
    """Return the case of a referral and its message that excludes people in words, once all of it has arrived."""
    accepted = world.refer(exclusions=words, case=case)
    world.arrived(accepted)
    (said,) = [one.manifest for one in accepted if one.manifest.document == "exclusions"]
    return said.case, said.message


def test_words_that_came_while_others_were_dealt_with_go_on_holding_everybody_back(world: World) -> None:
    office = world.kit(COORDINATOR)
    case, first = referred(world, HIS_COUSIN)
    world.read(COORDINATOR, 3)
    _, second = referred(world, HER_BROTHER, case)
    assert office.case(case).unsettled == tuple(sorted((first, second)))
    assert read_here(office, office.case(case)) == [first], "the kit settles what was read here, and nothing else"
    office.exclude(case, [], settled=[first])
    assert office.case(case).unsettled == (second,)
    assert world.gets_nothing(SERVICE), "what came meanwhile has not been read by anybody"
    office.exclude(case, [], settled=[first, first])
    assert world.gets_nothing(SERVICE), "again, nothing changes"
    world.read(COORDINATOR, 3)
    assert read_here(office, office.case(case)) == [second]
    office.exclude(case, [], settled=[second])
    assert set(world.read(SERVICE, 4)) == {"referral", "safe-contact"}
    assert world.logged(event="settle", outcome="permit")["case"] == case


def test_what_the_kit_opened_for_a_header_alone_nobody_has_read(embedded: World) -> None:
    office = embedded.kit(COORDINATOR)
    case, words = referred(embedded, HIS_COUSIN)
    embedded.collect(COORDINATOR, 3)
    (item,) = [one for one in office.inbox.items() if one.message == words]
    office.unseal(item.delivery)
    assert read_here(office, office.case(case)) == []
    office.open(item.delivery)
    assert read_here(office, office.case(case)) == [words]


def test_settling_the_words_of_one_merged_case_leaves_those_of_the_other(embedded: World) -> None:
    office = embedded.kit(COORDINATOR)
    (first, his), (second, hers) = referred(embedded, HIS_COUSIN), referred(embedded, HER_BROTHER)
    office.post(f"/v1/cases/{first}/merge", {"other": second})
    assert set(office.case(second).unsettled) == {his, hers}
    office.exclude(second, [], settled=[his])
    assert office.case(first).unsettled == (hers,)
    assert embedded.gets_nothing(SERVICE)
    office.post(f"/v1/cases/{first}/split", {"other": second})
    assert office.case(first).unsettled == office.case(second).unsettled == (hers,), "it holds both back, split too"
    assert embedded.gets_nothing(SERVICE)
    office.exclude(first, [], settled=[hers])
    assert set(embedded.read(SERVICE, 2)) == {"referral", "safe-contact"}
    assert office.case(second).unsettled == (hers,), "the other case asks for itself"
    office.exclude(second, [], settled=[hers])
    assert set(embedded.read(SERVICE, 2)) == {"referral", "safe-contact"}


def test_more_than_the_gateway_takes_at_once_is_settled_in_several_acts_and_whom_it_excludes_once(
    embedded: World,
) -> None:
    office = embedded.kit(COORDINATOR)
    case, his = referred(embedded, HIS_COUSIN)
    _, hers = referred(embedded, HER_BROTHER, case)
    office.exclude(case, [embedded.party("harbour")], settled=[*[his] * MOST_SETTLED, hers])
    now = office.case(case)
    assert (now.unsettled, now.excluded) == ((), (embedded.party("harbour"),))
