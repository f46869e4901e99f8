"""The fields of a request as they arrived: those the gateway reads must stand once, and are plain ASCII."""

import re
from collections.abc import Iterable, Sequence
from typing import Final

from gateway.errors import RequestRejected

OWN_PREFIX: Final = "marac-"
_READ: Final = frozenset({
    "host", "content-type", "content-digest", "content-length", "transfer-encoding", "idempotency-key",
    "signature", "signature-input",
})  # fmt: skip
_VALUE: Final = re.compile(r"[ -~\t]*")


class Fields:
    """The fields that the gateway reads, by lower-case name; everything else is never looked at.

    Made once, before the body is read: what a chunked body appends as trailers is not among them.
    """

    def __init__(self, lines: Iterable[tuple[bytes, bytes]]) -> None:
        """Raises RequestRejected if a field that is read stands twice, or holds other than printable ASCII."""
        self._values: dict[str, str] = {}
        for raw_name, raw_value in lines:
            name = raw_name.decode("latin-1").lower()
            if name in _READ or name.startswith(OWN_PREFIX):
                self._add(name, raw_value.decode("latin-1"))

    def get(self, name: str) -> str | None:
        """Return the value of a field, without the white space around it, or None."""
        return self._values.get(name)

    def own(self) -> Sequence[str]:
        """Return the names of the `marac-*` fields that arrived."""
        return [name for name in self._values if name.startswith(OWN_PREFIX)]

    def items(self) -> Iterable[tuple[str, str]]:
        """Return names and values, as the signature library asks for them."""
        return self._values.items()

    @property
    def announces_body(self) -> bool:
        """Whether a body follows: a length above zero, or chunks."""
        return "transfer-encoding" in self._values or (self._values.get("content-length") or "0").strip("0") != ""

    def _add(self, name: str, value: str) -> None:
        if name in self._values:
            raise RequestRejected("field-repeated", _pointer(name))
        if not _VALUE.fullmatch(value):
            raise RequestRejected("field-invalid", _pointer(name))
        self._values[name] = value.strip(" \t")


def _pointer(name: str) -> str:
    # A name that is not ours could be anything, so it is not repeated.
    return name if name in _READ or name in {"marac-officer", "marac-purpose"} else f"{OWN_PREFIX}*"
