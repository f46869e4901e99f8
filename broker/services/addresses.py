"""Addresses: where a party wants to be told that something waits for it; set, shown and taken back by itself."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from agencies.addresses import parse_mailbox, parse_webhook
from agencies.agency import COORDINATING
from broker.errors import AddressInvalid, ChannelNotOffered, Refused
from broker.need_to_know import Act, Asker, Deny
from broker.ports import UnitOfWork
from broker.records import CHANNELS, EMAIL, WEBHOOK, Channel
from broker.services.desk import Desk
from broker.services.ruling import check_asker, question, rejections_logged, rule
from crypto.errors import Malformed


@dataclass(frozen=True, slots=True)
class Addresses:
    """A party's own channels and, for the coordinator's office and deputies, those of others that fail."""

    own: Sequence[Channel]
    failing: Sequence[Channel]


async def set_addresses(desk: Desk, wanted: Mapping[str, str | None], asker: Asker) -> None:
    """Keep the addresses by channel in the place of those held; None takes one back, and destroys it.

    Raises Refused; AddressInvalid, ChannelNotOffered, logged.
    """
    access = question(desk, Act.NOTICE_ADDRESS, asker)
    await check_asker(desk, access)
    async with rejections_logged(desk, access):
        for channel, address in wanted.items():
            _check(desk, channel, address)
        async with desk.store.unit() as uow:
            decision, _ = await rule(desk, uow, access)
            if not isinstance(decision, Deny):
                await _keep(desk, uow, wanted, asker)
            await uow.commit()  # a crash after this: asked again, nothing changes
    desk.logged.ring()
    if isinstance(decision, Deny):
        raise Refused(decision.public)


async def addresses(desk: Desk, asker: Asker) -> Addresses:
    """Return where the asker is told, and how that goes. Raises Refused."""
    await check_asker(desk, question(desk, Act.NOTICE_ADDRESS, asker))
    async with desk.store.unit() as uow:
        decision, _ = await rule(desk, uow, question(desk, Act.NOTICE_ADDRESS, asker))
        channels = await uow.notices.all()
        await uow.commit()
    desk.logged.ring()
    if isinstance(decision, Deny):
        raise Refused(decision.public)
    sees_others = asker.party.kind in COORDINATING
    return Addresses(
        own=[each for each in channels if each.party == asker.party.id],
        failing=[each for each in channels if sees_others and each.failing_since is not None],
    )


async def _keep(desk: Desk, uow: UnitOfWork, wanted: Mapping[str, str | None], asker: Asker) -> None:
    party, now = asker.party.id, desk.now()
    for channel, address in wanted.items():
        if address is not None:
            await uow.notices.put(Channel(party, channel, address, now))
    await uow.notices.drop(party, [channel for channel in CHANNELS if wanted.get(channel) is None])


def _check(desk: Desk, channel: str, address: str | None) -> None:
    """Return if this is an address that notices may go to. Where a name leads is asked when one is sent."""
    if address is None:
        return
    pointer = f"/{channel}"
    try:
        if channel == EMAIL:
            parse_mailbox(address)
        elif channel == WEBHOOK:
            parse_webhook(address)
    except Malformed:
        raise AddressInvalid("not an address of this channel", pointer) from None
    if channel not in desk.settings.channels:
        raise ChannelNotOffered("this area sends no notices on this channel", pointer)
