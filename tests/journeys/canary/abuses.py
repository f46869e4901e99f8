"""Requests that must be refused, each with canaries where no kit would put them: all bytes are written here."""

import gzip
import json
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from agencies.documents.document import Document, encode_document
from agencies.documents.referral import Referral
from agencies.names import CaseRef, DeliveryId, MessageId
from agencies.notes.receipt import Receipt
from agencies.notes.submission import Submission
from crypto import note as signed_note
from crypto.draw import draw_uuid7
from crypto.note import hash_text
from gateway.commands.outcome import wall_clock
from gateway.made_up import AREA, MadeUpArea, Member
from tests.gateway.signing import Draft, Signer, post, signed_by
from tests.journeys.canary.canaries import Canaries

Change = Callable[[str], str]
REFERRALS = "/v1/referrals"
CLOSE = ("connection", "close")


def _same(text: str) -> str:
    return text


@dataclass(frozen=True)
class Known:
    """What the sender learnt from an earlier, accepted message."""

    case: CaseRef
    message: MessageId
    delivery: DeliveryId


@dataclass(frozen=True)
class Pen:
    """Writes the bytes of one member's requests."""

    area: MadeUpArea
    short: str

    @property
    def member(self) -> Member:
        return self.area.members[self.short]

    def post(self, path: str, body: bytes, *lines: tuple[str, str], idempotency: str | None = None) -> Draft:
        """Return a request with a body, not signed yet."""
        officer = ("marac-officer", str(self.member.home.settings.officer))
        own = () if any(name == "marac-officer" for name, _ in lines) else (officer,)
        draft = post(path, body, *own, *lines, CLOSE, idempotency=idempotency or draw_uuid7(wall_clock()))
        return draft.saying("host", AREA)

    def get(self, path: str, *lines: tuple[str, str], query: str | None = None) -> Draft:
        """Return a request without a body, not signed yet."""
        return Draft("GET", path, query, (("host", AREA), CLOSE, *lines))

    def sign(self, draft: Draft, **changes: str) -> bytes:
        """Return the request's bytes, signed by the agency."""
        signer = Signer(self.member.keyring.agency, created=int(wall_clock().timestamp()), **changes)
        return signed_by(draft, signer).raw()

    def note(self, texts: Mapping[str, str], case: CaseRef | None = None, change: Change = _same) -> tuple[str, str]:
        """Return a fresh idempotency id, and a signed submission note over `texts`, its text changed first."""
        now, settings = wall_clock(), self.member.home.settings
        said = Submission(
            area=settings.area,
            kind="referral",
            version="1.0",
            case=case,
            supersedes=None,
            from_=settings.party,
            officer=settings.officer,
            purpose="referral",
            idempotency=draw_uuid7(now),
            at=now,
            documents=tuple((name, hash_text(text)) for name, text in texts.items()),
        )
        return said.idempotency, signed_note.sign(change(said.encode()), [self.member.keyring.agency])

    def submit(self, texts: Mapping[str, str], case: CaseRef | None = None, change: Change = _same) -> bytes:
        """Return a signed request that hands in `texts` as a referral."""
        idempotency, note = self.note(texts, case, change)
        body = json.dumps({"note": note, "documents": dict(texts)}, ensure_ascii=False).encode()
        return self.sign(self.post(REFERRALS, body, idempotency=idempotency))


def texts_of(documents: Mapping[str, Document]) -> dict[str, str]:
    """Return documents as they are signed and sent."""
    return {name: encode_document(document) for name, document in documents.items()}


