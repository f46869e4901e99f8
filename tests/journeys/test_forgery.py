"""Forgeries with real keys, by co-recipients and a dishonest gateway: the kit refuses each and names the check."""

from dataclasses import replace

import httpx2
import pytest

from agencies.documents.document import encode_document
from agencies.kit.opening import Check, CheckFailed, Opened
from agencies.kit.signing import RequestSigner
from agencies.names import CaseRef, MessageId, draw_case_ref
from agencies.sealed import encode_sealed, parse_sealed
from crypto import age
from crypto import note as signed_note
from crypto.age.stream import encrypt_payload
from crypto.draw import draw_uuid7
from crypto.keys import generate_signing_key
from crypto.note import hash_text
from gateway.made_up import PREFIX
from tests.factories import a_referral, a_victim, the_documents
from tests.journeys.forger import Forger, opened_or_failed
from tests.journeys.receipts import receipt_note, send_receipt
from tests.journeys.register import entries_of, publish, renew
from tests.journeys.world import COORDINATOR, SENDER, SERVICE, World, refusal


@pytest.fixture
def world(embedded: World) -> World:
    """Return a world whose rows a forger can rewrite: the checks are the kit's, whatever the gateway's database."""
    return embedded


def test_another_payload_by_a_co_recipient_who_knows_the_file_key_fails_check_3(world: World, forger: Forger) -> None:
    message = _arrived(world)
    forger.serves(message, _by_co_recipient(world, message, _another_text(world, message)))
    assert _check(world, message) is Check.PAYLOAD


def test_such_a_payload_fails_check_9_even_where_the_gateway_vouches_for_it(world: World, forger: Forger) -> None:
    message = _arrived(world)
    forger.vouches_for(message, _by_co_recipient(world, message, _another_text(world, message)))
    assert _check(world, message) is Check.DOCUMENT_HASH


def test_the_true_text_under_another_padding_fails_check_5(world: World, forger: Forger) -> None:
    message = _arrived(world)
    forger.vouches_for(message, _by_co_recipient(world, message, _plaintext(world, message) + b" " * 4096))
    assert _check(world, message) is Check.PADDING


def test_manifests_swapped_between_two_messages_fail_check_2(world: World, forger: Forger) -> None:
    body, safe_contact, _ = world.refer()
    world.arrived([body, safe_contact])
    for one, other in ((body, safe_contact), (safe_contact, body)):
        forger.execute("UPDATE messages SET manifest = ? WHERE id = ?", one.note, other.manifest.message)
    assert {_check_of(made) for made in opened_or_failed(world, SERVICE).values()} == {Check.MANIFEST_SIGNATURE}


def test_a_manifest_by_a_gateway_that_was_never_delegated_fails_check_2(world: World, forger: Forger) -> None:
    message = _arrived(world)
    another = generate_signing_key(world.area.gateway.name)
    note = signed_note.sign(forger.manifest(message).encode(), [another])
    forger.execute("UPDATE messages SET manifest = ? WHERE id = ?", note, message)
    assert _check(world, message) is Check.MANIFEST_SIGNATURE


def test_payloads_swapped_between_two_messages_fail_check_3(world: World, forger: Forger) -> None:
    body, safe_contact, _ = world.refer()
    world.arrived([body, safe_contact])
    messages = [body.manifest.message, safe_contact.manifest.message]
    payloads = [forger.value("SELECT payload FROM payloads WHERE message = ?", message) for message in messages]
    for message, payload in zip(messages, reversed(payloads), strict=True):
        assert isinstance(payload, bytes)
        forger.serves(message, payload)
    assert {_check_of(made) for made in opened_or_failed(world, SERVICE).values()} == {Check.PAYLOAD}


def test_the_header_of_another_message_fails_check_4(world: World, forger: Forger) -> None:
    message = _arrived(world)
    forger.execute(
        "UPDATE headers SET header = (SELECT header FROM headers JOIN deliveries ON delivery = id"
        " WHERE recipient = ? AND message <> ?) WHERE delivery IN (SELECT id FROM deliveries WHERE message = ?)",
        world.party(SERVICE),
        message,
        message,
    )
    assert _check(world, message) is Check.OPENS


def test_a_submission_that_nobody_signed_but_the_gateway_fails_check_6(world: World, forger: Forger) -> None:
    message = _arrived(world)
    document, note = parse_sealed(_plaintext(world, message))
    forged = signed_note.sign(signed_note.text_of(note), [world.area.gateway])
    forger.seals(message, SERVICE, encode_sealed(document, forged))
    assert _check(world, message) is Check.SUBMISSION_SIGNATURES


def test_a_submission_signed_by_another_agency_in_the_senders_name_fails_check_6(world: World, forger: Forger) -> None:
    message = _arrived(world)
    document, note = parse_sealed(_plaintext(world, message))
    forged = signed_note.sign(signed_note.text_of(note), [world.kit("health").keyring.agency])
    forger.seals(message, SERVICE, encode_sealed(document, forged))
    assert _check(world, message) is Check.SUBMISSION_SIGNATURES


