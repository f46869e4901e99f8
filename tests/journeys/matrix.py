"""Every route and every way to stand to a case: how each is brought about, and how each is asked."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TypeAlias

import httpx2

from agencies.documents.chair_decision import ChairDecision
from agencies.documents.document import Document
from agencies.documents.flag_and_tag import FlagAndTag
from agencies.documents.lookup import Lookup
from agencies.documents.lookup_answer import LookupAnswer
from agencies.documents.person import Named, Person
from agencies.documents.referral import Referral
from agencies.documents.reuse_consent import ReuseConsent
from agencies.documents.reuse_request import ReuseRequest
from agencies.documents.routes import ROUTES
from agencies.documents.triage import Triage
from agencies.kit.compose import REFERRAL, Author, about, compose
from agencies.kit.correcting import with_reason
from agencies.kit.signing import RequestSigner
from agencies.names import CaseRef, DeliveryId, MessageId, OfficerId, PartyId, draw_case_ref
from agencies.notes.receipt import Receipt
from crypto import age, b64
from crypto.draw import draw_uuid7
from crypto.keys import SigningKey, generate_signing_key
from crypto.note import hash_text, sign, text_of
from gateway.made_up import PREFIX
from tests.factories import the_documents
from tests.journeys.conftest import CHAIR, DEPUTY, OTHER_CHAIR
from tests.journeys.test_case_messages import FOUND, a_note, a_request, a_risk, send
from tests.journeys.world import COORDINATOR, SENDER, SERVICE, World

PARTNER, REVOKED = "health", "constabulary"  # whose relation is brought about; whose key is revoked


LEASE = "/v1/inbox/lease"
Question: TypeAlias = tuple[str, str, bytes | None]


@dataclass(frozen=True)
class Answer:
    """What is written down of an answer, its code or its status, and all its bytes but the request's id."""

    word: str
    raw: bytes = field(repr=False)

    @property
    def code(self) -> str | None:
        return None if self.word[0].isdigit() else self.word


@dataclass(frozen=True)
class Known:
    """What is asked about: a case, its referral's body, and a delivery: the asker's own, if it has any."""

    case: CaseRef
    message: MessageId
    manifest: str
    delivery: DeliveryId
    own: MessageId
    own_manifest: str


@dataclass(frozen=True)
class Asker:
    """Who asks: a member, with the key that signs and the officer that is named."""

    world: World
    key: SigningKey = field(repr=False)
    party: PartyId
    officer: OfficerId | None

    def ask(self, client: httpx2.Client, what: Question, known: Known) -> Answer:
        """Return the answer to a signed request; of a lease, what it gave of the known case."""
        method, path, body = what
        request = client.build_request(method, path, content=body)
        if body is not None:
            request.headers["content-type"] = "application/json"
            request.headers["idempotency-key"] = _idempotency(body) or draw_uuid7(self.world.clock())
        if self.officer is not None:
            request.headers["marac-officer"] = self.officer
        request.headers["marac-purpose"] = "referral" if path == ROUTES["referral"] else "safeguarding"
        signer = RequestSigner(self.world.settings.area, self.key, None, self.world.clock)
        response = client.send(next(signer.auth_flow(request)))
        raw = response.content.replace(response.headers["x-request-id"].encode(), b"-" * 36)
        if not response.is_success:
            return Answer(response.json()["code"], raw)
        given = f":{_given(raw, known)}" if path == LEASE else ""
        return Answer(f"{response.status_code}{given}", raw)


def _given(raw: bytes, known: Known) -> int:
    manifests = [each["manifest"] for each in json.loads(raw)["deliveries"]]
    return sum(f"\ncase {known.case}\n" in manifest for manifest in manifests)


def _idempotency(body: bytes) -> str | None:
    """Return the id that a submission's note states, which its request must state too."""
    lines = json.loads(body).get("note", "").split("\n")
    return next((line.partition(" ")[2] for line in lines if line.startswith("idempotency ")), None)


Setting: TypeAlias = Callable[[World], tuple[Asker, Known]]


def _member(world: World, short: str) -> Asker:
    return Asker(world, world.kit(short).keyring.agency, world.party(short), world.officer(short))


def _referred(world: World) -> tuple[CaseRef, MessageId, str]:
    """Return a case that service and coordinator have collected, with its referral's body and manifest."""
    accepted = world.refer()
    world.arrived(accepted)
    world.collect(SERVICE, 2)
    world.collect(COORDINATOR, 3)
    return accepted[0].manifest.case, accepted[0].manifest.message, accepted[0].note


def _delivery(world: World, short: str, message: MessageId) -> DeliveryId:
    (item,) = (item for item in world.kit(short).inbox.items() if item.message == message)
    return item.delivery


def _as(short: str) -> Setting:
    """Return the setting of a member that stands to the case by its role alone, as sender, or not at all."""

    def setting(world: World) -> tuple[Asker, Known]:
        case, message, manifest = _referred(world)
        owner = short if short in {SERVICE, COORDINATOR} else SERVICE
        return _member(world, short), Known(
            case, message, manifest, _delivery(world, owner, message), message, manifest
        )

    return setting


