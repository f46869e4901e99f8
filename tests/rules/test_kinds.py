"""Every kind as the rule book has it: who sends it, to whom it is sealed, what it asks of both, what it does.

Source: domain.md, "An agency's relation to a case", the table of kinds.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import pytest

from agencies.agency import AGENCY_KINDS, OFFICE_KINDS
from agencies.documents.flag_and_tag import FlagAndTag
from agencies.documents.person import Named
from agencies.documents.research_request import ResearchRequest, Sought
from agencies.documents.research_return import ResearchReturn
from agencies.documents.triage import Triage
from agencies.names import PartyId
from broker.case import Relation
from broker.errors import DocumentRejected
from broker.kinds.kind import Effects, Scene
from broker.kinds.table import KINDS
from broker.routing import audiences
from tests.rules.cases import AREA, COORDINATOR, DEPUTY, NOW, a_party

ASKED, INVOLVED, INFORMED = Relation.ASKED, Relation.INVOLVED, Relation.FOR_INFORMATION
OFFICES = {"coordinator", "deputy"}
AGENCIES = set(AGENCY_KINDS) - {"compliance"}
CHAIR = a_party("chair")
EVERYBODY = [a_party(kind) for kind in AGENCY_KINDS] + [COORDINATOR, DEPUTY, CHAIR]
CHOSEN = {"health", "compliance", "chair"}


@dataclass(frozen=True)
class Row:
    """One row of the rule book: senders with their least relation, receivers besides the office with theirs.

    to  kinds of party that get it of EVERYBODY, where it names CHOSEN
    """

    senders: set[str]
    least_sender: Relation
    to: set[str]
    least: Relation
    opens: bool = False


ROWS = {
    "referral": Row(AGENCIES - {"cafcass"} | OFFICES, ASKED, {"idva-service"}, INVOLVED, opens=True),
    "research-request": Row(OFFICES, INVOLVED, {"health", "chair"}, ASKED),
    "research-return": Row(AGENCIES, ASKED, {"chair"}, INVOLVED),
    "case-note": Row(AGENCIES | OFFICES, INVOLVED, {"health", "chair"}, INVOLVED),
    "staff-risk": Row(AGENCIES | OFFICES | {"chair"}, ASKED, AGENCIES, ASKED),
    "flag-and-tag": Row(OFFICES, INVOLVED, AGENCIES, INFORMED),
    "chair-decision": Row({"chair"}, INVOLVED, {"health", "chair"}, INVOLVED),
    "lookup": Row(AGENCIES, ASKED, set(), INVOLVED, opens=True),
    "lookup-answer": Row(OFFICES, INVOLVED, {"health", "chair"}, ASKED),
    "triage": Row({"idva-service"} | OFFICES, INVOLVED, set(), INVOLVED),
    "reuse-request": Row(AGENCIES | OFFICES, INVOLVED, {"health", "chair"}, ASKED),
    "reuse-consent": Row(AGENCIES | OFFICES | {"chair"}, ASKED, {"health", "chair"}, INVOLVED),
}


def test_every_kind_has_its_row() -> None:
    assert ROWS.keys() == KINDS.keys()
    assert set(OFFICE_KINDS) >= OFFICES


@pytest.mark.parametrize("name", ROWS)
def test_a_kind_is_as_the_rule_book_has_it(name: str) -> None:
    kind, row = KINDS[name], ROWS[name]
    assert kind.senders == row.senders
    assert (kind.least_sender, kind.opens_case) == (row.least_sender, row.opens)
    assert {part.least for part in kind.parts.values()} == {row.least}
    chosen = {document: {party.id for party in EVERYBODY if party.kind in CHOSEN} for document in kind.parts}
    routed = audiences(kind, EVERYBODY, set(), chosen)[next(iter(kind.parts))]
    assert routed[0] == COORDINATOR.id
    assert {party.kind for party in EVERYBODY if party.id in routed[1:]} == row.to


def test_a_research_request_asks_whom_it_names() -> None:
    to = (PartyId(f"{AREA}/agency/health"), PartyId(f"{AREA}/agency/police"))
    request = ResearchRequest(to=to, needed_by=date(2026, 12, 1), people=(Sought(role="victim", name="Alex Invented"),))
    effects = KINDS["research-request"].effect({"research-request": request}, _scene())
    assert set(effects.asked) == set(to)


@pytest.mark.parametrize(("outcome", "ended"), [("nothing_known", True), ("information", False)])
def test_only_who_knows_nothing_ends_its_part(outcome: str, ended: bool) -> None:
    returned = ResearchReturn.model_construct(outcome=outcome)
    effects = KINDS["research-return"].effect({"research-return": returned}, _scene())
    assert effects == Effects(answered_nothing=PartyId("sender") if ended else None)


@pytest.mark.parametrize(
    ("last", "lapses"),
    [
        (date(2027, 2, 28), datetime(2027, 3, 1, tzinfo=UTC)),
        (date(2028, 2, 28), datetime(2028, 2, 29, tzinfo=UTC)),
        (date.max, datetime(9999, 12, 31, tzinfo=UTC)),
    ],
)
def test_a_flag_lapses_with_the_end_of_its_last_day(last: date, lapses: datetime) -> None:
    flag = FlagAndTag(victim=Named(name="Alex Invented"), reason="moved_here_not_high", flagged_until=last)
    assert KINDS["flag-and-tag"].effect({"flag-and-tag": flag}, _scene()).informs_until == lapses


def test_a_flag_that_has_run_out_is_refused_and_one_that_ends_today_is_not() -> None:
    kind, flag = (
        KINDS["flag-and-tag"],
        FlagAndTag(victim=Named(name="Alex Invented"), reason="moved_here_not_high", flagged_until=NOW.date()),
    )
    assert kind.effect({"flag-and-tag": flag}, _scene()).informs_until is not None
    over = flag.model_copy(update={"flagged_until": NOW.date() - timedelta(days=1)})
    with pytest.raises(DocumentRejected) as caught:
        kind.effect({"flag-and-tag": over}, _scene())
    assert caught.value.pointer == "/documents/flag-and-tag/flagged_until"


@pytest.mark.parametrize("outcome", ["accepted", "advice_given", "more_information"])
def test_a_referral_waits_on_where_its_triage_asks_for_more_information(outcome: str) -> None:
    triage = Triage.model_construct(outcome=outcome)
    ends = outcome != "more_information"
    assert KINDS["triage"].effect({"triage": triage}, _scene()) == Effects(triaged=ends)


@pytest.mark.parametrize("name", ["research-return", "flag-and-tag", "referral", "triage"])
def test_an_effect_of_another_kinds_document_is_a_fault_of_ours(name: str) -> None:
    other = {document: Named(name="Alex Invented") for document in KINDS[name].parts}
    with pytest.raises(TypeError):
        KINDS[name].effect(other, _scene())  # type: ignore[arg-type]


def test_most_kinds_change_nothing_about_a_case() -> None:
    for name in ROWS.keys() - {"referral", "research-request", "research-return", "flag-and-tag", "triage"}:
        assert KINDS[name].effect({}, _scene()) == Effects()


def _scene() -> Scene:
    return Scene(PartyId("sender"), NOW, None, None)  # type: ignore[arg-type]  # these look at the sender alone
