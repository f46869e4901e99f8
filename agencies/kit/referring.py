"""`marac refer`: a referral is sent, and sent again where no answer came; it cannot become two."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from agencies.documents.document import Document
from agencies.kit import employers
from agencies.kit.acceptance import Accepted
from agencies.kit.client import Kit
from agencies.kit.compose import REFERRAL, Composed, Subject
from agencies.kit.correcting import Corrects, OlderToo, Reason, UnreadToo, check_options, correcting, with_reason
from agencies.kit.forms import ReferralForm, example, load_form
from agencies.kit.handing_in import hand_in, in_words, kept_before, members_of, prepared
from agencies.kit.opening import CheckFailed
from agencies.kit.outbox import NotReadable
from agencies.kit.safe_contacts import Said
from agencies.kit.sending import NotOurs
from agencies.kit.service_reached import warn_of_no_service
from agencies.kit.terminal import (
    HERE,
    AsJson,
    Exit,
    KitFolder,
    PassphraseFile,
    Yes,
    answer,
    confirmed,
    open_home,
    open_kit,
    say,
    stop,
    takes,
    warn,
)
from agencies.kit.urgent import Urgent
from agencies.kit.wire import BadAnswer, Problem, Unreachable, Untrusted
from agencies.names import instant_of

_OF_ONE = (Problem, Unreachable, CheckFailed, BadAnswer, NotReadable, NotOurs)


@dataclass(frozen=True, kw_only=True)
class ReferOptions:
    """Which referral, and how it is answered."""

    form: Annotated[Path | None, typer.Argument(metavar="[FILE]", help="A referral form, JSON.", dir_okay=False)] = None
    shows_example: Annotated[bool, typer.Option("--example", help="Print a form to start from, and leave.")] = False
    corrects: Corrects = None
    reason: Reason = None
    unread_too: UnreadToo = False
    older_too: OlderToo = False
    unanswered: Annotated[
        bool, typer.Option("--unanswered", help="Send again what got no answer, each as the same; asks first.")
    ] = False
    discard: Annotated[
        str | None, typer.Option("--discard", metavar="ID", help="Give up one that got no answer; see: marac sent.")
    ] = None
    yes: Yes = False
    kit: KitFolder = HERE
    passphrase_file: PassphraseFile = None
    as_json: AsJson = False


@takes(ReferOptions)
def refer(options: ReferOptions) -> None:
    """Send a referral. Every personal field may be unknown; nothing is refused for being incomplete.

    Until the broker's answer is here, the referral stays in the kit's folder, sealed to this agency's own key: the same
    form again, or --unanswered, sends that very one.

    --corrects takes the place of an earlier referral, all its parts: nobody but the offices opens the older one any
    more, and who has opened it gets the correction. Whom it should never have reached: marac recall.

    Example: marac refer --example > referral.json
             marac refer referral.json
             marac refer referral.json --corrects 0199f2b1-6a0b-7d0e-8a3c-5f0f4c1f2b7e --reason "Wrong birth date"
    """
    if options.shows_example:
        say(example().rstrip("\n"))
        return
    if (options.form is not None) + options.unanswered + (options.discard is not None) != 1:
        stop("give a form, or --unanswered", "run: marac refer --example > referral.json, and fill it in", Exit.USAGE)
    check_options(options.corrects, options.reason)
    if options.corrects is not None and options.form is None:
        stop("a correction is a whole referral", "give the corrected form too", Exit.USAGE)
    if options.discard is not None:
        _discard(options, options.discard)
        return
    with Urgent(options.kit):
        if options.form is None:
            _send_unanswered(options)
        else:
            _send_form(options, options.form)


def _send_form(options: ReferOptions, form: Path) -> None:
    filled = load_form(form)
    with open_kit(options.kit, options.passphrase_file) as sending:
        subject = REFERRAL if options.corrects is None else correcting(sending, REFERRAL, options.corrects)
        documents = with_reason(filled.documents, options.reason)
        composed = _prepared(
            sending, subject, documents, Said(unread_too=options.unread_too, older_too=options.older_too)
        )
        warn_of_employers(sending, filled)
        accepted = hand_in(sending, kept_before(sending, composed) or composed)
        warn_of_no_service(sending, accepted[0].manifest.case)
        if sending.keeps_nothing:
            warn("WARNING: the kit's folder could not keep this; write the ids down: only they take it back")
    answer(options.as_json, members_of(accepted), in_words(accepted, "referral"))


def warn_of_employers(sending: Kit, filled: ReferralForm) -> None:
    """Say where a perpetrator may work for who takes part and is not excluded; it stops nothing."""
    register, excluded = sending.directory().register, filled.exclusions
    found = employers.may_employ(filled.referral, register, sending.clock())
    ids = excluded.agency_ids | excluded.officer_ids
    next_step = "It is sent all the same. If it is so: name them in `exclusions`, and send it with --corrects"
    for line in employers.warnings(employers.not_excluded(found, ids, register), next_step):
        warn(line)


def _prepared(sending: Kit, subject: Subject, documents: Mapping[str, Document], said: Said) -> Composed:
    try:
        return prepared(sending, subject, documents, said)
    except Untrusted:
        raise
    except Unreachable as error:
        raise Unreachable(f"{error}: the referral was not sent, and is not kept here") from None


def _send_unanswered(options: ReferOptions) -> None:
    """Send again what has no answer, each told as it is answered; one that fails does not hold up the others."""
    taken: list[list[Accepted]] = []
    failed = 0
    with open_kit(options.kit, options.passphrase_file) as sending:
        for id_ in sending.outbox.unanswered():
            if not confirmed(f"Send the referral of {_when(id_)} again?", yes=options.yes):
                continue
            try:
                composed = sending.outbox.submission(id_, sending.keyring.identities)
                if composed is None:  # another process had its answer meanwhile
                    continue
                taken.append(hand_in(sending, composed))
                if not options.as_json:
                    say(in_words(taken[-1], "referral"))
            except _OF_ONE as error:
                failed += 1
                warn(f"the referral of {_when(id_)}: {error}")
    if options.as_json or not (taken or failed):
        answer(options.as_json, {"referrals": [members_of(one) for one in taken]}, "Nothing was left to be sent again.")
    if failed:
        stop(
            f"{failed} could not be sent again, and may have arrived the first time",
            "ask the coordinator; where it did not arrive: marac sent, marac refer --discard ID, and the form anew",
            Exit.REFUSED,
        )


def _discard(options: ReferOptions, id_: str) -> None:
    with open_home(options.kit).outbox() as outbox:
        if id_ not in outbox.unanswered():
            stop("no such referral is waiting for its answer", "see: marac sent", Exit.USAGE)
        question = f"Give up the referral of {_when(id_)}? What did arrive stays with the broker: ask the coordinator."
        if not confirmed(question, yes=options.yes):
            stop("nothing was done", "run it again when it is so")
        outbox.discard(id_)
    say("Given up: it is not sent from here again.")


def _when(id_: str) -> str:
    return f"{instant_of(id_):%Y-%m-%d %H:%M} UTC ({id_})"
