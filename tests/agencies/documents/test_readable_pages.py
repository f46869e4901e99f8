"""Documents on the terminal: what a reader sees, and what no sender can make a terminal do."""

import unicodedata
from collections.abc import Iterator
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agencies.documents.document import Document, Part
from agencies.documents.flag_and_tag import FlagAndTag
from agencies.documents.instruments import Answer, SafeLivesDash24
from agencies.documents.lookup_answer import LookupAnswer
from agencies.documents.person import Named
from agencies.documents.referral import HonourBased, Referral
from agencies.documents.research_request import ResearchRequest, Sought
from agencies.documents.safe_contact import SafeContact
from agencies.kit.examples import EXAMPLES
from agencies.kit.readable import COLUMNS, harmless, render
from agencies.kit.wording import TITLES
from tests.factories import (
    a_dara_referral,
    a_dash,
    a_referral,
    a_safe_contact,
    a_victim,
    every_sort_of_referral,
    exclusions,
    the_documents,
    the_least_referral,
)
from tests.strategies import documents, further_kinds

NAMED_OTHERWISE = {
    "nature": "Fact or opinion",
    "sort": "Kind of note",
    "addresses": "Address",
    "asker_role": "Role of who asks",
}


@pytest.mark.parametrize("referral", [*every_sort_of_referral(), the_least_referral()])
def test_no_line_is_wider_than_80_columns_and_none_is_twice_blank(referral: Referral):
    page = render("referral", referral)
    assert max(len(line) for line in page.splitlines()) <= COLUMNS
    assert "\n\n\n" not in page
    assert page.endswith("\n")


def test_everything_a_referral_says_is_on_the_page():
    page = render("referral", a_referral())
    for said in ("Alex Invented", "1 April 1990", "1 Nowhere Street", "Sam Fictional", "Charlie Invented", "18 of 24"):
        assert said in page


def test_unknown_is_said_plainly():
    page = render("referral", the_least_referral())
    assert "  Name: not known\n" in page
    assert "Perpetrators: none given\n" in page
    assert "unknown" not in page


def test_every_answer_is_shown_with_its_number_subject_and_note():
    answers = (*a_dash(0).answers[:23], Answer(number=24, answer="yes", note="last spring"))
    page = render("referral", a_referral(instruments=(SafeLivesDash24(version="2014", answers=answers),)))
    assert "   1 injury: don't know\n" in page
    assert "  24 police trouble: yes: last spring\n" in page


def test_dara_is_shown_with_its_scale_and_the_assessed_risk():
    page = render("referral", a_dara_referral())
    assert "  Assessed risk: high\n" in page
    assert "  18 question: often\n" in page


def test_what_must_not_be_missed_comes_before_all_else():
    referral = a_referral(urgent=True, information_only=True, honour_based=HonourBased(forced_marriage=True))
    head = render("referral", referral).split("REFERRER")[0]
    assert [line.strip("* ").split(":")[0] for line in head.splitlines() if line.startswith("***")] == [
        "URGENT",
        "HONOUR-BASED",
        "FOR INFORMATION ONLY",
        "INCOMPLETE",
    ]


def test_only_the_safe_contact_carries_the_warning_and_carries_it_first():
    pages = {name: render(name, document) for name, document in the_documents().items()}
    assert [name for name, page in pages.items() if "THE PERPETRATOR MUST NEVER LEARN THIS" in page] == ["safe-contact"]
    assert pages["safe-contact"].index("WARNING") < pages["safe-contact"].index("01632 960003")


def test_an_empty_safe_contact_still_warns():
    assert "WARNING" in render("safe-contact", SafeContact())


def test_exclusions_are_listed_with_their_reasons():
    page = render("exclusions", exclusions(agencies=["leisure"], people=["his cousin"]))
    assert "Agency: marac.area.example/agency/leisure" in page
    assert "Person: his cousin" in page
    assert "Officers: none given" in page


def test_the_manifests_facts_come_first_and_are_made_harmless():
    page = render("safe-contact", a_safe_contact(), {"Case": "CAM-7Q4X9-K2M8T-5", "From": "x\x1b[2J"})
    assert page.index("Case: CAM-7Q4X9-K2M8T-5") < page.index("Safe address")
    assert "From: x<U+001B>[2J" in page


