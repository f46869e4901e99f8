"""Headers and the deliveries that they make; of those that the office makes later, for which keys they must be."""

from collections.abc import Sequence
from datetime import datetime

from agencies.names import DeliveryId, PartyId
from broker.addressees import MAX_STANZAS
from broker.errors import HeaderInvalid
from broker.lifecycle import DeliveryState
from broker.records import Delivery, Message
from crypto import b64
from crypto.age import HybridRecipient, X25519Recipient, check_header, parse_recipient, stanza_types
from crypto.draw import draw_uuid7
from crypto.errors import Malformed
from crypto.note import hash_text

MAX_HEADER_BYTES = 16_384
_POINTER = "/header"
_STANZA_TYPES = {"hybrid": HybridRecipient.type_, "classical": X25519Recipient.type_}


def fingerprints(keys: Sequence[str]) -> tuple[str, ...]:
    """Return what a delivery notes of the keys that its header is made for."""
    return tuple(hash_text(key) for key in keys)


def new_delivery(
    message: Message, recipient: PartyId, keys: tuple[str, ...], at: datetime, *, urgent: bool, is_shared: bool
) -> Delivery:
    """Return one party's delivery of a message, accepted at `at`, with a header for `keys` (their fingerprints).

    is_shared  its sender did not choose them, and is told nothing of it: the office shares it, or they held what it
               corrects
    """
    return Delivery(
        id=DeliveryId(draw_uuid7(at)),
        message=message.id,
        case=message.case,
        recipient=recipient,
        state=DeliveryState.ACCEPTED,
        accepted_at=at,
        header_keys=keys,
        urgent=urgent,
        shared_at=at if is_shared else None,
    )


def parse_uploaded(text: str) -> bytes:
    """Return the age header in `text`, base64: one that follows the grammar to the letter, and is not too large.

    Raises HeaderInvalid.
    """
    try:
        header = b64.parse_padded(text)
        if len(header) > MAX_HEADER_BYTES:
            raise Malformed("larger than a header may be")
        check_header(header)
    except (Malformed, UnicodeEncodeError) as error:
        raise HeaderInvalid("not an age header", _POINTER) from error
    if len(stanza_types(header)) > MAX_STANZAS:
        raise HeaderInvalid("more stanzas than a header may have", _POINTER)
    return header


def check_made_for(header: bytes, made_for: Sequence[str], keys: Sequence[str], message: Message) -> None:
    """Return only if `header` was made for `keys` and no other, and has a stanza for each, of the message's suite.

        made_for  fingerprints of the keys that its maker says it was made for

    For whom a stanza is cannot be told without its secret key: its maker must say. A kit that saw an older register,
    with as many keys, would else make a header that its recipient cannot open, and that nobody makes anew.
    Raises HeaderInvalid.
    """
    if tuple(made_for) != fingerprints(keys):
        raise HeaderInvalid("made for other keys than the recipient's of now", "/made_for")
    wanted = tuple(parse_recipient(key).type_ for key in keys)
    if not wanted or stanza_types(header) != wanted or set(wanted) != {_STANZA_TYPES[message.suite]}:
        raise HeaderInvalid("not made for exactly the recipient's keys of now", _POINTER)
