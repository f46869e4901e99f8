"""`marac recall`: a message is taken back, and with it what was sent together with it."""

from dataclasses import dataclass
from typing import Annotated

import typer

from agencies.kit.correcting import known_manifests
from agencies.kit.service_reached import warn_of_no_service
from agencies.kit.terminal import (
    HERE,
    AsJson,
    Exit,
    KitFolder,
    PassphraseFile,
    answer,
    message_id,
    open_kit,
    say,
    stop,
    takes,
)
from agencies.notes.recall import REASONS


@dataclass(frozen=True, kw_only=True)
class RecallOptions:
    """Which message, why, and from whom."""

    message: Annotated[str, typer.Argument(metavar="MESSAGE", help="As `marac refer` answered.")]
    reason: Annotated[str, typer.Option(help=f"One of: {', '.join(REASONS)}.")]
    to: Annotated[
        list[str] | None, typer.Option("--to", help="From this recipient only (coordinator); may be repeated.")
    ] = None
    only: Annotated[bool, typer.Option("--only", help="This one alone, not what was sent together with it.")] = False
    kit: KitFolder = HERE
    passphrase_file: PassphraseFile = None
    as_json: AsJson = False


@takes(RecallOptions)
def recall(options: RecallOptions) -> None:
    """Take a message back, and what was sent together with it: a referral, its safe contact and its exclusions.

    Who has not opened it cannot any more; who has is told to destroy it and confirm. From whom it is taken back with
    --to, no correction of it goes either, until it is shared with them again: marac case share --message.

    Example: marac recall 0199f2b1-6a0b-7d0e-8a3c-5f0f4c1f2b7e --reason wrong-recipient
    """
    if options.reason not in REASONS:
        stop("--reason: there is no such reason", f"give one of: {', '.join(REASONS)}", Exit.USAGE)
    first = message_id(options.message)
    states: dict[str, str] = {}
    with open_kit(options.kit, options.passphrase_file) as sending:
        together = [] if options.only else sending.same_submission(first)
        documents = {one.message: one.document for one in together} or {first: "message"}
        for one, document in documents.items():
            states[one] = sending.recall(one, options.to or None, options.reason)
            if not options.as_json:  # at once: should the next one fail, this one is taken back
                say(f"{document:<13} {one}  {states[one]}")
        for case in {one.case for one in known_manifests(sending) if options.to and one.message in states}:
            warn_of_no_service(sending, case)
    if options.as_json:
        answer(True, {"message": first, "state": states[first], "messages": states}, "")
