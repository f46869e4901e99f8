"""Hypothesis strategies: random documents that are valid, and random JSON that mostly is not."""

from datetime import date

from hypothesis import strategies as st

from agencies.documents.case_note import CaseNote
from agencies.documents.chair_decision import ChairDecision
from agencies.documents.exclusions import ExcludedAgency, ExcludedOfficer, ExcludedPerson, Exclusions
from agencies.documents.flag_and_tag import FlagAndTag
from agencies.documents.grounds import MaracRepeat, PotentialEscalation, ProfessionalJudgement, VisibleHighRisk
from agencies.documents.instruments import Answer, Dara, DaraAnswer, PoliceDash27, SafeLivesDash24
from agencies.documents.lookup import Lookup
from agencies.documents.lookup_answer import LookupAnswer
from agencies.documents.person import Child, Named, Perpetrator, Person, SeenPerson, Victim
from agencies.documents.referral import HonourBased, Referral, Referrer, SergeantAgreement
from agencies.documents.research_request import ResearchRequest, Sought
from agencies.documents.research_return import Item, ResearchReturn
from agencies.documents.reuse_consent import ReuseConsent
from agencies.documents.reuse_request import ReuseRequest
from agencies.documents.safe_contact import SafeContact
from agencies.documents.staff_risk import AboutWhom, StaffRisk
from agencies.documents.triage import Triage

_NOT_VISIBLE = ("Cc", "Cs", "Zl", "Zp")

words = st.text(st.characters(exclude_categories=_NOT_VISIBLE), min_size=1, max_size=30)
lines = words.map(lambda text: f"{text}x")  # a line is never only space
texts = st.lists(words, min_size=1, max_size=3).map(lambda parts: "\n".join(parts) + "x")
days = st.dates(date(1900, 1, 1), date(2100, 12, 31))


def known(values: st.SearchStrategy) -> st.SearchStrategy:
    """One of `values`, or unknown."""
    return st.just("unknown") | values


_person = {
    "name": known(lines),
    "aliases": st.lists(lines, max_size=2).map(tuple),
    "date_of_birth": known(days),
    "address": known(texts),
    "telephone": known(lines),
    "other_identifiers": st.lists(lines, max_size=2).map(tuple),
}

seen_people = st.builds(SeenPerson, **_person, school=known(lines))
seen_children = st.builds(Child, **_person, school=known(lines), child_protection_conference=known(st.booleans()))
perpetrators = st.builds(Perpetrator, **_person, employer=known(lines), in_custody=known(st.booleans()))
victims = st.builds(
    Victim,
    **(_person | {"name": lines}),
    gender=known(st.sampled_from(["female", "male", "non_binary"])),
    ethnicity=known(st.sampled_from(["asian", "black", "mixed", "white_british"])),
    pregnant=known(st.booleans()),
)

referrers = st.builds(
    Referrer,
    source=st.sampled_from(["police", "mash"]),  # so that any instrument is allowed
    agency=lines,
    contact=lines,
    role=known(lines),
    received_by=st.sampled_from(["broker", "telephone", "email", "paper", "agency_without_isa"]),
)


@st.composite
def _answered(draw: st.DrawFn, questions: int) -> tuple[Answer, ...]:
    said = draw(
        st.lists(st.sampled_from(["yes", "no", "dont_know"]), min_size=questions, max_size=questions),
    )
    return tuple(Answer(number=number, answer=answer) for number, answer in enumerate(said, start=1))


_dara_answers = st.lists(st.sampled_from(["never", "often", "yes"]), min_size=1, max_size=40).map(
    lambda said: tuple(DaraAnswer(number=number, answer=answer) for number, answer in enumerate(said, start=1))
)

dashes = st.builds(SafeLivesDash24, version=lines, completed_on=known(days), answers=_answered(24))
police_dashes = st.builds(PoliceDash27, version=lines, completed_on=known(days), answers=_answered(27))
daras = st.builds(
    Dara, version=lines, answers=_dara_answers, assessed_risk=st.sampled_from(["standard", "medium", "high"])
)

grounds = st.one_of(
    st.builds(VisibleHighRisk),
    st.builds(ProfessionalJudgement, reasons=texts, manager_consulted=known(st.booleans())),
    st.builds(PotentialEscalation, incidents_in_12_months=known(st.integers(0, 9999)), incidents=known(texts)),
    st.builds(MaracRepeat, last_referral=known(lines)),
)

referrals = st.builds(
    Referral,
    referrer=referrers,
    identified_on=known(days),
    urgent=st.booleans(),
    urgent_reason=st.none() | texts,
    victim=victims,
    perpetrators=st.lists(perpetrators, max_size=2).map(tuple),
    children=known(st.lists(seen_children, max_size=2).map(tuple)),
    grounds=st.lists(grounds, min_size=1, max_size=4, unique_by=lambda ground: ground.ground).map(tuple),
    sergeant_agreement=st.none() | st.builds(SergeantAgreement, agrees=known(st.booleans())),
    instruments=st.tuples(dashes | police_dashes) | st.tuples(dashes, daras),
    circumstances=known(texts),
    honour_based=st.builds(HonourBased, forced_marriage=known(st.booleans())),
    consent=known(st.booleans()),
    victim_aware=known(st.booleans()),
)

