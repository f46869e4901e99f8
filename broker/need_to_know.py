"""Need-to-know: may this party do this, now, with this case? Rules: broker/README.md, "Need-to-know"."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from agencies.agency import COORDINATING, Party
from agencies.names import OfficerId
from broker.case import Case, LawfulBasis, Relation
from broker.kinds.kind import Kind

NOT_AVAILABLE = "not-available"


class Act(StrEnum):
    """What is asked; the word is also the event in the audit log."""

    __hash__ = str.__hash__  # the rules look acts up in sets: Enum's own hash is a call into Python each time

    SUBMIT = "submit"
    LEASE = "lease"
    NOTICE = "notice"  # telling a party, without content, that a lease would give it something
    STATUS = "status"
    OPEN = "open"
    RECEIPT = "receipt"
    HEAR = "hear"  # of a recall: its notice releases nothing, but comes with case and kind
    RECALL = "recall"
    RECALL_SOME = "recall-some"  # from named recipients: the coordinator's office, which knows them
    EXCLUDE = "exclude"
    LIFT = "lift"  # an exclusion: asked as excluding is, and logged under its own word, for it opens something
    SETTLE = "settle"  # whom a message excludes in words: for who may read them, which opens the case to the others
    RELATE = "relate"  # saying what part an agency has in a case
    CLOSE = "close"  # a case, for good
    NAME = "name"  # saying which officers may have what a closed case holds, or no longer
    VIEW = "view"  # who takes part in a case, and who is kept out
    SHARE = "share"  # handing in a header, made by the office, for somebody who joined later or has new keys
    RECEIVE = "receive"  # being given that header: asked of the recipient, whom the office names
    PROPOSALS = "proposals"  # which other cases may be of the same people
    SAMENESS = "sameness"  # saying whether they are
    LINK = "link"  # two related cases
    MERGE = "merge"  # two cases that are one
    SPLIT = "split"  # what was merged by mistake
    STEWARD = "steward"  # registers, delegations, tombstones: the coordinator's office
    REVOKE = "revoke"  # bringing a revocation, which its own signature must carry
    SURVEY = "survey"  # over all cases: look-ups by agency, and what waits for somebody
    AUDIT = "audit"  # reading the log with its salts
    NOTICE_ADDRESS = "notice-address"  # where a party itself is told
    UNCOLLECTED = "uncollected"  # what is urgent and has not been collected, case by case as VIEW permits


# By names of this module's own: Python 3.11 finds a member of an enumeration by calls that cost 0.2 microseconds each.
_SUBMIT, _OPEN, _RECEIPT, _RECALL, _REVOKE = Act.SUBMIT, Act.OPEN, Act.RECEIPT, Act.RECALL, Act.REVOKE
_HEAR = Act.HEAR
_NONE, _EXCLUDED = Relation.NONE, Relation.EXCLUDED
# About cases side by side: each is asked about each of them.
_COMPARES = frozenset({Act.PROPOSALS, Act.SAMENESS, Act.LINK, Act.MERGE, Act.SPLIT})
_WHO_MAY = {
    **dict.fromkeys(_COMPARES, COORDINATING),
    Act.EXCLUDE: COORDINATING,
    Act.LIFT: COORDINATING,
    Act.SETTLE: frozenset({"coordinator"}),
    Act.RELATE: COORDINATING,
    Act.CLOSE: COORDINATING,
    Act.NAME: COORDINATING,
    Act.VIEW: COORDINATING,
    Act.SHARE: COORDINATING,
    Act.RECALL_SOME: COORDINATING,
    Act.STEWARD: COORDINATING,
    Act.SURVEY: COORDINATING,
    Act.AUDIT: COORDINATING | {"compliance"},
    Act.UNCOLLECTED: COORDINATING,
}
_RELEASES = frozenset({Act.LEASE, Act.NOTICE, Act.OPEN, Act.RECEIVE})
_RECALLS = frozenset({Act.RECALL, Act.RECALL_SOME})
# Without a named officer an excluded one may be behind it: who reads, opens to others, or takes away from others.
_BY_WHOM_COUNTS = _RECALLS | _COMPARES | {
    Act.LEASE, Act.NOTICE, Act.HEAR, Act.EXCLUDE, Act.LIFT, Act.SETTLE, Act.RELATE, Act.CLOSE, Act.NAME, Act.VIEW,
    Act.SHARE, Act.SUBMIT,
}  # fmt: skip
# And so must somebody be named, where the area demands proof.
_WANTS_PROOF = (_BY_WHOM_COUNTS - {Act.LEASE, Act.NOTICE, Act.HEAR}) | {
    Act.NOTICE_ADDRESS, Act.UNCOLLECTED, Act.SURVEY,
}  # fmt: skip
# What opens a closed case, to oneself or to others: by an officer who signed, in every area.
_OPENS_CLOSED = frozenset({Act.OPEN, Act.LIFT, Act.SETTLE, Act.RELATE, Act.NAME, Act.SHARE, Act.MERGE, Act.SPLIT})
# Who holds a copy answers for it, and hears that it is to be destroyed, whatever the case says of its agency since.
_FOR_A_COPY = frozenset({Act.RECEIPT, Act.HEAR})
_FOR_A_READER = frozenset({Act.LEASE, Act.OPEN})
_FOR_A_PURPOSE = frozenset({Act.SUBMIT, Act.OPEN})
_NO_PURPOSES = frozenset[str]()
_NO_CASE = frozenset({Act.STEWARD, Act.REVOKE, Act.SURVEY, Act.AUDIT, Act.NOTICE_ADDRESS, Act.UNCOLLECTED})


class Standing(StrEnum):
    """What the asker is to the message in question; `none` also where there is no such message."""

    __hash__ = str.__hash__  # as above

    NONE = "none"
    SENDER = "sender"
    RECIPIENT = "recipient"


_STANDING = {
    Act.LEASE: frozenset({Standing.RECIPIENT}),
    Act.NOTICE: frozenset({Standing.RECIPIENT}),
    Act.OPEN: frozenset({Standing.RECIPIENT}),
    Act.RECEIPT: frozenset({Standing.RECIPIENT}),
    Act.HEAR: frozenset({Standing.RECIPIENT}),
    Act.STATUS: frozenset({Standing.SENDER}),
    Act.RECALL: frozenset({Standing.SENDER}),
}


class Corrected(StrEnum):
    """What a submission corrects, as its sender stands to it; `missing`: no such message, case and kind together.

    `ending`: its own return, by which alone its part in the case ended.
    """

    __hash__ = str.__hash__  # as above

    NOTHING = "nothing"
    OWN = "own"
    ENDING = "ending"
    ANOTHERS = "anothers"
    MISSING = "missing"


_ENDING = Corrected.ENDING
_MAY_CORRECT = frozenset({Corrected.NOTHING, Corrected.OWN, Corrected.ENDING})
_OFFICES_MAY_CORRECT = _MAY_CORRECT | {Corrected.ANOTHERS}


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks, as the gateway authenticated them.

    officer  named by the agency, or proved by the officer's own signature; always one of that agency's own
    proved   True if the officer signed, False if only named, None without an officer
    keyids   the keys that signed the request: judged again in the transaction that acts on it
    """

    party: Party
    officer: OfficerId | None
    proved: bool | None
    purpose: str | None
    at: datetime
    keyids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Access:
    """One question to need-to-know, with every fact that the rules look at.

    least            the relation that the document asks of its receiver
    case             None where the act opens one, or where there is none
    opens_case       the submission says `case new`
    withdrawn        the delivery was recalled, its message corrected, or its content destroyed
    corrected        what the submission takes the place of
    key_revoked      the header was made for a key that has been revoked since
    opens_otherwise  the header is made for a key of its recipient that is in force, too
    signed_anew      an agency's key that signed the request is listed since the header's last revocation, or later
    demand_proved    the area accepts no officer who is merely named
    colleagues       the officers of the asking party: any of them may be behind it where none is named
    repeats          a submission that was accepted before, to the letter: it gets the same answer, and brings nothing
    superseded_key   a key that signed the request was revoked, or its officer removed, since it was authenticated
    for_named        in a closed case: the header is made for keys in force of named officers of its recipient alone
    holders          in a closed case: the officers in force to whom it was sealed; None: to the keys of their agency
    """

    act: Act
    asker: Asker
    kind: Kind | None = None
    least: Relation = Relation.INVOLVED
    case: Case | None = None
    opens_case: bool = False
    standing: Standing = Standing.NONE
    corrected: Corrected = Corrected.NOTHING
    withdrawn: bool = False
    key_revoked: bool = False
    opens_otherwise: bool = False
    signed_anew: bool = False
    demand_proved: bool = False
    colleagues: frozenset[OfficerId] = frozenset()
    repeats: bool = False
    superseded_key: bool = False
    for_named: bool = False
    holders: frozenset[OfficerId] | None = None


