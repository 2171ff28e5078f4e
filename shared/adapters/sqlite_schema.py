"""How documents lie in a SQLite file: a row of keys and indexed values, and a body in a slot that never moves."""

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b
from typing import Any

from pydantic_core import from_json

from shared.adapters.store_contract import Encoded, encoded, indexed_paths
from shared.domain.containers import Container, Group

# Bodies hold the personal data. A b-tree that balances moves neighbours about and may leave their old bytes in a
# page's free space, where `secure_delete` does not look when they go. So a body's row is never deleted and never
# changes its size: it is overwritten in place, zeroed when its document goes, and reused. What containers index are
# hashes, ids, states and times, never clear text; texts that are searched in are read from the bodies.
COMMON = """
CREATE TABLE IF NOT EXISTS slots (slot INTEGER PRIMARY KEY, body BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS free (size INTEGER, slot INTEGER, PRIMARY KEY (size, slot)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value) WITHOUT ROWID;
INSERT OR IGNORE INTO meta VALUES ('erased', 0), ('unique_key', randomblob(16)), ('changes', 0);
"""

_FIXED = ("partition", "id", "etag", "slot", "size", "change")


@dataclass(frozen=True, slots=True)
class Table:
    """The table of one container: its columns, and the SQL that makes it and each of its indexes, by name.

    `insert` adds a row, or does nothing when its id or a unique value is taken.
    """

    container: Container
    columns: tuple[str, ...]
    create: str
    insert: str
    indexes: dict[str, str]

    @property
    def name(self) -> str:
        """The quoted name."""
        return f'"{self.container.name}"'

    def values(self, new: Encoded, unique_key: bytes) -> list[Any]:
        """What the document puts into the columns."""
        indexed = [scalar(value) if value is True or value is False else value for value in new.indexed]
        return indexed + [fingerprint(value, unique_key) for value in new.unique]


@cache
def table(container: Container) -> Table:
    """The table of the container; the same container gives the same table."""
    columns = tuple(column(path) for path in indexed_paths(container))
    unique = tuple(unique_column(path) for path in container.unique)
    lines = ["row INTEGER PRIMARY KEY", "partition TEXT NOT NULL", "id TEXT NOT NULL", "etag TEXT NOT NULL"]
    lines += ["slot INTEGER NOT NULL", "size INTEGER NOT NULL", "change INTEGER NOT NULL"]
    lines += [*columns, *(f"{name} BLOB NOT NULL" for name in unique)]
    indexes = {key_index(container): f'UNIQUE INDEX {key_index(container)} ON "{container.name}" (partition, id)'}
    for path in container.unique:
        name = unique_index(container, path)
        indexes[name] = f'UNIQUE INDEX {name} ON "{container.name}" (partition, {unique_column(path)})'
    for name, group, on in _indexes(container):
        indexes[name] = f'INDEX {name} ON "{container.name}" ({", ".join(on)}) WHERE {column(group[0])} IS NOT NULL'
    filled = (*_FIXED, *columns, *unique)
    return Table(
        container,
        (*columns, *unique),
        f'CREATE TABLE IF NOT EXISTS "{container.name}" ({", ".join(lines)})',
        f'INSERT OR IGNORE INTO "{container.name}" ({", ".join(filled)}) VALUES ({", ".join("?" * len(filled))})',  # noqa: S608 - a container's own names
        {name.strip('"'): f"CREATE {sql}" for name, sql in indexes.items()},
    )


def _indexes(container: Container) -> Iterator[tuple[str, Group, tuple[str, ...]]]:
    """Each index of a container: its name, its group, its columns."""
    several = container.partition != "id"
    for group in (*container.indexes, *container.across):
        yield index_name(container, group, inside=False), group, _columns(group)
    for group in (*container.indexes, *container.inside) if several else ():
        yield index_name(container, group, inside=True), group, ("partition", *_columns(group))
    for group in container.equal:
        yield index_name(container, group, inside=False), group, (*_columns(group), "partition")


def _columns(group: Group) -> tuple[str, ...]:
    return tuple(column(path) for path in group)


def column(path: str) -> str:
    """The quoted column of an indexed path, or of the id."""
    return '"id"' if path == "id" else f'"at {path}"'


def unique_column(path: str) -> str:
    """The quoted column of a unique path, which holds fingerprints."""
    return f'"unique {path}"'


def index_name(container: Container, group: Group, *, inside: bool) -> str:
    """The quoted name of the index that answers by a group, inside a partition or across them."""
    kind = "of one" if group in container.equal else "in partition by" if inside else "by"
    return f'"{container.name} {kind} {" ".join(group)}"'


def key_index(container: Container) -> str:
    """The quoted name of the index by partition and id."""
    return f'"{container.name} by key"'


def unique_index(container: Container, path: str) -> str:
    """The quoted name of the index by partition and a unique path."""
    return f'"{container.name} unique {path}"'


def scalar(value: Any) -> Any:
    """A plain value as SQLite compares it; truth values get a type of their own, for 1 is not true."""
    return bytes([value]) if isinstance(value, bool) else value


def fingerprint(value: str, key: bytes) -> bytes:
    """What stands for a unique value."""
    return blake2b(value.encode(), key=key, digest_size=16).digest()


def prepare(connection: sqlite3.Connection, target: Table) -> None:
    """Makes the container's table; inside a transaction.

    When the container's indexes changed since, the rows are derived anew from the bodies.
    """
    wanted = {name.strip('"') for name in ("row", *_FIXED, *target.columns)}
    there = {row[1] for row in connection.execute(f"PRAGMA table_info({target.name})")}
    old: list[tuple[Any, ...]] = []
    if there and there != wanted:
        # The rows get other numbers, by which a reader of changes may have counted: to him all are changed.
        kept = [name if name != "change" else str(next_change(connection)) for name in _FIXED]
        old = connection.execute(f"SELECT {', '.join(kept)} FROM {target.name}").fetchall()  # noqa: S608 - a container's own name
        connection.execute(f"DROP TABLE {target.name}")
    connection.execute(target.create)
    named = "SELECT name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL AND tbl_name = ?"
    made = {name for (name,) in connection.execute(named, (target.container.name,))}
    for name in made - target.indexes.keys():
        connection.execute(f'DROP INDEX "{name}"')
    for name, statement in target.indexes.items():
        if name not in made:
            connection.execute(statement)
    if old:
        connection.executemany(target.insert, _derived(connection, target, old))


def next_change(connection: sqlite3.Connection) -> int:
    """The number of this transaction, larger than that of any before it."""
    raised = connection.execute("UPDATE meta SET value = value + 1 WHERE name = 'changes' RETURNING value")
    return int(raised.fetchall()[0][0])


def _derived(connection: sqlite3.Connection, target: Table, rows: list[tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
    (unique_key,) = connection.execute("SELECT value FROM meta WHERE name = 'unique_key'").fetchone()
    for row in rows:
        (body,) = connection.execute("SELECT body FROM slots WHERE slot = ?", (row[3],)).fetchone()
        yield (*row, *target.values(encoded(target.container, from_json(body), body), unique_key))
