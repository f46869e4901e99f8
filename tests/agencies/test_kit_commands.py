"""The kit's commands as people run them, against an area made by `marac init` and served by `marac serve`."""

import json
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from agencies.kit.home import Home
from agencies.notes.party import parse_party
from crypto import age
from crypto import note as signed_note
from tests.agencies.kit_world.joined import (
    HOUSING,
    IDVA,
    Joined,
    enter_officer,
    joined_area,
    new_key,
    ok,
    point_at,
    pulled,
    referred,
)
from tests.commands.running import QUICK, marac
from tests.servers.child import free_port

NO_SUCH = "0199f2b1-6a0b-7d0e-8a3c-5f0f4c1f2b7e"


@pytest.fixture(scope="module")
def area(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Joined]:
    with joined_area(tmp_path_factory.mktemp("joined")) as joined:
        yield joined


def test_a_referral_is_sent_pulled_opened_recalled_and_destroyed(area: Joined) -> None:
    messages = referred(area)
    message = messages["safe-contact"]
    delivery = pulled(area, message)
    other = area.run(IDVA, "open", delivery, "--purpose", "curiosity")
    assert (other.code, "--purpose: " in other.err) == (2, True)
    assert "give one of: referral, safeguarding" in other.err
    page = ok(area.run(IDVA, "open", delivery))
    assert "SAFE CONTACT" in page
    assert "proved" in page
    assert "all nine passed" in page
    again = area.run(IDVA, "open", delivery)
    assert (again.code, "shown before" in again.err, "SAFE CONTACT" in again.out) == (1, True, False)
    assert f"marac open {delivery} --again" in again.err
    assert ok(area.run(IDVA, "open", delivery, "--again")) == page
    assert json.loads(ok(area.run(HOUSING, "status", message, "--json")))["state"] in {"waiting", "collected"}
    assert ok(area.run(HOUSING, "recall", message, "--reason", "safety")).count("recalled") == len(messages)
    ok(area.run(IDVA, "pull", "--wait", "5"))
    assert "TAKEN BACK (safety)" in ok(marac("inbox", "--kit", area.kit(IDVA)))
    assert area.run(IDVA, "open", delivery).code == 3
    assert "destroyed" in ok(area.run(IDVA, "destroy", delivery, "--yes"))
    assert not list(area.kit(IDVA).rglob(f"{message}*"))


def test_the_log_is_exported_verified_offline_and_one_changed_byte_names_the_entry(area: Joined) -> None:
    referred(area)
    path = area.places.folder / "log.jsonl"
    ok(area.office("audit", "export", path))
    assert "Verified: all" in ok(marac("audit", "verify", path, "--kit", area.kit(HOUSING)))
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join([lines[0], lines[1].replace("2026", "2025").replace("v\\", "w\\"), *lines[2:]]))
    answer = marac("audit", "verify", path, "--kit", area.kit(HOUSING), "--json")
    assert answer.code == 4
    assert json.loads(answer.out)["index"] == 0


def test_an_agency_that_revoked_its_only_key_comes_back_with_a_call_and_a_proof(area: Joined) -> None:
    folder, short = area.places.folder, "housing"
    office = ("--office", area.places.office, "--passphrase-file", area.places.passphrase)
    listed = json.loads(ok(marac("register", "show", "--json", "--office", area.places.office)))["entries"]
    keys = next(one["keys"] for one in listed if one["id"] == HOUSING)
    for key in keys[::-1]:
        assert area.run(HOUSING, "keys", "revoke", key, "--reason", "lost", "--yes").code in {0, 3}
    assert area.run(HOUSING, "pull").code == 3
    note = folder / "returning.party"
    told = new_key(ok(area.run(HOUSING, "keys", "rotate", "signing", "--out", note, QUICK)))
    assert list((area.kit(HOUSING) / "keys").glob("*.revoked"))
    assert marac("agency", "renew", note, *office).code == 3
    ok(marac("agency", "renew", note, "--key", told, *office))
    assert area.run(HOUSING, "pull").code != 0, "not before it opened the test messages"
    tests = [area.places.office / "challenges" / f"agency-{short}-{use}.age" for use in ("working", "recovery")]
    proof = folder / "returning.proof"
    recovery = folder / f"{short}-recovery.agekey"
    ok(area.run(HOUSING, "keys", "prove", *tests, "--recovery-key", recovery, "--out", proof))
    ok(marac("agency", "renew", note, "--key", told, "--proof", proof, "--yes", *office))
    ok(area.run(HOUSING, "pull"))
    referred(area)


