"""`marac refer`: a referral is sent, and sent again where no answer came; it cannot become two."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

import typer

from agencies.kit.client import Kit
from agencies.kit.compose import Composed
from agencies.kit.forms import example, load_form
from agencies.kit.sending import Accepted
from agencies.kit.terminal import (
    HERE,
    AsJson,
    Exit,
    KitFolder,
    PassphraseFile,
    answer,
    open_kit,
    say,
    stop,
    takes,
    warn,
)
from agencies.kit.urgent import NotKnownToArrive, Urgent
from agencies.kit.wire import Problem, Unreachable, Untrusted

RESENDS: Final = 3


@dataclass(frozen=True, kw_only=True)
class ReferOptions:
    """Which referral, and how it is answered."""

    form: Annotated[Path | None, typer.Argument(metavar="[FILE]", help="A referral form, JSON.", dir_okay=False)] = None
    shows_example: Annotated[bool, typer.Option("--example", help="Print a form to start from, and leave.")] = False
    unanswered: Annotated[
        bool, typer.Option("--unanswered", help="Send again what got no answer: it cannot become two referrals.")
    ] = False
    kit: KitFolder = HERE
    passphrase_file: PassphraseFile = None
    as_json: AsJson = False


@takes(ReferOptions)
def refer(options: ReferOptions) -> None:
    """Send a referral. Every personal field may be unknown; nothing is refused for being incomplete.

    Until the broker's answer is here, the referral stays in the kit's folder, sealed to this agency's own key.

    Example: marac refer --example > referral.json
             marac refer referral.json
    """
    if options.shows_example:
        say(example().rstrip("\n"))
        return
    if (options.form is None) != options.unanswered:
        stop("give a form, or --unanswered", "run: marac refer --example > referral.json, and fill it in", Exit.USAGE)
    with Urgent(options.kit):
        if options.form is None:
            _send_unanswered(options)
            return
        filled = load_form(options.form)
        with open_kit(options.kit, options.passphrase_file) as sending:
            _tell_of_unanswered(sending.outbox.unanswered())
            accepted = _send(sending, sending.prepare(filled.documents))
    answer(options.as_json, _members(accepted), _in_words(accepted))


def _send_unanswered(options: ReferOptions) -> None:
    """Send again everything that has no answer. One that is refused now may have arrived before: a person must ask."""
    taken: list[list[Accepted]] = []
    refused: list[Problem] = []
    with open_kit(options.kit, options.passphrase_file) as sending:
        waiting = sending.outbox.unanswered()
        for idempotency in waiting:
            composed = sending.outbox.submission(idempotency, sending.keyring.identities)
            try:
                taken.append(_send(sending, composed))
            except Problem as problem:
                if problem.retry != "no":
                    raise
                warn(f"refused: {problem}")
                refused.append(problem)
    lines = [_in_words(accepted) for accepted in taken]
    if not waiting:
        lines.append("Every referral sent from here has its answer.")
    answer(options.as_json, {"referrals": [_members(accepted) for accepted in taken]}, "\n".join(lines))
    if refused:
        stop(
            "what was refused now may have arrived the first time; it is no longer kept here",
            "ask the coordinator whether it arrived, and send the form again if not",
            Exit.REFUSED,
        )


def _tell_of_unanswered(waiting: Sequence[str]) -> None:
    if waiting:
        warn(
            f"{len(waiting)} sent from here before got no answer, and may not have arrived. If this is the same"
            " referral, stop, and run: marac refer --unanswered"
        )


def _members(accepted: Sequence[Accepted]) -> Mapping[str, object]:
    messages = {one.manifest.document: one.manifest.message for one in accepted}
    return {"case": accepted[0].manifest.case, "messages": messages}


def _in_words(accepted: Sequence[Accepted]) -> str:
    lines = [f"  {one.manifest.document:<13} {one.manifest.message}" for one in accepted]
    return "\n".join([f"The broker has taken the referral. Case {accepted[0].manifest.case}, messages:", *lines])


def _send(kit: Kit, composed: Composed) -> list[Accepted]:
    """Send, and where no answer came send the very same again: it cannot become two referrals."""
    for attempt in range(1, RESENDS + 1):
        try:
            return kit.submit(composed)
        except Untrusted:
            raise
        except Unreachable as error:
            if attempt == RESENDS:
                raise NotKnownToArrive(f"{error}: it is not known whether the referral arrived") from None
            warn("no answer from the gateway; sending the same again")
    raise AssertionError("a last attempt returns or raises")
