"""What a party's new note changes: which recipients are to be proved, which agreement is taken, what is shown."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import pytest

from agencies.agency import DatedRecipient, Party
from agencies.enrolment import announce_recipient, promote_recipient, rotate_key, rotate_recipient, sign_isa
from agencies.isa import Isa
from agencies.notes.party import PartyNote
from agencies.register import Register
from crypto.age import generate_identity
from gateway.commands.changes import check_agreement, check_kind, differences, unproved_recipients
from gateway.commands.outcome import Stopped
from tests.agencies.made_area import (
    COORDINATOR,
    DAY,
    HOUSING,
    ISA,
    NOW,
    entry_of,
    fixed_key,
    register_of,
    said_by,
    usual_entries,
    usual_register,
)

SAID = said_by(HOUSING)
ROTATED = rotate_recipient(SAID, generate_identity().recipient(), NOW)
LATER = NOW + DAY


def listed(said: PartyNote) -> Party:
    found = register_with(said).party(said.id)
    assert found
    return found


def register_with(said: PartyNote) -> Register:
    return register_of([*(one for one in usual_entries() if one.id != said.id), entry_of(said)])


def unproved(before: PartyNote, after: PartyNote, now: datetime = LATER) -> Sequence[DatedRecipient]:
    return unproved_recipients(listed(before), after, now)


def with_first(said: PartyNote, first: DatedRecipient) -> PartyNote:
    return replace(said, recipients=(first, *said.recipients[1:]))


def under(isa: Isa) -> PartyNote:
    return replace(SAID, isa=sign_isa(isa, fixed_key(HOUSING)))


def test_the_same_recipients_or_one_that_was_ended_are_nothing_to_be_proved() -> None:
    assert unproved(SAID, SAID) == []
    ended = replace(SAID.recipients[0], until=NOW)
    assert unproved(SAID, with_first(SAID, ended)) == []


def test_a_new_recipient_is_to_be_proved_and_a_next_one_only_once() -> None:
    assert unproved(SAID, ROTATED) == [ROTATED.recipients[-1]]
    announced = announce_recipient(SAID, generate_identity().recipient(), NOW)
    assert unproved(SAID, announced) == [announced.recipients[-1]]
    assert unproved(announced, promote_recipient(announced, LATER)) == []


def test_an_ended_recipient_is_not_opened_again_by_a_note() -> None:
    """The test messages ask the newest alone: this one would never be proved."""
    first = ROTATED.recipients[0]
    for reopened in (replace(first, until=None), replace(first, until=LATER + DAY)):
        with pytest.raises(Stopped, match="open again"):
            unproved(ROTATED, with_first(ROTATED, reopened))
    alone = replace(SAID, recipients=(first, *SAID.recipients[1:]))
    assert unproved(alone, SAID) == [SAID.recipients[0]]


def test_another_use_or_another_start_is_to_be_proved() -> None:
    recovery = SAID.recipients[1]
    working = replace(recovery, use="working", since=NOW)
    spare = DatedRecipient("recovery", str(generate_identity().recipient()), NOW, None)
    assert unproved(SAID, replace(SAID, recipients=(working, spare))) == [working, spare]
    moved = replace(SAID.recipients[0], since=NOW - 2 * DAY)
    assert unproved(SAID, with_first(SAID, moved)) == [moved]


def test_a_party_of_another_kind_takes_part_under_a_new_id() -> None:
    check_kind(listed(SAID), SAID)
    with pytest.raises(Stopped, match="listed as housing"):
        check_kind(listed(SAID), replace(SAID, kind="idva-service"))


@pytest.mark.parametrize(
    "own",
    [
        replace(ISA, version="9.9"),
        replace(ISA, in_force=NOW - 2 * DAY),
        replace(ISA, until=NOW + DAY),
        replace(ISA, text_hash="sha256:" + "A" * 43 + "="),
        replace(ISA, retention_years=70),
        replace(ISA, purposes=(*ISA.purposes, "research")),
    ],
)
def test_an_agreement_is_the_area_s_to_the_letter(own: Isa) -> None:
    check_agreement(usual_register(), under(ISA))
    with pytest.raises(Stopped, match="not the area's"):
        check_agreement(usual_register(), under(own))


def test_an_agreement_that_the_party_has_already_is_kept_and_the_office_alone_brings_another() -> None:
    former = under(replace(ISA, version="2025.1"))
    check_agreement(register_with(former), former)
    check_agreement(usual_register(), replace(SAID, isa=None))
    office = sign_isa(replace(ISA, version="2027.1"), fixed_key(COORDINATOR))
    check_agreement(usual_register(), replace(said_by(COORDINATOR), isa=office))


def test_what_a_person_compares_is_each_thing_that_is_otherwise() -> None:
    known = listed(SAID)
    assert differences(known, SAID) == []
    assert differences(known, replace(SAID, name="Another")) == [
        "its name is Another, not A made-up participant any more"
    ]
    was, is_ = differences(known, under(replace(ISA, until=NOW + DAY)))
    assert "until -, kept 7 years, for referral, safeguarding, text sha256:" in was
    assert "until 2026-11-23T09:30:00Z" in is_
    assert differences(known, replace(SAID, isa=None))[-1] == "its agreement is: none"
    recipients = [line.partition(" recipient")[0] for line in differences(known, ROTATED)]
    assert recipients == ["was: working", "is: working", "is: working"]
    assert any("+" in line for line in differences(known, rotate_key(SAID, fixed_key(HOUSING, 2), NOW)))
