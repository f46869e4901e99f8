"""Whether a perpetrator seems to work for who takes part: a warning to a person, never a stop. Rule: domain.md."""

import re
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from typing import Final

from agencies.agency import AGENCY_KINDS, Party
from agencies.documents.fields import UNKNOWN
from agencies.documents.referral import Referral
from agencies.register import Register

# What people write of an employer of this kind, whatever its name in the register.
_WORDS: Final[Mapping[str, frozenset[str]]] = {
    "police": frozenset({"police", "constabulary", "policeman", "policewoman", "constable", "pcso"}),
    "mash": frozenset({"police", "constabulary", "mash", "safeguarding"}),
    "idva-service": frozenset({"idva", "refuge"}),
    "childrens-social-care": frozenset({"council", "social"}),
    "adult-social-care": frozenset({"council", "social"}),
    "health": frozenset({"nhs", "hospital", "surgery", "ambulance", "clinic", "gp"}),
    "housing": frozenset({"housing", "council"}),
    "probation": frozenset({"probation", "prison", "hmpps"}),
    "education": frozenset({"school", "college", "university", "academy", "council"}),
    "substance-misuse": frozenset({"recovery"}),
    "cafcass": frozenset({"cafcass"}),
}
_ANYBODYS: Final = frozenset({
    "the", "and", "of", "for", "service", "services", "county", "city", "district", "borough", "trust", "group", "ltd",
    "limited", "association", "agency", "office", "team", "north", "south", "east", "west", "made", "up",
})  # fmt: skip


def may_employ(referral: Referral, register: Register, at: datetime) -> list[Party]:
    """Return the agencies that take part and that a perpetrator may work for, by the words of the form; by id."""
    said = [_words(one.employer) for one in referral.perpetrators if one.employer != UNKNOWN]
    there = (party for kind in AGENCY_KINDS for party in register.parties_of_kind(kind, at))
    return sorted((party for party in there if any(_is_named(party, words) for words in said)), key=_id)


def not_excluded(parties: Collection[Party], excluded: Collection[str], register: Register) -> list[Party]:
    """Return those of whom nobody is excluded: neither the agency nor any officer of it."""
    officers = (register.officer(one) for one in excluded)
    touched = {officer.agency for officer in officers if officer is not None}
    return [party for party in parties if party.id not in excluded and party.id not in touched]


def warnings(parties: Collection[Party], next_step: str) -> Iterator[str]:
    """Yield what to say of them on one line, without the name of a person; nothing of nobody."""
    if parties:
        yield (
            f"WARNING: a perpetrator may work where the case could be read: {', '.join(one.name for one in parties)}."
            f" Nobody there is excluded. {next_step}"
        )


def _is_named(party: Party, words: frozenset[str]) -> bool:
    # A place alone is no employer: that a name begins with the area's says nothing.
    own, said = _words(party.name) - _ANYBODYS, words - _ANYBODYS
    is_own = bool(own and said) and (own <= said or said <= own)
    return is_own or bool(words & _WORDS.get(party.kind, frozenset()))


def _words(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"[^\W_]+", text.casefold()))


def _id(party: Party) -> str:
    return party.id
