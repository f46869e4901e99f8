"""What a kind of message declares about its handling; its document is declared in agencies/documents."""

from collections.abc import Mapping
from dataclasses import dataclass

from broker.case import Relation


@dataclass(frozen=True, slots=True)
class Part:
    """One document of a kind: it becomes one message with its own audience.

    receivers   kinds of party that it is sealed to by role, besides the coordinator's office
    least       the relation that a receiver must have to the case when the message is released
    """

    receivers: frozenset[str]
    least: Relation


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of message: who sends it, for which purpose, in which parts, and what it does to its case.

    name       on the wire; never reused
    versions   accepted at once, newest first
    senders    kinds of party that may send it
    purposes   what it may be sent for; the agreement must allow that purpose too
    opens_case True if `case new` is allowed
    parts      by document name, in the order of the submission note
    """

    name: str
    versions: tuple[str, ...]
    senders: frozenset[str]
    purposes: frozenset[str]
    opens_case: bool
    parts: Mapping[str, Part]