@dataclass(frozen=True, slots=True)
class Permit:
    """Yes; with the relation and the lawful basis it rests on, for the log."""

    relation: Relation
    basis: LawfulBasis

    @property
    def rule(self) -> str:
        """What the log says: the relation and its basis."""
        return f"{self.relation}/{self.basis}"


@dataclass(frozen=True, slots=True)
class Deny:
    """No; `rule` is for the log alone, `public` is the code that the caller sees."""

    rule: str
    public: str


Decision = Permit | Deny


def basis_for(party_kind: str) -> LawfulBasis:
    """Return the lawful basis on which a kind of party takes part by its role (domain.md, relations)."""
    competent = {"police", "mash", "probation"}
    return LawfulBasis.PART3_LAW_ENFORCEMENT if party_kind in competent else LawfulBasis.UK_GDPR_PUBLIC_TASK


def decide(access: Access) -> Decision:
    """Apply rules N1 to N14 in order; the first refusal is the answer, and nothing permits but the last line."""
    deny, case, asker = decide_asker(access), access.case, access.asker
    if deny is not None:
        return deny
    relation, basis = (_NONE, None) if case is None else case.part(asker.party.id, asker.at)
    deny = _decide_case(access, relation) or _decide_item(access, relation)
    return deny or Permit(relation, basis or basis_for(asker.party.kind))


