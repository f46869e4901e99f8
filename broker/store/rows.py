"""Rows of messages and deliveries as values of the ports, and back."""

from collections.abc import Sequence

from agencies.names import CaseRef, DeliveryId, MessageId, PartyId
from broker.lifecycle import DeliveryState
from broker.records import Delivery, Message
from broker.store.transaction import AnyRow


def message_of(row: AnyRow) -> Message:
    """Return the message in a row of `messages`."""
    return Message(
        id=MessageId(row.id),
        case=CaseRef(row.case),
        kind=row.kind,
        document=row.document,
        sender=PartyId(row.sender),
        payload_hash=row.payload_hash,
        payload_length=row.payload_length,
        suite=row.suite,
        accepted_at=row.accepted_at,
        submission=row.submission,
        manifest=row.manifest,
        superseded_by=None if row.superseded_by is None else MessageId(row.superseded_by),
    )


def row_of_message(message: Message) -> dict[str, object]:
    """Return the row of `messages` that keeps `message`."""
    return {
        "id": message.id,
        "case": message.case,
        "kind": message.kind,
        "document": message.document,
        "sender": message.sender,
        "payload_hash": message.payload_hash,
        "payload_length": message.payload_length,
        "suite": message.suite,
        "accepted_at": message.accepted_at,
        "submission": message.submission,
        "manifest": message.manifest,
        "superseded_by": message.superseded_by,
    }


def delivery_of(row: AnyRow, receipts: Sequence[str]) -> Delivery:
    """Return the delivery in a row of `deliveries`, with the states receipted for it, oldest first."""
    return Delivery(
        id=DeliveryId(row.id),
        message=MessageId(row.message),
        case=CaseRef(row.case),
        recipient=PartyId(row.recipient),
        state=DeliveryState(row.state),
        accepted_at=row.accepted_at,
        header_keys=tuple(row.header_keys),
        published_at=row.published_at,
        available_at=row.available_at,
        leased_until=row.leased_until,
        leases=row.leases,
        released_at=row.released_at,
        recalled_at=row.recalled_at,
        recall_notice=row.recall_notice,
        receipts=tuple(receipts),
        withheld=row.withheld,
        urgent=row.urgent,
        escalated_at=row.escalated_at,
        shared_at=row.shared_at,
    )


def row_of_delivery(delivery: Delivery) -> dict[str, object]:
    """Return the row of `deliveries` that keeps `delivery`; its receipts have a table of their own."""
    return {
        "id": delivery.id,
        "message": delivery.message,
        "case": delivery.case,
        "recipient": delivery.recipient,
        "state": delivery.state.value,
        "accepted_at": delivery.accepted_at,
        "header_keys": list(delivery.header_keys),
        "published_at": delivery.published_at,
        "available_at": delivery.available_at,
        "leased_until": delivery.leased_until,
        "leases": delivery.leases,
        "released_at": delivery.released_at,
        "recalled_at": delivery.recalled_at,
        "recall_notice": delivery.recall_notice,
        "withheld": delivery.withheld,
        "urgent": delivery.urgent,
        "escalated_at": delivery.escalated_at,
        "shared_at": delivery.shared_at,
    }