def test_the_submission_of_another_message_fails_check_7(world: World, forger: Forger) -> None:
    message, other = _arrived(world), _arrived(world)
    document, _ = parse_sealed(_plaintext(world, message))
    _, note = parse_sealed(_plaintext(world, other))
    forger.seals(message, SERVICE, encode_sealed(document, note))
    assert _check(world, message) is Check.SUBMISSION_HASH


def test_the_submission_of_another_message_fails_check_9_where_the_manifest_names_it(
    world: World, forger: Forger
) -> None:
    case = world.refer()[0].manifest.case
    message, other = _arrived(world, case), _arrived(world, case)
    document, _ = parse_sealed(_plaintext(world, message))
    _, note = parse_sealed(_plaintext(world, other))
    hash_ = hash_text(signed_note.text_of(note))
    forger.seals(message, SERVICE, encode_sealed(document, note), submission=hash_)
    assert _check(world, message) is Check.DOCUMENT_HASH


def test_one_document_of_a_submission_under_the_name_of_another_fails_check_9(world: World, forger: Forger) -> None:
    message = _arrived(world)
    forger.signs(message, replace(forger.manifest(message), document="safe-contact"))
    assert _check(world, message) is Check.DOCUMENT_HASH


@pytest.mark.parametrize("line", ["version", "from_", "supersedes"])
def test_a_manifest_that_says_of_a_true_submission_what_its_sender_did_not_fails_check_8(
    world: World, forger: Forger, line: str
) -> None:
    message = _arrived(world)
    lies = {"version": "1.1", "from_": world.party("health"), "supersedes": MessageId(draw_uuid7(world.clock()))}
    forger.signs(message, replace(forger.manifest(message), **{line: lies[line]}))
    assert _check(world, message) is Check.NOTES_AGREE


def test_a_true_submission_to_one_case_bound_to_another_by_the_gateway_fails_check_8(
    world: World, forger: Forger
) -> None:
    case = world.refer()[0].manifest.case
    another = world.refer()[0].manifest.case
    again = world.refer(case=case)
    world.arrived(again)
    message = again[0].manifest.message
    forger.signs(message, replace(forger.manifest(message), case=another))
    assert _check(world, message) is Check.NOTES_AGREE


def test_a_true_submission_that_opened_a_case_bound_to_one_that_is_known_fails_check_8(
    world: World, forger: Forger
) -> None:
    known = world.refer()
    world.read(SERVICE, 2)
    message = _arrived(world)
    forger.signs(message, replace(forger.manifest(message), case=known[0].manifest.case))
    assert _check(world, message) is Check.NOTES_AGREE


def test_a_true_submission_that_opened_a_known_case_bound_to_a_fresh_one_fails_check_8(
    world: World, forger: Forger
) -> None:
    first = world.refer()
    world.arrived(first)
    plaintext = _plaintext(world, first[0].manifest.message)
    world.read(SERVICE, 2)
    message = _arrived(world)
    forger.seals(
        message,
        SERVICE,
        plaintext,
        submission=first[0].manifest.submission,
        case=draw_case_ref(PREFIX),
    )
    assert _check(world, message) is Check.NOTES_AGREE


def test_manifests_that_answer_for_another_submission_fail_check_7_at_the_sender(world: World, forger: Forger) -> None:
    kit = world.kit(SENDER)
    mine, other = kit.prepare(the_documents()), kit.prepare(the_documents())
    for composed in (mine, other):
        kit.submit(composed)
    forger.execute(
        "UPDATE submissions SET manifests = (SELECT manifests FROM submissions WHERE idempotency = ?)"
        " WHERE idempotency = ?",
        other.idempotency,
        mine.idempotency,
    )
    with pytest.raises(CheckFailed) as failed:
        kit.submit(mine)
    assert failed.value.check is Check.SUBMISSION_HASH


def test_a_receipt_for_one_delivery_is_refused_for_another_and_so_is_one_by_somebody_else(world: World) -> None:
    world.arrived(world.refer())
    kit = world.kit(SERVICE)
    (first, given), (second, other) = kit.lease(10, 5).deliveries
    true = receipt_note(kit, first, given.message, given.manifest, "collected")
    assert refusal(lambda: send_receipt(kit, second, true)).code == "note-mismatch"
    mixed = receipt_note(kit, second, other.message, given.manifest, "collected")
    assert refusal(lambda: send_receipt(kit, second, mixed)).code == "note-mismatch"
    by_another = receipt_note(world.kit("health"), second, other.message, other.manifest, "collected")
    assert refusal(lambda: send_receipt(kit, second, by_another)).code == "note-invalid"
    assert refusal(lambda: send_receipt(world.kit("health"), first, true)).code == "not-available"


