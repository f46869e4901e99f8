"""Submit: take responsibility for a submission, sealed, logged, stored and queued in one commit, or not at all."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace

from agencies.directory import Directory
from agencies.names import MessageId, PartyId, draw_case_ref
from agencies.notes.manifest import Manifest
from broker.case import Case
from broker.errors import IdempotencyConflict, NoteMismatch, NoteRejected, PartyUnknown, Refused
from broker.kinds.kind import Documents, Effects, Scene
from broker.need_to_know import Access, Act, Asker, Decision, Deny, Permit, decide
from broker.ports import UnitOfWork
from broker.records import Addressed, Delivery, Earlier, Message, Named, Referred
from broker.services.correcting import NOTHING_OLDER, Older, Olders, corrected_as, find_corrected, olders_of, supersede
from broker.services.desk import Desk
from broker.services.heading import new_delivery
from broker.services.office import check_somebody_is_left
from broker.services.reading import Reading, Request, read_documents, read_submission, verify_signers
from broker.services.relations import brought_by, flags_set
from broker.services.ruling import as_of, check_asker, entry_for, refuse, rejections_logged
from broker.services.sealing import Header, Meant, Said, SealedPart, headers_in, seal_parts, suite_of
from broker.services.standing import officers_of
from broker.services.tokens import tokens_of_people
from crypto import note as signed_note
from crypto.blind_index import Token
from crypto.draw import draw_uuid7
from crypto.errors import CryptoError
from crypto.note import hash_bytes


async def submit(desk: Desk, request: Request, asker: Asker) -> Sequence[str]:
    """Return the manifests of an accepted submission, one a document; the same again for the same note.

    Raises, logged and committed, Refused and what makes a submission unsound: NoteRejected, NoteMismatch, UnknownKind,
    UnknownVersion, BelowThreshold, AlreadyCorrected, UnknownExclusion, ExclusionLeavesNobody, DocumentRejected,
    PartyUnknown, IdempotencyConflict, NobodyToReceive.
    """
    async with rejections_logged(desk, Access(Act.SUBMIT, asker)):
        return await _submit(desk, request, asker)


async def _submit(desk: Desk, request: Request, asker: Asker) -> Sequence[str]:
    async with desk.store.reader() as uow:
        directory = await desk.directories.current(uow)
    reading = read_submission(desk, request, asker, directory)
    submission = reading.submission
    access = Access(
        act=Act.SUBMIT,
        asker=replace(asker, purpose=submission.purpose),
        kind=reading.kind,
        opens_case=submission.case is None,
        demand_proved=desk.settings.demand_proved,
    )
    await check_asker(desk, access)
    documents = read_documents(reading, request)
    effects = reading.kind.effect(documents, Scene(asker.party.id, desk.now(), desk.settings, directory))
    _check_chosen(documents, directory)
    # Before anything is sealed: a stranger to the case costs the others nothing.
    await _check_known_case(desk, reading, access)
    # Slow and pure: before the lock, and in a thread, for everybody else is served meanwhile.
    made = await asyncio.to_thread(_make, desk, reading, request, Said(documents, effects), directory)
    try:
        return await _commit(desk, reading, access, made)
    except IdempotencyConflict:
        # The same request twice at once: where the other one was committed first, this finds its answer.
        return await _commit(desk, reading, access, made)


def _check_chosen(documents: Documents, directory: Directory) -> None:
    """Refuse a document that names somebody who is not in the register: it would be believed to have reached them."""
    register = directory.register
    for name, document in documents.items():
        if any(register.party(one) is None and register.officer(one) is None for one in document.chosen):
            raise PartyUnknown("names somebody who is not in the register", f"/documents/{name}")


@dataclass(frozen=True, slots=True)
class _Made:
    """What was made of a submission's documents before any lock; their plaintext is not in it."""

    effects: Effects
    parts: Sequence[SealedPart]
    tokens: frozenset[tuple[Named, Token]]


def _make(desk: Desk, reading: Reading, request: Request, said: Said, directory: Directory) -> _Made:
    parts = seal_parts(desk, reading, request, said, directory)
    return _Made(said.effects, parts, tokens_of_people(desk.index_key, said.documents.values()))


async def _commit(desk: Desk, reading: Reading, access: Access, made: _Made) -> Sequence[str]:
    sender, idempotency = access.asker.party.id, reading.submission.idempotency
    async with desk.store.unit() as uow:
        judged = await _judge(desk, uow, reading, access)
        desk, decision, earlier = judged.desk, judged.decision, judged.earlier
        access = judged.access
        manifests: Sequence[str] = () if earlier is None else earlier.manifests
        message = None
        addressed: Sequence[Addressed] = ()
        if isinstance(decision, Permit) and earlier is None:
            olders = await olders_of(uow, judged.corrected)
            referred = await _date(uow, judged, made.effects)
            case = await _apply(judged, uow, reading, made.effects, restarts=referred == Referred(desk.now()))
            access = replace(access, case=case)
            addressed = _address_all(judged, reading, made, case, olders)
            manifests, message = tuple(item.message.manifest for item in addressed), addressed[0].message.id
            await uow.messages.add(addressed)
            await _keep_facts(uow, addressed[0].message, reading, made, referred)
            await uow.cases.unsettle(case.ref, _excludes_in_words(made.effects, addressed))
            await uow.messages.remember(sender, idempotency, Earlier(case.ref, reading.note_hash, tuple(manifests)))
        entry = entry_for(access, decision, judged.directory, message)
        await uow.log.append(entry)
        if addressed:
            await supersede(uow, judged.corrected, addressed, judged.directory, entry)
        await uow.commit()  # a crash before this line leaves nothing; after it, the relay delivers
    desk.outgoing.ring()
    desk.logged.ring()
    if isinstance(decision, Deny):
        raise Refused(decision.public)
    return manifests


