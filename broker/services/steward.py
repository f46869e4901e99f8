"""Steward: the signed notes that say who takes part, received from the coordinator's office and served to all."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from agencies.area import verify_area
from agencies.directory import Directory, LeavesNobody
from agencies.notes.revocation import TYPE as REVOCATION
from agencies.register import follows, verify_register
from agencies.revocations import those_that_count, verify_revocations
from broker.errors import NoteRejected, Refused, RegisterConflict, RevocationLeavesNobody
from broker.need_to_know import Act, Asker, Deny
from broker.ports import UnitOfWork
from broker.services.desk import Desk
from broker.services.ruling import broker_entry, check_asker, question, rejections_logged, rule
from crypto.errors import CryptoError
from crypto.note import without_strangers


@dataclass(frozen=True, slots=True)
class TrustNotes:
    """What a kit verifies everything by, from the root's fingerprint down. Nothing in it is secret."""

    delegations: Sequence[str]
    register: str | None
    revocations: Sequence[str]


async def trust_notes(desk: Desk) -> TrustNotes:
    """Return the delegations, the newest register and, of each key, the revocation that counts."""
    async with desk.store.reader() as uow:
        directory = await desk.directories.current(uow)
        counting = those_that_count(await uow.trust.revocations(), directory.register)
        return TrustNotes(await uow.trust.delegations(), await uow.trust.register(), counting)


async def accept_delegation(desk: Desk, note: str, asker: Asker) -> None:
    """Keep the root's next delegation. Raises Refused, NoteRejected, RegisterConflict."""
    await check_asker(desk, question(desk, Act.STEWARD, asker))
    async with rejections_logged(desk, question(desk, Act.STEWARD, asker)), desk.store.unit() as uow:
        directory = await _permitted(desk, uow, asker)
        held = await uow.trust.delegations()
        try:
            area = verify_area(desk.directories.root, [*held, note])
            # A key replaced too long ago would make unbelievable what it signed meanwhile: the register, manifests.
            verify_register(directory.register.note, area, allow_classical=desk.settings.allow_classical)
        except CryptoError as error:
            raise NoteRejected("not the root's next delegation, or the register fails under it", "/note") from error
        if desk.gateway_key.verify_key not in area.gateway_keys(desk.now()):
            raise NoteRejected("the delegation replaced this gateway's key over a day ago: delegate anew", "/note")
        await uow.trust.add_delegation(area.latest.number, note)
        await uow.commit()
    desk.logged.ring()


async def accept_register(desk: Desk, note: str, asker: Asker) -> None:
    """Keep the registrar's next register; it holds from now on. Raises Refused, NoteRejected, RegisterConflict."""
    await check_asker(desk, question(desk, Act.STEWARD, asker))
    async with rejections_logged(desk, question(desk, Act.STEWARD, asker)), desk.store.unit() as uow:
        await uow.trust.lock()
        await _keep_register(desk, uow, await _permitted(desk, uow, asker), note)
        await uow.commit()
    desk.logged.ring()


async def accept_revocation(desk: Desk, note: str, asker: Asker) -> None:
    """Keep a revocation, signed by the key's owner or the registrar; it holds from the next transaction on.

    Anybody who takes part may bring it; what is revoked by then already is kept no second time.
    Raises Refused, NoteRejected, RevocationLeavesNobody.
    """
    await check_asker(desk, question(desk, Act.REVOKE, asker))
    async with rejections_logged(desk, question(desk, Act.REVOKE, asker)), desk.store.unit() as uow:
        # One after the other: two at once could each leave the office the key that the other takes.
        await uow.trust.lock()
        directory = await _permitted(desk, uow, asker, Act.REVOKE)
        await _keep_revocation(desk, uow, directory, note)
        await uow.commit()
    desk.logged.ring()


