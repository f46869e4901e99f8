"""The sending half of the kit: trust, submissions, recalls, and what the coordinator's office does; README.md."""

import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Final, Self, Unpack

from agencies.agency import COORDINATING
from agencies.directory import Directory
from agencies.documents.document import Document
from agencies.documents.exclusions import Exclusions
from agencies.documents.referral import Referral
from agencies.documents.routes import ROUTES
from agencies.documents.safe_contact import SafeContact
from agencies.kit import answers, wire
from agencies.kit.acceptance import Accepted, check_accepted
from agencies.kit.compose import REFERRAL, Author, Composed, Subject, compose
from agencies.kit.home import Home, NotSaved, write_durably
from agencies.kit.keyring import Keyring
from agencies.kit.opening import Check, CheckFailed, Opened, TrustNotes
from agencies.kit.outbox import OutboxUnavailable
from agencies.kit.safe_contacts import Folder, Known, Said, sealed_copy
from agencies.kit.signing import OFFICER_FIELD, Clock, RequestSigner
from agencies.kit.wire import Gateway, Pause, Problem, Unreachable, Untrusted, encode_body, parse_answer
from agencies.names import CaseRef, MessageId, OfficerId
from agencies.notes.manifest import Manifest, parse_manifest
from agencies.notes.revocation import Revocation
from agencies.notes.submission import parse_submission
from crypto import b64
from crypto import note as signed_note
from crypto.draw import draw_uuid7

STATES: Final[Mapping[str, str]] = {
    "accepted": "on its way to the recipients' mailboxes",
    "waiting": "in every mailbox, not yet fetched by all",
    "collected": "fetched by every recipient",
    "dead-lettered": "at least one delivery failed: telephone the coordinator",
    "superseded": "corrected: another message has taken its place",
    "recalled": "taken back",
}
"""The states of a sent message, in a person's words; one for all its recipients together."""
MOST_SETTLED: Final = 100  # messages that the gateway takes at once


class NotOurs(Exception):
    """A submission that another agency made, or for another area: it is not sent from here."""


