"""A newcomer is opened what was sealed before it joined; who has new keys gets new headers, made by the office."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from agencies.kit import keyfile
from agencies.kit.headings import (
    NotForThem,
    outdated,
    recipients_of,
    shareable,
    wrap_for,
)
from agencies.names import CaseRef, DeliveryId, MessageId, draw_case_ref
from crypto import age, b64
from crypto.note import hash_text
from gateway.made_up import PREFIX
from tests.journeys.test_case_messages import HEALTH, a_case, a_note, ask, relations, send
from tests.journeys.world import COORDINATOR, SENDER, SERVICE, World, refusal

INVOLVED = ("involved", "involvement")


def joined(world: World, case: CaseRef, short: str = HEALTH) -> None:
    """The agency is involved in the case from now on."""
    world.kit(COORDINATOR).relate(case, world.party(short), *INVOLVED)


def share(world: World, case: CaseRef, short: str, *documents: str) -> None:
    """The office has shared these documents of the case with a member, and they are in its mailbox."""
    office, party = world.kit(COORDINATOR), world.party(short)
    for one in shareable(office, case, party):
        if one.document in documents:
            wrap_for(office, one, party, recipients_of(office, party, one.case), safe_contact=True)
    on_its_way = (party, "accepted")
    world.until(lambda: on_its_way not in {(row.recipient, row.state) for row in office.holdings(case)})


def message_of(world: World, case: CaseRef, document: str) -> MessageId:
    rows = world.kit(COORDINATOR).holdings(case)
    return next(MessageId(row.message) for row in rows if row.document == document)


def recovery_of(world: World, short: str) -> tuple[age.Identity, ...]:
    """Return a member's recovery key, as it lies in the safe."""
    return tuple(
        keyfile.load_identities(world.area.members[short].home.path / "recovery.agekey", world.area.passphrase)
    )


def test_a_newcomer_reads_what_was_sealed_before_it_joined_and_the_log_says_to_whom(world: World) -> None:
    case = a_case(world)
    joined(world, case)
    assert world.gets_nothing(HEALTH)
    share(world, case, HEALTH, "referral")
    read = world.read(HEALTH)
    assert set(read) == {"referral"}
    assert read["referral"].submission.from_ == world.party(SENDER)
    assert world.logged(event="share", outcome="permit")["agency"] == world.party(COORDINATOR)
    received = world.logged(event="receive", outcome="permit")
    assert received["agency"] == world.party(HEALTH)
    assert str(received["rule"]).startswith("involved/")


def test_sharing_again_changes_nothing_and_brings_nothing(world: World) -> None:
    case = a_case(world)
    joined(world, case)
    for _ in range(3):
        share(world, case, HEALTH, "referral")
    assert len(world.collect(HEALTH).saved) == 1
    assert world.gets_nothing(HEALTH)
    theirs = [row for row in world.kit(COORDINATOR).holdings(case) if row.recipient == world.party(HEALTH)]
    assert [row.current for row in theirs] == [True]


def test_the_sender_does_not_learn_from_its_state_that_somebody_joined(world: World) -> None:
    case = a_case(world)
    world.collect(SERVICE, 2)
    message = message_of(world, case, "referral")
    assert world.kit(SENDER).status(message) == "collected"
    joined(world, case)
    share(world, case, HEALTH, "referral")
    assert world.kit(SENDER).status(message) == "collected"


def test_whose_part_is_too_small_is_refused_and_the_office_is_told_so(world: World) -> None:
    case = a_case(world)
    ask(world, case, HEALTH)
    world.collect(HEALTH)
    assert relations(world, case)[HEALTH] == "asked"
    assert refusal(lambda: share(world, case, HEALTH, "referral")).code == "share-refused"
    assert world.logged(event="receive", outcome="deny")["rule"] == "N13"


