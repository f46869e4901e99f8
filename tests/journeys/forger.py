"""What a dishonest gateway can do: it holds the gateway's key and the database, and none of the agencies' keys."""

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import replace

from agencies.kit.opening import CheckFailed, Opened
from agencies.names import MessageId
from agencies.notes.manifest import Manifest, parse_manifest
from crypto import age
from crypto import note as signed_note
from crypto.note import hash_bytes
from tests.journeys.world import World


class Forger:
    """Rewrites what the gateway of an embedded world keeps, row by row, and signs anew with the gateway's key."""

    def __init__(self, world: World) -> None:
        self._world = world

    def execute(self, statement: str, *values: object) -> int:
        """Return how many rows `statement` changed; committed."""
        with closing(sqlite3.connect(self._world.database_file, timeout=10)) as database, database:
            return database.execute(statement, values).rowcount

    def value(self, statement: str, *values: object) -> object:
        """Return the one value that `statement` selects."""
        with closing(sqlite3.connect(self._world.database_file, timeout=10)) as database:
            return database.execute(statement, values).fetchone()[0]

    def manifest(self, message: MessageId) -> Manifest:
        """Return the manifest that the gateway keeps."""
        note = str(self.value("SELECT manifest FROM messages WHERE id = ?", message))
        return parse_manifest(signed_note.text_of(note))

    def signs(self, message: MessageId, manifest: Manifest) -> None:
        """The gateway answers for this message with another manifest, truly signed."""
        note = signed_note.sign(manifest.encode(), [self._world.area.gateway])
        assert self.execute("UPDATE messages SET manifest = ? WHERE id = ?", note, message) == 1

    def serves(self, message: MessageId, payload: bytes) -> None:
        """The gateway gives out another payload."""
        assert self.execute("UPDATE payloads SET payload = ? WHERE message = ?", payload, message) == 1

    def vouches_for(self, message: MessageId, payload: bytes, **changes: object) -> None:
        """The gateway gives out another payload, under a manifest that names it; `changes` to the manifest as well."""
        named: Mapping[str, object] = {"payload_hash": hash_bytes(payload), "payload_length": len(payload), **changes}
        self.serves(message, payload)
        self.signs(message, replace(self.manifest(message), **named))  # type: ignore[arg-type]

    def seals(self, message: MessageId, short: str, plaintext: bytes, **changes: object) -> None:
        """The gateway seals `plaintext` to a member and vouches for it."""
        sealed = age.seal(plaintext)
        recipients = [identity.recipient() for identity in self._world.area.members[short].keyring.identities]
        header = sealed.header_for(recipients)
        self.execute(
            "UPDATE headers SET header = ?"
            " WHERE delivery IN (SELECT id FROM deliveries WHERE message = ? AND recipient = ?)",
            header,
            message,
            self._world.party(short),
        )
        self.vouches_for(message, sealed.payload, **changes)


def opened_or_failed(world: World, short: str) -> dict[str, Opened | CheckFailed]:
    """Return, by message, what a member's kit made of all that it was given: opened, or the check that failed."""
    kit = world.kit(short)
    made: dict[str, Opened | CheckFailed] = {}
    pulled = kit.pull(wait_s=2)
    inbox = {item.delivery: item.message for item in kit.inbox.items()}
    for delivery, failure in pulled.failed:
        made[inbox[delivery]] = failure
    for delivery in pulled.saved:
        try:
            made[inbox[delivery]] = kit.open(delivery)
        except CheckFailed as failure:
            made[inbox[delivery]] = failure
    return made
