"""Documents that name whom they are for, by register id; who gets them in the end, the broker's rules decide."""

from typing import Annotated, Final

from pydantic import AfterValidator, Field, JsonValue

from agencies.documents.document import Document
from agencies.documents.fields import AgencyRef, MessageRef, PartyRef
from agencies.documents.invalid import broken_rule

MAX_CHOSEN: Final = 50

_UNIQUE: Final[dict[str, JsonValue]] = {"uniqueItems": True}


def _each_once(ids: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(ids)) != len(ids):
        raise broken_rule("", "each id is given once")
    return ids


_ONCE: Final = AfterValidator(_each_once)
_SOME: Final = Field(min_length=1, max_length=MAX_CHOSEN, json_schema_extra=_UNIQUE)

Agencies = Annotated[tuple[AgencyRef, ...], _SOME, _ONCE]
Parties = Annotated[tuple[PartyRef, ...], _SOME, _ONCE]
Messages = Annotated[tuple[MessageRef, ...], _SOME, _ONCE]
PerhapsParties = Annotated[tuple[PartyRef, ...], Field(max_length=MAX_CHOSEN, json_schema_extra=_UNIQUE), _ONCE]
OneAgency = Annotated[tuple[AgencyRef, ...], Field(min_length=1, max_length=1)]


class Addressed(Document):
    """A document whose sender chose, in `to`, whom it is for: a list in every kind, be it of one."""

    to: tuple[str, ...]

    @property
    def chosen(self) -> frozenset[str]:
        """The register ids in `to`."""
        return frozenset(self.to)