def _partner(bring_about: Callable[[World, CaseRef], None], short: str = PARTNER) -> Setting:
    """Return the setting of a party that was involved, collected a note and has one more to come; and then ..."""

    def setting(world: World) -> tuple[Asker, Known]:
        case, message, manifest = _referred(world)
        if short != DEPUTY:  # whose office involves it in every case
            world.kit(COORDINATOR).relate(case, world.party(short), "involved", "involvement")
        sent = send(world, COORDINATOR, "case-note", a_note(world, short), case)
        world.collect(short)
        own = sent.manifest.message
        delivery = _delivery(world, short, own)
        send(world, COORDINATOR, "case-note", a_note(world, short), case)
        bring_about(world, case)
        return _member(world, short), Known(case, message, manifest, delivery, own, sent.note)

    return setting


def _relation(relation: str, why: str) -> Setting:
    return _partner(lambda world, case: world.kit(COORDINATOR).relate(case, world.party(PARTNER), relation, why))


def _as_it_is(_world: World, _case: CaseRef) -> None:
    """Bring nothing further about."""


def _exclude(world: World, case: CaseRef) -> None:
    world.kit(COORDINATOR).exclude(case, [world.party(PARTNER)])


def _revoked(world: World) -> tuple[Asker, Known]:
    asker, known = _as(REVOKED)(world)
    world.kit(REVOKED).revoke(asker.key.verify_key.keyid, "lost")
    return asker, known


def _foreign(key_name: Callable[[World], str]) -> Setting:
    def setting(world: World) -> tuple[Asker, Known]:
        asker, known = _as(PARTNER)(world)
        return replace(asker, key=generate_signing_key(key_name(world)), officer=None), known

    return setting


def _nowhere(world: World) -> tuple[Asker, Known]:
    """The coordinator asks about what is not there: the answer that all others must look like."""
    asker, known = _as(COORDINATOR)(world)
    none = MessageId(draw_uuid7(world.clock()))
    return asker, replace(known, case=draw_case_ref(PREFIX), message=none, delivery=DeliveryId(none))


# The revoked one comes last: its key does not come back.
SETTINGS: Mapping[str, Setting] = {
    "coordinator": _as(COORDINATOR),
    "deputy": _partner(_as_it_is, DEPUTY),
    "chair": _partner(_as_it_is, CHAIR),
    "other-chair": _as(OTHER_CHAIR),
    "service": _as(SERVICE),
    "sender": _as(SENDER),
    "compliance": _as("governance"),
    "stranger": _as(PARTNER),
    "informed": _relation("for_information", "information"),
    "asked": _relation("asked", "research"),
    "involved": _relation("involved", "involvement"),
    "closed": _partner(lambda world, case: world.kit(COORDINATOR).close_case(case)),
    "ended": _relation("ended", "no-longer-involved"),
    "excluded": _partner(_exclude),
    "no-isa": _as("harbour"),
    "other-area": _foreign(lambda _world: f"marac.elsewhere.example/agency/{PARTNER}"),
    "unknown": _foreign(lambda world: f"{world.settings.area}/agency/nobody"),
    "nowhere": _nowhere,
    "revoked": _revoked,
}

Ask = Callable[[Asker, Known], Question]


def _get(path: str) -> Ask:
    return lambda _asker, known: ("GET", path.format(known=known), None)


def _post(path: str, members: Callable[[Asker, Known], object]) -> Ask:
    return lambda asker, known: ("POST", path.format(known=known), json.dumps(members(asker, known)).encode())


def _put(path: str, members: object) -> Ask:
    return lambda _asker, _known: ("PUT", path, json.dumps(members).encode())


def _submit(kind: str, *, opens: bool = False, corrects: bool = False) -> Ask:
    """Return how a message of this kind is handed in, about the case or, if it `opens` one, about none.

    corrects  it takes the place of the case's referral
    """

    def ask(asker: Asker, known: Known) -> Question:
        case = None if opens else known.case
        documents = _handed_in(asker) if kind == "referral" else {kind: _document(kind, asker, known)}
        subject = replace(REFERRAL, case=case) if kind == "referral" else about(kind, case)
        if corrects:
            subject = replace(subject, supersedes=known.message)
            documents = with_reason(documents, "A date was wrong. (made up)")
        author = Author(asker.world.settings.area, asker.party, asker.key, asker.officer)
        return "POST", ROUTES[kind], compose(subject, documents, author, asker.world.clock()).body()

    return ask


def _handed_in(asker: Asker) -> Mapping[str, Document]:
    """Return a referral; of an office, one that came by telephone: the offices, and they alone, take in for others."""
    documents = the_documents()
    if asker.party not in {asker.world.party(short) for short in (COORDINATOR, DEPUTY)}:
        return documents
    referral = documents["referral"]
    assert isinstance(referral, Referral)
    referrer = referral.referrer.model_copy(update={"received_by": "telephone"})
    return {**documents, "referral": referral.model_copy(update={"referrer": referrer})}