async def enter(desk: Desk, notes: Sequence[str]) -> Directory:
    """Keep registers and revocations that were carried to the gateway's machine: all or none; return what holds now.

    For the day on which the coordinator's office has no key left to sign a request with. Each is verified as if it
    had been sent; who brought it does not count, since registrar and owners have signed. Logged in the same
    transaction, as the broker's own. Raises NoteRejected, RegisterConflict, RevocationLeavesNobody.
    """
    async with desk.store.unit() as uow:
        await uow.trust.lock()
        directory = await desk.directories.current(uow)
        # Registers first: a revocation may be of a key that the new one lists, or leave the office just its new key.
        for note in sorted(notes, key=_is_revocation):
            keep, act = (_keep_revocation, Act.REVOKE) if _is_revocation(note) else (_keep_register, Act.STEWARD)
            directory = await keep(desk, uow, directory, note)
            entry = broker_entry(desk, act.value, rule_="entered-at-gateway")
            await uow.log.append(replace(entry, register=directory.register.number))
        await uow.commit()
    desk.logged.ring()
    return directory


async def _keep_register(desk: Desk, uow: UnitOfWork, directory: Directory, note: str) -> Directory:
    """Keep the next register in this unit; return the directory with it. Raises NoteRejected, RegisterConflict."""
    try:
        register = verify_register(note, directory.area, allow_classical=desk.settings.allow_classical)
    except CryptoError as error:
        raise NoteRejected("the register does not verify", "/note") from error
    try:
        follows(directory.register, register)
    except CryptoError as error:
        raise RegisterConflict("the register does not follow the newest one", "/note") from error
    if register.number != directory.register.number + 1:
        raise RegisterConflict("a register is missing in between, or this one is held already", "/note")
    revocations = verify_revocations(await uow.trust.revocations(), directory.area, register)
    await uow.trust.add_register(register.number, note, desk.now())
    return Directory(directory.area, register, revocations)


async def _keep_revocation(desk: Desk, uow: UnitOfWork, directory: Directory, note: str) -> Directory:
    """Keep a revocation in this unit; return the directory with it. Raises NoteRejected, RevocationLeavesNobody."""
    try:
        revocation = directory.accept_revocation(note, desk.now())
    except LeavesNobody as error:
        raise RevocationLeavesNobody("the coordinator's office has no other such key", "/note") from error
    except CryptoError as error:
        raise NoteRejected("not a revocation by the key's owner or the registrar", "/note") from error
    if not directory.is_revoked(revocation.key, revocation.since):  # else it says nothing new
        await uow.trust.add_revocation(revocation.key, _signed_by_known(directory, note, revocation.key), desk.now())
    return replace(directory, revocations=directory.revocations.adding(revocation))


def _is_revocation(note: str) -> bool:
    return note.partition("\n")[0] == REVOCATION


def _signed_by_known(directory: Directory, note: str, key: str) -> str:
    """Return the note without the signature lines of strangers: everybody is served it, and they can hold any words."""
    owner = directory.register.owner_of(key)
    own = [each.verify_key for each in owner.keys] if owner else []
    return without_strangers(note, [*own, *(each.registrar for each in directory.area.delegations)], REVOCATION)


async def tombstones(desk: Desk, asker: Asker) -> Sequence[str]:
    """Return the tombstone notes of destroyed cases. Raises Refused."""
    await check_asker(desk, question(desk, Act.STEWARD, asker))
    async with desk.store.unit() as uow:
        await _permitted(desk, uow, asker)
        notes = await uow.tombstones.all()
        await uow.commit()
    return notes


async def _permitted(desk: Desk, uow: UnitOfWork, asker: Asker, act: Act = Act.STEWARD) -> Directory:
    """Log the act in this unit and return its directory.

    Raises Refused if what `check_asker` permitted a moment ago no longer is: uncommitted, the caller asks again.
    """
    directory = await desk.directories.current(uow)
    decision, _ = await rule(desk, uow, question(desk, act, asker))
    if isinstance(decision, Deny):
        raise Refused(decision.public)
    return directory
