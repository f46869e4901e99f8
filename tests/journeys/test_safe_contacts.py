"""The safe contact stands in no message of its case, whatever its kind and whoever of those who know it sends it."""

import io
from collections.abc import Mapping
from dataclasses import replace

import pytest
import typer

from agencies.documents.chair_decision import ChairDecision
from agencies.documents.document import Document
from agencies.documents.exclusions import Exclusions
from agencies.documents.flag_and_tag import FlagAndTag
from agencies.documents.lookup import Lookup
from agencies.documents.lookup_answer import LookupAnswer
from agencies.documents.person import Named, Person
from agencies.documents.research_return import Item
from agencies.documents.reuse_consent import ReuseConsent
from agencies.documents.reuse_request import ReuseRequest
from agencies.documents.safe_contact import SafeContact
from agencies.documents.triage import Triage
from agencies.kit.acceptance import Accepted
from agencies.kit.compose import REFERRAL, about
from agencies.kit.correcting import with_reason
from agencies.kit.handing_in import prepared
from agencies.kit.safe_address import OlderSafeContactElsewhere, SafeContactElsewhere
from agencies.kit.safe_contacts import SafeContactUnread
from agencies.names import CaseRef
from broker.kinds.table import KINDS
from tests.factories import a_judgement_referral, the_documents
from tests.journeys.test_case_messages import FOUND, a_note, a_request, a_risk
from tests.journeys.test_same_person import merged
from tests.journeys.world import COORDINATOR, SENDER, SERVICE, START, World

REFUGE = SafeContact(safe_address="27 Willow Court\nExampleton EX4 7QZ", safe_telephone="01632 960077")
ELSEWHERE = SafeContact(safe_address="9 Elm Row\nExampleton EX4 1AB")
TOLD = "She has gone to 27 Willow Court. (made up)"


def a_referred_case(world: World, safe_contact: SafeContact = REFUGE, by: str = SENDER) -> list[Accepted]:
    accepted = world.refer(safe_contact=safe_contact, by=by)
    world.arrived(accepted, by)
    return accepted


def telling(world: World, message: str) -> Mapping[str, tuple[Document, str]]:
    """Return, by kind, a document that gives the refuge away, and the pointer to where it does."""
    to = (world.party(SENDER),)
    return {
        "research-request": (a_request(world, SENDER), "/people/0/addresses/0"),
        "research-return": (FOUND.model_copy(update={"items": (Item(nature="fact", text=TOLD),)}), "/items/0/text"),
        "case-note": (a_note(world, SENDER).model_copy(update={"text": TOLD}), "/text"),
        "staff-risk": (a_risk().model_copy(update={"precautions": TOLD}), "/precautions"),
        "flag-and-tag": (
            FlagAndTag(
                victim=Named(name="Alex Invented"), reason="other", other_reason=TOLD, flagged_until=START.date()
            ),
            "/other_reason",
        ),
        "chair-decision": (ChairDecision(decision="adjourn", reason=TOLD), "/reason"),
        "lookup": (Lookup(person=Person(name="Alex Invented"), reason=TOLD), "/reason"),
        "lookup-answer": (LookupAnswer(to=to, answer="known", text=TOLD), "/text"),
        "triage": (Triage(outcome="more_information", text=TOLD), "/text"),
        "reuse-request": (
            ReuseRequest(to=to, messages=(message,), purpose=TOLD, lawful_basis="court_order"),
            "/purpose",
        ),
        "reuse-consent": (ReuseConsent(to=to, messages=(message,), agreed=True, conditions=TOLD), "/conditions"),
    }


def told(
    world: World, by: str, kind: str, document: Document, case: CaseRef, *, older_too: bool = False
) -> tuple[str, ...]:
    """Return where the kit found the safe contact before it sent this; nowhere: the empty tuple."""
    try:
        world.kit(by).prepare_any(about(kind, case), {kind: document}, older_too=older_too)
    except SafeContactElsewhere as stopped:
        return stopped.pointers if "Willow" not in str(stopped) else ("the place itself",)
    return ()


def test_no_kind_of_message_leaves_a_kit_that_knows_the_safe_contact_and_would_tell_it(embedded: World) -> None:
    accepted = a_referred_case(embedded)
    case = accepted[0].manifest.case
    embedded.read(COORDINATOR, 3)
    embedded.read(SERVICE, 2)
    documents = telling(embedded, accepted[0].manifest.message)
    assert {*documents, "referral"} == set(KINDS), "a new kind is to be tried here too"
    request = a_request(embedded, SENDER)
    sought = request.people[0].model_copy(update={"addresses": ("27 Willow Court",)})
    request = request.model_copy(update={"people": (sought,)})
    for kind, (document, pointer) in {**documents, "research-request": (request, "/people/0/addresses/0")}.items():
        for by in (SENDER, SERVICE, COORDINATOR):
            assert told(embedded, by, kind, document, case) == (f"/{kind}{pointer}",), f"{kind}, by {by}"
    other = a_referred_case(embedded, SafeContact())[0].manifest.case
    assert told(embedded, SENDER, "case-note", documents["case-note"][0], other) == (), "of another case"


