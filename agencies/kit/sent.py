"""`marac sent`: what was sent from this folder, and what of it got no answer."""

from collections.abc import Mapping

from agencies.kit.correcting import corrections
from agencies.kit.outbox import Outbox
from agencies.kit.terminal import HERE, AsJson, KitFolder, answer, open_home
from agencies.names import instant_of
from agencies.notes.manifest import parse_manifest
from agencies.notes.text import encode_time
from crypto import note as signed_note


def sent(kit: KitFolder = HERE, as_json: AsJson = False) -> None:
    """List what was sent from here, with the ids to ask for it or to take it back; asks nobody.

    Example: marac sent
    """
    with open_home(kit).outbox() as outbox:
        waiting = [{"id": id_, "at": encode_time(instant_of(id_))} for id_ in outbox.unanswered()]
        taken = _taken(outbox)
    lines = [_line(one) for one in taken]
    for one in waiting:
        lines += [f"{one['at']}  NO ANSWER; it may not have arrived. Send it again: marac refer --unanswered"]
        lines += [f"  or give it up, if the coordinator has it: marac refer --discard {one['id']}"]
    answer(as_json, {"sent": taken, "unanswered": waiting}, "\n".join(lines) or "Nothing was sent from here.")


def _taken(outbox: Outbox) -> list[dict[str, str]]:
    made = [parse_manifest(signed_note.text_of(note)) for note in outbox.manifests()]
    corrected = corrections(made)
    return [
        {"at": encode_time(one.accepted), "case": one.case, "document": one.document, "message": one.message}
        | ({"corrected_by": corrected[one.message]} if one.message in corrected else {})
        for one in made
    ]


def _line(one: Mapping[str, str]) -> str:
    line = f"{one['at']}  {one['case']}  {one['document']:<13} {one['message']}"
    return f"{line}\n  CORRECTED by message {one['corrected_by']}" if "corrected_by" in one else line
