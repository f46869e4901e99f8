"""The bytes of an entry and of its leaf, by vectors that were also computed without this code."""

import base64
import hashlib
import json
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
import rfc8785

from agencies.names import EntryId, MessageId
from agencies.notes.leaf import leaf
from broker.audit import Entry
from crypto.errors import BadProof
from tests.rules.cases import AREA, HOUSING, NOW, OFFICER, REF

SALT = bytes(range(32))
ENTRY = Entry(
    id=EntryId("0199f2b1-7a3e-7c52-9d52-0a6f3b1f6a11"),
    at=NOW,
    area=AREA,
    event="submit",
    outcome="permit",
    rule="asked/uk_gdpr:6(1)(e),9(2)(g),sch1.18",
    agency=HOUSING.id,
    officer=OFFICER,
    proved=False,
    case=REF,
    message=MessageId("0199f2b1-6a0b-7d0e-8a3c-5f0f4c1f2b7e"),
    purpose="referral",
    isa="2026.1",
    register=4,
)
ENCODED = (
    b'{"agency":"marac.area.example/agency/housing","area":"marac.area.example","at":"2026-11-22T09:30:00Z",'
    b'"case":"CAM-7Q4X9-K2M8T-5","event":"submit","id":"0199f2b1-7a3e-7c52-9d52-0a6f3b1f6a11","isa":"2026.1",'
    b'"message":"0199f2b1-6a0b-7d0e-8a3c-5f0f4c1f2b7e","officer":"marac.area.example/officer/7f3k2m9q",'
    b'"outcome":"permit","proved":false,"purpose":"referral","register":4,'
    b'"rule":"asked/uk_gdpr:6(1)(e),9(2)(g),sch1.18","v":1}'
)
BARE = (
    b'{"agency":null,"area":"marac.area.example","at":"2026-11-22T09:30:00Z","case":null,"event":"purge",'
    b'"id":"0199f2b1-7a3e-7c52-9d52-0a6f3b1f6a11","isa":null,"message":null,"officer":null,"outcome":"permit",'
    b'"proved":null,"purpose":null,"register":null,"rule":null,"v":1}'
)
# (printf salt; printf entry) | openssl dgst -sha256 -binary | base64
LEAF = b"marac/leaf/v1\n48XIpH5CQgX1IqUKYgMObZvx6G4ziMBzaYnjJx/E9qg=\n"


def test_an_entry_is_encoded_as_the_vector_says() -> None:
    assert ENTRY.encode() == ENCODED


def test_what_is_not_known_of_an_entry_is_null_and_never_left_out() -> None:
    assert Entry(ENTRY.id, NOW, AREA, "purge", "permit").encode() == BARE


def test_an_entry_has_the_members_of_the_format_and_no_others() -> None:
    members = "v id at area event outcome rule agency officer proved case message purpose isa register".split()  # noqa: SIM905  as the format lists them
    assert set(json.loads(ENTRY.encode())) == set(members)
    assert [field.name for field in fields(Entry)] == members[1:]


def test_an_encoded_entry_is_canonical() -> None:
    assert rfc8785.dumps(json.loads(ENCODED)) == ENCODED


@pytest.mark.parametrize(
    "at",
    [
        NOW.astimezone(timezone(timedelta(hours=1))),
        NOW.astimezone(timezone(timedelta(hours=-5))),
        NOW + timedelta(microseconds=999_999),
    ],
)
def test_the_time_is_stated_in_utc_to_the_second(at: datetime) -> None:
    assert replace(ENTRY, at=at).encode() == ENCODED


def test_a_leaf_is_the_commitment_of_the_vector_and_nothing_else() -> None:
    assert leaf(ENCODED, SALT) == LEAF
    assert base64.b64decode(LEAF.split()[1]) == hashlib.sha256(SALT + ENCODED).digest()


def test_another_salt_or_another_entry_is_another_leaf() -> None:
    assert len({leaf(ENCODED, SALT), leaf(ENCODED, bytes(32)), leaf(BARE, SALT)}) == 3


@pytest.mark.parametrize("length", [0, 31, 33])
def test_a_salt_of_another_length_is_refused(length: int) -> None:
    with pytest.raises(BadProof):
        leaf(ENCODED, bytes(length))


def test_an_entry_of_the_far_past_keeps_four_digits_of_its_year() -> None:
    early = replace(ENTRY, at=datetime(999, 1, 1, tzinfo=UTC))
    assert json.loads(early.encode())["at"] == "0999-01-01T00:00:00Z"
