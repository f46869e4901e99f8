"""The audit log's entries, tiles and state row, in SQL."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from sqlalchemy import bindparam, select, update

from agencies.names import CaseRef, EntryId
from agencies.notes.leaf import leaf
from broker.audit import Entry
from broker.records import LoggedEntry, LogState
from broker.store import tables
from broker.store.transaction import AnyRow, Transaction
from crypto.draw import draw_salt

_ENTRIES_A_PAGE = 500


class SqlLog:
    """The audit log: entries in the transaction of their effect, leaves in tiles; see ports.Log."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def append(self, *entries: Entry) -> None:
        """Append entries, each with a fresh salt and its leaf; they get their index from the sequencer."""
        await self._transaction.run(tables.entries.insert(), [_new_row(entry) for entry in entries])

    async def unsequenced(self, limit: int) -> Sequence[LoggedEntry]:
        """Return the oldest entries without an index."""
        entries = tables.entries.c
        # By having no index, never by a number passed: an entry that commits late is still found.
        query = select(tables.entries).where(entries.position.is_(None)).order_by(entries.number).limit(limit)
        return [_logged(row) for row in await self._transaction.rows(query)]

    async def state(self) -> LogState:
        """Return the log's state row."""
        row = await self._transaction.row(select(tables.log_state))
        return LogState(0, None) if row is None else LogState(row.size, row.checkpoint)

    async def tile(self, level: int, index: int) -> bytes | None:
        """Return a hash tile as last written (full or partial), or None."""
        tiles = tables.tiles.c
        found: bytes | None = await self._transaction.value(
            select(tiles.hashes).where(tiles.level == level, tiles.position == index)
        )
        return found

    async def advance(self, old: LogState, new: LogState, tiles: Mapping[tuple[int, int], bytes]) -> bool:
        """Compare and swap the state row from `old` to `new` and write `tiles`; False if another was faster."""
        state = tables.log_state.c
        first = self._transaction.upsert(tables.log_state).values(one=1, size=0, checkpoint=None)
        await self._transaction.run(first.on_conflict_do_nothing())
        # On PostgreSQL a second sequencer waits here for the first one's commit, and then finds another row than `old`.
        swap = (
            update(tables.log_state)
            .where(state.size == old.size, state.checkpoint.is_not_distinct_from(old.checkpoint))
            .values(size=new.size, checkpoint=new.checkpoint)
        )
        if await self._transaction.run(swap) != 1:
            return False
        insert = self._transaction.upsert(tables.tiles)
        write = insert.on_conflict_do_update(
            index_elements=["level", "position"], set_={"hashes": insert.excluded.hashes}
        )
        await self._transaction.run(
            write,
            [{"level": level, "position": index, "hashes": hashes} for (level, index), hashes in tiles.items()],
        )
        return True

    async def index(self, entries: Sequence[EntryId], first: int) -> None:
        """Give the entries the indexes `first`, `first + 1`, ..."""
        rows = [{"entry": entry, "new": position} for position, entry in enumerate(entries, first)]
        numbered = (
            update(tables.entries).where(tables.entries.c.id == bindparam("entry")).values(position=bindparam("new"))
        )
        await self._transaction.run(numbered, rows)

    async def entries(self, first: int, end: int) -> Sequence[LoggedEntry]:
        """Return the sequenced entries with first <= index < end, in order."""
        entries = tables.entries.c
        query = select(tables.entries).where(entries.position >= first, entries.position < end)
        return [_logged(row) for row in await self._transaction.rows(query.order_by(entries.position))]

    async def expire(self, case: CaseRef, at: datetime, withheld_from: Sequence[str]) -> None:
        """Set when the entries about a destroyed case are to be destroyed in their turn, and who may not see them."""
        about = update(tables.entries).where(tables.entries.c.case == case)
        await self._transaction.run(about.values(expires_at=at, withheld_from=list(withheld_from)))

    async def newest_at(self) -> datetime | None:
        """Return when the newest entry was made, or None before the first; known also once it is destroyed."""
        entries = tables.entries.c
        # By number, not by time: entries of a clock that ran ahead and was put right must not bar destruction for ever.
        newest: str | None = await self._transaction.value(select(entries.id).order_by(entries.number.desc()).limit(1))
        return None if newest is None else _made_at(newest)

    async def sweep(self, now: datetime, limit: int) -> int:
        """Destroy entry and salt (the leaf stays) of sequenced entries whose time has come; return how many."""
        entries = tables.entries.c
        due = (
            select(entries.number)
            .where(entries.expires_at <= now, entries.position.is_not(None))
            .order_by(entries.number)
            .limit(limit)
        )
        emptied = {
            "case": None,
            "event": None,
            "encoded": None,
            "salt": None,
            "withheld_from": None,
            "expires_at": None,
        }
        return await self._transaction.run(update(tables.entries).where(entries.number.in_(due)).values(**emptied))

    async def entry_of(self, case: CaseRef, event: str) -> LoggedEntry | None:
        """Return the newest entry of this event about the case, or None."""
        entries = tables.entries.c
        query = select(tables.entries).where(entries.case == case, entries.event == event)
        row = await self._transaction.row(query.order_by(entries.number.desc()).limit(1))
        return None if row is None else _logged(row)


def _made_at(entry: str) -> datetime:
    # A UUIDv7 begins with its milliseconds since 1970.
    return datetime.fromtimestamp(int(entry[:13].replace("-", ""), 16) / 1000, UTC)


def _new_row(entry: Entry) -> dict[str, object]:
    encoded, salt = entry.encode(), draw_salt()
    return {
        "id": entry.id,
        "case": entry.case,
        "event": entry.event,
        "encoded": encoded,
        "salt": salt,
        "leaf": leaf(encoded, salt),
    }


def _logged(row: AnyRow) -> LoggedEntry:
    return LoggedEntry(
        id=EntryId(row.id),
        index=row.position,
        encoded=row.encoded,
        salt=row.salt,
        leaf=row.leaf,
        case=None if row.case is None else CaseRef(row.case),
        withheld_from=frozenset(row.withheld_from or ()),
    )
