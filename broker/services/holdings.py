"""Holdings: the office sees who holds what of a case, and whose headers are made for keys that are not theirs now."""

from collections.abc import Sequence
from dataclasses import dataclass

from agencies.names import CaseRef
from broker.addressees import recipients_for
from broker.need_to_know import Act, Asker
from broker.records import Delivery, Message
from broker.services.desk import Desk
from broker.services.heading import fingerprints
from broker.services.looking import permitted
from broker.services.ruling import question


@dataclass(frozen=True, slots=True)
class Holding:
    """One recipient's copy of one message; `current`: its header is made for the keys that its recipient has now."""

    message: Message
    delivery: Delivery
    current: bool


async def holdings(desk: Desk, case: CaseRef, asker: Asker) -> Sequence[Holding]:
    """Return who holds what of a case, oldest message first. Raises Refused."""
    async with permitted(desk, question(desk, Act.VIEW, asker), case) as may:
        (found,) = may.cases
        pairs = await may.uow.messages.held(case)
        directory = await desk.directories.current(may.uow)
    now = desk.now()
    keys = {
        one: fingerprints(recipients_for(one, found, directory, now)) for one in {each.recipient for each, _ in pairs}
    }
    return [Holding(message, one, one.header_keys == keys[one.recipient]) for one, message in pairs]
