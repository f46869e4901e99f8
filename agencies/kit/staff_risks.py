"""Who works with a case's people and does not have its risks to staff: the office shares them, line by line."""

from collections.abc import Collection, Iterator, Mapping, Sequence

from agencies.kit.answers import CaseAnswer
from agencies.kit.client import Kit
from agencies.kit.headings import GONE
from agencies.kit.wire import Problem, Unreachable
from agencies.names import CaseRef

STAFF_RISK = "staff-risk"
_WORK_WITH = frozenset({"asked", "involved"})


def to_share(office: Kit, case: CaseAnswer, parties: Collection[str] | None = None) -> list[str]:
    """Return what to say to the office of agencies that take part and lack the case's risks to staff; with the command.

        parties  of these alone; None: of every agency that is asked or involved

    Nothing where it cannot be found out: what was asked for is done, and is not to fail by this.
    """
    there = {one.party for one in case.relations if one.relation in _WORK_WITH and "/agency/" in one.party}
    meant = sorted((there if parties is None else there & set(parties)) - set(case.excluded))
    try:
        return [line for one in map(CaseRef, case.references) for line in _lines(office, one, meant)] if meant else []
    except (Problem, Unreachable):
        return []


def after(office: Kit, case: CaseRef, parties: Collection[str]) -> list[str]:
    """Return what `to_share` does, of those whom the case has just come to concern."""
    try:
        return to_share(office, office.case(case), parties)
    except (Problem, Unreachable):
        return []


def _lines(office: Kit, case: CaseRef, parties: Sequence[str]) -> Iterator[str]:
    for party, messages in _lacking(office, case, parties).items():
        named = " ".join(f"--message {one}" for one in messages)
        yield f"RISKS TO STAFF: {party} does not have them yet:"
        yield f"  marac case share {case} --to {party} {named}"


def _lacking(office: Kit, case: CaseRef, parties: Sequence[str]) -> Mapping[str, Sequence[str]]:
    rows = [row for row in office.holdings(case) if row.document == STAFF_RISK and row.state not in GONE]
    risks = [row.message for row in rows if row.recipient == office.home.settings.party]
    held = {(row.recipient, row.message) for row in rows if row.current} | {(row.sender, row.message) for row in rows}
    lacking = {party: [one for one in risks if (party, one) not in held] for party in parties}
    return {party: messages for party, messages in lacking.items() if messages}
