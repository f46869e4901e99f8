"""`marac register list`: an agency finds the ids that an exclusion is written with, without asking anybody."""

import json
from pathlib import Path

import pytest

from agencies.kit.home import Home, KitSettings
from agencies.kit.opening import TrustNotes
from tests.agencies.made_area import AREA, COORDINATOR, HOUSING, IDVA, KEYLESS, OFFICER, made_area, usual_register
from tests.commands.running import Answer, marac


@pytest.fixture
def home(tmp_path: Path) -> Home:
    root = made_area().root.verify_key.vkey
    return Home.create(tmp_path / "kit", KitSettings(AREA, "http://127.0.0.1:1", root, HOUSING))


@pytest.fixture
def informed(home: Home) -> Home:
    """Return a kit that has seen the register once."""
    home.keep_trust(TrustNotes(home.settings.root, (made_area().delegation,), usual_register().note, ()))
    return home


def listed(home: Home, *arguments: str) -> Answer:
    answer = marac("register", "list", *arguments, "--kit", home.path)
    assert answer.code == 0, answer.err
    return answer


def test_an_agency_sees_the_ids_kinds_and_names_of_who_takes_part(informed: Home) -> None:
    said = json.loads(listed(informed, "--json").out)
    assert [one["id"] for one in said["parties"]] == [HOUSING, IDVA, COORDINATOR]
    assert said["parties"][1] == {
        "id": IDVA, "kind": "idva-service", "name": "A made-up participant", "status": "active",
    }  # fmt: skip
    assert "officers" not in said
    assert said["register"] == 1


def test_officers_are_listed_on_request_by_id_and_agency_and_never_by_name(informed: Home) -> None:
    said = json.loads(listed(informed, "--officers", "--json").out)
    assert {one["id"] for one in said["officers"]} == {OFFICER, KEYLESS}
    assert all(one == {"id": one["id"], "agency": HOUSING, "status": "active"} for one in said["officers"])


def test_for_people_each_id_is_a_line_of_its_own(informed: Home) -> None:
    lines = listed(informed).out.splitlines()
    assert IDVA in lines
    assert OFFICER not in lines
    assert OFFICER in listed(informed, "--officers").out.splitlines()


def test_a_kit_that_has_seen_no_register_says_how_to_get_one(home: Home) -> None:
    answer = marac("register", "list", "--kit", home.path)
    assert (answer.code, "marac pull" in answer.err) == (2, True)
