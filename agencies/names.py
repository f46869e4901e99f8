"""Names of areas, parties, officers, cases and messages; the syntax is in formats.md, section 2, and README.md."""

import re
from datetime import UTC, datetime
from typing import NewType

from crypto.draw import draw_symbols
from crypto.errors import Malformed

AreaName = NewType("AreaName", str)
PartyId = NewType("PartyId", str)
OfficerId = NewType("OfficerId", str)
CaseRef = NewType("CaseRef", str)
MessageId = NewType("MessageId", str)
DeliveryId = NewType("DeliveryId", str)
EntryId = NewType("EntryId", str)

CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
OFFICER_SYMBOLS = CROCKFORD.lower()
ISO_7064_SYMBOLS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ*"

_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_AREA = re.compile(rf"{_LABEL}(?:\.{_LABEL})+")
_SHORT = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")
_OFFICE = re.compile(r"coordinator|deputy|chair-[1-9][0-9]?")
_OFFICER = re.compile(rf"[{OFFICER_SYMBOLS}]{{8}}")
_UUID7 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
_PREFIX = re.compile(r"[A-Z]{2,4}")
_CASE = re.compile(rf"([A-Z]{{2,4}})-([{CROCKFORD}]{{5}})-([{CROCKFORD}]{{5}})-([{CROCKFORD}])")
_MAX_AREA_CHARS = 200


def parse_area_name(text: str) -> AreaName:
    """Return `text` as an area's name: a lower-case host name of two labels or more.

    Raises Malformed.
    """
    if len(text) > _MAX_AREA_CHARS or not _AREA.fullmatch(text):
        raise Malformed("not an area name")
    return AreaName(text)


def agency_id(area: str, short: str) -> PartyId:
    """Return the key name of the agency known in `area` as `short` (a-z, 0-9 and hyphens).

    Raises Malformed.
    """
    if not _SHORT.fullmatch(short):
        raise Malformed("not an agency's short name")
    return PartyId(f"{parse_area_name(area)}/agency/{short}")


def office_id(area: str, short: str) -> PartyId:
    """Return the key name of an office: `coordinator`, `deputy` or `chair-1` to `chair-99`.

    Raises Malformed.
    """
    if not _OFFICE.fullmatch(short):
        raise Malformed("not an office")
    return PartyId(f"{parse_area_name(area)}/office/{short}")


def coordinator_of(area: str) -> PartyId:
    """Return the id of the coordinator's office of `area`.

    Raises Malformed.
    """
    return office_id(area, "coordinator")


def draw_officer_id(area: str) -> OfficerId:
    """Return a fresh random officer id: it says nothing of the person.

    Raises Malformed if `area` is not an area name.
    """
    return OfficerId(f"{parse_area_name(area)}/officer/{draw_symbols(OFFICER_SYMBOLS, 8)}")


def parse_party_id(text: str) -> PartyId:
    """Return `text` as the id of an agency or an office.

    Raises Malformed; an officer's id is not a party's.
    """
    area, _, rest = text.partition("/")
    sort, _, short = rest.partition("/")
    if sort == "agency":
        return agency_id(area, short)
    if sort == "office":
        return office_id(area, short)
    raise Malformed("not an agency's or office's id")


def parse_officer_id(text: str) -> OfficerId:
    """Return `text` as an officer's id.

    Raises Malformed.
    """
    area, _, rest = text.partition("/")
    sort, _, symbols = rest.partition("/")
    parse_area_name(area)
    if sort != "officer" or not _OFFICER.fullmatch(symbols):
        raise Malformed("not an officer's id")
    return OfficerId(text)


def parse_participant_id(text: str) -> PartyId | OfficerId:
    """Return `text` as the id of whoever may stand in a register.

    Raises Malformed.
    """
    return parse_officer_id(text) if is_officer(text) else parse_party_id(text)


def is_office(participant: str) -> bool:
    """Whether the id is that of an office."""
    return _sort_of(participant) == "office"


def is_officer(participant: str) -> bool:
    """Whether the id is that of an officer."""
    return _sort_of(participant) == "officer"


def area_of(name: str) -> AreaName:
    """Return the area that a key name begins with.

    Raises Malformed.
    """
    return parse_area_name(name.partition("/")[0])


def draw_case_ref(prefix: str) -> CaseRef:
    """Return a fresh case reference: the area's prefix (2 to 4 capitals), ten random symbols, one check symbol.

    Raises Malformed if `prefix` is not two to four capital letters.
    """
    if not _PREFIX.fullmatch(prefix):
        raise Malformed("not a case prefix")
    while True:
        symbols = draw_symbols(CROCKFORD, 10)
        check = _check_symbol(prefix + symbols)
        # Five of the 37 check symbols (I L O U *) are never issued: no reference holds a letter misread by eye.
        if check in CROCKFORD:
            return CaseRef(f"{prefix}-{symbols[:5]}-{symbols[5:]}-{check}")


def parse_case_ref(text: str) -> CaseRef:
    """Return `text` as a case reference; every single wrong symbol or swap of neighbours is caught.

    Raises Malformed.
    Source: ISO/IEC 7064, MOD 37-2, over prefix and symbols.
    """
    found = _CASE.fullmatch(text)
    if not found or _check_symbol("".join(found.group(1, 2, 3))) != found.group(4):
        raise Malformed("not a case reference")
    return CaseRef(text)


def parse_message_id(text: str) -> MessageId:
    """Return `text` as a message id, a lower-case UUIDv7.

    Raises Malformed.
    """
    return MessageId(parse_uuid7(text))


def parse_delivery_id(text: str) -> DeliveryId:
    """Return `text` as a delivery id, a lower-case UUIDv7.

    Raises Malformed.
    """
    return DeliveryId(parse_uuid7(text))


def parse_entry_id(text: str) -> EntryId:
    """Return `text` as an entry id, a lower-case UUIDv7.

    Raises Malformed.
    """
    return EntryId(parse_uuid7(text))


def parse_uuid7(text: str) -> str:
    """Return `text` if it is a lower-case UUIDv7.

    Raises Malformed.
    """
    if not _UUID7.fullmatch(text):
        raise Malformed("not a lower-case UUIDv7")
    return text


def instant_of(uuid7: str) -> datetime:
    """Return when an id was drawn, by its own first 48 bits: a UUIDv7 (RFC 9562) begins with its milliseconds."""
    return datetime.fromtimestamp(int(uuid7.replace("-", "")[:12], 16) / 1000, UTC)


def _sort_of(participant: str) -> str:
    return participant.partition("/")[2].partition("/")[0]


def _check_symbol(symbols: str) -> str:
    state = 0
    for symbol in symbols:
        state = (state + ISO_7064_SYMBOLS.index(symbol)) * 2 % 37
    return ISO_7064_SYMBOLS[(1 - state) % 37]
