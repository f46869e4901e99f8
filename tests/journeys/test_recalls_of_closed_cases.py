"""A recall of what officers alone were given is heard by who holds it, or told to the office: never by anybody else."""

from dataclasses import dataclass
from datetime import timedelta

import pytest

from agencies.documents.referral import HonourBased
from agencies.kit.keyring import Keyring
from agencies.names import CaseRef, DeliveryId, MessageId, OfficerId
from tests.factories import a_referral
from tests.journeys.colleagues import session, with_keyed_colleague
from tests.journeys.world import COORDINATOR, SERVICE, World


@dataclass(frozen=True)
class Given:
    """What the service was given before it is taken back, and who else works there, in a session of their own."""

    world: World
    case: CaseRef
    message: MessageId
    delivery: DeliveryId
    colleague: OfficerId
    keys: Keyring

    def recall(self) -> None:
        self.world.kit(COORDINATOR).recall(self.message, [self.world.party(SERVICE)], "safety")

    def is_heard_by_a_colleague(self) -> bool:
        with session(self.world, SERVICE, self.colleague, self.keys) as theirs:
            return bool(theirs.pull().notices)

    def is_heard_unproved(self) -> bool:
        """Whether it is heard by nobody in particular, or by somebody who is only named."""
        heard = []
        for officer in (None, self.world.officer(SERVICE), self.colleague):
            with session(self.world, SERVICE, officer) as unproved:
                heard += unproved.pull().notices
        return bool(heard)

    def is_heard_by_the_holder(self) -> bool:
        return bool(self.world.kit(SERVICE).pull().notices)

    def asked_for_by_hand(self) -> list[tuple[str | None, bool]]:
        """What the office is shown to ask for itself: who is excluded, and whether it is a recall that nobody hears."""
        office = self.world.kit(COORDINATOR)
        (row,) = [
            one
            for one in office.holdings(self.case)
            if (one.message, one.recipient) == (self.message, self.world.party(SERVICE))
        ]
        held = [one for one in office.case(self.case).held if one.message == self.message]
        assert {one.unheard for one in held} == ({row.unheard} if held else set())
        assert tuple(one.excluded for one in held if one.excluded) == row.excluded
        return [(one.excluded, one.unheard) for one in held]


def given(world: World, *, closed: bool) -> Given:
    """Return what the service's officer was given and opened: sealed to them in a closed case, or to their agency."""
    colleague, keys = with_keyed_colleague(world, SERVICE)
    closing = a_referral(honour_based=HonourBased(forced_marriage=True)) if closed else None
    body, *_ = accepted = world.refer(closing)
    if closed:
        world.kit(COORDINATOR).name(body.manifest.case, [world.officer(SERVICE)])
        body, *_ = accepted = world.refer(case=body.manifest.case)
    world.arrived(accepted)
    world.collect(SERVICE, 2)
    message = body.manifest.message
    (delivery,) = [one.delivery for one in world.kit(SERVICE).inbox.items() if one.message == message]
    world.kit(SERVICE).open(delivery)
    return Given(world, body.manifest.case, message, delivery, colleague, keys)


@pytest.fixture
def sealed(embedded: World) -> Given:
    """Return what was sealed to one officer of the service."""
    return given(embedded, closed=True)


def test_who_is_no_longer_named_hears_of_what_they_hold_and_nobody_else_does(sealed: Given) -> None:
    office = sealed.world.kit(COORDINATOR)
    office.name(sealed.case, [sealed.world.officer(SERVICE)], remove=True)
    office.name(sealed.case, [sealed.colleague])
    sealed.recall()
    assert not sealed.is_heard_unproved()
    assert not sealed.is_heard_by_a_colleague(), "named, but it is not they who have a copy"
    assert sealed.asked_for_by_hand() == [], "somebody may hear of it"
    assert sealed.is_heard_by_the_holder()


def test_whose_recipient_was_revoked_hears_of_what_they_hold_and_nobody_else_does(sealed: Given) -> None:
    kit = sealed.world.kit(SERVICE)
    sealed.world.move(timedelta(seconds=1))
    kit.revoke(str(kit.keyring.identities[-1].recipient()), "lost")
    sealed.recall()
    assert not sealed.is_heard_unproved()
    assert not sealed.is_heard_by_a_colleague()
    assert sealed.is_heard_by_the_holder()


def test_what_an_excluded_officer_holds_is_told_to_no_colleague_and_stays_with_the_office_until_it_is_answered(
    sealed: Given,
) -> None:
    holder, office = sealed.world.officer(SERVICE), sealed.world.kit(COORDINATOR)
    office.name(sealed.case, [sealed.colleague])
    office.exclude(sealed.case, [holder])
    assert sealed.asked_for_by_hand() == [(holder, False)]
    sealed.recall()
    assert not sealed.is_heard_unproved()
    assert not sealed.is_heard_by_a_colleague()
    assert not sealed.is_heard_by_the_holder()
    assert sealed.asked_for_by_hand() == [(holder, True)]
    office.exclude(sealed.case, [], lift=[holder])
    assert sealed.asked_for_by_hand() == []
    sealed.world.move(timedelta(minutes=1))
    assert sealed.is_heard_by_the_holder()
    sealed.world.kit(SERVICE).answer_recall(sealed.delivery)
    office.exclude(sealed.case, [holder])
    assert sealed.asked_for_by_hand() == [], "it is destroyed there"


def test_what_an_officer_holds_who_can_sign_no_more_stays_with_the_office_though_nobody_is_excluded(
    sealed: Given,
) -> None:
    kit = sealed.world.kit(SERVICE)
    own = kit.keyring.officer
    assert own is not None
    sealed.world.move(timedelta(seconds=1))
    kit.revoke(own.verify_key.keyid, "lost")
    sealed.recall()
    assert not sealed.is_heard_unproved()
    assert not sealed.is_heard_by_a_colleague()
    assert sealed.asked_for_by_hand() == [(None, True)]


def test_what_an_agency_was_given_before_its_case_closed_is_heard_by_all_of_it_whoever_is_named(
    embedded: World,
) -> None:
    held, office = given(embedded, closed=False), embedded.kit(COORDINATOR)
    office.close_case(held.case)
    office.name(held.case, [embedded.officer(SERVICE)])
    held.recall()
    assert held.asked_for_by_hand() == []
    assert held.is_heard_by_a_colleague()
    assert embedded.logged(event="hear", outcome="permit")["officer"] == held.colleague
