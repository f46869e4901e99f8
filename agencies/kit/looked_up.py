"""Whom look-ups ask about, beside the people of the referrals that this office has opened; README.md, "Look-ups".

People are compared as the broker compares them, by the tokens of crypto/blind_index.py, under a key that is drawn for
one command and never leaves its memory. Nothing is kept.
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import pairwise

from agencies.documents.fields import UNKNOWN
from agencies.documents.lookup import Lookup
from agencies.documents.person import Named
from agencies.documents.referral import Referral
from agencies.kit.answers import CaseAnswer
from agencies.kit.client import Kit
from agencies.kit.inbox import State
from agencies.kit.opening import CheckFailed, Opened
from agencies.kit.safe_contacts import received
from agencies.kit.wire import Problem, Unreachable
from agencies.names import CaseRef, PartyId
from agencies.notes.manifest import Manifest
from agencies.uk_days import uk_days_between
from crypto.blind_index import IndexKey, Role, Token, generate_index_key, tokens_of

_OPENED = (State.OPENED, State.SHOWN, State.RETAINED)
_WITHIN_DAYS = 30  # broker/README.md, "Look-ups"


@dataclass(frozen=True, slots=True)
class AskedAgain:
    """Look-ups of one agency about what seems to be one person, whom it has not referred since; oldest first."""

    agency: PartyId
    asked: tuple[Opened, ...] = field(repr=False)


def concerns(office: Kit, opened: Opened) -> list[str]:
    """Return what the office must know before it answers a look-up: which cases it opened are of the same person.

    Above all whether one of them excludes the asker, or an officer of theirs. Of a case that may not be looked at
    nothing is said. Raises CheckFailed (1).
    """
    question, told, seen = opened.document(), list[str](), set[str]()
    if not isinstance(question, Lookup):
        return []
    key = generate_index_key(office.home.settings.area)
    asked = _tokens(key, question.person)
    for case, roles in _cases_of(office, key, asked).items():
        if case in seen:
            continue
        what = f"the person asked about may be, by name or birth date, {' and '.join(roles)} of case {case}"
        try:
            found = office.case(case)
        except (Problem, Unreachable) as failed:
            # Of a case that may not be looked at nothing is said; a gateway that fails is no reason to be silent.
            if isinstance(failed, Problem) and failed.code == "not-available":
                continue
            told.append(f"WARNING: {what}; ask whom it excludes before you answer: marac case show {case}")
            continue
        seen.update(found.references)
        told += [*_kept_out(office, opened, found), f"{what}: compare before you answer"]
    return told


def asked_again(office: Kit) -> list[AskedAgain]:
    """Return who asked about the same person twice within 30 days and has not referred them, as far as was opened here.

    Raises CheckFailed (1).
    """
    key = generate_index_key(office.home.settings.area)
    people: list[_Asked] = []
    for opened in _opened(office, "lookup"):
        question = opened.document()
        if isinstance(question, Lookup):
            _sort_in(people, opened, _tokens(key, question.person))
    referred = [(one.manifest, _all_tokens(key, one)) for one in _opened(office, "referral")]
    return [
        AskedAgain(one.agency, tuple(one.by))
        for one in people
        if _is_repeated(one.by) and not any(one.is_answered_by(made, whom) for made, whom in referred)
    ]


@dataclass(frozen=True, slots=True)
class _Asked:
    """One person whom an agency asked about, as far as names and birth dates tell; the look-ups, oldest first."""

    agency: PartyId
    tokens: set[Token] = field(repr=False)
    by: list[Opened] = field(repr=False)

    def is_answered_by(self, made: Manifest, whom: frozenset[Token]) -> bool:
        since = self.by[0].manifest.accepted
        return made.from_ == self.agency and made.accepted >= since and bool(whom & self.tokens)


def _sort_in(people: list[_Asked], opened: Opened, tokens: frozenset[Token]) -> None:
    agency = opened.manifest.from_
    known = next((one for one in people if one.agency == agency and one.tokens & tokens), None)
    if known is None:
        people.append(_Asked(agency, set(tokens), [opened]))
    else:
        known.tokens.update(tokens)
        known.by.append(opened)


def _kept_out(office: Kit, opened: Opened, case: CaseAnswer) -> Iterator[str]:
    """Yield, loudly, that the case keeps out who asks: an answer would tell them of it."""
    asker, officer, register = opened.manifest.from_, opened.submission.officer, office.directory().register
    say_nothing = f"NOTHING IN YOUR ANSWER MAY TELL THEM OF IT: marac case show {case.case}"
    if asker in case.excluded:
        yield f"WARNING: case {case.case} EXCLUDES {asker}, WHICH ASKS. {say_nothing}"
    for one in case.excluded:
        named = register.officer(one)
        if named is not None and named.agency == asker:
            who = "THE OFFICER WHO ASKS" if one == officer else "an officer of the agency that asks"
            yield f"WARNING: case {case.case} EXCLUDES {who}, {one}. {say_nothing}"
    if case.exclusions_pending:
        yield f"WARNING: case {case.case} excludes people in words: whoever asks may be one of them. {say_nothing}"


def _cases_of(office: Kit, key: IndexKey, asked: frozenset[Token]) -> dict[CaseRef, list[str]]:
    """Return as whom the person stands in the referrals that were opened here, by case."""
    found: dict[CaseRef, list[str]] = {}
    for opened in _opened(office, "referral"):
        for role, person in _people(opened):
            roles = found.get(opened.manifest.case, [])
            if asked & _tokens(key, person) and role not in roles:
                found[opened.manifest.case] = [*roles, role]
    return found


def _opened(office: Kit, document: str) -> Iterator[Opened]:
    """Yield what was opened here under this document's name, oldest first; what cannot be read again is left out."""
    messages = {
        made.message: item for made, item in received(office.home, office.inbox.items()) if made.document == document
    }
    for item in messages.values():
        if item.state in _OPENED and office.home.opened(item.message):
            with suppress(CheckFailed):
                yield office.read_again(item.delivery)


def _people(opened: Opened) -> Iterator[tuple[str, Named]]:
    referral = opened.document()
    if not isinstance(referral, Referral):
        return
    yield "the victim", referral.victim
    yield from (("a perpetrator", one) for one in referral.perpetrators)
    for role, seen in (("a child", referral.children), ("somebody whom the perpetrator sees", referral.others_seen)):
        if seen != UNKNOWN:
            yield from ((role, one) for one in seen)


def _all_tokens(key: IndexKey, opened: Opened) -> frozenset[Token]:
    return frozenset(token for _, person in _people(opened) for token in _tokens(key, person))


def _tokens(key: IndexKey, person: Named) -> frozenset[Token]:
    # In one role, whichever it is: who asks does not say as whom they know the person.
    names = tuple(name for name in (person.name, *person.aliases) if name != UNKNOWN)
    return tokens_of(key, Role.VICTIM, names, str(person.date_of_birth))


def _is_repeated(asked: Sequence[Opened]) -> bool:
    days = sorted(one.manifest.accepted for one in asked)
    return any(uk_days_between(earlier, later) <= _WITHIN_DAYS for earlier, later in pairwise(days))
