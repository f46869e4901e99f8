"""deploy/settings.md names every setting of a service with its default and unit, and every variable of a command."""

import re
from enum import Enum
from pathlib import Path

from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from broker.settings import Settings

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "deploy" / "settings.md").read_text(encoding="utf-8")
ROOMS = ("crypto", "agencies", "broker", "gateway")
UNITS = {"s": "seconds", "minutes": "minutes", "days": "days", "months": "months", "bytes": "bytes", "percent": "%"}
ROW = re.compile(r"^\| `(MARAC_[A-Z_]+)` \|.*$", re.MULTILINE)
SAID = re.compile(r"\bMARAC_[A-Z]+(?:_[A-Z]+)*\b")
NOT_A_SETTING = {"MARAC_NAME"}  # how marac.env is written


def row_of(name: str, field: FieldInfo) -> str:
    unit = UNITS.get(name.rpartition("_")[2], "")
    return f"| `MARAC_{name.upper()}` | {_default(field)} | {unit} | {field.description} |"


def _default(field: FieldInfo) -> str:
    if field.default is PydanticUndefined:
        return "must be given"
    if isinstance(field.default, bool):
        return f"`{int(field.default)}`"
    value = field.default.value if isinstance(field.default, Enum) else field.default
    return "" if value in {None, ""} else f"`{value}`"


def test_the_page_has_a_row_for_every_setting_and_no_others() -> None:
    wanted = [row_of(name, field) for name, field in Settings.model_fields.items()]
    section = PAGE.partition("## The services\n")[2].partition("\n## ")[0]
    rows = [match.group(0) for match in ROW.finditer(section)]
    assert rows == wanted, "the table in deploy/settings.md should be:\n" + "\n".join(wanted)


def test_every_variable_that_the_programs_speak_of_is_on_the_page() -> None:
    sources = [path for room in ROOMS for path in (ROOT / room).rglob("*.py")] + [ROOT / "marac"]
    said = {name for path in sources for name in SAID.findall(path.read_text(encoding="utf-8"))}
    assert said - NOT_A_SETTING <= {match.group(1) for match in ROW.finditer(PAGE)}


def test_no_row_is_empty_and_the_guides_lead_there() -> None:
    assert all(field.description for field in Settings.model_fields.values())
    assert "(settings.md)" in (ROOT / "deploy" / "README.md").read_text(encoding="utf-8")
    assert "(deploy/settings.md)" in (ROOT / "README.md").read_text(encoding="utf-8")
