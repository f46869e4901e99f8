"""Receipts made by hand, for what no kit would send."""

from agencies.kit.client import Kit
from agencies.names import DeliveryId, MessageId
from agencies.notes.receipt import Receipt
from crypto import note as signed_note


def receipt_note(kit: Kit, delivery: DeliveryId, message: MessageId, manifest: str, state: str) -> str:
    """Return a receipt signed with the agency's key alone; `manifest` is the signed note that it speaks of."""
    hash_ = signed_note.hash_text(signed_note.text_of(manifest))
    text = Receipt(kit.home.settings.area, delivery, message, hash_, state, None, False, kit.clock()).encode()
    return signed_note.sign(text, [kit.keyring.agency])


def send_receipt(kit: Kit, delivery: DeliveryId, note: str) -> None:
    """Hand a receipt in for this delivery. Raises Problem."""
    kit.post(f"/v1/deliveries/{delivery}/receipt", {"note": note})
