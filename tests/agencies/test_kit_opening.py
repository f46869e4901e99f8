"""Each of the nine checks, forged with real keys: the kit refuses, and says which one failed."""

from dataclasses import replace
from datetime import timedelta

import pytest

from agencies.documents.referral import Referral
from agencies.kit.opening import Check, CheckFailed, Delivered, Opened, TrustNotes, check_delivery, check_succession
from agencies.names import MessageId
from agencies.sealed import encode_sealed
from crypto import age, note
from crypto.age.header import Stanza, encode_header
from crypto.keys import generate_signing_key
from tests.agencies.kit_world.sealing import (
    CASE,
    DOCUMENTS,
    IDVA_IDENTITY,
    OTHER_CASE,
    directory,
    register_note,
    revoked,
    sent,
    submitted,
    trust,
)
from tests.agencies.made_area import (
    HOUSING,
    IDVA,
    NOW,
    OFFICER,
    fixed_identity,
    fixed_key,
    made_area,
    signed_register,
    usual_entries,
    usual_register,
)

SECOND = timedelta(seconds=1)


def opened(delivered: Delivered, opened_by: str | None = None) -> Opened:
    return check_delivery(delivered, directory(), [IDVA_IDENTITY], opened_by)


def refused(check: Check, delivered: Delivered, opened_by: str | None = None) -> str:
    with pytest.raises(CheckFailed) as failure:
        opened(delivered, opened_by)
    assert failure.value.check is check
    return failure.value.fact


def test_an_honest_delivery_opens_and_says_that_the_officer_was_proved() -> None:
    message = opened(sent(submitted(officer=OFFICER)).delivered())
    assert message.proved
    document = message.document()
    assert isinstance(document, Referral)
    assert document == DOCUMENTS["referral"]
    assert message.submission.officer == OFFICER


def test_an_officer_who_did_not_sign_is_asserted_only() -> None:
    composed = submitted(officer=OFFICER)
    unsigned = replace(composed, note=note.sign(note.text_of(composed.note), [fixed_key(HOUSING)]))
    assert not opened(sent(unsigned).delivered()).proved


def test_the_repr_of_an_opened_message_shows_nothing_of_its_text() -> None:
    assert "Invented" not in repr(opened(sent(submitted()).delivered()))


# Check 1: the trust it rests on.


def test_a_register_that_is_rolled_back_fails_check_1() -> None:
    newer = signed_register(usual_entries(), usual_register(), NOW + SECOND)
    with pytest.raises(CheckFailed) as failure:
        check_succession(trust(register=newer).verified(), trust().verified())
    assert failure.value.check is Check.TRUST


def test_a_second_register_of_one_number_fails_check_1() -> None:
    other = signed_register(usual_entries()[:2], None, NOW)
    with pytest.raises(CheckFailed, match="check 1"):
        check_succession(trust().verified(), trust(register=other).verified())


def test_the_next_register_passes_check_1() -> None:
    newer = signed_register(usual_entries(), usual_register(), NOW + SECOND)
    check_succession(trust().verified(), trust(register=newer).verified())


def test_a_register_that_the_gateway_signed_itself_fails_check_1() -> None:
    forged = note.sign(note.text_of(register_note()), [made_area().gateway])
    with pytest.raises(CheckFailed, match="check 1"):
        trust(register=forged).verified()


def test_a_delegation_by_another_root_fails_check_1() -> None:
    own = generate_signing_key(made_area().root.name)
    forged = note.sign(note.text_of(made_area().delegation), [own])
    with pytest.raises(CheckFailed, match="check 1"):
        TrustNotes(made_area().root.verify_key.vkey, (forged,), register_note(), ()).verified()


# Check 2: the manifest.


def test_a_manifest_that_the_gateway_did_not_sign_fails_check_2() -> None:
    refused(Check.MANIFEST_SIGNATURE, sent(submitted()).delivered(signers=[fixed_key(HOUSING)]))


