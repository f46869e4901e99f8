"""The gateway's worked example of a signed request verifies, byte for byte."""

import re
from pathlib import Path

from agencies.directory import Directory
from gateway.auth import authenticate, check_digest, examine
from gateway.errors import CATALOGUE
from tests.agencies.made_area import AREA, HOUSING, NOW, OFFICER, fixed_key, made_area, usual_register
from tests.gateway.signing import Draft, base_of, usual_cover
from tests.gateway.test_auth import arrival_of

GATEWAY = Path(__file__).parents[2] / "gateway"
SIGNING = (GATEWAY / "signing.md").read_text()


def block(language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)\n```", SIGNING, re.DOTALL)
    assert found
    return found.group(1)


def the_example() -> Draft:
    head, _, body = block("http").partition("\n\n")
    first, *rest = head.split("\n")
    method, path, _ = first.split(" ")
    lines = tuple((name, value) for name, _, value in (line.partition(": ") for line in rest))
    return Draft(method, path, None, lines, body.encode())


def test_the_example_request_is_the_housing_agencys() -> None:
    draft = the_example()
    claimed = examine(arrival_of(draft), AREA, NOW)
    found = authenticate(claimed, Directory(made_area().area, usual_register()), NOW)
    assert (found.party.id, found.officer, found.proved) == (HOUSING, OFFICER, False)
    check_digest(draft.value("content-digest"), draft.body)


def test_the_example_base_is_what_was_signed() -> None:
    draft = the_example()
    parameters = draft.value("signature-input").removeprefix("agency=")
    assert base_of(draft, usual_cover(draft), parameters).decode() == block("text")
    assert fixed_key(HOUSING).verify_key.vkey in SIGNING


def test_every_code_that_the_page_names_is_in_the_catalogue() -> None:
    named = re.findall(r"`([a-z]+(?:-[a-z]+)+)`", (GATEWAY / "README.md").read_text().partition("## Routes")[0])
    codes = [code for code in named if code != "http-message-signatures"]
    assert codes
    assert set(codes) <= CATALOGUE.keys()
