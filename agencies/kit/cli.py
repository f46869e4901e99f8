"""The agencies' commands under `marac`: join, refer, sent, inbox, pull, open, status, recall, keys, audit and more."""

from collections.abc import Mapping
from typing import Annotated

import typer

from agencies.kit import (
    audit_commands,
    casework,
    excluding,
    intake,
    joining,
    key_commands,
    notices,
    packing,
    referring,
    sent,
    sharing,
    taking_back,
)
from agencies.kit.client import PURPOSE, AlreadyShown, PurposeNotAgreed, recall_of
from agencies.kit.correcting import corrections, known_manifests, received
from agencies.kit.held_elsewhere import tell_of_older_contact
from agencies.kit.home import Home, NotSaved
from agencies.kit.inbox import Item, State
from agencies.kit.readable import render
from agencies.kit.reminders import reminders
from agencies.kit.sending import STATES
from agencies.kit.service_reached import warn_of_no_service
from agencies.kit.terminal import (
    HERE,
    AsJson,
    Exit,
    KitFolder,
    PassphraseFile,
    Yes,
    answer,
    message_id,
    open_home,
    open_kit,
    say,
    stop,
    wall_clock,
    warn,
)
from agencies.names import DeliveryId, MessageId, parse_delivery_id
from agencies.notes.manifest import parse_manifest
from crypto import note as signed_note
from crypto.errors import Malformed

app = typer.Typer(no_args_is_help=True, add_completion=False, help="What an agency does with its area's broker.")
app.command("join")(joining.join)
app.command("refer")(referring.refer)
app.command("intake")(intake.intake)
app.command("sent")(sent.sent)
app.command("send")(casework.send)
app.command("exclusions")(excluding.exclusions)
app.command("pack")(packing.pack)
app.add_typer(casework.app, name="case")
app.command("lookups")(casework.lookups)
casework.app.command("share")(sharing.share)
casework.app.command("rehead")(sharing.rehead)
app.command("recall")(taking_back.recall)
app.add_typer(notices.app, name="notices")
app.command("uncollected")(notices.uncollected)
app.add_typer(key_commands.app, name="keys")
app.add_typer(audit_commands.app, name="audit")


@app.command("pull")
def pull(
    wait_s: Annotated[int, typer.Option("--wait", min=0, max=60, help="Seconds to wait for the first message.")] = 0,
    kit: KitFolder = HERE,
    passphrase_file: PassphraseFile = None,
    as_json: AsJson = False,
) -> None:
    """Collect what waits for this agency: checked, saved, and only then receipted. Nothing is opened.

    Example: marac pull --wait 20
    """
    with open_kit(kit, passphrase_file) as receiving:
        pulled = receiving.pull(wait_s=wait_s)
    members = {
        "saved": pulled.saved,
        "recalled": [notice.delivery for notice in pulled.notices],
        "failed": {delivery: error.check.value for delivery, error in pulled.failed},
    }
    answer(as_json, members, f"{len(pulled.saved)} new, {len(pulled.notices)} taken back. See them: marac inbox")
    if pulled.failed:
        delivery, error = pulled.failed[0]
        stop(f"delivery {delivery}: {error}", "nothing of it was saved; tell the coordinator", Exit.CHECK_FAILED)


@app.command("inbox")
def inbox(kit: KitFolder = HERE, as_json: AsJson = False) -> None:
    """List what was pulled and what has been taken back; asks nobody and needs no passphrase.

    Example: marac inbox
    """
    home = open_home(kit)
    with home.inbox() as box:
        items = box.items()
    corrected = corrections(received(home, (item.message for item in items)))
    rows = [_row(home, item, corrected.get(item.message)) for item in items]
    answer(
        as_json,
        {"deliveries": rows},
        "\n".join(_lines(row) for row in rows) or "Nothing here. Collect what waits: marac pull",
    )


