"""What whoever opens a message must not miss, said beside it: what to do next, and what not to."""

from collections.abc import Iterator
from contextlib import suppress

from agencies.agency import COORDINATING
from agencies.documents.fields import UNKNOWN
from agencies.documents.lookup import Lookup
from agencies.documents.referral import Referral
from agencies.kit import employers, looked_up
from agencies.kit.client import Kit
from agencies.kit.opening import Opened
from agencies.kit.wire import Problem, Unreachable


def reminders(kit: Kit, opened: Opened) -> Iterator[str]:
    """Yield each, a line. Nothing here keeps anybody from reading: what cannot be asked for now is left out."""
    own = kit.directory().register.party(kit.home.settings.party)
    is_office = own is not None and own.kind in COORDINATING
    document, case = opened.document(), opened.manifest.case
    if isinstance(document, Lookup) and is_office:
        yield from looked_up.concerns(kit, opened)
    if not isinstance(document, Referral):
        return
    yield from _employers(kit, document, opened, is_office=is_office)
    if is_office and document.names_conference:
        yield "a child-protection conference: its chair must be told; send children's social care a case-note"
        yield "relate it to the case first: marac case relate; to who has no part in it a note reaches nobody"
    if is_office and document.risks_to_staff != UNKNOWN:
        yield (
            "risks to staff: tell all who work with any of them: marac send staff-risk --example > risk.json,"
            f" then: marac send staff-risk risk.json --case {case}"
        )


def _employers(kit: Kit, referral: Referral, opened: Opened, *, is_office: bool) -> Iterator[str]:
    register, case = kit.directory().register, opened.manifest.case
    found = employers.may_employ(referral, register, kit.clock())
    if found and is_office:
        with suppress(Problem, Unreachable):  # where it is not known whether they are excluded, it is said
            found = employers.not_excluded(found, kit.case(case).excluded, register)
        yield from employers.warnings(found, f"Find out, and exclude them: marac exclusions {case} ID")
    else:
        yield from employers.warnings(found, "If you know that it is so, telephone the coordinator.")
