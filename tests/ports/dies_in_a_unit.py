"""A process that commits one case, begins a second one, says so, and waits to be killed."""

import asyncio
import sys

from agencies.names import CaseRef
from broker.store import open_store
from tests.ports.makers import a_case, a_message, an_entry


async def main(url: str, kept: CaseRef, lost: CaseRef) -> None:
    store = open_store(url)
    async with store.unit() as unit:
        await unit.cases.add(a_case(kept))
        await unit.commit()
    async with store.unit() as unit:
        await unit.cases.add(a_case(lost))
        await unit.messages.add([a_message(lost, payload=bytes(1_000_000)) for _ in range(5)])
        await unit.log.append(an_entry(lost))
        print("in the middle", flush=True)
        await asyncio.Event().wait()


asyncio.run(main(sys.argv[1], CaseRef(sys.argv[2]), CaseRef(sys.argv[3])))
