"""What a party's new note changes: shown to the registrar, and refused where it is not the party's to say."""

from collections.abc import Iterator
from datetime import datetime

from agencies.agency import DatedKey, DatedRecipient, Participant
from agencies.enrolment import asked_recipient, asked_uses
from agencies.isa import Isa
from agencies.names import coordinator_of
from agencies.notes import text
from agencies.notes.isa import parse_isa
from agencies.notes.party import PartyNote
from agencies.officer import Officer
from agencies.register import Register
from crypto import note as signed_note
from gateway.commands.outcome import Exit, Stopped


def check_kind(known: Participant, said: PartyNote) -> None:
    """Return only if the note is of the kind that the register lists: what is sealed to a party depends on it.

    Raises Stopped.
    """
    if known.kind != said.kind:
        raise Stopped(
            f"{said.id} is listed as {known.kind}, and the note says {said.kind}",
            "telephone them: their key may be in other hands. An agency of another kind takes part under a new id, by"
            " marac join and marac agency add",
            Exit.REFUSED,
        )


def check_agreement(register: Register, said: PartyNote) -> None:
    """Return only if the agreement is the area's, to the letter, or the one that the register has of this party.

    The area's is the one that its coordinator's office carries, which alone may bring another.
    Raises Stopped; Malformed.
    """
    stated, office = _agreement(said), coordinator_of(register.area)
    entered = (register.party(office), register.party(said.id), register.officer(said.id))
    if stated is None or said.id == office or stated in [one.isa for one in entered if one]:
        return
    raise Stopped(
        f"the agreement in the note of {said.id} is not the area's: {_terms(stated)}",
        "send them the area's (marac keys agreement, with the coordinator's kit), and let them sign that one",
        Exit.REFUSED,
    )


def differences(known: Participant, said: PartyNote) -> list[str]:
    """Return a line for each thing that the note says otherwise than the register, for a person to compare."""
    lines = [] if known.name == said.name else [f"its name is {said.name}, not {known.name} any more"]
    isa = _agreement(said)
    if known.isa != isa:
        lines += [f"its agreement was: {_terms(known.isa)}", f"its agreement is: {_terms(isa)}"]
    roles = known.roles if isinstance(known, Officer) else ()
    if roles != said.roles:
        lines.append(f"its roles are {', '.join(said.roles) or 'none'}, not {', '.join(roles) or 'none'} any more")
    keys = ({key.verify_key.keyid: _key(key) for key in keys} for keys in (known.keys, said.keys))
    recipients = ({one.recipient: _recipient(one) for one in ones} for ones in (known.recipients, said.recipients))
    return [*lines, *_changed(*keys), *_changed(*recipients)]


def unproved_recipients(known: Participant | None, said: PartyNote, now: datetime) -> list[DatedRecipient]:
    """Return the recipients that are yet to be proved: those that messages would be sealed to as never before.

        known  None for who is not listed yet

    A listed one that was ended and is open again, or has another use or start, is as unproved as a new one.
    Raises Stopped if one of them is not asked by the test messages, one a use; Malformed as `challenge` does.
    """
    listed = {each.recipient: each for each in known.recipients} if known else {}
    unproved = [each for each in said.recipients if not _may_follow(listed.get(each.recipient), each, now)]
    asked = [asked_recipient(said, use, now) for use in asked_uses(said)] if unproved else []
    if any(each not in asked for each in unproved):
        raise Stopped(
            f"the note of {said.id} lists a recipient that the two test messages would not ask: new, or open again",
            "let them make one new key (marac keys rotate working), and send the note that lists no other",
            Exit.REFUSED,
        )
    return unproved


def _may_follow(old: DatedRecipient | None, new: DatedRecipient, now: datetime) -> bool:
    """Whether nothing is sealed to `new` that was not to `old`; a next recipient was proved, and becomes working."""
    if new.until is not None and new.until <= now:
        return True
    if old is None or old.since != new.since or old.until not in (None, new.until):
        return False
    return old.use == new.use or (old.use, new.use) == ("next", "working")


def _agreement(said: PartyNote) -> Isa | None:
    return None if said.isa is None else parse_isa(signed_note.text_of(said.isa)).isa


def _terms(isa: Isa | None) -> str:
    if isa is None:
        return "none"
    return (
        f"version {isa.version}, in force {text.encode_time(isa.in_force)} until"
        f" {text.encode_optional(isa.until, text.encode_time)}, kept {isa.retention_years} years,"
        f" for {', '.join(isa.purposes)}, text {isa.text_hash}"
    )


def _key(key: DatedKey) -> str:
    return f"signing key {key.verify_key.keyid}, {_span(key)}"


def _recipient(one: DatedRecipient) -> str:
    return f"{one.use} recipient ...{one.recipient[-8:]}, {_span(one)}"  # whole, it is longer than a page


def _span(dated: DatedKey | DatedRecipient) -> str:
    return f"from {text.encode_time(dated.since)} until {text.encode_optional(dated.until, text.encode_time)}"


def _changed(before: dict[str, str], after: dict[str, str]) -> Iterator[str]:
    yield from (f"was: {line}" for name, line in before.items() if after.get(name) != line)
    yield from (f"is: {line}" for name, line in after.items() if before.get(name) != line)