def test_a_rotated_key_takes_over_once_the_register_lists_it(area: Joined) -> None:
    note, office = area.places.folder / "rotated.party", ("--office", area.places.office)
    told = ok(area.run(HOUSING, "keys", "rotate", "signing", "--out", note, QUICK))
    referred(area)
    renew = ("agency", "renew", note, *office, "--passphrase-file", area.places.passphrase)
    unheard = marac(*renew)
    assert (unheard.code, new_key(told) in unheard.err) == (3, True)
    ok(marac(*renew, "--key", new_key(told), "--yes"))
    old = json.loads((area.kit(HOUSING) / "kit.json").read_text())["party"]
    assert old == HOUSING
    referred(area)


def test_a_next_key_is_sealed_to_once_entered_and_is_the_working_one_after_it_is_rotated(area: Joined) -> None:
    folder, office = area.places.folder, ("--office", area.places.office, "--passphrase-file", area.places.passphrase)
    announced, promoted, proof = folder / "next.party", folder / "promoted.party", folder / "next.proof"
    ok(area.run(IDVA, "keys", "next", "--out", announced, QUICK))
    assert marac("agency", "renew", announced, *office).code == 0
    short = IDVA.rpartition("/")[2]
    tests = [area.places.office / "challenges" / f"agency-{short}-{use}.age" for use in ("working", "recovery")]
    recovery = folder / f"{short}-recovery.agekey"
    ok(area.run(IDVA, "keys", "prove", *tests, "--recovery-key", recovery, "--out", proof))
    ok(marac("agency", "renew", announced, "--proof", proof, "--yes", *office))
    assert uses_of(area, IDVA) == ["working", "recovery", "next"]
    assert stanzas_of_a_message(area) == 3
    again = area.run(IDVA, "keys", "next", "--out", folder / "again.party", QUICK)
    assert (again.code, "already" in again.err) == (1, True)
    ok(area.run(IDVA, "keys", "rotate", "working", "--out", promoted, QUICK))
    assert "is renewed" in ok(marac("agency", "renew", promoted, "--yes", *office)), "it has proved itself before"
    assert uses_of(area, IDVA) == ["working", "recovery", "working"]
    former = area.kit(IDVA) / "keys" / f"{short}.agekey"
    former.rename(former.with_suffix(".away"))
    assert stanzas_of_a_message(area) == 2, "sealed to the next key and the recovery key, and opened without the former"
    former.with_suffix(".away").rename(former)


def stanzas_of_a_message(area: Joined) -> int:
    """Return to how many keys of the IDVA service a message was sealed that it opened."""
    message = referred(area)["safe-contact"]
    assert "SAFE CONTACT" in ok(area.run(IDVA, "open", pulled(area, message)))
    file = area.kit(IDVA) / "deliveries" / f"{message}.age"
    return age.stanza_count(age.split(file.read_bytes())[0])


def uses_of(area: Joined, party: str) -> list[str]:
    """Return what the register lists a party's recipients for, in its order."""
    ok(area.run(party, "pull"))
    register = Home.load(area.kit(party)).trust()
    assert register is not None
    notes = [entry.note for entry in register.verified().register.entries if entry.id == party]
    return [each.use for each in parse_party(signed_note.text_of(notes[0])).recipients]


def test_the_coordinator_lifts_a_mistaken_exclusion_and_is_told_what_stays_closed(area: Joined) -> None:
    path = area.places.folder / "mistaken.json"
    path.write_text(ok(marac("refer", "--example")))
    case = json.loads(ok(area.run(HOUSING, "refer", path, "--json")))["case"]
    assert "case share" not in ok(area.office("exclusions", case, IDVA))
    assert "case share" in ok(area.office("exclusions", case, "--lift", IDVA, "--lift", HOUSING))


