"""The values that documents are made of: bounded text, dates, and the plain word `unknown`."""

from typing import Annotated, Final, Literal, TypeVar

from pydantic import Field

UNKNOWN: Final = "unknown"
Unknown = Literal["unknown"]

T = TypeVar("T")
Known = Annotated[T | Unknown, Field(union_mode="left_to_right")]
"""A value of type T, or `unknown`. T is tried first, so that its error is the one reported."""

_VISIBLE: Final = r"[^\p{Cc}\p{Zl}\p{Zp}]"

LINE_PATTERN: Final = rf"^{_VISIBLE}*[^\p{{Cc}}\p{{Z}}]{_VISIBLE}*$"
TEXT_PATTERN: Final = rf"^(?:\n|{_VISIBLE})*[^\p{{Cc}}\p{{Z}}](?:\n|{_VISIBLE})*$"
_AREA: Final = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)+"
_AGENCY: Final = r"agency/[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?"
_OFFICE: Final = r"office/(?:coordinator|deputy|chair-[1-9][0-9]?)"
_OFFICER: Final = r"officer/[0-9a-hjkmnp-tv-z]{8}"
AGENCY_PATTERN: Final = rf"^{_AREA}/{_AGENCY}$"
OFFICER_PATTERN: Final = rf"^{_AREA}/{_OFFICER}$"
PARTY_PATTERN: Final = rf"^{_AREA}/(?:{_AGENCY}|{_OFFICE})$"
MESSAGE_PATTERN: Final = r"^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$"

Line = Annotated[str, Field(min_length=1, max_length=200, pattern=LINE_PATTERN)]
"""One line of text: a name, a reference, a telephone number."""

Lines = Annotated[str, Field(min_length=1, max_length=500, pattern=TEXT_PATTERN)]
"""A few short lines, such as an address; `\\n` is its only control character."""

Text = Annotated[str, Field(min_length=1, max_length=10_000, pattern=TEXT_PATTERN)]
"""Paragraphs; `\\n` is their only control character."""

AgencyRef = Annotated[str, Field(max_length=250, pattern=AGENCY_PATTERN)]
"""An agency's id as the register writes it, such as `marac.area.example/agency/housing`."""

OfficerRef = Annotated[str, Field(max_length=250, pattern=OFFICER_PATTERN)]
"""An officer's id as the register writes it, such as `marac.area.example/officer/7f3k2m9q`."""

PartyRef = Annotated[str, Field(max_length=250, pattern=PARTY_PATTERN)]
"""An agency's or an office's id, such as `marac.area.example/office/chair-1`."""

MessageRef = Annotated[str, Field(max_length=36, pattern=MESSAGE_PATTERN)]
"""A message's id, as its manifest writes it."""

Nature = Literal["fact", "professional_opinion"]
"""Whether what is said is a fact or a professional's opinion: nobody may take the one for the other."""
