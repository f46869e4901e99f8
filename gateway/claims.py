"""What the signatures of a request claim, parsed strictly: formats.md, section 3. Nothing here is verified yet."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import http_sf

from gateway.errors import RequestRejected

AGENCY: Final = "agency"
OFFICER: Final = "officer"
TAG: Final = "marac/v1"
ALGORITHM: Final = "ed25519"
_LABELS: Final = ({AGENCY}, {AGENCY, OFFICER})
_PARAMETERS: Final = {"created": int, "nonce": str, "keyid": str, "alg": str, "tag": str}
_NONCE: Final = re.compile(r"[A-Za-z0-9_-]{22}")
_SIGNATURE_BYTES: Final = 64
_FIELD_BYTES: Final = 2048  # two signatures with the longest names take half of it; parsing is asked for by anybody


@dataclass(frozen=True, slots=True)
class Claim:
    """One signature's own account of itself: created in seconds since 1970, covered without parameters."""

    label: str
    covered: tuple[str, ...]
    created: int
    nonce: str
    keyid: str


def parse_claims(signature_input: str | None, signature: str | None) -> Sequence[Claim]:
    """Return the claim of the agency and, where there is one, of the officer, in this order.

    Raises RequestRejected: signature-missing; signature-invalid for any other label, parameter or form.
    Source: RFC 9421, section 4; RFC 9651.
    """
    if signature_input is None or signature is None:
        raise RequestRejected("signature-missing")
    inputs, signatures = _parse_dictionary(signature_input), _parse_dictionary(signature)
    if set(inputs) not in _LABELS or set(signatures) != set(inputs):
        raise RequestRejected("signature-invalid", "signature-input")
    for value, parameters in signatures.values():
        if not isinstance(value, bytes) or len(value) != _SIGNATURE_BYTES or parameters:
            raise RequestRejected("signature-invalid", "signature")
    return [_claim(label, *inputs[label]) for label in (AGENCY, OFFICER) if label in inputs]


def _claim(label: str, components: object, parameters: Mapping[str, object]) -> Claim:
    if set(parameters) != set(_PARAMETERS):
        raise RequestRejected("signature-invalid", "signature-input")
    if any(type(parameters[name]) is not type_ for name, type_ in _PARAMETERS.items()):
        raise RequestRejected("signature-invalid", "signature-input")
    nonce, created = str(parameters["nonce"]), parameters["created"]
    wrong = parameters["alg"] != ALGORITHM or parameters["tag"] != TAG or not _NONCE.fullmatch(nonce)
    if wrong or not isinstance(created, int):
        raise RequestRejected("signature-invalid", "signature-input")
    return Claim(label, _parse_components(components), created, nonce, str(parameters["keyid"]))


def _parse_components(components: object) -> tuple[str, ...]:
    if not isinstance(components, list):
        raise RequestRejected("signature-invalid", "signature-input")
    names = []
    for name, parameters in components:
        # A component with a parameter (`;req`, `;bs`, `;key`) would cover something else than its name says.
        if type(name) is not str or parameters:
            raise RequestRejected("signature-coverage", "signature-input")
        names.append(name)
    return tuple(names)


def _parse_dictionary(field: str) -> Mapping[str, tuple[object, Mapping[str, object]]]:
    if len(field) > _FIELD_BYTES:
        raise RequestRejected("signature-invalid", "signature-input")
    try:
        parsed = http_sf.parse(field.encode("ascii"), tltype="dictionary", on_duplicate_key=_refuse_duplicate)
    except ValueError:
        raise RequestRejected("signature-invalid", "signature-input") from None
    if not isinstance(parsed, dict):
        raise RequestRejected("signature-invalid", "signature-input")
    members: dict[str, tuple[object, Mapping[str, object]]] = {}
    for label, member in parsed.items():
        if not isinstance(member, tuple) or not isinstance(member[1], dict):
            raise RequestRejected("signature-invalid", "signature-input")
        members[label] = (member[0], member[1])
    return members


def _refuse_duplicate(_key: str, _context: str) -> None:
    raise ValueError("a label or parameter stands twice")
