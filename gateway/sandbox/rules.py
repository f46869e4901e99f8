"""Prepared cases of need-to-know, of receipts and of the register: who may what, and what follows what."""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from typing import Final

from agencies.notes.manifest import parse_manifest
from agencies.notes.party import parse_party
from agencies.notes.receipt import Receipt
from agencies.notes.revocation import Revocation
from crypto import age, b64
from crypto import note as signed_note
from crypto.draw import draw_uuid7
from crypto.keys import SigningKey
from crypto.note import hash_text, text_of
from gateway.made_up import AREA
from gateway.sandbox.exchange import Draft, Exchange, get, post
from gateway.sandbox.requests import LEASE
from gateway.sandbox.stage import Leased, Stage, done, open_sqlite

_COPY: Final = "On a copy of this sandbox that is thrown away afterwards"


def not_available(stage: Stage) -> Sequence[Exchange]:
    """No part in the case, excluded from it, no such message: three reasons, and one answer, byte for byte."""
    message = stage.kept().leased.message
    never = draw_uuid7(stage.clock())
    return [
        stage.get("Fenmark Health Trust has no part in the case.", "health", f"/v1/messages/{message}"),
        stage.get("Rivermead sent it, and was excluded since.", "rivermead", f"/v1/messages/{message}"),
        stage.get("There never was such a message.", "rivermead", f"/v1/messages/{never}"),
    ]


def not_active(stage: Stage) -> Sequence[Exchange]:
    """Oakfield School has left: the register lists it as removed."""
    draft = stage.sign(get("/v1/register"), "oakfield", officer=False)
    return [stage.send("A former member asks for the register.", draft)]


def no_agreement(stage: Stage) -> Sequence[Exchange]:
    """Harbour Drop-in never signed the agreement; Millbrook Surgery's has lapsed."""
    return [
        stage.post("Harbour asks for its messages.", "harbour", "/v1/inbox/lease", LEASE),
        stage.post("Millbrook asks for its messages.", "millbrook", "/v1/inbox/lease", LEASE),
    ]


def not_the_coordinator(stage: Stage) -> Sequence[Exchange]:
    """An agency asks for what is the coordinator's alone."""
    return [stage.get("Rivermead asks for the tombstones.", "rivermead", "/v1/tombstones")]


def strange_party(stage: Stage) -> Sequence[Exchange]:
    """A part in a case would be recorded for who is no agency; whether there is the case is not even looked at."""
    body = {"party": f"{AREA}/agency/nobody", "relation": "involved", "why": "involvement"}
    return [stage.post("Nobody is to be involved.", "coordinator", "/v1/cases/FEN-00000-00000-0/relations", body)]


def no_competent_authority(stage: Stage) -> Sequence[Exchange]:
    """A housing association would take part on a basis that the law keeps for police and the like."""
    body = {"party": f"{AREA}/agency/rivermead", "relation": "involved", "why": "involvement"}
    basis = {"basis": "part3:s35,sch8.1"}
    path = "/v1/cases/FEN-00000-00000-0/relations"
    return [stage.post("Rivermead is to be involved under part 3.", "coordinator", path, {**body, **basis})]


def keyless_officer(stage: Stage) -> Sequence[Exchange]:
    """An officer without keys of their own would be named in a closed case, and could open nothing of it."""
    body = {"officers": [str(stage.member("rivermead").home.settings.officer)]}
    return [stage.post("Rivermead's is to be named.", "coordinator", "/v1/cases/FEN-00000-00000-0/officers", body)]


def broken_header(stage: Stage) -> Sequence[Exchange]:
    """The office hands in a header for a newcomer that is none."""
    return [_share(stage, "A header of three bytes.", b"age")]


def not_to_be_shared(stage: Stage) -> Sequence[Exchange]:
    """The office would share a message with an agency that is kept out of the case."""
    recipient = age.generate_identity().recipient()
    return [_share(stage, "Rivermead is excluded.", age.seal(b"").header_for([recipient]))]


def one_case(stage: Stage) -> Sequence[Exchange]:
    """Two cases would be merged that are one already: here the same reference twice."""
    case = parse_manifest(text_of(stage.kept().leased.manifest)).case
    return [stage.post("A case is merged with itself.", "coordinator", f"/v1/cases/{case}/merge", {"other": case})]


def may_not_refer(stage: Stage) -> Sequence[Exchange]:
    """An agency sends a kind of message that it may not send."""
    composed = stage.compose("governance")
    return [stage.submit("Information Governance checks, and does not refer.", "governance", composed)]


def no_purpose(stage: Stage) -> Sequence[Exchange]:
    """A reader does not say what for."""
    return [stage.send("No marac-purpose.", stage.sign(_header_of(draw_uuid7(stage.clock())), "lantern"))]


def no_reader(stage: Stage) -> Sequence[Exchange]:
    """An agency would open a message without saying who reads it."""
    draft = _header_of(draw_uuid7(stage.clock())).adding("marac-purpose", "referral")
    return [stage.send("No marac-officer.", stage.sign(draft, "lantern", officer=False))]


def not_proved(stage: Stage) -> Sequence[Exchange]:
    """An area that asks for officers' own signatures meets an officer who is merely named."""
    with stage.beside(demand_proved=True) as stricter:
        what = f"{_COPY}, with MARAC_DEMAND_PROVED: Rivermead names its officer, who has no key."
        return [stricter.post(what, "rivermead", "/v1/inbox/lease", LEASE)]


