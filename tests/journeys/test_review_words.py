"""What is handed in, and what is shown of it: recalls, notes, receipts, repeats, exclusions, and the log's readers."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from agencies.kit.client import Kit
from agencies.kit.export import verify_export
from agencies.kit.opening import Delivered
from agencies.names import AreaName, CaseRef, DeliveryId, agency_id
from agencies.notes.receipt import Receipt, parse_receipt
from broker.ports import UnitOfWork
from crypto import note as signed_note
from gateway.made_up import AREA
from tests.factories import exclusions, the_documents
from tests.journeys.colleagues import session, with_colleague
from tests.journeys.receipts import receipt_note, send_receipt
from tests.journeys.register import renew
from tests.journeys.test_retention import GRACE, SEVEN_YEARS
from tests.journeys.world import COORDINATOR, SENDER, SERVICE, World, refusal

COMPLIANCE = "governance"
A_SECOND, AN_HOUR, A_DAY, A_WEEK = timedelta(seconds=1), timedelta(hours=1), timedelta(days=1), timedelta(days=7)
Line = dict[str, object]


@dataclass(frozen=True)
class Readers:
    """Who is excluded, as whom the coordinator's office names them, and another reader of the log."""

    excluded: str
    named: Callable[[World, str], str]
    other: str


@pytest.mark.parametrize(
    "readers",
    [Readers(COMPLIANCE, World.party, COORDINATOR), Readers(COORDINATOR, World.officer, COMPLIANCE)],
    ids=["an agency", "an officer of the coordinator's office"],
)
def test_who_is_excluded_from_a_case_exports_a_log_that_verifies_and_tells_nothing_of_it_even_once_it_is_destroyed(
    embedded: World, readers: Readers
) -> None:
    with_colleague(embedded, COORDINATOR)  # or the office's only officer would be excluded: refused
    case, neighbour = (embedded.refer()[0].manifest.case for _ in range(2))
    embedded.kit(COORDINATOR).exclude(case, [readers.named(embedded, readers.excluded)])
    _is_read(embedded, readers.other, event="exclude", case=case)
    _withheld_from_one_alone(embedded, readers, case)
    embedded.move(SEVEN_YEARS)
    for one in (case, neighbour):
        _is_read(embedded, readers.other, event="schedule", case=one)
    embedded.move(GRACE)
    _is_read(embedded, readers.other, event="purge", case=case)
    _withheld_from_one_alone(embedded, readers, case)


def test_a_reader_of_the_log_who_names_no_officer_is_not_shown_what_excludes_any_of_theirs_and_a_colleague_is(
    embedded: World,
) -> None:
    colleague = with_colleague(embedded, COMPLIANCE)
    case = embedded.refer()[0].manifest.case
    embedded.kit(COORDINATOR).exclude(case, [embedded.officer(COMPLIANCE)])
    _is_read(embedded, COORDINATOR, event="exclude", case=case)
    with session(embedded, COMPLIANCE, None) as nameless, session(embedded, COMPLIANCE, colleague) as kit:
        assert _about(_exported(embedded, nameless), case) == set()
        assert len(_about(_exported(embedded, kit), case)) >= 2


def test_a_sender_takes_a_message_back_from_all_and_only_the_coordinator_from_those_it_names(embedded: World) -> None:
    accepted = embedded.refer()
    embedded.arrived(accepted)
    message, recipients = accepted[0].manifest.message, [embedded.party(SERVICE)]
    named = refusal(lambda: embedded.kit(SENDER).recall(message, recipients, "safety"))
    assert named.code == "act-not-allowed"
    assert embedded.kit(SENDER).status(message) == "waiting"
    assert embedded.kit(COORDINATOR).recall(message, recipients, "safety") == "recalled"
    assert len(embedded.kit(SERVICE).lease(10, 0).deliveries) == 1


