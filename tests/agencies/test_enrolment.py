"""Joining: who says it can open, has opened; nobody answers for another."""

from dataclasses import replace

import pytest

from agencies.agency import DatedKey, DatedRecipient
from agencies.enrolment import (
    KEY_OVERLAP,
    ChallengeFiles,
    announce_recipient,
    answer,
    challenge,
    check_answer,
    next_recipient,
    party_note,
    promote_recipient,
    read_first_note,
    read_party_note,
    rotate_key,
    rotate_recipient,
    sign_isa,
)
from agencies.notes.isa import TYPE as ISA_TYPE
from agencies.notes.isa import parse_isa
from crypto import age, note
from crypto.errors import BadProof, BadSignature, Malformed, NotForYou, Tampered
from tests.agencies.made_area import DAY, HOUSING, IDVA, ISA, KEYLESS, NOW, OFFICER, fixed_identity, fixed_key, said_by

SAID = said_by(HOUSING)
KEY = fixed_key(HOUSING)
KEYS = (KEY.verify_key,)
WORKING, RECOVERY = fixed_identity(HOUSING, "working"), fixed_identity(HOUSING, "recovery")


def test_a_party_s_note_is_read_back_as_it_said_it():
    assert read_party_note(party_note(SAID, KEY)) == SAID


def test_a_party_signs_with_a_key_that_it_lists():
    with pytest.raises(Malformed):
        party_note(SAID, fixed_key(HOUSING, 2))
    with pytest.raises(BadSignature):
        read_party_note(note.sign(SAID.encode(), [fixed_key(HOUSING, 2)]))


def test_an_officer_without_a_key_is_noted_by_its_agency():
    assert party_note(said_by(KEYLESS), KEY)


def test_a_party_signs_the_agreement():
    signed = sign_isa(ISA, KEY)
    assert parse_isa(note.verify(signed, [KEY.verify_key], ISA_TYPE).text).isa == ISA


def test_a_party_that_opens_both_test_messages_proves_it():
    made = challenge(SAID, KEYS, NOW)
    check_answer(made, answer(made.files, WORKING, RECOVERY, KEY, NOW), SAID)


def test_a_challenge_says_nothing_in_its_repr():
    made = challenge(SAID, KEYS, NOW)
    assert made.working not in repr(made)
    assert made.recovery not in repr(made)


def test_every_challenge_is_another_one():
    made, other = challenge(SAID, KEYS, NOW), challenge(SAID, KEYS, NOW)
    with pytest.raises(BadProof):
        check_answer(made, answer(other.files, WORKING, RECOVERY, KEY, NOW), SAID)


def test_without_one_of_the_two_keys_there_is_no_answer():
    made = challenge(SAID, KEYS, NOW)
    stranger = age.generate_identity("hybrid")
    for working, recovery in ((WORKING, stranger), (stranger, RECOVERY), (RECOVERY, WORKING), (WORKING, WORKING)):
        with pytest.raises(NotForYou):
            answer(made.files, working, recovery, KEY, NOW)


def test_an_officer_proves_one_key_and_nobody_else_gets_away_with_one():
    own = fixed_key(OFFICER)
    working = fixed_identity(OFFICER, "working")
    said = replace(said_by(OFFICER), recipients=(DatedRecipient("working", str(working.recipient()), NOW - DAY, None),))
    made = challenge(said, (own.verify_key,), NOW)
    assert made.files.recovery is made.recovery is None
    proof = answer(made.files, working, None, own, NOW)
    check_answer(made, proof, said)
    party = challenge(SAID, KEYS, NOW)
    for files, recovery, key in ((made.files, RECOVERY, own), (party.files, None, KEY)):
        with pytest.raises(Malformed):
            answer(files, working if key is own else WORKING, recovery, key, NOW)
    half = note.sign(note.text_of(answer(party.files, WORKING, RECOVERY, KEY, NOW)).replace(party.recovery, "-"), [KEY])
    with pytest.raises(BadProof):
        check_answer(party, half, SAID)


def test_a_changed_file_is_not_answered():
    files = challenge(SAID, KEYS, NOW).files
    with pytest.raises(Tampered):
        answer(replace(files, recovery=files.recovery[:-1] + b"\0"), WORKING, RECOVERY, KEY, NOW)


def test_an_answer_signed_by_another_is_refused():
    made = challenge(SAID, KEYS, NOW)
    signed = answer(made.files, WORKING, RECOVERY, KEY, NOW)
    forged = note.sign(note.text_of(signed), [fixed_key(IDVA)])
    with pytest.raises(BadSignature):
        check_answer(made, forged, SAID)
    with pytest.raises(BadSignature):
        check_answer(made, signed, said_by(IDVA))


def swapped(*keys):
    """The party's note as who sits on its mail makes it: the honest key is listed still, and so are others."""
    mine = age.generate_identity().recipient()
    recipients = (replace(SAID.recipients[0], recipient=str(mine)), SAID.recipients[1])
    return replace(
        SAID, keys=(*SAID.keys, *(DatedKey(key.verify_key, NOW, None) for key in keys)), recipients=recipients
    )


def test_an_honest_answer_lets_no_other_note_of_the_party_in():
    made = challenge(SAID, KEYS, NOW)
    honest = answer(made.files, WORKING, RECOVERY, KEY, NOW)
    for said in (swapped(), swapped(fixed_key(HOUSING, 2))):
        with pytest.raises(BadProof, match="another note"):
            check_answer(made, honest, said)
    check_answer(made, honest, SAID)


