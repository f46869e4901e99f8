"""A message is corrected: the older version ends for all but the offices, and who held it gets the correction."""

from dataclasses import replace

import pytest

from agencies.documents.document import Document
from agencies.documents.triage import Triage
from agencies.kit.acceptance import Accepted
from agencies.kit.compose import REFERRAL, Composed, about
from agencies.kit.correcting import corrections, received, with_reason
from agencies.names import CaseRef, MessageId, PartyId
from broker.ports import UnitOfWork
from tests.factories import a_judgement_referral, a_safe_contact, exclusions
from tests.journeys.test_case_messages import FOUND, HEALTH, NOTHING, POLICE, a_case, a_note, ask, send
from tests.journeys.world import ALL_DOCUMENTS, COORDINATOR, SENDER, SERVICE, World, refusal

WHY = "The birth date was another's. (made up)"


def corrected(world: World, older: Accepted, document: Document, by: str, reason: str | None = WHY) -> Accepted:
    """Send the correction of a message and return its manifest, once it is in every mailbox that it goes to."""
    kind = older.manifest.kind
    subject = replace(about(kind, older.manifest.case), supersedes=older.manifest.message)
    kit = world.kit(by)
    (one,) = accepted = kit.submit(kit.prepare_any(subject, with_reason({kind: document}, reason), unread_too=True))
    world.arrived(accepted, by)
    return one


def a_correction(world: World, body: Accepted, *, names_case: bool = True) -> Composed:
    """Return a whole referral that corrects the one with this body, made ready."""
    subject = replace(REFERRAL, case=body.manifest.case if names_case else None, supersedes=body.manifest.message)
    documents: dict[str, Document] = {
        "referral": a_judgement_referral(), "safe-contact": a_safe_contact(), "exclusions": exclusions(),
    }  # fmt: skip
    return world.kit(SENDER).prepare_any(subject, with_reason(documents, WHY))


def involved(world: World, case: CaseRef, *members: str) -> None:
    for short in members:
        world.kit(COORDINATOR).relate(case, world.party(short), "involved", "involvement")


def headers(world: World, message: MessageId) -> dict[PartyId, bool]:
    """Return whether a header still waits, by recipient."""

    async def look(uow: UnitOfWork) -> dict[PartyId, bool]:
        found = await uow.messages.deliveries(message)
        return {one.recipient: await uow.messages.header(one.id) is not None for one in found}

    return world.peek(look)


def test_a_referral_is_corrected_whole_and_nobody_but_the_office_opens_the_older_one(world: World) -> None:
    older = world.refer()
    world.arrived(older)
    collected = world.collect(SERVICE, 2).saved
    newer = world.kit(SENDER).submit(a_correction(world, older[0]))
    world.arrived(newer)
    assert [one.manifest.supersedes for one in newer] == [older[0].manifest.message] * 3
    assert refusal(lambda: world.kit(SERVICE).open(collected[0])).code == "not-available"
    assert world.logged(event="open", outcome="deny")["rule"] == "N14"
    assert world.kit(SENDER).status(older[0].manifest.message) == "superseded"
    for one in older:
        waiting = headers(world, one.manifest.message)
        assert waiting.pop(world.party(COORDINATOR))
        assert set(waiting.values()) <= {False}
    read = world.read(SERVICE, 2)
    assert set(read) == {"referral", "safe-contact"}
    assert {one.document().correction for one in read.values()} == {WHY}
    assert sorted(world.read(COORDINATOR, 6)) == sorted(ALL_DOCUMENTS)
    messages = [one.manifest.message for one in (*older, *newer)]
    known = received(world.kit(SERVICE).home, messages)
    assert corrections(known) == {older[part].manifest.message: newer[part].manifest.message for part in (0, 1)}
    assert len(world.entries(event="supersede", outcome="permit")) == 3