def wrong_documents(pen: Pen, canaries: Canaries, good: Mapping[str, str]) -> Mapping[str, bytes]:
    """Return requests whose note is signed and sound, and whose referral (or exclusions) is not a document."""

    def put(member: str) -> str:
        name = json.loads(f"{{{member}}}").popitem()[0]
        content = {key: value for key, value in json.loads(good["referral"]).items() if key != name}
        return json.dumps(content, ensure_ascii=False)[:-1] + f",{member}}}"

    c, s = canaries.line, canaries.word
    referrals = {
        "unknown member": put(f'"{c()}":"{c()}"'),
        "unknown member deep down": good["referral"].replace('"victim":{', f'"victim":{{"{c()}":["{c()}"],', 1),
        "text for an object": put(f'"victim":"{c()}"'),
        "text for a truth": put(f'"urgent":"{c()}"'),
        "text for a date": put(f'"identified_on":"{c()}"'),
        "text for a list": put(f'"children":"{c()}"'),
        "object for a text": put(f'"circumstances":{{"{c()}":"{c()}"}}'),
        "unknown ground": put(f'"grounds":[{{"ground":"{s()}","{c()}":"{c()}"}}]'),
        "unknown instrument": put(f'"instruments":[{{"instrument":"{c()}"}}]'),
        "unknown source": put(f'"referrer":{{"source":"{s()}","agency":"{c()}","contact":"{c()}"}}'),
        "a line too long": put(f'"crime_reference":"{canaries.text(300)[:-1].replace(chr(10), " ")}"'),
        "a control character": put(f'"crime_reference":"{c()}\\u0007"'),
        "a lone surrogate": put(f'"wishes":"{c()}\\ud800"'),
        "a name twice": good["referral"][:-1] + f',"wishes":"{c()}"}}',
        "not a number": put('"urgent":NaN').replace('"salt"', f'"{c()}":"{c()}","salt"'),
        "salt is not first": f'{{"{s()}":"{c()}",' + good["referral"][1:],
        "no salt": f'{{"wishes":"{c()}"}}',
        "broken": good["referral"][: len(good["referral"]) // 2],
        "nested": '{"salt":' + "[" * 30_000 + f'"{c()}"',
        "not json": c(),
        "a list": f'["{c()}"]',
        "too large a document": put(f'"wishes":{json.dumps(canaries.text(300_000), ensure_ascii=False)}'),
        "empty": "",
    }
    found = {name: pen.submit(dict(good) | {"referral": text}) for name, text in referrals.items()}
    for name, excluded in {
        "no such agency": f'"agencies":[{{"agency":"{AREA}/agency/{s()}","reason":"{c()}"}}]',
        "no agency's id": f'"agencies":[{{"agency":"{c()}","reason":"{c()}"}}]',
        "no officer's id": f'"officers":[{{"officer":"{AREA}/officer/{canaries.plain[:8]}"}}]',
    }.items():
        salt = good["exclusions"].partition(",")[0]
        found[f"exclusions: {name}"] = pen.submit(dict(good) | {"exclusions": f"{salt},{excluded}}}"})
    return found


def wrong_submissions(pen: Pen, canaries: Canaries, good: Mapping[str, str], known: Known) -> Mapping[str, bytes]:
    """Return referrals whose documents are sound and whose note, body or case is not."""
    c, s = canaries.line, canaries.word
    idempotency, note = pen.note(good)

    def body(content: object) -> bytes:
        raw = content if isinstance(content, bytes) else json.dumps(content, ensure_ascii=False).encode()
        return pen.sign(pen.post(REFERRALS, raw, idempotency=idempotency))

    def changed(old: str, new: str) -> bytes:
        return pen.submit(good, change=lambda text: text.replace(old, new, 1))

    whole = {"note": note, "documents": dict(good)}
    return {
        "kind": changed("kind referral/", f"kind {s()}/"),
        "purpose": changed("purpose referral", f"purpose {s()}"),
        "document's name": changed("document referral", f"document {s()}"),
        "area": changed(f"area {AREA}", f"area {s()}.example"),
        "officer": changed("/officer/", f"/officer/{s()}"),
        "case": changed("case new", f"case {s()}"),
        "a line more": changed("case new", f"case new\n{s()} {s()}"),
        "free words": changed("case new", f"case new {c()}"),
        "no such case": pen.submit(good, CaseRef("FEN-00000-00000-0")),
        "member of the body": body(whole | {c(): c()}),
        "one document more": body(whole | {"documents": dict(good) | {s(): c()}}),
        "another text": body(whole | {"documents": dict(good) | {"referral": json.dumps({"salt": c()})}}),
        "documents are a list": body({"note": note, "documents": [c()]}),
        "note is words": body({"note": c(), "documents": {c(): c()}}),
        "a document is a number": body({"note": note, "documents": {s(): 7, c(): [c()]}}),
        "a name twice": body(f'{{"note":"{c()}","note":"{c()}"}}'.encode()),
        "broken": body(json.dumps(whole, ensure_ascii=False).encode()[:-40]),
        "not utf-8": body(c().encode("utf-16")),
        "half a letter": body(f'{{"note":"{c()}'.encode() + b'\xc3"}'),
        "gzip": body(gzip.compress(json.dumps(whole).encode())),
        "empty words": body(c().encode()),
        "far too large": body(canaries.text(1_100_000).encode()),
        "used before, another note": pen.sign(
            pen.post(REFERRALS, json.dumps(whole | {"note": note}).encode(), idempotency=draw_uuid7(wall_clock()))
        ),
        "known case, no relation": Pen(pen.area, "health").submit(good, known.case),
        "no agreement": Pen(pen.area, "harbour").submit(good),
        "no agreement, own purpose": Pen(pen.area, "harbour").submit(
            good, change=lambda text: text.replace("purpose referral", f"purpose {s()}")
        ),
    }


def signed_by_a_stranger_too(pen: Pen, canaries: Canaries, good: Mapping[str, str]) -> bytes:
    """Return a true referral under whose note a line claims another's signature: ignored, and sealed with the rest."""
    idempotency, note = pen.note(good)
    whole = {"note": f"{note}— {canaries.word()} AAAAAAAA\n", "documents": dict(good)}
    return pen.sign(pen.post(REFERRALS, json.dumps(whole, ensure_ascii=False).encode(), idempotency=idempotency))


def wrong_requests(pen: Pen, canaries: Canaries, known: Known) -> Mapping[str, bytes]:
    """Return requests with canaries in what stands around a body, and in the other routes' bodies."""
    c, s = canaries.line, canaries.word
    latin = c().encode().decode("latin-1")
    body = json.dumps({"limit": 1, "wait_s": 0}).encode()
    lease = pen.post("/v1/inbox/lease", body)
    said = json.dumps({"note": c(), s(): c()}, ensure_ascii=False).encode()
    unsigned = pen.post(REFERRALS, said)

    def lines(*more: tuple[str, str]) -> bytes:
        return pen.sign(pen.post("/v1/inbox/lease", body, *more))

    def act(path: str, content: object, *more: tuple[str, str]) -> bytes:
        return pen.sign(pen.post(path, json.dumps(content, ensure_ascii=False).encode(), *more))

    return {
        "not signed": unsigned.raw(),
        "signed by nobody": pen.sign(unsigned, keyid=f"{AREA}/agency/{s()}+00000000"),
        "a key's name in words": pen.sign(unsigned, keyid=s()),
        "a label": pen.sign(unsigned, label=s()),
        "a tag": pen.sign(unsigned, tag=s()),
        "a parameter": pen.sign(unsigned, parameters=f';{s()}="{s()}"'),
        "a nonce": pen.sign(lease, nonce=f"{canaries.plain}abcdef"),
        "another digest": pen.sign(unsigned.saying("content-digest", f"sha-256=:{s()}:")),
        "a content type": pen.sign(unsigned.saying("content-type", f"text/{s()}; name={s()}")),
        "no idempotency id": pen.sign(unsigned.saying("idempotency-key", s())),
        "no such officer": pen.sign(pen.post(REFERRALS, said, ("marac-officer", f"{AREA}/officer/{s()}"))),
        "an officer's name": pen.sign(pen.post(REFERRALS, said, ("marac-officer", latin))),
        "another host": pen.sign(lease.saying("host", f"{s()}.example")),
        "a purpose of one's own": lines(("marac-purpose", s())),
        "a purpose in words": lines(("marac-purpose", f"{s()} {s()}")),
        "a purpose beyond ascii": lines(("marac-purpose", latin)),
        "a field of ours that is not": lines((f"marac-{s()}", s())),
        "fields nobody reads": lines(("user-agent", s()), ("referer", s()), ("cookie", s()), (s(), latin)),
        "a field twice": lines(("marac-purpose", s()), ("marac-purpose", s())),
        "path": pen.sign(pen.get(f"/v1/{s()}")),
        "escaped path": pen.sign(pen.get("/v1/" + "".join(f"%{ord(letter):02X}" for letter in s()))),
        "message": pen.sign(pen.get(f"/v1/messages/{s()}")),
        "query": pen.sign(pen.get("/v1/area", query=f"name={s()}&{s()}")),
        "query of an export": pen.sign(pen.get("/v1/audit/export", query=s())),
        "method": pen.sign(Draft(s().upper(), REFERRALS, None, (("host", AREA), CLOSE))),
        "public, with fields": pen.get("/readyz", ("user-agent", s()), ("x-request-id", s())).raw(),
        "lease": act("/v1/inbox/lease", {"limit": c(), "wait_s": 0, c(): c()}),
        "recall, why": act(f"/v1/messages/{known.message}/recall", {"recipients": None, "reason": s()}),
        "recall, from whom": act(
            f"/v1/messages/{known.message}/recall", {"recipients": [c(), s()], "reason": "wrong-recipient"}
        ),
        "recall of what": act(f"/v1/messages/{s()}/recall", {"recipients": None, "reason": "other"}),
        "exclusion": act(f"/v1/cases/{known.case}/exclusions", {"parties": [c(), s()], "settled": [s()]}),
        "exclusion from what": act(f"/v1/cases/{s()}/exclusions", {"parties": [], "settled": [s()]}),
        "opening": pen.sign(Draft("POST", f"/v1/deliveries/{known.delivery}/header", None,
            (("host", AREA), CLOSE, ("content-length", "0"), ("marac-purpose", s())))),
        "opening what": pen.sign(Draft("POST", f"/v1/deliveries/{s()}/header", None,
            (("host", AREA), CLOSE, ("content-length", "0"), ("marac-purpose", "referral")))),
        "receipt": act(f"/v1/deliveries/{known.delivery}/receipt", {"note": c()}),
        "receipt, members": act(f"/v1/deliveries/{s()}/receipt", {"note": c(), c(): c()}),
        "register": act("/v1/register", {"note": f"marac/register/v1\n{s()} {s()}\n\n— {s()} AAAAAAAA\n"}),
        "delegation": act("/v1/delegations", {"note": c()}),
        "revocation": act("/v1/revocations", {"note": f"marac/revocation/v1\n{c()}\n"}),
    }  # fmt: skip


def by_the_coordinator(pen: Pen, canaries: Canaries, known: Known) -> Mapping[str, bytes]:
    """Return requests to what the coordinator's office alone may do."""
    c, s = canaries.line, canaries.word

    def act(path: str, content: object) -> bytes:
        return pen.sign(pen.post(path, json.dumps(content, ensure_ascii=False).encode()))

    return {
        "register": act("/v1/register", {"note": f"marac/register/v1\narea {s()}\n\n— {s()} AAAAAAAA\n"}),
        "register in words": act("/v1/register", {"note": c()}),
        "delegation": act("/v1/delegations", {"note": f"marac/delegation/v1\n{s()}\n\n— {s()} AAAAAAAA\n"}),
        "exclusion": act(f"/v1/cases/{known.case}/exclusions", {"parties": [f"{AREA}/agency/{s()}"], "settled": []}),
        "exclusion of a name": act(f"/v1/cases/{known.case}/exclusions", {"parties": [c()], "settled": []}),
        "lifting": act(f"/v1/cases/{known.case}/exclusions", {"parties": [], "settled": [], "lifted": [c()]}),
    }


def not_http(canaries: Canaries) -> Mapping[str, bytes]:
    """Return bytes that are no request, or one that ends in the middle of a line."""
    c, s = canaries.line, canaries.word
    head = f"GET /v1/area HTTP/1.1\r\nhost: {AREA}\r\n"
    chunked = f"POST {REFERRALS} HTTP/1.1\r\nhost: {AREA}\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n"
    return {
        "words": f"{c()}\r\n\r\n".encode(),
        "another protocol": f"{s()} / {s()}/1.1\r\n\r\n".encode(),
        "a field without a colon": f"{head}{s()}\r\n\r\n".encode(),
        "a head without end": (head + f"x: {s()}\r\n" * 2000).encode(),
        "a path without end": f"GET /{canaries.word() * 2500} HTTP/1.1\r\n\r\n".encode(),
        "a length in words": f"{head}content-length: {s()}\r\n\r\n".encode(),
        "a wrong chunk": f"{chunked}{s()}\r\n{c()}\r\n".encode(),
        "trailers": f"{chunked}0\r\n{s()}: {s()}\r\n\r\n".encode(),
    }


def mutations(pen: Pen, good: Mapping[str, str], drawn: random.Random, count: int) -> Mapping[str, bytes]:
    """Return requests whose body was damaged at random after it was signed for, and signed again as it is."""
    idempotency, note = pen.note(good)
    whole = json.dumps({"note": note, "documents": dict(good)}, ensure_ascii=False).encode()
    found = {}
    for number in range(count):
        body = bytearray(whole)
        for _ in range(drawn.randint(1, 4)):
            at = drawn.randrange(len(body) or 1)
            _DAMAGES[drawn.randrange(len(_DAMAGES))](body, at, drawn)
        found[f"mutation {number}"] = pen.sign(pen.post(REFERRALS, bytes(body), idempotency=idempotency))
    return found


_DAMAGES: tuple[Callable[[bytearray, int, random.Random], object], ...] = (
    lambda body, at, _: body.__delitem__(slice(at, None)),
    lambda body, at, drawn: body.__delitem__(slice(at, at + drawn.randint(1, 200))),
    lambda body, at, drawn: body.__setitem__(slice(at, at + 1), (drawn.randrange(256),)),
    lambda body, at, drawn: body.__setitem__(slice(at, at), drawn.choice((b'"', b"{", b"]", b",", b"\\u00", b"\x00"))),
    lambda body, at, _: body.extend(body[at : at + 500]),
)


def receipt_with_a_stranger(pen: Pen, canaries: Canaries, delivery: DeliveryId, message: MessageId) -> bytes:
    """Return a true receipt under which a line stands that claims somebody else's signature: the name is free."""
    now, home = wall_clock(), pen.member.home
    manifest = hash_text(signed_note.text_of(home.manifest(message)))
    text = Receipt(
        home.settings.area, delivery, message, manifest, "opened", home.settings.officer, False, now
    ).encode()
    note = signed_note.sign(text, [pen.member.keyring.agency]) + f"— {canaries.line().replace(' ', '_')} AAAAAAAA\n"
    body = json.dumps({"note": note}, ensure_ascii=False).encode()
    return pen.sign(pen.post(f"/v1/deliveries/{delivery}/receipt", body))


def below_the_threshold(referral: Referral) -> Referral:
    """Return the referral resting on its ticks alone, all of them taken out."""
    content = referral.model_dump(mode="json")
    content["grounds"] = [{"ground": "visible_high_risk"}]
    for answer in content["instruments"][0]["answers"]:
        answer["answer"] = "no"
    return Referral.model_validate_json(json.dumps(content))
