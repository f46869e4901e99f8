"""What the kit's commands show: nothing that a gateway says steers a terminal, and what ends is told in time."""

import gzip
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from agencies.area import delegate
from agencies.kit import keyfile
from agencies.kit.client import AlreadyShown, NoOfficer
from agencies.kit.expiry import TELL, expiry_warnings
from agencies.kit.home import Home, KitSettings
from agencies.kit.opening import TrustNotes
from agencies.kit.recalls import TakenBack
from agencies.names import agency_id
from agencies.notes.register import MAX_BYTES
from agencies.register import draft_register
from crypto import note
from gateway.commands.faults import explain
from gateway.commands.office import Office
from tests.agencies.made_area import (
    AREA,
    DAY,
    HOUSING,
    NOW,
    YEAR,
    entry_of,
    fixed_key,
    made_area,
    said_by,
    usual_entries,
    usual_register,
)
from tests.commands.running import Answer, marac, write_secret

HOSTILE = "\x1b[2J\x1b]0;owned\x07\x9b31mfine\u202e\r\nmarac: all is well\u2028now"
MESSAGE = "0199f2b1-6a0b-7d0e-8a3c-5f0f4c1f2b7e"
START = NOW - DAY


@contextmanager
def answering(status: int, members: object, *, packed: bool = False) -> Iterator[str]:
    """Yield the address of a gateway that gives everybody this one answer, packed though nobody asked for it."""
    body = json.dumps(members).encode()
    if packed:
        body = gzip.compress(body)

    class Answering(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.rfile.read(int(self.headers.get("content-length", 0)))
            self.send_response(status)
            self.send_header("content-length", str(len(body)))
            if packed:
                self.send_header("content-encoding", "gzip")
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self) -> None:
            self.do_GET()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Answering) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def run(folder: Path, url: str, *arguments: str) -> Answer:
    home = Home.create(folder / "kit", KitSettings(AREA, url, made_area().root.verify_key.vkey, HOUSING))
    keyfile.save_signing_key(home.keys / "housing.signkey", fixed_key(HOUSING), "made-up words", 4)
    write_secret(folder / "passphrase", "made-up words")
    return again(folder, url, *arguments)


def again(folder: Path, url: str, *arguments: str) -> Answer:
    """Run a command with the kit that `run` made, whose gateway is now at `url`."""
    settings = folder / "kit" / "kit.json"
    settings.write_text(json.dumps({**json.loads(settings.read_text()), "url": url}))
    return marac(*arguments, "--kit", folder / "kit", "--passphrase-file", folder / "passphrase")


@pytest.mark.parametrize("arguments", [("status", MESSAGE), ("recall", MESSAGE, "--reason", "safety"), ("pull",)])
def test_a_hostile_problem_is_shown_as_harmless_text_on_its_own_lines(tmp_path: Path, arguments: tuple[str]) -> None:
    problem = {"code": HOSTILE, "title": HOSTILE, "help": HOSTILE, "pointer": HOSTILE, "retry": "no"}
    with answering(403, problem) as url:
        answer = run(tmp_path, url, *arguments)
    assert answer.code == 1
    assert "<U+001B>" in answer.err
    assert not set(answer.err + answer.out) & set("\x1b\x07\x9b\r\u202e\u2028")
    assert [line.partition(":")[0] for line in answer.err.splitlines()] == ["marac", "  Next"]


@pytest.mark.parametrize("status", [200, 403])
def test_a_packed_answer_is_not_unpacked(tmp_path: Path, status: int) -> None:
    problem = {"code": "not-available", "title": "It is not available", "retry": "no", "state": "accepted"}
    with answering(status, {**problem, "message": MESSAGE}, packed=True) as url:
        answer = run(tmp_path, url, "status", MESSAGE)
    assert (answer.code, "packed" in answer.err) == (1, True)


def refusing(number: str) -> object:
    """The problem that a gateway answers, with the coordinator's number that it states."""
    stated = f"Ask. Coordinator: {number}. If life is in danger, call 999."
    return {"code": "not-available", "title": "It is not available", "help": stated, "retry": "no"}


def test_a_number_that_a_gateway_states_never_takes_the_place_of_the_one_kept(tmp_path: Path) -> None:
    def kept() -> str | None:
        return Home.load(tmp_path / "kit").settings.telephone

    with answering(403, refusing("01632 960100")) as url:
        assert "another number" not in run(tmp_path, url, "status", MESSAGE).err
    assert kept() == "01632 960100"
    with answering(403, refusing("01632-960 100")) as url:
        assert "another number" not in again(tmp_path, url, "status", MESSAGE).err, "only written otherwise"
    with answering(403, refusing("0900 666\u202e")) as url:
        err = again(tmp_path, url, "status", MESSAGE).err
        assert "another number for the coordinator: '0900 666" in err
        assert "kept: '01632 960100'" in err
        assert kept() == "01632 960100"
        step = err.partition("change it with: ")[2].splitlines()[0].replace("NUMBER", "01632960555").split()
        changed = marac(*step[1:])
    assert (changed.code, kept()) == (0, "01632960555"), changed.err


