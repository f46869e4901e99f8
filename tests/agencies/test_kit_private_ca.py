"""An area whose gateway has a certificate that no public authority issued."""

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.agencies.made_area import AREA, made_area
from tests.commands.running import marac
from tests.gateway.test_serve import make_certificate
from tests.servers.child import Child, free_port

HOUSING = f"{AREA}/agency/housing"


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    make_certificate(tmp_path)
    port = free_port()
    child = Child(
        [sys.executable, "-m", "tests.gateway.serving", str(tmp_path), str(port)], dict(os.environ), tmp_path / "log"
    )
    child.start()
    try:
        child.wait_until(lambda: '"listening"' in child.log.read_text(), timeout_s=90)
        yield f"https://127.0.0.1:{port}"
    finally:
        child.stop()


def test_a_private_authority_is_trusted_where_it_is_given_and_asked_for_where_it_is_not(
    address: str, tmp_path: Path
) -> None:
    kit, ca = tmp_path / "kit", tmp_path / "tls.crt"
    refused = marac("join", address, HOUSING, "--kit", kit)
    assert (refused.code, kit.exists()) == (1, False)
    assert "is not trusted here" in refused.err
    assert "give --ca FILE" in refused.err
    # The root is asked of the gateway, then shown for a person to compare: nobody is there to say yes.
    assert "root key of" in marac("join", address, HOUSING, "--kit", kit, "--ca", ca).err
    root = made_area().root.verify_key.vkey
    assert marac("join", address, HOUSING, "--kit", kit, "--ca", ca, "--root", root).code == 0
    assert json.loads((kit / "kit.json").read_text())["ca_file"] == str(ca)
