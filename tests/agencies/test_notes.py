"""Each note type against its vector: the same bytes both ways, and every known mistake refused."""

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agencies.names import DeliveryId, MessageId, parse_case_ref
from agencies.notes import (
    delegation,
    isa,
    key_proof,
    manifest,
    pack,
    party,
    recall,
    receipt,
    register,
    revocation,
    submission,
    tombstone,
)
from crypto import note
from crypto.errors import Malformed
from crypto.note import hash_text
from tests.agencies.made_area import AREA, COORDINATOR, HOUSING, ISA, KEYLESS, OFFICER, fixed_key, made_area, said_by

VECTORS = Path(__file__).parent / "vectors"


class Encodes(Protocol):
    def encode(self) -> str: ...


PARSERS: dict[str, tuple[str, Callable[[str], Encodes]]] = {
    "delegation": (delegation.TYPE, delegation.parse_delegation),
    "isa": (isa.TYPE, isa.parse_isa),
    "key-proof": (key_proof.TYPE, key_proof.parse_key_proof),
    "manifest": (manifest.TYPE, manifest.parse_manifest),
    "pack": (pack.TYPE, pack.parse_pack),
    "party": (party.TYPE, party.parse_party),
    "party-officer": (party.TYPE, party.parse_party),
    "recall": (recall.TYPE, recall.parse_recall),
    "receipt": (receipt.TYPE, receipt.parse_receipt),
    "register": (register.TYPE, register.parse_register),
    "revocation": (revocation.TYPE, revocation.parse_revocation),
    "submission": (submission.TYPE, submission.parse_submission),
    "tombstone": (tombstone.TYPE, tombstone.parse_tombstone),
}
SIGNERS = {
    "delegation": [f"{AREA}/root"],
    "isa": [HOUSING],
    "key-proof": [HOUSING],
    "manifest": [f"{AREA}/gateway"],
    "pack": [f"{AREA}/gateway"],
    "party": [HOUSING],
    "party-officer": [OFFICER],
    "recall": [f"{AREA}/gateway"],
    "receipt": [f"{AREA}/agency/idva"],
    "register": [f"{AREA}/registrar"],
    "revocation": [HOUSING],
    "submission": [HOUSING, OFFICER],
    "tombstone": [f"{AREA}/gateway"],
}
REFUSED = json.loads((VECTORS / "refused.json").read_text())

ids = st.uuids(version=4).map(lambda one: f"{str(one)[:14]}7{str(one)[15:]}")
seconds = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)).map(  # noqa: DTZ001
    lambda at: at.replace(microsecond=0, tzinfo=UTC)
)
words = st.from_regex(r"[a-z][a-z0-9]{0,9}(-[a-z]{1,5})?", fullmatch=True)
hashes = st.text().map(lambda content: hash_text(json.dumps(content)))
cases = st.sampled_from([parse_case_ref("CAM-7Q4X9-K2M8T-5")])
optional_ids = st.none() | ids

submissions = st.builds(
    submission.Submission,
    area=st.just(AREA),
    kind=words,
    version=st.sampled_from(["1.0", "2.13"]),
    case=st.none() | cases,
    supersedes=optional_ids,
    from_=st.sampled_from([HOUSING, COORDINATOR]),
    officer=st.none() | st.just(OFFICER),
    purpose=words,
    idempotency=ids,
    at=seconds,
    documents=st.lists(st.tuples(words, hashes), min_size=1, max_size=3, unique_by=lambda one: one[0]).map(tuple),
)
manifests = st.builds(
    manifest.Manifest,
    area=st.just(AREA),
    message=ids,
    case=cases,
    kind=words,
    version=st.just("1.0"),
    document=words,
    from_=st.just(HOUSING),
    submission=hashes,
    payload_hash=hashes,
    payload_length=st.integers(0, 10**12),
    suite=st.sampled_from(manifest.SUITES),
    accepted=seconds,
    supersedes=optional_ids,
)
tombstones = st.builds(
    tombstone.Tombstone,
    area=st.just(AREA),
    case=hashes,
    salt=st.binary(min_size=32, max_size=32),
    rule=st.sampled_from(["R1", "R2.1"]),
    destroyed=seconds,
    counts=st.dictionaries(words, st.integers(0, 99)).map(lambda counts: tuple(sorted(counts.items()))),
    log_origin=st.just(f"{AREA}/log"),
    log_index=st.integers(0, 10**9),
)


@pytest.mark.parametrize("name", PARSERS)
def test_a_vector_encodes_to_the_same_bytes_and_its_signatures_verify(name: str):
    signed = (VECTORS / f"{name}.note").read_text()
    type_, parse = PARSERS[name]
    trusted = [fixed_key(signer).verify_key for signer in SIGNERS[name]]
    verified = note.verify(signed, trusted, type_)
    assert [key.name for key in verified.signers] == SIGNERS[name]
    value = parse(verified.text)
    assert value.encode() == verified.text
    assert parse(value.encode()) == value


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: f"{case['note']}: {case['why']}")
def test_a_vector_with_one_mistake_is_malformed(case: dict[str, str]):
    text = note.text_of((VECTORS / f"{case['note']}.note").read_text())
    assert case["old"] in text
    with pytest.raises(Malformed):
        PARSERS[case["note"]][1](text.replace(case["old"], case["new"], 1))


