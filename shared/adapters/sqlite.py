"""The embedded store: one SQLite file a brand, for developers' machines, tests and benchmarks."""

import secrets
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic_core import from_json

from shared.adapters import sqlite_query, sqlite_slots
from shared.adapters.sqlite_database import Database
from shared.adapters.sqlite_query import read_position
from shared.adapters.sqlite_schema import key_index, next_change, table
from shared.adapters.store_contract import (
    PLATFORM,
    WHOLE,
    Encoded,
    asks_nothing,
    check_brand,
    check_key,
    check_keys,
    check_writes,
    encode,
    next_cursor,
    plan,
    plan_count,
)
from shared.domain.containers import Container
from shared.ports import (
    Changes,
    ConflictError,
    Document,
    Documents,
    Key,
    Outcome,
    Page,
    Query,
    Result,
    StaleError,
    Stored,
    Where,
    Write,
)

_STALE = Result(Outcome.STALE)
_CONFLICT = Result(Outcome.CONFLICT)
_DELETED = Result(Outcome.WRITTEN)


class SqliteStore:
    """Brands' and the platform's documents in files of a directory, or in memory when there is none.

    Several processes may have the same directory open. With `inline` the calling thread works, which blocks
    the event loop and suits tests. What was erased leaves the files after a second of quiet, or by `scrub`.
    """

    def __init__(self, directory: Path | None, *, inline: bool = False) -> None:
        self._directory = directory
        self._inline = inline
        self._databases: dict[str, Database] = {}

    def brand(self, brand: str, container: Container) -> Documents:
        """A container of one brand; raises ValueError for what is no brand's name."""
        return SqliteDocuments(self._database(check_brand(brand)), container)

    def platform(self, container: Container) -> Documents:
        """A container of the platform."""
        return SqliteDocuments(self._database(PLATFORM), container)

    async def scrub(self, brand: str) -> None:
        """Erased bytes leave the brand's files now: the log of a large file, a rewrite of a small one."""
        database = self._database(check_brand(brand))
        await database.run(database.clear, alone=True)

    async def compact(self, brand: str) -> None:
        """Writes the brand's file anew, which also clears erased hashes and dates from a large one; slow."""
        database = self._database(check_brand(brand))
        await database.run(database.compact, alone=True)

    async def close(self) -> None:
        """Clears and closes every file."""
        for database in self._databases.values():
            await database.close()
        self._databases.clear()

    def _database(self, name: str) -> Database:
        if name not in self._databases:
            path = None
            if self._directory is not None:
                self._directory.mkdir(parents=True, exist_ok=True)
                path = self._directory / f"{name}.sqlite3"
            self._databases[name] = Database(path, inline=self._inline)
        return self._databases[name]


