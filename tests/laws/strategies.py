"""Hypothesis strategies: any question to need-to-know that can be put together, sensible or not."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from agencies.agency import Party
from agencies.isa import Isa
from agencies.names import MessageId, OfficerId, PartyId
from broker.case import Case, Flag, LawfulBasis, Related, Relation
from broker.kinds.kind import Kind
from broker.kinds.referral import REFERRAL
from broker.need_to_know import Access, Act, Asker, Corrected, Standing
from tests.rules import cases
from tests.rules.cases import DAY, ISA, NOW, OFFICER, OTHER_OFFICER, REF

ADMITTED = (cases.IDVA, cases.HOUSING, cases.POLICE, cases.CAFCASS, cases.COORDINATOR, cases.DEPUTY, cases.COMPLIANCE)
KIND_PURPOSES = (frozenset[str](), frozenset(ISA.purposes))
MESSAGES = tuple(MessageId(f"0199f2b1-6a0b-7d0e-8a3c-5f0f4c1f2b7{number}") for number in range(3))
PURPOSES = (None, "referral", "safeguarding", "curiosity")


def mostly(usual: bool) -> st.SearchStrategy[bool]:
    """Return `usual` three times of four: so that a question that all else permits is not rare."""
    return st.sampled_from([usual, usual, usual, not usual])


instants = st.sampled_from([NOW - 400 * DAY, NOW - DAY, NOW, NOW + timedelta(seconds=1), NOW + DAY])
ends = st.none() | instants
agreements: st.SearchStrategy[Isa | None] = (
    st.just(ISA)
    | st.none()
    | st.builds(
        replace,
        st.just(ISA),
        in_force=instants,
        until=ends,
        purposes=st.sampled_from([(), ("referral",), ISA.purposes]),
    )
)
parties: st.SearchStrategy[Party] = st.sampled_from(ADMITTED) | st.builds(
    replace,
    st.sampled_from(ADMITTED),
    status=st.sampled_from(["active", "active", "suspended"]),
    since=instants,
    until=ends,
    isa=agreements,
)
participants: st.SearchStrategy[PartyId | OfficerId] = st.sampled_from(
    [*(party.id for party in ADMITTED), OFFICER, OTHER_OFFICER]
)
relations = st.builds(
    Related,
    party=st.sampled_from([party.id for party in ADMITTED]),
    relation=st.sampled_from([*Relation, Relation.INVOLVED, Relation.INVOLVED]),
    basis=st.sampled_from(LawfulBasis),
    why=st.just("by-role"),
    since=st.just(NOW - DAY) | instants,
    until=st.none() | ends,
)
related = st.lists(relations, max_size=6).map(lambda held: {one.party: one for one in held})
everybody = st.just(
    {party.id: Related(party.id, Relation.INVOLVED, cases.PUBLIC_TASK, "by-role", NOW - DAY) for party in ADMITTED}
)
made_flags = st.lists(
    st.builds(
        Flag,
        party=st.sampled_from([party.id for party in ADMITTED]),
        basis=st.sampled_from(LawfulBasis),
        since=st.just(NOW - DAY),
        until=instants,
    ),
    max_size=3,
).map(lambda held: {one.party: one for one in held})
made_cases = st.builds(
    Case,
    ref=st.just(REF),
    opened_at=st.just(NOW - DAY),
    last_referral_at=st.just(NOW - DAY),
    related=everybody | related,
    excluded=st.just(frozenset()) | st.frozensets(participants, max_size=3),
    closed=mostly(False),
    named=st.frozensets(st.sampled_from([OFFICER, OTHER_OFFICER])),
    unsettled=st.just(frozenset()) | st.frozensets(st.sampled_from(MESSAGES), max_size=2),
    flags=made_flags,
)
holders = st.none() | st.frozensets(st.sampled_from([OFFICER, OTHER_OFFICER]))
kinds: st.SearchStrategy[Kind | None] = (
    st.just(REFERRAL)
    | st.none()
    | st.builds(replace, st.just(REFERRAL), opens_case=st.booleans(), purposes=st.sampled_from(KIND_PURPOSES))
)


@st.composite
def askers(draw: st.DrawFn) -> Asker:
    """Return anybody who asks; `proved` is None exactly where there is no officer."""
    officer = draw(st.sampled_from([None, OFFICER, OFFICER, OTHER_OFFICER]))
    proved = None if officer is None else draw(st.booleans())
    return Asker(draw(parties), officer, proved, draw(st.sampled_from(PURPOSES)), NOW)


made_up = st.builds(
    Access,
    act=st.sampled_from(Act),
    asker=askers(),
    kind=kinds,
    least=st.sampled_from(Relation),
    case=st.none() | made_cases,
    opens_case=mostly(False),
    standing=st.sampled_from(Standing),
    corrected=st.sampled_from(Corrected),
    withdrawn=mostly(False),
    key_revoked=mostly(False),
    opens_otherwise=st.booleans(),
    signed_anew=st.booleans(),
    demand_proved=mostly(False),
    superseded_key=mostly(False),
    for_named=st.booleans(),
    holders=holders,
)
# Permitted as they stand, each with one thing that may be drawn anew: they lie along the edge of the rules.
near_the_edge = st.one_of(
    st.sampled_from([*cases.PERMITTED, cases.OPENING]),
    st.builds(replace, st.sampled_from(cases.PERMITTED), asker=askers()),
    st.builds(replace, st.sampled_from(cases.ABOUT_A_CASE), case=made_cases),
    st.builds(
        replace, st.sampled_from(cases.PERMITTED), standing=st.sampled_from(Standing), demand_proved=st.booleans()
    ),
)
accesses: st.SearchStrategy[Access] = made_up | near_the_edge
accesses_with_case = st.builds(replace, accesses, case=st.just(cases.CASE) | made_cases)
# By askers to whom nothing can be objected, so that the answer depends on case and message alone.
accesses_to_a_case = st.builds(
    replace,
    st.sampled_from(cases.ABOUT_A_CASE),
    case=st.none() | st.just(cases.CASE) | made_cases,
    standing=st.sampled_from(Standing),
    corrected=st.sampled_from(Corrected),
    withdrawn=mostly(False),
    key_revoked=st.booleans(),
    opens_otherwise=st.booleans(),
    signed_anew=st.booleans(),
    for_named=st.booleans(),
    holders=holders,
)

times = st.timedeltas(timedelta(), timedelta(days=58_000)).map(lambda after: datetime(1990, 1, 1, tzinfo=UTC) + after)
leap_days = st.builds(
    lambda year, hour: datetime(year, 2, 28, tzinfo=UTC) + timedelta(hours=hour),
    st.sampled_from([1992, 2000, 2020, 2024, 2096, 2104]),
    st.integers(0, 72),
)
referral_times = times | leap_days
periods = st.integers(1, 12)