async def _keep_facts(
    uow: UnitOfWork, message: Message, reading: Reading, made: _Made, referred: Referred | None
) -> None:
    """Keep tokens and date whatever other cases there are: neither answer nor its time depends on a match."""
    await uow.people.keep(message.case, message.id, made.tokens)
    if referred is not None:
        await uow.people.referred(message.case, message.id, referred)
    if made.effects.triaged is not None:
        corrects = reading.submission.supersedes
        await uow.cases.triaged(message.id, message.accepted_at, corrects, ends=made.effects.triaged)


@dataclass(frozen=True, slots=True)
class _Judged:
    """A submission as one unit sees it; `desk` is of the instant that all of it was judged at."""

    desk: Desk
    access: Access
    decision: Decision
    earlier: Earlier | None
    corrected: Message | None
    directory: Directory


async def _date(uow: UnitOfWork, judged: _Judged, effects: Effects) -> Referred | None:
    """Return when the case is referred by this: now; or, by a correction, when it was by what that corrects.

    None for what refers nobody. What is corrected counts no more, nor do the names in it.
    """
    corrected, informs = judged.corrected, not effects.restarts_clock
    before = None if corrected is None else await uow.people.forget(corrected.case, corrected.id)
    if corrected is not None and before is not None and informs and not before.informs:
        await uow.cases.redate(corrected.case)
    if not effects.starts_clock:
        return None
    # A correction restarts nothing: nothing new happened, it is told better; unless only now it is a whole referral.
    is_new = before is None or (before.informs and not informs)
    return Referred(judged.desk.now() if is_new or before is None else before.at, informs=informs)


async def _judge(desk: Desk, uow: UnitOfWork, reading: Reading, access: Access) -> _Judged:
    """Return need-to-know's decision in this unit: where it may write, under the case's lock."""
    earlier = await uow.messages.earlier(access.asker.party.id, reading.submission.idempotency)
    access = await _access_in(uow, reading, access, earlier)
    named = reading.submission.supersedes
    corrected = await find_corrected(uow, named, access.case, reading.kind)
    access = replace(access, corrected=corrected_as(access.asker.party.id, named, corrected, access.case))
    # After the case's lock, which may have been waited for: what was revoked meanwhile holds here. And one instant
    # for all: a key that ends between the check and the manifest would make what no kit believes.
    desk = desk.stopped()
    directory = await desk.directories.current(uow)
    _check_still_sound(desk, reading, access, directory, earlier)
    if earlier is None and access.asker.officer is None:
        access = replace(access, colleagues=frozenset(officers_of(access.asker.party.id, directory)))
    access = as_of(access, directory, desk.now())
    return _Judged(desk, access, decide(access), earlier, corrected, directory)


async def _check_known_case(desk: Desk, reading: Reading, access: Access) -> None:
    """Refuse, logged, what names a case and is not permitted, without waiting for its lock: see looking.py."""
    if reading.submission.case is None:
        return
    async with desk.store.reader() as uow:
        judged = await _judge(desk, uow, reading, access)
    if isinstance(judged.decision, Deny):
        await refuse(desk, judged.access, judged.decision, judged.directory)


def _check_still_sound(
    desk: Desk, reading: Reading, access: Access, directory: Directory, earlier: Earlier | None
) -> None:
    """Refuse what this transaction may not answer for: another note under the same id, an ended key, an old note."""
    now = desk.now()
    if earlier is not None and earlier.note_hash != reading.note_hash:
        raise IdempotencyConflict("the idempotency id was used for another submission")
    if earlier is None and reading.submission.at < now - desk.settings.note_life:
        # Its answer may have gone with its case: what was destroyed is not opened again by an old note.
        raise NoteMismatch("the note was signed too long ago: sign a fresh one", "/note")
    try:
        # Sealing took a while, and a key may have been revoked: no kit would believe what is accepted after that.
        verify_signers(reading.note, replace(access.asker, at=now), directory)
    except CryptoError as error:
        raise NoteRejected("the submission note does not verify by the sender's keys", "/note") from error


async def _access_in(uow: UnitOfWork, reading: Reading, access: Access, earlier: Earlier | None) -> Access:
    """Return the question with its case locked; a repeat asks about the case that it opened or joined."""
    ref = reading.submission.case if earlier is None else earlier.case
    case = None if ref is None else await uow.cases.lock(ref)
    return replace(access, case=case, opens_case=access.opens_case and earlier is None, repeats=earlier is not None)