def test_joining_again_changes_the_number_alone_and_only_in_the_same_place(tmp_path: Path) -> None:
    number = ("--telephone", "01632 960555")
    with answering(403, refusing("01632 960100")) as url:
        run(tmp_path, url, "status", MESSAGE)
    root, kit = made_area().root.verify_key.vkey, tmp_path / "kit"
    before = Home.load(kit).settings
    for place in ((url, agency_id(AREA, "health")), ("http://127.0.0.1:1", HOUSING)):
        assert marac("join", *place, *number, "--root", root, "--kit", kit).code == 2
        assert marac("join", *place, *number, "--kit", kit).code != 0
    assert Home.load(kit).settings == before
    assert marac("join", url, HOUSING, *number, "--kit", kit).code == 0
    assert Home.load(kit).settings == replace(before, telephone="01632 960555")


def test_a_state_that_is_no_word_is_no_answer(tmp_path: Path) -> None:
    for number, state in enumerate((HOSTILE, "collected\n", "collected \x1b[1A", "")):
        folder = tmp_path / str(number)
        folder.mkdir()
        with answering(200, {"message": MESSAGE, "state": state}) as url:
            answer = run(folder, url, "status", MESSAGE)
        assert (answer.code, answer.out) == (1, "")
        assert "not one that this kit knows" in answer.err


def test_the_words_of_a_program_that_reads_json_are_ascii(tmp_path: Path) -> None:
    with answering(200, {"message": HOSTILE, "state": "collected"}) as url:
        answer = run(tmp_path, url, "status", MESSAGE, "--json")
    assert json.loads(answer.out) == {"message": MESSAGE, "state": "collected"}
    assert answer.out.isascii()


@pytest.mark.parametrize(("fault", "code"), [(AlreadyShown, 1), (TakenBack, 3), (NoOfficer, 2)])
def test_a_message_that_is_not_shown_is_no_unexpected_fault(
    fault: type[Exception], code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert explain(fault("said so")) == code
    assert "Next:" in capsys.readouterr().err


def test_delegation_and_register_are_warned_of_from_sixty_days_before_they_end() -> None:
    area, register = made_area().area, usual_register()  # the register is a day younger

    def said(at: datetime) -> list[str]:
        return [line.split(".")[0] for line in expiry_warnings(area, register, at, TELL)]

    assert said(START + YEAR - 61 * DAY) == []
    assert said(START + YEAR - 60 * DAY) == ["WARNING: the root's delegation expires on 2027-11-21"]
    assert said(START + YEAR) == [
        "WARNING: the root's delegation EXPIRED on 2027-11-21",
        "WARNING: the register expires on 2027-11-22",
    ]
    assert said(START + YEAR + DAY)[1] == "WARNING: the register EXPIRED on 2027-11-22"


def notes_from(at: datetime) -> tuple[str, str]:
    """The delegation and the register of a made-up area that began at `at`."""
    made = made_area()
    keys = (made.gateway.verify_key, made.log.verify_key, made.registrar.verify_key)
    register = note.sign(draft_register(None, AREA, usual_entries(), at), [made.registrar], MAX_BYTES)
    return delegate(made.root, None, *keys, at), register


@pytest.mark.parametrize(("age", "word"), [(400 * DAY, "EXPIRED"), (320 * DAY, "expires"), (DAY, None)])
def test_kit_and_office_say_loudly_what_ends(tmp_path: Path, age: timedelta, word: str | None) -> None:
    delegation, register = notes_from(datetime.now(UTC).replace(microsecond=0) - age)
    root = made_area().root.verify_key
    home = Home.create(tmp_path / "kit", KitSettings(AREA, "http://127.0.0.1:1", root.vkey, HOUSING))
    home.keep_trust(TrustNotes(root.vkey, (delegation,), register, ()))
    office = Office(tmp_path / "office")
    office.folder.mkdir()
    office.begin(root, delegation, register, "")
    for answer in (marac("inbox", "--kit", home.path), marac("register", "show", "--office", office.folder)):
        assert answer.code == 0, answer.err
        if word is None:
            assert answer.err == ""
        else:
            assert f"WARNING: the root's delegation {word}" in answer.err
            assert f"WARNING: the register {word}" in answer.err


def test_nobody_new_is_let_in_once_the_delegation_is_over(tmp_path: Path) -> None:
    delegation, register = notes_from(datetime.now(UTC).replace(microsecond=0) - 400 * DAY)
    office = Office(tmp_path / "office")
    office.folder.mkdir()
    office.begin(made_area().root.verify_key, delegation, register, "")
    (tmp_path / "new.party").write_text(entry_of(said_by(agency_id(AREA, "health"))).note)
    answer = marac("agency", "add", tmp_path / "new.party", "--office", office.folder)
    assert answer.code == 3
    assert "nobody new is let in" in answer.err
    assert not list(office.challenges.iterdir())
