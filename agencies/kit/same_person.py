"""`marac case proposals`, `compare`, `decide`, `link`, `merge`, `split`: are two cases of the same people?"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Final

import typer

from agencies.kit.answers import Answer, Case, CaseAnswer, HeldAnswer, RelationAnswer, Word
from agencies.kit.client import Kit
from agencies.kit.comparing import NothingOpened, newest_referral, side_by_side
from agencies.kit.excluding import to_recall
from agencies.kit.terminal import (
    HERE,
    AsJson,
    CaseArgument,
    Exit,
    KitFolder,
    PassphraseFile,
    Yes,
    answer,
    confirmed,
    open_kit,
    say,
    stop,
    takes,
    the_case,
    warn,
)
from agencies.kit.wire import Problem, parse_answer
from agencies.names import CaseRef
from agencies.taking_part import WHYS

Other = Annotated[str, typer.Argument(metavar="OTHER", help="The other case's reference.")]

ROLES: Final = {
    "victim": "the same victim",
    "perpetrator": "a perpetrator in common",
    "crossed": "the victim of one is a perpetrator of the other",
}


class ProposalAnswer(Answer):
    """A case that may be of the same people as another."""

    case: Case
    roles: tuple[Word, ...]
    decided: Word | None


class ProposalsAnswer(Answer):
    """GET /v1/cases/{case}/proposals."""

    proposals: tuple[ProposalAnswer, ...]


class MergedAnswer(Answer):
    """POST /v1/cases/{case}/merge."""

    lead: Case
    held: tuple[HeldAnswer, ...]
    outranked: tuple[RelationAnswer, ...] = ()  # gateways from before it do not say


class SplitAnswer(Answer):
    """POST /v1/cases/{case}/split."""

    left: Case


REPEATS: Final = {
    "within-12-months": "it came within 12 months of the last referral",
    "first-referral": "no earlier referral is known",
    "another-victim-or-perpetrator": "the earlier referral is of another victim or perpetrator",
    "over-12-months": "the last referral was more than 12 months before; look at the day of the incident itself",
    "information-only": "it, or all that came before it, was for information only",
    "another-area": "the earlier referral was heard in another area",
}


def told_of(case: CaseAnswer) -> list[str]:
    """Return what is decided and proposed of a case, line by line."""
    told = [*to_recall(case.held), *to_relate(case.case, case.outranked)]
    told += [f"One case with {one}" for one in case.references if one != case.case]
    told += [f"Linked with {one}, which is another case" for one in case.links]
    if case.repeat is not None:
        because = REPEATS.get(case.repeat.because, case.repeat.because)
        told.append(f"Repeat proposed: {'yes' if case.repeat.proposed else 'no'}, because {because}")
    return told


def to_relate(case: str, outranked: Sequence[RelationAnswer]) -> list[str]:
    """Return, line by line, who takes no part in merged cases though one of them gave it one, and what changes that."""
    lines = []
    for one in outranked:
        why = one.why if one.why in WHYS else "involvement"
        was = f"{one.relation} since {one.since}" + (f", until {one.until}" if one.until else "")
        lines += [
            f"{one.party} TAKES NO PART: you ended it in one of these cases.",
            f"In another it was {was}. To give it that again:",
            f"  marac case relate {case} {one.party} --as {one.relation} --why {why}",
            "Or, if its end is meant for all of them:",
            f"  marac case relate {case} {one.party} --as ended --why no-longer-involved",
        ]
    return lines


def proposals(
    case: CaseArgument, kit: KitFolder = HERE, passphrase_file: PassphraseFile = None, as_json: AsJson = False
) -> None:
    """List other cases that may be of the same people, by names and birth dates that the broker cannot read.

    It proposes; whether they are the same a person says, having seen both: marac case compare.

    Example: marac case proposals CAM-7Q4X9-K2M8T-5
    """
    reference = the_case(case)
    with open_kit(kit, passphrase_file) as office:
        path = f"/v1/cases/{reference}/proposals"
        found = office.gateway.get(path, ProposalsAnswer, office.fields())
    lines = [_proposed(one) for one in found.proposals]
    answer(as_json, found.model_dump(), "\n".join(lines) or "No other case looks like this one.")


def compare(case: CaseArgument, other: Other, kit: KitFolder = HERE, passphrase_file: PassphraseFile = None) -> None:
    """Show the newest referral of each case side by side, from what this kit opened; nobody is asked.

    Example: marac case compare CAM-7Q4X9-K2M8T-5 CAM-2B3C4-D5E6F-9
    """
    pair = _two(case, other)
    with open_kit(kit, passphrase_file) as office:
        try:
            one, another = (newest_referral(office, reference) for reference in pair)
        except NothingOpened as missing:
            next_step = (
                f"open it first: marac open {missing.waits}" if missing.waits else "collect it first: marac pull"
            )
            stop(f"case {missing.case}: {missing}", next_step)
        say(side_by_side(one, another))


@dataclass(frozen=True, kw_only=True)
class DecideOptions:
    """Which two cases, and whether their people are the same."""

    case: CaseArgument
    other: Other
    same: Annotated[bool, typer.Option("--same", help="The same people; to make them one: marac case merge.")] = False
    different: Annotated[bool, typer.Option("--different", help="Not the same: not proposed again.")] = False
    unsure: Annotated[bool, typer.Option("--unsure", help="It cannot be said yet; proposed again.")] = False
    kit: KitFolder = HERE
    passphrase_file: PassphraseFile = None


@takes(DecideOptions)
def decide(options: DecideOptions) -> None:
    """Record whether two cases are of the same people. Nobody else sees more or less by it.

    Example: marac case decide CAM-7Q4X9-K2M8T-5 CAM-2B3C4-D5E6F-9 --different
    """
    given = {"same": options.same, "different": options.different, "unsure": options.unsure}
    decisions = [word for word, is_given in given.items() if is_given]
    if len(decisions) != 1:
        stop("give one decision", "give one of: --same, --different, --unsure", Exit.USAGE)
    with open_kit(options.kit, options.passphrase_file) as office:
        _post(office, _two(options.case, options.other), "sameness", decision=decisions[0])
    say(f"Recorded: {decisions[0]}.")


def link(case: CaseArgument, other: Other, kit: KitFolder = HERE, passphrase_file: PassphraseFile = None) -> None:
    """Record that two cases are related and not one: another perpetrator, say. It gives nobody any right.

    Example: marac case link CAM-7Q4X9-K2M8T-5 CAM-2B3C4-D5E6F-9
    """
    with open_kit(kit, passphrase_file) as office:
        _post(office, _two(case, other), "links")
    say("Linked: marac case show names the other one.")


def merge(
    case: CaseArgument,
    other: Other,
    yes: Yes = False,
    kit: KitFolder = HERE,
    passphrase_file: PassphraseFile = None,
    as_json: AsJson = False,
) -> None:
    """Make two cases one: same victim, any perpetrator in common. The older one leads; both references stay good.

    Who takes part in either takes part in both, unless you ended that later in the other: who takes no part by that is
    named, with the command that changes it. Whom either excludes is kept out of both, at once. If the victim of one is
    a perpetrator of the other, decide first: marac case decide --same.

    Example: marac case merge CAM-7Q4X9-K2M8T-5 CAM-2B3C4-D5E6F-9
    """
    pair = _two(case, other)
    if not confirmed(f"Make {pair[0]} and {pair[1]} one? Who takes part in one sees the other then.", yes=yes):
        stop("nothing was done", "look at both first: marac case compare")
    with open_kit(kit, passphrase_file) as office:
        try:
            merged = parse_answer(_post(office, pair, "merge"), MergedAnswer)
        except Problem as problem:
            # Merged before, perhaps by this very command, whose answer was lost: what it had to say is said now.
            if problem.code == "merge-conflict":
                now = office.case(pair[0])
                for line in (*to_recall(now.held), *to_relate(now.case, now.outranked)):
                    warn(line)
            raise
    lines = [f"One case from now on, led by {merged.lead}.", *to_recall(merged.held)]
    lines += to_relate(merged.lead, merged.outranked)
    answer(as_json, merged.model_dump(), "\n".join(lines))


def split(
    case: CaseArgument, other: Other, yes: Yes = False, kit: KitFolder = HERE, passphrase_file: PassphraseFile = None
) -> None:
    """Undo a merge. Who takes part in each is as before, but for whose part was ended since, and not begun again; what
    else was recorded since stays with the one that led. Whom either excludes stays excluded from both, also in words,
    and if either is closed, both are: lift what is too much. What was read meanwhile stays read: marac audit export.

    Example: marac case split CAM-7Q4X9-K2M8T-5 CAM-2B3C4-D5E6F-9
    """
    pair = _two(case, other)
    if not confirmed(f"Make {pair[0]} and {pair[1]} two cases again?", yes=yes):
        stop("nothing was done", "see who takes part: marac case show")
    with open_kit(kit, passphrase_file) as office:
        done = parse_answer(_post(office, pair, "split"), SplitAnswer)
    say(f"{done.left} is a case by itself again.")
    say("Relations and dates that were recorded since the merge stay with the other: check both with marac case show.")
    say("Both keep all exclusions, and are closed if either was. To lift one that is too much: marac exclusions --lift")


def add_to(app: typer.Typer) -> None:
    """Add these commands to `marac case`."""
    for command in (proposals, compare, link, merge, split):
        app.command(command.__name__)(command)
    app.command("decide")(decide)


def _post(office: Kit, pair: tuple[CaseRef, CaseRef], act: str, **members: str) -> bytes:
    return office.post(f"/v1/cases/{pair[0]}/{act}", {"other": pair[1], **members})


def _two(case: str, other: str) -> tuple[CaseRef, CaseRef]:
    one, another = the_case(case), the_case(other)
    if one == another:
        stop("that is the same reference twice", "give two cases", Exit.USAGE)
    return one, another


def _proposed(one: ProposalAnswer) -> str:
    because = "; ".join(ROLES.get(role, role) for role in one.roles)
    return f"{one.case}  {because}" + (f"  (decided before: {one.decided})" if one.decided else "")