def test_a_register_by_somebody_else_fails_check_1(world: World, forger: Forger) -> None:
    forged = replace(world.area, registrar=generate_signing_key(world.area.registrar.name))
    note = forged.next_register(entries_of(world), world.area.register, world.clock().replace(microsecond=0))
    forger.execute("UPDATE registers SET note = ? WHERE number = 1", note)
    _refuses_trust(world, "delegation, register or revocation")


def test_a_register_that_is_rolled_back_fails_check_1(world: World, forger: Forger) -> None:
    publish(world, entries_of(world))
    world.kit(SERVICE).refresh()
    forger.execute("DELETE FROM registers WHERE number = 2")
    _refuses_trust(world, "register rolled back")


def test_delegations_that_are_rolled_back_fail_check_1(world: World, forger: Forger) -> None:
    renew(world)
    world.kit(SERVICE).refresh()
    forger.execute("DELETE FROM delegations WHERE number = 2")
    _refuses_trust(world, "rolled back")


def test_a_revocation_that_the_gateway_keeps_quiet_about_is_not_forgotten_by_who_saw_it(
    world: World, forger: Forger
) -> None:
    kit = world.kit("health")
    revoked = kit.keyring.agency.verify_key.keyid
    kit.revoke(revoked, "lost")
    world.kit(SERVICE).refresh()
    forger.execute("DELETE FROM revocations")
    assert world.kit(SERVICE).refresh().is_revoked(revoked, world.clock())


def test_a_request_is_good_for_its_own_path_and_body_and_once(world: World) -> None:
    body, safe_contact, _ = world.refer()
    paths = [f"/v1/messages/{one.manifest.message}/recall" for one in (body, safe_contact)]
    said, other = ({"recipients": None, "reason": reason} for reason in ("safety", "wrong-case"))
    with httpx2.Client(base_url=world.kit(SENDER).home.settings.url) as client:
        signed = _signed(world, client.build_request("POST", paths[0], json=said))
        moved = client.build_request("POST", paths[1], content=signed.content, headers=signed.headers)
        changed = client.build_request("POST", paths[0], json=other, headers=signed.headers)
        changed.headers["content-length"] = str(len(changed.content))
        assert client.send(moved).json()["code"] == "signature-invalid"
        assert client.send(changed).json()["code"] == "digest-mismatch"
        assert client.send(signed).json()["state"] == "recalled"
        assert client.send(signed).json()["code"] == "nonce-replayed"
    assert world.kit(SENDER).status(safe_contact.manifest.message) != "recalled"


def _arrived(world: World, case: CaseRef | None = None) -> MessageId:
    """Refer, and return the message of the body once everything has arrived."""
    accepted = world.refer(case=case)
    world.arrived(accepted)
    return accepted[0].manifest.message


def _plaintext(world: World, message: MessageId) -> bytes:
    """Return what is sealed in a message, as the coordinator, a co-recipient, opens it."""
    header, payload = age.split(_coordinators_copy(world, message))
    return age.unwrap(header, world.kit(COORDINATOR).keyring.identities).decrypt(payload)


def _by_co_recipient(world: World, message: MessageId, plaintext: bytes) -> bytes:
    """Return another payload under the message's own file key."""
    header, _ = age.split(_coordinators_copy(world, message))
    file_key = age.unwrap(header, world.kit(COORDINATOR).keyring.identities)._file_key
    return encrypt_payload(file_key, plaintext)


def _coordinators_copy(world: World, message: MessageId) -> bytes:
    kit = world.kit(COORDINATOR)
    kit.pull()
    (item,) = (item for item in kit.inbox.items() if item.message == message)
    if item.state != "shown":
        kit.open(item.delivery)
    return kit.home.age_file(message)


def _another_text(world: World, message: MessageId) -> bytes:
    _, note = parse_sealed(_plaintext(world, message))
    return encode_sealed(encode_document(a_referral(victim=a_victim("Somebody Else"))), note)


def _check(world: World, message: MessageId) -> Check:
    """Return the check at which the service's kit refused the message; nothing of it was shown or written."""
    made = opened_or_failed(world, SERVICE)[message]
    kit = world.kit(SERVICE)
    assert not (kit.home.path / "deliveries" / f"{message}.age").exists()
    return _check_of(made)


def _check_of(made: Opened | CheckFailed) -> Check:
    assert isinstance(made, CheckFailed), "the forgery was opened"
    assert str(made).startswith(f"check {made.check.value} failed")
    return made.check


def _refuses_trust(world: World, fact: str) -> None:
    kit = world.kit(SERVICE)
    held = kit.home.trust()
    with pytest.raises(CheckFailed, match=fact) as failed:
        kit.refresh()
    assert failed.value.check is Check.TRUST
    assert kit.home.trust() == held


def _signed(world: World, request: httpx2.Request) -> httpx2.Request:
    """Return `request`, a housing officer's, signed as the kit signs."""
    kit = world.kit(SENDER)
    request.headers.update({"idempotency-key": draw_uuid7(world.clock()), "marac-officer": world.officer(SENDER)})
    return next(RequestSigner(kit.home.settings.area, kit.keyring.agency, None, world.clock).auth_flow(request))
