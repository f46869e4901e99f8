"""Made-up parties, cases and questions for need-to-know, and the table of what it must answer to each."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache

from agencies.agency import Party
from agencies.isa import Isa
from agencies.names import AreaName, CaseRef, MessageId, OfficerId, PartyId, agency_id, office_id
from broker.case import Case, LawfulBasis, Related, Relation
from broker.kinds.referral import REFERRAL
from broker.need_to_know import Access, Act, Asker, Corrected, Decision, Deny, Permit, Standing

AREA = AreaName("marac.area.example")
NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
DAY, SECOND = timedelta(days=1), timedelta(seconds=1)
REF = CaseRef("CAM-7Q4X9-K2M8T-5")
OFFICER = OfficerId(f"{AREA}/officer/7f3k2m9q")
OTHER_OFFICER = OfficerId(f"{AREA}/officer/2a2a2a2a")
ISA = Isa(
    version="2026.1",
    in_force=NOW - 30 * DAY,
    until=NOW + 335 * DAY,
    text_hash="sha256:" + "A" * 43 + "=",
    retention_years=7,
    purposes=("referral", "safeguarding"),
)
PUBLIC_TASK, PART3 = LawfulBasis.UK_GDPR_PUBLIC_TASK, LawfulBasis.PART3_LAW_ENFORCEMENT
VITAL = LawfulBasis.UK_GDPR_VITAL_INTERESTS


def a_party(kind: str, isa: Isa | None = ISA) -> Party:
    """Return an active party of this kind, with the agreement in force unless another is given."""
    return Party(
        id=office_id(AREA, kind) if kind in {"coordinator", "deputy"} else agency_id(AREA, kind),
        kind=kind,
        name=f"A made-up {kind}",
        status="active",
        since=NOW - 300 * DAY,
        until=None,
        isa=isa,
        keys=(),
        recipients=(),
    )


IDVA, HOUSING, POLICE, CAFCASS = a_party("idva-service"), a_party("housing"), a_party("police"), a_party("cafcass")
COORDINATOR, DEPUTY, COMPLIANCE = a_party("coordinator"), a_party("deputy"), a_party("compliance")


def a_case(*related: Related) -> Case:
    """Return an open case with these relations."""
    return Case(REF, NOW - DAY, NOW - DAY, related={one.party: one for one in related})


def related(party: Party, relation: Relation = Relation.INVOLVED, basis: LawfulBasis = PUBLIC_TASK) -> Related:
    """Return a relation that began an hour ago and has no end."""
    return Related(party.id, relation, basis, "by-role", NOW - timedelta(hours=1))


CASE = a_case(related(COORDINATOR), related(DEPUTY), related(IDVA), related(HOUSING, Relation.ASKED))
CLOSED = replace(CASE, closed=True)
WAITING = replace(CASE, unsettled=frozenset({MessageId("0199f2b1-6a0b-7d0e-8a3c-5f0f4c1f2b7e")}))


def asker(party: Party, purpose: str | None = None, officer: OfficerId | None = None) -> Asker:
    """Return a party that asks now; an officer is named only, not proved."""
    return Asker(party, officer, None if officer is None else False, purpose, NOW)


def holding(relation: Relation, party: Party, basis: LawfulBasis = PUBLIC_TASK) -> Case:
    """Return the case as it is when `party` has this relation to it, exclusions by register id included."""
    if relation is Relation.EXCLUDED:
        return replace(CASE, excluded=frozenset({party.id}))
    others = [one for id_, one in CASE.related.items() if id_ != party.id]
    if relation is Relation.NONE:
        return a_case(*others)
    if relation is Relation.ENDED:
        return a_case(*others, replace(related(party, basis=basis), until=NOW))
    return a_case(*others, related(party, relation, basis))


# For each act, one question that is permitted: every refusal below is one of these with a single fact changed.
SUBMIT = Access(Act.SUBMIT, asker(HOUSING, "referral"), REFERRAL, case=CASE)
OPENING = replace(SUBMIT, case=None, opens_case=True)
LEASE = Access(Act.LEASE, asker(IDVA), REFERRAL, case=CASE, standing=Standing.RECIPIENT)
NOTICE = replace(LEASE, act=Act.NOTICE)
OPEN = replace(LEASE, act=Act.OPEN, asker=asker(IDVA, "safeguarding", OFFICER))
RECEIPT = replace(LEASE, act=Act.RECEIPT)
HEAR = replace(LEASE, act=Act.HEAR)
STATUS = Access(Act.STATUS, asker(HOUSING), REFERRAL, case=CASE, standing=Standing.SENDER)
RECALL = replace(STATUS, act=Act.RECALL)
RECALL_SOME = Access(Act.RECALL_SOME, asker(COORDINATOR), REFERRAL, case=CASE)
EXCLUDE = Access(Act.EXCLUDE, asker(COORDINATOR), case=CASE)
LIFT = replace(EXCLUDE, act=Act.LIFT)
SETTLE = replace(EXCLUDE, act=Act.SETTLE)
RELATE = replace(EXCLUDE, act=Act.RELATE)
CLOSE = replace(EXCLUDE, act=Act.CLOSE)
NAME = replace(EXCLUDE, act=Act.NAME)
VIEW = replace(EXCLUDE, act=Act.VIEW)
SHARE = replace(EXCLUDE, act=Act.SHARE)
RECEIVE = Access(Act.RECEIVE, asker(IDVA), case=CASE)
STEWARD = Access(Act.STEWARD, asker(COORDINATOR))
REVOKE = Access(Act.REVOKE, asker(HOUSING))
SURVEY = Access(Act.SURVEY, asker(COORDINATOR))
AUDIT = Access(Act.AUDIT, asker(COMPLIANCE))
COMPARED = (Act.PROPOSALS, Act.SAMENESS, Act.LINK, Act.MERGE, Act.SPLIT)
COMPARES = tuple(replace(EXCLUDE, act=act) for act in COMPARED)  # each is asked about each of two cases
OPENS_BOTH = tuple(access for access in COMPARES if access.act in {Act.MERGE, Act.SPLIT})
NOTICE_ADDRESS = Access(Act.NOTICE_ADDRESS, asker(HOUSING))
UNCOLLECTED = Access(Act.UNCOLLECTED, asker(COORDINATOR))
ABOUT_A_CASE = (
    SUBMIT, LEASE, NOTICE, OPEN, RECEIPT, HEAR, STATUS, RECALL, RECALL_SOME, EXCLUDE, LIFT, SETTLE, RELATE, CLOSE,
    NAME, VIEW, SHARE, RECEIVE,
    *COMPARES,
)  # fmt: skip
PERMITTED = (*ABOUT_A_CASE, STEWARD, REVOKE, SURVEY, AUDIT, NOTICE_ADDRESS, UNCOLLECTED)


@dataclass(frozen=True)
class Question:
    """A question and the one right answer; `name` says in words what is special about it."""

    name: str
    access: Access
    answer: Decision


def by(access: Access, party: Party) -> Access:
    """Return the question as `party` puts it."""
    return replace(access, asker=replace(access.asker, party=party))


def naming(access: Access, officer: OfficerId | None, *, proved: bool | None = None) -> Access:
    """Return the question as put with this officer."""
    return replace(access, asker=replace(access.asker, officer=officer, proved=proved))


def proved(access: Access) -> Access:
    """Return the question as put with the officer's own signature."""
    return replace(access, asker=replace(access.asker, proved=True))


