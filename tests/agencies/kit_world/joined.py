"""An area made by `marac init` and served by `marac serve`, with two agencies that joined it by commands alone."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from agencies.notes.party import parse_party
from crypto import note as signed_note
from tests.commands.running import AREA, PASSPHRASE, QUICK, Answer, Places, init_options, marac, serving, write_secret

HOUSING = f"{AREA}/agency/housing"
IDVA = f"{AREA}/agency/idva"
OFFICE = f"{AREA}/office/coordinator"


@dataclass(frozen=True)
class Joined:
    """An area that is served, with two agencies that joined it by commands alone."""

    places: Places
    url: str

    def kit(self, party: str) -> Path:
        return self.places.office / "kit" if party == OFFICE else self.places.folder / party.rpartition("/")[2]

    def run(self, party: str, *arguments: object) -> Answer:
        return marac(*arguments, "--kit", self.kit(party), "--passphrase-file", self.places.passphrase)

    def office(self, *arguments: object) -> Answer:
        return self.run(OFFICE, *arguments)


def ok(answer: Answer) -> str:
    assert answer.code == 0, answer.err
    return answer.out


@contextmanager
def joined_area(folder: Path) -> Iterator[Joined]:
    """Yield the area, served until the block ends."""
    places = Places(folder)
    write_secret(places.passphrase, PASSPHRASE)
    founded = json.loads(ok(marac(*init_options(places), "--json")))
    with serving(places) as url:
        point_at(places.office / "kit" / "kit.json", url)
        joined = Joined(places, url)
        agreement = places.folder / "area.agreement"
        ok(marac("keys", "agreement", agreement, "--kit", places.office / "kit"))
        for party, kind in ((HOUSING, "housing"), (IDVA, "idva-service")):
            join(joined, party, kind, founded["root"])
        yield joined


def point_at(kit: Path, url: str) -> None:
    """A coordinator edits the gateway's address where the port is not known beforehand."""
    kit.write_text(json.dumps({**json.loads(kit.read_text()), "url": url}))


def join(area: Joined, party: str, kind: str, root: str) -> None:
    folder, secret, kit = area.places.folder, area.places.passphrase, area.kit(party)
    short, office = kit.name, ("--office", area.places.office, "--passphrase-file", secret)
    recovery = folder / f"{short}-recovery.agekey"
    ok(marac("join", area.url, party, "--root", root, "--kit", kit))
    given = ("--kind", kind, "--name", f"{short} (made up)", "--agreement", folder / "area.agreement")
    ok(area.run(party, "keys", "generate", *given, "--recovery", recovery, QUICK))
    note, proof = kit / f"{short}.party", folder / f"{short}.proof"
    ok(marac("agency", "add", note, *office))
    tests = [area.places.office / "challenges" / f"agency-{short}-{use}.age" for use in ("working", "recovery")]
    ok(area.run(party, "keys", "prove", *tests, "--recovery-key", recovery, "--out", proof))
    ok(marac("agency", "add", note, "--proof", proof, *office))
    ok(area.run(party, "keys", "officer", "--with-key", "--out", folder / f"{short}.officer", QUICK))
    enter_officer(area, party, folder / f"{short}.officer")


def enter_officer(area: Joined, party: str, note: Path) -> None:
    """The coordinator enters an officer with keys of their own, once they have opened a test message."""
    office, proof = (
        ("--office", area.places.office, "--passphrase-file", area.places.passphrase),
        note.with_name(note.name + ".proof"),
    )
    ok(marac("officer", "add", note, *office))
    short = parse_party(signed_note.text_of(note.read_text())).id.rpartition("/")[2]
    asked = area.places.office / "challenges" / f"officer-{short}-working.age"
    ok(area.run(party, "keys", "prove", asked, "--out", proof))
    ok(marac("officer", "add", note, "--proof", proof, *office))


def enter_coordinator(area: Joined) -> None:
    """The officer of the coordinator's kit is entered, for whom the office speaks."""
    officer = area.places.folder / "coordinator.officer"
    ok(area.office("keys", "officer", "--out", officer))
    ok(marac("officer", "add", officer, "--office", area.places.office, "--passphrase-file", area.places.passphrase))


def referred(area: Joined) -> dict[str, str]:
    """Send the example form, with somebody excluded in words."""
    form = json.loads(ok(marac("refer", "--example")))
    form["exclusions"]["people"] = [{"person": "his cousin, who volunteers at a drop-in centre"}]
    path = area.places.folder / "referral.json"
    path.write_text(json.dumps(form))
    sent = json.loads(ok(area.run(HOUSING, "refer", path, "--json")))
    # Nothing is released before the coordinator has dealt with it.
    ok(area.office("exclusions", sent["case"], "--settle", sent["messages"]["exclusions"]))
    messages: dict[str, str] = sent["messages"]
    return messages


def pulled(area: Joined, message: str) -> str:
    """Pull until the message came, and return its delivery."""
    for _ in range(20):
        ok(area.run(IDVA, "pull", "--wait", "5"))
        rows = json.loads(ok(marac("inbox", "--json", "--kit", area.kit(IDVA))))["deliveries"]
        found = [str(row["delivery"]) for row in rows if row["message"] == message]
        if found:
            return found[0]
    raise AssertionError("the message never came")


def new_key(told: str) -> str:
    """Return the keyid that `marac keys rotate` has people read out."""
    return next(word.rstrip(":") for word in told.split() if "+" in word)
