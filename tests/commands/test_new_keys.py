"""Replacing the gateway's and the log's key: made on the gateway, delegated by the root, put in place by hand."""

import json
from pathlib import Path

import httpx2
import pytest

from crypto.keys import generate_signing_key
from gateway.commands.office import Office
from tests.commands.running import AREA, QUICK, Answer, Places, marac, serving

ROLES = ("gateway", "log")


def new_key(places: Places, role: str) -> Answer:
    return marac("area", "new-key", role, "--home", places.home, "--passphrase-file", places.passphrase, QUICK)


def renew(places: Places, *arguments: object) -> Answer:
    return marac(
        "area", "renew", "--offline", places.offline, "--offline-passphrase-file", places.passphrase,
        "--office", places.office, "--passphrase-file", places.passphrase, *arguments,
    )  # fmt: skip


def fingerprint_in(said: str) -> str:
    return next(line.rpartition(": ")[2] for line in said.splitlines() if len(line.split()[-5:]) == 5 and ": " in line)


def test_both_keys_are_replaced_and_the_gateway_starts_with_the_new_ones_alone(area: Places) -> None:
    made = {role: new_key(area, role) for role in ROLES}
    given = [f"--new-{role}-key={area.home / f'{role}-new.vkey'}" for role in ROLES]
    with serving(area) as url:
        kit = area.office / "kit" / "kit.json"
        kit.write_text(json.dumps({**json.loads(kit.read_text()), "url": url}))
        asked = renew(area, *given)
        assert (asked.code, "give --yes" in asked.err) == (2, True)
        delegated = renew(area, *given, "--yes")
        assert delegated.code == 0, delegated.err
    for role in ROLES:
        assert fingerprint_in(made[role].out) in delegated.out, "both ends show the same, to be read out"
        assert f"mv {role}-new.signkey {role}.signkey" in delegated.out
    latest = Office(area.office).area().latest
    assert latest.number == 2
    assert latest.gateway.vkey == (area.home / "gateway-new.vkey").read_text().strip()
    assert latest.log.vkey == (area.home / "log-new.vkey").read_text().strip()

    refused = marac("serve", "--home", area.home)
    assert (refused.code, "the root delegated last" in refused.err) == (1, True), refused.err
    for role in ROLES:
        (area.home / f"{role}-new.signkey").replace(area.home / f"{role}.signkey")
    (area.folder / "serve.log").unlink()  # it says of the first one that it listens
    with serving(area) as url:
        assert httpx2.get(f"{url}/v1/area", headers={"host": AREA}).status_code == 200


def test_a_new_key_lies_beside_the_old_one_is_for_nobody_else_and_is_never_overwritten(area: Places) -> None:
    before = (area.home / "log.signkey").read_bytes()
    assert new_key(area, "log").code == 0
    secret = area.home / "log-new.signkey"
    kept = secret.read_bytes()
    assert secret.stat().st_mode & 0o077 == 0
    again = new_key(area, "log")
    assert (again.code, "is there already" in again.err) == (2, True)
    assert ((area.home / "log.signkey").read_bytes(), secret.read_bytes()) == (before, kept)


def test_a_role_that_has_no_key_there_is_told_with_those_that_have(area: Places) -> None:
    answer = new_key(area, "root")
    assert (answer.code, "give one of: gateway, log" in answer.err) == (2, True)


@pytest.mark.parametrize(
    ("stated", "said"),
    [
        ("other role", f"the key of {AREA}/gateway"),
        ("in use", "delegated before"),
        ("no key", "that is no vkey"),
    ],
)
def test_a_key_that_must_not_be_delegated_is_refused_before_the_root_is_opened(
    area: Places, tmp_path: Path, stated: str, said: str
) -> None:
    file = tmp_path / "log-new.vkey"
    file.write_text(
        {
            "other role": generate_signing_key(f"{AREA}/gateway").verify_key.vkey,
            "in use": Office(area.office).area().latest.log.vkey,
            "no key": "not a key\n",
        }[stated]
    )
    answer = renew(area, "--new-log-key", file, "--yes")
    assert (answer.code, "--new-log-key: " in answer.err, said in answer.err) == (2, True, True), answer.err
    assert not Office(area.office).pending_delegation.exists()


def test_a_delegation_that_waits_for_its_gateway_is_not_taken_for_one_with_new_keys(area: Places) -> None:
    assert renew(area).code == 1  # no gateway answers
    waiting = Office(area.office).pending_delegation.read_text()
    assert new_key(area, "log").code == 0
    answer = renew(area, "--new-log-key", area.home / "log-new.vkey", "--yes")
    assert (answer.code, "for other keys" in answer.err) == (1, True), answer.err
    assert Office(area.office).pending_delegation.read_text() == waiting
