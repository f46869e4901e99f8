"""Whether an IDVA service has a case's newest referral: the office is told where none has, and how one gets it."""

from collections.abc import Iterator, Sequence

from agencies.agency import OFFICE_KINDS, Party
from agencies.kit.answers import CaseAnswer, HoldingAnswer
from agencies.kit.client import Kit
from agencies.kit.headings import GONE, SAFE_CONTACT
from agencies.kit.terminal import warn
from agencies.kit.wire import BadAnswer, Problem, Unreachable
from agencies.names import CaseRef

SERVICE = "idva-service"
NOT_ASKED = "whether an IDVA service has the referral could not be asked; see: marac case list"
_FOR_IT = ("referral", SAFE_CONTACT)


def warn_of_no_service(office: Kit, case: CaseRef) -> None:
    """Warn an office where no IDVA service has the newest referral of a case or its safe contact; others ask nothing.

    Never fails: what was asked for is done.
    """
    own = office.directory().register.party(office.home.settings.party)
    if own is None or own.kind not in OFFICE_KINDS:
        return
    try:
        lines = without_service(office, office.case(case))
    except (Problem, Unreachable, BadAnswer):
        lines = [NOT_ASKED]
    for line in lines:
        warn(line)


def without_service(office: Kit, case: CaseAnswer) -> list[str]:
    """Return, line by line, what no IDVA service has of a case's newest referral, and how one gets it.

    Nothing where the register lists no such service. Never fails.
    """
    services = _services(office)
    try:
        held = [row for row in office.holdings(CaseRef(case.case)) if row.state not in GONE] if services else []
    except (Problem, Unreachable, BadAnswer):
        return [NOT_ASKED]
    lacking = list(_lacking(held, {str(one.id) for one in services} - {*case.excluded}))
    if not lacking:
        return []
    documents = " and ".join(row.document for row in lacking)
    lines = [f"WARNING: NO IDVA SERVICE HAS the newest {documents} of {case.case}"]
    for service in services:
        lines += _how(case, service.id, lacking)
    return lines


def _services(office: Kit) -> list[Party]:
    members = office.directory().register.participants()
    return [
        one
        for one in members
        if isinstance(one, Party) and one.kind == SERVICE and one.is_active(office.clock()) and one.isa is not None
    ]


def _lacking(held: Sequence[HoldingAnswer], services: set[str]) -> Iterator[HoldingAnswer]:
    """Yield of each document that a service has by its role the newest, where none of them has that."""
    for document in _FOR_IT:
        rows = [row for row in held if row.document == document]
        if rows and not any(row.message == rows[-1].message and row.recipient in services for row in rows):
            yield rows[-1]


def _how(case: CaseAnswer, service: str, lacking: Sequence[HoldingAnswer]) -> Iterator[str]:
    if service in case.excluded:
        yield f"{service} is kept out of the case"
        return
    if not any((one.party, one.relation) == (service, "involved") for one in case.relations):
        yield f"first: marac case relate {case.case} {service} --as involved --why involvement"
    if case.closed:
        yield f"first, as the case is closed: marac case name {case.case} --officer ID"
    named = " ".join(f"--message {row.message}" for row in lacking)
    contact = " --safe-contact" if any(row.document == SAFE_CONTACT for row in lacking) else ""
    yield f"to give it, unless it must not have it: marac case share {case.case} --to {service} {named}{contact}"