def test_a_line_in_the_named_officer_s_name_that_is_no_signature_makes_the_note_unsound(embedded: World) -> None:
    kit = embedded.kit(SERVICE)
    composed = kit.prepare(the_documents())
    text = signed_note.text_of(composed.note)
    assert kit.keyring.officer is not None
    of_something_else = signed_note.sign("of something else\n", [kit.keyring.officer]).splitlines(keepends=True)[-1]
    with session(embedded, SERVICE, embedded.officer(SERVICE)) as named:
        honest = replace(composed, note=signed_note.sign(text, [kit.keyring.agency]))
        forged = replace(honest, note=honest.note + of_something_else)
        assert refusal(lambda: named.submit(forged)).code == "note-invalid"
        named.submit(honest)
    assert embedded.logged(event="submit", outcome="deny")["rule"] == "note-invalid"


def _another_area(_world: World, receipt: Receipt) -> Receipt:
    return replace(receipt, area=AreaName("marac.elsewhere.example"))


def _another_agency_s_officer(world: World, receipt: Receipt) -> Receipt:
    return replace(receipt, officer=world.officer("health"))


def _proved_without_a_signature(world: World, receipt: Receipt) -> Receipt:
    return replace(receipt, officer=world.officer(SERVICE), proved=True)


def _before_the_message(_world: World, receipt: Receipt) -> Receipt:
    return replace(receipt, at=receipt.at - AN_HOUR)


def _an_hour_ahead(_world: World, receipt: Receipt) -> Receipt:
    return replace(receipt, at=receipt.at + AN_HOUR)


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        (_another_area, "note-mismatch"),
        (_another_agency_s_officer, "note-mismatch"),
        (_proved_without_a_signature, "note-invalid"),
        (_before_the_message, "note-mismatch"),
        (_an_hour_ahead, "note-mismatch"),
    ],
)
def test_a_receipt_that_cannot_be_true_is_refused_and_logged_and_nothing_of_it_is_kept(
    embedded: World, changed: Callable[[World, Receipt], Receipt], code: str
) -> None:
    kit, (delivery, given) = embedded.kit(SERVICE), _leased(embedded)
    sound = receipt_note(kit, delivery, given.message, given.manifest, "collected")
    stated = changed(embedded, parse_receipt(signed_note.text_of(sound)))
    unsound = signed_note.sign(stated.encode(), [kit.keyring.agency])
    assert refusal(lambda: send_receipt(kit, delivery, unsound)).code == code
    assert _receipts(embedded, delivery) == ()
    assert embedded.logged(event="receipt", outcome="deny")["rule"] == code
    send_receipt(kit, delivery, sound)
    assert _receipts(embedded, delivery) == ("collected",)


def test_a_receipt_that_could_not_be_sent_is_taken_a_day_later_from_a_colleague_s_session(embedded: World) -> None:
    colleague = with_colleague(embedded, SERVICE)
    kit, (delivery, given) = embedded.kit(SERVICE), _leased(embedded)
    sound = parse_receipt(signed_note.text_of(receipt_note(kit, delivery, given.message, given.manifest, "collected")))
    assert kit.keyring.officer is not None
    proved = replace(sound, officer=embedded.officer(SERVICE), proved=True)
    note = signed_note.sign(proved.encode(), [kit.keyring.agency, kit.keyring.officer])
    embedded.move(A_DAY)
    with session(embedded, SERVICE, colleague) as another:
        send_receipt(another, delivery, note)
    assert _receipts(embedded, delivery) == ("collected",)
    assert embedded.logged(event="receipt", outcome="permit")["officer"] == colleague


def test_a_repeat_is_decided_anew_and_logged_whether_it_is_answered_or_not(embedded: World) -> None:
    kit = embedded.kit(SENDER)
    composed = kit.prepare(the_documents())
    first = kit.submit(composed)
    case = first[0].manifest.case
    assert [one.note for one in kit.submit(composed)] == [one.note for one in first]
    embedded.until(lambda: len(embedded.entries(event="submit", outcome="permit", case=case)) == 2, pause_s=0.2)
    embedded.kit(COORDINATOR).exclude(case, [embedded.party(SENDER)])
    assert refusal(lambda: kit.submit(composed)).code == "not-available"
    refused = embedded.logged(event="submit", outcome="deny")
    assert (refused["rule"], refused["case"], refused["agency"]) == ("N8", case, embedded.party(SENDER))