async def _apply(judged: _Judged, uow: UnitOfWork, reading: Reading, effects: Effects, *, restarts: bool) -> Case:
    """Open the case or renew it; exclusions, closing and relations take effect before any header is kept.

        restarts  it is referred now: its retention clock runs anew

    Raises ExclusionLeavesNobody.
    """
    desk, access, directory = judged.desk, judged.access, judged.directory
    before = frozenset() if access.case is None else access.case.excluded
    # Only of who may submit to this case, and under its lock: see office.py.
    check_somebody_is_left(desk, directory, before, before | effects.excluded, "/documents/exclusions/officers")
    related = {one.party: one for one in brought_by(desk, access, reading.kind, effects, directory)}
    if access.case is None:
        case = Case(
            ref=draw_case_ref(desk.settings.case_prefix),
            opened_at=desk.now(),
            last_referral_at=desk.now() if effects.starts_clock else None,
            related=related,
            excluded=effects.excluded,
            closed=effects.closes,
        )
        await uow.cases.add(case)
        return case
    case = access.case
    for one in related.values():
        await uow.cases.relate(case.ref, one)
    if restarts or (effects.starts_clock and case.last_referral_at is None):
        await uow.cases.restart(case.ref, desk.now())
    await uow.cases.exclude(case.ref, sorted(effects.excluded))
    if effects.closes:
        await uow.cases.close(case.ref)
    corrects = reading.submission.supersedes is not None
    flags = {flag.party: flag for flag in flags_set(desk, case, effects, directory, corrects=corrects)}
    await uow.cases.flag(case.ref, list(flags.values()))
    return replace(
        case,
        related={**case.related, **related},
        flags={**case.flags, **flags},
        also=tuple(one for one in case.also if one.party not in related),
        excluded=case.excluded | effects.excluded,
        closed=case.closed or effects.closes,
    )


def _address_all(judged: _Judged, reading: Reading, made: _Made, case: Case, olders: Olders) -> Sequence[Addressed]:
    """Return the messages and their deliveries: for who may have them now, in a closed case by named officers alone.

    Whom a document names and the case does not concern gets nothing, and the sender is not told: it may not know
    who takes part. The coordinator sees both.
    """
    found = []
    for part in made.parts:
        older, declared = olders.get(part.document, NOTHING_OLDER), reading.kind.parts[part.document]
        # Nor by the keys of officers: what is told by name is told anew by name.
        meant = Meant(declared.least, frozenset() if declared.by_name else older.held, older.barred)
        headers = headers_in(part, case, meant, judged.directory, judged.desk.now())
        # In an open case that of all whom the part concerns: the manifest tells the sender nothing of who takes part.
        suite = suite_of(headers if case.closed else part.headers)
        message = _message(judged.desk, _manifest(judged.desk, reading, part, case, suite))
        deliveries = [
            (
                _delivery(message, party, header, older, urgent=made.effects.urgent, by_right=party in part.audience),
                header.bytes_,
            )
            for party, header in headers.items()
        ]
        found.append(Addressed(message, part.payload, deliveries))
    return found


def _delivery(
    message: Message, party: PartyId, header: Header, older: Older, *, urgent: bool, by_right: bool
) -> Delivery:
    """Return one party's delivery.

    by_right  it is for them by role or choice: who only held what this corrects does not count in what its sender is
              told
    """
    at = message.accepted_at
    new = new_delivery(message, party, header.keys, at, urgent=urgent, is_shared=not by_right)
    waits = older.waits.get(party)
    if waits is None or not urgent:
        return new
    # It was owed before it was corrected: told once, and since then.
    return replace(new, accepted_at=waits.accepted_at, escalated_at=waits.escalated_at)


def _excludes_in_words(effects: Effects, addressed: Sequence[Addressed]) -> list[MessageId]:
    """Return the message that excludes people in words, if it does: each is settled by itself."""
    if not effects.exclusions_pending:
        return []
    return [one.message.id for one in addressed if one.message.document == "exclusions"]


def _manifest(desk: Desk, reading: Reading, part: SealedPart, case: Case, suite: str) -> Manifest:
    submission = reading.submission
    return Manifest(
        area=desk.area,
        message=MessageId(draw_uuid7(desk.now())),
        case=case.ref,
        kind=submission.kind,
        version=submission.version,
        document=part.document,
        from_=submission.from_,
        submission=reading.note_hash,
        payload_hash=hash_bytes(part.payload),
        payload_length=len(part.payload),
        suite=suite,
        accepted=desk.now(),
        supersedes=submission.supersedes,
    )


def _message(desk: Desk, manifest: Manifest) -> Message:
    return Message(
        id=manifest.message,
        case=manifest.case,
        kind=f"{manifest.kind}/{manifest.version}",
        document=manifest.document,
        sender=manifest.from_,
        payload_hash=manifest.payload_hash,
        payload_length=manifest.payload_length,
        suite=manifest.suite,
        accepted_at=manifest.accepted,
        submission=manifest.submission,
        manifest=signed_note.sign(manifest.encode(), [desk.gateway_key]),
    )
