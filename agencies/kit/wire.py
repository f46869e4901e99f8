"""What goes over the wire to one gateway: signed requests, strict answers, problems as exceptions, repeats."""

import json
import re
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import Final, TypeVar

import httpx2
from pydantic import ValidationError

from agencies.kit.answers import Answer
from agencies.kit.home import HomeDamaged
from agencies.kit.signing import RequestSigner

TRIES: Final = 3
PAUSES_S: Final = (0.5, 2.0)
TIMEOUT_S: Final = 30.0
MAX_ANSWER_BYTES: Final = 256 << 20  # a hundred deliveries of the largest documents are less
PLAIN: Final = {"accept-encoding": "identity"}  # a few packed bytes could be unpacked to more than there is memory

_TELEPHONE: Final = re.compile(r" Coordinator: ([^\n]{3,40})\. If life is in danger")  # in the help, where urgent

Pause = Callable[[float], None]


class Problem(Exception):
    """The gateway refused or failed; `help` says what to do next. Nothing in it is content.

    final  nothing was taken, for certain: a refusal (4xx, `retry` stated as "no") of a request that was sent once
    """

    def __init__(
        self,
        code: str,
        title: str,
        help_: str = "",
        pointer: str | None = None,
        retry: str = "no",
        *,
        final: bool = False,
    ) -> None:
        super().__init__(f"{title} ({code})")
        self.final = final
        self.code = code
        self.title = title
        self.help = help_
        self.pointer = pointer
        self.retry = retry

    @property
    def telephone(self) -> str | None:
        """The coordinator's telephone number, where the gateway stated it."""
        found = _TELEPHONE.search(self.help)
        return found.group(1) if found else None


class Unreachable(Exception):
    """The gateway did not answer, several times over: whether the last request took effect is not known."""


class Untrusted(Unreachable):
    """The gateway's certificate is not trusted here: nothing was sent by this try; `repeated` if there were others."""

    def __init__(self, *, repeated: bool = False) -> None:
        super().__init__("the gateway's certificate is not trusted here: nothing was sent")
        self.repeated = repeated


class BadAnswer(Exception):
    """The answer is not one that this gateway's contract allows."""


class _ProblemAnswer(Answer):
    code: str
    title: str
    help: str = ""
    pointer: str | None = None
    retry: str = "same"


A = TypeVar("A", bound=Answer)


class Gateway:
    """One gateway, by its address. A request that the network swallowed is sent again, the same but for its nonce."""

    def __init__(self, client: httpx2.Client, signer: RequestSigner, pause: Pause) -> None:
        self._client = client
        self._signer = signer
        self._pause = pause

    def get(self, path: str, model: type[A], fields: Mapping[str, str] | None = None) -> A:
        """Return the answer to a GET. Raises Problem, Unreachable, BadAnswer."""
        return parse_answer(self._send(self._client.build_request("GET", path, headers=dict(fields or {}))), model)

    def put(self, path: str, body: bytes, fields: Mapping[str, str]) -> None:
        """Return once a PUT was taken. Raises Problem, Unreachable."""
        typed = {"content-type": "application/json", **fields}
        self._send(self._client.build_request("PUT", path, content=body, headers=typed))

    def post(self, path: str, body: bytes | None, fields: Mapping[str, str], timeout_s: float = TIMEOUT_S) -> bytes:
        """Return the body of the answer to a POST; `fields` hold the idempotency key where there is a body.

        Raises Problem, Unreachable.
        """
        typed = {} if body is None else {"content-type": "application/json"}
        request = self._client.build_request("POST", path, content=body, headers={**typed, **fields}, timeout=timeout_s)
        return self._send(request)

    def lines(self, path: str, fields: Mapping[str, str]) -> Iterator[str]:
        """Yield the lines of a streamed answer, as they come. Raises Problem, Unreachable."""
        with self._streamed(path, fields) as response:
            yield from response.iter_lines()

    def parts(self, path: str, fields: Mapping[str, str]) -> Iterator[bytes]:
        """Yield the bytes of a streamed answer, as they come. Raises Problem, Unreachable."""
        with self._streamed(path, fields) as response:
            yield from response.iter_bytes()

    @contextmanager
    def _streamed(self, path: str, fields: Mapping[str, str]) -> Iterator[httpx2.Response]:
        request = self._client.build_request("GET", path, headers=dict(fields))
        try:
            response = self._client.send(request, auth=self._signer, stream=True)
            try:
                if response.status_code != httpx2.codes.OK:
                    raise _problem(response, _body(response))
                _check_plain(response)
                yield response
            finally:
                response.close()
        except httpx2.TransportError as error:
            check_certificate(error)
            raise Unreachable(f"the gateway did not answer to the end ({type(error).__name__})") from None

    def _send(self, request: httpx2.Request) -> bytes:
        for attempt in range(TRIES):
            try:
                response = self._client.send(request, auth=self._signer, stream=True)
                try:
                    body = _body(response)
                finally:
                    response.close()
            except httpx2.TransportError as error:
                check_certificate(error, repeated=attempt > 0)
                last = type(error).__name__
            else:
                if response.is_success:
                    return body
                raise _problem(response, body, repeated=attempt > 0)
            if attempt < len(PAUSES_S):
                self._pause(PAUSES_S[attempt])
        raise Unreachable(f"the gateway did not answer ({last})")


