"""A pack as one HTML document: plain, printable, self-contained, each page marked with who opened it and when."""

from datetime import date
from typing import Final
from xml.etree.ElementTree import Element, SubElement, tostring

from agencies.documents.invalid import DocumentInvalid
from agencies.kit.compose import UnknownKind
from agencies.kit.opening import Opened
from agencies.kit.pack import Pack
from agencies.kit.readable import harmless, render
from agencies.kit.wording import TITLES
from agencies.notes.text import encode_time

# No script, no font, no image, nothing from anywhere; what is `fixed` is printed on every page.
_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'"
_STYLE: Final = """
@page { size: A4; margin: 18mm 16mm }
html { background: #fff; color: #000; font: 11pt/1.4 serif }
body { max-width: 48em; margin: 0 auto; padding: 1em }
h1, h2 { line-height: 1.2; break-after: avoid }
table { border-collapse: collapse; width: 100% }
th, td { text-align: left; vertical-align: top; padding: .2em .8em .2em 0; border-bottom: 1px solid #000 }
section { break-before: page }
pre { font: 9.5pt/1.35 monospace; white-space: pre-wrap; overflow-wrap: anywhere }
.watermark { position: fixed; left: 0; right: 0; text-align: center; color: rgba(0, 0, 0, .16) }
.watermark { font: bold 15pt sans-serif; white-space: pre-line; transform: rotate(-24deg); pointer-events: none }
.top { top: 22% }
.bottom { top: 68% }
@media print { body { max-width: none; padding: 0 } }
"""
_WARNING: Final = (
    "The perpetrator must never learn of this. Keep it as your agency keeps such papers, and destroy it when it is"
    " taken back."
)
_CANNOT_SHOW: Final = "This kit cannot show this message: a newer kit may. Its saved copy is in the kit's folder."


def page_of(pack: Pack) -> str:
    """Return the pack as HTML. It is built as a tree: no text in it can become markup."""
    html = Element("html", lang="en-GB")
    _head(SubElement(html, "head"), pack)
    body = SubElement(html, "body")
    for place in ("top", "bottom"):
        SubElement(body, "div", {"class": f"watermark {place}"}).text = _mark(pack)
    _front(body, pack)
    for number, opened in enumerate(pack.messages, start=1):
        section = SubElement(body, "section")
        SubElement(section, "h2").text = f"{number}. {_title(opened)}"
        SubElement(section, "pre").text = _text(opened, pack.index.at.date())
    return f"<!DOCTYPE html>\n{tostring(html, encoding='unicode', method='html')}\n"


def _head(head: Element, pack: Pack) -> None:
    SubElement(head, "meta", charset="utf-8")
    SubElement(head, "meta", {"http-equiv": "Content-Security-Policy", "content": _POLICY})
    SubElement(head, "meta", name="referrer", content="no-referrer")
    SubElement(head, "title").text = pack.index.case
    SubElement(head, "style").text = _STYLE


def _mark(pack: Pack) -> str:
    return f"{pack.index.area}\nopened by {pack.index.officer} ({_how(pack)})\n{encode_time(pack.index.at)}"


def _how(pack: Pack) -> str:
    return "proved" if pack.proved else "asserted"


def _in_full(pack: Pack) -> str:
    return "proved: signed with their own key" if pack.proved else "asserted: named by their agency, without a key"


def _front(body: Element, pack: Pack) -> None:
    """Add the first page: what this is, who opened it, and a list of the messages."""
    index, count = pack.index, len(pack.messages)
    SubElement(body, "h1").text = f"Case {index.case}"
    SubElement(body, "p").text = (
        f"{count} {'message' if count == 1 else 'messages'}: all that {index.for_} may hold under this reference now. "
        f"Opened by {index.officer} ({_in_full(pack)}) at {encode_time(index.at)}. "
        "All nine checks of each message passed."
    )
    SubElement(SubElement(body, "p"), "strong").text = _WARNING
    table = SubElement(body, "table")
    _row(table, "th", ("No.", "What", "From", "Accepted"))
    for number, opened in enumerate(pack.messages, start=1):
        sender, accepted = opened.manifest.from_.rpartition("/")[2], encode_time(opened.manifest.accepted)
        _row(table, "td", (str(number), _title(opened), sender, accepted))


def _row(table: Element, cell: str, texts: tuple[str, ...]) -> None:
    row = SubElement(table, "tr")
    for text in texts:
        SubElement(row, cell).text = text


def _title(opened: Opened) -> str:
    document = opened.manifest.document
    return TITLES.get(document, harmless(document).upper())


def _text(opened: Opened, today: date) -> str:
    """Return the page for a terminal, less its heading: the same words, and no field that can pass for another."""
    try:
        page = render(opened.manifest.document, opened.document(), opened.facts(today))
    except (UnknownKind, DocumentInvalid):
        return _CANNOT_SHOW
    return "\n".join(page.split("\n")[2:]).strip("\n")
