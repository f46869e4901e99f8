"""Recall notices: the gateway's word that a message was taken back, verified before anything is deleted for it."""

from agencies.directory import Directory
from agencies.kit.inbox import Item, State
from agencies.kit.opening import Check, CheckFailed
from agencies.names import DeliveryId, MessageId
from agencies.notes.recall import TYPE, Recall, parse_recall
from crypto import note as signed_note
from crypto.errors import CryptoError


class TakenBack(Exception):
    """The message was recalled: it is to be destroyed, not read."""


class RecallAnswered(TakenBack):
    """The message was recalled, and a person has answered that: there is nothing more to do, and nothing to open."""


def check_recall(note: str, delivery: DeliveryId, message: MessageId, directory: Directory) -> Recall:
    """Return the recall of this delivery, signed by a gateway key delegated when it was made.

    Raises CheckFailed (2): a notice that anybody else could make would have us delete what we need.
    """
    try:
        stated = parse_recall(signed_note.text_of(note))
        signed_note.verify(note, directory.area.gateway_keys(stated.at), TYPE)
    except CryptoError as error:
        raise CheckFailed(Check.MANIFEST_SIGNATURE, f"the recall notice: {error}") from None
    if (stated.area, stated.delivery, stated.message) != (directory.area.name, delivery, message):
        raise CheckFailed(Check.MANIFEST_SIGNATURE, "the recall notice is another delivery's")
    return stated


def taken_back(item: Item) -> TakenBack:
    """Return what to say of a message that was recalled, by what a person has answered."""
    if item.state is State.RECALLED:
        return TakenBack("this message was taken back")
    return RecallAnswered(f"this message was taken back, and is {item.state.value.replace('_', ' ')} here")
