"""The parsers of agencies/: names, notes, documents, what is sealed, and what the kit reads; a row each."""

import io
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import cache, partial
from typing import Any, TypeVar

from agencies import names
from agencies.area import delegate, verify_area
from agencies.documents.document import Document, parse_content, parse_document
from agencies.documents.invalid import DocumentInvalid
from agencies.documents.table import DOCUMENTS
from agencies.enrolment import read_party_note
from agencies.kit import answers, wire
from agencies.kit.export import LogMismatch, Verified, verify_export
from agencies.kit.forms import FormInvalid, ReferralForm, example, parse_form
from agencies.notes.delegation import parse_delegation
from agencies.notes.isa import parse_isa
from agencies.notes.key_proof import parse_key_proof
from agencies.notes.manifest import parse_manifest
from agencies.notes.pack import parse_pack
from agencies.notes.party import parse_party
from agencies.notes.recall import parse_recall
from agencies.notes.receipt import parse_receipt
from agencies.notes.register import Entry, RegisterText, parse_register
from agencies.notes.revocation import parse_revocation
from agencies.notes.submission import parse_submission
from agencies.notes.tombstone import parse_tombstone
from agencies.register import Register, verify_register
from agencies.revocations import verify_revocation
from agencies.sealed import encode_sealed, parse_sealed
from agencies.tar import END, encode_member, read_members
from crypto import note
from crypto.errors import Malformed
from crypto.keys import SigningKey
from tests import factories
from tests.agencies.made_area import (
    AREA,
    COORDINATOR,
    HOUSING,
    NOW,
    OFFICER,
    entry_of,
    fixed_identity,
    fixed_key,
    made_area,
    revocation_of,
    said_by,
    signed_register,
    usual_register,
)
from tests.fuzz import repairs, seeds
from tests.fuzz.target import Target, as_text, on_text, text_target

T = TypeVar("T")

NOTES: Mapping[str, Callable[[str], Any]] = {
    "delegation": parse_delegation,
    "isa": parse_isa,
    "key-proof": parse_key_proof,
    "manifest": parse_manifest,
    "pack": parse_pack,
    "party": parse_party,
    "recall": parse_recall,
    "receipt": parse_receipt,
    "register": parse_register,
    "revocation": parse_revocation,
    "submission": parse_submission,
    "tombstone": parse_tombstone,
}
NAMES = (
    names.parse_area_name, names.parse_participant_id, names.parse_case_ref, names.parse_uuid7,
    names.parse_party_id, names.parse_officer_id,
)  # fmt: skip
SEED_NAMES = (AREA, COORDINATOR, HOUSING, OFFICER, "CAM-7Q4X9-K2M8T-5", "0199f2b1-5c1e-7c52-9d52-0a6f3b1f6a11")
SALT = '{"salt":"' + "A" * 43 + '=",'
COORDINATORS_KEYS = (
    fixed_key(COORDINATOR).verify_key.keyid,
    str(fixed_identity(COORDINATOR, "working").recipient()),
)
BETWEEN_NOTES = "\0"  # which no note holds
ANSWERS: tuple[answers.Answer, ...] = (
    answers.AreaAnswer(area=AREA, root="key", delegations=("note",)),
    answers.RegisterAnswer(register="note", revocations=()),
    answers.ManifestsAnswer(manifests=("note",)),
    answers.StateAnswer(message="id", state="delivered"),
    answers.LeaseAnswer(
        deliveries=(answers.LeasedDelivery(delivery="id", message="id", manifest="note", payload="AA=="),),
        notices=(answers.LeasedNotice(delivery="id", message="id", manifest="note", notice="note"),),
    ),
    answers.HeaderAnswer(header="AA==", entry="{}"),
    answers.TombstonesAnswer(tombstones=()),
    answers.SharedAnswer(delivery="id"),
    answers.HoldingsAnswer(
        holdings=(
            answers.HoldingAnswer(
                message="0199f2b1-6a0b-7d0e-8a3c-5f0f4c1f2b7e",
                kind="referral/1.0",
                document="referral",
                sender=HOUSING,
                accepted_at="2026-11-22T09:30:00Z",
                recipient=COORDINATOR,
                state="collected",
                current=True,
            ),
        )
    ),
)

