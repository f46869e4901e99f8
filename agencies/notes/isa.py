"""`marac/isa/v1`: a party signs one version of the Information Sharing Agreement; formats.md, section 2."""

from dataclasses import dataclass

from agencies.isa import Isa
from agencies.names import AreaName, parse_area_name
from agencies.notes import text
from crypto.errors import Malformed

TYPE = "marac/isa/v1"


@dataclass(frozen=True, slots=True)
class IsaNote:
    """The agreement as a party's own key signs it; the signature says which party."""

    area: AreaName
    isa: Isa

    def encode(self) -> str:
        """Return the text to be signed."""
        return text.encode(
            TYPE,
            [
                ("area", self.area),
                ("version", self.isa.version),
                ("in-force", text.encode_time(self.isa.in_force)),
                ("until", text.encode_optional(self.isa.until, text.encode_time)),
                ("text", self.isa.text_hash),
                ("retention-years", str(self.isa.retention_years)),
                ("purposes", text.encode_words(self.isa.purposes)),
            ],
        )


def parse_isa(note_text: str) -> IsaNote:
    """Return the agreement that a note's text states; its signature is not verified here.

    Raises Malformed.
    """
    lines = text.parse(note_text, TYPE)
    area = parse_area_name(lines.one("area"))
    isa = Isa(
        version=text.parse_label(lines.one("version")),
        in_force=text.parse_time(lines.one("in-force")),
        until=text.parse_optional(lines.one("until"), text.parse_time),
        text_hash=text.parse_hash(lines.one("text")),
        retention_years=text.parse_number(lines.one("retention-years")),
        purposes=text.parse_words(lines.one("purposes")),
    )
    lines.end()
    if isa.until is not None and isa.until <= isa.in_force:
        raise Malformed("an agreement ends before it is in force")
    return IsaNote(area, isa)
