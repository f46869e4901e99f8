"""age's keys as text: Bech32 without the limit of 90 characters. Source: BIP 173 and c2sp.org/age."""

from collections.abc import Iterable
from functools import reduce
from operator import xor

from crypto.errors import Malformed

_SYMBOLS = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_VALUES = {symbol: value for value, symbol in enumerate(_SYMBOLS)}
_GENERATOR = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
# What BIP 173 adds bit by bit for the five bits that fall off, added up beforehand: a hybrid key has 1,950 symbols.
_REMAINDERS = [reduce(xor, (g for i, g in enumerate(_GENERATOR) if top >> i & 1), 0) for top in range(32)]
_CHECKSUM_SYMBOLS = 6


def encode(prefix: str, payload: bytes) -> str:
    """Return `payload` under the human-readable `prefix`, in the prefix's case."""
    lower = prefix.lower()
    values = list(_regroup(payload, 8, 5, pad=True))
    text = lower + "1" + "".join(_SYMBOLS[value] for value in values + _checksum(lower, values))
    return text.upper() if prefix.isupper() else text


def parse(text: str) -> tuple[str, bytes]:
    """Return the prefix (in the case it is written in) and the payload of `text`.

    Raises Malformed for mixed case, a wrong checksum, foreign characters or stray bits.
    """
    if text not in {text.lower(), text.upper()}:
        raise Malformed("key text mixes upper and lower case")
    if not all("!" <= character <= "~" for character in text):
        raise Malformed("key text has a character that no key has")
    prefix, separator, rest = text.rpartition("1")
    if not separator or not prefix or len(rest) < _CHECKSUM_SYMBOLS:
        raise Malformed("key text has no prefix or no checksum")
    if rest != rest.lower() and not prefix.isupper():  # a prefix without letters: it would be encoded in lower case
        raise Malformed("key text mixes upper and lower case")
    values = _values_of(rest.lower())
    if _polymod(_expanded(prefix.lower()) + values) != 1:
        raise Malformed("key text has a wrong checksum")
    return prefix, bytes(_regroup(values[:-_CHECKSUM_SYMBOLS], 5, 8, pad=False))


def _values_of(symbols: str) -> list[int]:
    try:
        return [_VALUES[symbol] for symbol in symbols]
    except KeyError:
        raise Malformed("key text has a character that no key has") from None


def _regroup(values: Iterable[int], from_bits: int, to_bits: int, *, pad: bool) -> Iterable[int]:
    accumulator = bits = 0
    for value in values:
        accumulator = (accumulator << from_bits | value) & 0xFFF
        bits += from_bits
        while bits >= to_bits:
            bits -= to_bits
            yield accumulator >> bits & (1 << to_bits) - 1
    left_over = accumulator & (1 << bits) - 1
    if pad and bits:
        yield left_over << to_bits - bits
    elif not pad and (bits >= from_bits or left_over):
        raise Malformed("key text has stray bits")


def _checksum(prefix: str, values: list[int]) -> list[int]:
    polymod = _polymod(_expanded(prefix) + values + [0] * _CHECKSUM_SYMBOLS) ^ 1
    return [polymod >> 5 * (5 - i) & 31 for i in range(_CHECKSUM_SYMBOLS)]


def _expanded(prefix: str) -> list[int]:
    return [ord(c) >> 5 for c in prefix] + [0] + [ord(c) & 31 for c in prefix]


def _polymod(values: Iterable[int]) -> int:
    checksum = 1
    for value in values:
        checksum = (checksum & 0x1FFFFFF) << 5 ^ value ^ _REMAINDERS[checksum >> 25]
    return checksum
