"""The one table from a stable error code to what HTTP answers: status, title, meaning, whether to retry, what to do."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

from broker.errors import BrokerError, Refused
from broker.need_to_know import NOT_AVAILABLE

Retry = Literal["no", "same", "later"]
"""no: refused again until changed. same: may go again at once, signed anew. later: wait, then the same again."""

EMERGENCY: Final = "If life is in danger, call 999."
_ASK: Final = "Ask the MARAC coordinator."
_SIGN: Final = "See the signing example in gateway/signing.md, and sign again."
_LATER: Final = "Send the same again in a minute, with the same idempotency id: it cannot be taken twice."


@dataclass(frozen=True, slots=True)
class Meaning:
    """What one code means to who receives it; the same for everybody, safe to publish."""

    status: int
    title: str
    meaning: str
    retry: Retry
    help: str


class RequestRejected(BrokerError):
    """The gateway refuses a request before the broker sees it; `public` is the code that the caller is shown."""

    def __init__(self, public: str, pointer: str | None = None) -> None:
        super().__init__(public, pointer)
        self.public = public


def code_of(error: BrokerError) -> str:
    """Return the code the caller is shown; one that the table lacks is `internal` and betrays nothing."""
    code = error.public if isinstance(error, Refused | RequestRejected) else error.code
    return code if code in CATALOGUE else BrokerError.code


_HTTP: Final = {
    "request-malformed": Meaning(
        400, "Not an HTTP request", "The bytes are not HTTP/1.1, or the head is larger than 32 KiB.", "no",
        "Check what stands between you and the gateway."),
    "route-unknown": Meaning(
        404, "No such route", "The gateway has no route with this path.", "no",
        "Compare the path with /openapi.json."),
    "method-not-allowed": Meaning(
        405, "Method not allowed", "The route exists, but not with this method.", "no",
        "Use a method that the Allow field names."),
    "too-slow": Meaning(
        408, "Body too slow", "The body did not arrive within 30 seconds.", "same",
        "Check the connection and send the same again."),
    "too-large": Meaning(
        413, "Too large", "The body is larger than the route takes; it was not read to its end.", "no",
        "Send less: a document's limits are in agencies/README.md."),
    "content-type-wrong": Meaning(
        415, "Wrong content type", "A body must be application/json, without parameters.", "no",
        "Set content-type to application/json and sign again."),
    "field-repeated": Meaning(
        400, "Field repeated", "A field that the gateway reads stands twice in the request.", "no",
        "Send each field once; the pointer names it."),
    "field-invalid": Meaning(
        400, "Field invalid", "A request field has a value, or a name, that the gateway does not know.", "no",
        "Correct the field that the pointer names, and sign again."),
    "authority-wrong": Meaning(
        421, "Wrong authority", "The Host field is not this area's name.", "no",
        "Set Host to the area's name, whatever address you connect to."),
    "json-broken": Meaning(
        400, "Broken JSON", "The body is not one JSON value in UTF-8, or a name stands twice in an object.", "no",
        "Correct the JSON and sign again."),
    "json-invalid": Meaning(
        422, "Unexpected JSON", "The body lacks a member, has one too many, or one of another type.", "no",
        "Correct the place that the pointer names; /openapi.json has the schema."),
    "internal": Meaning(
        500, "Internal error", "The gateway failed; what went wrong is in its own log, without content.", "later",
        "Send the same again in a minute, with the same idempotency id; give the request id if it stays."),
}  # fmt: skip

_SIGNING: Final = {
    "signature-missing": Meaning(
        401, "Not signed", "Every route but the public ones needs a signature labelled agency.", "no", _SIGN),
    "signature-invalid": Meaning(
        401, "Signature invalid", "The signature fields are malformed, unexpected, or do not verify.", "no", _SIGN),
    "signature-coverage": Meaning(
        401, "Signature covers too little", "The signatures cover less, or other, than the gateway asks.", "no",
        "Cover the component that the pointer names, and sign again."),
    "signature-stale": Meaning(
        401, "Signature too old or too new", "The signature was created over 300 s ago, or over 5 s ahead.", "same",
        "Set your clock by server_time and sign again."),
    "nonce-replayed": Meaning(
        401, "Nonce used before", "A request with this nonce and key has arrived before.", "same",
        "Sign again with a fresh nonce and the same idempotency id."),
    "digest-missing": Meaning(
        400, "No digest", "A request with a body needs a Content-Digest with sha-256.", "no", _SIGN),
    "digest-mismatch": Meaning(
        400, "Digest does not match", "The body is not the one that was signed.", "same",
        "Sign the bytes as they are sent; if they were, somebody changed them on the way: tell the coordinator."),
    "key-unknown": Meaning(
        401, "Key unknown", "The register lists no such key for this label that is in force now.", "no",
        "Check the keyid; a new or rotated key must be in the register first. " + _ASK),
    "key-revoked": Meaning(
        401, "Key revoked", "The key was taken out of use.", "no",
        "Sign with another key that the register lists. " + _ASK),
    "officer-unknown": Meaning(
        403, "Officer unknown", "The officer named, or who signed as officer, is not an active one of this agency.",
        "no", "Check the officer's id. " + _ASK),
}  # fmt: skip

_NEED_TO_KNOW: Final = {
    NOT_AVAILABLE: Meaning(
        404, "Not available", "There is nothing here that this agency may see. Why is never said.", "no", _ASK),
    "party-not-active": Meaning(
        403, "Not active", "The register does not list this agency as active now.", "no", _ASK),
    "isa-not-in-force": Meaning(
        403, "No agreement in force", "This agency has no Information Sharing Agreement in force.", "no",
        "Have the agreement signed, then send the same again. " + _ASK),
    "act-not-allowed": Meaning(
        403, "Not for this agency", "This is for the coordinator's office, or for who checks compliance.", "no", _ASK),
    "kind-not-allowed": Meaning(
        403, "Kind not allowed", "This agency may not send messages of this kind.", "no",
        "What CAFCASS would refer goes through children's social care, or the coordinator takes it in by telephone. "
        + _ASK),
    "purpose-not-allowed": Meaning(
        403, "Purpose not allowed", "The purpose is missing, or the agreement does not name it for this.", "no",
        "Name a purpose of the agreement in marac-purpose, or in the submission note."),
    "officer-required": Meaning(
        403, "No reader named", "A message is opened by a named officer, never by an agency at large.", "no",
        "Name the officer in marac-officer and sign again."),
    "officer-not-proved": Meaning(
        403, "Officer not proved", "The officer's own signature is asked for: by this area, or by a closed case.", "no",
        "Add the second signature, labelled officer, by the officer's own key (`marac keys officer --with-key`)."),
    "share-refused": Meaning(
        409, "Not to be shared", "Its recipient may not have this message now: not active, no agreement, kept out of "
        "the case, too small a part in it, no named officer in a closed one; or taken back or corrected.", "no",
        "See `marac case show`; what part it has is recorded with `marac case relate`."),
    "pack-too-large": Meaning(
        409, "Too large for a pack", "The case has more, or larger, messages for you than a pack may hold.", "no",
        "Open its messages one by one: `marac inbox`, `marac open`."),
    "recipient-revoked": Meaning(
        403, "Recipient revoked", "The message was sealed to a key that has been revoked since.", "no",
        "Ask the MARAC coordinator to have the message sealed to a key in force. The coordinator's office itself: "
        "deploy/README.md, section 6, says with whose and which keys it opens."),
}  # fmt: skip

_SUBMITTING: Final = {
    "document-invalid": Meaning(
        422, "Document invalid", "A document does not fit its kind.", "no",
        "Correct the field that the pointer names, sign a new submission note, and send that."),
    "note-invalid": Meaning(
        422, "Note invalid", "A signed note is malformed, or not signed by whom it must be.", "no",
        "Make the note as formats.md says, sign it, and send that."),
    "note-mismatch": Meaning(
        422, "Note does not match", "The note is sound but speaks of something else than this request.", "no",
        "Make area, sender, kind, idempotency id and hashes agree with the request."),
    "kind-unknown": Meaning(
        422, "Kind unknown", "The broker does not know this kind, or not on this route.", "no",
        "Use the route of the kind; /openapi.json lists them."),
    "version-unknown": Meaning(
        422, "Version unknown", "The broker knows the kind, not this version of it.", "no",
        "Send a version that the broker knows."),
    "exclusion-unknown": Meaning(
        422, "Exclusion unknown", "An exclusion names who is not in the register.", "no",
        "Use ids from the register. " + _ASK),
    "party-unknown": Meaning(
        422, "Not an agency that takes part", "Who is named is not in the register, or cannot take part in a case.",
        "no", "Take its id from `marac register list`."),
    "officer-cannot-be-named": Meaning(
        422, "Cannot be named", "The officer is not active with keys of their own, is kept out of the case, or is one"
        " more of an agency than a header can carry.", "no",
        "Check the id (`marac register list --officers`); keys are made with `marac keys officer --with-key`."),
    "header-invalid": Meaning(
        422, "Header invalid", "It is no age header, or not made for exactly the recipient's keys of now.", "no",
        "Fetch the register, make the header for the keys that it lists, in their order, and send that."),
    "exclusion-leaves-nobody": Meaning(
        422, "Nobody could act", "The exclusions leave nobody at the coordinator's office who can act on the case.",
        "no", "Check the ids. If they are right, telephone the MARAC coordinator before anything is sent."),
    "merge-conflict": Meaning(
        409, "Not two cases, or not one", "They are one case already; or, to be split, they are two.", "no",
        "Look at both: `marac case show`."),
    "merge-crossed": Meaning(
        409, "Victim and perpetrator", "The victim of one is a perpetrator of the other: one case would tell each.",
        "no", "Link them: `marac case link`. If they are one case all the same: `marac case decide --same` first."),
    "basis-not-allowed": Meaning(
        422, "Not on this basis", "Only competent authorities take part under part 3 of the Data Protection Act 2018.",
        "no", "Leave the basis out, or give one of the UK GDPR."),
    "below-threshold": Meaning(
        422, "Below the threshold", "The checklist's score is below the area's threshold, with no other ground named.",
        "no", "Refer on professional judgement, escalation or repeat, or speak to the coordinator."),
    "already-corrected": Meaning(
        409, "Corrected before", "Another message has taken the place of this one already.", "no",
        "Correct the newest version; if you did not send it, ask the MARAC coordinator."),
    "idempotency-conflict": Meaning(
        409, "Idempotency id used before", "The idempotency id was used with another submission note.", "no",
        "Use a fresh id for a new submission; send the same note to repeat the old one."),
    "nobody-to-receive": Meaning(
        409, "Nobody could open it", "No recipient with a valid key is left; nothing was accepted.", "later",
        "Call the coordinator now; send the same again when the keys are in order."),
}  # fmt: skip

_KEEPING: Final = {
    "register-conflict": Meaning(
        409, "Does not follow", "The register or delegation does not follow the newest one held.", "no",
        "Fetch the newest one, build on it, sign and send again."),
    "revocation-leaves-nobody": Meaning(
        422, "The office's last key", "The coordinator's office has no other such key; the registrar alone revokes it.",
        "no", "Enter a new key first. If the last one is stolen: deploy/README.md, The coordinator's key."),
    "receipt-out-of-order": Meaning(
        409, "Receipt out of order", "This state cannot follow what is recorded for the delivery.", "no",
        "Nothing, if the receipt was sent before; otherwise send the earlier state first."),
    "store-unavailable": Meaning(
        503, "Database unavailable", "The database does not answer.", "later", _LATER),
    "queue-unavailable": Meaning(
        503, "Queue unavailable", "The message queue does not answer; what was accepted waits.", "later", _LATER),
    "worker-ended": Meaning(
        503, "Worker ended", "The worker in this process met a fault that nobody foresaw; the gateway stops.", "later",
        "Ask again in a minute: another process is started in its place."),
    "address-invalid": Meaning(
        422, "Address invalid", "An address for notices is not a plain mailbox, or not a plain https address.", "no",
        "Give a role mailbox, or https://host/path without user, password or query."),
    "channel-not-offered": Meaning(
        422, "Not offered here", "This area sends no notices in this way.", "no",
        "Leave it out, and look for messages yourself; or ask the area's operator for it."),
    "notice-not-delivered": Meaning(
        503, "Notice not delivered", "A mail server or webhook did not take a notice; it is tried again.", "later",
        "See why with `marac notices show`, and set an address that works."),
    "clock-unsafe": Meaning(
        503, "Clock not trusted", "A clock is wrong, so nothing is scheduled for destruction, or destroyed.", "later",
        "The operator must set the clocks of gateway, worker and database right (NTP), and restart them."),
    "too-much-due": Meaning(
        503, "Too much due at once", "Many cases are due at once: none is scheduled for destruction, or destroyed.",
        "later", "The operator must look through them (`marac retention preview`), and answer for it by hand."),
    "log-shortened": Meaning(
        503, "Audit log not fit", "The audit log is shorter than one already published; nothing is served.", "later",
        "Call the coordinator: the log must be restored first."),
    "unsafe-settings": Meaning(
        503, "Unsafe settings", "A setting would make the service unsafe; it does not start.", "later",
        "The operator must correct the settings."),
}  # fmt: skip

CATALOGUE: Final[Mapping[str, Meaning]] = MappingProxyType(
    {**_HTTP, **_SIGNING, **_NEED_TO_KNOW, **_SUBMITTING, **_KEEPING}
)