def test_only_a_key_that_was_read_out_answers():
    second = fixed_key(HOUSING, 2)
    said = rotate_key(SAID, second, NOW)
    made = challenge(said, [second.verify_key], NOW)
    with pytest.raises(BadSignature):
        check_answer(made, answer(made.files, WORKING, RECOVERY, KEY, NOW), said)
    check_answer(made, answer(made.files, WORKING, RECOVERY, second, NOW), said)


def test_no_challenge_names_a_key_that_the_note_does_not_list():
    for keys in ((), (fixed_key(HOUSING, 2).verify_key,)):
        with pytest.raises(Malformed):
            challenge(SAID, keys, NOW)


def test_a_newcomer_s_note_lists_the_one_key_that_is_compared_and_it_signs():
    assert read_first_note(party_note(SAID, KEY)) == SAID
    with pytest.raises(Malformed, match="one signing key"):
        read_first_note(party_note(swapped(fixed_key(HOUSING, 2)), fixed_key(HOUSING, 2)))
    with pytest.raises(BadSignature):
        read_first_note(note.sign(SAID.encode(), [fixed_key(HOUSING, 2)]))


def test_nothing_but_a_test_message_for_this_very_party_is_answered():
    theirs = challenge(replace(SAID, id=IDVA), KEYS, NOW)
    with pytest.raises(Malformed):
        answer(theirs.files, WORKING, RECOVERY, KEY, NOW)
    for content in (b"a referral, made up", b"\xff", b"marac/test-message/v1\n"):
        sealed = age.encrypt(content, [WORKING.recipient()])
        with pytest.raises(Malformed):
            answer(ChallengeFiles(sealed, sealed), WORKING, WORKING, KEY, NOW)


def test_the_two_files_are_not_interchangeable_nor_of_two_challenges():
    made, other = challenge(SAID, KEYS, NOW), challenge(SAID, KEYS, NOW)
    with pytest.raises(Malformed):
        answer(ChallengeFiles(made.files.recovery, made.files.working), RECOVERY, WORKING, KEY, NOW)
    with pytest.raises(Malformed):
        answer(ChallengeFiles(made.files.working, other.files.recovery), WORKING, RECOVERY, KEY, NOW)


def test_a_party_without_a_recipient_in_force_is_not_challenged():
    for said in (replace(SAID, recipients=SAID.recipients[:1]), said_by(KEYLESS)):
        with pytest.raises(Malformed):
            challenge(said, KEYS, NOW)
    with pytest.raises(Malformed):
        challenge(SAID, KEYS, NOW - 2 * DAY)


def test_a_rotated_key_overlaps_with_the_old_one_and_an_ended_one_stays_ended():
    once = rotate_key(SAID, fixed_key(HOUSING, 2), NOW)
    assert [key.until for key in once.keys] == [NOW + KEY_OVERLAP, None]
    twice = rotate_key(once, fixed_key(HOUSING, 3), NOW + DAY)
    assert [key.until for key in twice.keys] == [NOW + KEY_OVERLAP, NOW + DAY + KEY_OVERLAP, None]
    assert read_party_note(party_note(twice, fixed_key(HOUSING, 3))) == twice


def test_a_next_recipient_is_sealed_to_beside_the_working_one_and_then_takes_its_place():
    following = age.generate_identity()
    announced = announce_recipient(SAID, following.recipient(), NOW)
    assert [each.use for each in announced.recipients] == ["working", "recovery", "next"]
    assert next_recipient(announced, NOW) == str(following.recipient())
    assert next_recipient(SAID, NOW) is None
    assert read_party_note(party_note(announced, KEY)) == announced
    promoted = promote_recipient(announced, NOW + DAY)
    assert [(each.use, each.since, each.until) for each in promoted.recipients] == [
        ("working", SAID.recipients[0].since, NOW + DAY),
        ("recovery", SAID.recipients[1].since, None),
        ("working", NOW, None),
    ]
    assert read_party_note(party_note(promoted, KEY)) == promoted
    with pytest.raises(Malformed, match="one next"):
        announce_recipient(announced, age.generate_identity().recipient(), NOW)
    with pytest.raises(Malformed, match="no next"):
        promote_recipient(promoted, NOW + DAY)


def test_a_next_recipient_proves_that_it_opens_in_the_place_of_the_working_one():
    following = age.generate_identity()
    announced = announce_recipient(SAID, following.recipient(), NOW)
    made = challenge(announced, KEYS, NOW)
    check_answer(made, answer(made.files, following, RECOVERY, KEY, NOW), announced)
    with pytest.raises(NotForYou):
        answer(made.files, WORKING, RECOVERY, KEY, NOW)
    later = rotate_recipient(announced, WORKING.recipient(), NOW + DAY)  # by hand: a working key that is newer
    assert answer(challenge(later, KEYS, NOW + DAY).files, WORKING, RECOVERY, KEY, NOW + DAY)


def test_a_rotated_recipient_ends_the_working_one_alone():
    new = age.generate_identity("hybrid").recipient()
    rotated = rotate_recipient(SAID, new, NOW)
    assert [(each.use, each.until) for each in rotated.recipients] == [
        ("working", NOW),
        ("recovery", None),
        ("working", None),
    ]
    assert read_party_note(party_note(rotated, KEY)) == rotated
