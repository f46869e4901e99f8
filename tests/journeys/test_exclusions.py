"""Who must not learn of a case does not: from the very request that says so, and after everything was delivered."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from agencies.documents.referral import HonourBased
from agencies.kit.acceptance import Accepted
from agencies.kit.wire import Problem
from agencies.names import CaseRef, DeliveryId, MessageId
from broker.case import LawfulBasis, Related, Relation
from broker.ports import UnitOfWork
from gateway.made_up import TELEPHONE
from tests.factories import a_referral, exclusions, the_documents
from tests.journeys.colleagues import session, with_colleague
from tests.journeys.conftest import MakeWorld
from tests.journeys.world import ALL_DOCUMENTS, COORDINATOR, SENDER, SERVICE, START, World, refusal

THIRD = "health"
NOBODY_LEFT = "exclusion-leaves-nobody"


def test_an_agency_excluded_by_the_request_gets_no_header_and_the_coordinator_gets_everything(world: World) -> None:
    accepted = world.refer(exclusions=exclusions(agencies=[world.party(SERVICE)]))
    world.arrived(accepted)
    assert world.gets_nothing(SERVICE)
    assert set(world.read(COORDINATOR, 3)) == set(ALL_DOCUMENTS)
    for one in accepted:
        assert _recipients(world, one.manifest.message) == [world.party(COORDINATOR)]


def test_an_excluded_agency_that_refers_the_case_again_is_told_that_there_is_none(world: World) -> None:
    case = world.refer(by=SERVICE)[0].manifest.case
    world.kit(COORDINATOR).exclude(case, [world.party(SERVICE)])
    assert refusal(lambda: world.refer(by=SERVICE, case=case)).code == "not-available"


def test_an_officer_excluded_after_collection_is_refused_at_opening(world: World) -> None:
    accepted = world.refer()
    first, second = world.collect(SERVICE, 2).saved
    world.kit(SERVICE).open(first)
    world.kit(COORDINATOR).exclude(accepted[0].manifest.case, [world.officer(SERVICE)])
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
    world.kit(COORDINATOR).exclude(case, [], settled=[words_of(accepted)])
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
    accepted = embedded.refer()
    case = accepted[0].manifest.case
    for other in (SENDER, SERVICE, "governance"):
        settled = [words_of(accepted)]
        act = refusal(lambda other=other, settled=settled: embedded.kit(other).exclude(case, [], settled=settled))
        assert act.code == "act-not-allowed"


def test_a_third_agency_that_would_leave_nobody_to_act_is_refused_and_everybody_reads_on(world: World) -> None:
    accepted = world.refer()
    world.arrived(accepted)
    case = accepted[0].manifest.case
    _asked(world, THIRD, case)
    everybody = exclusions(agencies=[world.party(SERVICE)], officers=[world.officer(COORDINATOR)])
    problem = refusal(lambda: world.refer(by=THIRD, case=case, exclusions=everybody))
    assert (problem.code, problem.pointer) == (NOBODY_LEFT, "/documents/exclusions/officers")
    assert f"Coordinator: {TELEPHONE}" in problem.help
    assert set(world.read(SERVICE, 2)) == {"referral", "safe-contact"}
    assert set(world.read(COORDINATOR, 3)) == set(ALL_DOCUMENTS)
    assert world.gets_nothing(COORDINATOR)
    refused = world.logged(event="submit", outcome="deny")
    assert (refused["rule"], refused["agency"]) == (NOBODY_LEFT, world.party(THIRD))


def test_what_was_excluded_by_mistake_is_lifted_and_read_again_but_not_what_came_in_between(world: World) -> None:
    first = world.refer()
    world.arrived(first)
    case = first[0].manifest.case
    world.arrived(world.refer(case=case, exclusions=exclusions(agencies=[world.party(SERVICE)])))
    assert world.gets_nothing(SERVICE)
    world.kit(COORDINATOR).exclude(case, [], lift=[world.party(SERVICE), world.party(THIRD)])
    assert world.logged(event="lift", outcome="permit")["case"] == case
    opened = world.read(SERVICE, 2)
    assert set(opened) == {"referral", "safe-contact"}
    assert {one.manifest.message for one in opened.values()} <= {one.manifest.message for one in first}
    assert world.gets_nothing(SERVICE), "no header was made for it while it was excluded"
    world.arrived(world.refer(case=case))
    assert set(world.read(SERVICE, 2)) == {"referral", "safe-contact"}


def test_what_the_case_excludes_already_counts_with_what_is_added(embedded: World) -> None:
    colleague, only = with_colleague(embedded, COORDINATOR), embedded.officer(COORDINATOR)
    case = embedded.refer(exclusions=exclusions(officers=[colleague]))[0].manifest.case
    added = exclusions(officers=[colleague, only])
    assert refusal(lambda: embedded.refer(case=case, exclusions=exclusions(officers=[only]))).code == NOBODY_LEFT
    assert refusal(lambda: embedded.refer(exclusions=added)).code == NOBODY_LEFT
    own = refusal(lambda: embedded.kit(COORDINATOR).exclude(case, [only]))
    assert (own.code, own.pointer) == (NOBODY_LEFT, "/parties")
    assert embedded.logged(event="exclude", outcome="deny")["rule"] == NOBODY_LEFT
    assert len(embedded.refer(case=case, exclusions=exclusions([embedded.party(SERVICE)], [colleague]))) == 3
    embedded.kit(COORDINATOR).exclude(case, [only], lift=[colleague])
    assert refusal(lambda: embedded.kit(COORDINATOR).exclude(case, [], lift=[only])).code == "not-available"


def test_the_coordinators_office_is_never_excluded_whole(embedded: World) -> None:
    case, named = embedded.refer()[0].manifest.case, [embedded.party(SERVICE), embedded.party(COORDINATOR)]
    problem = refusal(lambda: embedded.kit(COORDINATOR).exclude(case, named))
    assert (problem.code, problem.pointer) == (NOBODY_LEFT, "/parties/1")


def test_who_may_not_submit_to_the_case_is_not_told_that_nobody_would_be_left(embedded: World) -> None:
    case, everybody = embedded.refer()[0].manifest.case, exclusions(officers=[embedded.officer(COORDINATOR)])
    assert refusal(lambda: embedded.refer(by=THIRD, case=case, exclusions=everybody)).code == "not-available"


def test_where_proof_is_demanded_an_officer_who_cannot_give_it_does_not_count(make_world: MakeWorld) -> None:
    world = make_world(demand_proved=True)
    with_colleague(world, COORDINATOR)  # named only, without a key
    proving = exclusions(officers=[world.officer(COORDINATOR)])
    assert refusal(lambda: world.refer(by=SERVICE, exclusions=proving)).code == NOBODY_LEFT


def test_two_agencies_at_once_cannot_each_exclude_the_one_that_the_other_leaves(world: World) -> None:
    officers = [with_colleague(world, COORDINATOR), world.officer(COORDINATOR)]
    case = world.refer()[0].manifest.case
    _asked(world, THIRD, case)

    def refer(by: str, officer: str) -> str:
        documents = the_documents(excluded=exclusions(officers=[officer]))
        with session(world, by, world.officer(by)) as kit:  # of this thread's own
            try:
                kit.submit(kit.prepare(documents, case))
            except Problem as problem:
                return problem.code
        return "accepted"

    with ThreadPoolExecutor(2) as threads:
        answers = list(threads.map(refer, (SENDER, THIRD), officers))
    assert sorted(answers) == ["accepted", NOBODY_LEFT]


def test_an_excluded_officer_of_the_office_does_not_lift_its_own_exclusion_and_a_colleague_does(world: World) -> None:
    colleague, excluded = with_colleague(world, COORDINATOR), world.officer(COORDINATOR)
    accepted = world.refer(exclusions=exclusions(officers=[excluded]))
    world.arrived(accepted)
    case = accepted[0].manifest.case
    with session(world, COORDINATOR, None) as nameless:
        for kit in (world.kit(COORDINATOR), nameless):
            act = refusal(lambda kit=kit: kit.exclude(case, [], lift=[excluded]))
            assert act.code == "not-available"
    assert world.gets_nothing(COORDINATOR)
    with session(world, COORDINATOR, colleague) as kit:
        kit.exclude(case, [], lift=[excluded])
    assert set(world.read(COORDINATOR, 3)) == set(ALL_DOCUMENTS)


def test_an_excluded_officer_of_the_office_does_not_settle_what_was_excluded_in_words(world: World) -> None:
    with_colleague(world, COORDINATOR)
    accepted = world.refer(exclusions=exclusions(officers=[world.officer(COORDINATOR)], people=["Her uncle"]))
    world.arrived(accepted)
    case = accepted[0].manifest.case
    with session(world, COORDINATOR, None) as nameless:
        for kit in (world.kit(COORDINATOR), nameless):
            settled = [words_of(accepted)]
            act = refusal(lambda kit=kit, settled=settled: kit.exclude(case, [], settled=settled))
            assert act.code == "not-available"
    assert world.gets_nothing(SERVICE)


def test_only_the_coordinator_lifts(embedded: World) -> None:
    case = embedded.refer(exclusions=exclusions(agencies=[embedded.party(SERVICE)]))[0].manifest.case
    for other in (SENDER, SERVICE, "governance"):
        lift = [embedded.party(SERVICE)]
        act = refusal(lambda other=other, lift=lift: embedded.kit(other).exclude(case, [], lift=lift))
        assert act.code == "act-not-allowed"
        denied = embedded.logged(event="lift", outcome="deny", agency=embedded.party(other))
        assert denied["rule"] == "N3"


def words_of(accepted: Sequence[Accepted]) -> MessageId:
    """Return the message of a referral that excludes people in words."""
    return next(one.manifest.message for one in accepted if one.manifest.document == "exclusions")


def _asked(world: World, short: str, case: CaseRef) -> None:
    """A third agency has been asked for research: from here on it may submit to the case."""
    asked = Related(world.party(short), Relation.ASKED, LawfulBasis.UK_GDPR_PUBLIC_TASK, "research", START)
    world.change(lambda uow: uow.cases.relate(case, asked))


def _recipients(world: World, message: str) -> list[str]:
    """Return to whom a header was made."""

    async def look(uow: UnitOfWork) -> list[tuple[str, DeliveryId]]:
        return [(one.recipient, one.id) for one in await uow.messages.deliveries(message)]

    return [recipient for recipient, _ in world.peek(look)]
