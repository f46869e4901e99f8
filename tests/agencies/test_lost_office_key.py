"""The coordinator's working key is lost: with the recovery key every open case is readable again, by the README."""

import json
import os
import re
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from agencies.agency import Party
from agencies.kit.home import Home
from tests.agencies.kit_world.joined import Joined, enter_officer, joined_area, new_key, ok, referred
from tests.commands.running import AREA, QUICK, marac

README = Path(__file__).parents[2] / "deploy/README.md"
OFFICE = f"{AREA}/office/coordinator"
LOST, STOLEN = "The office's working key, which opens messages, is lost", "It may be in somebody else's hands"


@pytest.fixture
def area(tmp_path: Path) -> Iterator[Joined]:
    with joined_area(tmp_path) as joined:
        officer = tmp_path / "coordinator.officer"
        ok(joined.office("keys", "officer", "--with-key", "--out", officer, QUICK))
        enter_officer(joined, OFFICE, officer)
        yield joined


def the_block(area: Joined, about: str) -> list[list[str]]:
    """Return the commands of the README's first block after these words, with this area's name and folders."""
    text = README.read_text().partition(about)[2]
    found = re.search(r"```sh\n(.*?)```", text, re.DOTALL)
    assert found
    lines = found.group(1).replace("\\\n", " ").splitlines()
    commands = [shlex.split(line, comments=True) for line in lines]
    assert {words[0] for words in commands} == {"marac"}
    places = {
        "marac.cambridgeshire.example": AREA,
        "/media/stick": str(area.places.offline),
        "offline.passphrase": str(area.places.passphrase),
    }
    return [[_in_place(word, places) for word in words[1:]] for words in commands]


def _in_place(word: str, places: dict[str, str]) -> str:
    for said, here in places.items():
        word = word.replace(said, here)
    return word


@contextmanager
def at_the_office(area: Joined) -> Iterator[None]:
    """Work in `area-office/`, with the two variables of section 4."""
    before, here = dict(os.environ), Path.cwd()
    os.environ |= {"MARAC_KIT": str(area.places.office / "kit"), "MARAC_OFFICE": str(area.places.office)}
    os.chdir(area.places.office)
    try:
        yield
    finally:
        os.chdir(here)
        os.environ.clear()
        os.environ |= before


def walk(area: Joined, about: str = LOST) -> str:
    """Run the block; what a person types (a passphrase) or says (yes) is given as options. Return its last words."""
    said, keyid = "", ""
    before = office_of(area)
    working = next(each.recipient for each in before.recipients if each.use == "working")
    with at_the_office(area):
        for words in the_block(area, about):
            names = {"RECIPIENT": working, "OLD-KEYID": before.keys[0].verify_key.keyid, "KEYID": keyid}
            yes = ["--yes"] if {"--proof", "--key", "rehead", "revoke"}.intersection(words) else []
            quick = [QUICK] if "rotate" in words else []
            command = [names.get(word, word) for word in words]
            said = ok(marac(*command, *yes, *quick, "--passphrase-file", area.places.passphrase))
            keyid = new_key(said) if "signing" in words else keyid
    return said


def office_of(area: Joined) -> Party:
    """Return the office as its kit last saw it."""
    home = Home.load(area.places.office / "kit")
    held = home.trust()
    assert held is not None
    office = held.verified().register.party(home.settings.party)
    assert office is not None
    return office


def inbox(area: Joined) -> dict[str, str]:
    """Return the office's deliveries by message."""
    rows = json.loads(ok(marac("inbox", "--json", "--kit", area.places.office / "kit")))["deliveries"]
    return {row["message"]: row["delivery"] for row in rows}


def collected(area: Joined, *messages: str) -> dict[str, str]:
    for _ in range(20):
        ok(area.office("pull", "--wait", "5"))
        if set(messages) <= inbox(area).keys():
            return inbox(area)
    raise AssertionError("the messages never came")


@pytest.mark.parametrize("stolen", [False, True], ids=["lost", "stolen"])
def test_with_the_recovery_key_every_open_case_is_readable_again_and_sealed_to_the_new_key(
    area: Joined, stolen: bool
) -> None:
    first, second = referred(area), referred(area)
    deliveries = collected(area, *first.values(), *second.values())
    read, unread = first["referral"], second["referral"]
    page = ok(area.office("open", deliveries[read]))
    if stolen:
        walk(area, STOLEN)
    (area.places.office / "kit/keys/coordinator.agekey").unlink()
    third = referred(area)  # on its way when it happened
    assert area.office("open", deliveries[read], "--again").code == 4
    assert area.office("open", deliveries[unread]).code == 4

    assert walk(area).startswith("9 done")

    assert ok(area.office("open", deliveries[read], "--again")) == page
    for message in (unread, second["safe-contact"], third["referral"]):
        assert "all nine passed" in ok(area.office("open", inbox(area)[message]))
    again = ok(area.office("case", "rehead", "--for", OFFICE, "--yes"))
    assert again.startswith("0 done"), "all of it is sealed to the keys of now"