def test_who_is_excluded_has_no_agreement_or_whose_part_ended_is_refused(world: World) -> None:
    office, case = world.kit(COORDINATOR), a_case(world)
    joined(world, case)
    office.exclude(case, [world.party(HEALTH)])
    assert refusal(lambda: share(world, case, HEALTH, "referral")).code == "share-refused"
    joined(world, case, "harbour")
    assert refusal(lambda: share(world, case, "harbour", "referral")).code == "share-refused"
    office.exclude(case, [], lift=[world.party(HEALTH)])
    office.relate(case, world.party(HEALTH), "ended", "no-longer-involved")
    assert refusal(lambda: share(world, case, HEALTH, "referral")).code == "share-refused"
    assert world.gets_nothing(HEALTH)


def test_what_is_the_office_s_alone_is_shared_with_nobody(embedded: World) -> None:
    case = a_case(embedded)
    joined(embedded, case)
    office, health = embedded.kit(COORDINATOR), embedded.party(HEALTH)
    offered = shareable(office, case, health)
    assert {one.document for one in offered} == {"referral", "safe-contact"}
    exclusions = replace(offered[0], message=message_of(embedded, case, "exclusions"), document="exclusions")
    keys = recipients_of(office, health)
    with pytest.raises(NotForThem):
        wrap_for(office, exclusions, health, keys, safe_contact=True)
    header = office.unseal(_delivery(embedded, exclusions.message)).header_for(keys)
    handed_in = refusal(lambda: office.share(case, exclusions.message, health, header, [str(key) for key in keys]))
    assert handed_in.code == "share-refused"


def test_a_message_that_was_taken_back_is_shared_no_more(world: World) -> None:
    case = a_case(world)
    joined(world, case)
    message = message_of(world, case, "referral")
    header = world.kit(COORDINATOR).unseal(_delivery(world, message)).header_for(_keys(world, HEALTH))
    world.kit(SENDER).recall(message, None, "wrong-case")
    office = world.kit(COORDINATOR)
    assert (
        refusal(lambda: office.share(case, message, world.party(HEALTH), header, _texts(world))).code == "share-refused"
    )
    assert message not in {one.message for one in shareable(office, case, world.party(HEALTH))}


def test_a_message_of_another_case_or_of_none_is_not_available(embedded: World) -> None:
    office, case, other = embedded.kit(COORDINATOR), a_case(embedded), a_case(embedded)
    joined(embedded, case)
    message = message_of(embedded, other, "referral")
    header = office.unseal(_delivery(embedded, message)).header_for(_keys(embedded, HEALTH))
    for where, which in ((case, message), (draw_case_ref(PREFIX), message), (case, MessageId("none"))):
        act = refusal(
            lambda where=where, which=which: office.share(
                where, which, embedded.party(HEALTH), header, _texts(embedded)
            )
        )
        assert act.code == "not-available"


def test_only_the_office_shares_and_sees_who_holds_what(embedded: World) -> None:
    case = a_case(embedded)
    kit, message = embedded.kit(SERVICE), message_of(embedded, case, "referral")
    header = age.seal(b"").header_for(_keys(embedded, HEALTH))
    assert (
        refusal(lambda: kit.share(case, message, embedded.party(HEALTH), header, _texts(embedded))).code
        == "act-not-allowed"
    )
    assert refusal(lambda: kit.holdings(case)).code == "act-not-allowed"


def test_nobody_who_is_not_in_the_register_is_shared_with(embedded: World) -> None:
    case = a_case(embedded)
    header = age.seal(b"").header_for(_keys(embedded, HEALTH))
    office, message = embedded.kit(COORDINATOR), message_of(embedded, case, "referral")
    act = refusal(lambda: office.share(case, message, f"{embedded.party(HEALTH)}-2", header, _texts(embedded)))
    assert (act.code, act.pointer) == ("party-unknown", "/recipient")


