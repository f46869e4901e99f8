"""Documents as plain text for a terminal: 80 columns, unknown said plainly, nothing in it that a terminal obeys."""

import textwrap
import unicodedata
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Final

from agencies.documents.document import Document, Part
from agencies.documents.fields import UNKNOWN
from agencies.documents.instruments import Dara, PoliceDash27, SafeLivesDash24, subject_of
from agencies.documents.referral import Referral
from agencies.documents.safe_contact import SafeContact
from agencies.kit.wording import TITLES, label_of, words

COLUMNS: Final = 80
_INDENT: Final = "  "

_SAFE_CONTACT_WARNING: Final = (
    "WARNING: THE PERPETRATOR MUST NEVER LEARN THIS, NOR THAT IT EXISTS.",
    "Do not copy, forward or read it aloud. Use only the ways marked safe.",
    "Leave no message and send no letter unless it says that this is safe.",
)

# Joiners that Arabic, Persian and Indic names are written with; every other format character is shown as its number.
_HARMLESS_FORMATS: Final = frozenset("\u200c\u200d")
_HARMFUL_CATEGORIES: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def render(document: str, model: Document, facts: Mapping[str, str] | None = None) -> str:
    """Return `model` as a page for the terminal, ending in a line break.

    document   its name, as in agencies/documents/table.py
    facts      what the manifest says of it (label and value), shown first
    Continuation lines are always indented: nothing written in a field can pass for a heading or a banner.
    """
    lines = [*_heading(TITLES.get(document, harmless(document).upper())), ""]
    if isinstance(model, SafeContact):
        lines += [*_banner(_SAFE_CONTACT_WARNING), ""]
    for label, value in (facts or {}).items():
        lines += _field(harmless(label), value, "")
    if facts:
        lines.append("")
    if isinstance(model, Referral):
        lines += _summary(model)
    lines += _fields(model, "")
    return "\n".join(_single_spaced(lines)).rstrip("\n") + "\n"


def harmless(text: str) -> str:
    """Return `text` with every character that could steer a terminal or reorder a line shown as <U+XXXX>.

    Line breaks stay.
    """
    return "".join(character if _is_harmless(character) else f"<U+{ord(character):04X}>" for character in text)


def _is_harmless(character: str) -> bool:
    if character == "\n" or character in _HARMLESS_FORMATS:
        return True
    return unicodedata.category(character) not in _HARMFUL_CATEGORIES


def _single_spaced(lines: list[str]) -> list[str]:
    return [line for before, line in pairwise(["", *lines]) if line or before]


def _heading(title: str) -> list[str]:
    return [title, "=" * min(len(title), COLUMNS)]


def _banner(lines: tuple[str, ...]) -> list[str]:
    edge = "!" * COLUMNS
    return [edge, *(f"!! {line:<{COLUMNS - 6}} !!" for line in lines), edge]


def _summary(referral: Referral) -> Iterator[str]:
    """Yield what a reader must not miss, before all else."""
    if referral.urgent:
        yield "*** URGENT ***"
    if referral.is_honour_based:
        yield "*** HONOUR-BASED: CLOSED CASE, NAMED PEOPLE ONLY ***"
    if referral.names_conference:
        yield "*** CHILD-PROTECTION CONFERENCE: ITS CHAIR MUST BE TOLD ***"
    if referral.risks_to_staff != UNKNOWN:
        yield "*** RISKS TO STAFF: READ THEM BEFORE ANYBODY VISITS ***"
    if referral.information_only:
        yield "*** FOR INFORMATION ONLY ***"
    missing = len(referral.incomplete_fields())
    if missing:
        yield f"*** INCOMPLETE: {missing} {'answer is' if missing == 1 else 'answers are'} not known ***"
    yield ""


def _fields(part: Part, indent: str) -> Iterator[str]:
    for name in type(part).model_fields:
        yield from _value(label_of(name), getattr(part, name), indent)


def _value(label: str, value: object, indent: str) -> Iterator[str]:
    if isinstance(value, SafeLivesDash24 | PoliceDash27 | Dara):
        yield from _instrument(value, indent)
    elif isinstance(value, Part):
        yield from _section(label, value, indent)
    elif isinstance(value, tuple):
        yield from _list(label, value, indent)
    elif value is not None:
        yield from _field(label, words(value), indent)


def _section(label: str, part: Part, indent: str) -> Iterator[str]:
    if not indent:
        yield from ("", label.upper(), "-" * len(label))
        yield from _fields(part, indent + _INDENT)
        yield ""
    else:
        yield f"{indent}{label}"
        yield from _fields(part, indent + _INDENT)


def _list(label: str, items: tuple[object, ...], indent: str) -> Iterator[str]:
    if not items:
        yield from _field(label, "none given", indent)
    elif all(isinstance(item, str) for item in items):
        yield from _texts(label, [str(item) for item in items], indent)
    else:
        yield from ("", label.upper(), "-" * len(label))
        for number, item in enumerate(items, start=1):
            yield from _value(str(number), item, indent + _INDENT)
        yield ""


def _texts(label: str, texts: list[str], indent: str) -> Iterator[str]:
    # What may have lines of its own, such as an address, stands alone: joined, two would read as one.
    for text in texts if any("\n" in text for text in texts) else ["; ".join(texts)]:
        yield from _field(label, text, indent)


def _instrument(instrument: SafeLivesDash24 | PoliceDash27 | Dara, indent: str) -> Iterator[str]:
    yield from _field("Instrument", words(instrument.instrument), indent)
    yield from _field("Version", instrument.version, indent)
    yield from _field("Completed on", words(instrument.completed_on), indent)
    yield from _field("Completed by", words(instrument.completed_by), indent)
    if isinstance(instrument, Dara):
        yield from _field("Assessed risk", instrument.assessed_risk, indent)
    else:
        yield from _field("Ticks", f"{instrument.visible_high_risk_ticks} of {len(instrument.answers)}", indent)
    for answer in instrument.answers:
        subject = subject_of(instrument.instrument, answer.number)
        said = words(answer.answer) if answer.note is None else f"{words(answer.answer)}: {answer.note}"
        yield from _field(f"{answer.number:>2} {subject or 'question'}", said, indent)


def _field(label: str, value: str, indent: str) -> Iterator[str]:
    first, *rest = harmless(value).split("\n")
    hanging = indent + _INDENT * 2
    yield from _wrapped(first, f"{indent}{label}: ", hanging)
    for paragraph in rest:
        yield from _wrapped(paragraph, hanging, hanging)


def _wrapped(text: str, first: str, hanging: str) -> list[str]:
    lines = textwrap.wrap(text, COLUMNS, initial_indent=first, subsequent_indent=hanging, break_on_hyphens=False)
    return lines or [first.rstrip()]