@app.command("open")
def open_(
    delivery: Annotated[str, typer.Argument(metavar="DELIVERY", help="As `marac inbox` lists it.")],
    purpose: Annotated[str, typer.Option(help="What it is read for; a purpose of the agreement.")] = PURPOSE,
    again: Annotated[bool, typer.Option("--again", help="Read the saved copy of a message shown before.")] = False,
    kit: KitFolder = HERE,
    passphrase_file: PassphraseFile = None,
) -> None:
    """Open a delivery and print it. The broker logs who reads it and why before it gives the key.

    Example: marac open 0199f2b1-6a0b-7d0e-8a3c-5f0f4c1f2b7e
    """
    id_ = _delivery(delivery)
    with open_kit(kit, passphrase_file) as receiving:
        try:
            opened = receiving.read_again(id_) if again else receiving.open(id_, purpose)
        except AlreadyShown as shown:
            stop(str(shown), f"read the saved copy: marac open {id_} --again")
        except PurposeNotAgreed as wrong:
            stop(f"--purpose: {wrong}", f"give one of: {', '.join(wrong.purposes)}", Exit.USAGE)
        newer = corrections(known_manifests(receiving)).get(opened.manifest.message)
        if newer is not None:
            warn(f"WARNING: this is an older version; message {newer} has taken its place")
        if receiving.pending():
            warn("the receipt could not be sent yet; the next `marac pull` sends it")
        # Shown before anything more is asked for: whatever becomes of that, the message is shown only this once.
        say(render(opened.manifest.document, opened.document(), opened.facts(wall_clock().date())))
        if receiving.home.settings.party.rpartition("/")[0].endswith("/office"):
            tell_of_older_contact(receiving, opened.manifest)
            if opened.manifest.document == "referral":
                warn_of_no_service(receiving, opened.manifest.case)
        for line in reminders(receiving, opened):
            warn(line)


@app.command("status")
def status(
    message: Annotated[str, typer.Argument(metavar="MESSAGE", help="As `marac refer` answered.")],
    kit: KitFolder = HERE,
    passphrase_file: PassphraseFile = None,
    as_json: AsJson = False,
) -> None:
    """Say where a message stands that this agency sent: one state for all its recipients together.

    Example: marac status 0199f2b1-6a0b-7d0e-8a3c-5f0f4c1f2b7e
    """
    with open_kit(kit, passphrase_file) as sending:
        state = sending.status(message_id(message))
    answer(as_json, {"message": message, "state": state}, f"{state} ({STATES[state]})" if state in STATES else state)


@app.command("destroy")
def destroy(
    delivery: Annotated[str, typer.Argument(metavar="DELIVERY", help="A delivery that was taken back.")],
    retains: Annotated[bool, typer.Option("--retain", help="Keep it, under this agency's own schedule.")] = False,
    yes: Yes = False,
    kit: KitFolder = HERE,
    passphrase_file: PassphraseFile = None,
) -> None:
    """Answer a recall: destroy the saved copy and confirm it, or say that it is retained.

    Copies that were printed or put elsewhere are yours to destroy first.

    Example: marac destroy 0199f2b1-6a0b-7d0e-8a3c-5f0f4c1f2b7e
    """
    id_, outcome = _delivery(delivery), State.RETAINED if retains else State.DESTROYED
    with open_kit(kit, passphrase_file) as receiving:
        item = receiving.inbox.item(id_)
        if item is None or item.state is not State.RECALLED:
            stop("this delivery was not taken back, or was answered before", "see: marac inbox", Exit.USAGE)
        if not yes and not typer.confirm(f"Every copy of message {item.message} is dealt with?"):
            stop("nothing was done", "run it again when it is so")
        receiving.answer_recall(id_, outcome)
    say(f"Confirmed: {outcome.value.replace('_', ' ')}.")


def _row(home: Home, item: Item, corrected_by: MessageId | None) -> dict[str, str]:
    row = {"delivery": item.delivery, "message": item.message, "state": item.state.value, "about": ""}
    taken_back = recall_of(item)
    try:
        manifest = parse_manifest(signed_note.text_of(home.manifest(item.message)))
    except (NotSaved, Malformed):
        return row
    row["about"] = f"{manifest.document} of {manifest.case}, from {manifest.from_.rpartition('/')[2]}"
    if taken_back and item.state is State.RECALLED:
        row["taken_back"] = taken_back.reason
    if corrected_by is not None:
        row["corrected_by"] = corrected_by
    return row


def _lines(row: Mapping[str, str]) -> str:
    """Return what is shown of a delivery; a line is at most 80 columns wide, unless an agency's name is very long."""
    lines = [f"{row['delivery']}  {row['state']}"]
    if row["about"]:
        lines.append(f"  {row['about']}")
    if "corrected_by" in row:
        lines.append(f"  CORRECTED by message {row['corrected_by']}")
    if "taken_back" in row:
        lines += [
            f"  TAKEN BACK ({row['taken_back']}); to be destroyed and confirmed:",
            f"  marac destroy {row['delivery']}",
        ]
    return "\n".join(lines)


def _delivery(text: str) -> DeliveryId:
    try:
        return parse_delivery_id(text)
    except Malformed:
        stop("that is not a delivery's id", "see: marac inbox", Exit.USAGE)
