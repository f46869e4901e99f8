"""Take any one relation out of what grants, or turn any comparison of a case round, and one of the tables notices."""

import ast
from collections.abc import Callable, ItemsView, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, fields, is_dataclass, replace
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace

import pytest

from agencies.names import CaseRef, OfficerId, PartyId
from broker import case as rules_of_cases
from broker import need_to_know
from broker.case import NOTHING_KNOWN, Case, Flag, LawfulBasis, Related, Relation, Stage
from tests.rules.cases import (
    CASE,
    DAY,
    HOUSING,
    IDVA,
    NOW,
    OFFICER,
    OTHER_OFFICER,
    PART3,
    PUBLIC_TASK,
    SECOND,
    VITAL,
    a_case,
    questions,
    related,
)  # fmt: skip
from tests.rules.test_each_rule_bites import RULES

SOURCE = ast.parse(Path(rules_of_cases.__file__).read_text())
GRANTS = ("_GRANTS", "_STRENGTH")
TURNED: Mapping[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
}  # fmt: skip
REF, OLDER = CaseRef("CAM-7Q4X9-K2M8T-5"), CaseRef("CAM-2B7HD-9WQ4R-6")
NEWER = CaseRef("CAM-3C8JE-8VP5S-7")
Part = tuple[Relation, LawfulBasis | None]


@dataclass(frozen=True)
class Mutant:
    """broker/case.py with one thing changed; `name` says what."""

    name: str
    module: ast.Module


def without_relations() -> list[Mutant]:
    """Return, for each entry of what relations grant and how strong they are, the module without it."""
    found = []
    for place, node in enumerate(SOURCE.body):
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.target.id in GRANTS:
            assert isinstance(node.value, ast.Dict)
            for index, key in enumerate(node.value.keys):
                entry = "**_GRANTS" if key is None else ast.unparse(key)
                found.append(Mutant(f"{node.target.id} without {entry}", _without(place, index)))
    return found


def turned_comparisons() -> list[Mutant]:
    """Return, for each comparison, the module in which it is turned round: or takes in its edge, or leaves it out."""
    return [
        Mutant(f"line {node.lineno}: {ast.unparse(node)}, turned at {index}", _turned(place, index))
        for place, node in enumerate(ast.walk(SOURCE))
        if isinstance(node, ast.Compare)
        for index in range(len(node.ops))
    ]


def _without(place: int, index: int) -> ast.Module:
    module = deepcopy(SOURCE)
    assigned = module.body[place]
    assert isinstance(assigned, ast.AnnAssign)
    assert isinstance(assigned.value, ast.Dict)
    del assigned.value.keys[index], assigned.value.values[index]
    return module


def _turned(place: int, index: int) -> ast.Module:
    module = deepcopy(SOURCE)
    node = next(node for number, node in enumerate(ast.walk(module)) if number == place)
    assert isinstance(node, ast.Compare)
    node.ops[index] = TURNED[type(node.ops[index])]()
    return module


