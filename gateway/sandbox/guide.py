"""What a newcomer is told of the sandbox, on the screen and at `GET /sandbox`: who is here, and what to try."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from textwrap import wrap
from typing import Final

from agencies.area import fingerprint
from gateway.made_up import AREA, MadeUpArea, Member
from gateway.sandbox.stage import Stage

WIDTH: Final = 78
WARNING: Final = (
    "Everybody here is made up, and every secret key is published: the same on every machine. Never use one elsewhere."
)


@dataclass(frozen=True, slots=True)
class Guide:
    """The sandbox as it is told of.

    program  how the command was called
    remarks  by short name, what is peculiar about a member
    kept     whether the folder stays
    """

    stage: Stage
    program: str
    remarks: Mapping[str, str]
    kept: bool

    @property
    def area(self) -> MadeUpArea:
        """The area, with everybody's keys."""
        return self.stage.area

    @property
    def url(self) -> str:
        """Where its gateway listens."""
        return self.stage.url

    def as_dict(self) -> Mapping[str, object]:
        """Return it for programs."""
        return {
            "warning": WARNING,
            "area": AREA,
            "url": self.url,
            "root": self.area.root.verify_key.vkey,
            "fingerprint": fingerprint(self.area.root.verify_key),
            "folder": str(self.area.folder),
            "passphrase": self.area.passphrase,
            "members": [self._member(member) for member in self.area.members.values()],
            "message_sent": self.stage.welcome,
            "routes": [
                "GET /sandbox", "GET /sandbox/errors", "POST /sandbox/errors/{code}",
                "GET /sandbox/clock", "POST /sandbox/clock",
            ],
            "try": self.commands(),
        }  # fmt: skip

    def commands(self) -> Sequence[str]:
        """Return commands for another terminal, in an order in which each has something to show."""
        kit, words = "--kit $S", "--passphrase-file $S/passphrase"
        marac = self.program
        return (
            f"S={self.area.folder}",
            f"{marac} pull {kit}/lantern {words}",
            f"{marac} inbox {kit}/lantern",
            f"{marac} open DELIVERY {kit}/lantern {words}",
            f"{marac} refer --example > $S/referral.json",
            f"{marac} refer $S/referral.json \\\n    {kit}/rivermead {words}",
            f"{marac} status {self.stage.welcome} \\\n    {kit}/rivermead {words}",
            f"curl {self.url}/sandbox",
            f"curl {self.url}/sandbox/errors",
            f"curl -X POST {self.url}/sandbox/errors/nonce-replayed",
            f"curl -d '{{\"days\": 400}}' {self.url}/sandbox/clock",
        )

    def text(self) -> str:
        """Return it for people, in lines of at most 78 characters where no path is longer."""
        folder = "stays when the sandbox ends" if self.kept else "is removed when the sandbox ends"
        return "\n".join([
            f"The sandbox of {AREA}, at {self.url}",
            "",
            *wrap(WARNING, WIDTH),
            "",
            f"Root fingerprint: {fingerprint(self.area.root.verify_key)}",
            f"Folder ({folder}): {self.area.folder}",
            "",
            "Who is here (each has a kit's folder of its short name):",
            *(f"  {short:<13} {self._about(member)}" for short, member in self.area.members.items()),
            "",
            "In another terminal:",
            *(f"  {command}" for command in self.commands()),
            "",
            "Every error code has a case that provokes it, over HTTP and for real; the",
            "answer shows what was sent and what came back. When the clock is moved,",
            "agreements lapse and cases fall due; your own clients keep their own time.",
            "",
        ])  # fmt: skip

    def _about(self, member: Member) -> str:
        remark = self.remarks.get(member.role.short)
        return member.role.name + (f": {remark}" if remark else "")

    def _member(self, member: Member) -> Mapping[str, object]:
        settings, keyring = member.home.settings, member.keyring
        return {
            "short": member.role.short,
            "id": settings.party,
            "kind": member.role.kind,
            "name": member.role.name,
            "vkey": keyring.agency.verify_key.vkey,
            "recipient": str(keyring.identities[0].recipient()),
            "officer": settings.officer,
            "officer_vkey": keyring.officer.verify_key.vkey if keyring.officer else None,
            "remark": self.remarks.get(member.role.short),
        }


def program_of(called: str, here: Path) -> str:
    """Return how to call the command again: by the start script in `here`, where there is one, else by its name."""
    return "./marac" if (here / "marac").is_file() and "/" in called else "marac"
