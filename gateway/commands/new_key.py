"""A new key for the gateway or its log, made where it will be used: beside the one in use, until the root delegates it.

Only its public half leaves the machine: deploy/README.md, section 5.
"""

from pathlib import Path
from typing import Final

from agencies.kit import keyfile
from agencies.kit.home import write_durably
from crypto.keys import VerifyKey, generate_signing_key
from gateway.commands import passphrase
from gateway.commands.area_env import load_settings
from gateway.commands.founding import GATEWAY_KEY, LOG_KEY
from gateway.commands.outcome import Exit, Stopped

KEY_FILES: Final = {"gateway": GATEWAY_KEY, "log": LOG_KEY}


def make_new_key(home: Path, role: str, words_file: Path | None, work_factor: int) -> tuple[VerifyKey, Path]:
    """Return the public half of a new key for `role`, gateway or log, and the file it was written to.

        words_file  the passphrase of the keys in `home`, None for the file that the settings name

    Raises Stopped if one is waiting there already; WrongPassphrase if the service could not open it as the others.
    """
    if role not in KEY_FILES:
        raise Stopped("the gateway's machine holds no such key", f"give one of: {', '.join(KEY_FILES)}", Exit.USAGE)
    settings = load_settings(home)
    secret, public = home / f"{role}-new.signkey", home / f"{role}-new.vkey"
    for file in (secret, public):
        if file.exists():
            raise Stopped(f"{file} is there already: nothing was made", "have it delegated, or remove it", Exit.USAGE)
    opened = passphrase.recall("the gateway's keys", words_file or settings.passphrase_file)
    for held in KEY_FILES.values():  # one passphrase opens them all when a service starts
        keyfile.load_signing_key(home / held, opened)
    key = generate_signing_key(f"{settings.area}/{role}")
    # A crash between the two leaves a key whose public half nobody has: the next run names it, to be removed.
    keyfile.save_signing_key(secret, key, opened, work_factor)
    write_durably(public, f"{key.verify_key.vkey}\n".encode())
    return key.verify_key, public
