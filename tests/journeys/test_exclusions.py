"""Who must not learn of a case does not: from the very request that says so, and after everything was delivered."""

from agencies.documents.referral import HonourBased
from agencies.names import DeliveryId
from broker.ports import UnitOfWork
from tests.factories import a_referral, exclusions
from tests.journeys.world import ALL_DOCUMENTS, COORDINATOR, SENDER, SERVICE, World, refusal


def test_an_agency_excluded_by_the_request_gets_no_header_and_the_coordinator_gets_everything(world: World) -> None:
    accepted = world.refer(exclusions=exclusions(agencies=[world.party(SERVICE)]))
    world.arrived(accepted)
    assert world.gets_nothing(SERVICE)
    assert set(world.read(COORDINATOR, 3)) == set(ALL_DOCUMENTS)
    for one in accepted:
        assert _recipients(world, one.manifest.message) == [world.party(COORDINATOR)]


def test_an_excluded_agency_that_refers_the_case_again_is_told_that_there_is_none(world: World) -> None:
    case = world.refer(by=SERVICE)[0].manifest.case
    world.kit(COORDINATOR).exclude(case, [world.party(SERVICE)], settled=False)
    assert refusal(lambda: world.refer(by=SERVICE, case=case)).code == "not-available"


def test_an_officer_excluded_after_collection_is_refused_at_opening(world: World) -> None:
    accepted = world.refer()
    first, second = world.collect(SERVICE, 2).saved
    world.kit(SERVICE).open(first)
    world.kit(COORDINATOR).exclude(accepted[0].manifest.case, [world.officer(SERVICE)], settled=False)
    assert refusal(lambda: world.kit(SERVICE).open(second)).code == "not-available"
    assert world.logged(event="open", outcome="deny")["rule"] == "N9"


def test_an_officer_excluded_by_the_request_can_neither_collect_nor_open_while_the_coordinator_can(
    world: World,
) -> None:
    world.arrived(world.refer(exclusions=exclusions(officers=[world.officer(SERVICE)])))
    assert world.gets_nothing(SERVICE)
    assert set(world.read(COORDINATOR, 3)) == set(ALL_DOCUMENTS)


def test_people_excluded_in_words_hold_everybody_but_the_coordinator_back_until_it_is_settled(world: World) -> None:
    accepted = world.refer(exclusions=exclusions(people=["His cousin, who volunteers somewhere"]))
    world.arrived(accepted)
    assert world.gets_nothing(SERVICE)
    assert set(world.read(COORDINATOR, 3)) == set(ALL_DOCUMENTS)
    case = accepted[0].manifest.case
    world.kit(COORDINATOR).exclude(case, [], settled=True)
    assert set(world.read(SERVICE, 2)) == {"referral", "safe-contact"}
    assert not world.entries(event="lease", outcome="deny", case=case), "what is held back is not even looked at"


def test_honour_based_abuse_closes_the_case_to_all_but_the_coordinator(world: World) -> None:
    closing = a_referral(honour_based=HonourBased(forced_marriage=True))
    accepted = world.refer(closing)
    world.arrived(accepted)
    assert world.gets_nothing(SERVICE)
    assert set(world.read(COORDINATOR, 3)) == set(ALL_DOCUMENTS)


def test_a_case_that_closes_later_withholds_the_headers_that_were_made_before(world: World) -> None:
    accepted = world.refer()
    first, _ = world.collect(SERVICE, 2).saved
    world.refer(a_referral(honour_based=HonourBased(honour_based_abuse=True)), case=accepted[0].manifest.case)
    assert refusal(lambda: world.kit(SERVICE).open(first)).code == "not-available"
    assert world.logged(event="open", outcome="deny")["rule"] == "N10"


def test_only_the_coordinator_excludes(embedded: World) -> None:
    case = embedded.refer()[0].manifest.case
    for other in (SENDER, SERVICE, "governance"):
        act = refusal(lambda other=other: embedded.kit(other).exclude(case, [], settled=True))
        assert act.code == "act-not-allowed"


def _recipients(world: World, message: str) -> list[str]:
    """Return to whom a header was made."""

    async def look(uow: UnitOfWork) -> list[tuple[str, DeliveryId]]:
        return [(one.recipient, one.id) for one in await uow.messages.deliveries(message)]

    return [recipient for recipient, _ in world.peek(look)]
