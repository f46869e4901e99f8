"""`marac send` and `marac case`: messages about a case that is there, and who takes part in it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from agencies.documents.document import Document
from agencies.documents.lookup import PASSED_ON
from agencies.documents.research_request import ResearchRequest
from agencies.documents.routes import ROUTES
from agencies.kit import closed, same_person
from agencies.kit.acceptance import Accepted
from agencies.kit.answers import CaseAnswer
from agencies.kit.client import Kit
from agencies.kit.compose import Subject, about
from agencies.kit.correcting import Corrects, OlderToo, Reason, UnreadToo, check_options, correcting, with_reason
from agencies.kit.excluding import waits_in_words
from agencies.kit.forms import example, load_message
from agencies.kit.handing_in import hand_in, in_words, kept_before, members_of, prepared
from agencies.kit.held_elsewhere import FLAG, check_flag, tell_of_flags
from agencies.kit.looked_up import asked_again
from agencies.kit.reached import warn_of_not_reached
from agencies.kit.safe_contacts import Said
from agencies.kit.service_reached import without_service
from agencies.kit.staff_risks import after, to_share
from agencies.kit.terminal import (
    HERE,
    AsJson,
    CaseArgument,
    Exit,
    KitFolder,
    PassphraseFile,
    Yes,
    answer,
    open_kit,
    say,
    stop,
    takes,
    the_case,
    wall_clock,
)
from agencies.kit.urgent import Urgent
from agencies.notes.text import encode_time
from agencies.taking_part import BASES, RELATIONS, WHYS

OPENS = "lookup"  # needs no case
ASKS = "research-request"  # whom it names is asked from then on
EVERYBODY = (
    "It is for every agency of the area that signed and is not excluded, also one whose part in the case was ended.\n"
    "To end it for one of them: marac case relate CASE ID --as ended --why no-longer-involved"
)
KINDS = tuple(kind for kind in ROUTES if kind != "referral")

app = typer.Typer(
    no_args_is_help=True, help="Of a case: who takes part, what is shared, which cases are one (coordinator)."
)


@dataclass(frozen=True, kw_only=True)
class SendOptions:
    """Which message, about which case."""

    kind: Annotated[str, typer.Argument(metavar="KIND", help=f"One of: {', '.join(KINDS)}.")]
    form: Annotated[Path | None, typer.Argument(metavar="[FILE]", help="A filled form, JSON.", dir_okay=False)] = None
    case: Annotated[str | None, typer.Option("--case", metavar="CASE", help="Such as CAM-7Q4X9-K2M8T-5.")] = None
    corrects: Corrects = None
    reason: Reason = None
    unread_too: UnreadToo = False
    older_too: OlderToo = False
    shows_example: Annotated[bool, typer.Option("--example", help="Print a form to start from, and leave.")] = False
    yes: Yes = False
    kit: KitFolder = HERE
    passphrase_file: PassphraseFile = None
    as_json: AsJson = False


@takes(SendOptions)
def send(options: SendOptions) -> None:
    """Send a message about a case: a research request, what research found, a note, a flag; or ask, with a look-up,
    whether somebody has been referred already (never wait with a referral for the answer).

    Who gets it follows from its kind, from what the form names, and from who takes part in the case. A research
    request goes out as one message an agency: none reads who else was asked. --corrects takes the place of an earlier
    message of the same kind: who has opened that one gets the correction.

    What stands in the newest safe contact of the case that was opened here, or sent from here, is sent in no other
    message; what stands in an older one only where a person says that it must be.

    Example: marac send research-request --example > request.json
             marac send research-request request.json --case CAM-7Q4X9-K2M8T-5
    """
    if options.kind not in KINDS:
        stop("KIND: no such kind of message", f"give one of: {', '.join(KINDS)}; a referral: marac refer", Exit.USAGE)
    if options.shows_example:
        say(example(options.kind).rstrip("\n"))
        return
    check_options(options.corrects, options.reason)
    if options.form is None or (options.case is None and options.corrects is None and options.kind != OPENS):
        stop("give a form and --case", f"to begin: marac send {options.kind} --example > form.json", Exit.USAGE)
    subject = about(options.kind, None if options.case is None else the_case(options.case))
    with Urgent(options.kit):
        document = load_message(options.kind, options.form)
        check_flag(document, wall_clock().date(), yes=options.yes)
        messages = apart(with_reason({options.kind: document}, options.reason)[options.kind])
        if options.corrects is not None and len(messages) > 1:
            stop("one message is corrected, and this would be several", "name one agency alone in `to`", Exit.USAGE)
        with open_kit(options.kit, options.passphrase_file) as sending:
            if options.corrects is not None:
                subject = correcting(sending, subject, options.corrects)
            sent = _send_all(
                sending, subject, messages, Said(unread_too=options.unread_too, older_too=options.older_too)
            )
            told = after(sending, sent[0][0].manifest.case, document.chosen) if options.kind == ASKS else []
    words = "\n".join([*(in_words(accepted, options.kind) for accepted in sent), *told])
    if options.kind == OPENS:
        words += f"\nAnswer: {PASSED_ON}."
    if options.kind == FLAG:
        words += f"\n{EVERYBODY}"
    members = [members_of(accepted) for accepted in sent]
    answer(options.as_json, members[0] if len(members) == 1 else {"sent": members}, words)


def apart(document: Document) -> list[Document]:
    """Return one research request for each agency that is asked, so that none reads who else is; others as they are."""
    if not isinstance(document, ResearchRequest):
        return [document]
    return [document.model_copy(update={"to": (one,)}) for one in document.to]


def _send_all(kit: Kit, subject: Subject, messages: Sequence[Document], said: Said) -> list[list[Accepted]]:
    """Send each, once all are known to tell no safe contact; the office is told whom one does not reach."""
    ready = [prepared(kit, subject, {subject.kind: one}, said) for one in messages]
    sent = []
    for document, composed in zip(messages, ready, strict=True):
        sent.append(hand_in(kit, kept_before(kit, composed) or composed))
        warn_of_not_reached(kit, document, sent[-1][0].manifest)
    return sent


@app.command("show")
def show(
    case: CaseArgument,
    kit: KitFolder = HERE,
    passphrase_file: PassphraseFile = None,
    as_json: AsJson = False,
) -> None:
    """Show who takes part in a case, on which basis, and who is kept out. The log notes that it was looked at.

    Example: marac case show CAM-7Q4X9-K2M8T-5
    """
    reference = the_case(case)
    with open_kit(kit, passphrase_file) as office:
        found = office.case(reference)
        told = [] if as_json else [*to_share(office, found), *without_service(office, found)]
    answer(as_json, found.model_dump(), "\n".join([_in_words(found), *told]))


@dataclass(frozen=True, kw_only=True)
class RelateOptions:
    """Which agency, what part, and why."""

    case: CaseArgument
    party: Annotated[str, typer.Argument(metavar="ID", help="The agency; see: marac register list.")]
    as_: Annotated[str, typer.Option("--as", metavar="RELATION", help=f"One of: {', '.join(RELATIONS)}.")]
    why: Annotated[str, typer.Option("--why", metavar="WORD", help=f"One of: {', '.join(WHYS)}.")]
    basis: Annotated[
        str | None, typer.Option("--basis", help=f"Lawful basis, if not its kind's: {' '.join(BASES)}")
    ] = None
    until: Annotated[
        datetime | None, typer.Option("--until", formats=["%Y-%m-%d"], help="The last day of it, if it ends by itself.")
    ] = None
    kit: KitFolder = HERE
    passphrase_file: PassphraseFile = None


@takes(RelateOptions)
def relate(options: RelateOptions) -> None:
    """Record what part an agency has in a case. `ended` stops every later release to it at once.

    Example: marac case relate CAM-7Q4X9-K2M8T-5 marac.area.example/agency/housing --as involved --why involvement
    """
    words = (("--as", options.as_, RELATIONS), ("--why", options.why, WHYS), ("--basis", options.basis, BASES))
    for option, given, allowed in words:
        if given is not None and given not in allowed:
            stop(f"{option}: no such word", f"give one of: {', '.join(allowed)}", Exit.USAGE)
    reference = the_case(options.case)
    with open_kit(options.kit, options.passphrase_file) as office:
        office.relate(reference, options.party, options.as_, options.why, **_basis_and_end(options))
        say("Done: it holds from now on. What was sealed before is opened to it by: marac case share")
        if options.as_ == "ended":
            tell_of_flags(office, reference, options.party)
        for line in after(office, reference, [options.party]):
            say(line)


def _basis_and_end(options: RelateOptions) -> dict[str, str]:
    """Return what is said beyond part and reason; the last day counts to its end, in UTC."""
    more = {} if options.basis is None else {"basis": options.basis}
    if options.until is not None:
        more["until"] = (options.until.replace(tzinfo=UTC) + timedelta(days=1)).isoformat()
    return more


app.command("relate")(relate)
app.command("close")(closed.close)
app.command("name")(closed.name)
same_person.add_to(app)


@app.command("list")
def list_waiting(kit: KitFolder = HERE, passphrase_file: PassphraseFile = None, as_json: AsJson = False) -> None:
    """List the cases in which something is missing: a triage that is late, exclusions in words to deal with, or no
    IDVA service has the newest referral.

    Example: marac case list
    """
    with open_kit(kit, passphrase_file) as office:
        found = office.waiting()
    lines = [
        f"{one.case}  {one.stage:<11}  referred {one.last_referral_at or 'never'}  missing: {', '.join(one.missing)}"
        for one in found.cases
    ]
    answer(as_json, found.model_dump(), "\n".join(lines) or "Nothing is missing in any case.")


def lookups(kit: KitFolder = HERE, passphrase_file: PassphraseFile = None, as_json: AsJson = False) -> None:
    """Count the look-ups of each agency (coordinator): those stand out that asked twice within 30 days, and for
    neither made a referral within 30 days: one referral answers one look-up. About whom they asked is not in that.

    Of the look-ups that were opened with this kit it adds who asked twice about the same person and has not referred
    them, whomever else that agency refers.

    Example: marac lookups
    """
    with open_kit(kit, passphrase_file) as office:
        found = office.lookups()
        again = asked_again(office)
    lines = []
    for one in found.agencies:
        lines.append(f"{one.agency}{'  STANDS OUT' if one.stands_out else ''}")
        without = ", ".join(at[:10] for at in one.without_referral)
        lines.append(f"  {len(one.looked_up)} looked up; no referral after: {without or 'none'}")
    for each in again:
        lines.append(f"{each.agency}  ASKED AGAIN ABOUT THE SAME PERSON, and did not refer them:")
        lines += [
            f"  {one.manifest.case}, {encode_time(one.manifest.accepted)[:10]}, {one.submission.officer}"
            for one in each.asked
        ]
    repeated = [{"agency": each.agency, "cases": [one.manifest.case for one in each.asked]} for each in again]
    members = {**found.model_dump(), "asked_again": repeated}
    answer(as_json, members, "\n".join(lines) or "Nobody has looked anybody up.")


def _in_words(case: CaseAnswer) -> str:
    """Return who takes part: each id on a line that can be copied whole, and under it what it rests on."""
    referred = f"last referred {case.last_referral_at}" if case.last_referral_at else "never referred, only looked up"
    facts = [
        f"Case {case.case} ({case.stage}), opened {case.opened_at}, {referred}",
        *(["CLOSED: for this office and the officers named alone"] if case.closed else []),
        *waits_in_words(case),
        *([f"Scheduled for destruction at {case.destruction_scheduled_at}"] if case.destruction_scheduled_at else []),
    ]
    for one in case.relations:
        ends = f", until {one.until}" if one.until else ""
        facts += [f"  {one.relation:<16} {one.party}", f"    {one.why}; {one.basis}; since {one.since}{ends}"]
    facts += [f"  {'flag':<16} {one.party}\n    since {one.since}, until {one.until}" for one in case.flags]
    facts += [f"  {'named':<16} {one}" for one in case.named]
    facts += [f"  {'EXCLUDED':<16} {one}" for one in case.excluded]
    return "\n".join([*facts, *same_person.told_of(case)])