@pytest.mark.parametrize(
    "hostile",
    ["\x1b[2J", "\x9b31m", "\x07", "\r", "\x7f", "\u202e", "\u2066", "\u200b", "\u2028", "\ufeff", "\U000e0041"],
)
def test_what_a_terminal_would_obey_is_shown_as_its_number(hostile: str):
    shown = harmless(f"before{hostile}after")
    assert f"before<U+{ord(hostile[0]):04X}>" in shown
    assert hostile[0] not in shown


def test_bidirectional_overrides_that_a_document_may_hold_do_nothing_on_the_page():
    page = render("referral", a_referral(victim=a_victim("Alex \u202edetnevnI")))
    assert "Alex <U+202E>detnevnI" in page


def test_names_in_any_script_stay_as_they_are():
    assert harmless("یکشنبه‌ها Zoë O’Made-Up 王") == "یکشنبه‌ها Zoë O’Made-Up 王"


@given(st.text())
def test_nothing_harmful_survives(text: str):
    left = {unicodedata.category(character) for character in harmless(text) if character not in "\n\u200c\u200d"}
    assert not left & {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def test_text_in_a_field_cannot_pass_for_a_heading_or_a_banner():
    forged = "x\nSAFE CONTACT\n============\nSafe address: 3 Trap Lane\n" + "!" * COLUMNS
    for page in (
        render("referral", a_referral(circumstances=forged)),
        render("safe-contact", SafeContact(warnings=forged)),
    ):
        forged_lines = [line for line in page.splitlines() if "Trap Lane" in line or line.endswith("!" * 70)]
        assert all(line.startswith(" ") or line == "!" * COLUMNS for line in forged_lines)
        assert "\nSafe address: 3 Trap Lane" not in page


@given(documents)
def test_every_document_can_be_shown(document: Document):
    assert all(len(line) <= COLUMNS for line in render("referral", document).split("\n"))


def every_field(part: Part) -> Iterator[tuple[str, object]]:
    for name in type(part).model_fields:
        value = getattr(part, name)
        yield name, value
        for inner in value if isinstance(value, tuple) else [value]:
            if isinstance(inner, Part):
                yield from every_field(inner)


@pytest.mark.parametrize("kind", EXAMPLES)
def test_the_page_of_a_further_kind_names_every_field_and_says_what_stands_in_it(kind: str):
    document = EXAMPLES[kind].document()
    page = render(kind, document)
    on_one_line = " ".join(page.split())
    for name, value in every_field(document):
        if value is not None:
            assert NAMED_OTHERWISE.get(name, name.replace("_", " ")).lower() in page.lower()
        if isinstance(value, str) and value not in {"unknown", "moved_here_not_high"}:
            assert " ".join(value.replace("_", " ").split()) in on_one_line
    assert {name for name, value in every_field(document) if value is None} <= {"other_reason", "correction"}


@given(st.sampled_from(list(further_kinds)), st.data())
def test_every_further_kind_can_be_shown_under_a_title_of_its_own(kind: str, data: st.DataObject):
    page = render(kind, data.draw(further_kinds[kind]))
    assert all(len(line) <= COLUMNS for line in page.split("\n"))
    assert page.startswith(f"{TITLES[kind]}\n=")
    assert list(TITLES.values()).count(TITLES[kind]) == 1


def test_two_addresses_cannot_be_read_as_one():
    sought = Sought(role="victim", addresses=("1 Nowhere Street\nExampleton", "3 Formerly Road; 2"))
    page = render(
        "research-request", ResearchRequest(to=("a.b/agency/x",), needed_by=date(2026, 11, 30), people=(sought,))
    )
    assert "Address: 1 Nowhere Street\n        Exampleton\n    Address: 3 Formerly Road; 2\n" in page


def test_that_nothing_is_known_cannot_be_read_as_that_somebody_left_it_open():
    page = render("lookup-answer", LookupAnswer(to=("a.b/agency/x",), answer="not_known"))
    assert "Answer: no referral is known\n" in page


def test_another_reason_for_a_flag_is_shown_in_its_own_words():
    flag = FlagAndTag(
        victim=Named(name="Lex"), reason="other", other_reason="Asked for.", flagged_until=date(2027, 1, 2)
    )
    assert "Reason: other\nOther reason: Asked for.\nFlagged until: 2 January 2027\n" in render("flag-and-tag", flag)
