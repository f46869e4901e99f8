"""Flag and Tag: every agency of the area learns that there is a flag. Rule: domain.md, the table of kinds."""

from datetime import UTC, date, datetime, time, timedelta
from types import MappingProxyType

from agencies.agency import COORDINATING
from agencies.documents.flag_and_tag import FlagAndTag
from broker.case import Relation
from broker.errors import DocumentRejected
from broker.kinds.kind import Documents, Effects, Kind, Part, Scene


def _effect(documents: Documents, scene: Scene) -> Effects:
    """Return that every agency which takes part gets the case for information, to the end of the flag's last day.

    Raises DocumentRejected for a flag that has run out: it would reach nobody, and look as if it had.
    """
    flag = documents["flag-and-tag"]
    if not isinstance(flag, FlagAndTag):
        raise TypeError("the table of documents declares other types")
    if flag.flagged_until < scene.now.date():
        raise DocumentRejected("this day is over", "/documents/flag-and-tag/flagged_until")
    # A flag of the last year that there is has no day after it.
    last = min(flag.flagged_until, date.max - timedelta(days=1))
    return Effects(informs_until=datetime.combine(last, time(), UTC) + timedelta(days=1))


FLAG_AND_TAG = Kind(
    name="flag-and-tag",
    versions=("1.0",),
    senders=COORDINATING,
    least_sender=Relation.INVOLVED,
    purposes=frozenset({"safeguarding"}),
    opens_case=False,
    parts=MappingProxyType({"flag-and-tag": Part(frozenset(), Relation.FOR_INFORMATION, everybody=True)}),
    effect=_effect,
)