def plain_get(url: str, ca_file: str | None) -> bytes:
    """Return what an address answers to a GET that nobody signed. Raises BadAnswer, HomeDamaged, and as httpx2 does."""
    trusted = trusting(ca_file)
    with httpx2.stream("GET", url, headers=PLAIN, timeout=TIMEOUT_S, trust_env=False, verify=trusted) as response:
        return _body(response)


def client(url: str, ca_file: str | None) -> httpx2.Client:
    """Return a connection to the gateway: no proxy or netrc of the environment's, it goes where the settings say.

    Raises HomeDamaged as `trusting` does.
    """
    return httpx2.Client(
        base_url=url,
        headers=PLAIN,
        verify=trusting(ca_file),
        timeout=TIMEOUT_S,
        trust_env=False,
        follow_redirects=False,
    )


def trusting(ca_file: str | None) -> ssl.SSLContext:
    """Return what the gateway's certificate is checked by: the authorities in `ca_file`, None for the system's.

    Raises HomeDamaged if the file cannot be read.
    """
    if ca_file is None:
        return _systems_authorities()
    try:
        return ssl.create_default_context(cafile=ca_file)
    except OSError:
        raise HomeDamaged("the certificates that kit.json names as ca_file cannot be read") from None


@cache
def _systems_authorities() -> ssl.SSLContext:
    """Return the system's authorities, read once a process: it takes tens of milliseconds."""
    return ssl.create_default_context()


def check_certificate(error: BaseException, *, repeated: bool = False) -> None:
    """Return only if the connection failed for another reason than the certificate. Raises Untrusted."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            raise Untrusted(repeated=repeated) from None
        cause = cause.__cause__ or cause.__context__


def parse_answer(body: bytes, model: type[A]) -> A:
    """Return the answer that `body` holds. Raises BadAnswer, which repeats nothing of it."""
    try:
        return model.model_validate_json(body)
    except ValidationError:
        pass  # raised outside of the handler: the error would carry the answer's content as its context
    raise BadAnswer("the gateway's answer is not one that this kit knows: a newer kit may be needed")


def encode_body(members: Mapping[str, object]) -> bytes:
    """Return a request's JSON body."""
    return json.dumps(members, ensure_ascii=False, separators=(",", ":")).encode()


def _check_plain(response: httpx2.Response) -> None:
    """Return only if the answer's bytes are what is read. Raises BadAnswer."""
    if response.headers.get("content-encoding", "identity").strip().lower() != "identity":
        raise BadAnswer("the gateway's answer is packed, and this kit asked for a plain one")


def _body(response: httpx2.Response) -> bytes:
    """Return all of an answer that is streamed. Raises BadAnswer if it is packed or larger than any answer is."""
    _check_plain(response)
    body = bytearray()
    for part in response.iter_raw():
        body += part
        if len(body) > MAX_ANSWER_BYTES:
            raise BadAnswer("the gateway's answer is larger than any of its answers may be")
    return bytes(body)


def _problem(response: httpx2.Response, body: bytes, *, repeated: bool = False) -> Problem:
    try:
        stated = _ProblemAnswer.model_validate_json(body)
    except ValidationError:
        stated = None
    if stated is None:
        fact = f"the gateway answered with status {response.status_code} and no explanation"
        return Problem("unknown", fact, retry="same")
    final = response.is_client_error and stated.retry == "no" and not repeated
    return Problem(stated.code, stated.title, stated.help, stated.pointer, stated.retry, final=final)
