"""The registrar's commands against a gateway that runs: letting in, renewing, suspending, removing."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from agencies import enrolment
from agencies.kit import keyfile
from agencies.kit.client import Kit
from agencies.kit.home import Home
from agencies.kit.keyring import load_keyring
from agencies.names import draw_officer_id
from agencies.notes.isa import parse_isa
from agencies.notes.revocation import Revocation
from crypto import note
from crypto.keys import SigningKey, generate_signing_key
from gateway.commands.office import Office
from tests.commands.joining import Joining, housing, keyed_officer_note, officer_note, with_new_working_key
from tests.commands.running import AREA, PASSPHRASE, Answer, Places, marac, serving, write_secret

HOUSING = f"{AREA}/agency/housing"


@pytest.fixture(scope="module")
def served(founded: Places, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Places]:
    """Return an area whose gateway runs, with the office's kit pointed at it; the tests here share it."""
    places = Places(tmp_path_factory.mktemp("served") / "places")
    shutil.copytree(founded.folder, places.folder)
    with serving(places) as url:
        settings = places.office / "kit" / "kit.json"
        stated = json.loads(settings.read_text())
        settings.write_text(json.dumps({**stated, "url": url}))
        yield places


@pytest.fixture(scope="module")
def agency(served: Places) -> Joining:
    """Return an agency that was let in by the real commands."""
    joining = housing(served.folder, served.office)
    first = registrar(served, "agency", "add", joining.note())
    assert first.code == 0, first.err
    then = registrar(served, "agency", "add", joining.note(), "--proof", joining.proof(served))
    assert then.code == 0, then.err
    return joining


def registrar(places: Places, *arguments: object) -> Answer:
    return marac(*arguments, "--office", places.office, "--passphrase-file", places.passphrase)


def numbers(places: Places) -> int:
    return Office(places.office).register().number


def status_of(places: Places, id_: str) -> str:
    listed = json.loads(marac("register", "show", "--office", places.office, "--json").out)["entries"]
    return next(str(entry["status"]) for entry in listed if entry["id"] == id_)


def open_faster(keys: Path, words: str) -> None:
    """Encrypt the kit's keys anew at a low cost: what is tested here is not how long scrypt takes."""
    for path in list(keys.glob("*.signkey")):
        key = keyfile.load_signing_key(path, words)
        path.unlink()
        keyfile.save_signing_key(path, key, words, work_factor=4)
    for path in list(keys.glob("*.agekey")):
        (identity,) = keyfile.load_identities(path, words)
        path.unlink()
        keyfile.save_identity(path, identity, words, work_factor=4)


def test_an_agency_is_let_in_once_it_opened_both_test_messages(served: Places, agency: Joining) -> None:
    assert status_of(served, HOUSING) == "active"
    held = Home.load(served.office / "kit").trust()
    assert held is not None
    assert held.verified().register.party(HOUSING) is not None


def test_what_was_asked_is_gone_once_it_was_answered(served: Places, agency: Joining) -> None:
    assert not (served.office / "challenges" / "agency-housing.json").exists()


def test_an_agency_that_is_there_is_not_added_again(served: Places, agency: Joining) -> None:
    answer = registrar(served, "agency", "add", agency.note())
    assert answer.code == 3
    assert "marac agency renew" in answer.err


def test_the_same_note_again_is_a_renewal_without_a_proof(served: Places, agency: Joining) -> None:
    before = numbers(served)
    assert registrar(served, "agency", "renew", agency.note()).code == 0
    assert numbers(served) == before + 1


def test_what_a_note_changes_is_shown_and_entered_only_when_somebody_says_so(served: Places, agency: Joining) -> None:
    before, renamed = numbers(served), replace(agency, said=replace(agency.said, name="Exampleton Homes (made up)"))
    asked = registrar(served, "agency", "renew", renamed.note())
    assert (asked.code, "give --yes" in asked.err, numbers(served)) == (2, True, before)
    assert "its name is Exampleton Homes (made up), not Exampleton Housing (made up)" in asked.out


def test_a_new_recipient_is_proved_before_anything_is_sealed_to_it(served: Places, agency: Joining) -> None:
    rotated, before = with_new_working_key(agency, datetime.now(UTC).replace(microsecond=0)), numbers(served)
    assert registrar(served, "agency", "renew", rotated.note()).code == 0
    assert numbers(served) == before
    answer = registrar(served, "agency", "renew", rotated.note(), "--proof", rotated.proof(served), "--yes")
    assert answer.code == 0, answer.err
    assert numbers(served) == before + 1
    # and back, for the other tests: an older recipient is listed still
    party = Office(served.office).register().party(HOUSING)
    assert party is not None
    assert len(party.recipients) == 3
    # the note of before opens the ended one again, and needs an answer like a new one
    assert registrar(served, "agency", "renew", agency.note(), "--yes").code == 0
    assert numbers(served) == before + 1


