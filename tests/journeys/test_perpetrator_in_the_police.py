"""He works for the police: named by himself, with his whole force, or in words, he learns nothing of the case."""

from agencies.names import CaseRef
from tests.journeys.colleagues import session, with_keyed_colleague
from tests.journeys.test_case_messages import (
    FOUND,
    HEALTH,
    POLICE,
    a_case,
    a_note,
    ask,
    send,
)
from tests.journeys.test_shares import joined
from tests.journeys.world import COORDINATOR, SERVICE, World, refusal


def test_where_he_is_an_officer_of_the_police_he_gets_nothing_and_a_colleague_does(world: World) -> None:
    colleague, keys = with_keyed_colleague(world, POLICE)
    him = world.officer(POLICE)
    case = a_case(world, officers=[him])
    ask(world, case, POLICE)
    assert world.gets_nothing(POLICE), "he collects nothing"
    with session(world, POLICE, None) as nameless:
        assert nameless.pull().saved == (), "nor by leaving out his name"
    with session(world, POLICE, colleague, keys) as theirs:
        (delivery,) = theirs.pull().saved
        act = refusal(lambda: world.kit(POLICE).open(delivery))
        assert act.code == "not-available", "nor does he open what a colleague collected"
        denied = world.logged(event="open", outcome="deny", officer=him)
        assert (denied["rule"], denied["case"]) == ("N9", case)
        assert theirs.open(delivery).manifest.document == "research-request"
        assert refusal(lambda: send(world, POLICE, "research-return", FOUND, case)).code == "not-available"


def test_where_the_whole_police_are_excluded_nothing_tells_them_of_the_case(world: World) -> None:
    case = a_case(world, agencies=[world.party(POLICE)])
    ask(world, case, POLICE, HEALTH)
    joined(world, case, POLICE)
    joined(world, case)
    send(world, HEALTH, "case-note", a_note(world, POLICE, SERVICE), case)
    assert set(world.read(HEALTH)) == {"research-request"}
    assert world.gets_nothing(POLICE)
    assert world.kit(COORDINATOR).case(case).excluded == (world.party(POLICE),)
    for act in (
        lambda: world.refer(by=POLICE, case=case),
        lambda: send(world, POLICE, "research-return", FOUND, case),
        lambda: send(world, POLICE, "case-note", a_note(world, SERVICE), case),
    ):
        assert refusal(act).code == "not-available", "as for a case that is not there"


def test_where_he_is_named_in_words_everybody_waits_for_the_coordinator(world: World) -> None:
    case = a_case(world, people=["Her husband, a sergeant somewhere in the county"])
    joined(world, case, POLICE)
    ask(world, case, POLICE)
    assert all(world.gets_nothing(short) for short in (POLICE, SERVICE))
    _settled(world, case)
    assert world.gets_nothing(POLICE)
    assert set(world.read(SERVICE, 2)) == {"referral", "safe-contact"}


def _settled(world: World, case: CaseRef) -> None:
    """The coordinator found out who is meant, says so, and lets the others go on."""
    office = world.kit(COORDINATOR)
    office.exclude(case, [world.officer(POLICE)], settled=office.case(case).unsettled)