ANSWER_PARSERS = tuple(partial(wire.parse_answer, model=type(answer)) for answer in ANSWERS)


def any_of(parsers: Iterable[Callable[[T], Any]], given: T, refusal: type[Exception]) -> list[Any]:
    """Return what each of `parsers` that accepts `given` makes of it. Raises `refusal` if none does."""
    found = []
    for parse in parsers:
        with suppress(refusal):
            found.append(parse(given))
    if not found:
        raise refusal("refused by all of them")
    return found


def note_row(kind: str) -> Target:
    """Return the row of one kind of note, whose text must be encoded again as it was."""
    signed = {
        "party": lambda: [seeds.note_vector("party-officer"), classical_entry().note],
        "register": lambda: [small_register()],
    }
    examples = signed.get(kind, lambda: [seeds.note_vector(kind)])
    return text_target(NOTES[kind], lambda said: said.encode(), lambda: map(note.text_of, examples()), max_bytes=8192)


@cache
def classical_entry() -> Entry:
    """Return the coordinator's entry, its keys classical: the hybrid ones make two kilobytes each."""
    said = said_by(COORDINATOR)
    recipients = tuple(
        replace(each, recipient=str(fixed_identity(COORDINATOR, each.use, "AGE-SECRET-KEY-").recipient()))
        for each in said.recipients
    )
    return entry_of(replace(said, recipients=recipients))


@cache
def small_register() -> str:
    """Return a signed register of the coordinator and one officer."""
    return signed_register([classical_entry(), entry_of(replace(said_by(OFFICER), agency=COORDINATOR))])


@cache
def two_delegations() -> tuple[str, str]:
    """Return the first delegation of an area and the one that follows it."""
    made = made_area()
    keys = (made.gateway.verify_key, made.log.verify_key, made.registrar.verify_key)
    return made.delegation, delegate(made.root, made.delegation, *keys, NOW)


def stated_in(verified: Register) -> RegisterText:
    """Return what the register's own note states."""
    return parse_register(note.text_of(verified.note))


def document_row(model: type[Document], examples: Sequence[Document]) -> Target:
    """Return the row of one document; its encoder draws a salt, so what is encoded again is its content alone."""
    return Target(
        parse=lambda raw: parse_document(model, as_text(raw)),
        agrees=lambda document, _raw: says_the_same(document),
        seeds=lambda: [(SALT + each.model_dump_json()[1:]).encode() for each in examples],
        refusals=(DocumentInvalid,),
        max_bytes=16_384,
    )


def says_the_same(document: Document) -> bool:
    """Whether `document` comes back from its own JSON, and can tell what is unknown in it."""
    document.incomplete_fields()
    return parse_content(type(document), document.model_dump_json()) == document


def read_form(raw: bytes) -> ReferralForm:
    """Return the form in `raw`; a refusal must be able to say itself, for somebody is shown it."""
    try:
        return parse_form(as_text(raw))
    except FormInvalid as refusal:
        str(refusal)
        raise


def small_form() -> bytes:
    """Return the least form."""
    return json.dumps({"referral": factories.the_least_referral().model_dump(mode="json")}).encode()


def read_export(raw: bytes) -> Verified:
    """Return what is proved of the log export in `raw`, read as `marac audit verify` reads its file."""
    with io.TextIOWrapper(io.BytesIO(raw), encoding="utf-8", errors="replace", newline="\n") as lines:
        return verify_export(lines, [seeds.LOG.verify_key], seeds.LOG.name)


def has_plain_members(verified: Verified, raw: bytes) -> bool:
    """Whether the export's lines hold numbers and texts where their format says so, and as many as were verified."""
    head, *entries = [json.loads(line) for line in raw.decode(errors="replace").split("\n") if line]
    texts = [each[name] for each in entries for name in ("entry", "salt") if each[name] is not None]
    numbers = [head["v"], head["size"], *(each["index"] for each in entries)]
    return (
        len(entries) == verified.size
        and all(type(text) is str for text in texts)
        and all(type(number) is int for number in numbers)
    )


def parse_again(answer: answers.Answer) -> answers.Answer:
    """Return what the kit reads from `answer` as a gateway would send it."""
    return wire.parse_answer(answer.model_dump_json(by_alias=True).encode(), type(answer))