def decide_asker(access: Access) -> Deny | None:
    """Apply N1 to N6, which look at the asker alone: safe to say which one refused, whatever the case."""
    asker, party = access.asker, access.asker.party
    if access.superseded_key or not party.is_active(asker.at):
        return Deny("N1", "party-not-active")
    if _needs_agreement(access) and (party.isa is None or not party.isa.covers(asker.at)):
        return Deny("N2", "isa-not-in-force")
    if access.act in _WHO_MAY and party.kind not in _WHO_MAY[access.act]:
        return Deny("N3", "act-not-allowed")
    if access.act is _SUBMIT and not _kind_allowed(access):
        return Deny("N4", "kind-not-allowed")
    if access.act in _FOR_A_PURPOSE and not _purpose_allowed(access):
        return Deny("N5", "purpose-not-allowed")
    if asker.officer is None and _officer_required(access):
        return Deny("N6", "officer-required")
    if access.demand_proved and asker.officer is not None and not asker.proved:
        return Deny("N6", "officer-not-proved")
    return None


def _officer_required(access: Access) -> bool:
    """Claim that somebody must be named; where proof is demanded, leaving the name out does not go round it."""
    if access.opens_case:  # a first referral waits for nobody's key
        return False
    return access.act is _OPEN or (access.demand_proved and access.act in _WANTS_PROOF)


def _needs_agreement(access: Access) -> bool:
    """Claim that the agreement is asked of this asker; who has let it lapse may still revoke a stolen key."""
    return access.asker.party.kind not in COORDINATING and access.act is not _REVOKE


def _kind_allowed(access: Access) -> bool:
    """Claim that the kind is known, that this party may send it and, for `case new`, that it may open a case."""
    kind = access.kind
    if kind is None or access.asker.party.kind not in kind.senders:
        return False
    return kind.opens_case or not access.opens_case


def _purpose_allowed(access: Access) -> bool:
    """Claim that the purpose is one that the agreement names and, for a submission, one that the kind is for."""
    purpose, isa = access.asker.purpose, access.asker.party.isa
    if isa is None or purpose not in isa.purposes:
        return False
    of_kind = _NO_PURPOSES if access.kind is None else access.kind.purposes
    return access.act is not _SUBMIT or purpose in of_kind


def _decide_case(access: Access, relation: Relation) -> Deny | None:
    """Apply N7 to N11. Everything here depends on a case: one public answer for all of it."""
    asker, case = access.asker, access.case
    if access.act in _NO_CASE or _opens_case(access):
        return None
    if case is None:
        return Deny("N7", NOT_AVAILABLE)
    if relation is _EXCLUDED and access.act not in _FOR_A_COPY:
        return Deny("N8", NOT_AVAILABLE)
    if access.act is not _RECEIPT and not case.excluded.isdisjoint(_readers(access)):
        return Deny("N9", NOT_AVAILABLE)
    deny = _decide_closed(access, case) if case.closed else None
    if deny is not None:
        return deny
    if access.act in _RELEASES and case.unsettled and asker.party.kind != "coordinator":
        return Deny("N11", NOT_AVAILABLE)
    return None