def test_what_is_refused_by_the_broker_ends_with_3_and_says_what_to_do(area: Joined) -> None:
    answer = area.run(HOUSING, "status", NO_SUCH)
    assert answer.code == 3
    assert "coordinator" in answer.err


@pytest.mark.parametrize(
    "arguments",
    [
        ["status", "no-id"],
        ["recall", NO_SUCH, "--reason", "because"],
        ["exclusions", "CAM-7Q4X9-K2M8T-6", HOUSING],
        ["exclusions", "CAM-7Q4X9-K2M8T-5"],
        ["exclusions", "CAM-7Q4X9-K2M8T-5", HOUSING, "--lift", HOUSING],
        ["refer"],
        ["destroy", NO_SUCH, "--yes"],
        ["keys", "rotate", "everything"],
    ],
)
def test_wrong_use_ends_with_2_before_anything_is_sent(area: Joined, arguments: list[str]) -> None:
    answer = area.run(HOUSING, *arguments)
    assert answer.code == 2, answer.err
    assert "Next:" in answer.err


def test_another_root_than_the_one_given_is_not_joined(area: Joined, tmp_path: Path) -> None:
    other = "marac.other.example/agency/housing"
    root = json.loads((area.kit(HOUSING) / "kit.json").read_text())["root"]
    answer = marac("join", area.url, other, "--root", root, "--kit", tmp_path / "kit")
    assert answer.code == 4
    assert not (tmp_path / "kit").exists()


def test_an_address_without_tls_is_not_joined(tmp_path: Path) -> None:
    answer = marac("join", "http://marac.example", HOUSING, "--root", "x+y", "--kit", tmp_path / "kit")
    assert (answer.code, "https" in answer.err) == (2, True)


def test_a_form_with_mistakes_ends_with_all_of_them_the_allowed_words_and_whom_to_telephone(area: Joined) -> None:
    form = json.loads(ok(marac("refer", "--example")))
    form["referral"]["referrer"]["source"] = "a pub"
    form["safe_contact"]["mobile"] = "01632 960003"
    path = area.places.folder / "mistaken.json"
    path.write_text(json.dumps(form))
    lines = area.office("refer", path).err.splitlines()
    assert lines[0] == "marac: the form has 2 mistakes:"
    assert lines[1].startswith("  /referral/referrer/source: this is not one of the allowed words: police, idva, ")
    assert lines[2].endswith('a member here that this document does not have: "mobile"')
    assert lines[-1] == "  Coordinator: 01632 960100. If life is in danger, call 999."


def test_who_a_kit_with_a_gateway_that_is_down_refers_to_is_still_said(area: Joined, tmp_path: Path) -> None:
    kit, form = tmp_path / "kit", tmp_path / "referral.json"
    ok(area.run(HOUSING, "pull"))  # it knows by now whom to trust: without that nothing is sent, nor kept
    shutil.copytree(area.kit(HOUSING), kit)
    point_at(kit / "kit.json", f"http://127.0.0.1:{free_port()}")
    form.write_text(ok(marac("refer", "--example")))
    failed = marac("refer", form, "--kit", kit, "--passphrase-file", area.places.passphrase)
    assert failed.code == 1
    assert "it is not known whether it arrived" in failed.err
    assert failed.err.endswith("If life is in danger, call 999.\n")


def test_a_referral_that_got_no_answer_is_kept_and_the_same_form_sends_the_very_same(
    area: Joined, tmp_path: Path
) -> None:
    kit, form, other = tmp_path / "kit", tmp_path / "referral.json", tmp_path / "other.json"
    ok(area.run(HOUSING, "pull"))  # it knows by now whom to trust: without that nothing is sent, nor kept
    shutil.copytree(area.kit(HOUSING), kit)
    form.write_text(ok(marac("refer", "--example")))
    other.write_text(form.read_text().replace("Alex", "Robin"))
    here = ("--kit", kit, "--passphrase-file", area.places.passphrase)
    point_at(kit / "kit.json", f"http://127.0.0.1:{free_port()}")
    assert "run the same again, or marac refer --unanswered" in marac("refer", form, *here).err
    assert marac("refer", other, *here).code == 1
    (first, second) = json.loads(ok(marac("sent", "--kit", kit, "--json")))["unanswered"]
    point_at(kit / "kit.json", area.url)
    again = marac("refer", form, *here)
    assert again.code == 0
    assert again.err.splitlines()[0].startswith("marac: this was sent before and got no answer")
    assert ok(marac("refer", "--discard", second["id"], "--yes", "--kit", kit)).startswith("Given up")
    assert ok(marac("refer", "--unanswered", "--yes", *here)) == "Nothing was left to be sent again.\n"
    listed = json.loads(ok(marac("sent", "--kit", kit, "--json")))
    assert listed["unanswered"] == []
    assert first["id"] != second["id"]
    assert len({one["case"] for one in listed["sent"][-3:]}) == 1
    assert listed["sent"][-1]["document"] == "exclusions"


