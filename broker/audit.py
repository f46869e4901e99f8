"""Audit entries, as canonical JSON (formats.md, section 7); agencies/notes/leaf.py makes the leaf of one."""

from dataclasses import dataclass, fields
from datetime import datetime

import rfc8785

from agencies.names import AreaName, CaseRef, EntryId, MessageId, OfficerId, PartyId
from agencies.notes.text import encode_time


@dataclass(frozen=True, slots=True)
class Entry:
    """One decision, as it is logged: who asked for what, under which agreement, and what came of it.

    event     what was asked, for example `submit`, `open`, `recall`
    outcome   `permit` or `deny`
    rule      the rule that refused (`N8`), or for a permit the relation and lawful basis it rests on
    proved    True if the officer signed, False if the agency names the officer, None without one
    isa       version of the agreement under which the agency asked
    register  number of the register that was in force

    Personal data until destroyed with its salt: shown only to who may see this entry.
    """

    id: EntryId
    at: datetime
    area: AreaName
    event: str
    outcome: str
    rule: str | None = None
    agency: PartyId | None = None
    officer: OfficerId | None = None
    proved: bool | None = None
    case: CaseRef | None = None
    message: MessageId | None = None
    purpose: str | None = None
    isa: str | None = None
    register: int | None = None

    def encode(self) -> bytes:
        """Return the entry as canonical JSON (RFC 8785), the bytes that its leaf commits to."""
        members = {field.name: getattr(self, field.name) for field in fields(self)}
        return rfc8785.dumps({"v": 1, **members, "at": encode_time(self.at)})
