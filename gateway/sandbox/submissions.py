"""Prepared cases of submissions: what the broker refuses in a note or in a document, before anything is kept."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace

from agencies.documents.exclusions import ExcludedAgency, ExcludedOfficer, Exclusions
from agencies.documents.grounds import VisibleHighRisk
from agencies.documents.person import Perpetrator, Victim
from agencies.kit import forms
from agencies.kit.compose import Composed
from agencies.notes.submission import Submission, parse_submission
from crypto import note as signed_note
from crypto.note import hash_text, text_of
from gateway.made_up import AREA
from gateway.sandbox.exchange import Exchange, post
from gateway.sandbox.stage import Stage, done, first_manifest


def unknown_answer(stage: Stage) -> Sequence[Exchange]:
    """A document has a member that its kind does not declare; the pointer names the document."""
    composed = stage.compose("rivermead")
    referral = json.loads(composed.documents["referral"])
    documents = {**composed.documents, "referral": json.dumps({**referral, "favourite_colour": "blue"})}
    hashes = tuple((name, hash_text(text)) for name, text in documents.items())
    changed = _resigned(stage, replace(composed, documents=documents), lambda note: replace(note, documents=hashes))
    return [stage.submit("`favourite_colour` is no field of a referral.", "rivermead", changed)]


def no_note(stage: Stage) -> Sequence[Exchange]:
    """What should be a signed note is none."""
    body = {"note": "made up", "documents": {}}
    return [stage.post("Two words in place of a note.", "rivermead", "/v1/referrals", body)]


def other_idempotency(stage: Stage) -> Sequence[Exchange]:
    """The note is sound and was made for another request."""
    draft = post("/v1/referrals", stage.compose("rivermead").body(), stage.clock())
    return [stage.send("The request has another idempotency id.", stage.sign(draft, "rivermead"))]


def unknown_kind(stage: Stage) -> Sequence[Exchange]:
    """The note names a kind that there is not."""
    return [_submit_changed(stage, "A kind that nobody knows.", lambda note: replace(note, kind="gossip"))]


def unknown_version(stage: Stage) -> Sequence[Exchange]:
    """The note names a version that there is not yet."""
    return [_submit_changed(stage, "A referral of a later version.", lambda note: replace(note, version="9.0"))]


def corrected_twice(stage: Stage) -> Sequence[Exchange]:
    """A referral is corrected, and then the first version of it again: two would be believed to be the newest."""
    first = stage.submit("Rivermead refers.", "rivermead", stage.compose("rivermead"))
    body = first_manifest(done(first))
    correction = [stage.compose_correction("rivermead", body) for _ in range(2)]
    return [
        first,
        stage.submit("It corrects the referral.", "rivermead", correction[0]),
        stage.submit("It corrects the first version, not the newest.", "rivermead", correction[1]),
    ]


def unknown_exclusion(stage: Stage) -> Sequence[Exchange]:
    """An agency is excluded that the register does not know: a misprint here could cost a life, so it is refused."""
    stranger = ExcludedAgency(agency=f"{AREA}/agency/nowhere")
    composed = stage.compose("rivermead", exclusions=Exclusions(agencies=(stranger,)))
    return [stage.submit("It excludes an agency that is not in this area.", "rivermead", composed)]


def nobody_left(stage: Stage) -> Sequence[Exchange]:
    """The coordinator's only officer is excluded: nobody would be left to act on the case, or to lift a mistake."""
    only = ExcludedOfficer(officer=str(stage.member("coordinator").home.settings.officer))
    composed = stage.compose("rivermead", exclusions=Exclusions(officers=(only,)))
    return [stage.submit("It excludes the only officer of the coordinator's office.", "rivermead", composed)]


def few_ticks(stage: Stage) -> Sequence[Exchange]:
    """The only ground is the checklist, and 8 ticks are fewer than the area's 17."""
    referral = forms.parse_form(forms.example()).referral.model_copy(update={"grounds": (VisibleHighRisk(),)})
    composed = stage.compose("rivermead", referral=referral)
    return [stage.submit("The same on professional judgement would be accepted.", "rivermead", composed)]


def crossed(stage: Stage) -> Sequence[Exchange]:
    """The victim of one referral is the perpetrator of another: as one case each would show what was said of them."""
    referral = forms.parse_form(forms.example()).referral
    him = referral.perpetrators[0]
    as_victim = {
        "victim": Victim(name=him.name, date_of_birth=him.date_of_birth),
        "perpetrators": (Perpetrator(name="Jo Imaginary"),),
    }
    sent = [
        stage.submit("Rivermead refers.", "rivermead", stage.compose("rivermead")),
        stage.submit(
            "Its perpetrator is referred as a victim.",
            "rivermead",
            stage.compose("rivermead", referral=referral.model_copy(update=as_victim)),
        ),
    ]
    one, other = (first_manifest(done(each)).case for each in sent)
    return [*sent, stage.post("They are merged.", "coordinator", f"/v1/cases/{one}/merge", {"other": other})]


def used_idempotency(stage: Stage) -> Sequence[Exchange]:
    """An idempotency id comes again with another submission."""
    used = stage.kept().composed.idempotency
    composed = replace(stage.compose("rivermead"), idempotency=used)
    changed = _resigned(stage, composed, lambda note: replace(note, idempotency=used))
    return [stage.submit("A new referral under the id of an earlier one.", "rivermead", changed)]


def _submit_changed(stage: Stage, what: str, change: Callable[[Submission], Submission]) -> Exchange:
    return stage.submit(what, "rivermead", _resigned(stage, stage.compose("rivermead"), change))


def _resigned(stage: Stage, composed: Composed, change: Callable[[Submission], Submission]) -> Composed:
    """Return the submission with its note changed and truly signed again."""
    member = stage.member("rivermead")
    text = change(parse_submission(text_of(composed.note))).encode()
    return replace(composed, note=signed_note.sign(text, member.keyring.author(member.home.settings).keys))