# What a case says of a party: one row a question, as the rules know it.
FLAG = Flag(HOUSING.id, PART3, NOW - DAY, NOW + DAY)
BEGAN = related(HOUSING, Relation.ASKED)
PARTS: tuple[tuple[str, Case, PartyId, datetime, Part], ...] = (
    ("nothing is recorded", a_case(), HOUSING.id, NOW, (Relation.NONE, None)),
    ("asked", a_case(BEGAN), HOUSING.id, NOW, (Relation.ASKED, PUBLIC_TASK)),
    ("its first instant", a_case(BEGAN), HOUSING.id, BEGAN.since, (Relation.ASKED, PUBLIC_TASK)),
    ("before it", a_case(BEGAN), HOUSING.id, BEGAN.since - SECOND, (Relation.NONE, PUBLIC_TASK)),
    ("its end", a_case(replace(BEGAN, until=NOW)), HOUSING.id, NOW, (Relation.ENDED, PUBLIC_TASK)),
    ("just before", a_case(replace(BEGAN, until=NOW)), HOUSING.id, NOW - SECOND, (Relation.ASKED, PUBLIC_TASK)),
    ("no end of an exclusion", a_case(replace(related(HOUSING, Relation.EXCLUDED), until=NOW)), HOUSING.id, NOW,
     (Relation.EXCLUDED, PUBLIC_TASK)),
    ("excluded by its id", replace(a_case(BEGAN), excluded=frozenset({HOUSING.id})), HOUSING.id, NOW,
     (Relation.EXCLUDED, PUBLIC_TASK)),
    ("a flag alone", replace(a_case(), flags={HOUSING.id: FLAG}), HOUSING.id, NOW, (Relation.FOR_INFORMATION, PART3)),
    ("a flag's first instant", replace(a_case(), flags={HOUSING.id: FLAG}), HOUSING.id, FLAG.since,
     (Relation.FOR_INFORMATION, PART3)),
    ("before a flag", replace(a_case(), flags={HOUSING.id: FLAG}), HOUSING.id, FLAG.since - SECOND,
     (Relation.ENDED, PART3)),
    ("a flag's end", replace(a_case(), flags={HOUSING.id: FLAG}), HOUSING.id, FLAG.until, (Relation.ENDED, PART3)),
    ("a flag below another part", replace(a_case(BEGAN), flags={HOUSING.id: FLAG}), HOUSING.id, NOW,
     (Relation.ASKED, PUBLIC_TASK)),
    ("another's flag", replace(a_case(), flags={HOUSING.id: FLAG}), IDVA.id, NOW, (Relation.NONE, None)),
    *(
        (f"of {weaker} and {stronger} the stronger", replace(a_case(first), also=(second,)), HOUSING.id, NOW,
         (stronger, VITAL))
        for weaker, stronger in (
            (Relation.NONE, Relation.ENDED), (Relation.ENDED, Relation.FOR_INFORMATION),
            (Relation.FOR_INFORMATION, Relation.ASKED), (Relation.ASKED, Relation.INVOLVED),
            (Relation.INVOLVED, Relation.EXCLUDED), (Relation.NONE, Relation.INVOLVED),
        )
        for first, second in (
            (related(HOUSING, weaker), related(HOUSING, stronger, VITAL)),
            (related(HOUSING, stronger, VITAL), related(HOUSING, weaker)),
        )
    ),
    ("also says something of another alone", replace(a_case(BEGAN), also=(related(IDVA),)), HOUSING.id, NOW,
     (Relation.ASKED, PUBLIC_TASK)),
)  # fmt: skip
ASKED_ELSEWHERE = replace(related(HOUSING, Relation.ASKED), why="research")
STAGES: tuple[tuple[str, Case, Stage], ...] = (
    ("looked up", replace(a_case(), last_referral_at=None), Stage.LOOKED_UP),
    ("referred", a_case(related(HOUSING, Relation.ASKED)), Stage.REFERRED),
    ("flagged", replace(a_case(), flags={HOUSING.id: FLAG}), Stage.FLAGGED),
    ("researching", a_case(ASKED_ELSEWHERE), Stage.RESEARCHING),
    ("involved in research, and asked no more", a_case(replace(ASKED_ELSEWHERE, relation=Relation.INVOLVED)),
     Stage.REFERRED),
    ("due", replace(a_case(ASKED_ELSEWHERE), scheduled_at=NOW), Stage.DUE),
)  # fmt: skip
MERGED = replace(CASE, ref=REF, merged={REF: OLDER, NEWER: REF})
LEADS: tuple[tuple[str, Case, CaseRef, tuple[CaseRef, ...]], ...] = (
    ("alone", CASE, CASE.ref, (CASE.ref,)),
    ("merged twice", MERGED, OLDER, (OLDER, REF, NEWER)),
)
HIM, HER = frozenset({OFFICER}), frozenset({OTHER_OFFICER})
BOTH = HIM | HER
LEFT: tuple[tuple[frozenset[OfficerId], frozenset[OfficerId], frozenset[OfficerId], bool], ...] = (
    (BOTH, frozenset(), HIM, False), (BOTH, HIM, BOTH, True), (HIM, HIM, BOTH, False), (frozenset(), HIM, HIM, False),
)  # fmt: skip

# By whom a part ended, of what a case records of one agency.
HANDS = (
    (related(HOUSING, Relation.INVOLVED), False),
    (related(HOUSING, Relation.ENDED), True),
    (replace(related(HOUSING, Relation.ENDED), why=NOTHING_KNOWN), False),
)


