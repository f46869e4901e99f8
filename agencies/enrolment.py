"""Joining an area, as pure steps: a party's note, its agreement, and proof that it can open; README.md, `Joining`."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from agencies.agency import DatedKey, DatedRecipient
from agencies.isa import Isa
from agencies.names import area_of, is_officer, parse_participant_id, parse_uuid7
from agencies.notes import text
from agencies.notes.isa import IsaNote
from agencies.notes.key_proof import TYPE as PROOF_TYPE
from agencies.notes.key_proof import KeyProof, parse_key_proof
from agencies.notes.party import TYPE, PartyNote, parse_party
from crypto import age, b64
from crypto import note as signed_note
from crypto.draw import draw_salt, draw_uuid7
from crypto.errors import BadProof, BadSignature, Malformed
from crypto.keys import SigningKey, VerifyKey

TEST_TYPE = "marac/test-message/v1"
# What the old key signs before the next register is out must still verify afterwards.
KEY_OVERLAP = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class ChallengeFiles:
    """Two age files for the party to open: one with its working key, one with its recovery key; an officer has none."""

    working: bytes = field(repr=False)
    recovery: bytes | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class Challenge:
    """A challenge as the registrar keeps it until the answer comes; the last two hashes are secret until then.

    note  hash of the note that it was made for: no other is taken with the answer
    keys  keyids that may sign the answer: those that were read out, or that vouch for the note
    """

    id: str
    party: str
    note: str
    keys: tuple[str, ...]
    files: ChallengeFiles
    working: str = field(repr=False)
    recovery: str | None = field(repr=False)

    def is_for(self, said: PartyNote) -> bool:
        """Whether it was made for this very note."""
        return self.note == signed_note.hash_text(said.encode())


def party_note(said: PartyNote, key: SigningKey) -> str:
    """Return the party's own entry note, signed by itself.

    Raises Malformed if it could not be read back, or `key` is not one it lists.
    """
    parse_party(said.encode())
    if said.keys and key.verify_key not in [listed.verify_key for listed in said.keys]:
        raise Malformed("a party signs its note with a key that it lists")
    return signed_note.sign(said.encode(), [key])


def sign_isa(isa: Isa, key: SigningKey) -> str:
    """Return the agreement signed by a party's key, for the `isa` line of its note.

    Raises Malformed if the key's name is no participant's.
    """
    return signed_note.sign(IsaNote(area_of(parse_participant_id(key.name)), isa).encode(), [key])


def rotate_key(said: PartyNote, new: SigningKey, now: datetime) -> PartyNote:
    """Return the note with `new` listed from `now` on; the open keys end after an overlap, and stay listed."""
    end = now + KEY_OVERLAP
    ended = (key if key.until else replace(key, until=end) for key in said.keys)
    return replace(said, keys=(*ended, DatedKey(new.verify_key, now, None)))


def rotate_recipient(said: PartyNote, recipient: age.Recipient, now: datetime) -> PartyNote:
    """Return the note with `recipient` as the working one from `now` on, and the open working one ended at `now`."""
    kept = (
        replace(each, until=now) if each.use == "working" and each.until is None else each for each in said.recipients
    )
    return replace(said, recipients=(*kept, DatedRecipient("working", str(recipient), now, None)))


def next_recipient(said: PartyNote, now: datetime) -> str | None:
    """Return the recipient that is to be the working one, if one is announced; messages are sealed to it already."""
    return next((each.recipient for each in said.recipients if each.use == "next" and each.is_in_force(now)), None)


def announce_recipient(said: PartyNote, recipient: age.Recipient, now: datetime) -> PartyNote:
    """Return the note with `recipient` as the next one, beside the working one, from `now` on.

    Raises Malformed if there is a next one already.
    """
    if next_recipient(said, now) is not None:
        raise Malformed("a party announces one next recipient at a time")
    return replace(said, recipients=(*said.recipients, DatedRecipient("next", str(recipient), now, None)))


def promote_recipient(said: PartyNote, now: datetime) -> PartyNote:
    """Return the note with the next recipient as the working one, and the open working one ended at `now`.

    The next one stays listed once, since it was announced: nothing new is to be proved, and no message misses it.
    Raises Malformed if none is announced.
    """
    announced = next_recipient(said, now)
    if announced is None:
        raise Malformed("no next recipient is announced")
    open_ = [each for each in said.recipients if each.recipient != announced]
    ended = (replace(each, until=now) if each.use == "working" and each.until is None else each for each in open_)
    promoted = next(each for each in said.recipients if each.recipient == announced)
    return replace(said, recipients=(*ended, replace(promoted, use="working")))


def challenge(said: PartyNote, keys: Sequence[VerifyKey], now: datetime) -> Challenge:
    """Return a random test message for the working and another for the recovery recipient of `said`, as `asked_uses`.

        keys  those of the note's signing keys that may sign the answer

    A next recipient, while it is the newer, is asked in the place of the working one: that one has proved itself.
    Raises Malformed if one of the two recipients is not in force, or the note does not list all of `keys`.
    """
    if not keys or not set(keys) <= {key.verify_key for key in said.keys}:
        raise Malformed("the answer is signed by a key that the note lists")
    id_ = draw_uuid7(now)
    messages = {use: _test_message(said.id, id_, use) for use in asked_uses(said)}
    asked = {use: age.parse_recipient(asked_recipient(said, use, now).recipient) for use in messages}
    sealed = {use: age.encrypt(message.encode(), [asked[use]]) for use, message in messages.items()}
    return Challenge(
        id=id_,
        party=said.id,
        note=signed_note.hash_text(said.encode()),
        keys=tuple(key.keyid for key in keys),
        files=ChallengeFiles(sealed["working"], sealed.get("recovery")),
        working=signed_note.hash_text(messages["working"]),
        recovery=signed_note.hash_text(messages["recovery"]) if "recovery" in messages else None,
    )


def answer(
    files: ChallengeFiles, working: age.Identity, recovery: age.Identity | None, key: SigningKey, now: datetime
) -> str:
    """Return the key-proof note, signed with `key`; nothing but test messages made for this very party is answered.

        recovery  None for an officer, who has no such key and is sent no such message

    Raises NotForYou, Tampered, or Malformed if what opens is not such a test message, or there is one too few.
    """
    opened_by_working = _open(files.working, working)
    id_ = _read_test_message(opened_by_working, key.name, "working")
    if (files.recovery is None) != (recovery is None):
        raise Malformed("an officer answers one test message, everybody else two")
    opened_by_recovery = None
    if files.recovery is not None and recovery is not None:
        opened_by_recovery = _open(files.recovery, recovery)
        if _read_test_message(opened_by_recovery, key.name, "recovery") != id_:
            raise Malformed("the two test messages are of different challenges")
    proof = KeyProof(
        area=area_of(key.name),
        id=parse_participant_id(key.name),
        challenge=id_,
        working=signed_note.hash_text(opened_by_working),
        recovery=None if opened_by_recovery is None else signed_note.hash_text(opened_by_recovery),
        at=now,
    )
    return signed_note.sign(proof.encode(), [key])


def check_answer(made: Challenge, note: str, said: PartyNote) -> None:
    """Return only if `note` proves, by a key that the challenge names, that who made `said` opened both test messages.

    Raises Malformed; BadSignature if none of those keys signed; BadProof if it answers something else, or the
    challenge was made for another note than `said`.
    """
    if said.id != made.party:
        raise BadSignature("the challenge was made for another party")
    # (1) the note first: the key was compared for it alone, and an honest answer says nothing of another
    if not made.is_for(said):
        raise BadProof("the test messages were made for another note")
    # (2) who answers; (3) what
    answering = [key.verify_key for key in said.keys if key.verify_key.keyid in made.keys]
    proof = parse_key_proof(signed_note.verify(note, answering, PROOF_TYPE).text)
    expected = (area_of(said.id), said.id, made.id, made.working, made.recovery)
    if (proof.area, proof.id, proof.challenge, proof.working, proof.recovery) != expected:
        raise BadProof("the test messages were not opened")


def read_party_note(note: str) -> PartyNote:
    """Return what a party says of itself, signed by a key that it lists: what the registrar looks at first.

    Raises Malformed, BadSignature.
    """
    said = parse_party(signed_note.text_of(note))
    signed_note.verify(note, [key.verify_key for key in said.keys], TYPE)
    return said


def read_first_note(note: str) -> PartyNote:
    """Return what a newcomer says of itself, signed by its one key: that which is compared on the telephone.

    Raises Malformed if it lists several keys, of which one could be somebody else's; BadSignature.
    """
    said = read_party_note(note)
    if len(said.keys) != 1:
        raise Malformed("a newcomer's note lists one signing key, and this one lists more")
    return said


def asked_uses(said: PartyNote) -> tuple[str, ...]:
    """Return the uses of the recipients that test messages ask; an officer has no recovery key."""
    return ("working",) if is_officer(said.id) else ("working", "recovery")


def asked_recipient(said: PartyNote, use: str, now: datetime) -> DatedRecipient:
    """Return the recipient that the test message for this use is sealed to.

    Raises Malformed as `challenge` does.
    """
    held = [each for each in said.recipients if each.is_in_force(now)]
    if use not in {each.use for each in held}:
        raise Malformed("the party lists no working or no recovery recipient")
    asked = (use, "next") if use == "working" else (use,)
    return max((each for each in held if each.use in asked), key=lambda each: (each.since, each.use == "next"))


def _test_message(party: str, id_: str, use: str) -> str:
    lines = [("id", party), ("challenge", id_), ("use", use), ("random", b64.encode_padded(draw_salt()))]
    return text.encode(TEST_TYPE, lines)


def _open(file: bytes, identity: age.Identity) -> str:
    try:
        return age.decrypt(file, [identity]).decode("ascii")
    except UnicodeDecodeError:
        raise Malformed("not a test message") from None


def _read_test_message(message: str, party: str, use: str) -> str:
    lines = text.parse(message, TEST_TYPE)
    if lines.one("id") != party:
        raise Malformed("a test message for another party")
    id_ = parse_uuid7(lines.one("challenge"))
    if lines.one("use") != use:
        raise Malformed("a test message for the other of the two keys")
    b64.parse_padded(lines.one("random"))
    lines.end()
    return id_
