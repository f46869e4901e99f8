"""The first schema: everything."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Create every table."""
    for create in (_cases, _people, _sameness, _relations, _exclusions, _messages, _triages, _deliveries, _parts):
        create()
    for create in (_queues, _notices, _log, _tiles, _trust):
        create()


def _cases() -> None:
    op.create_table(
        "cases",
        sa.Column("ref", sa.Text(), nullable=False, comment="case reference"),
        sa.Column("opened_at", TIME, nullable=False, comment="when the case was opened"),
        sa.Column(
            "last_referral_at",
            TIME,
            nullable=True,
            comment="when it was last referred: what the retention clock runs from; or never",
        ),
        sa.Column("closed", sa.Boolean(), nullable=False, comment="whether it is closed (honour-based abuse)"),
        sa.Column("scheduled_at", TIME, nullable=True, comment="when its destruction was scheduled"),
        sa.Column("lead", sa.Text(), nullable=False, comment="oldest of the cases that are one with it"),
        sa.Column("merged_into", sa.Text(), nullable=True, comment="case that it was merged into"),
        sa.Column("merged_at", TIME, nullable=True, comment="when it was merged"),
        sa.ForeignKeyConstraint(["lead"], ["cases.ref"], name=op.f("fk_cases_lead")),
        sa.ForeignKeyConstraint(["merged_into"], ["cases.ref"], name=op.f("fk_cases_merged_into")),
        sa.PrimaryKeyConstraint("ref", name=op.f("pk_cases")),
    )
    op.create_index(op.f("ix_cases_last_referral_at_scheduled_at"), "cases", ["last_referral_at", "scheduled_at"])
    op.create_index(op.f("ix_cases_scheduled_at"), "cases", ["scheduled_at"])
    op.create_index(op.f("ix_cases_lead"), "cases", ["lead"])
    op.create_index(op.f("ix_cases_merged_into"), "cases", ["merged_into"])