def test_each_that_got_no_answer_is_sent_again_and_told_and_one_that_fails_holds_up_no_other(
    area: Joined, tmp_path: Path
) -> None:
    kit, form, other = tmp_path / "kit", tmp_path / "referral.json", tmp_path / "other.json"
    ok(area.run(HOUSING, "pull"))  # it knows by now whom to trust: without that nothing is sent, nor kept
    shutil.copytree(area.kit(HOUSING), kit)
    form.write_text(ok(marac("refer", "--example")))
    other.write_text(form.read_text().replace("Alex", "Robin"))
    here = ("--kit", kit, "--passphrase-file", area.places.passphrase)
    point_at(kit / "kit.json", f"http://127.0.0.1:{free_port()}")
    for one in (form, other):
        assert marac("refer", one, *here).code == 1
    with sqlite3.connect(kit / "outbox.sqlite") as sql:
        first = "(SELECT min(idempotency) FROM unanswered)"
        sql.execute(f"UPDATE unanswered SET sealed = x'00' WHERE idempotency = {first}")  # noqa: S608 - no value
    point_at(kit / "kit.json", area.url)
    answered = marac("refer", "--unanswered", "--yes", *here)
    assert answered.code == 3
    assert "The broker has taken the referral." in answered.out
    assert "what is kept cannot be opened" in answered.err
    assert "1 could not be sent again, and may have arrived the first time" in answered.err
    nobody = marac("refer", "--unanswered", *here)
    assert (nobody.code, "give --yes" in nobody.err) == (2, True)


def test_an_officer_is_named_only_once_the_coordinator_has_entered_them(area: Joined, tmp_path: Path) -> None:
    office = ("--office", area.places.office, "--passphrase-file", area.places.passphrase)
    mine, theirs = tmp_path / "office.officer", tmp_path / "idva.officer"
    ok(area.office("keys", "officer", "--out", mine, QUICK))
    ok(area.run(IDVA, "keys", "officer", "--with-key", "--out", theirs, QUICK))
    ok(area.run(HOUSING, "keys", "officer", "--with-key", "--out", tmp_path / "housing.officer", QUICK))
    delivery = pulled(area, referred(area)["referral"])
    early = area.run(IDVA, "open", delivery)
    assert (early.code, "the coordinator has not entered this officer yet" in early.err) == (3, True)
    ok(marac("officer", "add", mine, *office))
    enter_officer(area, IDVA, theirs)
    assert "not named" in ok(area.run(IDVA, "open", delivery))
    ok(area.office("pull", "--wait", "5"))
    rows = json.loads(ok(marac("inbox", "--json", "--kit", area.places.office / "kit")))["deliveries"]
    assert "all nine passed" in ok(area.office("open", rows[-1]["delivery"]))


