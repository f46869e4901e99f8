"""`marac register`: what it says, bringing a signed one to the gateway again, and revoking; `list` is the kit's."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from agencies.kit.listing import list_register
from agencies.kit.terminal import Yes, confirmed, takes, write_public
from agencies.kit.wire import Problem, Unreachable
from agencies.notes.revocation import REASONS
from gateway.commands.options import AsJson, OfficeFolder, PassphraseFile
from gateway.commands.outcome import Exit, Stopped, say, say_json, wall_clock

if TYPE_CHECKING:
    from agencies.register import Register

app = typer.Typer(no_args_is_help=True, help="The area's register: as an agency's kit saw it, as the office keeps it.")
app.command("list")(list_register)


@dataclass(frozen=True, kw_only=True)
class ShowOptions:
    """Which office, and how to answer."""

    office: OfficeFolder = Path()
    as_json: AsJson = False


@dataclass(frozen=True, kw_only=True)
class PublishOptions:
    """Which office, and how its keys are opened."""

    office: OfficeFolder = Path()
    passphrase_file: PassphraseFile = None


@dataclass(frozen=True, kw_only=True)
class RevokeOptions:
    """Which key, why, where the note goes, and the office whose registrar signs it."""

    key: Annotated[str, typer.Argument(metavar="KEY", help="A signing keyid, or an age recipient.")]
    reason: Annotated[str, typer.Option(help=f"One of: {', '.join(REASONS)}.")]
    yes: Yes = False
    out: Annotated[Path, typer.Option(help="Where the signed note is kept.", dir_okay=False)] = Path("revoked.note")
    office: OfficeFolder = Path()
    passphrase_file: PassphraseFile = None


@app.command("show")
@takes(ShowOptions)
def show(options: ShowOptions) -> None:
    """Show who takes part, verified from the root's key down.

    Example: marac register show --office ./area-office
    """
    from agencies.notes.text import encode_time
    from gateway.commands.office import open_office

    register = open_office(options.office).register()
    if options.as_json:
        say_json(_rows(register))
        return
    say(f"Register {register.number} of {register.area}, issued {encode_time(register.issued)}.")
    if register.is_expired(wall_clock()):
        say("It has EXPIRED: renew it with any change, such as marac agency renew.")
    for one in register.participants():
        isa = f"agreement {one.isa.version}" if one.isa else "no agreement"
        say(f"  {one.id:<60} {one.status:<10} {one.kind:<24} {isa}")


@app.command("publish")
@takes(PublishOptions)
def publish(options: PublishOptions) -> None:
    """Bring a signed register that did not reach the gateway to it.

    Example: marac register publish --office ./area-office
    """
    from gateway.commands.ledger import publish_pending
    from gateway.commands.office import open_office

    register = publish_pending(open_office(options.office), options.passphrase_file)
    say(f"Register {register.number} is in force.")


@app.command("revoke")
@takes(RevokeOptions)
def revoke(options: RevokeOptions) -> None:
    """Take anybody's key out of use at once and for ever, as the registrar.

    Also the last of the coordinator's office: the office can send nothing
    more then, until a register with a new key was entered on the gateway's
    machine.

    Example: marac register revoke marac.area.example/agency/housing+0a1b2c3d
      --reason stolen --office ./area-office
    """
    from gateway.commands.envoy import publish_revocation
    from gateway.commands.ledger import open_keys, sign_revocation
    from gateway.commands.office import open_office

    if options.reason not in REASONS:
        raise Stopped("no such reason", f"give one of: {', '.join(REASONS)}", Exit.USAGE)
    if not confirmed(f"Revoke {options.key}? It cannot be undone.", yes=options.yes):
        raise Stopped("nothing was revoked", "run it again when you are sure")
    office, opened = open_office(options.office), open_keys(options.passphrase_file)
    note = sign_revocation(office, options.key, options.reason, opened)
    write_public(options.out, note)
    try:
        publish_revocation(office, note, opened)
    except (Problem, Unreachable) as fault:
        fault.add_note(f"It is signed, and NOT in force. Carry {options.out} to the gateway's machine, and enter it")
        fault.add_note("there: marac area enter-register")
        raise
    say("Revoked: it holds from now on.")


def _rows(register: "Register") -> dict[str, object]:
    from agencies.notes.text import encode_time

    return {
        "area": register.area,
        "number": register.number,
        "issued": encode_time(register.issued),
        "expires": encode_time(register.expires),
        "hash": register.hash,
        "entries": [
            {
                "id": one.id,
                "kind": one.kind,
                "name": one.name,
                "status": one.status,
                "isa": one.isa.version if one.isa else None,
                "keys": [key.verify_key.keyid for key in one.keys],
                "recipients": [{"use": each.use, "recipient": each.recipient} for each in one.recipients],
            }
            for one in register.participants()
        ],
    }
