"""A made-up area, founded once by the real command and copied for each test that changes it."""

import shutil
from pathlib import Path

import pytest

from tests.commands.running import Places, init_options, marac


@pytest.fixture(scope="session")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Places:
    """Return an area as `marac init` leaves it; not to be changed."""
    places = Places(tmp_path_factory.mktemp("founded"))
    answer = marac(*init_options(places))
    assert answer.code == 0, answer.err
    return places


@pytest.fixture
def area(founded: Places, tmp_path: Path) -> Places:
    """Return an area of the test's own, with a database of its own."""
    places = Places(tmp_path / "places")
    shutil.copytree(founded.folder, places.folder)
    return places
