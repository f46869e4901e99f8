"""One prepared case for every error code: what provokes it for real, or why nothing outside can."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from gateway.sandbox import requests, rules, submissions
from gateway.sandbox.exchange import Exchange
from gateway.sandbox.stage import Stage

Case = Callable[[Stage], Sequence[Exchange]]

PREPARED: Final[Mapping[str, Case]] = MappingProxyType({
    "request-malformed": requests.not_http,
    "route-unknown": requests.no_route,
    "method-not-allowed": requests.other_method,
    "too-slow": requests.too_slow,
    "too-large": requests.too_large,
    "content-type-wrong": requests.other_content_type,
    "field-repeated": requests.field_twice,
    "field-invalid": requests.unknown_field,
    "authority-wrong": requests.other_host,
    "json-broken": requests.broken_json,
    "json-invalid": requests.unknown_member,
    "signature-missing": requests.not_signed,
    "signature-invalid": requests.signed_for_another_path,
    "signature-coverage": requests.not_covered,
    "signature-stale": requests.stale,
    "nonce-replayed": requests.replayed,
    "digest-missing": requests.no_digest,
    "digest-mismatch": requests.other_body,
    "key-unknown": requests.unknown_key,
    "key-revoked": requests.revoked_key,
    "officer-unknown": requests.strange_officer,
    "not-available": rules.not_available,
    "party-not-active": rules.not_active,
    "isa-not-in-force": rules.no_agreement,
    "act-not-allowed": rules.not_the_coordinator,
    "kind-not-allowed": rules.may_not_refer,
    "purpose-not-allowed": rules.no_purpose,
    "officer-required": rules.no_reader,
    "officer-not-proved": rules.not_proved,
    "share-refused": rules.not_to_be_shared,
    "recipient-revoked": rules.revoked_recipient,
    "document-invalid": submissions.unknown_answer,
    "note-invalid": submissions.no_note,
    "note-mismatch": submissions.other_idempotency,
    "kind-unknown": submissions.unknown_kind,
    "version-unknown": submissions.unknown_version,
    "exclusion-unknown": submissions.unknown_exclusion,
    "party-unknown": rules.strange_party,
    "officer-cannot-be-named": rules.keyless_officer,
    "header-invalid": rules.broken_header,
    "exclusion-leaves-nobody": submissions.nobody_left,
    "merge-conflict": rules.one_case,
    "merge-crossed": submissions.crossed,
    "basis-not-allowed": rules.no_competent_authority,
    "below-threshold": submissions.few_ticks,
    "already-corrected": submissions.corrected_twice,
    "idempotency-conflict": submissions.used_idempotency,
    "nobody-to-receive": rules.nobody_receives,
    "address-invalid": rules.no_mailbox,
    "channel-not-offered": rules.no_mail_server,
    "register-conflict": rules.stale_register,
    "revocation-leaves-nobody": rules.last_key,
    "receipt-out-of-order": rules.early_receipt,
    "store-unavailable": rules.database_of_another_version,
})  # fmt: skip
"""The case of each code: it ends with an exchange whose answer has the code."""

NOT_PREPARED: Final[Mapping[str, str]] = MappingProxyType({
    "internal": "Only a fault in the gateway itself is answered so; none is known that could be provoked.",
    "pack-too-large": "It takes thousands of messages of one case for one agency: more than this page sends.",
    "queue-unavailable": "Stops the worker alone: while RabbitMQ is down, submissions are accepted and go out later.",
    "worker-ended": "Only a fault in the worker itself is answered so, on /readyz, until the gateway has stopped.",
    "notice-not-delivered": "Meets no request: it is in the worker's log, and `marac notices show` says why.",
    "clock-unsafe": "Stops destruction alone: it is in the worker's log, and `marac retention` shows it.",
    "too-much-due": "Stops destruction alone: it is in the worker's log, and `marac retention` shows it.",
    "log-shortened": "Keeps the gateway from starting, so that it never answers a request.",
    "unsafe-settings": "Keeps the gateway from starting, so that it never answers a request.",
})  # fmt: skip
"""The codes that nothing outside can provoke, and why."""


def told(code: str) -> str:
    """Return what the case of `code` is, or why there is none, in one sentence."""
    return (inspect.getdoc(PREPARED[code]) or "") if code in PREPARED else NOT_PREPARED[code]
