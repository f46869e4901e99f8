"""The broker's tables. Every comment is a row of the closed table of readable columns in broker/README.md."""

from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.types import TypeEngine

from broker.store.columns import UtcTime

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# SQLite numbers rows by itself only in a column of type INTEGER; on PostgreSQL the big type is wanted.
BIG = BigInteger().with_variant(Integer, "sqlite")
TIME = UtcTime()

_Kind = TypeEngine[Any]


def _key(name: str, comment: str, kind: _Kind | None = None) -> Column[Any]:
    return Column(name, kind or Text(), primary_key=True, autoincrement=False, comment=comment)


def _number(comment: str) -> Column[int]:
    return Column("number", BIG, primary_key=True, autoincrement=True, comment=comment)


def _must(name: str, kind: _Kind, comment: str) -> Column[Any]:
    return Column(name, kind, nullable=False, comment=comment)


def _may(name: str, kind: _Kind, comment: str) -> Column[Any]:
    return Column(name, kind, nullable=True, comment=comment)


def _of(name: str, target: str, comment: str, *, key: bool = False) -> Column[Any]:
    # Whatever belongs to a case hangs on it: deleting the case's row is deleting all of it.
    owner = ForeignKey(target, ondelete="CASCADE")
    return Column(name, Text(), owner, nullable=False, primary_key=key, comment=comment)


cases = Table(
    "cases",
    metadata,
    _key("ref", "case reference"),
    _must("opened_at", TIME, "when the case was opened"),
    _may(
        "last_referral_at",
        TIME,
        "when it was last referred: what the retention clock runs from; or never",
    ),
    _must("closed", Boolean(), "whether it is closed (honour-based abuse)"),
    _may("scheduled_at", TIME, "when its destruction was scheduled"),
    # No cascade: a case that another one leads back to is not deleted before it.
    Column("lead", Text(), ForeignKey("cases.ref"), nullable=False, comment="oldest of the cases that are one with it"),
    Column("merged_into", Text(), ForeignKey("cases.ref"), nullable=True, comment="case that it was merged into"),
    _may("merged_at", TIME, "when it was merged"),
    Index(None, "last_referral_at", "scheduled_at"),
    Index(None, "scheduled_at"),
    Index(None, "lead"),
    Index(None, "merged_into"),
)

referrals = Table(
    "referrals",
    metadata,
    _key("message", "the referral, as it stands now"),
    _of("case", "cases.ref", "case reference"),
    _must("at", TIME, "when it was referred"),
    _must("informs", Boolean(), "whether that was for information only"),
    Index(None, "case"),
)

tokens = Table(
    "tokens",
    metadata,
    # In this order: a token is looked for among all cases, and the cases of one are found by the index.
    _key("token", "keyed token of a name and birth date; tells neither without the index key"),
    _of("case", "cases.ref", "case reference", key=True),
    _key("role", "as what the referral names the person"),
    _key("message", "the referral, as it stands now"),
    Index(None, "case"),
)

sameness = Table(
    "sameness",
    metadata,
    _of("case", "cases.ref", "case reference, the lower of the two", key=True),
    _of("other", "cases.ref", "case reference, the higher of the two", key=True),
    _must("decision", Text(), "whether they are the same: the coordinator's decision"),
    _must("at", TIME, "when it was decided"),
    Index(None, "other"),
)

links = Table(
    "links",
    metadata,
    _of("case", "cases.ref", "case reference, the lower of the two", key=True),
    _of("other", "cases.ref", "case reference, the higher of the two", key=True),
    _must("at", TIME, "when the coordinator linked them"),
    Index(None, "other"),
)

relations = Table(
    "relations",
    metadata,
    _of("case", "cases.ref", "case reference", key=True),
    _key("party", "agency or office"),
    _must("relation", Text(), "its relation to the case"),
    _must("basis", Text(), "lawful basis of the relation"),
    _must("why", Text(), "reason, an enumerated word"),
    _must("since", TIME, "from when the relation holds"),
    _may("until", TIME, "until when it holds"),
    _may("had", Text(), "what it was before it was ended in all cases that are one"),
)

flags = Table(
    "flags",
    metadata,
    _of("case", "cases.ref", "case reference", key=True),
    _key("party", "agency that holds the flag"),
    _must("basis", Text(), "lawful basis of the flag"),
    _must("since", TIME, "from when the flag runs"),
    _must("until", TIME, "until when it runs"),
    _must("lapsed", Boolean(), "whether its end is in the log"),
    Index(None, "lapsed", "until"),
)

