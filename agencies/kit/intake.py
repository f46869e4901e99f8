"""`marac intake`: the coordinator's office takes in a referral that came by another way; from there on it is sealed."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Final

import typer
from pydantic import ValidationError

from agencies.agency import COORDINATING, Party
from agencies.documents.referral import Referral, Referrer
from agencies.kit.acceptance import Accepted
from agencies.kit.client import Kit
from agencies.kit.compose import REFERRAL
from agencies.kit.forms import ReferralForm, example, load_form
from agencies.kit.handing_in import hand_in, in_words, kept_before, members_of
from agencies.kit.referring import warn_of_employers
from agencies.kit.service_reached import warn_of_no_service
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
from agencies.kit.urgent import EMERGENCY, Urgent
from agencies.notes.text import encode_time

WAYS: Final = ("telephone", "email", "paper", "agency-without-isa")
# As what a referral counts that an agency of this kind makes; of health, the form says which part of it. Not of who
# only checks the others: it takes part in no case.
SOURCES: Final[Mapping[str, tuple[str, ...]]] = {
    "police": ("police",),
    "idva-service": ("idva",),
    "childrens-social-care": ("childrens_social_care",),
    "adult-social-care": ("adult_social_care",),
    "health": ("primary_care", "secondary_care", "mental_health"),
    "housing": ("housing",),
    "probation": ("probation",),
    "education": ("education",),
    "substance-misuse": ("substance_misuse",),
    "voluntary-sector": ("voluntary_sector",),
    "mash": ("mash",),
    "cafcass": ("other",),
}


@dataclass(frozen=True, kw_only=True)
class IntakeOptions:
    """Which referral, how it came, and from whom."""

    form: Annotated[Path | None, typer.Argument(metavar="[FILE]", help="A referral form, JSON.", dir_okay=False)] = None
    by: Annotated[str | None, typer.Option("--by", metavar="WAY", help=f"One of: {', '.join(WAYS)}.")] = None
    from_agency: Annotated[
        str | None, typer.Option("--from-agency", metavar="ID", help="An agency of the register that refers.")
    ] = None
    source: Annotated[
        str | None, typer.Option("--source", metavar="WORDS", help="Who refers, where the register does not list them.")
    ] = None
    shows_example: Annotated[bool, typer.Option("--example", help="Print a form to start from, and leave.")] = False
    kit: KitFolder = HERE
    passphrase_file: PassphraseFile = None
    as_json: AsJson = False


@takes(IntakeOptions)
def intake(options: IntakeOptions) -> None:
    """Take in a referral that came by telephone, e-mail, on paper, or from an agency without the agreement.

    It names who truly refers, and goes on as any other referral: sealed, to the IDVA service, with its exclusions.
    Without --from-agency and --source the form itself says who refers. With --from-agency the source is what the
    register has that agency as. CAFCASS, too, refers by this way, or through children's social care.

    Example: marac intake --example > referral.json
             marac intake referral.json --by telephone --source "Exampleton Surgery"
    """
    if options.shows_example:
        say(example().rstrip("\n"))
        return
    if options.form is None or options.by is None:
        stop("give a form, and --by", "to begin: marac intake --example > referral.json", Exit.USAGE)
    if options.by not in WAYS:
        stop("--by: no such way", f"give one of: {', '.join(WAYS)}", Exit.USAGE)
    if options.from_agency is not None and options.source is not None:
        stop("--from-agency and --source say the same twice", "give one of them", Exit.USAGE)
    with Urgent(options.kit):
        form = load_form(options.form)
        with open_kit(options.kit, options.passphrase_file) as office:
            referrer = _true_source(office, form.referral.referrer, options, options.by)
            form = _as_taken_in(form, referrer)
            composed = office.prepare_any(REFERRAL, form.documents)
            warn_of_employers(office, form)
            accepted = hand_in(office, kept_before(office, composed) or composed)
            warn_of_no_service(office, accepted[0].manifest.case)
            if office.keeps_nothing:
                warn("WARNING: the kit's folder could not keep this; write the ids down: only they take it back")
    answer(options.as_json, members_of(accepted), _confirmation(accepted, referrer))


def _as_taken_in(form: ReferralForm, referrer: Referrer) -> ReferralForm:
    """Return the form with its true source, by which its checklist is judged anew."""
    members = {name: getattr(form.referral, name) for name in type(form.referral).model_fields}
    try:
        return replace(form, referral=Referral.model_validate({**members, "referrer": referrer}))
    except ValidationError:
        stop("the checklist is not one that this source uses", "DARA is the police's: complete a Dash", Exit.USAGE)


def _true_source(office: Kit, referrer: Referrer, options: IntakeOptions, by: str) -> Referrer:
    """Return who refers, as the options say; the command ends where they cannot be, or nobody here may take it in."""
    register = office.directory().register
    own = register.party(office.home.settings.party)
    if own is None or own.kind not in COORDINATING:
        stop("only the coordinator's office takes in what others refer", "send your own: marac refer", Exit.USAGE)
    changes: dict[str, object] = {"received_by": by.replace("-", "_")}
    if options.source is not None:
        changes |= {"agency": options.source, "agency_id": None}
    if options.from_agency is not None:
        agency = register.party(options.from_agency)
        if agency is None or agency.kind not in SOURCES:
            stop("--from-agency: not an agency of the register that refers", "marac register list", Exit.USAGE)
        changes |= {"agency": agency.name, "agency_id": agency.id, "source": _source_of(agency, referrer)}
    try:
        return Referrer.model_validate({**referrer.model_dump(), **changes})
    except ValidationError:
        stop("--source: one line of at most 200 characters", "name the agency that refers", Exit.USAGE)


def _source_of(agency: Party, referrer: Referrer) -> str:
    sources = SOURCES[agency.kind]
    if len(sources) == 1:
        return sources[0]
    if referrer.source not in sources:
        stop("the form's referrer.source is not of that agency", f"write one of: {', '.join(sources)}", Exit.USAGE)
    return referrer.source


def _confirmation(accepted: list[Accepted], referrer: Referrer) -> str:
    """Return what to keep, and below it what to say or send to whoever referred: no name of a person is in it."""
    first = accepted[0].manifest
    lines = [
        in_words(accepted, "referral"),
        f"It came from {referrer.agency}, by {referrer.received_by.replace('_', ' ')}.",
    ]
    if referrer.agency_id is not None:
        lines += [
            "To let that agency add to it:",
            f"  marac case relate {first.case} {referrer.agency_id} --as asked --why involvement",
        ]
    lines += [
        "",
        "CONFIRMATION, for whoever referred",
        f"  Your referral reached the MARAC coordinator and was taken in at {encode_time(first.accepted)}.",
        f"  Its reference is {first.case}. Tell nobody of it who need not know. {EMERGENCY}",
    ]
    return "\n".join(lines)