class SqliteDocuments:
    """One container in one file."""

    def __init__(self, database: Database, container: Container) -> None:
        self._database = database
        self._container = container
        self._table = table(container)

    async def read(self, key: Key) -> Stored | None:
        """The document, by its primary key."""
        return (await self.read_many([key])).get(key)

    async def read_many(self, keys: Sequence[Key]) -> dict[Key, Stored]:
        """Those of up to 100 documents that exist."""
        check_keys(keys)
        if not keys:
            return {}
        # One statement for all: a call each costs six times as much, and an import asks for every row.
        sql = (
            f"WITH wanted (partition, id) AS (VALUES {', '.join(['(?, ?)'] * len(keys))})"  # noqa: S608 - a container's own names
            f" SELECT t.partition, t.id, t.etag, s.body FROM wanted w CROSS JOIN {self._table.name} t"
            f" INDEXED BY {key_index(self._container)} ON t.partition = w.partition AND t.id = w.id"
            " CROSS JOIN slots s ON s.slot = t.slot"
        )
        values = [text for key in keys for text in (key.partition, key.id)]

        def work(connection: sqlite3.Connection) -> dict[Key, Stored]:
            self._database.ensure(connection, self._container)
            rows = connection.execute(sql, values).fetchall()
            return {Key(partition, id): Stored(from_json(body), etag) for partition, id, etag, body in rows}

        return await self._database.run(work)

    async def create(self, key: Key, document: Document) -> str:
        """Writes a new document and gives its ETag; raises ConflictError."""
        return _etag(await self._write(Write(key, document, None)))

    async def replace(self, key: Key, document: Document, etag: str) -> str:
        """Replaces and gives the new ETag; raises StaleError, ConflictError when a unique value is taken."""
        return _etag(await self._write(Write(key, document, etag)))

    async def delete(self, key: Key, etag: str) -> None:
        """Deletes; raises StaleError."""
        await self._write(Write(key, None, etag))

    async def write_many(self, writes: Sequence[Write]) -> list[Result]:
        """Up to 100 conditional writes in one transaction; each has its own outcome."""
        check_writes(writes)
        ready = [encode(self._container, w.key, w.document) if w.document is not None else None for w in writes]

        def work(connection: sqlite3.Connection) -> list[Result]:
            database = self._database
            database.ensure(connection, self._container)
            with database.transaction(connection):
                change = next_change(connection)
                results = [self._apply(connection, w, new, change) for w, new in zip(writes, ready, strict=True)]
                erased = sum(
                    write.etag is not None and result.outcome is Outcome.WRITTEN
                    for write, result in zip(writes, results, strict=True)
                )
                if erased:
                    database.erased(connection, erased)
            return results

        return await self._database.run(work)

    async def query(self, query: Query) -> Page:
        """One page, by one index."""
        chosen = plan(self._container, query)
        if asks_nothing(query.where):
            return Page([], None)

        def work(connection: sqlite3.Connection) -> Page:
            self._database.ensure(connection, self._container)
            sql, values = sqlite_query.select(self._container, query, chosen, self._database.unique_key)
            rows = connection.execute(sql, values).fetchall()
            items = [Stored(from_json(row[1]), row[0]) for row in rows[: query.limit]]
            if len(rows) <= query.limit:
                return Page(items, None)
            last = [value == b"\1" if isinstance(value, bytes) else value for value in rows[query.limit - 1][2:]]
            return Page(items, next_cursor(last))

        return await self._database.run(work)

    async def count(self, where: tuple[Where, ...]) -> int:
        """How many match, over all partitions, by one index."""
        sql, values = sqlite_query.count(self._container, where, plan_count(self._container, where))
        if asks_nothing(where):
            return 0

        def work(connection: sqlite3.Connection) -> int:
            self._database.ensure(connection, self._container)
            return int(connection.execute(sql, values).fetchone()[0])

        return await self._database.run(work)

    async def ranges(self) -> Sequence[str]:
        """One: a file has no parts."""
        return (WHOLE,)

    async def changes(self, since: str | None, limit: int = 500) -> Changes:
        """A page of the rows written after a change, in one walk over the table.

        There is no index by change: it would cost at every write, and the walk reads rows of keys and dates, not bodies.
        """
        place = read_position(since)
        sql = (
            f"SELECT t.row, s.body FROM {self._table.name} t CROSS JOIN slots s ON s.slot = t.slot"  # noqa: S608 - as above
            " WHERE t.row > ? AND t.change > ? ORDER BY t.row LIMIT ?"
        )

        def work(connection: sqlite3.Connection) -> Changes:
            self._database.ensure(connection, self._container)
            (newest,) = connection.execute("SELECT value FROM meta WHERE name = 'changes'").fetchone()
            upto = newest if place.upto is None else place.upto
            rows = connection.execute(sql, (place.row, place.since, limit + 1)).fetchall()
            items = [from_json(body) for _, body in rows[:limit]]
            if len(rows) <= limit:
                return Changes(items, str(upto), more=False)
            return Changes(items, f"{place.since}.{upto}.{rows[limit - 1][0]}", more=True)

        return await self._database.run(work)

    async def _write(self, write: Write) -> Result:
        check_key(write.key)
        (result,) = await self.write_many([write])
        if result.outcome is Outcome.CONFLICT:
            raise ConflictError("the id or a unique value is taken")
        if result.outcome is Outcome.STALE:
            raise StaleError("the document changed or went")
        return result

    def _apply(self, connection: sqlite3.Connection, write: Write, new: Encoded | None, change: int) -> Result:
        if write.etag is None and new is not None:
            return self._create(connection, write.key, new, change)
        columns = ", ".join(("row", "slot", "size", *self._table.columns))
        row = connection.execute(
            f"SELECT {columns} FROM {self._table.name} WHERE partition = ? AND id = ? AND etag = ?",  # noqa: S608 - names come from the container
            (write.key.partition, write.key.id, write.etag),
        ).fetchone()
        if row is None:
            return _STALE
        if new is None:
            connection.execute(
                f"DELETE FROM {self._table.name} WHERE row = ?",  # noqa: S608 - as above
                (row[0],),
            )
            sqlite_slots.drop(connection, row[1], row[2])
            return _DELETED
        return self._replace(connection, new, change, row)

    def _create(self, connection: sqlite3.Connection, key: Key, new: Encoded, change: int) -> Result:
        etag = secrets.token_hex(8)
        slot, size = sqlite_slots.put(connection, new.body)
        values = self._table.values(new, self._database.unique_key)
        if connection.execute(self._table.insert, (*key, etag, slot, size, change, *values)).rowcount:
            return Result(Outcome.WRITTEN, etag)
        sqlite_slots.drop(connection, slot, size)
        return _CONFLICT

    def _replace(self, connection: sqlite3.Connection, new: Encoded, change: int, found: tuple[Any, ...]) -> Result:
        row, old_slot, old_size, *old = found
        fits = len(new.body) <= old_size
        slot, size = (old_slot, old_size) if fits else sqlite_slots.put(connection, new.body)
        values = self._table.values(new, self._database.unique_key)
        etag = secrets.token_hex(8)
        changed = {"etag": etag, "slot": slot, "size": size, "change": change}
        # Only what changed: each column that is set rewrites every index that has it.
        changed |= {c: v for c, v, before in zip(self._table.columns, values, old, strict=True) if v != before}
        settings = ", ".join(f"{name} = ?" for name in changed)
        try:
            connection.execute(
                f"UPDATE {self._table.name} SET {settings} WHERE row = ?",  # noqa: S608 - as above
                (*changed.values(), row),
            )
        except sqlite3.IntegrityError:
            if not fits:
                sqlite_slots.drop(connection, slot, size)
            return _CONFLICT
        if fits:
            sqlite_slots.overwrite(connection, slot, size, new.body)
        else:
            sqlite_slots.drop(connection, old_slot, old_size)
        return Result(Outcome.WRITTEN, etag)


def _etag(result: Result) -> str:
    return result.etag or ""