def test_a_proof_for_new_recipients_lets_no_other_new_recipients_in(served: Places, agency: Joining) -> None:
    """Both notes are signed by the agency's key: one of the two by a thief of it, who has the agency's mail as well."""
    now, before = datetime.now(UTC).replace(microsecond=0), numbers(served)
    honest, thiefs = with_new_working_key(agency, now), with_new_working_key(agency, now)
    assert registrar(served, "agency", "renew", honest.note()).code == 0
    proof = honest.proof(served)
    answer = registrar(served, "agency", "renew", thiefs.note(), "--proof", proof)
    assert (answer.code, "not the note" in answer.err) == (4, True)
    by_nobody = honest.proof(served, signer=generate_signing_key(HOUSING))
    assert registrar(served, "agency", "renew", honest.note(), "--proof", by_nobody).code == 4
    assert numbers(served) == before


@pytest.mark.parametrize("what", ["kind", "agreement"])
def test_an_agency_changes_neither_its_kind_nor_the_agreement_by_a_note_of_its_own(
    served: Places, agency: Joining, what: str
) -> None:
    before, isa = numbers(served), parse_isa(note.text_of(agency.said.isa or "")).isa
    longer = enrolment.sign_isa(replace(isa, purposes=(*isa.purposes, "research")), agency.key)
    forged, refusal = {
        "kind": (replace(agency.said, kind="idva-service"), "is listed as housing"),
        "agreement": (replace(agency.said, isa=longer), "is not the area's"),
    }[what]
    answer = registrar(served, "agency", "renew", replace(agency, said=forged).note(), "--yes")
    assert (answer.code, refusal in answer.err, numbers(served)) == (3, True, before), answer.err


def test_a_newcomer_comes_under_the_area_s_agreement_alone(served: Places, tmp_path: Path) -> None:
    stranger = housing(tmp_path, served.office, "lettings")
    isa = parse_isa(note.text_of(stranger.said.isa or "")).isa
    own = replace(stranger.said, isa=enrolment.sign_isa(replace(isa, version="9.9"), stranger.key))
    answer = registrar(served, "agency", "add", replace(stranger, said=own).note())
    assert (answer.code, "version 9.9" in answer.err) == (3, True), answer.err


def test_a_note_that_only_an_unknown_key_signed_renews_nothing(served: Places, agency: Joining) -> None:
    answer = registrar(served, "agency", "renew", housing(served.folder, served.office).note())
    assert answer.code == 4
    assert "check failed" in answer.err


def test_a_suspended_agency_can_be_resumed(served: Places, agency: Joining) -> None:
    assert registrar(served, "agency", "suspend", HOUSING).code == 0
    assert status_of(served, HOUSING) == "suspended"
    again = registrar(served, "agency", "suspend", HOUSING)
    assert again.code == 3
    assert registrar(served, "agency", "resume", HOUSING).code == 0
    assert status_of(served, HOUSING) == "active"


def test_who_is_not_in_the_register_cannot_be_removed(served: Places) -> None:
    answer = registrar(served, "agency", "remove", f"{AREA}/agency/nobody")
    assert answer.code == 2
    assert "marac register show" in answer.err


def test_an_officer_is_entered_on_the_agencys_word_and_removed(served: Places, agency: Joining) -> None:
    id_, path = officer_note(agency, [agency.key])
    answer = registrar(served, "officer", "add", path)
    assert answer.code == 0, answer.err
    assert status_of(served, id_) == "active"
    assert registrar(served, "officer", "remove", id_).code == 0
    assert status_of(served, id_) == "removed"


def test_an_officer_that_the_agency_did_not_vouch_for_is_refused(served: Places, agency: Joining) -> None:
    _, path = officer_note(agency, [generate_signing_key(HOUSING)])
    assert registrar(served, "officer", "add", path).code == 4


def test_an_officer_who_was_removed_is_not_restored_by_a_note_of_before(served: Places, agency: Joining) -> None:
    id_, path = officer_note(agency, [agency.key])
    for command, what in (("add", path), ("remove", id_)):
        assert registrar(served, "officer", command, what).code == 0
    before = numbers(served)
    answer = registrar(served, "officer", "add", path)
    assert (answer.code, "new officer id" in answer.err) == (3, True)
    assert (status_of(served, id_), numbers(served)) == ("removed", before)


def test_a_suspended_officer_stays_so_with_a_new_note(served: Places, agency: Joining) -> None:
    id_, path = officer_note(agency, [agency.key])
    assert registrar(served, "officer", "add", path).code == 0
    assert registrar(served, "agency", "suspend", id_).code == 0
    assert registrar(served, "officer", "add", path).code == 0
    assert status_of(served, id_) == "suspended"


