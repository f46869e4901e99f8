"""The search itself: what it must find it finds, and it finds nothing in noise."""

import random
from pathlib import Path

import pytest

from tests.journeys.canary.canaries import Canaries
from tests.journeys.canary.encodings import needles, plants
from tests.journeys.canary.search import hits, search

PLANTED = plants(Canaries(1).line())


@pytest.mark.parametrize("name", PLANTED)
def test_a_canary_is_found_however_it_is_written(name: str) -> None:
    surroundings = random.Random(name).randbytes(5000)
    assert hits(needles(Canaries(1)), surroundings + PLANTED[name] + surroundings)


@pytest.mark.parametrize("name", PLANTED)
def test_another_run_s_canary_is_not_ours(name: str) -> None:
    assert hits(needles(Canaries(2)), PLANTED[name]) == []


def test_every_half_of_a_canary_is_found_by_itself() -> None:
    canaries = Canaries(1)
    line = canaries.line()
    for half in (line[: len(line) // 2], line[len(line) // 2 :], canaries.word(), canaries.day):
        assert hits(needles(canaries), half.encode())


def test_names_of_files_and_folders_and_targets_of_links_are_searched(tmp_path: Path) -> None:
    canaries = Canaries(1)
    (tmp_path / canaries.word()).mkdir()
    (tmp_path / "file").write_bytes(b"")
    (tmp_path / "link").symlink_to(canaries.word())
    assert len(search(needles(canaries), [tmp_path])) == 2


def test_nothing_is_found_in_noise() -> None:
    assert hits(needles(Canaries(1)), random.Random(1).randbytes(2_000_000)) == []
