"""Made-up cases, messages, letters and entries for the port suites."""

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from agencies.names import AreaName, CaseRef, DeliveryId, EntryId, MessageId, OfficerId, PartyId
from broker.audit import Entry
from broker.case import Case, LawfulBasis, Related, Relation
from broker.lifecycle import DeliveryState
from broker.ports import Store
from broker.records import Addressed, Delivery, Letter, Message
from broker.retention import Cutoff
from crypto.draw import draw_bytes, draw_uuid7

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
AREA = AreaName("marac.area.example")
HOUSING = PartyId(f"{AREA}/agency/housing")
IDVA = PartyId(f"{AREA}/agency/idva")
POLICE = PartyId(f"{AREA}/agency/police")
COORDINATOR = PartyId(f"{AREA}/office/coordinator")
OFFICER = OfficerId(f"{AREA}/officer/7f3k2m9q")
COLLEAGUE = OfficerId(f"{AREA}/officer/2a2a2a2a")
WORDS, MORE_WORDS, OTHER_WORDS = (MessageId(f"0199f2b1-6a0b-7d0e-8a3c-5f0f4c1f2b7{end}") for end in "def")

_numbers = itertools.count(1)


def after(**units: float) -> datetime:
    """Return a moment after NOW."""
    return NOW + timedelta(**units)


def a_ref() -> CaseRef:
    """Return a case reference that no other test case has."""
    return CaseRef(f"CAM-{next(_numbers):05d}-00000-0")


def urgent(addressed: Addressed, *, is_urgent: bool = True) -> Addressed:
    """Return the same message, urgent or not to each of its recipients."""
    deliveries = [(replace(delivery, urgent=is_urgent), header) for delivery, header in addressed.deliveries]
    return replace(addressed, deliveries=deliveries)


def a_case(ref: CaseRef | None = None, last_referral_at: datetime = NOW) -> Case:
    """Return a case that housing referred and the IDVA is asked about."""
    housing = Related(HOUSING, Relation.INVOLVED, LawfulBasis.UK_GDPR_PUBLIC_TASK, "referrer", NOW)
    idva = Related(IDVA, Relation.ASKED, LawfulBasis.UK_GDPR_VITAL_INTERESTS, "standing", NOW, after(days=90))
    return Case(
        ref=ref or a_ref(),
        opened_at=NOW,
        last_referral_at=last_referral_at,
        related={HOUSING: housing, IDVA: idva},
        excluded=frozenset({POLICE}),
        named=frozenset({OFFICER}),
    )


def by(at: datetime) -> Cutoff:
    """Return the cases that were last referred, or else looked up, by this moment."""
    return Cutoff(at, at)


def a_message(
    case: CaseRef, recipients: Sequence[PartyId] = (IDVA,), payload: bytes = b"sealed payload", at: datetime = NOW
) -> Addressed:
    """Return a sealed referral with a delivery and a header for each of `recipients`."""
    message = Message(
        id=MessageId(draw_uuid7(at)),
        case=case,
        kind="referral/1.0",
        document="referral",
        sender=HOUSING,
        payload_hash="sha256:made-up",
        payload_length=len(payload),
        suite="hybrid",
        accepted_at=at,
        submission="sha256:made-up-note",
        manifest="marac/manifest/v1\nmade up\n",
    )
    return Addressed(
        message, payload, [(a_delivery(message, one, at), f"header for {one}".encode()) for one in recipients]
    )


def a_delivery(message: Message, recipient: PartyId, at: datetime = NOW) -> Delivery:
    """Return the delivery of `message` to `recipient`, just accepted."""
    return Delivery(
        id=DeliveryId(draw_uuid7(at)),
        message=message.id,
        case=message.case,
        recipient=recipient,
        state=DeliveryState.ACCEPTED,
        accepted_at=at,
        header_keys=("sha256:working", "sha256:recovery"),
    )


def an_entry(case: CaseRef | None = None, event: str = "submit") -> Entry:
    """Return an audit entry."""
    return Entry(EntryId(draw_uuid7(NOW)), NOW, AREA, event, "permit", rule="involved", agency=HOUSING, case=case)


def a_letter(recipient: PartyId = IDVA, delivery: DeliveryId | None = None) -> Letter:
    """Return a letter, with an id of its own."""
    return Letter(draw_bytes(16).hex(), delivery or DeliveryId(draw_uuid7(NOW)), recipient, b"sealed payload")


async def accepted(store: Store, *addressed: Addressed) -> None:
    """The messages are stored, in cases that are added where they are missing."""
    async with store.unit() as unit:
        for ref in sorted({one.message.case for one in addressed}):
            if await unit.cases.get(ref) is None:
                await unit.cases.add(a_case(ref))
        await unit.messages.add(addressed)
        await unit.commit()


async def in_mailbox(store: Store, *addressed: Addressed) -> None:
    """The messages are stored, published and arrived."""
    await accepted(store, *addressed)
    ids = [delivery.id for one in addressed for delivery, _ in one.deliveries]
    async with store.unit() as unit:
        await unit.outbox.sent(ids, NOW)
        await unit.outbox.arrived(ids, NOW)
        await unit.commit()


async def until(condition: Callable[[], Awaitable[bool]], within_s: float = 20) -> None:
    """Return once `condition` holds; fails the test if it does not within `within_s` seconds."""
    async with asyncio.timeout(within_s):
        while not await condition():  # noqa: ASYNC110  # the condition holds in another program
            await asyncio.sleep(0.02)