@pytest.mark.parametrize("name", PARSERS)
def test_a_line_less_more_or_twice_is_malformed(name: str):
    text = note.text_of((VECTORS / f"{name}.note").read_text())
    lines = text.splitlines(keepends=True)
    for place in range(len(lines)):
        line = lines[place]
        if line.split(" ")[0] not in {"entry", "document", "item", "key", "recipient"}:
            with pytest.raises(Malformed):
                PARSERS[name][1]("".join(lines[:place] + lines[place + 1 :]))
        with pytest.raises(Malformed):
            PARSERS[name][1]("".join([*lines[:place], line, *lines[place:]]))
    with pytest.raises(Malformed):
        PARSERS[name][1](text + "more 1\n")


@pytest.mark.parametrize("name", PARSERS)
@given(data=st.data())
def test_a_note_with_one_changed_character_is_malformed_or_re_encodes_to_itself(name: str, data: st.DataObject):
    text = note.text_of((VECTORS / f"{name}.note").read_text())
    place = data.draw(st.integers(0, min(len(text), 600) - 1))
    changed = text[:place] + data.draw(st.characters()) + text[place + 1 :]
    with suppress(Malformed):
        assert PARSERS[name][1](changed).encode() == changed


@given(st.sampled_from(sorted(PARSERS)), st.text())
def test_random_text_is_malformed(name: str, text: str):
    type_, parse = PARSERS[name]
    for candidate in (text, f"{type_}\n{text}", f"{type_}\narea {text}\n", f"{type_}\narea {AREA}\n{text}\n"):
        with pytest.raises(Malformed):
            parse(candidate)


@given(submissions)
def test_a_submission_comes_back_as_it_was(one: submission.Submission):
    assert submission.parse_submission(one.encode()) == one


@given(manifests)
def test_a_manifest_comes_back_as_it_was(one: manifest.Manifest):
    assert manifest.parse_manifest(one.encode()) == one


@given(tombstones)
def test_a_tombstone_comes_back_as_it_was(one: tombstone.Tombstone):
    assert tombstone.parse_tombstone(one.encode()) == one


packs = st.builds(
    pack.PackIndex,
    area=st.just(AREA),
    case=cases,
    for_=st.sampled_from([HOUSING, COORDINATOR]),
    officer=st.just(OFFICER),
    at=seconds,
    items=st.lists(
        st.builds(pack.PackItem, message=ids, file=hashes, manifest=hashes),
        min_size=1,
        max_size=4,
        unique_by=lambda item: item.message,
    ).map(tuple),
)


@given(packs)
def test_a_pack_s_index_comes_back_as_it_was(one: pack.PackIndex):
    assert pack.parse_pack(one.encode()) == one


def test_a_pack_without_an_item_or_with_one_twice_is_malformed():
    held = pack.parse_pack(note.text_of((VECTORS / "pack.note").read_text()))
    for items in ((), held.items[:1] * 2):
        with pytest.raises(Malformed):
            pack.parse_pack(replace(held, items=items).encode())


@given(st.sampled_from(receipt.STATES), st.none() | st.just(OFFICER), st.booleans(), seconds, ids)
def test_a_receipt_comes_back_as_it_was(state: str, officer: str | None, proved: bool, at: datetime, id_: str):
    one = receipt.Receipt(
        AREA,
        DeliveryId(id_),
        MessageId(id_),
        hash_text("m"),
        state,
        officer,
        proved and officer is not None,
        at,
    )
    assert receipt.parse_receipt(one.encode()) == one


def test_the_tombstone_shows_its_case_to_who_knows_the_reference_and_to_nobody_else():
    case = parse_case_ref("CAM-7Q4X9-K2M8T-5")
    stone = tombstone.parse_tombstone(note.text_of((VECTORS / "tombstone.note").read_text()))
    assert tombstone.case_commitment(stone.salt, case) == stone.case
    assert case not in stone.encode()


def test_an_office_is_of_no_other_kind_than_its_name_says():
    for id_, kind in ((COORDINATOR, "police"), (COORDINATOR, "chair"), (HOUSING, "coordinator"), (HOUSING, "officer")):
        with pytest.raises(Malformed):
            party.parse_party(replace(said_by(id_), kind=kind).encode())


def test_a_party_cannot_list_the_key_of_another_or_one_twice():
    said = said_by(HOUSING)
    foreign = replace(said.keys[0], verify_key=fixed_key(COORDINATOR).verify_key)
    for keys in ((foreign,), said.keys * 2):
        with pytest.raises(Malformed):
            party.parse_party(replace(said, keys=keys).encode())


def test_an_officer_may_have_no_key_and_no_role():
    said = replace(said_by(KEYLESS), roles=())
    assert party.parse_party(said.encode()) == said


def test_a_delegated_key_has_the_name_of_its_role():
    one = made_area().area.latest
    swapped = replace(one, gateway=one.log, log=one.gateway)
    with pytest.raises(Malformed):
        delegation.parse_delegation(swapped.encode())


def test_an_agreement_that_ends_before_it_begins_is_malformed():
    with pytest.raises(Malformed):
        isa.parse_isa(isa.IsaNote(AREA, replace(ISA, until=ISA.in_force)).encode())


def test_what_a_note_encloses_is_not_in_its_repr():
    signed = said_by(HOUSING)
    assert signed.isa
    assert signed.isa not in repr(signed)
    assert "hidden" not in repr(register.Entry(HOUSING, "active", datetime.now(UTC) - timedelta(1), None, "hidden"))