class Sender:
    """One agency in one area, as far as it sends; client.py adds what it receives.

    home     the agency's folder
    keyring  its keys, open
    clock    aware instants, UTC

    keeps_nothing  the outbox took nothing: what was sent is not here, and a person has to be told
    """

    def __init__(self, home: Home, keyring: Keyring, clock: Clock, pause: Pause = time.sleep) -> None:
        self.home = home
        self.keyring = keyring
        self.clock = clock
        signer = RequestSigner(home.settings.area, keyring.agency, keyring.officer, clock)
        self.outbox = home.outbox()
        self.keeps_nothing = False
        self._client = wire.client(home.settings.url, home.ca_file)
        self.gateway = Gateway(self._client, signer, pause)
        self._directory: Directory | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the connection and of the outbox."""
        self._client.close()
        self.outbox.close()

    def directory(self) -> Directory:
        """Return who takes part, as last trusted; fetched if this is the first time. Raises as `refresh` does."""
        if self._directory is None:
            held = self.home.trust()
            self._directory = held.verified() if held else self.refresh()
        return self._directory

    def refresh(self) -> Directory:
        """Fetch delegations, register and revocations, verify them from the pinned root, and keep them.

        Raises CheckFailed (check 1) if anything is not signed as it must be or is older than what is held.
        """
        settings = self.home.settings
        area = self.gateway.get("/v1/area", answers.AreaAnswer)
        if area.area != settings.area or area.root != settings.root:
            raise CheckFailed(Check.TRUST, "the gateway is another area's, or shows another root than the one pinned")
        # In the agency's name alone: an officer who is no longer in the register could never learn of it.
        served = self.gateway.get("/v1/register", answers.RegisterAnswer)
        if served.register_ is None:
            raise CheckFailed(Check.TRUST, "the gateway has no register")
        new = TrustNotes(
            settings.root, area.delegations, served.register_, served.revocations, settings.allow_classical
        )
        self._directory = self.home.keep_trust(new).verified()
        return self._directory

    def submit_referral(
        self,
        referral: Referral,
        safe_contact: SafeContact,
        exclusions: Exclusions,
        case: CaseRef | None = None,
        **said: Unpack[Said],
    ) -> list[Accepted]:
        """Send a referral; return its manifests, verified. `case` None opens a new one; `said` as for `prepare_any`.

        Raises as `submit` does. To be able to repeat after Unreachable, use `prepare` and `submit`.
        """
        documents = {"referral": referral, "safe-contact": safe_contact, "exclusions": exclusions}
        return self.submit(self.prepare(documents, case, **said))

    def prepare(self, documents: Mapping[str, Document], case: CaseRef | None = None, **said: Unpack[Said]) -> Composed:
        """Return a referral's documents signed and ready for `submit`. Raises as `prepare_any` does."""
        return self.prepare_any(replace(REFERRAL, case=case), documents, **said)

    def prepare_any(self, subject: Subject, documents: Mapping[str, Document], **said: Unpack[Said]) -> Composed:
        """Return documents signed and ready for `submit`, compared with every safe contact of their case known here.

            said  what a person said who looked: `unread_too`, `older_too`

        Raises UnknownKind, DocumentInvalid; as `officer` does; before anything is signed SafeContactElsewhere,
        OlderSafeContactElsewhere, SafeContactUnread.
        """
        known, folder = Known((), ()), self.safe_contacts()
        if subject.case is not None:
            known = folder.known(self.one_with(subject.case, folder.cases()), subject.supersedes)
        known.check(documents, self._is_gone, said)
        self.officer()
        return compose(subject, documents, self.author(), self.clock())

    def safe_contacts(self) -> Folder:
        """Return where the safe contacts are that are known here: those that were sent."""
        return Folder(self.home, (), self.outbox, self.keyring.identities, _not_received)

    def _is_gone(self, message: MessageId) -> bool:
        """Whether what was sent from here was taken back or corrected; if that cannot be asked, it was not."""
        try:
            return self.status(message) in {"recalled", "superseded"}
        except (Problem, Unreachable):
            return False

    def submit(self, composed: Composed) -> list[Accepted]:
        """Send a submission and return its manifests, verified; the same one again gets the same answer.

        Raises NotOurs; Problem if it was refused; Unreachable if it is not known whether it arrived: send the same
        `composed` again; CheckFailed if the gateway's answer is not about this submission. What has no answer yet is
        in the outbox, whatever becomes of this process.
        """
        directory = self.directory()
        claimed = parse_submission(signed_note.text_of(composed.note))
        if (claimed.area, claimed.from_) != (self.home.settings.area, self.home.settings.party):
            raise NotOurs("this submission was made for another area, or by another agency")
        # In the name of the officer who signed it: it may be sent again on another day.
        named = {OFFICER_FIELD: claimed.officer} if claimed.officer else {}
        fields = {**named, "idempotency-key": composed.idempotency}
        body = self._post_kept(composed, fields)
        notes = parse_answer(body, answers.ManifestsAnswer).manifests
        try:
            accepted = check_accepted(composed, notes, directory, self.home.settings)
        except CheckFailed:
            # A gateway key delegated since the last look: look once more, and then believe or refuse.
            accepted = check_accepted(composed, notes, self.refresh(), self.home.settings)
        try:
            copy = sealed_copy(composed, accepted, self.keyring.identities)
            self.outbox.answered(composed.idempotency, [one.note for one in accepted], copy)
        except OutboxUnavailable:
            self.keeps_nothing = True
        return accepted

    def status(self, message: MessageId) -> str:
        """Return the state of a message this agency sent: one for all recipients. Raises Problem, Unreachable."""
        return self.gateway.get(f"/v1/messages/{message}", answers.StateAnswer, self.fields()).state

    def recall(self, message: MessageId, recipients: Sequence[str] | None, reason: str) -> str:
        """Take a message back from `recipients`, None for all; return its state. Raises Problem, Unreachable."""
        chosen = None if recipients is None else list(recipients)
        body = self.post(f"/v1/messages/{message}/recall", {"recipients": chosen, "reason": reason})
        return parse_answer(body, answers.StateAnswer).state

    def same_submission(self, message: MessageId) -> list[Manifest]:
        """Return the manifest of a message that was sent from here, then those of what was submitted together with it.

        Empty if it was not sent from this folder.
        """
        sent = [parse_manifest(signed_note.text_of(note)) for note in self.outbox.manifests()]
        first = [made for made in sent if made.message == message]
        hashes = {made.submission for made in first}
        return first + [made for made in sent if made.submission in hashes and made not in first]

    def exclude(
        self, case: CaseRef, parties: Sequence[str], *, settled: Sequence[str] = (), lift: Sequence[str] = ()
    ) -> None:
        """Exclude parties and officers from a case (coordinator). Raises Problem, Unreachable: what was sent holds.

        settled  messages of which nobody who was excluded in words alone is left to deal with
        lift     whose exclusion ends; what was sent while an agency was excluded is not sealed to it, and stays so
        """
        # Left out where nobody is named, so that a gateway from before it takes the rest.
        more: dict[str, object] = {"parties": list(parties), **({"lifted": list(lift)} if lift else {})}
        # Whom it excludes goes first: what a crash leaves unsettled holds everybody back until it is run again.
        for first in range(0, max(len(settled), 1), MOST_SETTLED):
            part = list(settled[first : first + MOST_SETTLED])
            self.post(f"/v1/cases/{case}/exclusions", {"parties": [], **more, "settled": part})
            more = {}

    def relate(self, case: CaseRef, party: str, relation: str, why: str, **more: str) -> None:
        """Record what part an agency has in a case (coordinator). Raises Problem, Unreachable.

        more  `basis`, the lawful basis, where it is not that of the agency's kind; `until`, an instant, if it ends
        """
        self.post(f"/v1/cases/{case}/relations", {"party": party, "relation": relation, "why": why, **more})

    def close_case(self, case: CaseRef) -> None:
        """Close a case, for good (coordinator). Raises Problem, Unreachable."""
        self.gateway.post(f"/v1/cases/{case}/closing", None, self.fields())

    def name(self, case: CaseRef, officers: Sequence[str], *, remove: bool = False) -> None:
        """Name officers who may have what a closed case holds, or take it back (coordinator).

        Raises Problem, Unreachable.
        """
        self.post(f"/v1/cases/{case}/officers", {"officers": list(officers), "remove": remove})

    def case(self, case: CaseRef) -> answers.CaseAnswer:
        """Return who takes part in a case, and who is kept out (coordinator). Raises Problem, Unreachable."""
        return self.gateway.get(f"/v1/cases/{case}", answers.CaseAnswer, self.fields())

    def one_with(self, case: CaseRef, others: Collection[CaseRef]) -> Collection[CaseRef]:
        """Return the references of all that is one case with `case`: the office alone is told, and asks if it matters.

        others  the cases of which there is something to compare with
        """
        own = self.directory().register.party(self.home.settings.party)
        if own is None or own.kind not in COORDINATING or not set(others) - {case}:
            return {case}
        try:
            return {case, *(CaseRef(one) for one in self.case(case).references)}
        except Problem:  # what may not be looked at is not sent about either: the better refusal is that one
            return {case}

    def set_notices(self, email: str | None, webhook: str | None) -> None:
        """Set where this party is told that something waits; None: not there. Raises Problem, Unreachable."""
        fields = self.fields(**{"idempotency-key": draw_uuid7(self.clock())})
        self.gateway.put("/v1/notices", encode_body({"email": email, "webhook": webhook}), fields)

    def lookups(self) -> answers.LookupsAnswer:
        """Return each agency's look-ups by date (coordinator). Raises Problem, Unreachable."""
        return self.gateway.get("/v1/lookups", answers.LookupsAnswer, self.fields())

    def waiting(self) -> answers.WaitingCasesAnswer:
        """Return the cases in which something is missing (coordinator). Raises Problem, Unreachable."""
        return self.gateway.get("/v1/cases", answers.WaitingCasesAnswer, self.fields())

    def notices(self) -> answers.NoticesAnswer:
        """Return where this party is told, and how that goes. Raises Problem, Unreachable."""
        return self.gateway.get("/v1/notices", answers.NoticesAnswer, self.fields())

    def uncollected(self) -> answers.UncollectedAnswer:
        """Return what is urgent and not collected in time (coordinator). Raises Problem, Unreachable."""
        return self.gateway.get("/v1/uncollected", answers.UncollectedAnswer, self.fields())

    def holdings(self, case: CaseRef) -> tuple[answers.HoldingAnswer, ...]:
        """Return who holds what of a case (coordinator), oldest message first. Raises Problem, Unreachable."""
        return self.gateway.get(f"/v1/cases/{case}/holdings", answers.HoldingsAnswer, self.fields()).holdings

    def share(self, case: CaseRef, message: MessageId, party: str, header: bytes, keys: Sequence[str]) -> None:
        """Hand in a header made for these keys of `party` (coordinator). Again, nothing changes.

        Raises Problem, Unreachable.
        """
        made_for = [signed_note.hash_text(key) for key in keys]
        members = {
            "message": message,
            "recipient": party,
            "header": b64.encode_padded(header),
            "made_for": made_for,
        }
        parse_answer(self.post(f"/v1/cases/{case}/shares", members), answers.SharedAnswer)

    def revoke(self, key: str, reason: str) -> str:
        """Take a key of this agency, or of the officer here, out of use now; return the note that says so.

        A keyid, or an age recipient. The key may sign its own end. Raises Malformed, Problem, Unreachable.
        """
        text = Revocation(self.home.settings.area, key, self.clock(), reason).encode()
        owner = self.directory().register.owner_of(key)
        is_officers = owner is not None and owner.id == self.home.settings.officer
        own = self.keyring.officer if is_officers and self.keyring.officer else self.keyring.agency
        note = signed_note.sign(text, [own])
        self.publish_revocation(note)
        return note

    def publish_revocation(self, note: str) -> None:
        """Hand the gateway a revocation, signed by the key's owner or the registrar. Raises Problem, Unreachable."""
        self.post("/v1/revocations", {"note": note})

    def publish_register(self, note: str) -> None:
        """Hand the gateway the next register, signed by the registrar. Raises Problem, Unreachable."""
        self.post("/v1/register", {"note": note})

    def publish_delegation(self, note: str) -> None:
        """Hand the gateway the next delegation, signed by the root. Raises Problem, Unreachable."""
        self.post("/v1/delegations", {"note": note})

    def export_log(self, path: Path) -> int:
        """Write the log's export (coordinator, compliance) to `path`; return its lines. Personal: mode 0600.

        Raises Problem, Unreachable; a part is never left under that name.
        """
        count, draft = 0, path.with_name(f".{path.name}.part")
        write_durably(draft, b"")
        try:
            with draft.open("w", encoding="utf-8", newline="\n") as file:
                for line in self.gateway.lines("/v1/audit/export", self.fields()):
                    file.write(line + "\n")
                    count += 1
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)
        return count

    def tombstones(self) -> list[str]:
        """Return what remains of destroyed cases, as signed notes. Raises Problem, Unreachable."""
        return list(self.gateway.get("/v1/tombstones", answers.TombstonesAnswer, self.fields()).tombstones)

    def post(self, path: str, members: Mapping[str, object], timeout_s: float = wire.TIMEOUT_S) -> bytes:
        """Send one act under a fresh idempotency id, its repeats under the same. Raises Problem, Unreachable."""
        fields = self.fields(**{"idempotency-key": draw_uuid7(self.clock())})
        return self.gateway.post(path, encode_body(members), fields, timeout_s)

    def _post_kept(self, composed: Composed, fields: Mapping[str, str]) -> bytes:
        """Post a submission that is kept until it is answered; one that was certainly not taken is forgotten."""
        new = self._keep(composed)
        try:
            return self.gateway.post(ROUTES[composed.subject.kind], composed.body(), fields)
        except (Untrusted, Problem) as error:
            # Only what was sent once, or not at all, is known not to have been taken: an earlier try may have arrived.
            certain = not error.repeated if isinstance(error, Untrusted) else error.final
            if new and certain:
                self.outbox.discard(composed.idempotency)
            raise

    def _keep(self, composed: Composed) -> bool:
        try:
            return self.outbox.keep(composed, self.keyring.identities)
        except OutboxUnavailable:
            # A referral waits for no disk: it is sent all the same, and whoever sends it is told.
            self.keeps_nothing = True
            return False

    def fields(self, **more: str) -> dict[str, str]:
        """Return the fields of a request: who works here, and `more`. Raises as `officer` does."""
        officer = self.officer()
        return {**({OFFICER_FIELD: officer} if officer else {}), **more}

    def officer(self) -> OfficerId | None:
        """Return who works with this folder if the register lists them as active; before that they are not named.

        An officer who is not listed is looked up anew: the coordinator may have entered them since.
        Raises as `refresh` does.
        """
        if self.home.settings.officer is not None and self._listed(self.directory()) is None:
            self.refresh()
        return self._listed(self._directory)

    def author(self) -> Author:
        """Return who signs, by the register last seen: an officer whom it does not list neither is named nor signs."""
        held = None if self._directory else self.home.trust()
        own = self.keyring.author(self.home.settings)
        if self._listed(held.verified() if held else self._directory) is not None:
            return own
        return replace(own, officer=None, officer_key=None)

    def _listed(self, directory: Directory | None) -> OfficerId | None:
        settings = self.home.settings
        found = directory.register.officer(settings.officer or "") if directory else None
        is_ours = found is not None and found.agency == settings.party and found.is_active(self.clock())
        return settings.officer if is_ours else None


def _not_received(message: MessageId) -> Opened:
    raise NotSaved(f"message {message} was not received here")
