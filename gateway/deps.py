"""What routes ask for: a request whose signatures, digest and nonces were checked, and its body as a strict model."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Annotated, Final, NoReturn, TypeVar

from fastapi import Depends, Request
from pydantic import BaseModel, ConfigDict, ValidationError

from agencies.agency import Party
from agencies.names import (
    AreaName,
    CaseRef,
    DeliveryId,
    MessageId,
    OfficerId,
    parse_case_ref,
    parse_delivery_id,
    parse_message_id,
)
from broker.need_to_know import Act, Asker
from broker.services.standing import NO_CASE, NO_MESSAGE
from broker.wiring import Broker
from crypto.errors import Malformed
from gateway.auth import Arrival, Authentic, authenticate, check_digest, examine, nonce_expires
from gateway.errors import RequestRejected
from gateway.fields import Fields

BODY_TIMEOUT_S: Final = 30
MAX_REGISTER_BYTES: Final = 8 * 1024 * 1024 + 262_144  # the largest register note, with JSON's escapes


class Body(BaseModel):
    """A request's JSON: no member is converted, unknown ones are refused, and no error repeats what was sent."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, hide_input_in_errors=True)


Model = TypeVar("Model", bound=Body)


@dataclass(frozen=True, slots=True)
class SignedRequest:
    """A request by a known party: every check of README.md, "Checks", has passed, and its nonces are spent."""

    body: bytes = field(repr=False)
    party: Party
    officer: OfficerId | None
    proved: bool | None
    purpose: str | None
    idempotency: str
    at: datetime
    keyids: tuple[str, ...]

    def asker(self) -> Asker:
        """Return who asks, as need-to-know wants it."""
        return Asker(self.party, self.officer, self.proved, self.purpose, self.at, self.keyids)

    def json(self, model: type[Model]) -> Model:
        """Return the body as `model`.

        Raises RequestRejected: json-broken, or json-invalid with a pointer that names only declared members.
        """
        parse_json(self.body)
        try:
            return model.model_validate_json(self.body)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        if first["type"] == "json_invalid":
            raise RequestRejected("json-broken")
        raise RequestRejected("json-invalid", _pointer(first["loc"], model))


def the_broker(request: Request) -> Broker:
    """Return the broker that this application serves."""
    broker: Broker = request.app.state.broker
    return broker


def signed(max_bytes: int | None = None, act: Act | None = None) -> Callable[[Request], Awaitable[SignedRequest]]:
    """Return the dependency that admits signed requests alone.

    max_bytes  of the body; None for the area's setting
    act        what need-to-know is asked about the asker before the body is read, where only few may; its refusal
               is logged, so the nonces are spent first: a replay logs nothing
    """

    async def admit(request: Request) -> SignedRequest:
        broker = the_broker(request)
        limit = broker.settings.max_submission_bytes if max_bytes is None else max_bytes
        arrival = _arrival(request)
        _check_length(arrival.fields, limit)
        now = broker.clock()
        # Before the database is asked anything: anybody may come so far.
        claimed = examine(arrival, AreaName(broker.settings.area), now)
        authentic = authenticate(claimed, await broker.directory(), now)
        request.state.agency = authentic.party.id
        admitted = SignedRequest(
            body=b"",
            party=authentic.party,
            officer=authentic.officer,
            proved=authentic.proved,
            purpose=authentic.purpose,
            idempotency=authentic.idempotency or "",
            at=now,
            keyids=tuple(claim.keyid for claim in authentic.claims),
        )
        if act is not None:
            await _spend(broker, authentic)
            await broker.check(act, admitted.asker())
        body = await _read(request, limit)
        if arrival.fields.announces_body:
            check_digest(arrival.fields.get("content-digest") or "", body)
        if act is None:
            await _spend(broker, authentic)
        return replace(admitted, body=body)

    return admit


def parse_json(raw: bytes) -> object:
    """Return what the JSON text `raw` says.

    Raises RequestRejected (json-broken) if it is not UTF-8 JSON, or an object has one name twice.
    """
    try:
        return json.loads(raw.decode(), object_pairs_hook=_unique, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise RequestRejected("json-broken") from None


Signed = Annotated[SignedRequest, Depends(signed())]
SignedRegister = Annotated[SignedRequest, Depends(signed(MAX_REGISTER_BYTES, Act.STEWARD))]
SignedDelegation = Annotated[SignedRequest, Depends(signed(act=Act.STEWARD))]
TheBroker = Annotated[Broker, Depends(the_broker)]


def the_message(message: str) -> MessageId:
    """Return the message id of the path; what is none becomes the id that no message has, at the same cost."""
    try:
        return parse_message_id(message)
    except Malformed:
        return NO_MESSAGE


def the_delivery(delivery: str) -> DeliveryId:
    """Return the delivery id of the path; what is none becomes the id that no delivery has, at the same cost."""
    try:
        return parse_delivery_id(delivery)
    except Malformed:
        return DeliveryId(NO_MESSAGE)


def the_case(case: str) -> CaseRef:
    """Return the case reference of the path; what is none becomes the reference that no case has."""
    try:
        return parse_case_ref(case)
    except Malformed:
        return NO_CASE


TheMessage = Annotated[MessageId, Depends(the_message)]
TheDelivery = Annotated[DeliveryId, Depends(the_delivery)]
TheCase = Annotated[CaseRef, Depends(the_case)]


def _arrival(request: Request) -> Arrival:
    scope = request.scope
    return Arrival(
        method=request.method,
        path=scope["raw_path"].decode("latin-1"),
        query=scope["query_string"].decode("latin-1"),
        fields=Fields(scope["headers"]),
    )


def _check_length(fields: Fields, limit: int) -> None:
    announced = fields.get("content-length")
    if announced is not None and int(announced) > limit:
        raise RequestRejected("too-large")


async def _read(request: Request, limit: int) -> bytes:
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_TIMEOUT_S):
            async for chunk in request.stream():
                body += chunk
                if len(body) > limit:
                    raise RequestRejected("too-large")
    except TimeoutError:
        raise RequestRejected("too-slow") from None
    return bytes(body)


async def _spend(broker: Broker, authentic: Authentic) -> None:
    nonces = [(claim.keyid, claim.nonce, nonce_expires(claim)) for claim in authentic.claims]
    if not await broker.spend_nonces(nonces):
        raise RequestRejected("nonce-replayed", "signature-input")


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a name stands twice")
    return members


def _refuse_constant(_constant: str) -> NoReturn:
    raise ValueError("NaN and Infinity are not JSON")


def _pointer(location: tuple[int | str, ...], model: type[Body]) -> str:
    """Return the JSON pointer of `location` as far as it is made of declared names: the rest is the sender's word."""
    if not location or location[0] not in model.model_fields:
        return ""
    steps: list[int | str] = [location[0]]
    for step in location[1:]:
        if not isinstance(step, int):
            break
        steps.append(step)
    return "".join(f"/{step}" for step in steps)
