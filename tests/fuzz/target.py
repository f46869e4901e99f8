"""What is fuzzed: a parser, true examples of what it reads, and what must hold for all that it accepts."""

import base64
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from crypto.errors import CryptoError

Repair = Callable[[bytes], bytes]
"""Puts the right checksum, signature or length in place of a wrong one; what it cannot repair it returns as it is."""


class Disagreement(Exception):
    """A parser accepted what its own encoder writes otherwise, or what two ways of reading take for two things."""


@dataclass(frozen=True)
class Target:
    """A parser under test.

    parse      takes any bytes, and returns a value or raises one of `refusals`; anything else is a crash
    agrees     whether the value, encoded again, is the bytes it was parsed from; where there is no encoder, whatever
               else must hold for each value
    seeds      true examples, made by our own encoders or published; the same ones in every run
    repair     given where random changes would never get past a checksum or signature: each input is then tried as
               it is, and repaired
    max_bytes  of an input; no seed is longer
    """

    parse: Callable[[bytes], Any]
    agrees: Callable[[Any, bytes], bool]
    seeds: Callable[[], Iterable[bytes]]
    refusals: tuple[type[Exception], ...] = (CryptoError,)
    repair: Repair | None = None
    max_bytes: int = 4096


def text_target(
    parse: Callable[[str], Any],
    encode: Callable[[Any], str],
    seeds: Callable[[], Iterable[str]],
    repair: Callable[[str], str] | None = None,
    max_bytes: int = 4096,
) -> Target:
    """Return the target of a parser of text whose encoder must give the same text back."""
    return Target(
        parse=lambda raw: parse(as_text(raw)),
        agrees=lambda value, raw: encode(value) == as_text(raw),
        seeds=lambda: map(as_bytes, seeds()),
        repair=on_text(repair) if repair else None,
        max_bytes=max_bytes,
    )


def accepts(target: Target, raw: bytes) -> bool:
    """Return whether `raw`, as it is or repaired, is accepted. Whatever is raised here is a crash."""
    repaired = target.repair(raw) if target.repair else raw
    found = _accepts(target, raw)
    return found if repaired == raw else _accepts(target, repaired) or found


def as_text(raw: bytes) -> str:
    """Return `raw` as text, one text for each input: what is not UTF-8 becomes lone surrogates, which JSON may hold."""
    return raw.decode("utf-8", "surrogateescape")


def as_bytes(text: str) -> bytes:
    """Return the input that `as_text` makes `text` of."""
    return text.encode("utf-8", "surrogateescape")


def on_text(repair: Callable[[str], str]) -> Repair:
    """Return the repair of an input that is text."""
    return lambda raw: as_bytes(repair(as_text(raw)))


def _accepts(target: Target, raw: bytes) -> bool:
    try:
        value = target.parse(raw)
    except target.refusals:
        return False
    except Exception as error:
        error.add_note(f"while parsing, in base64: {_shown(raw)}")  # a repaired input is not the one that is reported
        raise
    if not target.agrees(value, raw):
        raise Disagreement(f"accepted, but not the one way to say it, in base64: {_shown(raw)}")
    return True


def _shown(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
