"""Randomness: shapes, and that it is not the same twice. RFC 9562 for UUIDv7."""

import re
import uuid
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from crypto import draw

NOW = datetime(2026, 11, 22, 9, 30, 0, 123_456, tzinfo=UTC)


@given(st.datetimes(datetime(1970, 1, 1), datetime(9999, 12, 30), timezones=st.just(UTC)))  # noqa: DTZ001
def test_a_uuid7_carries_its_milliseconds_and_is_version_seven(at: datetime) -> None:
    drawn = uuid.UUID(draw.draw_uuid7(at))
    assert (drawn.version, drawn.variant) == (7, uuid.RFC_4122)
    assert drawn.int >> 80 == (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


def test_uuid7s_of_later_milliseconds_sort_later_and_are_lower_case() -> None:
    drawn = [draw.draw_uuid7(NOW + timedelta(milliseconds=i)) for i in range(50)]
    assert drawn == sorted(drawn)
    assert all(text == text.lower() for text in drawn)


def test_the_time_zone_of_the_instant_does_not_matter() -> None:
    elsewhere = NOW.astimezone(tz=None)
    assert draw.draw_uuid7(NOW)[:13] == draw.draw_uuid7(elsewhere)[:13]


def test_nonces_salts_and_bytes_have_their_sizes_and_do_not_repeat() -> None:
    assert re.fullmatch(r"[A-Za-z0-9_-]{22}", draw.draw_nonce())
    assert len(draw.draw_salt()) == 32
    assert len(draw.draw_bytes(7)) == 7
    assert len({draw.draw_nonce() for _ in range(1000)}) == 1000


def test_symbols_come_from_the_alphabet_and_all_of_them_come() -> None:
    drawn = draw.draw_symbols("abc", 1000)
    assert len(drawn) == 1000
    assert set(drawn) == set("abc")


def test_a_generated_passphrase_carries_at_least_128_bits() -> None:
    drawn = draw.draw_passphrase()
    symbols = drawn.replace("-", "")
    assert re.fullmatch(r"[0-9a-hjkmnp-tv-z]{28}", symbols)  # 28 symbols of 32: 140 bits
    assert drawn != draw.draw_passphrase()