def wrong_answers(module: ast.Module) -> int:
    """Return 1 if the changed cases lead to a wrong answer, or to none, anywhere in the tables, else 0."""
    space: dict[str, object] = {"__name__": "a mutant of broker.case"}
    try:
        exec(compile(ast.fix_missing_locations(module), "mutant", "exec"), space)  # noqa: S102  our own source, changed
    except (KeyError, TypeError):
        return 1
    return int(not all(_answers(SimpleNamespace(**space))))


def _answers(cases: SimpleNamespace) -> Iterator[bool]:
    decide = _deciding_with(cases)
    for question in questions():
        yield _same(lambda access=question.access: decide(_as_of(cases, access)), question.answer)
    for _, case, party, at, part in PARTS:
        yield _same(lambda case=case, party=party, at=at: _as_of(cases, case).part(party, at), part)
    for _, case, stage in STAGES:
        yield _same(lambda case=case: _as_of(cases, case).stage(NOW), stage)
    for _, case, lead, refs in LEADS:
        yield _same(lambda case=case: (_as_of(cases, case).lead, _as_of(cases, case).refs), (lead, refs))
    for one, by_hand in HANDS:
        yield _same(lambda one=one: _as_of(cases, one).ended_by_hand, by_hand)
    for acting, before, after, nobody in LEFT:
        yield _same(lambda who=(acting, before, after): cases.leaves_nobody(*who), nobody)


class Patient(dict[object, object]):
    """What a case holds, asked a hundred times at most: a comparison turned round may go in circles."""

    asked = 0

    def items(self) -> ItemsView[object, object]:
        self.asked += 1
        if self.asked > 100:
            raise RecursionError("in circles")
        return super().items()


def _same(ask: Callable[[], object], right: object) -> bool:
    try:
        return ask() == right
    except (KeyError, AttributeError, TypeError, StopIteration, RuntimeError):
        return False


def _deciding_with(cases: SimpleNamespace) -> Callable[..., object]:
    """Return need-to-know's decision, made with these cases and relations."""
    space = dict(vars(need_to_know))
    space |= {"Relation": cases.Relation, "_NONE": cases.Relation.NONE, "_EXCLUDED": cases.Relation.EXCLUDED}
    module = ast.fix_missing_locations(ast.Module(list(deepcopy(RULES)), type_ignores=[]))
    exec(compile(module, "need-to-know", "exec"), space)  # noqa: S102  our own source
    decide = space["decide"]
    assert callable(decide)
    return decide


def _as_of(cases: SimpleNamespace, value: object) -> object:
    """Return a value in which every case, relation and flag is of these `cases`."""
    if isinstance(value, Relation):
        return cases.Relation(value.value)
    if isinstance(value, Mapping):
        return Patient({key: _as_of(cases, one) for key, one in value.items()})
    if type(value) is tuple:
        return tuple(_as_of(cases, one) for one in value)
    if is_dataclass(value) and not isinstance(value, type):
        known = isinstance(value, Case | Related | Flag)
        made = getattr(cases, type(value).__name__) if known else type(value)
        if known or isinstance(value, need_to_know.Access):
            return made(**{each.name: _as_of(cases, getattr(value, each.name)) for each in fields(value)})
    return value


def test_the_tables_are_right_of_cases_as_they_are() -> None:
    assert wrong_answers(deepcopy(SOURCE)) == 0


def test_every_relation_and_every_comparison_is_found() -> None:
    relations, comparisons = without_relations(), turned_comparisons()
    assert [mutant.name for mutant in relations if mutant.name.startswith("_GRANTS")] == [
        f"_GRANTS without Relation.{name}" for name in ("FOR_INFORMATION", "ASKED", "INVOLVED")
    ]
    print(f"{len(relations)} entries of what grants, each taken out; {len(comparisons)} comparisons, each turned round")
    assert (len(relations), len(comparisons)) == (7, 22)


@pytest.mark.parametrize("mutant", [*without_relations(), *turned_comparisons()], ids=lambda mutant: mutant.name)
def test_without_this_relation_or_comparison_a_table_fails(mutant: Mutant) -> None:
    assert wrong_answers(mutant.module) > 0
