"""A dishonest gateway lists what it likes: the office's kit wraps what the sender signed, for whom a person saw."""

from dataclasses import replace

import pytest
import typer

from agencies.directory import Directory
from agencies.kit.client import PURPOSE, Kit
from agencies.kit.headings import (
    NotForThem,
    Shareable,
    open_referrals,
    recipients_of,
    sealing_of,
    shareable,
    wrap_for,
)
from agencies.kit.opening import Check, CheckFailed
from agencies.kit.sharing import Act
from agencies.kit.wire import BadAnswer
from agencies.names import CaseRef
from crypto import age
from tests.journeys.forger import Forger
from tests.journeys.test_case_messages import HEALTH, a_case
from tests.journeys.test_closed_cases import CLOSING
from tests.journeys.test_shares import joined, message_of, share
from tests.journeys.world import COORDINATOR, World, refusal


@pytest.fixture
def world(embedded: World) -> World:
    """Return a world whose rows a forger can rewrite: the checks are the kit's, whatever the gateway's database."""
    return embedded


def offered(world: World, case: CaseRef) -> list[Shareable]:
    return shareable(world.kit(COORDINATOR), case, world.party(HEALTH))


def agency_keys(world: World) -> list[age.Recipient]:
    return list(recipients_of(world.kit(COORDINATOR), world.party(HEALTH)))


def failed_check(world: World, one: Shareable, *, safe_contact: bool = False) -> Check:
    """Return the check that keeps the office's kit from wrapping a message for health."""
    office, party = world.kit(COORDINATOR), world.party(HEALTH)
    with pytest.raises(CheckFailed) as failed:
        wrap_for(office, one, party, agency_keys(world), safe_contact=safe_contact)
    return failed.value.check


def holds_nothing(world: World, case: CaseRef) -> bool:
    rows = world.kit(COORDINATOR).holdings(case)
    return world.party(HEALTH) not in {row.recipient for row in rows}


@pytest.mark.parametrize("document", ["safe-contact", "exclusions"])
def test_what_a_gateway_lists_under_another_name_is_not_offered(world: World, forger: Forger, document: str) -> None:
    case = a_case(world)
    message = message_of(world, case, document)
    assert forger.execute("UPDATE messages SET document = 'case-note' WHERE id = ?", message) == 1
    with pytest.raises(CheckFailed) as failed:
        offered(world, case)
    assert failed.value.check is Check.NOTES_AGREE


def test_a_message_of_another_case_is_not_offered_and_not_wrapped(world: World, forger: Forger) -> None:
    case, other = a_case(world), a_case(world)
    joined(world, case)
    message = message_of(world, other, "referral")
    (one,) = (each for each in offered(world, other) if each.message == message)
    for table, column in (("messages", "id"), ("deliveries", "message")):
        assert forger.execute(f'UPDATE {table} SET "case" = ? WHERE {column} = ?', case, message) > 0  # noqa: S608
    with pytest.raises(CheckFailed) as failed:
        offered(world, case)
    assert failed.value.check is Check.NOTES_AGREE
    assert failed_check(world, replace(one, case=case)) is Check.NOTES_AGREE
    assert holds_nothing(world, case)


def test_a_safe_contact_whose_manifest_calls_it_a_note_fails_the_check_of_what_its_sender_signed(
    world: World, forger: Forger
) -> None:
    case = a_case(world, collected=0)
    joined(world, case)
    message = message_of(world, case, "safe-contact")
    forger.signs(message, replace(forger.manifest(message), document="case-note"))
    forger.execute("UPDATE messages SET document = 'case-note' WHERE id = ?", message)
    world.collect(COORDINATOR, 3)
    (one,) = (each for each in offered(world, case) if each.message == message)
    assert one.document == "case-note"
    assert failed_check(world, one) is Check.DOCUMENT_HASH
    assert holds_nothing(world, case)


def test_what_is_the_office_s_alone_and_a_safe_contact_without_a_word_are_wrapped_for_nobody(world: World) -> None:
    case = a_case(world)
    joined(world, case)
    referral = next(one for one in offered(world, case) if one.document == "referral")
    office, party = world.kit(COORDINATOR), world.party(HEALTH)
    for document, word in (("safe-contact", False), ("exclusions", True)):
        one = replace(referral, message=message_of(world, case, document), document=document)
        with pytest.raises(NotForThem):
            wrap_for(office, one, party, agency_keys(world), safe_contact=word)
    assert holds_nothing(world, case)