safe_contacts = st.builds(
    SafeContact,
    safe_address=known(texts),
    safe_telephone=known(lines),
    safe_to_call=known(st.booleans()),
    safe_times=known(texts),
)

_area = "marac.area.example"
_agencies = st.from_regex(r"[a-z0-9][a-z0-9-]{0,20}[a-z0-9]", fullmatch=True).map(lambda name: f"{_area}/agency/{name}")
_officers = st.from_regex(r"[0-9a-hjkmnp-tv-z]{8}", fullmatch=True).map(lambda name: f"{_area}/officer/{name}")

excluded = st.builds(
    Exclusions,
    agencies=st.lists(st.builds(ExcludedAgency, agency=_agencies, reason=known(texts)), max_size=3).map(tuple),
    officers=st.lists(st.builds(ExcludedOfficer, officer=_officers), max_size=3).map(tuple),
    people=st.lists(st.builds(ExcludedPerson, person=texts, reason=known(texts)), max_size=2).map(tuple),
)

_offices = st.sampled_from(["coordinator", "deputy", "chair-1", "chair-99"]).map(lambda name: f"{_area}/office/{name}")
_message_ids = st.uuids(version=4).map(lambda made: f"{str(made)[:14]}7{str(made)[15:]}")


def _some(ids: st.SearchStrategy[str], least: int = 1, most: int = 4) -> st.SearchStrategy[tuple[str, ...]]:
    """From `least` to `most` of these ids, none twice."""
    return st.lists(ids, min_size=least, max_size=most, unique=True).map(tuple)


_names = {"aliases": _person["aliases"], "date_of_birth": known(days)}
_named = st.builds(Named, name=lines, **_names)
_sought = st.builds(
    Sought,
    name=lines,
    **_names,
    role=st.sampled_from(["victim", "perpetrator", "child", "other"]),
    addresses=st.lists(texts, max_size=2).map(tuple),
)
_natures = st.sampled_from(["fact", "professional_opinion"])
_items = st.lists(
    st.builds(Item, nature=_natures, text=texts, source=known(lines), on=known(days)), min_size=1, max_size=3
).map(tuple)
_confirmed = {name: st.just(True) for name in ("relevant", "necessary", "proportionate")}

further_kinds: dict[str, st.SearchStrategy] = {
    "research-request": st.builds(
        ResearchRequest,
        to=_some(_agencies),
        needed_by=days,
        meeting_on=known(days),
        people=st.lists(_sought, min_size=1, max_size=3).map(tuple),
    ),
    "research-return": st.builds(ResearchReturn, outcome=st.just("information"), items=_items, **_confirmed)
    | st.builds(ResearchReturn, outcome=st.just("nothing_known"), items=st.just(()), **_confirmed),
    "case-note": st.builds(
        CaseNote,
        to=_some(_agencies | _offices),
        sort=st.sampled_from(["information", "event", "contact", "change_of_circumstances"]),
        nature=_natures,
        on=known(days),
        text=texts,
    ),
    "staff-risk": st.builds(
        StaffRisk,
        about=st.builds(
            AboutWhom,
            role=st.sampled_from(["victim", "perpetrator", "other"]),
            name=known(lines),
            address=known(texts),
        ),
        risk=texts,
        precautions=known(texts),
    ),
    "flag-and-tag": st.builds(
        lambda **said: FlagAndTag(reason="other" if said["other_reason"] else "moved_here_not_high", **said),
        victim=_named,
        perpetrators=st.lists(_named, max_size=2).map(tuple),
        other_reason=st.none() | lines,
        flagged_until=days,
    ),
    "chair-decision": st.builds(
        ChairDecision,
        decision=st.sampled_from(["marac_plus", "observer", "reuse", "adjourn", "minutes_approved", "other"]),
        reason=texts,
        concerns=_some(_agencies | _offices, least=0),
        until=st.none() | known(days),
    ),
    "lookup": st.builds(
        Lookup, person=st.builds(Person, **(_person | {"name": lines})), reason=texts, asker_role=known(lines)
    ),
    "lookup-answer": st.builds(
        LookupAnswer,
        to=_some(_agencies, most=1),
        answer=st.sampled_from(["known", "not_known", "telephone_me"]),
        text=st.none() | texts,
    ),
    "triage": st.builds(Triage, outcome=st.sampled_from(["accepted", "more_information", "advice_given"]), text=texts)
    | st.builds(Triage, outcome=st.just("accepted"), text=st.none()),
    "reuse-request": st.builds(
        ReuseRequest,
        to=_some(_agencies | _offices),
        messages=_some(_message_ids),
        purpose=texts,
        lawful_basis=st.sampled_from(
            ["consent", "legal_duty", "court_order", "vital_interests", "public_task", "law_enforcement"]
        ),
    ),
    "reuse-consent": st.builds(
        ReuseConsent,
        to=_some(_agencies, most=1),
        messages=_some(_message_ids),
        agreed=st.booleans(),
        conditions=st.none() | texts,
    ),
}

documents = st.one_of(referrals, safe_contacts, excluded, *further_kinds.values())

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)