def test_an_officer_cannot_go_to_another_agency_by_their_own_key(served: Places, agency: Joining) -> None:
    own, other = generate_signing_key(draw_officer_id(AREA)), f"{AREA}/office/coordinator"
    first = keyed_officer_note(served.folder, own, HOUSING, [own, agency.key])
    assert registrar(served, "officer", "add", first).code == 0
    before, moved = numbers(served), keyed_officer_note(served.folder, own, other, [own])
    for command in ("officer", "add"), ("agency", "renew"):
        answer = registrar(served, *command, moved)
        assert (answer.code, f"listed as an officer of {HOUSING}" in answer.err) == (3, True), answer.err
        assert "marac officer remove" in answer.err
    assert numbers(served) == before


def test_the_yearly_delegation_is_renewed_with_the_root_key(served: Places, agency: Joining) -> None:
    passphrase = served.passphrase
    answer = registrar(served, "area", "renew", "--offline", served.offline, "--offline-passphrase-file", passphrase)
    assert answer.code == 0, answer.err
    assert Office(served.office).area().latest.number == 2
    assert registrar(served, "agency", "renew", agency.note()).code in {0, 4}


def test_a_wrong_passphrase_changes_nothing_and_says_so(served: Places, agency: Joining) -> None:
    before = numbers(served)
    wrong = write_secret(served.folder / "wrong", "not the passphrase")
    answer = marac("agency", "suspend", HOUSING, "--office", served.office, "--passphrase-file", wrong)
    assert answer.code == 1
    assert "passphrase does not open" in answer.err
    assert numbers(served) == before


def test_a_register_that_did_not_reach_the_gateway_is_published_later(area: Places, tmp_path: Path) -> None:
    answer = registrar(area, "agency", "suspend", f"{AREA}/office/coordinator")
    assert answer.code == 1
    assert "did not answer" in answer.err
    blocked = registrar(area, "agency", "suspend", f"{AREA}/office/coordinator")
    assert "marac register publish" in blocked.err
    assert numbers(area) == 1
    assert (area.office / "register.pending").exists()


def test_there_is_nothing_to_publish_when_nothing_is_pending(served: Places) -> None:
    assert registrar(served, "register", "publish").code == 2


def test_a_folder_that_is_no_office_is_named(tmp_path: Path) -> None:
    answer = marac("register", "show", "--office", tmp_path)
    assert answer.code == 2
    assert "not an office's folder" in answer.err


def test_an_agency_joins_by_the_commands_alone(served: Places, tmp_path: Path) -> None:
    kit, stick, url = (
        tmp_path / "kit",
        tmp_path / "idva-recovery.agekey",
        json.loads((served.office / "kit" / "kit.json").read_text())["url"],
    )
    own = ("--kit", kit, "--passphrase-file", write_secret(tmp_path / "own", "the agency's own words"))
    root, challenges = served.office / "root.vkey", served.office / "challenges"

    joined = marac("join", url, f"{AREA}/agency/idva", "--root", root, "--kit", kit)
    assert joined.code == 0, joined.err
    made = marac(
        "keys", "generate", "--kind", "idva-service", "--name", "Exampleton IDVA (made up)",
        "--agreement", served.office / "area.agreement", "--recovery", stick, *own,
    )  # fmt: skip
    assert made.code == 0, made.err
    open_faster(kit / "keys", "the agency's own words")
    note = kit / "idva.party"
    asked = registrar(served, "agency", "add", note)
    assert asked.code == 0, asked.err
    proof = tmp_path / "idva.proof"
    proved = marac(
        "keys", "prove", challenges / "agency-idva-working.age", challenges / "agency-idva-recovery.age",
        "--recovery-key", stick, "--out", proof, *own,
    )  # fmt: skip
    assert proved.code == 0, proved.err
    added = registrar(served, "agency", "add", note, "--proof", proof)
    assert added.code == 0, added.err

    officer = tmp_path / "officer.party"
    assert marac("keys", "officer", "--with-key", "--out", officer, "--work-factor", "4", *own).code == 0
    waits = registrar(served, "officer", "add", officer)
    assert waits.code == 0, waits.err
    (test_message,) = challenges.glob("officer-*.age")
    assert [
        one for one in Office(served.office).register().participants() if one.recipients and one.kind == "officer"
    ] == []
    answered = tmp_path / "officer.proof"
    proved = marac("keys", "prove", test_message, "--out", answered, *own)
    assert proved.code == 0, proved.err
    entered = registrar(served, "officer", "add", officer, "--proof", answered)
    assert entered.code == 0, entered.err
    assert list(challenges.glob("officer-*.json")) == []
    rotated = tmp_path / "rotated.party"
    turned = marac("keys", "rotate", "signing", "--out", rotated, "--work-factor", "4", *own)
    assert turned.code == 0, turned.err
    keyid = next(word.rstrip(":") for word in turned.out.split() if "+" in word)
    renewed = registrar(served, "agency", "renew", rotated, "--key", keyid, "--yes")
    assert renewed.code == 0, renewed.err
    pulled = marac("pull", *own)
    assert pulled.code == 0, pulled.err