def for_purpose(access: Access, purpose: str | None) -> Access:
    """Return the question as put for this purpose."""
    return replace(access, asker=replace(access.asker, purpose=purpose))


def about(access: Access, case: Case | None) -> Access:
    """Return the question as put about this case."""
    return replace(access, case=case)


@cache
def questions() -> tuple[Question, ...]:
    """Return the whole table."""
    return (*_permits(), *_refused_as_asker(), *_refused_by_case(), *_refused_by_item(), *_refused_by_relation())


def _permits() -> Iterator[Question]:
    yes = Permit(Relation.INVOLVED, PUBLIC_TASK)
    asked, no_case = Permit(Relation.ASKED, PUBLIC_TASK), Permit(Relation.NONE, PUBLIC_TASK)
    answers = [asked, *[yes] * 5, asked, asked, *[yes] * 15, *[no_case] * 6]
    for access, answer in zip(PERMITTED, answers, strict=True):
        yield Question(f"{access.act} as it should be", access, answer)
    yield Question("a referral that opens a case", OPENING, no_case)
    opens_none = replace(REFERRAL, opens_case=False)
    yield Question("a kind that opens none, in a known case", replace(SUBMIT, kind=opens_none), asked)
    yield Question("police open a case on their own regime", by(OPENING, POLICE), Permit(Relation.NONE, PART3))
    yield Question(
        "the basis that the case records is the one that is named",
        about(LEASE, holding(Relation.INVOLVED, IDVA, VITAL)),
        Permit(Relation.INVOLVED, VITAL),
    )
    excluded, at_its_end = replace(CASE, excluded=frozenset({IDVA.id, OFFICER})), replace(ISA, until=NOW + SECOND)
    yield Question(
        "an excluded agency, by an excluded officer, still answers for its copy",
        naming(about(RECEIPT, excluded), OFFICER),
        Permit(Relation.EXCLUDED, PUBLIC_TASK),
    )
    yield Question(
        "an excluded agency hears of a recall, by an officer who is not",
        naming(about(HEAR, _without(IDVA.id)), OFFICER),
        Permit(Relation.EXCLUDED, PUBLIC_TASK),
    )
    yield Question("a receipt for what was recalled", replace(RECEIPT, withdrawn=True), yes)
    yield Question("a recall's notice, whatever became of the message's key", _revoked(HEAR), yes)
    yield Question("a payload whose header was made for a revoked key", _revoked(LEASE), yes)
    yield Question("the agreement's last second", by(LEASE, replace(IDVA, isa=at_its_end)), yes)
    yield Question("no officer where only proved ones are accepted", replace(LEASE, demand_proved=True), yes)
    unnamed = naming(replace(EXCLUDE, demand_proved=False), None)
    yield Question("excluded by nobody in particular, where none need prove it", unnamed, yes)
    first = naming(replace(OPENING, demand_proved=True), None)
    yield Question("a first referral by nobody in particular, where proof is demanded", first, no_case)
    again = about(replace(SUBMIT, repeats=True), holding(Relation.ENDED, HOUSING))
    yield Question("a submission that ended its sender's part, again", again, Permit(Relation.ENDED, PUBLIC_TASK))
    yield Question("a correction of its own message", replace(SUBMIT, corrected=Corrected.OWN), asked)
    ending = replace(about(SUBMIT, holding(Relation.ENDED, HOUSING)), corrected=Corrected.ENDING)
    yield Question("a correction of the return that ended its part", ending, Permit(Relation.ENDED, PUBLIC_TASK))
    again = replace(SUBMIT, corrected=Corrected.MISSING, repeats=True)
    yield Question("a correction that was accepted before, again", again, asked)
    proved = naming(replace(OPEN, demand_proved=True), OFFICER, proved=True)
    yield Question("a proved officer where only such are accepted", proved, yes)
    yield Question("another officer of the agency is excluded", about(OPEN, _without(OTHER_OFFICER)), yes)
    colleagues = replace(LEASE, colleagues=frozenset({OFFICER, OTHER_OFFICER}))
    named = naming(about(colleagues, _without(OTHER_OFFICER)), OFFICER)
    yield Question("a lease by an officer whose colleague is excluded", named, yes)
    unnamed = replace(STATUS, colleagues=frozenset({OTHER_OFFICER}), case=_without(OTHER_OFFICER))
    yield Question("a state asked for by nobody in particular: it releases nothing", unnamed, asked)
    unnamed = replace(RECEIVE, colleagues=frozenset({OTHER_OFFICER}), case=_without(OTHER_OFFICER))
    yield Question("shared with an agency of which one officer is excluded: who opens it is asked", unnamed, yes)
    yield Question("the coordinator opens with its recovery key what is for a revoked one too", RECOVERY, yes)
    kept_out = replace(EXCLUDE, colleagues=frozenset({OTHER_OFFICER}), case=_without(OTHER_OFFICER))
    for act in (Act.EXCLUDE, Act.CLOSE, Act.LIFT, Act.SETTLE):
        named = naming(replace(kept_out, act=act), OFFICER)
        yield Question(f"{act} by an officer whose colleague is excluded", named, yes)
    for name, changed in _lapsed(REVOKE):
        yield Question(f"{name}, a stolen key is revoked all the same", changed, no_case)
    yield from _permits_to_the_offices(yes)
    yield from _permits_in_a_closed_case(yes)