def test_a_correction_restarts_no_clock(embedded: World) -> None:
    older = embedded.refer()
    before = embedded.kit(COORDINATOR).case(older[0].manifest.case).last_referral_at
    embedded.clock.move(embedded.settings.note_life)
    embedded.kit(SENDER).submit(a_correction(embedded, older[0]))
    assert embedded.kit(COORDINATOR).case(older[0].manifest.case).last_referral_at == before


def test_who_opened_an_earlier_version_gets_each_correction_though_it_is_named_no_more(world: World) -> None:
    case = a_case(world)
    involved(world, case, POLICE, HEALTH)
    first = send(world, POLICE, "case-note", a_note(world, HEALTH), case)
    assert list(world.read(HEALTH)) == ["case-note"]
    second = corrected(world, first, a_note(world, SERVICE), POLICE)
    third = corrected(world, second, a_note(world, SERVICE), POLICE)
    assert world.read(HEALTH)["case-note"].manifest.message == third.manifest.message
    assert world.gets_nothing(HEALTH), "the second was corrected before anybody opened it"


def test_who_has_not_opened_it_and_is_named_no_more_gets_neither(world: World) -> None:
    case = a_case(world)
    involved(world, case, POLICE, HEALTH)
    first = send(world, POLICE, "case-note", a_note(world, HEALTH), case)
    corrected(world, first, a_note(world, SERVICE), POLICE)
    assert world.gets_nothing(HEALTH)
    assert "case-note" in world.read(SERVICE, 3)


@pytest.mark.parametrize("relation", ["ended", "excluded"])
def test_who_has_no_part_any_more_gets_no_correction_of_what_it_held(embedded: World, relation: str) -> None:
    case = a_case(embedded)
    involved(embedded, case, POLICE, HEALTH)
    first = send(embedded, POLICE, "case-note", a_note(embedded, HEALTH), case)
    embedded.read(HEALTH)
    office = embedded.kit(COORDINATOR)
    if relation == "ended":
        office.relate(case, embedded.party(HEALTH), "ended", "no-longer-involved")
    else:
        office.exclude(case, [embedded.party(HEALTH)])
    newer = corrected(embedded, first, a_note(embedded, HEALTH), POLICE)
    assert embedded.party(HEALTH) not in headers(embedded, newer.manifest.message)
    assert embedded.gets_nothing(HEALTH)


def test_from_whom_it_was_recalled_the_correction_is_kept_too(embedded: World) -> None:
    case = a_case(embedded)
    involved(embedded, case, POLICE, HEALTH)
    first = send(embedded, POLICE, "case-note", a_note(embedded, HEALTH), case)
    embedded.read(HEALTH)
    embedded.kit(COORDINATOR).recall(first.manifest.message, [embedded.party(HEALTH)], "wrong-recipient")
    newer = corrected(embedded, first, a_note(embedded, SERVICE), POLICE)
    assert embedded.party(HEALTH) not in headers(embedded, newer.manifest.message)


def test_only_the_newest_version_is_corrected_and_its_sender_alone_is_told(embedded: World) -> None:
    case = a_case(embedded)
    involved(embedded, case, POLICE, HEALTH)
    first = send(embedded, POLICE, "case-note", a_note(embedded, HEALTH), case)
    corrected(embedded, first, a_note(embedded, HEALTH), POLICE)
    again = refusal(lambda: corrected(embedded, first, a_note(embedded, HEALTH), POLICE))
    assert again.code == "already-corrected"
    assert embedded.logged(event="submit", outcome="deny")["rule"] == "already-corrected"
    other = refusal(lambda: corrected(embedded, first, a_note(embedded, SERVICE), HEALTH))
    assert other.code == "not-available", "another agency's"


def test_the_office_corrects_what_another_sent_and_an_agency_only_its_own(embedded: World) -> None:
    case = a_case(embedded)
    involved(embedded, case, POLICE, HEALTH)
    first = send(embedded, POLICE, "case-note", a_note(embedded, HEALTH), case)
    embedded.read(HEALTH)
    assert refusal(lambda: corrected(embedded, first, a_note(embedded, POLICE), HEALTH)).code == "not-available"
    assert embedded.logged(event="submit", outcome="deny")["rule"] == "N12"
    corrected(embedded, first, a_note(embedded, SERVICE), COORDINATOR)
    assert "case-note" in embedded.read(HEALTH)