def revoked_recipient(stage: Stage) -> Sequence[Exchange]:
    """A message waits that was sealed to a key which its recipient has revoked since."""
    with stage.beside() as copy:
        done(copy.submit("submit", "rivermead", copy.compose("rivermead")))
        delivery = copy.lease("lantern", lambda _one: True).delivery
        revoked = revoke_recipient(copy, "lantern", "working")
        draft = _header_of(delivery).adding("marac-purpose", "referral")
        return [revoked, copy.send(f"{_COPY}: Lantern opens what waited.", copy.sign(draft, "lantern"))]


def nobody_receives(stage: Stage) -> Sequence[Exchange]:
    """The coordinator's office has no key left to seal to, so nothing is accepted."""
    with stage.beside() as copy:
        revoked = [revoke_recipient(copy, "coordinator", "working")]
        # Of the last one, the office's own word is not enough.
        revoked.append(revoke_recipient(copy, "coordinator", "recovery", copy.area.registrar))
        what = f"{_COPY}: Rivermead refers."
        return [*revoked, copy.submit(what, "rivermead", copy.compose("rivermead"))]


def no_mailbox(stage: Stage) -> Sequence[Exchange]:
    """Rivermead gives a mailbox whose name would put a line of its own into every mail."""
    return [_told_at(stage, "An address with a line break.", "housing@agency.example\r\nBcc: other@agency.example")]


def no_mail_server(stage: Stage) -> Sequence[Exchange]:
    """The sandbox has no mail server, so it promises nobody a mail."""
    return [_told_at(stage, "A role mailbox.", "housing@agency.example")]


def stale_register(stage: Stage) -> Sequence[Exchange]:
    """The coordinator hands in a register that is held already."""
    fetched = stage.get("The newest register is fetched.", "coordinator", "/v1/register")
    note = {"note": done(fetched).members["register"]}
    return [fetched, stage.post("It is handed in as the next.", "coordinator", "/v1/register", note)]


def last_key(stage: Stage) -> Sequence[Exchange]:
    """A thief of the office's one signing key would revoke it, and so keep the office from publishing registers."""
    return [revoke_key(stage, "coordinator")]


def early_receipt(stage: Stage) -> Sequence[Exchange]:
    """A recipient says `opened` of a delivery that it has never collected."""
    leased = stage.kept().leased
    note = {"note": _receipt(stage, leased, "opened")}
    path = f"/v1/deliveries/{leased.delivery}/receipt"
    return [stage.post("A receipt for `opened`, and none for `collected`.", "coordinator", path, note)]


def database_of_another_version(stage: Stage) -> Sequence[Exchange]:
    """The database is not fit: its schema is another version's."""
    with stage.beside() as copy:
        with closing(open_sqlite(copy.settings)) as sqlite, sqlite:
            sqlite.execute("UPDATE alembic_version SET version_num = 'made-up'")
        return [copy.send(f"{_COPY}, after its schema's version was changed.", get("/readyz"))]


def revoke_key(stage: Stage, short: str) -> Exchange:
    """Let a member revoke its own signing key; again changes nothing."""
    return _revoke(stage, short, stage.member(short).keyring.agency.verify_key.keyid)


def revoke_recipient(stage: Stage, short: str, use: str, signer: SigningKey | None = None) -> Exchange:
    """Let a member hand in the end of its working or its recovery recipient, signed by itself unless another signs.

    Raises NotAsPrepared.
    """
    said = parse_party(text_of(stage.member(short).entries[0].note))
    (recipient,) = (each.recipient for each in said.recipients if each.use == use)
    exchange = _revoke(stage, short, recipient, signer)
    done(exchange)
    return exchange


def _revoke(stage: Stage, short: str, key: str, signer: SigningKey | None = None) -> Exchange:
    member = stage.member(short)
    text = Revocation(member.home.settings.area, key, stage.clock(), "other").encode()
    note = {"note": signed_note.sign(text, [signer or member.keyring.agency])}
    return stage.post(f"{member.role.name} revokes a key of its own.", short, "/v1/revocations", note)


def _told_at(stage: Stage, what: str, mailbox: str) -> Exchange:
    draft = replace(post("/v1/notices", {"email": mailbox, "webhook": None}, stage.clock()), method="PUT")
    return stage.send(what, stage.sign(draft, "rivermead"))


def _share(stage: Stage, what: str, header: bytes) -> Exchange:
    kept = stage.kept().leased
    case = parse_manifest(signed_note.text_of(kept.manifest)).case
    keys = [str(each.recipient()) for each in stage.member("rivermead").keyring.identities]
    body = {
        "message": kept.message,
        "recipient": stage.area.party("rivermead"),
        "header": b64.encode_padded(header),
        "made_for": [hash_text(key) for key in keys],
    }
    return stage.post(what, "coordinator", f"/v1/cases/{case}/shares", body)


def _header_of(delivery: str) -> Draft:
    return Draft("POST", f"/v1/deliveries/{delivery}/header")


def _receipt(stage: Stage, leased: Leased, state: str) -> str:
    member = stage.member("coordinator")
    author = member.keyring.author(member.home.settings)
    text = Receipt(
        area=author.area,
        delivery=leased.delivery,
        message=leased.message,
        manifest=hash_text(text_of(leased.manifest)),
        state=state,
        officer=author.officer,
        proved=author.officer_key is not None,
        at=stage.clock(),
    ).encode()
    return signed_note.sign(text, author.keys)