def _permits_to_the_offices(yes: Permit) -> Iterator[Question]:
    for office in (COORDINATOR, DEPUTY):
        unsigned = replace(office, isa=None)
        yield Question(f"{office.kind} recalls another's message", replace(by(RECALL, office), standing=NOBODY), yes)
        yield Question(f"{office.kind} acts without an agreement", by(EXCLUDE, unsigned), yes)
        yield Question(f"{office.kind} lifts an exclusion", by(LIFT, unsigned), yes)
        yield Question(f"{office.kind} refers for an agency that has not signed", by(SUBMIT, office), yes)
        others = replace(by(SUBMIT, office), corrected=Corrected.ANOTHERS)
        yield Question(f"{office.kind} corrects another's message", others, yes)
        yield Question(f"{office.kind} reads the log", by(AUDIT, office), Permit(Relation.NONE, PUBLIC_TASK))
    for case in (CLOSED, WAITING):
        for access in (LEASE, NOTICE, proved(OPEN), RECEIVE):
            yield Question("the coordinator in a case that others wait for", about(by(access, COORDINATOR), case), yes)
        for access in (RECEIPT, HEAR, SUBMIT, STATUS, RECALL):
            name = f"{access.act} releases nothing, so that nobody waits"
            relation = Relation.INVOLVED if access in (RECEIPT, HEAR) else Relation.ASKED
            yield Question(name, about(access, case), Permit(relation, PUBLIC_TASK))