def test_a_proof_for_another_agency_lets_nobody_in(served: Places, agency: Joining) -> None:
    stranger = housing(served.folder, served.office, "leisure")
    assert registrar(served, "agency", "add", stranger.note()).code == 0
    (served.folder / "housing.proof").write_text("not a proof")
    answer = registrar(served, "agency", "add", stranger.note(), "--proof", served.folder / "housing.proof")
    assert answer.code == 4
    answer = registrar(served, "agency", "add", stranger.note(), "--proof", stranger.proof(served, signer=agency.key))
    assert answer.code == 4
    assert Office(served.office).register().party(stranger.key.name) is None


def revoke(places: Places, key: SigningKey) -> None:
    """The registrar takes a key out of use, and the coordinator's kit brings it to the gateway."""
    home, now = Home.load(places.office / "kit"), datetime.now(UTC)
    text = Revocation(home.settings.area, key.verify_key.keyid, now.replace(microsecond=0), "stolen").encode()
    own = keyfile.load_signing_key(places.office / "registrar.signkey", PASSPHRASE)
    with Kit(home, load_keyring(home, PASSPHRASE, now), lambda: datetime.now(UTC)) as kit:
        kit.post("/v1/revocations", {"note": note.sign(text, [own])})


@pytest.fixture(scope="module")
def robbed(served: Places) -> Joining:
    """Return an agency whose signing key was stolen, and revoked."""
    joining = housing(served.folder, served.office, "shelter")
    assert registrar(served, "agency", "add", joining.note()).code == 0
    assert registrar(served, "agency", "add", joining.note(), "--proof", joining.proof(served)).code == 0
    revoke(served, joining.key)
    return joining


def rotated(agency: Joining, new: SigningKey) -> Joining:
    said = enrolment.rotate_key(agency.said, new, datetime.now(UTC).replace(microsecond=0))
    return replace(agency, said=said)


def test_a_revoked_key_vouches_for_no_key_and_for_no_officer(served: Places, robbed: Joining) -> None:
    before, mine = numbers(served), generate_signing_key(robbed.key.name)
    forged = rotated(robbed, mine).note()
    answer = registrar(served, "agency", "renew", forged, "--key", mine.verify_key.keyid)
    assert (answer.code, numbers(served)) == (4, before)
    _, path = officer_note(robbed, [robbed.key])
    assert registrar(served, "officer", "add", path).code == 4
    assert numbers(served) == before


def test_an_agency_without_a_valid_key_needs_the_call_and_a_proof_by_its_new_key(
    served: Places, robbed: Joining
) -> None:
    before, new = numbers(served), generate_signing_key(robbed.key.name)
    back = replace(rotated(robbed, new), key=new)
    keyid = new.verify_key.keyid
    unheard = registrar(served, "agency", "renew", back.note())
    assert (unheard.code, keyid in unheard.err) == (3, True)
    assert registrar(served, "agency", "renew", back.note(), "--key", keyid).code == 0
    assert numbers(served) == before, "it has proved nothing yet"
    by_the_thief = ("--proof", back.proof(served, signer=robbed.key), "--key", keyid)
    assert registrar(served, "agency", "renew", back.note(), *by_the_thief).code == 4
    proved = ("--proof", back.proof(served), "--key", keyid, "--yes")
    answer = registrar(served, "agency", "renew", back.note(), *proved)
    assert answer.code == 0, answer.err
    assert numbers(served) == before + 1


def test_a_new_signing_key_is_heard_on_the_telephone_before_it_is_listed(served: Places, agency: Joining) -> None:
    before, new = numbers(served), generate_signing_key(agency.key.name)
    path = rotated(agency, new).note()
    for keys in ((), ("--key", f"{HOUSING}+00000000")):
        answer = registrar(served, "agency", "renew", path, *keys)
        assert (answer.code, new.verify_key.keyid in answer.err) == (3, True)
    assert numbers(served) == before


def test_nothing_is_renewed_while_it_is_not_known_which_keys_were_revoked(area: Places, tmp_path: Path) -> None:
    stranger = housing(tmp_path, area.office)
    answer = registrar(area, "agency", "renew", stranger.note())
    assert answer.code == 1
    assert "revoked" in answer.err
    assert "kit.json" in answer.err
    assert not (area.office / "register.pending").exists()
