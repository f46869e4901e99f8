"""A note that was changed on its way between the two steps of `marac agency add`, by who sits on the agency's mail."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from agencies import enrolment
from agencies.agency import DatedKey, DatedRecipient
from agencies.names import draw_officer_id
from crypto import age, note
from crypto.keys import SigningKey, generate_signing_key
from gateway.commands.office import Office
from tests.commands.joining import STARTED, Joining, housing
from tests.commands.running import AREA, Answer, Places, marac

HOUSING = f"{AREA}/agency/housing"


def add(places: Places, *arguments: object) -> Answer:
    return marac("agency", "add", *arguments, "--office", places.office, "--passphrase-file", places.passphrase)


def thiefs(honest: Joining, *keys: SigningKey, signer: SigningKey) -> Path:
    """Return the file with the agency's note, its recipients replaced and further keys listed."""
    made = {use: str(age.generate_identity().recipient()) for use in ("working", "recovery")}
    said = replace(
        honest.said,
        isa=None,
        keys=(*honest.said.keys, *(DatedKey(key.verify_key, STARTED, None) for key in keys)),
        recipients=tuple(DatedRecipient(use, made[use], STARTED, None) for use in made),
    )
    path = honest.folder / "swapped.party"
    path.write_text(note.sign(said.encode(), [signer]))
    return path


def listed(places: Places) -> bool:
    """Whether the register, or one that waits to be published, lists the agency."""
    office = Office(places.office)
    newest = office.verified(office.pending) if office.pending.exists() else office.register()
    return newest.party(HOUSING) is not None


@pytest.fixture
def asked(area: Places, tmp_path: Path) -> Joining:
    """Return an agency whose test messages were made, and answered."""
    joining = housing(tmp_path, area.office)
    answer = add(area, joining.note())
    assert answer.code == 0, answer.err
    assert joining.key.verify_key.keyid in answer.out
    joining.proof(area)
    return joining


def test_an_honest_proof_does_not_let_a_swapped_note_in(area: Places, asked: Joining) -> None:
    """The note is sound, lists the key that was compared, and is signed by another that it lists."""
    second = generate_signing_key(HOUSING)
    swapped, proof = thiefs(asked, second, signer=second), asked.folder / "housing.proof"
    for signer in (second, asked.key):
        path = thiefs(asked, second, signer=signer)
        answer = add(area, path, "--proof", proof)
        assert (answer.code, listed(area)) == (4, False), answer.err
        assert "one signing key" in answer.err
    assert add(area, swapped).code == 4, "nor are test messages made for it"


def test_another_note_by_the_same_key_is_refused_and_the_telephone_named(area: Places, asked: Joining) -> None:
    answer = add(area, thiefs(asked, signer=asked.key), "--proof", asked.folder / "housing.proof")
    assert (answer.code, listed(area)) == (4, False)
    assert "not the note" in answer.err
    assert "without --proof" in answer.err


def test_the_note_that_was_compared_is_taken(area: Places, asked: Joining) -> None:
    """It gets as far as the gateway, which does not run here."""
    answer = add(area, asked.note(), "--proof", asked.folder / "housing.proof")
    assert "did not answer" in answer.err
    assert listed(area)


def test_test_messages_of_an_older_marac_are_made_anew(area: Places, asked: Joining) -> None:
    path = area.office / "challenges" / "agency-housing.json"
    kept = json.loads(path.read_text())
    path.write_text(json.dumps({name: kept[name] for name in ("id", "party", "working", "recovery")}))
    answer = add(area, asked.note(), "--proof", asked.folder / "housing.proof")
    assert (answer.code, listed(area)) == (1, False)
    assert "make the test messages anew" in answer.err
    assert add(area, asked.note()).code == 0
    assert "did not answer" in add(area, asked.note(), "--proof", asked.proof(area)).err


def test_an_officer_is_not_let_in_as_an_agency(area: Places, tmp_path: Path) -> None:
    """Their agency vouches for an officer; a telephone call alone does not."""
    own, agency = generate_signing_key(draw_officer_id(AREA)), housing(tmp_path, area.office)
    said = replace(
        agency.said, id=own.name, kind="officer", isa=None, keys=(DatedKey(own.verify_key, STARTED, None),),
        agency=HOUSING, roles=("reader",),
    )  # fmt: skip
    path = tmp_path / "officer.party"
    path.write_text(enrolment.party_note(said, own))
    answer = add(area, path)
    assert (answer.code, "marac officer add" in answer.err) == (2, True)