def _permits_in_a_closed_case(yes: Permit) -> Iterator[Question]:
    named = replace(OPEN, case=replace(CLOSED, named=frozenset({OFFICER})), for_named=True)
    yield Question("a named officer, proved, opens what is sealed to them", proved(named), yes)
    yield Question("a named officer, proved, may lease it", proved(replace(named, act=Act.LEASE)), yes)
    held = replace(naming(HEAR, OFFICER), case=CLOSED, holders=frozenset({OFFICER}))
    yield Question("an officer who holds it, proved, hears of a recall, named still or not", proved(held), yes)
    agencys = replace(HEAR, case=named.case, for_named=True)
    yield Question("all of the agency hear of a recall of what was sealed to it, whoever is named since", agencys, yes)
    for act in (Act.NOTICE, Act.RECEIVE):
        yield Question(f"their agency may {act} it, whoever asks", replace(named, act=act, asker=asker(IDVA)), yes)
    for act in (Act.LEASE, Act.HEAR):
        office = replace(named, act=act, asker=asker(COORDINATOR), holders=frozenset())
        yield Question(f"the coordinator's office may {act} it, whoever asks", office, yes)
    deputy = proved(by(named, DEPUTY))
    yield Question("a named officer of another office", deputy, yes)
    yield Question(
        "the coordinator's office reads by its own key, unnamed", about(proved(by(OPEN, COORDINATOR)), CLOSED), yes
    )
    settle = about(proved(naming(SETTLE, OFFICER)), CLOSED)
    yield Question("settled in a closed case by an officer of the coordinator's who proves it", settle, yes)
    for access in (LIFT, RELATE, NAME, SHARE, *OPENS_BOTH):
        yield Question(f"{access.act} by an officer who proves it", about(proved(naming(access, OFFICER)), CLOSED), yes)
        yield Question(
            f"{access.act} by the deputy, proved", about(proved(naming(by(access, DEPUTY), OFFICER)), CLOSED), yes
        )
    for access in (EXCLUDE, CLOSE, VIEW, RECALL_SOME):
        yield Question(f"{access.act} opens nothing, by nobody in particular", about(access, CLOSED), yes)
    before = replace(OPEN, case=replace(CASE, named=frozenset({OTHER_OFFICER})))
    yield Question("another is named before the case is closed: it changes nothing", before, yes)


NOBODY = Standing.NONE


def _revoked(access: Access) -> Access:
    """Return the question about a header that is made for a revoked key alone, asked by who may be its thief."""
    return replace(access, key_revoked=True)