exclusions = Table(
    "exclusions",
    metadata,
    _of("case", "cases.ref", "case reference", key=True),
    _key("excluded", "agency or officer kept out of the case, by register id"),
)

unsettled = Table(
    "unsettled",
    metadata,
    _of("case", "cases.ref", "case reference", key=True),
    # Hangs on the case alone: a split writes it to both, and destroying the one opens nothing of the other.
    _key("message", "message that excludes people in words whom nobody has dealt with, by its id"),
)

named = Table(
    "named",
    metadata,
    _of("case", "cases.ref", "case reference", key=True),
    _key("officer", "officer who may have what it holds once it is closed, by register id"),
)

messages = Table(
    "messages",
    metadata,
    _key("id", "message id"),
    _of("case", "cases.ref", "case reference"),
    _must("kind", Text(), "kind and version"),
    _must("document", Text(), "name of the document"),
    _must("sender", Text(), "agency or office that sent it"),
    _must("payload_hash", Text(), "hash of the sealed payload"),
    _must("payload_length", Integer(), "length of the sealed payload, bytes"),
    _must("suite", Text(), "hybrid or classical"),
    _must("accepted_at", TIME, "when it was accepted"),
    _must("submission", Text(), "hash of the submission note"),
    _must("manifest", Text(), "the signed manifest"),
    _may("superseded_by", Text(), "message that corrects it"),
    Index(None, "case"),
    Index(None, "superseded_by"),
)

triages = Table(
    "triages",
    metadata,
    _of("message", "messages.id", "message id of a triage", key=True),
    _must("at", TIME, "when it, or the first that it corrects, was accepted"),
    _must("ends", Boolean(), "whether its referral waits for no other"),
)

payloads = Table(
    "payloads",
    metadata,
    _of("message", "messages.id", "message id", key=True),
    _must("payload", LargeBinary(), "sealed payload; unreadable to the broker"),
)

deliveries = Table(
    "deliveries",
    metadata,
    _key("id", "delivery id"),
    _of("message", "messages.id", "message id"),
    _of("case", "cases.ref", "case reference"),
    _must("recipient", Text(), "agency or office it goes to"),
    _must("state", Text(), "where the delivery stands"),
    _must("accepted_at", TIME, "since when it waits: it, or the one that it corrects"),
    _must("header_keys", JSON(), "fingerprints of the keys that its header is made for"),
    _may("published_at", TIME, "when it was last published to the queue"),
    _may("available_at", TIME, "when it reached the mailbox"),
    _may("leased_until", TIME, "until when nobody else may lease it"),
    _must("leases", Integer(), "how often it was leased"),
    _may("released_at", TIME, "when its header was first released"),
    _may("recalled_at", TIME, "when it was recalled"),
    _may("recall_notice", Text(), "signed notice to destroy what was released"),
    _may("withheld", Text(), "rule that last withheld it from a lease"),
    _must("urgent", Boolean(), "whether its message is urgent"),
    _may("escalated_at", TIME, "when the coordinator's office was told that it is not collected"),
    _may("shared_at", TIME, "when it reached somebody whom its sender did not choose"),
    Index(None, "message"),
    Index(None, "case"),
    Index(None, "recipient", "state"),
    Index(None, "state", "published_at"),
    Index(None, "urgent", "state"),
)

headers = Table(
    "headers",
    metadata,
    _of("delivery", "deliveries.id", "delivery id", key=True),
    _must("header", LargeBinary(), "age header that waits: with the recipient's key it opens the payload"),
)

receipts = Table(
    "receipts",
    metadata,
    _number("order of arrival"),
    _of("delivery", "deliveries.id", "delivery id"),
    _must("state", Text(), "state receipted"),
    _must("note", Text(), "the recipient's signed receipt"),
    _must("at", TIME, "when it arrived"),
    Index(None, "delivery"),
)

outbox = Table(
    "outbox",
    metadata,
    _number("order of acceptance"),
    _of("delivery", "deliveries.id", "delivery id, until it is published"),
    UniqueConstraint("delivery"),
)

