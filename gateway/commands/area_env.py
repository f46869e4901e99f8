"""`marac.env`: one area's settings as a file that the service, systemd and a shell can all read."""

from collections.abc import Mapping
from pathlib import Path

from pydantic import ValidationError

from broker.errors import UnsafeSettings
from broker.settings import Settings
from gateway.commands.outcome import Exit, Stopped

FILE = "marac.env"
_UNQUOTABLE = ("'", "\\", "\n", "\r", "\0", "${")


def write_settings(path: Path, values: Mapping[str, str]) -> None:
    """Write `MARAC_NAME='value'` lines, readable by the owner alone: a database's address may hold a password.

    Raises Stopped for a value that could not be read back as it is.
    """
    lines = ["# Settings of this area's gateway and worker. MARAC_... in the environment wins over this file."]
    for name, value in values.items():
        if any(unquotable in value for unquotable in _UNQUOTABLE):
            raise Stopped(f"{name} holds a quote, backslash, line break or ${{", "choose another value", Exit.USAGE)
        lines.append(f"MARAC_{name.upper()}='{value}'")
    path.touch(mode=0o600)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def load_settings(home: Path) -> Settings:
    """Return the settings of the area in `home`; the environment wins over the file.

    Raises Stopped if there is no area or a setting is wrong or unsafe; it names the setting, never its value.
    """
    file = home / FILE
    if not file.is_file():
        raise Stopped(
            f"{home} is not an area's folder: it has no {FILE}", "give --home, or run: marac init", Exit.USAGE
        )
    try:
        return Settings(_env_file=file, home=home.resolve())
    except ValidationError as wrong:
        raise Stopped(_describe(wrong), f"correct it in {file} or in the environment", Exit.USAGE) from None
    except UnsafeSettings as unsafe:
        raise Stopped(f"unsafe settings: {unsafe}", f"correct it in {file} or in the environment", Exit.USAGE) from None


def _describe(wrong: ValidationError) -> str:
    names = [
        ".".join(str(part) for part in error["loc"]).removeprefix("marac_")
        for error in wrong.errors(include_input=False)
    ]
    reasons = [error["msg"] for error in wrong.errors(include_input=False, include_url=False)]
    settings = "; ".join(f"MARAC_{name.upper()}: {reason}" for name, reason in zip(names, reasons, strict=True))
    return f"a setting is wrong: {settings}"
