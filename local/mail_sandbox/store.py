"""The delivered mails, in an SQLite file that outlives the process."""

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any

SCHEMA = """
CREATE TABLE IF NOT EXISTS messages (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    at TEXT NOT NULL,
    recipient TEXT NOT NULL,
    subject TEXT NOT NULL,
    custom_id TEXT NOT NULL,
    status TEXT NOT NULL,
    document TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS contacts (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    address TEXT NOT NULL UNIQUE
);
CREATE INDEX IF NOT EXISTS messages_by_recipient ON messages (recipient, seq);
CREATE INDEX IF NOT EXISTS messages_by_custom_id ON messages (custom_id, seq);
CREATE INDEX IF NOT EXISTS messages_by_time ON messages (at);
"""
CHUNK = 500


@dataclass(frozen=True)
class Mail:
    """A mail as kept: the columns to search by, and `document`, the JSON that the API shows, made once."""

    id: str
    at: str
    recipient: str
    subject: str
    custom_id: str
    status: str
    document: str


class MailStore:
    """Mails by recipient, CustomID and time; safe to call from several threads."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._lock = Lock()
        self._db = sqlite3.connect(folder / "mails.sqlite3", check_same_thread=False, isolation_level=None)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")
        self._db.executescript(SCHEMA)

    def close(self) -> None:
        """Close the file; the store is of no use afterwards."""
        with self._lock:
            self._db.close()

    def add(self, mails: list[Mail]) -> None:
        """Keep the mails of one call, all or none."""
        rows = [(m.id, m.at, m.recipient.lower(), m.subject, m.custom_id, m.status, m.document) for m in mails]
        with self._lock, self._db:
            self._db.execute("BEGIN")
            self._db.executemany(
                "INSERT INTO messages (id, at, recipient, subject, custom_id, status, document)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                rows,
            )
            self._db.executemany("INSERT OR IGNORE INTO contacts (address) VALUES (?)", [(row[2],) for row in rows])

    def contact(self, address: str) -> int | None:
        """The id of the contact that the first mail to an address made; None when there is none, or none any more."""
        rows = self._rows("SELECT id FROM contacts WHERE address = ?", (address.lower(),))
        return int(rows[0][0]) if rows else None

    def delete_contact(self, id: int) -> bool:
        """Delete a contact; the mails to it stay, as what a mailbox holds. Whether there was one."""
        with self._lock:
            return self._db.execute("DELETE FROM contacts WHERE id = ?", (id,)).rowcount > 0

    def documents(self, *, to: str | None, since: str | None, limit: int) -> Iterator[list[str]]:
        """The documents newest first, in chunks; `to` is an address in any case, `limit` 0 means all."""
        conditions, values = ["seq < ?"], []
        if to is not None:
            conditions.append("recipient = ?")
            values.append(to.lower())
        if since is not None:
            conditions.append("at >= ?")
            values.append(since)
        statement = f"SELECT seq, document FROM messages WHERE {' AND '.join(conditions)} ORDER BY seq DESC LIMIT ?"
        before, left = 2**62, limit or 2**62
        while left > 0:
            rows = self._rows(statement, (before, *values, min(CHUNK, left)))
            if not rows:
                return
            yield [document for _, document in rows]
            before, left = rows[-1][0], left - len(rows)

    def find(self, message_id: str) -> Mail | None:
        """The mail with that id."""
        rows = self._rows(f"SELECT {_COLUMNS} FROM messages WHERE id = ?", (message_id,))
        return Mail(*rows[0]) if rows else None

    def with_custom_id(self, custom_id: str, limit: int) -> list[Mail]:
        """The mails sent with that CustomID, oldest first; it does not dedupe, so there may be several."""
        rows = self._rows(
            f"SELECT {_COLUMNS} FROM messages WHERE custom_id = ? ORDER BY seq LIMIT ?", (custom_id, limit)
        )
        return [Mail(*row) for row in rows]

    def page(self, *, part_of_recipient: str, offset: int, size: int) -> tuple[list[Mail], int]:
        """One page of mails newest first, without their documents, and how many there are in all."""
        where, wanted = "instr(recipient, ?) > 0", part_of_recipient.lower()
        columns = _COLUMNS.replace("document", "''")
        rows = self._rows(
            f"SELECT {columns} FROM messages WHERE {where} ORDER BY seq DESC LIMIT ? OFFSET ?",
            (wanted, size, offset),
        )
        total = self._rows(f"SELECT count(*) FROM messages WHERE {where}", (wanted,))[0][0]
        return [Mail(*row) for row in rows], total

    def count(self) -> int:
        """How many mails are kept."""
        return int(self._rows("SELECT count(*) FROM messages", ())[0][0])

    def set_status(self, message_id: str, status: str) -> None:
        """Note what became of a mail, for the look-up."""
        with self._lock:
            self._db.execute("UPDATE messages SET status = ? WHERE id = ?", (status, message_id))

    def clear(self) -> None:
        """Forget every mail."""
        with self._lock:
            self._db.execute("DELETE FROM messages")
            self._db.execute("DELETE FROM contacts")
            self._db.execute("VACUUM")

    def _rows(self, statement: str, values: tuple[Any, ...]) -> list[Any]:
        with self._lock:
            return self._db.execute(statement, values).fetchall()


_COLUMNS = "id, at, recipient, subject, custom_id, status, document"