def test_a_note_older_than_seven_days_is_refused_unless_it_was_accepted_before(embedded: World) -> None:
    kit = embedded.kit(SENDER)
    accepted, late = (kit.prepare(the_documents()) for _ in range(2))
    first = kit.submit(accepted)
    embedded.move(A_WEEK + A_SECOND)
    assert refusal(lambda: kit.submit(late)).code == "note-mismatch"
    assert [one.note for one in kit.submit(accepted)] == [one.note for one in first]
    assert embedded.logged(event="submit", outcome="deny")["rule"] == "note-mismatch"


def test_what_was_destroyed_with_its_case_is_not_opened_again_by_its_old_note(embedded: World) -> None:
    kit = embedded.kit(SENDER)
    composed = kit.prepare(the_documents())
    kit.submit(composed)
    embedded.move(SEVEN_YEARS)
    embedded.logged(event="schedule")
    embedded.move(GRACE)
    embedded.logged(event="purge")
    renew(embedded)
    assert refusal(lambda: kit.submit(composed)).code == "note-mismatch"


def test_an_exclusion_of_nobody_in_the_register_is_refused_and_logged(embedded: World) -> None:
    accepted = embedded.refer()
    case, settled = accepted[0].manifest.case, [accepted[2].manifest.message]
    nobody = str(agency_id(AREA, "leisure"))
    for named in ({"parties": [nobody]}, {"parties": [], "lift": [nobody]}):
        act = refusal(lambda named=named: embedded.kit(COORDINATOR).exclude(case, settled=settled, **named))
        assert act.code == "exclusion-unknown"
    assert embedded.logged(event="settle", outcome="deny")["rule"] == "exclusion-unknown"
    assert refusal(lambda: embedded.refer(exclusions=exclusions(agencies=[nobody]))).code == "exclusion-unknown"
    assert embedded.logged(event="submit", outcome="deny")["rule"] == "exclusion-unknown"


def _exported(world: World, kit: Kit) -> list[Line]:
    """Return the lines of the log's entries as this kit was given them; the whole verifies."""
    path = kit.home.path / "export.jsonl"
    kit.export_log(path)
    lines = path.read_text().splitlines()
    verify_export(lines, [world.area.log.verify_key], f"{AREA}/log")
    return [json.loads(line) for line in lines[1:]]


def _said(line: Line) -> Line:
    """Return what an entry says; nothing, where it is withheld."""
    said: Line = {} if line["entry"] is None else json.loads(str(line["entry"]))
    return said


def _about(lines: list[Line], case: CaseRef) -> set[object]:
    """Return the indexes of the entries that are seen to be about a case."""
    return {line["index"] for line in lines if _said(line).get("case") == case}


def _is_read(world: World, short: str, **facts: object) -> None:
    """An entry that says all of `facts` is in the log, for this reader."""
    kit = world.kit(short)
    world.until(lambda: any(facts.items() <= _said(line).items() for line in _exported(world, kit)), pause_s=0.3)


def _withheld_from_one_alone(world: World, readers: Readers, case: CaseRef) -> None:
    """Claim that who is excluded gets null for every entry about the case, for no other, and the other reader none."""
    known = _exported(world, world.kit(readers.other))
    shown = _exported(world, world.kit(readers.excluded))[: len(known)]
    assert [line for line in known if None in line.values()] == []
    withheld = {line["index"] for line in shown if line["entry"] is None}
    assert withheld == _about(known, case)
    assert withheld == {line["index"] for line in shown if line["salt"] is None}
    assert len(withheld) >= 2


def _leased(world: World) -> tuple[DeliveryId, Delivered]:
    """Return one of the service's deliveries of a new referral, leased and not receipted."""
    world.arrived(world.refer())
    (first, _) = world.kit(SERVICE).lease(10, 0).deliveries
    return first


def _receipts(world: World, delivery: DeliveryId) -> tuple[str, ...]:
    async def look(uow: UnitOfWork) -> tuple[str, ...]:
        found = await uow.messages.delivery(delivery)
        return () if found is None else found.receipts

    return world.peek(look)
