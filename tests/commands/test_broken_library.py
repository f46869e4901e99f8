"""A machine whose cryptography library gives wrong answers neither serves an area nor opens a kit."""

import json
import subprocess
import sys
from pathlib import Path

from tests.commands.running import PASSPHRASE, Places, init_options, marac, write_secret

ROOT = Path(__file__).parents[2]

# Stands in for a broken build of the library: it seals as ever, and everything opens as the same bytes.
BROKEN = """
import sys
from cryptography.hazmat.primitives import hpke

class Broken:
    def __init__(self, *names):
        self._suite = Suite(*names)

    def encrypt(self, *arguments, **named):
        return self._suite.encrypt(*arguments, **named)

    def decrypt(self, *_arguments, **_named):
        return bytes(16)

Suite, hpke.Suite = hpke.Suite, Broken
from gateway.cli import main
main()
"""


def on_a_broken_machine(*arguments: object) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-c", BROKEN, *(str(argument) for argument in arguments)]
    return subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True, timeout=180)


def test_with_a_broken_library_nothing_is_served_and_no_kit_is_opened(tmp_path: Path) -> None:
    places = Places(tmp_path)
    write_secret(places.passphrase, PASSPHRASE)
    founded = marac(*init_options(places), "--json")
    assert json.loads(founded.out)["root"]
    pull = ("pull", "--kit", places.office / "kit", "--passphrase-file", places.passphrase)
    for command in (("serve", "--home", places.home), pull):
        ended = on_a_broken_machine(*command)
        assert ended.returncode == 4, ended.stderr
        assert "the hybrid KEM" in ended.stderr
        assert "use another machine" in ended.stderr