def test_a_manifest_of_a_gateway_not_delegated_when_it_was_accepted_fails_check_2() -> None:
    message = sent(submitted())
    before = replace(message.manifest, accepted=NOW - timedelta(days=30))
    refused(Check.MANIFEST_SIGNATURE, message.delivered(manifest=before))


def test_the_manifest_of_another_message_fails_check_2() -> None:
    one, other = sent(submitted()), sent(submitted())
    swapped = replace(one.delivered(), manifest=other.delivered().manifest)
    assert "another message" in refused(Check.MANIFEST_SIGNATURE, swapped)


# Check 3: the payload.


def test_a_payload_that_a_co_recipient_made_with_the_file_key_fails_check_3() -> None:
    message = sent(submitted())
    theirs = sent(submitted(), plaintext=encode_sealed("something else", message.composed.note))
    # The co-recipient knows the file key: header and payload open, and only the manifest tells.
    forged = replace(message.delivered(), header=theirs.delivered().header, payload=theirs.sealed.payload)
    assert age.unwrap(forged.header, [IDVA_IDENTITY]).decrypt(forged.payload)
    refused(Check.PAYLOAD, forged)


def test_a_payload_cut_short_fails_check_3() -> None:
    message = sent(submitted())
    refused(Check.PAYLOAD, message.delivered(payload=message.sealed.payload[:-1]))


# Check 4: the header.


def test_a_header_for_somebody_else_fails_check_4() -> None:
    message = sent(submitted())
    theirs = message.sealed.header_for([fixed_identity(HOUSING, "working").recipient()])
    refused(Check.OPENS, replace(message.delivered(), header=theirs))


@pytest.mark.parametrize("type_", ["p256tag", "ssh-rsa", "X25519", "made-up"])
def test_a_stanza_of_another_suite_than_the_manifest_s_fails_check_4_though_it_opens(type_: str) -> None:
    """Whoever breaks that other type reads what a manifest calls hybrid; age itself opens such a file."""
    message = sent(submitted())
    file_key = message.sealed._file_key
    stanzas = [IDVA_IDENTITY.recipient().wrap(file_key), Stanza(type_, (), bytes(32))]
    header = encode_header(stanzas, file_key)
    if type_ != "X25519":  # which age.unwrap refuses beside a hybrid one
        assert age.unwrap(header, [IDVA_IDENTITY])
    fact = refused(Check.OPENS, replace(message.delivered(), header=header))
    assert fact == "the header is of another suite than the manifest says"


def test_a_hybrid_message_under_a_manifest_that_says_classical_fails_check_4() -> None:
    message = sent(submitted())
    said_otherwise = replace(message, manifest=replace(message.manifest, suite="classical"))
    refused(Check.OPENS, said_otherwise.delivered())


def test_a_header_of_another_message_fails_check_4() -> None:
    one, other = sent(submitted()), sent(submitted())
    refused(Check.OPENS, replace(one.delivered(), header=other.delivered().header))


# Check 5: the padding.


def test_other_padding_fails_check_5() -> None:
    composed = submitted()
    padded = encode_sealed(composed.documents["referral"], composed.note) + b" " * 4096
    refused(Check.PADDING, sent(composed, plaintext=padded).delivered())


# Check 6: who submitted.


def test_a_submission_that_another_agency_signed_fails_check_6() -> None:
    refused(Check.SUBMISSION_SIGNATURES, sent(submitted(key=fixed_key(IDVA))).delivered())


def test_a_submission_that_only_the_officer_signed_fails_check_6() -> None:
    composed = submitted(officer=OFFICER)
    alone = replace(composed, note=note.sign(note.text_of(composed.note), [fixed_key(OFFICER)]))
    assert "agency itself" in refused(Check.SUBMISSION_SIGNATURES, sent(alone).delivered())


