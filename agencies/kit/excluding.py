"""`marac exclusions`: who is kept out of a case, and the people excluded in words who have been dealt with."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import typer

from agencies.kit.answers import CaseAnswer, HeldAnswer
from agencies.kit.client import Kit
from agencies.kit.terminal import (
    HERE,
    CaseArgument,
    Exit,
    KitFolder,
    PassphraseFile,
    message_id,
    open_kit,
    say,
    stop,
    takes,
    the_case,
    warn,
)
from agencies.kit.wire import Problem, Unreachable
from agencies.names import CaseRef, MessageId


@dataclass(frozen=True, kw_only=True)
class ExclusionOptions:
    """Whom to keep out of which case, whose exclusion ends, and which messages are dealt with."""

    case: CaseArgument
    parties: Annotated[list[str] | None, typer.Argument(metavar="[ID]...", help="Agencies or officers.")] = None
    settled: Annotated[bool, typer.Option("--settled", help="All that was read here is dealt with.")] = False
    settle: Annotated[
        list[str] | None,
        typer.Option("--settle", metavar="MESSAGE", help="This one too, though it was not read here; repeatable."),
    ] = None
    lift: Annotated[list[str] | None, typer.Option("--lift", metavar="ID", help="Lift this one's; repeatable.")] = None
    kit: KitFolder = HERE
    passphrase_file: PassphraseFile = None


@takes(ExclusionOptions)
def exclusions(options: ExclusionOptions) -> None:
    """Exclude agencies and officers from a case (coordinator): nothing of it is released to them any more.

    A referral may exclude people in words ("her cousin at the drop-in"). Until the coordinator has dealt with them, no
    other agency gets anything of the case. --settled says that they are dealt with: in every such message that was
    opened and read here; one that was not read here, or comes later, goes on holding the others back.
    --settle MESSAGE is for one that was read in another kit of the office, or was taken back before anybody read it;
    marac case show names those that wait.

    --lift takes an exclusion back. What was sent while an agency was excluded was never sealed to it: it stays
    closed to that agency, until it is shared with it.

    Example: marac exclusions CAM-7Q4X9-K2M8T-5 marac.cambridgeshire.example/agency/leisure
             marac exclusions CAM-7Q4X9-K2M8T-5 --settled
             marac exclusions CAM-7Q4X9-K2M8T-5 --lift marac.cambridgeshire.example/agency/leisure
    """
    parties, lift = options.parties or [], options.lift or []
    if not (parties or options.settled or options.settle or lift):
        stop("nobody named, and nothing settled", "name agencies or officers, or give --settled or --lift", Exit.USAGE)
    if set(parties) & set(lift):
        stop("somebody is to be excluded and lifted at once", "name each of them once", Exit.USAGE)
    reference, named = the_case(options.case), [message_id(one) for one in options.settle or []]
    with open_kit(options.kit, options.passphrase_file) as office:
        settled = [*named, *(read_here(office, office.case(reference)) if options.settled else [])]
        if parties or lift or settled:
            office.exclude(reference, parties, settled=settled, lift=lift)
            say("Done: it holds from now on.")
        if lift:
            say("What was sent while an agency was excluded is opened to it by: marac case share")
        _tell_what_is_left(office, reference, lift)


def read_here(office: Kit, case: CaseAnswer) -> list[MessageId]:
    """Return which of the messages that exclude people in words were shown to a person by this kit."""
    return sorted(office.inbox.shown().intersection(case.unsettled))


def waits_in_words(case: CaseAnswer) -> list[str]:
    """Return, line by line, which messages exclude people in words whom nobody has dealt with."""
    if not case.unsettled:
        return []
    told = "People excluded in words wait, and all but this office with them. Open and read, deal with it, then:"
    return [told, f"  marac exclusions {case.case} --settled", *(f"  message {one}" for one in case.unsettled)]


def to_recall(held: Sequence[HeldAnswer]) -> list[str]:
    """Return, line by line, what is held by whom a case excludes now, and what to do: take it back, or telephone."""
    lines = [line for one in held if one.unheard for line in _by_telephone(one)]
    heard = [one for one in held if not one.unheard]
    whole = {(one.message, one.recipient) for one in heard if one.excluded == one.recipient}
    for message, recipient in sorted(whole):
        lines += [
            f"{recipient} was given message {message} before, and it is excluded now. Take it back:",
            f"  marac recall {message} --only --reason wrong-recipient --to {recipient}",
        ]
    return lines + _to_telephone([one for one in heard if (one.message, one.recipient) not in whole])


def _to_telephone(held: Sequence[HeldAnswer]) -> list[str]:
    """Return what to say of officers who are excluded: a recall would take it from their colleagues, who need it."""
    lines = []
    for officer, agency in dict.fromkeys((one.excluded, one.recipient) for one in held):
        there = (one.message for one in held if (one.excluded, one.recipient) == (officer, agency))
        lines += [
            f"{agency} keeps what it was given before; its officer {officer} gets nothing of it any more (rule N9).",
            "  What was opened there lies in its own files. Telephone the agency: that officer must not have",
            *(f"  message {message}" for message in there),
        ]
    return lines


def _by_telephone(one: HeldAnswer) -> list[str]:
    but = f", but not {one.excluded}, who is excluded" if one.excluded not in {None, one.recipient} else ""
    return [
        f"{one.recipient} WAS GIVEN MESSAGE {one.message}, WHICH IS TAKEN BACK; NOBODY THERE MAY HEAR OF IT HERE.",
        f"  Telephone them{but}, and ask what became of their copy.",
    ]


def _tell_what_is_left(office: Kit, case: CaseRef, lifted: Sequence[str]) -> None:
    """Say what goes on waiting, who stays excluded, and what has to be taken back."""
    try:
        now = office.case(case)
    except (Problem, Unreachable):  # it holds all the same; who has just excluded themselves sees nothing any more
        warn("WARNING: what has to be taken back could not be listed. Ask for it, by who may see it: marac case show")
        return
    others = [one for one in now.references if one != now.case]
    for party in set(lifted).intersection(now.excluded):
        say(f"{party} STAYS EXCLUDED: another case that is one with this excludes it too. To lift that:")
        say("\n".join(f"  marac exclusions {one} --lift {party}" for one in others))
    for line in (*waits_in_words(now), *to_recall(now.held)):
        say(line)
