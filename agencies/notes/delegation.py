"""`marac/delegation/v1`: the offline root names an area's gateway, log and registrar keys; formats.md, section 2."""

from dataclasses import dataclass
from datetime import datetime

from agencies.names import AreaName, parse_area_name
from agencies.notes import text
from crypto.errors import Malformed
from crypto.keys import VerifyKey, parse_vkey

TYPE = "marac/delegation/v1"


@dataclass(frozen=True, slots=True)
class Delegation:
    """What the root says of one year: `previous` is the hash of the delegation before, None for the first."""

    area: AreaName
    number: int
    previous: str | None
    issued: datetime
    expires: datetime
    gateway: VerifyKey
    log: VerifyKey
    registrar: VerifyKey

    def encode(self) -> str:
        """Return the text to be signed."""
        return text.encode(
            TYPE,
            [
                ("area", self.area),
                ("number", str(self.number)),
                ("previous", text.encode_optional(self.previous)),
                ("issued", text.encode_time(self.issued)),
                ("expires", text.encode_time(self.expires)),
                ("gateway", self.gateway.vkey),
                ("log", self.log.vkey),
                ("registrar", self.registrar.vkey),
            ],
        )


def parse_delegation(note_text: str) -> Delegation:
    """Return the delegation that a note's text states; its signature is not verified here.

    Raises Malformed.
    """
    lines = text.parse(note_text, TYPE)
    area = parse_area_name(lines.one("area"))
    delegation = Delegation(
        area=area,
        number=text.parse_number(lines.one("number")),
        previous=text.parse_optional(lines.one("previous"), text.parse_hash),
        issued=text.parse_time(lines.one("issued")),
        expires=text.parse_time(lines.one("expires")),
        gateway=_parse_key(lines.one("gateway"), f"{area}/gateway"),
        log=_parse_key(lines.one("log"), f"{area}/log"),
        registrar=_parse_key(lines.one("registrar"), f"{area}/registrar"),
    )
    lines.end()
    if delegation.issued >= delegation.expires:
        raise Malformed("a delegation expires before it is issued")
    if (delegation.number == 1) != (delegation.previous is None) or delegation.number == 0:
        raise Malformed("a delegation's number and its predecessor disagree")
    return delegation


def _parse_key(vkey: str, name: str) -> VerifyKey:
    key = parse_vkey(vkey)
    if key.name != name:
        raise Malformed("a delegated key has another name than its role")
    return key