@pytest.mark.parametrize("opened", [True, False], ids=["opened before", "not opened yet"])
def test_a_case_that_its_referral_closed_is_not_open_again_because_the_gateway_says_so(
    world: World, forger: Forger, opened: bool
) -> None:
    accepted = world.refer(CLOSING)
    case = accepted[0].manifest.case
    joined(world, case)
    if opened:
        world.read(COORDINATOR, 3)
    else:
        world.collect(COORDINATOR, 3)
    forger.execute("UPDATE cases SET closed = 0")
    office, party = world.kit(COORDINATOR), world.party(HEALTH)
    assert office.case(case).closed is False
    if not opened:
        open_referrals(office, case)
    with pytest.raises(NotForThem):
        sealing_of(office, party, case)
    for one in offered(world, case):
        with pytest.raises(NotForThem):
            wrap_for(office, one, party, agency_keys(world), safe_contact=True)
    assert holds_nothing(world, case)
    member = world.area.members[COORDINATOR]
    with Kit(member.home, member.keyring, world.clock) as later, pytest.raises(NotForThem):
        sealing_of(later, party, case)


def test_a_case_that_the_office_closed_is_remembered_too(world: World, forger: Forger) -> None:
    case = a_case(world)
    office = world.kit(COORDINATOR)
    office.close_case(case)
    forger.execute("UPDATE cases SET closed = 0")
    with pytest.raises(NotForThem):
        sealing_of(office, world.party(HEALTH), case)


def test_in_a_closed_case_it_is_said_which_officers_it_is_sealed_to(world: World) -> None:
    case = world.refer(CLOSING)[0].manifest.case
    office, lantern = world.kit(COORDINATOR), world.party("lantern")
    office.name(case, [world.officer("lantern")])
    sealing = sealing_of(office, lantern, case)
    assert (sealing.by_officers, sealing.owners) == (True, (world.officer("lantern"),))
    assert set(sealing.recipients).isdisjoint(office.directory().recipients(lantern, world.clock()))


def test_a_header_for_the_keys_of_before_is_refused_though_there_are_as_many(world: World) -> None:
    case = a_case(world)
    joined(world, case)
    office, party, keys = world.kit(COORDINATOR), world.party(HEALTH), agency_keys(world)
    (item,) = (one for one in office.inbox.items() if one.message == message_of(world, case, "referral"))
    old = [age.generate_identity().recipient() for _ in keys]
    header = office.unseal(item.delivery).header_for(old)
    for stated in (old, keys[:-1], [*keys, *keys], []):
        refused = refusal(lambda stated=stated: office.share(case, item.message, party, header, list(map(str, stated))))
        assert (refused.code, refused.pointer) == ("header-invalid", "/made_for")
    assert holds_nothing(world, case)
    share(world, case, HEALTH, "referral")
    assert not holds_nothing(world, case)


class LeftAtTheQuestion(Kit):
    """An office that was asked whether it is sure and went away: meanwhile health has lost a key, and revoked it."""

    meanwhile: Kit

    def refresh(self) -> Directory:
        self.meanwhile.revoke(str(self.meanwhile.keyring.identities[0].recipient()), "lost")
        return super().refresh()


def test_keys_that_changed_while_a_person_was_asked_are_sealed_to_only_after_another_look(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    case = a_case(world)
    joined(world, case)
    open_referrals(world.kit(COORDINATOR), case)  # else the register would be fetched before the question too
    member = world.area.members[COORDINATOR]
    with LeftAtTheQuestion(member.home, member.keyring, world.clock) as office:
        office.meanwhile = world.kit(HEALTH)
        act = Act(office, world.party(HEALTH), PURPOSE, safe_contact=False)
        chosen = [one for one in shareable(office, case, world.party(HEALTH)) if one.document == "referral"]
        with pytest.raises(typer.Exit):
            act.carry_out(chosen, "Shared with", yes=True)
    assert "changed while you were asked" in capsys.readouterr().err
    assert holds_nothing(world, case)


@pytest.mark.parametrize(
    ("statement", "ask"),
    [
        ("UPDATE messages SET document = 'case-note' || char(27) || '[1A'", "holdings"),
        ("UPDATE messages SET sender = sender || char(10) || '  a line of its own'", "holdings"),
        ("UPDATE relations SET why = 'involvement' || char(10) || '  EXCLUDED  nobody'", "case"),
    ],
)
def test_an_answer_that_could_make_a_line_of_its_own_is_none(
    world: World, forger: Forger, statement: str, ask: str
) -> None:
    case = a_case(world)
    joined(world, case)
    office = world.kit(COORDINATOR)
    assert getattr(office, ask)(case)
    assert forger.execute(statement) > 0
    with pytest.raises(BadAnswer):
        getattr(office, ask)(case)
