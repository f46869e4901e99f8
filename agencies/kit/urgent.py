"""What a referral that was not taken must still end with: whom to telephone, and 999."""

from pathlib import Path
from types import TracebackType
from typing import Final, Self

import typer

from agencies.kit.home import Home, NoSuchHome
from agencies.kit.terminal import on_one_line
from agencies.kit.wire import Unreachable
from crypto.errors import CryptoError

EMERGENCY: Final = "If life is in danger, call 999."


class NotKnownToArrive(Unreachable):
    """A referral was sent and no answer came: sent anew it could become a second one."""


class Urgent:
    """Around the sending of a referral: however it fails, the last line says whom to telephone."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if isinstance(error, typer.Exit):
            typer.echo(f"  {self._line()}", err=True)  # the command has said already what is wrong
        elif isinstance(error, Exception):
            error.add_note(self._line())

    def _line(self) -> str:
        """Return the line, with the number that the folder knows by now: a refusal may just have told it."""
        try:
            telephone = Home.load(self._folder).settings.telephone
        except (NoSuchHome, CryptoError):
            telephone = None
        whom = f"Coordinator: {on_one_line(telephone)}." if telephone else "Telephone the coordinator."
        return f"{whom} {EMERGENCY}"
