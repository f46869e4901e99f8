"""`marac join`: the kit's folder for one area, with the root key pinned after it was compared aloud."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final
from urllib.parse import urlsplit

import httpx2
import typer

from agencies.area import fingerprint
from agencies.kit.answers import AreaAnswer
from agencies.kit.home import Home, KitSettings
from agencies.kit.terminal import HERE, AsJson, Exit, KitFolder, answer, stop, takes, warn
from agencies.kit.wire import BadAnswer, check_certificate, parse_answer, plain_get
from agencies.names import OfficerId, PartyId, area_of, parse_officer_id, parse_party_id
from crypto.errors import Malformed
from crypto.keys import VerifyKey, parse_vkey

_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})


@dataclass(frozen=True, kw_only=True)
class JoinOptions:
    """Which gateway, who joins, and what is known of both beforehand."""

    url: Annotated[str, typer.Argument(metavar="URL", help="Where the gateway is, https.")]
    party: Annotated[str, typer.Argument(metavar="ID", help="This agency's id, as the coordinator gave it.")]
    root: Annotated[str, typer.Option(help="The root's vkey, or a file with it; else asked of the gateway.")] = ""
    officer: Annotated[str, typer.Option(help="Who works with this folder, if known already.")] = ""
    ca: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Certificates to trust for the gateway.", exists=True, dir_okay=False),
    ] = None
    telephone: Annotated[
        str, typer.Option(help="The coordinator's, for when the gateway is down; given again, it is changed.")
    ] = ""
    kit: KitFolder = HERE
    as_json: AsJson = False

    def ca_file(self) -> str | None:
        """Return the certificates' place, wherever the next command is run from."""
        return str(self.ca.resolve()) if self.ca else None


@takes(JoinOptions)
def join(options: JoinOptions) -> None:
    """Make this agency's kit folder for one area, and show the root's fingerprint to compare aloud.

    Telephone the coordinator on a number you already had. Everything else is checked from that key down.
    For a folder that has joined, --telephone changes the coordinator's number in it, and nothing else.

    Example: marac join https://marac.cambridgeshire.example marac.cambridgeshire.example/agency/housing
    """
    url = options.url.rstrip("/")
    _check_url(url)
    id_, reader = _ids(options.party, options.officer)
    joined = _joined(options, url, id_)
    if joined is not None:
        _change_telephone(joined, options)
        return
    key = _parse(_stated(options.root)) if options.root else _fetched(url, options.ca_file())
    if key.name != f"{area_of(id_)}/root":
        stop("the root key is another area's", "check the address and the agency's id", Exit.CHECK_FAILED)
    if not options.root:
        _compare(key)
    settings = KitSettings(area_of(id_), url, key.vkey, id_, reader, options.ca_file(), options.telephone or None)
    home = Home.create(options.kit, settings)
    members = {"kit": str(home.path), "area": home.settings.area, "party": id_, "fingerprint": fingerprint(key)}
    text = f"Joined {home.settings.area} in {home.path}. Root key: {fingerprint(key)}\n  Next: marac keys generate"
    answer(options.as_json, members, text)


def _joined(options: JoinOptions, url: str, party: PartyId) -> Home | None:
    """Return the folder if it has joined here as this agency, and another telephone number is all that is given."""
    others = (options.root, options.officer, options.ca)
    if not options.telephone or any(others) or not (options.kit / "kit.json").exists():
        return None
    home = Home.load(options.kit)
    return home if (home.settings.url, home.settings.party) == (url, party) else None


def _change_telephone(home: Home, options: JoinOptions) -> None:
    before = home.settings.telephone
    home.change_telephone(options.telephone)
    members = {"kit": str(home.path), "telephone": options.telephone, "before": before}
    text = f"The coordinator's number in {home.path} is now {options.telephone}; before: {before or 'none'}."
    answer(options.as_json, members, text)


def _compare(key: VerifyKey) -> None:
    warn(f"root key of {area_of(key.name)}: {fingerprint(key)}")
    if not typer.confirm("Did the coordinator read out the same, on a number you already had?", err=True):
        stop("the root key was not confirmed: nothing was made", "tell the coordinator what you see", Exit.CHECK_FAILED)


def _check_url(url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme == "https" and parts.hostname:
        return
    if parts.scheme != "http" or parts.hostname not in _LOOPBACK:
        stop("the gateway's address must begin with https://", "ask the coordinator for it", Exit.USAGE)


def _ids(party: str, officer: str) -> tuple[PartyId, OfficerId | None]:
    try:
        return parse_party_id(party), parse_officer_id(officer) if officer else None
    except Malformed:
        stop("that is not an agency's id, or not an officer's", "ask the coordinator for it", Exit.USAGE)


def _stated(root: str) -> str:
    return root if "+" in root else Path(root).read_text(encoding="ascii", errors="replace").strip()


def _fetched(url: str, ca_file: str | None) -> VerifyKey:
    try:
        body = plain_get(f"{url}/v1/area", ca_file)
        return _parse(parse_answer(body, AreaAnswer).root)
    except (httpx2.TransportError, BadAnswer) as error:
        check_certificate(error)
        stop("there is no MARAC gateway at this address", "check the address, or give --root")


def _parse(vkey: str) -> VerifyKey:
    try:
        return parse_vkey(vkey)
    except Malformed:
        stop("that is not a root key", "ask the coordinator for the area's root vkey", Exit.USAGE)