# What the coordinator may open of what is for a revoked key too; each of its conditions is taken away below.
RECOVERY = proved(by(replace(OPEN, key_revoked=True, opens_otherwise=True, signed_anew=True), COORDINATOR))


def _without(*excluded: PartyId | OfficerId) -> Case:
    return replace(CASE, excluded=frozenset(excluded))


def _refused_as_asker() -> Iterator[Question]:
    inactive, not_allowed = Deny("N1", "party-not-active"), Deny("N3", "act-not-allowed")
    for access in (*PERMITTED, OPENING):
        party = access.asker.party
        yield Question(f"{access.act} by a suspended party", by(access, replace(party, status="suspended")), inactive)
        yield Question(f"{access.act} before its time", by(access, replace(party, since=NOW + DAY)), inactive)
        yield Question(f"{access.act} after its time", by(access, replace(party, until=NOW)), inactive)
        yield Question(f"{access.act} with a superseded key", replace(access, superseded_key=True), inactive)
        if party.kind not in {"coordinator", "deputy"} and access is not REVOKE:
            yield from _without_agreement(access)
    for_the_coordinator = by(SETTLE, DEPUTY)
    yield Question("the deputy may not read whom words exclude, nor settle it", for_the_coordinator, not_allowed)
    office = (
        RECALL_SOME, EXCLUDE, LIFT, SETTLE, RELATE, CLOSE, NAME, VIEW, SHARE, *COMPARES, STEWARD, SURVEY, UNCOLLECTED,
    )  # fmt: skip
    for access in (*office, AUDIT):
        for party in (IDVA, HOUSING, POLICE):
            yield Question(f"{access.act} by {party.kind}", by(access, party), not_allowed)
    for access in office:
        yield Question(f"{access.act} by compliance", by(access, COMPLIANCE), not_allowed)
    yield from _refused_as_sender()
    yield from _refused_for_the_officer()


def _without_agreement(access: Access) -> Iterator[Question]:
    for name, changed in _lapsed(access):
        yield Question(f"{access.act} {name}", changed, Deny("N2", "isa-not-in-force"))


def _lapsed(access: Access) -> Iterator[tuple[str, Access]]:
    lapsed, to_come = replace(ISA, until=NOW), replace(ISA, in_force=NOW + DAY)
    for name, isa in (("without agreement", None), ("after it lapsed", lapsed), ("before it is in force", to_come)):
        yield name, by(access, replace(access.asker.party, isa=isa))


def _refused_as_sender() -> Iterator[Question]:
    kind, purpose = Deny("N4", "kind-not-allowed"), Deny("N5", "purpose-not-allowed")
    for access in (SUBMIT, OPENING):
        yield Question("a kind of party that does not send this kind", by(access, CAFCASS), kind)
        yield Question("an unknown kind", replace(access, kind=None), kind)
        yield Question("a kind that nobody sends", replace(access, kind=replace(REFERRAL, senders=frozenset())), kind)
        yield Question("no purpose", for_purpose(access, None), purpose)
        yield Question("a purpose nobody knows", for_purpose(access, "curiosity"), purpose)
        yield Question("a purpose that is not the kind's", for_purpose(access, "safeguarding"), purpose)
        unpurposed = replace(REFERRAL, purposes=frozenset())
        yield Question("a kind without purposes", replace(access, kind=unpurposed), purpose)
        named = by(access, replace(HOUSING, isa=replace(ISA, purposes=("safeguarding",))))
        yield Question("a purpose of the kind that the agreement does not name", named, purpose)
        office = by(access, replace(COORDINATOR, isa=None))
        yield Question("an office that has signed no purposes", office, purpose)
    opens_none = replace(REFERRAL, opens_case=False)
    yield Question("case new, of a kind that opens none", replace(OPENING, kind=opens_none), kind)
    yield Question("opened for no purpose", for_purpose(OPEN, None), purpose)
    yield Question("opened for a purpose nobody knows", for_purpose(OPEN, "curiosity"), purpose)
    nothing = by(OPEN, replace(IDVA, isa=replace(ISA, purposes=())))
    yield Question("opened under an agreement without purposes", nothing, purpose)