letters = Table(
    "letters",
    metadata,
    _key("id", "letter id in the embedded queue"),
    _must("delivery", Text(), "delivery id"),
    _must("recipient", Text(), "agency or office it goes to"),
    _must("visible_at", TIME, "from when it may be taken"),
    _must("takings", Integer(), "how often it was taken"),
    _may("holder", Text(), "random id of the process that took it"),
    _must("dead", Boolean(), "whether the queue gave it up"),
    Index(None, "delivery"),
    Index(None, "dead", "visible_at"),
)

submissions = Table(
    "submissions",
    metadata,
    _key("sender", "agency or office that submitted"),
    _key("idempotency", "the submission's idempotency id"),
    _of("case", "cases.ref", "case reference"),
    _must("note_hash", Text(), "hash of the submission note"),
    _must("manifests", JSON(), "the signed manifests it was answered with"),
    Index(None, "case"),
)

entries = Table(
    "entries",
    metadata,
    _number("order of writing"),
    _may("position", BIG, "index in the log, given by the sequencer"),
    _must("id", Text(), "entry id"),
    _may("case", Text(), "case reference, for look-up; destroyed with the entry"),
    _may("event", Text(), "what was asked, for look-up; destroyed with the entry"),
    _may("encoded", LargeBinary(), "the entry; destroyed with its salt"),
    _may("salt", LargeBinary(), "the leaf's salt"),
    _must("leaf", LargeBinary(), "salted commitment to the entry: stays"),
    _may("withheld_from", JSON(), "whom the case excluded; destroyed with the entry"),
    _may("expires_at", TIME, "when the entry is destroyed, once its case was"),
    UniqueConstraint("id"),
    UniqueConstraint("position"),
    Index(None, "case", "event"),
    Index(None, "expires_at"),
)

log_state = Table(
    "log_state",
    metadata,
    _key("one", "always 1: the log has one state", Integer()),
    _must("size", BIG, "leaves in the log"),
    _may("checkpoint", Text(), "newest signed checkpoint"),
    CheckConstraint("one = 1", name="one"),
)

tiles = Table(
    "tiles",
    metadata,
    _key("level", "level of the hash tile", Integer()),
    _key("position", "index of the hash tile", BIG),
    _must("hashes", LargeBinary(), "its hashes, 32 bytes each"),
)

delegations = Table(
    "delegations",
    metadata,
    _key("number", "number of the delegation", Integer()),
    _must("note", Text(), "signed delegation"),
)

registers = Table(
    "registers",
    metadata,
    _key("number", "number of the register", Integer()),
    _must("note", Text(), "signed register: agencies, officers, their keys"),
    _must("at", TIME, "when it was received"),
)

revocations = Table(
    "revocations",
    metadata,
    _number("order of arrival"),
    _must("key", Text(), "revoked key"),
    _must("hash", Text(), "hash of the revocation's text"),
    _must("note", Text(), "signed revocation"),
    _must("at", TIME, "when it was received"),
    UniqueConstraint("hash"),
)

nonces = Table(
    "nonces",
    metadata,
    _key("keyid", "key that signed the request"),
    _key("nonce", "hash of the request's nonce"),
    _must("expires", TIME, "until when the nonce is kept"),
    Index(None, "expires"),
)

notices = Table(
    "notices",
    metadata,
    _key("party", "agency or office that is told that something waits"),
    _key("channel", "email or webhook"),
    _must("address", Text(), "where it is told; destroyed when it leaves the register"),
    _must("since", TIME, "when the address was set"),
    _may("told_at", TIME, "when a notice was last sent"),
    _must("unseen", Boolean(), "whether nothing was leased since"),
    _may("again_at", TIME, "when it is tried again, while one is under way or failed"),
    _must("failures", Integer(), "how often in a row it failed"),
    _may("failing_since", TIME, "since when it fails"),
    _may("fault", Text(), "why it fails, an enumerated word"),
)

tombstones = Table(
    "tombstones",
    metadata,
    _number("order of destruction"),
    _must("case_hash", Text(), "salted hash of the case reference"),
    _must("note", Text(), "signed tombstone"),
    _must("at", TIME, "when the case was destroyed"),
    _may("settled_at", TIME, "when it was outside too and the files were cleared"),
    UniqueConstraint("case_hash"),
)


def belonging_to_cases() -> list[Table]:
    """Return `cases` and every table whose rows go with a case's, each after those that it hangs on."""
    found = [cases]
    for table in metadata.sorted_tables:
        if table is not cases and any(key.column.table in found for key in table.foreign_keys):
            found.append(table)
    return found
