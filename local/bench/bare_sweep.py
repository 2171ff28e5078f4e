"""The floor of a sweep: the same reads and conditional writes of rows as large, by sqlite3 and nothing else."""

import os
import sqlite3
import time
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path

from local.bench.population import CONTACTS_AN_AMBASSADOR, DUE_LIVES, lives

_A_PAGE = 100
# Of ten rows that are due: deleted, updated with a row in a second table, updated.
_DELETED, _WITH_ENTRY = 3, 6


def build(path: Path, due: int, held: int, body_bytes: int, *, scattered: bool = False) -> None:
    """A file with `held` rows, of which as many are due, in the same order, as in the population of the store."""
    with closing(_open(path)) as connection:
        connection.executescript(
            "CREATE TABLE contacts (id TEXT PRIMARY KEY, etag TEXT, since TEXT, body BLOB);"
            "CREATE INDEX by_since ON contacts (since, id);"
            "CREATE TABLE ledger (id TEXT PRIMARY KEY, body BLOB) WITHOUT ROWID;"
        )
        connection.execute("BEGIN")
        connection.executemany(
            "INSERT INTO contacts VALUES (?, ?, ?, ?)", _rows(lives(due, held, scattered=scattered), body_bytes)
        )
        connection.execute("COMMIT")


def sweep(path: Path, body_bytes: int) -> float:
    """Deletes or rewrites what is due, a page and a transaction at a time; gives seconds."""
    began = time.perf_counter()
    with closing(_open(path)) as connection:
        while True:
            page = connection.execute(
                "SELECT id, etag, body FROM contacts WHERE since <= '1' ORDER BY since, id LIMIT ?", (_A_PAGE,)
            ).fetchall()
            if not page:
                return time.perf_counter() - began
            connection.execute("BEGIN IMMEDIATE")
            for place, (id, etag, body) in enumerate(page):
                if place % 10 < _DELETED:
                    connection.execute("DELETE FROM contacts WHERE id = ? AND etag = ?", (id, etag))
                    continue
                connection.execute(
                    "UPDATE contacts SET body = ?, etag = ?, since = '2' WHERE id = ? AND etag = ?",
                    (body[::-1], os.urandom(8).hex(), id, etag),
                )
                if place % 10 < _WITH_ENTRY:
                    connection.execute("INSERT INTO ledger VALUES (?, ?)", (id, body[: body_bytes // 2]))
            connection.execute("COMMIT")


def _rows(population: Iterable[str], body_bytes: int) -> Iterator[tuple[str, str, str, bytes]]:
    body, ambassador = b"x" * body_bytes, ""
    for number, life in enumerate(population):
        if number % CONTACTS_AN_AMBASSADOR == 0:
            ambassador = os.urandom(15).hex()
        id = f"{ambassador}.{os.urandom(15).hex()}"
        yield id, os.urandom(8).hex(), "1" if life in DUE_LIVES else "2", body


def _open(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("PRAGMA cache_size = -65536")
    return connection