def _document(kind: str, asker: Asker, known: Known) -> Document:
    world = asker.world
    police, sender = world.party("constabulary"), world.party(SENDER)
    documents: Mapping[str, Document] = {
        "research-request": a_request(world, "constabulary"),
        "research-return": FOUND,
        "case-note": a_note(world, SERVICE),
        "staff-risk": a_risk(),
        "flag-and-tag": FlagAndTag(
            victim=Named(name="Alex Invented"), reason="moved_here_not_high", flagged_until=date(2027, 11, 22)
        ),
        "chair-decision": ChairDecision(decision="adjourn", reason="The service is away. (made up)"),
        "lookup": Lookup(person=Person(name="Alex Invented"), reason="She has just called us. (made up)"),
        "lookup-answer": LookupAnswer(to=(sender,), answer="telephone_me"),
        "triage": Triage(outcome="accepted"),
        "reuse-request": ReuseRequest(
            to=(police,), messages=(known.message,), purpose="A court asks. (made up)", lawful_basis="court_order"
        ),
        "reuse-consent": ReuseConsent(to=(police,), messages=(known.message,), agreed=False),
    }
    return documents[kind]


def _receipt(asker: Asker, known: Known) -> Question:
    note = Receipt(
        asker.world.settings.area, known.delivery, known.own, hash_text(text_of(known.own_manifest)), "collected",
        None, False, asker.world.clock(),
    )  # fmt: skip
    signed = {"note": sign(note.encode(), [asker.key])}
    return "POST", f"/v1/deliveries/{known.delivery}/receipt", json.dumps(signed).encode()


def _broken(_asker: Asker, _known: Known) -> object:
    return {"note": "made up"}


def _shared(asker: Asker, known: Known) -> object:
    """Return what shares the referral's body with the service, which has it: nothing changes by it."""
    keys = asker.world.kit(COORDINATOR).directory().recipients(asker.world.party(SERVICE), asker.world.clock())
    header = age.seal(b"").header_for([age.parse_recipient(key) for key in keys])
    made_for = [hash_text(key) for key in keys]
    members = {"message": known.message, "recipient": asker.world.party(SERVICE), "made_for": made_for}
    return {**members, "header": b64.encode_padded(header)}


def _itself(known: Known) -> dict[str, str]:
    """Return the case as the other one of two: who may compare it is told that they are no two."""
    return {"other": known.case}


# In this order: what takes something back, or changes who may what, comes after what asks.
ROWS: Mapping[str, Ask] = {
    "GET register": _get("/v1/register"),
    "GET case": _get("/v1/cases/{known.case}"),
    "GET proposals": _get("/v1/cases/{known.case}/proposals"),
    "GET message": _get("/v1/messages/{known.message}"),
    "POST header": lambda _asker, known: ("POST", f"/v1/deliveries/{known.delivery}/header", None),
    "POST receipt": _receipt,
    "POST lease": _post(LEASE, lambda _asker, _known: {"limit": 20, "wait_s": 0}),
    "GET pack": _get("/v1/cases/{known.case}/pack"),
    "GET holdings": _get("/v1/cases/{known.case}/holdings"),
    "POST share": _post("/v1/cases/{known.case}/shares", _shared),
    "new referral": _submit("referral", opens=True),
    "new lookup": _submit("lookup", opens=True),
    **{kind: _submit(kind) for kind in ROUTES},
    "GET export": _get("/v1/audit/export"),
    "GET tombstones": _get("/v1/tombstones"),
    "GET notices": _get("/v1/notices"),
    "PUT notices": _put("/v1/notices", {"email": None, "webhook": None}),
    "GET uncollected": _get("/v1/uncollected"),
    "GET cases": _get("/v1/cases"),
    "GET lookups": _get("/v1/lookups"),
    "POST register": _post("/v1/register", _broken),
    "POST delegation": _post("/v1/delegations", _broken),
    "POST revocation": _post("/v1/revocations", _broken),
    "POST relation": _post(
        "/v1/cases/{known.case}/relations",
        lambda asker, _known: {"party": asker.world.party("constabulary"), "relation": "asked", "why": "research"},
    ),
    "POST sameness": _post("/v1/cases/{known.case}/sameness", lambda _, known: _itself(known) | {"decision": "same"}),
    **{
        f"POST {act}": _post(f"/v1/cases/{{known.case}}/{act}", lambda _, known: _itself(known))
        for act in ("links", "merge", "split")
    },
    "POST exclusion": _post(
        "/v1/cases/{known.case}/exclusions",
        lambda asker, _known: {"parties": [asker.world.party("constabulary")], "settled": []},
    ),
    "POST officers": _post(
        "/v1/cases/{known.case}/officers", lambda asker, _known: {"officers": [asker.world.officer(SERVICE)]}
    ),
    "correction": _submit("referral", corrects=True),
    "POST recall": _post(
        "/v1/messages/{known.message}/recall", lambda _asker, _known: {"recipients": None, "reason": "wrong-case"}
    ),
    "POST closing": lambda _asker, known: ("POST", f"/v1/cases/{known.case}/closing", None),
}