def _refused_for_the_officer() -> Iterator[Question]:
    yield Question("opened by nobody in particular", naming(OPEN, None), Deny("N6", "officer-required"))
    office = (RECALL_SOME, EXCLUDE, LIFT, SETTLE, RELATE, CLOSE, NAME, VIEW, SHARE, *COMPARES, UNCOLLECTED, SURVEY)
    for access in (SUBMIT, RECALL, *office, NOTICE_ADDRESS):
        unnamed = naming(replace(access, demand_proved=True), None)
        name = f"{access.act} by nobody in particular, where proof is demanded"
        yield Question(name, unnamed, Deny("N6", "officer-required"))
    for access in PERMITTED:
        for proved in (False, None):
            named = naming(replace(access, demand_proved=True), OFFICER, proved=proved)
            yield Question(f"{access.act} by an officer who is named only", named, Deny("N6", "officer-not-proved"))


def _refused_by_case() -> Iterator[Question]:
    for access in ABOUT_A_CASE:
        party = access.asker.party
        yield Question(f"{access.act}: no such case", about(access, None), Deny("N7", "not-available"))
        if access is not RECEIPT:
            named = naming(about(access, _without(OFFICER)), OFFICER, proved=True)
            yield Question(f"{access.act}: officer excluded", named, Deny("N9", "not-available"))
        if access not in (RECEIPT, HEAR):
            yield from _refused_to_an_excluded_agency(access, party)
    office = (EXCLUDE, LIFT, SETTLE, RELATE, CLOSE, NAME, VIEW, SHARE, *COMPARES)
    for access in (SUBMIT, LEASE, NOTICE, HEAR, RECALL, RECALL_SOME, *office):
        colleagues = replace(access, colleagues=frozenset({OFFICER, OTHER_OFFICER}))
        unnamed, name = about(colleagues, _without(OTHER_OFFICER)), f"{access.act} by nobody in particular"
        yield Question(f"{name}: one officer excluded", unnamed, Deny("N9", "not-available"))
    said_new = replace(SUBMIT, opens_case=True, case=_without(HOUSING.id))
    yield Question("`case new` is not believed where there is a case", said_new, Deny("N8", "not-available"))
    for access in ABOUT_A_CASE[1:]:
        said_new = replace(access, opens_case=True, case=None)
        yield Question(f"{access.act} opens no case, whatever it says", said_new, Deny("N7", "not-available"))
    for access in (LEASE, NOTICE, OPEN, RECEIVE):
        for party in (IDVA, DEPUTY, HOUSING):
            pending, changed = WAITING, by(access, party)
            yield Question(f"{access.act}: people, {party.kind}", about(changed, pending), Deny("N11", "not-available"))
    yield from _refused_by_a_closed_case()
    yield from _refused_to_who_is_not_named()


def _refused_to_an_excluded_agency(access: Access, party: Party) -> Iterator[Question]:
    by_word = holding(Relation.INVOLVED, party)
    by_word = a_case(replace(by_word.related[party.id], relation=Relation.EXCLUDED, until=NOW - SECOND))
    for case in (_without(party.id), by_word):
        yield Question(f"{access.act}: agency excluded", about(access, case), Deny("N8", "not-available"))


def _refused_by_a_closed_case() -> Iterator[Question]:
    deny = Deny("N10", "not-available")
    named = replace(CLOSED, named=frozenset({OFFICER}))
    for access in (LEASE, NOTICE, OPEN, RECEIVE):
        for party in (IDVA, DEPUTY, HOUSING):
            changed = proved(naming(by(access, party), OFFICER))
            yield Question(f"{access.act}: closed, {party.kind}", about(changed, CLOSED), deny)
            yield Question(f"{access.act}: header for the agency, {party.kind}", about(changed, named), deny)
    for access in (OPEN, LIFT, SETTLE, RELATE, NAME, SHARE, *OPENS_BOTH):
        for is_proved in (False, None):
            asserted = naming(about(by(access, COORDINATOR), CLOSED), OFFICER, proved=is_proved)
            yield Question(f"{access.act} by the office, not proved", asserted, Deny("N10", "officer-not-proved"))
        if access is not OPEN:
            unnamed = about(access, CLOSED)
            yield Question(f"{access.act} by nobody in particular", unnamed, Deny("N10", "officer-not-proved"))