def test_a_correction_of_the_referral_is_compared_with_the_safe_contact_that_was_sent_before(embedded: World) -> None:
    body = a_referred_case(embedded)[0].manifest
    subject = replace(REFERRAL, case=body.case, supersedes=body.message)
    referral = a_judgement_referral().model_copy(update={"circumstances": TOLD})
    corrected = with_reason(the_documents(referral, SafeContact()), "The day was wrong. (made up)")
    with pytest.raises(OlderSafeContactElsewhere) as stopped:
        embedded.kit(SENDER).prepare_any(subject, corrected)
    assert stopped.value.pointers == ("/referral/circumstances",)
    assert "Willow" not in str(stopped.value)
    corrected = with_reason(the_documents(referral, REFUGE), "The day was wrong. (made up)")
    with pytest.raises(SafeContactElsewhere) as stopped_for_good:
        embedded.kit(SENDER).prepare_any(subject, corrected, older_too=True)
    assert not isinstance(stopped_for_good.value, OlderSafeContactElsewhere), "its own is told by no word of a person's"


def test_a_correction_can_say_that_he_lives_at_what_was_called_the_safe_address_once_a_person_said_so(
    embedded: World,
) -> None:
    body = a_referred_case(embedded)[0].manifest
    embedded.read(COORDINATOR, 3)
    subject = replace(REFERRAL, case=body.case, supersedes=body.message)
    referral = a_judgement_referral().model_copy(update={"circumstances": "He lives at 27 Willow Court. (made up)"})
    corrected = with_reason(the_documents(referral, ELSEWHERE), "That is his address. (made up)")
    for by in (COORDINATOR, SENDER):
        with pytest.raises(OlderSafeContactElsewhere):
            embedded.kit(by).prepare_any(subject, corrected)
        composed = embedded.kit(by).prepare_any(subject, corrected, older_too=True)
    embedded.arrived(embedded.kit(SENDER).submit(composed))
    embedded.read(COORDINATOR, 3)
    note = a_note(embedded, SENDER)
    older, newest = (note.model_copy(update={"text": f"{one} (made up)"}) for one in ("27 Willow Court", "9 Elm Row"))
    for by in (SENDER, COORDINATOR):
        assert told(embedded, by, "case-note", older, body.case) == ("/case-note/text",), by
        assert told(embedded, by, "case-note", older, body.case, older_too=True) == (), by
        assert told(embedded, by, "case-note", newest, body.case, older_too=True) == ("/case-note/text",), by


def test_a_further_referral_makes_the_safe_contact_before_it_an_older_one_unless_it_names_none(
    embedded: World,
) -> None:
    case, kit = a_referred_case(embedded)[0].manifest.case, embedded.kit(SENDER)
    words = "He attacked her at 27 Willow Court. (made up)"
    referral = a_judgement_referral().model_copy(update={"circumstances": words})
    with pytest.raises(OlderSafeContactElsewhere):
        kit.prepare(the_documents(referral, ELSEWHERE), case)
    kit.prepare(the_documents(referral, ELSEWHERE), case, older_too=True)
    with pytest.raises(SafeContactElsewhere) as stopped:
        kit.prepare(the_documents(referral, SafeContact()), case, older_too=True)
    assert not isinstance(stopped.value, OlderSafeContactElsewhere), "where none is named, the one before still stands"


def test_the_correction_of_an_older_referral_does_not_tell_the_safe_contact_that_came_after_it(
    embedded: World,
) -> None:
    body = a_referred_case(embedded)[0].manifest
    embedded.arrived(embedded.refer(safe_contact=ELSEWHERE, case=body.case))
    subject = replace(REFERRAL, case=body.case, supersedes=body.message)
    referral = a_judgement_referral().model_copy(update={"circumstances": "She is at 9 Elm Row. (made up)"})
    corrected = with_reason(the_documents(referral, REFUGE), "The day was wrong. (made up)")
    with pytest.raises(SafeContactElsewhere) as stopped:
        embedded.kit(SENDER).prepare_any(subject, corrected, older_too=True)
    assert not isinstance(stopped.value, OlderSafeContactElsewhere)


def test_what_its_sender_took_back_stands_no_more_in_the_sender_s_own_kit(embedded: World) -> None:
    accepted, kit = a_referred_case(embedded), embedded.kit(SENDER)
    note = a_note(embedded, SENDER).model_copy(update={"text": TOLD})
    case = accepted[0].manifest.case
    assert told(embedded, SENDER, "case-note", note, case, older_too=True) == ("/case-note/text",)
    kit.recall(accepted[1].manifest.message, None, "wrong-case")
    assert told(embedded, SENDER, "case-note", note, case) == ("/case-note/text",)
    assert told(embedded, SENDER, "case-note", note, case, older_too=True) == ()


