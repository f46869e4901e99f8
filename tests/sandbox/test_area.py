"""The sandbox's keys are fixed, stay in their made-up area, and serve agencies that use the ordinary command."""

import json
from pathlib import Path

import httpx2
import pytest

from crypto.errors import Malformed
from gateway.made_up import AREA
from gateway.sandbox.guide import WIDTH, Guide
from gateway.sandbox.published import PASSPHRASE, published
from tests.commands.running import Answer, marac
from tests.sandbox.asking import ask, provoke, tell

ROOT = "6PZ8Y 8FNN5 B2PVG ZZFDG A1B28"
RIVERMEAD = f"{AREA}/agency/rivermead+45286b97"


def as_member(sandbox: Guide, short: str, *command: object) -> Answer:
    words = sandbox.area.folder / "passphrase"
    return marac(*command, "--kit", sandbox.area.folder / short, "--passphrase-file", words)


def test_keys_and_ids_are_the_same_on_every_machine(sandbox: Guide) -> None:
    said = ask(sandbox, "/sandbox", accept="application/json").json()
    members = {member["short"]: member for member in said["members"]}
    assert said["fingerprint"] == ROOT
    assert members["rivermead"]["vkey"].startswith(f"{RIVERMEAD}+")
    assert members["rivermead"]["officer"] == f"{AREA}/officer/h48ytj5q"
    assert (sandbox.area.folder / "passphrase").read_text() == f"{PASSPHRASE}\n"


def test_the_guide_is_text_for_people_and_fits_a_terminal(sandbox: Guide) -> None:
    answer = ask(sandbox, "/sandbox")
    assert answer.headers["content-type"].startswith("text/plain")
    assert "every secret key is published" in answer.text
    long = [line for line in answer.text.splitlines() if len(line) > WIDTH and str(sandbox.area.folder) not in line]
    assert long == []


def test_published_keys_have_names_of_an_area_that_cannot_be_reached() -> None:
    assert AREA.endswith(".example")
    with pytest.raises(Malformed):
        published().signing_key("marac.cambridgeshire.gov.uk/gateway")
    with pytest.raises(Malformed):
        published().identity("marac.cambridgeshire.gov.uk/agency/housing/working")


def test_marac_serve_finds_no_key_of_the_sandbox_to_run_with(sandbox: Guide) -> None:
    written = {path.name for path in sandbox.area.folder.rglob("*.signkey")}
    assert not written & {"gateway.signkey", "log.signkey", "people.indexkey", "root.signkey", "registrar.signkey"}
    assert marac("serve", "--home", sandbox.area.folder / "gateway").code == 2


def test_a_gateway_without_furnishings_has_no_sandbox(sandbox: Guide) -> None:
    with sandbox.stage.beside() as usual:
        for method, path in (("GET", "/sandbox"), ("GET", "/sandbox/errors"), ("POST", "/sandbox/clock")):
            answer = httpx2.request(method, usual.url + path, trust_env=False)
            assert (answer.status_code, answer.json()["code"]) == (404, "route-unknown")
        assert "/sandbox" not in httpx2.get(f"{usual.url}/openapi.json", trust_env=False).text


def test_an_agency_refers_and_another_reads_it_with_the_ordinary_command(sandbox: Guide, tmp_path: Path) -> None:
    form = tmp_path / "referral.json"
    form.write_text(marac("refer", "--example").out)
    referred = as_member(sandbox, "rivermead", "refer", form, "--json")
    assert referred.code == 0, referred.err
    message = json.loads(referred.out[referred.out.index("{") :])["messages"]["referral"]
    assert as_member(sandbox, "lantern", "pull", "--wait", 10).code == 0
    listed = json.loads(marac("inbox", "--json", "--kit", sandbox.area.folder / "lantern").out)["deliveries"]
    delivery = next(row["delivery"] for row in listed if row["message"] == message)
    opened = as_member(sandbox, "lantern", "open", delivery)
    assert opened.code == 0, opened.err
    assert "Alex Invented" in opened.out


def test_a_referral_waits_when_the_sandbox_opens(sandbox: Guide) -> None:
    told = as_member(sandbox, "rivermead", "status", sandbox.stage.welcome, "--json")
    assert told.code == 0
    assert json.loads(told.out.splitlines()[-1])["state"] in {"waiting", "collected"}


def test_the_clock_is_moved_and_everything_goes_on(sandbox: Guide, tmp_path: Path) -> None:
    before = ask(sandbox, "/sandbox/clock").json()
    moved = tell(sandbox, "/sandbox/clock", b'{"days": 400}').json()
    assert round(moved["days_ahead"] - before["days_ahead"]) == 400
    # The clients' clock is still this machine's, and the delegation of the beginning has run out.
    test_an_agency_refers_and_another_reads_it_with_the_ordinary_command(sandbox, tmp_path)
    for code in ("signature-stale", "nonce-replayed", "recipient-revoked", "not-available"):
        assert provoke(sandbox, code)["provoked"]


@pytest.mark.parametrize("body", [b"", b'{"days": 0}', b'{"days": -1}', b'{"days": "1"}', b'{"years": 1}'])
def test_the_clock_moves_forwards_only(sandbox: Guide, body: bytes) -> None:
    answer = tell(sandbox, "/sandbox/clock", body)
    assert (answer.status_code, answer.json()["code"]) in {(400, "json-broken"), (422, "json-invalid")}