def _decide_closed(access: Access, case: Case) -> Deny | None:
    """Apply N10. Only the offices, who may look at every case, are told that proof is what is missing."""
    asker, is_elsewhere = access.asker, access.asker.party.kind != "coordinator"
    if access.act in _RELEASES and is_elsewhere and not access.for_named:
        return Deny("N10", NOT_AVAILABLE)
    only = _only_for(access, case) if is_elsewhere else None
    if only is not None and asker.officer not in only:
        return Deny("N10", NOT_AVAILABLE)
    if (only is not None or access.act in _OPENS_CLOSED) and not asker.proved:
        return Deny("N10", "officer-not-proved" if asker.party.kind in COORDINATING else NOT_AVAILABLE)
    return None


def _only_for(access: Access, case: Case) -> frozenset[OfficerId] | None:
    """Return which officers alone may have what is asked for, case and kind included; None: anybody of the agency.

    The notice of a recall is for who has a copy, named still or not: the whole agency, if the message was sealed to it
    before the case was closed, and nobody else of it where it was sealed to officers.
    """
    if access.act in _FOR_A_READER:
        return case.named
    return access.holders if access.act is _HEAR else None


def _readers(access: Access) -> frozenset[OfficerId | None]:
    """Return who may be behind the request: where none is named and it counts, any officer of the agency."""
    if access.act in _BY_WHOM_COUNTS and access.asker.officer is None:
        return access.colleagues | {None}
    return frozenset({access.asker.officer})


def _opens_case(access: Access) -> bool:
    """Claim that there is no case yet to ask about; where one is given, its rules hold whatever else is said."""
    return access.act is _SUBMIT and access.opens_case and access.case is None


def _decide_item(access: Access, relation: Relation) -> Deny | None:
    """Apply N12 to N14: standing towards the message, relation to the case, and whether it can be released."""
    asker, case = access.asker, access.case
    recalls_as_coordinator = access.act is _RECALL and asker.party.kind in COORDINATING
    if access.act in _STANDING and access.standing not in _STANDING[access.act] and not recalls_as_coordinator:
        return Deny("N12", NOT_AVAILABLE)
    if not access.repeats and access.corrected not in _correctable(asker):
        return Deny("N12", NOT_AVAILABLE)
    if case is not None and (access.act in _RELEASES or _needs_part(access)):
        least = _least_of_sender(access) if access.act is _SUBMIT else access.least
        if not relation.at_least(least):
            return Deny("N13", NOT_AVAILABLE)
    if access.act in _RELEASES and access.withdrawn:
        return Deny("N14", NOT_AVAILABLE)
    if access.act is _OPEN and access.key_revoked and not _recovers(access):
        return Deny("N14", "recipient-revoked")
    return None


def _recovers(access: Access) -> bool:
    """Claim that the coordinator, whom nobody else can rehead, asks: with its recovery key, and not its thief.

    A laptop is lost with all its keys: who has the revoked one may sign with what the office signed with until then.
    """
    asker = access.asker
    is_the_office = asker.party.kind == "coordinator" and bool(asker.proved)
    return is_the_office and access.opens_otherwise and access.signed_anew


def _needs_part(access: Access) -> bool:
    """Claim that it is a submission whose sender must have a part in the case.

    Not one that says once more what was said, nor one that puts right what ended its part: "we know nothing" may be
    the mistake that costs a life, and releases nothing to who takes it back.
    """
    return access.act is _SUBMIT and not access.repeats and access.corrected is not _ENDING


def _correctable(asker: Asker) -> frozenset[Corrected]:
    """Return what this asker may correct: its own messages, and the offices everybody's."""
    return _OFFICES_MAY_CORRECT if asker.party.kind in COORDINATING else _MAY_CORRECT


def _least_of_sender(access: Access) -> Relation:
    """Return the relation that the kind asks of its sender; an unknown kind was refused before."""
    return Relation.INVOLVED if access.kind is None else access.kind.least_sender