def test_a_referral_goes_out_of_a_program_too_once_it_says_that_a_person_looked(embedded: World) -> None:
    case = a_referred_case(embedded)[0].manifest.case
    embedded.collect(SERVICE, 2)
    kit, referral = embedded.kit(SERVICE), a_judgement_referral()
    with pytest.raises(SafeContactUnread):
        kit.prepare(the_documents(referral, SafeContact()), case)
    with pytest.raises(SafeContactUnread):
        kit.submit_referral(referral, SafeContact(), Exclusions(), case)
    assert kit.submit_referral(referral, SafeContact(), Exclusions(), case, unread_too=True)
    assert kit.prepare(the_documents(referral, SafeContact()), case, unread_too=True)


@pytest.mark.parametrize("says_so", [True, False])
def test_who_sits_there_is_asked_whether_an_older_safe_contact_must_be_told(
    embedded: World, says_so: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    case, kit = a_referred_case(embedded)[0].manifest.case, embedded.kit(SENDER)
    referral = a_judgement_referral().model_copy(update={"circumstances": TOLD})
    subject, documents = replace(REFERRAL, case=case), the_documents(referral, ELSEWHERE)
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n" if says_so else "n\n"))
    with pytest.raises(OlderSafeContactElsewhere):
        prepared(kit, subject, documents, {})
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    if says_so:
        assert prepared(kit, subject, documents, {}).subject.case == case
    else:
        with pytest.raises(typer.Exit):
            prepared(kit, subject, documents, {})
    asked = capsys.readouterr().err
    assert "at /referral/circumstances" in asked
    assert "Willow" not in asked


def test_who_has_not_opened_the_safe_contact_is_told_to_and_may_go_on_only_by_saying_so(embedded: World) -> None:
    case, note = a_referred_case(embedded)[0].manifest.case, {"case-note": a_note(embedded, SENDER)}
    for by, documents in ((COORDINATOR, 3), (SERVICE, 2)):
        embedded.collect(by, documents)
        kit = embedded.kit(by)
        with pytest.raises(SafeContactUnread) as stopped:
            kit.prepare_any(about("case-note", case), note)
        kit.prepare_any(about("case-note", case), note, unread_too=True)
        (waits,) = stopped.value.deliveries
        assert kit.open(waits).manifest.document == "safe-contact"
        kit.prepare_any(about("case-note", case), note)


def test_what_the_office_took_in_itself_it_need_not_open_to_be_compared(embedded: World) -> None:
    referral = a_judgement_referral()
    by_telephone = referral.referrer.model_copy(update={"received_by": "telephone"})
    accepted = embedded.refer(
        referral.model_copy(update={"referrer": by_telephone}), by=COORDINATOR, safe_contact=REFUGE
    )
    embedded.arrived(accepted, COORDINATOR)
    embedded.collect(COORDINATOR, 3)
    note = a_note(embedded, SENDER)
    case = accepted[0].manifest.case
    assert told(embedded, COORDINATOR, "case-note", note, case) == ()
    giving_away = note.model_copy(update={"text": TOLD})
    assert told(embedded, COORDINATOR, "case-note", giving_away, case) == ("/case-note/text",)


def test_the_office_compares_with_every_case_that_is_one_with_this(embedded: World) -> None:
    one, other = (a_referred_case(embedded, safe)[0].manifest.case for safe in (REFUGE, SafeContact()))
    embedded.read(COORDINATOR, 6)
    note = a_note(embedded, SENDER).model_copy(update={"text": TOLD})
    assert told(embedded, COORDINATOR, "case-note", note, other) == ()
    merged(embedded, one, other)
    assert told(embedded, COORDINATOR, "case-note", note, other) == ("/case-note/text",)


def test_a_safe_contact_that_was_taken_back_is_still_told_to_nobody(embedded: World) -> None:
    accepted = a_referred_case(embedded)
    embedded.read(COORDINATOR, 3)
    embedded.kit(SENDER).recall(accepted[1].manifest.message, None, "wrong-case")
    embedded.collect(COORDINATOR)
    note = a_note(embedded, SENDER).model_copy(update={"text": TOLD})
    case = accepted[0].manifest.case
    assert told(embedded, COORDINATOR, "case-note", note, case) == ("/case-note/text",)
    assert told(embedded, COORDINATOR, "case-note", note, case, older_too=True) == (), "a person may say that it must"


def test_a_copy_that_cannot_be_read_any_more_is_said(embedded: World) -> None:
    case, note = a_referred_case(embedded)[0].manifest.case, {"case-note": a_note(embedded, SERVICE)}
    kit, held = embedded.kit(SENDER), embedded.kit(SENDER).keyring
    kit.keyring = replace(held, identities=embedded.kit(SERVICE).keyring.identities)
    with pytest.raises(SafeContactUnread) as stopped:
        kit.prepare_any(about("case-note", case), note)
    assert stopped.value.deliveries == ()
    kit.prepare_any(about("case-note", case), note, unread_too=True)
    kit.keyring = held
    kit.prepare_any(about("case-note", case), note)