def test_an_officer_of_another_agency_fails_check_6() -> None:
    composed = submitted()
    text = note.text_of(composed.note).replace("officer -", f"officer {OFFICER[:-8]}00000000")
    stranger = replace(composed, note=note.sign(text, [fixed_key(HOUSING)]))
    assert "officer" in refused(Check.SUBMISSION_SIGNATURES, sent(stranger).delivered())


def test_a_true_agency_signature_beside_a_false_one_of_the_officer_fails_check_6() -> None:
    composed = submitted(officer=OFFICER)
    body, lines = note.text_of(composed.note), composed.note.splitlines(keepends=True)
    theirs = note.sign(body.replace("purpose referral", "purpose safeguarding"), [fixed_key(OFFICER)])
    forged = replace(composed, note="".join(lines[:-1]) + theirs.splitlines(keepends=True)[-1])
    refused(Check.SUBMISSION_SIGNATURES, sent(forged).delivered())


def test_a_key_revoked_before_acceptance_fails_check_6_and_one_revoked_after_it_passes() -> None:
    delivered = sent(submitted()).delivered()
    early, late = directory(revoked(fixed_key(HOUSING), NOW)), directory(revoked(fixed_key(HOUSING), NOW + SECOND))
    with pytest.raises(CheckFailed) as failure:
        check_delivery(delivered, early, [IDVA_IDENTITY])
    assert failure.value.check is Check.SUBMISSION_SIGNATURES
    assert check_delivery(delivered, late, [IDVA_IDENTITY])


def test_an_officers_key_that_was_revoked_proves_nothing() -> None:
    without = directory(revoked(fixed_key(OFFICER), NOW))
    message = check_delivery(sent(submitted(officer=OFFICER)).delivered(), without, [IDVA_IDENTITY])
    assert not message.proved


# Check 7: which submission.


def test_the_manifest_of_another_submission_fails_check_7() -> None:
    message = sent(submitted())
    bound = replace(message.manifest, submission=submitted().note_hash)
    refused(Check.SUBMISSION_HASH, message.delivered(manifest=bound))


# Check 8: what both notes say.


def test_a_true_submission_bound_to_another_case_by_the_gateway_fails_check_8() -> None:
    message = sent(submitted(case=CASE), case=OTHER_CASE)
    assert "case" in refused(Check.NOTES_AGREE, message.delivered())


def test_a_new_referral_put_into_a_case_that_another_one_opened_fails_check_8() -> None:
    message = sent(submitted())
    assert opened(message.delivered(), message.composed.note_hash)
    assert "another submission opened" in refused(Check.NOTES_AGREE, message.delivered(), submitted().note_hash)


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "research-return"},
        {"version": "1.1"},
        {"from_": IDVA},
        {"supersedes": MessageId("0199f2b1-6a0b-7d0e-8a3c-5f0f4c1f2b7e")},
    ],
)
def test_a_manifest_that_says_something_else_of_the_submission_fails_check_8(change: dict[str, str]) -> None:
    message = sent(submitted())
    refused(Check.NOTES_AGREE, message.delivered(manifest=replace(message.manifest, **change)))


# Check 9: the document.


def test_a_document_under_another_name_fails_check_9() -> None:
    composed = submitted()
    swapped = encode_sealed(composed.documents["safe-contact"], composed.note)
    refused(Check.DOCUMENT_HASH, sent(composed, "referral", plaintext=swapped).delivered())


def test_a_document_that_the_sender_never_wrote_fails_check_9() -> None:
    composed = submitted()
    forged = encode_sealed(composed.documents["referral"].replace("Invented", "Fictional"), composed.note)
    refused(Check.DOCUMENT_HASH, sent(composed, plaintext=forged).delivered())


def test_a_note_of_another_type_in_the_manifests_place_fails_check_2() -> None:
    refused(Check.MANIFEST_SIGNATURE, replace(sent(submitted()).delivered(), manifest=register_note()))