def test_a_coordinator_asks_for_research_sees_who_takes_part_and_an_agency_answers(
    area: Joined, tmp_path: Path
) -> None:
    form = tmp_path / "referral.json"
    form.write_text(ok(marac("refer", "--example")))
    case = json.loads(ok(area.run(HOUSING, "refer", form, "--json")))["case"]
    request, returned = tmp_path / "request.json", tmp_path / "return.json"
    request.write_text(ok(marac("send", "research-request", "--example")).replace("agency/police", "agency/idva"))
    sent = ok(area.office("send", "research-request", request, "--case", case))
    assert sent.count(f"The broker has taken the research-request. Case {case}") == 2, "one for each, naming no other"
    shown = json.loads(ok(area.office("case", "show", case, "--json")))
    assert {one["party"]: one["relation"] for one in shown["relations"]}[HOUSING] == "asked"
    ok(area.office("case", "relate", case, HOUSING, "--as", "involved", "--why", "involvement"))
    assert f"involved         {HOUSING}" in ok(area.office("case", "show", case))
    returned.write_text(ok(marac("send", "research-return", "--example")))
    told = json.loads(ok(area.run(HOUSING, "send", "research-return", returned, "--case", case, "--json")))
    assert told["case"] == case
    assert list(told["messages"]) == ["research-return"]


def test_a_case_is_closed_to_all_but_a_named_officer_who_opens_it_with_the_ordinary_command(
    area: Joined, tmp_path: Path
) -> None:
    form = tmp_path / "referral.json"
    form.write_text(ok(marac("refer", "--example")))
    case = json.loads(ok(area.run(HOUSING, "refer", form, "--json")))["case"]
    officer = json.loads((area.kit(IDVA) / "kit.json").read_text())["officer"]
    asked = area.office("case", "close", case)
    assert (asked.code, "give --yes" in asked.err) == (2, True)
    assert "no officer was named" in area.office("case", "name", case).err
    assert "sealed to them" in ok(area.office("case", "name", case, "--officer", officer))
    assert "marac case name" in ok(area.office("case", "close", case, "--yes"))
    shown = ok(area.office("case", "show", case))
    assert "CLOSED" in shown
    assert f"named            {officer}" in shown
    request = json.loads(ok(marac("send", "research-request", "--example")))
    form.write_text(json.dumps({**request, "to": [IDVA]}))
    sent = json.loads(ok(area.office("send", "research-request", form, "--case", case, "--json")))["messages"]
    assert "all nine passed" in ok(area.run(IDVA, "open", pulled(area, sent["research-request"])))
    removed = area.office("case", "name", case, "--officer", officer, "--remove")
    assert (removed.code, "Officer not proved" in removed.err) == (3, True), "the office proves it in a closed case"


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (("send", "gossip"), "KIND: no such kind"),
        (("send", "case-note"), "give a form and --case"),
        (("send", "case-note", "none.json", "--case", "CAM"), "not a case reference"),
        (("case", "relate", "FEN-00000-00000-0", "x", "--as", "friend", "--why", "research"), "--as: no such word"),
        (("case", "relate", "FEN-00000-00000-0", "x", "--as", "asked", "--why", "because"), "--why: no such word"),
    ],
)
def test_a_mistake_in_a_message_about_a_case_is_named(arguments: tuple[str, ...], what: str) -> None:
    failed = marac(*arguments)
    assert failed.code == 2
    assert what in failed.err


def test_an_agency_asks_to_be_told_where_the_area_tells_nobody_and_learns_it(area: Joined) -> None:
    refused = area.run(HOUSING, "notices", "set", "--email", "duty-desk@housing.example")
    assert (refused.code, "channel-not-offered" in refused.err, "at /email" in refused.err) == (1, True, True)
    shown = ok(area.run(HOUSING, "notices", "show"))
    assert shown.splitlines() == ["E-mail: not told", "Webhook: not told"]
    assert json.loads(ok(area.run(HOUSING, "notices", "show", "--json"))) == {
        "email": None, "webhook": None, "failing": [],
    }  # fmt: skip
    assert "nobody is told" in ok(area.run(HOUSING, "notices", "off"))
    assert "Nothing: everything urgent" in ok(area.office("uncollected"))
    assert area.run(HOUSING, "uncollected").code == 3


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        ((), "give --email, --webhook or both"),
        (("--email", "desk"), "--email: not the address of a mailbox"),
        (("--webhook", "http://hooks.housing.example/"), "--webhook: not an address such as https://"),
    ],
)
def test_an_address_for_notices_that_is_none_is_named_before_anything_is_sent(
    area: Joined, arguments: tuple[str, ...], what: str
) -> None:
    answer = area.run(HOUSING, "notices", "set", *arguments)
    assert (answer.code, what in answer.err) == (2, True)
