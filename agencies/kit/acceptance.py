"""The gateway's answer to a submission: manifests that together answer for exactly what was sent."""

from collections.abc import Sequence
from dataclasses import dataclass

from agencies.directory import Directory
from agencies.kit.compose import Composed
from agencies.kit.home import KitSettings
from agencies.kit.opening import Check, CheckFailed, check_manifest
from agencies.notes.manifest import Manifest


@dataclass(frozen=True, slots=True)
class Accepted:
    """A manifest of what this agency sent, verified, and the note it stands in."""

    manifest: Manifest
    note: str


def check_accepted(
    composed: Composed, notes: Sequence[str], directory: Directory, settings: KitSettings
) -> list[Accepted]:
    """Return the manifests if together they answer for exactly this submission.

    Raises CheckFailed: 2 if one is not the gateway's, 7 and 8 if one is about something else.
    """
    accepted = [_check_one(composed, note, directory, settings) for note in notes]
    made = [one.manifest for one in accepted]
    if [manifest.document for manifest in made] != list(composed.documents):
        raise CheckFailed(Check.NOTES_AGREE, "the gateway did not answer for exactly the documents sent")
    if len({manifest.case for manifest in made}) != 1 or len({manifest.message for manifest in made}) != len(made):
        raise CheckFailed(Check.NOTES_AGREE, "the gateway put the documents of one submission in several cases")
    return accepted


def _check_one(composed: Composed, note: str, directory: Directory, settings: KitSettings) -> Accepted:
    manifest = check_manifest(note, None, directory)
    if manifest.submission != composed.note_hash:
        raise CheckFailed(Check.SUBMISSION_HASH, "the gateway answered for another submission")
    subject = composed.subject
    stated = (manifest.area, manifest.kind, manifest.version, manifest.from_, manifest.supersedes)
    if stated != (settings.area, subject.kind, subject.version, settings.party, subject.supersedes):
        raise CheckFailed(Check.NOTES_AGREE, "the gateway answered for another area, kind or sender")
    if subject.case not in {None, manifest.case}:
        raise CheckFailed(Check.NOTES_AGREE, "the gateway put the submission in another case")
    return Accepted(manifest, note)