def documents() -> Mapping[str, Sequence[Document]]:
    """Return examples of each document by its name."""
    return {
        "referral": [factories.the_least_referral(), *factories.every_sort_of_referral()],
        "safe-contact": [factories.a_safe_contact()],
        "exclusions": [factories.exclusions(["leisure"], ["7f3k2m9q"], ["his cousin"]), factories.exclusions()],
    }


def signed_row(
    read: Callable[[str], Any], notes: Callable[[], Iterable[str]], signers: Sequence[SigningKey], max_bytes: int = 4096
) -> Target:
    """Return the row of a reader of signed notes, which says again what their text says."""
    return Target(
        parse=lambda raw: read(as_text(raw)),
        agrees=lambda said, raw: said.encode() == note.text_of(as_text(raw)),
        seeds=lambda: map(str.encode, notes()),
        repair=on_text(repairs.signed_by(*signers)),
        max_bytes=max_bytes,
    )


ROWS = {
    "names": Target(
        parse=lambda raw: any_of(NAMES, as_text(raw), Malformed),
        agrees=lambda found, raw: set(found) == {as_text(raw)},
        seeds=lambda: map(str.encode, SEED_NAMES),
    ),
    **{f"note-{kind}": note_row(kind) for kind in NOTES},
    "signed-party": signed_row(
        read_party_note,
        lambda: [seeds.note_vector("party-officer"), classical_entry().note],
        [fixed_key(OFFICER), fixed_key(COORDINATOR)],
    ),
    "signed-register": signed_row(
        lambda text: stated_in(verify_register(text, made_area().area, allow_classical=True)),
        lambda: [small_register()],
        [made_area().registrar],
        max_bytes=8192,
    ),
    "signed-revocation": signed_row(
        lambda text: verify_revocation(text, made_area().area, usual_register()),
        lambda: [revocation_of(key, made_area().registrar) for key in COORDINATORS_KEYS],
        [made_area().registrar],
    ),
    "area": Target(
        parse=lambda raw: verify_area(made_area().root.verify_key, as_text(raw).split(BETWEEN_NOTES)),
        agrees=lambda area, raw: (
            [each.encode() for each in area.delegations]
            == [note.text_of(each) for each in as_text(raw).split(BETWEEN_NOTES)]
        ),
        seeds=lambda: [BETWEEN_NOTES.join(two_delegations()).encode(), two_delegations()[0].encode()],
        repair=on_text(repairs.in_each(BETWEEN_NOTES, repairs.signed_by(made_area().root))),
    ),
    "sealed": Target(
        parse=parse_sealed,
        agrees=lambda members, raw: encode_sealed(*members) == raw,
        seeds=lambda: [encode_sealed('{"salt":"\u00e9\\n"}', "a note\n").rstrip(b" "), encode_sealed("", "")],
        repair=repairs.padding,
        max_bytes=8192,
    ),
    **{
        f"document-{name}": document_row(model, documents()[name])
        for name, model in DOCUMENTS["referral"]["1.0"].items()
    },
    "form": Target(
        parse=read_form,
        agrees=lambda form, _raw: all(map(says_the_same, form.documents.values())),
        seeds=lambda: [example().encode(), small_form()],
        refusals=(FormInvalid,),
        max_bytes=16_384,
    ),
    "answers": Target(
        parse=lambda raw: any_of(ANSWER_PARSERS, raw, wire.BadAnswer),
        agrees=lambda found, _raw: all(parse_again(answer) == answer for answer in found),
        seeds=lambda: [answer.model_dump_json(by_alias=True).encode() for answer in ANSWERS],
        refusals=(wire.BadAnswer,),
    ),
    "tar": Target(
        parse=lambda raw: list(read_members([raw])),
        agrees=lambda files, raw: b"".join(encode_member(*file) for file in files) + END == raw,
        seeds=lambda: [END, encode_member("index.note", b"made up\n") + encode_member("a.age", bytes(512)) + END],
        max_bytes=8192,
    ),
    "log-export": Target(
        parse=read_export,
        agrees=has_plain_members,
        seeds=lambda: [seeds.log_export(0).encode(), seeds.log_export(3, destroyed=[1]).encode()],
        refusals=(LogMismatch,),
        repair=repairs.export_head(seeds.LOG, seeds.LOG.name),
    ),
}