def test_what_is_no_message_of_this_case_and_kind_is_corrected_as_one_that_never_was(embedded: World) -> None:
    case, another = a_case(embedded), a_case(embedded)
    involved(embedded, case, POLICE)
    involved(embedded, another, POLICE)
    note = send(embedded, POLICE, "case-note", a_note(embedded, SERVICE), case)
    ask(embedded, case, HEALTH)
    moved = replace(note, manifest=replace(note.manifest, case=another))
    never = replace(note, manifest=replace(note.manifest, message=MessageId("0199f2b1-6a0b-7d0e-8a3c-5f0f4c1f2b7e")))
    said = a_note(embedded, SERVICE)
    answers = [refusal(lambda one=one: corrected(embedded, one, said, POLICE)) for one in (moved, never)]
    kind = replace(note, manifest=replace(note.manifest, kind="research-return"))
    answers.append(refusal(lambda: corrected(embedded, kind, FOUND, POLICE)))
    body, part, _ = embedded.refer()
    embedded.arrived([body, part])
    as_body = replace(body, manifest=replace(body.manifest, message=part.manifest.message))
    answers.append(refusal(lambda: embedded.kit(SENDER).submit(a_correction(embedded, as_body))))
    assert {(each.code, each.title, each.help) for each in answers} == {
        ("not-available", answers[0].title, answers[0].help)
    }


def test_a_correction_says_why_and_nothing_else_does(embedded: World) -> None:
    case = a_case(embedded)
    involved(embedded, case, POLICE)
    first = send(embedded, POLICE, "case-note", a_note(embedded, SERVICE), case)
    silent = refusal(lambda: corrected(embedded, first, a_note(embedded, SERVICE), POLICE, reason=None))
    chatty = a_note(embedded, SERVICE).model_copy(update={"correction": WHY})
    other = refusal(lambda: send(embedded, POLICE, "case-note", chatty, case))
    for problem in (silent, other):
        assert (problem.code, problem.pointer) == ("document-invalid", "/documents/case-note/correction")


def test_a_correction_names_the_case_of_what_it_corrects(embedded: World) -> None:
    older = embedded.refer()
    composed, opening = (a_correction(embedded, older[0], names_case=names_case) for names_case in (True, False))
    kit = embedded.kit(SENDER)
    assert refusal(lambda: kit.submit(opening)).code == "note-mismatch"
    again = [kit.submit(composed) for _ in range(2)]
    assert [one.note for one in again[0]] == [one.note for one in again[1]], "the same correction again"


def test_a_return_of_information_is_corrected_to_nothing_and_a_triage_too(embedded: World) -> None:
    case = a_case(embedded)
    ask(embedded, case, POLICE)
    returned = send(embedded, POLICE, "research-return", FOUND, case)
    corrected(embedded, returned, NOTHING, POLICE)
    triage = send(embedded, SERVICE, "triage", Triage(outcome="accepted"), case)
    corrected(embedded, triage, Triage(outcome="more_information", text="Her number. (made up)"), SERVICE)
    kit, saved = embedded.kit(COORDINATOR), embedded.collect(COORDINATOR, 5).saved
    assert [kit.open(delivery).document().correction for delivery in saved].count(WHY) == 2


def test_a_correction_in_a_closed_case_reaches_the_office_alone(embedded: World) -> None:
    case = a_case(embedded)
    involved(embedded, case, POLICE, HEALTH)
    first = send(embedded, POLICE, "case-note", a_note(embedded, HEALTH), case)
    embedded.read(HEALTH)
    embedded.change(lambda uow: uow.cases.close(case))
    newer = corrected(embedded, first, a_note(embedded, HEALTH), POLICE)
    assert set(headers(embedded, newer.manifest.message)) == {embedded.party(COORDINATOR)}