HEADERS: dict[str, Callable[[bytes], bytes]] = {
    "no header": lambda _header: b"",
    "cut off": lambda header: header[:-1],
    "something behind it": lambda header: header + b"\n",
    "a changed byte of its form": lambda header: header.replace(b"mlkem768x25519", b"mlkem768x2551 9", 1),
    "a type of its own": lambda header: header.replace(b"mlkem768x25519", b"mlkem768x25518", 1),
    "a stanza less": lambda header: header[:22] + header[header.index(b"\n-> ", 30) + 1 :],
    "a stanza more": lambda header: header[:22] + header[22 : header.index(b"\n-> ", 30) + 1] + header[22:],
    "too many stanzas": lambda header: header[:22] + header[22 : header.index(b"\n-> ", 30) + 1] * 8 + header[22:],
    "for classical keys": lambda _header: age.seal(b"").header_for(
        [age.generate_identity("classical").recipient() for _ in range(2)]
    ),
}


@pytest.mark.parametrize("name", HEADERS)
def test_a_header_that_is_not_what_it_must_be_is_refused_with_one_code(embedded: World, name: str) -> None:
    case = a_case(embedded)
    joined(embedded, case)
    office, message = embedded.kit(COORDINATOR), message_of(embedded, case, "referral")
    made = office.unseal(_delivery(embedded, message)).header_for(_keys(embedded, HEALTH))
    bad = HEADERS[name](made)
    assert bad != made
    act = refusal(lambda: office.share(case, message, embedded.party(HEALTH), bad, _texts(embedded)))
    assert (act.code, act.pointer) == ("header-invalid", "/header")
    assert embedded.logged(event="share", outcome="deny")["rule"] == "header-invalid"
    made_for = [hash_text(key) for key in _texts(embedded)]
    not_base64 = {"message": message, "recipient": embedded.party(HEALTH), "made_for": made_for}
    not_base64 |= {"header": b64.encode_padded(made) + "\n"}
    assert refusal(lambda: office.post(f"/v1/cases/{case}/shares", not_base64)).code == "header-invalid"
    assert embedded.gets_nothing(HEALTH)


def test_who_revoked_its_key_reads_again_once_it_is_reheaded(world: World) -> None:
    case = a_case(world)
    world.collect(SERVICE, 2)
    kit, office, service = world.kit(SERVICE), world.kit(COORDINATOR), world.party(SERVICE)
    first, second = (item.delivery for item in kit.inbox.items())
    kit.open(first)
    kit.revoke(str(kit.keyring.identities[0].recipient()), "stolen")
    assert refusal(lambda: kit.open(second)).code == "recipient-revoked"
    office.refresh()
    stale = outdated(office, service)
    assert {one.document for one in stale} == {"referral", "safe-contact"}
    for one in stale:
        wrap_for(office, one, service, recipients_of(office, service, one.case), safe_contact=True)
    assert outdated(office, service) == []
    kit.keyring = replace(kit.keyring, identities=recovery_of(world, SERVICE))
    assert kit.open(second).manifest.case == case
    held = world.peek(lambda uow: uow.messages.glance(first))
    assert held is not None
    assert held.released_at is not None, "what was released before is remembered"


def test_a_note_to_some_is_shared_with_another_who_is_involved(embedded: World) -> None:
    case = a_case(embedded)
    send(embedded, SERVICE, "case-note", a_note(embedded, COORDINATOR), case)
    joined(embedded, case)
    embedded.collect(COORDINATOR)
    share(embedded, case, HEALTH, "case-note")
    assert set(embedded.read(HEALTH)) == {"case-note"}


def _keys(world: World, short: str) -> list[age.Recipient]:
    kit = world.kit(COORDINATOR)
    return [age.parse_recipient(each) for each in kit.refresh().recipients(world.party(short), world.clock())]


def _texts(world: World) -> list[str]:
    return [str(each) for each in _keys(world, HEALTH)]


def _delivery(world: World, message: MessageId) -> DeliveryId:
    items = world.kit(COORDINATOR).inbox.items()
    return next(item.delivery for item in items if item.message == message)
