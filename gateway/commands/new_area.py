"""A new area from the options of `marac init`: everything checked first, then made, then moved into place."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from agencies.area import fingerprint
from agencies.isa import Isa
from agencies.kit.home import HomeDamaged
from agencies.kit.terminal import sha256_hex
from agencies.kit.wire import trusting
from agencies.names import draw_case_ref, parse_area_name
from agencies.notes.isa import IsaNote, parse_isa
from broker.errors import UnsafeSettings
from broker.settings import Settings, check_database_url
from crypto.errors import Malformed
from crypto.keys import VerifyKey
from crypto.note import hash_bytes
from gateway.commands import passphrase
from gateway.commands.area_env import FILE, load_settings, write_settings
from gateway.commands.first_database import begin_database
from gateway.commands.founding import Founded, Places, Terms, found, making
from gateway.commands.init_options import InitOptions
from gateway.commands.outcome import Exit, Stopped
from gateway.commands.passphrase import Passphrases


@dataclass(frozen=True, slots=True)
class MadeArea:
    """What `marac init` tells: nothing in it is secret."""

    terms: Terms
    places: Places
    root: VerifyKey

    def as_dict(self) -> Mapping[str, object]:
        """Return it for a program."""
        return {
            "area": self.terms.area,
            "home": str(self.places.home),
            "office": str(self.places.office),
            "offline": str(self.places.offline),
            "root": self.root.vkey,
            "fingerprint": fingerprint(self.root),
        }

    def lines(self) -> Sequence[str]:
        """Return it for people, with what to do next."""
        isa, home = self.terms.isa, self.places.home
        return (
            f"The area {self.terms.area} is made, under agreement {isa.version}.",
            "",
            f"  Root fingerprint   {fingerprint(self.root)}",
            f"  Root public key    {self.root.vkey}",
            f"  Agreement's text   {isa.text_hash}",
            f"    as from sha256sum {sha256_hex(isa.text_hash)}",
            "",
            "Read the fingerprint aloud to every agency that joins: it is how they know that the area is yours.",
            "",
            "Next:",
            f"  1. Move {self.places.offline} to two memory sticks, lock them away in two places, and delete it here.",
            "     It holds the root key (needed once a year) and the coordinator's recovery key.",
            f"  2. Move {self.places.office} to the coordinator's computer.",
            f"  3. Look through {home / FILE}, then start the gateway: marac serve --home {home}",
            f"  4. Send {self.places.office / 'area.agreement'} to each agency that signed the agreement's paper;",
            "     let it in with what it sends back: marac agency add --help",
        )


def make_area(options: InitOptions, now: datetime) -> MadeArea:
    """Return the area that was made; a failure before its folders are moved into place leaves nothing behind.

    Raises Stopped for options that cannot be, folders that are there, a database that holds an area.
    """
    now = now.replace(microsecond=0)
    places, terms = _places(options), _terms(options, now)
    with making(places) as drafts:
        secrets = _passphrases(options)
        founded = found(terms, drafts, secrets, now)
        settings = _write_settings(options, founded, drafts.home)
        settings.outside.mkdir(mode=0o700)
        # On PostgreSQL a crash from here on leaves a database with an area that nobody has the keys of: use another.
        asyncio.run(begin_database(settings.database, terms, founded, now))
    return MadeArea(terms, places, founded.root)


def _places(options: InitOptions) -> Places:
    home = options.home.resolve()
    places = Places(
        home=home,
        office=(options.office or home.with_name(home.name + "-office")).resolve(),
        offline=(options.offline or home.with_name(home.name + "-offline")).resolve(),
    )
    for one in places.all():
        if any(other != one and other.is_relative_to(one) for other in places.all()) or places.all().count(one) > 1:
            raise Stopped("one of the three folders lies within another", "give folders side by side", Exit.USAGE)
    return places


def _terms(options: InitOptions, now: datetime) -> Terms:
    _check_database(options.database_url)
    isa = Isa(
        version=options.agreement_version,
        in_force=_day(options.agreement_from) or now,
        until=_day(options.agreement_until),
        text_hash=hash_bytes(options.agreement.read_bytes()),
        retention_years=options.retention_years,
        purposes=tuple(purpose.strip() for purpose in options.purposes.split(",")),
    )
    try:
        area = parse_area_name(options.area)
        draw_case_ref(options.prefix)
        parse_isa(IsaNote(area, isa).encode())
    except Malformed as wrong:
        raise Stopped(f"an option is wrong: {wrong}", "see: marac init --help", Exit.USAGE) from None
    if not isa.covers(now):
        raise Stopped("the agreement is not in force today", "correct --agreement-from or -until", Exit.USAGE)
    return Terms(area, options.gateway, isa, options.telephone, _certificates(options.ca))


def _check_database(url: str | None) -> None:
    if url == "":
        raise Stopped("--database-url is empty", "give an address, or leave the option out", Exit.USAGE)
    try:
        if url is not None:
            check_database_url(url)
    except UnsafeSettings as unsafe:
        raise Stopped(str(unsafe), "correct it, or what --database-url says instead", Exit.USAGE) from None


def _certificates(file: Path | None) -> bytes | None:
    if file is None:
        return None
    content = file.read_bytes()
    # It is carried to the office: a key that stands beside the certificate, as in many servers' files, stays here.
    if b"PRIVATE KEY" in content:
        raise Stopped("--ca: there is a private key in that file", "give the authority's certificate alone", Exit.USAGE)
    try:
        trusting(str(file))
    except HomeDamaged:
        raise Stopped("--ca: that file holds no certificate in PEM", "give the authority's", Exit.USAGE) from None
    return content


def _day(day: datetime | None) -> datetime | None:
    return day.replace(tzinfo=UTC) if day else None


def _passphrases(options: InitOptions) -> Passphrases:
    offline = options.offline_passphrase_file
    return Passphrases(
        service=passphrase.choose("the gateway's keys", options.passphrase_file),
        office=passphrase.choose(
            "the coordinator's office", options.office_passphrase_file or offline, "--office-passphrase-file"
        ),
        offline=passphrase.choose("the keys kept offline", offline, "--offline-passphrase-file"),
        work_factor=options.work_factor,
    )


def _write_settings(options: InitOptions, founded: Founded, home: Path) -> Settings:
    values = {
        "area": options.area,
        "case_prefix": options.prefix,
        "root_vkey": founded.root.vkey,
        "coordinator_telephone": options.telephone,
    }
    if options.passphrase_file:
        values["passphrase_file"] = str(options.passphrase_file.resolve())
    if options.database_url:
        values["database_url"] = options.database_url
    write_settings(home / FILE, values)
    return load_settings(home)
