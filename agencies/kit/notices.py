"""`marac notices` and `marac uncollected`: being told that something waits, and what is urgent and still waits."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

import typer

from agencies.addresses import parse_mailbox, parse_webhook
from agencies.kit.answers import ChannelAnswer, NoticesAnswer
from agencies.kit.terminal import HERE, AsJson, Exit, KitFolder, PassphraseFile, answer, open_kit, say, stop, takes
from crypto.errors import Malformed

_FAULTS = {
    "address": "no notice is ever sent to where this name leads",
    "unreachable": "nobody answers there",
    "insecure": "no trusted certificate there",
    "refused": "it was refused there",
}

app = typer.Typer(no_args_is_help=True, help="Be told, without a word of content, that something waits.")


@dataclass(frozen=True, kw_only=True)
class SetOptions:
    """Where to be told."""

    email: Annotated[str | None, typer.Option("--email", metavar="ADDRESS", help="A role mailbox.")] = None
    webhook: Annotated[str | None, typer.Option("--webhook", metavar="URL", help="Begins with https://.")] = None
    kit: KitFolder = HERE
    passphrase_file: PassphraseFile = None


@takes(SetOptions)
def set_(options: SetOptions) -> None:
    """Be told by e-mail, by webhook or by both, in the place of what was set before.

    Give a mailbox of a role, never a person's: several people read it, and it outlives each of them. Choose a name
    that says nothing of MARAC. The notice says that there is something to collect, and nothing else: `marac pull`.

    Example: marac notices set --email duty-desk@agency.example
    """
    if options.email is None and options.webhook is None:
        stop("give --email, --webhook or both", "to be told nothing any more: marac notices off", Exit.USAGE)
    _check("--email", options.email, parse_mailbox)
    _check("--webhook", options.webhook, parse_webhook)
    with open_kit(options.kit, options.passphrase_file) as party:
        party.set_notices(options.email, options.webhook)
    say("Done. Is it a mailbox of a role, and not a person's? Check now and then: marac notices show")


app.command("set")(set_)


@app.command("show")
def show(kit: KitFolder = HERE, passphrase_file: PassphraseFile = None, as_json: AsJson = False) -> None:
    """Show where this agency is told, and whether it gets through; the coordinator sees whose notices fail.

    Example: marac notices show
    """
    with open_kit(kit, passphrase_file) as party:
        found = party.notices()
    answer(as_json, found.model_dump(), _in_words(found))


@app.command("off")
def off(kit: KitFolder = HERE, passphrase_file: PassphraseFile = None) -> None:
    """Be told nothing any more; the addresses are destroyed.

    Example: marac notices off
    """
    with open_kit(kit, passphrase_file) as party:
        party.set_notices(None, None)
    say("Done: nobody is told any more. Look for messages yourself: marac pull")


def uncollected(kit: KitFolder = HERE, passphrase_file: PassphraseFile = None, as_json: AsJson = False) -> None:
    """List what is urgent and was not collected within the area's limit (coordinator). Telephone those agencies.

    Example: marac uncollected
    """
    with open_kit(kit, passphrase_file) as office:
        found = office.uncollected()
    lines = [f"{one.since}  {one.case}  {one.agency}" for one in found.uncollected]
    answer(as_json, found.model_dump(), "\n".join(lines) or "Nothing: everything urgent was collected in time.")


def _check(option: str, address: str | None, parse: Callable[[str], object]) -> None:
    try:
        if address is not None:
            parse(address)
    except Malformed as wrong:
        stop(f"{option}: {wrong}", "correct it and run it again", Exit.USAGE)


def _in_words(found: NoticesAnswer) -> str:
    own = [_channel("E-mail", found.email), _channel("Webhook", found.webhook)]
    failing = [
        f"{one.party}: {one.channel} fails since {one.failing_since} ({_FAULTS.get(one.fault or '', one.fault)})"
        for one in found.failing
    ]
    return "\n".join([*own, *failing])


def _channel(name: str, channel: ChannelAnswer | None) -> str:
    if channel is None:
        return f"{name}: not told"
    failing = f"; FAILS since {channel.failing_since} ({_FAULTS.get(channel.fault or '', channel.fault)})"
    return f"{name}: {channel.address}" + (failing if channel.failing_since else "")