def _people() -> None:
    op.create_table(
        "referrals",
        sa.Column("message", sa.Text(), nullable=False, comment="the referral, as it stands now"),
        sa.Column("case", sa.Text(), nullable=False, comment="case reference"),
        sa.Column("at", TIME, nullable=False, comment="when it was referred"),
        sa.Column("informs", sa.Boolean(), nullable=False, comment="whether that was for information only"),
        sa.ForeignKeyConstraint(["case"], ["cases.ref"], name=op.f("fk_referrals_case"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("message", name=op.f("pk_referrals")),
    )
    op.create_index(op.f("ix_referrals_case"), "referrals", ["case"])
    op.create_table(
        "tokens",
        sa.Column(
            "token",
            sa.Text(),
            nullable=False,
            comment="keyed token of a name and birth date; tells neither without the index key",
        ),
        sa.Column("case", sa.Text(), nullable=False, comment="case reference"),
        sa.Column("role", sa.Text(), nullable=False, comment="as what the referral names the person"),
        sa.Column("message", sa.Text(), nullable=False, comment="the referral, as it stands now"),
        sa.ForeignKeyConstraint(["case"], ["cases.ref"], name=op.f("fk_tokens_case"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("token", "case", "role", "message", name=op.f("pk_tokens")),
    )
    op.create_index(op.f("ix_tokens_case"), "tokens", ["case"])


def _sameness() -> None:
    decided = ("decision", sa.Text(), "whether they are the same: the coordinator's decision")
    for name, more, at in (
        ("sameness", [decided], "when it was decided"),
        ("links", [], "when the coordinator linked them"),
    ):
        op.create_table(
            name,
            sa.Column("case", sa.Text(), nullable=False, comment="case reference, the lower of the two"),
            sa.Column("other", sa.Text(), nullable=False, comment="case reference, the higher of the two"),
            *(sa.Column(column, kind, nullable=False, comment=comment) for column, kind, comment in more),
            sa.Column("at", TIME, nullable=False, comment=at),
            sa.ForeignKeyConstraint(["case"], ["cases.ref"], name=op.f(f"fk_{name}_case"), ondelete="CASCADE"),
            sa.ForeignKeyConstraint(["other"], ["cases.ref"], name=op.f(f"fk_{name}_other"), ondelete="CASCADE"),
            sa.PrimaryKeyConstraint("case", "other", name=op.f(f"pk_{name}")),
        )
        op.create_index(op.f(f"ix_{name}_other"), name, ["other"])


def _relations() -> None:
    op.create_table(
        "relations",
        sa.Column("case", sa.Text(), nullable=False, comment="case reference"),
        sa.Column("party", sa.Text(), nullable=False, comment="agency or office"),
        sa.Column("relation", sa.Text(), nullable=False, comment="its relation to the case"),
        sa.Column("basis", sa.Text(), nullable=False, comment="lawful basis of the relation"),
        sa.Column("why", sa.Text(), nullable=False, comment="reason, an enumerated word"),
        sa.Column("since", TIME, nullable=False, comment="from when the relation holds"),
        sa.Column("until", TIME, nullable=True, comment="until when it holds"),
        sa.Column("had", sa.Text(), nullable=True, comment="what it was before it was ended in all cases that are one"),
        sa.ForeignKeyConstraint(["case"], ["cases.ref"], name=op.f("fk_relations_case"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("case", "party", name=op.f("pk_relations")),
    )
    op.create_table(
        "flags",
        sa.Column("case", sa.Text(), nullable=False, comment="case reference"),
        sa.Column("party", sa.Text(), nullable=False, comment="agency that holds the flag"),
        sa.Column("basis", sa.Text(), nullable=False, comment="lawful basis of the flag"),
        sa.Column("since", TIME, nullable=False, comment="from when the flag runs"),
        sa.Column("until", TIME, nullable=False, comment="until when it runs"),
        sa.Column("lapsed", sa.Boolean(), nullable=False, comment="whether its end is in the log"),
        sa.ForeignKeyConstraint(["case"], ["cases.ref"], name=op.f("fk_flags_case"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("case", "party", name=op.f("pk_flags")),
    )
    op.create_index(op.f("ix_flags_lapsed_until"), "flags", ["lapsed", "until"])


def _exclusions() -> None:
    for name, column, comment in (
        ("exclusions", "excluded", "agency or officer kept out of the case, by register id"),
        ("unsettled", "message", "message that excludes people in words whom nobody has dealt with, by its id"),
        ("named", "officer", "officer who may have what it holds once it is closed, by register id"),
    ):
        op.create_table(
            name,
            sa.Column("case", sa.Text(), nullable=False, comment="case reference"),
            sa.Column(column, sa.Text(), nullable=False, comment=comment),
            sa.ForeignKeyConstraint(["case"], ["cases.ref"], name=op.f(f"fk_{name}_case"), ondelete="CASCADE"),
            sa.PrimaryKeyConstraint("case", column, name=op.f(f"pk_{name}")),
        )


def _messages() -> None:
    op.create_table(
        "messages",
        sa.Column("id", sa.Text(), nullable=False, comment="message id"),
        sa.Column("case", sa.Text(), nullable=False, comment="case reference"),
        sa.Column("kind", sa.Text(), nullable=False, comment="kind and version"),
        sa.Column("document", sa.Text(), nullable=False, comment="name of the document"),
        sa.Column("sender", sa.Text(), nullable=False, comment="agency or office that sent it"),
        sa.Column("payload_hash", sa.Text(), nullable=False, comment="hash of the sealed payload"),
        sa.Column("payload_length", sa.Integer(), nullable=False, comment="length of the sealed payload, bytes"),
        sa.Column("suite", sa.Text(), nullable=False, comment="hybrid or classical"),
        sa.Column("accepted_at", TIME, nullable=False, comment="when it was accepted"),
        sa.Column("submission", sa.Text(), nullable=False, comment="hash of the submission note"),
        sa.Column("manifest", sa.Text(), nullable=False, comment="the signed manifest"),
        sa.Column("superseded_by", sa.Text(), nullable=True, comment="message that corrects it"),
        sa.ForeignKeyConstraint(["case"], ["cases.ref"], name=op.f("fk_messages_case"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_messages")),
    )
    op.create_index(op.f("ix_messages_case"), "messages", ["case"])
    op.create_index(op.f("ix_messages_superseded_by"), "messages", ["superseded_by"])
    op.create_table(
        "payloads",
        sa.Column("message", sa.Text(), nullable=False, comment="message id"),
        sa.Column("payload", sa.LargeBinary(), nullable=False, comment="sealed payload; unreadable to the broker"),
        sa.ForeignKeyConstraint(["message"], ["messages.id"], name=op.f("fk_payloads_message"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("message", name=op.f("pk_payloads")),
    )
    op.create_table(
        "submissions",
        sa.Column("sender", sa.Text(), nullable=False, comment="agency or office that submitted"),
        sa.Column("idempotency", sa.Text(), nullable=False, comment="the submission's idempotency id"),
        sa.Column("case", sa.Text(), nullable=False, comment="case reference"),
        sa.Column("note_hash", sa.Text(), nullable=False, comment="hash of the submission note"),
        sa.Column("manifests", sa.JSON(), nullable=False, comment="the signed manifests it was answered with"),
        sa.ForeignKeyConstraint(["case"], ["cases.ref"], name=op.f("fk_submissions_case"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("sender", "idempotency", name=op.f("pk_submissions")),
    )
    op.create_index(op.f("ix_submissions_case"), "submissions", ["case"])


def _triages() -> None:
    op.create_table(
        "triages",
        sa.Column("message", sa.Text(), nullable=False, comment="message id of a triage"),
        sa.Column("at", TIME, nullable=False, comment="when it, or the first that it corrects, was accepted"),
        sa.Column("ends", sa.Boolean(), nullable=False, comment="whether its referral waits for no other"),
        sa.ForeignKeyConstraint(["message"], ["messages.id"], name=op.f("fk_triages_message"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("message", name=op.f("pk_triages")),
    )


def _deliveries() -> None:
    op.create_table(
        "deliveries",
        sa.Column("id", sa.Text(), nullable=False, comment="delivery id"),
        sa.Column("message", sa.Text(), nullable=False, comment="message id"),
        sa.Column("case", sa.Text(), nullable=False, comment="case reference"),
        sa.Column("recipient", sa.Text(), nullable=False, comment="agency or office it goes to"),
        sa.Column("state", sa.Text(), nullable=False, comment="where the delivery stands"),
        sa.Column("accepted_at", TIME, nullable=False, comment="since when it waits: it, or the one that it corrects"),
        sa.Column(
            "header_keys", sa.JSON(), nullable=False, comment="fingerprints of the keys that its header is made for"
        ),
        sa.Column("published_at", TIME, nullable=True, comment="when it was last published to the queue"),
        sa.Column("available_at", TIME, nullable=True, comment="when it reached the mailbox"),
        sa.Column("leased_until", TIME, nullable=True, comment="until when nobody else may lease it"),
        sa.Column("leases", sa.Integer(), nullable=False, comment="how often it was leased"),
        sa.Column("released_at", TIME, nullable=True, comment="when its header was first released"),
        sa.Column("recalled_at", TIME, nullable=True, comment="when it was recalled"),
        sa.Column("recall_notice", sa.Text(), nullable=True, comment="signed notice to destroy what was released"),
        sa.Column("withheld", sa.Text(), nullable=True, comment="rule that last withheld it from a lease"),
        sa.Column("urgent", sa.Boolean(), nullable=False, comment="whether its message is urgent"),
        sa.Column(
            "escalated_at",
            TIME,
            nullable=True,
            comment="when the coordinator's office was told that it is not collected",
        ),
        sa.Column("shared_at", TIME, nullable=True, comment="when it reached somebody whom its sender did not choose"),
        sa.ForeignKeyConstraint(["case"], ["cases.ref"], name=op.f("fk_deliveries_case"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["message"], ["messages.id"], name=op.f("fk_deliveries_message"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deliveries")),
    )
    op.create_index(op.f("ix_deliveries_case"), "deliveries", ["case"])
    op.create_index(op.f("ix_deliveries_message"), "deliveries", ["message"])
    op.create_index(op.f("ix_deliveries_recipient_state"), "deliveries", ["recipient", "state"])
    op.create_index(op.f("ix_deliveries_state_published_at"), "deliveries", ["state", "published_at"])
    op.create_index(op.f("ix_deliveries_urgent_state"), "deliveries", ["urgent", "state"])


def _parts() -> None:
    op.create_table(
        "headers",
        sa.Column("delivery", sa.Text(), nullable=False, comment="delivery id"),
        sa.Column(
            "header",
            sa.LargeBinary(),
            nullable=False,
            comment="age header that waits: with the recipient's key it opens the payload",
        ),
        sa.ForeignKeyConstraint(["delivery"], ["deliveries.id"], name=op.f("fk_headers_delivery"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("delivery", name=op.f("pk_headers")),
    )
    op.create_table(
        "receipts",
        sa.Column("number", BIG, autoincrement=True, nullable=False, comment="order of arrival"),
        sa.Column("delivery", sa.Text(), nullable=False, comment="delivery id"),
        sa.Column("state", sa.Text(), nullable=False, comment="state receipted"),
        sa.Column("note", sa.Text(), nullable=False, comment="the recipient's signed receipt"),
        sa.Column("at", TIME, nullable=False, comment="when it arrived"),
        sa.ForeignKeyConstraint(["delivery"], ["deliveries.id"], name=op.f("fk_receipts_delivery"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_receipts")),
    )
    op.create_index(op.f("ix_receipts_delivery"), "receipts", ["delivery"])


def _queues() -> None:
    op.create_table(
        "outbox",
        sa.Column("number", BIG, autoincrement=True, nullable=False, comment="order of acceptance"),
        sa.Column("delivery", sa.Text(), nullable=False, comment="delivery id, until it is published"),
        sa.ForeignKeyConstraint(["delivery"], ["deliveries.id"], name=op.f("fk_outbox_delivery"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_outbox")),
        sa.UniqueConstraint("delivery", name=op.f("uq_outbox_delivery")),
    )
    op.create_table(
        "letters",
        sa.Column("id", sa.Text(), nullable=False, comment="letter id in the embedded queue"),
        sa.Column("delivery", sa.Text(), nullable=False, comment="delivery id"),
        sa.Column("recipient", sa.Text(), nullable=False, comment="agency or office it goes to"),
        sa.Column("visible_at", TIME, nullable=False, comment="from when it may be taken"),
        sa.Column("takings", sa.Integer(), nullable=False, comment="how often it was taken"),
        sa.Column("holder", sa.Text(), nullable=True, comment="random id of the process that took it"),
        sa.Column("dead", sa.Boolean(), nullable=False, comment="whether the queue gave it up"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_letters")),
    )
    op.create_index(op.f("ix_letters_dead_visible_at"), "letters", ["dead", "visible_at"])
    op.create_index(op.f("ix_letters_delivery"), "letters", ["delivery"])


def _notices() -> None:
    op.create_table(
        "notices",
        sa.Column("party", sa.Text(), nullable=False, comment="agency or office that is told that something waits"),
        sa.Column("channel", sa.Text(), nullable=False, comment="email or webhook"),
        sa.Column(
            "address", sa.Text(), nullable=False, comment="where it is told; destroyed when it leaves the register"
        ),
        sa.Column("since", TIME, nullable=False, comment="when the address was set"),
        sa.Column("told_at", TIME, nullable=True, comment="when a notice was last sent"),
        sa.Column("unseen", sa.Boolean(), nullable=False, comment="whether nothing was leased since"),
        sa.Column("again_at", TIME, nullable=True, comment="when it is tried again, while one is under way or failed"),
        sa.Column("failures", sa.Integer(), nullable=False, comment="how often in a row it failed"),
        sa.Column("failing_since", TIME, nullable=True, comment="since when it fails"),
        sa.Column("fault", sa.Text(), nullable=True, comment="why it fails, an enumerated word"),
        sa.PrimaryKeyConstraint("party", "channel", name=op.f("pk_notices")),
    )


def _log() -> None:
    op.create_table(
        "entries",
        sa.Column("number", BIG, autoincrement=True, nullable=False, comment="order of writing"),
        sa.Column("position", BIG, nullable=True, comment="index in the log, given by the sequencer"),
        sa.Column("id", sa.Text(), nullable=False, comment="entry id"),
        sa.Column("case", sa.Text(), nullable=True, comment="case reference, for look-up; destroyed with the entry"),
        sa.Column("event", sa.Text(), nullable=True, comment="what was asked, for look-up; destroyed with the entry"),
        sa.Column("encoded", sa.LargeBinary(), nullable=True, comment="the entry; destroyed with its salt"),
        sa.Column("salt", sa.LargeBinary(), nullable=True, comment="the leaf's salt"),
        sa.Column("leaf", sa.LargeBinary(), nullable=False, comment="salted commitment to the entry: stays"),
        sa.Column(
            "withheld_from",
            sa.JSON(),
            nullable=True,
            comment="whom the case excluded; destroyed with the entry",
        ),
        sa.Column("expires_at", TIME, nullable=True, comment="when the entry is destroyed, once its case was"),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_entries")),
        sa.UniqueConstraint("id", name=op.f("uq_entries_id")),
        sa.UniqueConstraint("position", name=op.f("uq_entries_position")),
    )
    op.create_index(op.f("ix_entries_case_event"), "entries", ["case", "event"])
    op.create_index(op.f("ix_entries_expires_at"), "entries", ["expires_at"])
    op.create_table(
        "log_state",
        sa.Column("one", sa.Integer(), autoincrement=False, nullable=False, comment="always 1: the log has one state"),
        sa.Column("size", BIG, nullable=False, comment="leaves in the log"),
        sa.Column("checkpoint", sa.Text(), nullable=True, comment="newest signed checkpoint"),
        sa.CheckConstraint("one = 1", name=op.f("ck_log_state_one")),
        sa.PrimaryKeyConstraint("one", name=op.f("pk_log_state")),
    )


def _tiles() -> None:
    op.create_table(
        "tiles",
        sa.Column("level", sa.Integer(), autoincrement=False, nullable=False, comment="level of the hash tile"),
        sa.Column("position", BIG, autoincrement=False, nullable=False, comment="index of the hash tile"),
        sa.Column("hashes", sa.LargeBinary(), nullable=False, comment="its hashes, 32 bytes each"),
        sa.PrimaryKeyConstraint("level", "position", name=op.f("pk_tiles")),
    )
    op.create_table(
        "tombstones",
        sa.Column("number", BIG, autoincrement=True, nullable=False, comment="order of destruction"),
        sa.Column("case_hash", sa.Text(), nullable=False, comment="salted hash of the case reference"),
        sa.Column("note", sa.Text(), nullable=False, comment="signed tombstone"),
        sa.Column("at", TIME, nullable=False, comment="when the case was destroyed"),
        sa.Column(
            "settled_at",
            TIME,
            nullable=True,
            comment="when it was outside too and the files were cleared",
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_tombstones")),
        sa.UniqueConstraint("case_hash", name=op.f("uq_tombstones_case_hash")),
    )


def _trust() -> None:
    op.create_table(
        "delegations",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False, comment="number of the delegation"),
        sa.Column("note", sa.Text(), nullable=False, comment="signed delegation"),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_delegations")),
    )
    op.create_table(
        "registers",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False, comment="number of the register"),
        sa.Column("note", sa.Text(), nullable=False, comment="signed register: agencies, officers, their keys"),
        sa.Column("at", TIME, nullable=False, comment="when it was received"),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_registers")),
    )
    op.create_table(
        "revocations",
        sa.Column("number", BIG, autoincrement=True, nullable=False, comment="order of arrival"),
        sa.Column("key", sa.Text(), nullable=False, comment="revoked key"),
        sa.Column("hash", sa.Text(), nullable=False, comment="hash of the revocation's text"),
        sa.Column("note", sa.Text(), nullable=False, comment="signed revocation"),
        sa.Column("at", TIME, nullable=False, comment="when it was received"),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_revocations")),
        sa.UniqueConstraint("hash", name=op.f("uq_revocations_hash")),
    )
    op.create_table(
        "nonces",
        sa.Column("keyid", sa.Text(), nullable=False, comment="key that signed the request"),
        sa.Column("nonce", sa.Text(), nullable=False, comment="hash of the request's nonce"),
        sa.Column("expires", TIME, nullable=False, comment="until when the nonce is kept"),
        sa.PrimaryKeyConstraint("keyid", "nonce", name=op.f("pk_nonces")),
    )
    op.create_index(op.f("ix_nonces_expires"), "nonces", ["expires"])