def _refused_to_who_is_not_named() -> Iterator[Question]:
    deny, named = Deny("N10", "not-available"), replace(CLOSED, named=frozenset({OFFICER}))
    excluded = replace(named, excluded=frozenset({OFFICER}))
    holds = replace(HEAR, case=excluded, holders=frozenset({OFFICER}))
    yield Question("a colleague does not hear for an excluded officer", proved(naming(holds, OTHER_OFFICER)), deny)
    nobody = replace(HEAR, case=named, holders=frozenset[OfficerId]())
    yield Question("nobody hears where nobody in force holds it", proved(naming(nobody, OFFICER)), deny)
    for access in (LEASE, HEAR, OPEN):
        sealed = replace(access, case=named, for_named=True, holders=frozenset({OFFICER}))
        if access is not OPEN:
            yield Question(f"{access.act} by nobody in particular, where somebody is named", sealed, deny)
        for party, public in ((IDVA, "not-available"), (DEPUTY, "officer-not-proved")):
            theirs = by(sealed, party)
            other = naming(theirs, OTHER_OFFICER, proved=True)
            yield Question(f"{access.act} by an officer of {party.kind} who is not named", other, deny)
            unproved, answer = naming(theirs, OFFICER, proved=False), Deny("N10", public)
            yield Question(f"{access.act} by a named officer of {party.kind}, not proved", unproved, answer)


def _refused_by_item() -> Iterator[Question]:
    for access in (LEASE, NOTICE, OPEN, RECEIPT, HEAR, STATUS, RECALL):
        for standing in Standing:
            if standing is not access.standing:
                name = f"{access.act} by one who is {standing} to the message"
                yield Question(name, replace(access, standing=standing), Deny("N12", "not-available"))
    for office in (COORDINATOR, DEPUTY):
        for access in (LEASE, NOTICE, OPEN, RECEIPT, HEAR, STATUS):
            name = f"{access.act} by the {office.kind} of what is another's"
            yield Question(name, replace(by(access, office), standing=NOBODY), Deny("N12", "not-available"))
    for party, corrected in (
        (HOUSING, Corrected.ANOTHERS), (HOUSING, Corrected.MISSING),
        (COORDINATOR, Corrected.MISSING), (DEPUTY, Corrected.MISSING),
    ):  # fmt: skip
        name = f"{party.kind} corrects what is {corrected}"
        yield Question(name, replace(by(SUBMIT, party), corrected=corrected), Deny("N12", "not-available"))
    yield from _refused_as_gone()


def _refused_as_gone() -> Iterator[Question]:
    for access in (LEASE, NOTICE, OPEN, RECEIVE):
        yield Question(f"{access.act}: withdrawn", replace(access, withdrawn=True), Deny("N14", "not-available"))
    deny = Deny("N14", "recipient-revoked")
    for party in (IDVA, DEPUTY):
        yield Question(f"a header for a revoked key, {party.kind}", by(_revoked(OPEN), party), deny)
        yield Question(f"{party.kind}, by its recovery key: the office reheads it", by(RECOVERY, party), deny)
    yield Question("the coordinator, a header for a revoked key alone", replace(RECOVERY, opens_otherwise=False), deny)
    yield Question(
        "the coordinator, by an older key: it may be the thief's", replace(RECOVERY, signed_anew=False), deny
    )
    for proved_ in (False, None):
        unproved = naming(RECOVERY, OFFICER, proved=proved_)
        yield Question("the coordinator, by an officer who did not sign", unproved, deny)


def _refused_by_relation() -> Iterator[Question]:
    for access in (SUBMIT, LEASE, NOTICE, OPEN, RECEIVE):
        party = access.asker.party
        for relation in (Relation.NONE, Relation.FOR_INFORMATION, Relation.ENDED):
            case = about(access, holding(relation, party))
            yield Question(f"{access.act} in relation {relation}", case, Deny("N13", "not-available"))
        to_come = a_case(replace(related(party), since=NOW + DAY))
        yield Question(f"{access.act} in a relation to come", about(access, to_come), Deny("N13", "not-available"))
