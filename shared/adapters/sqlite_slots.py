"""Room for bodies that never move: rows of a few fixed sizes, overwritten in place and reused."""

import sqlite3
from typing import Final

_STEP: Final = 256
_PAD: Final = b" "  # JSON ends before it


def size_of(body: bytes) -> int:
    """The size of slot for a body: steps of 256 bytes, wider above 4 KiB, so that few sizes are in use."""
    step = _STEP
    while len(body) > step * 16:
        step *= 2
    return -(-len(body) // step) * step


def put(connection: sqlite3.Connection, body: bytes) -> tuple[int, int]:
    """Stores a body in a free slot or a new one, which goes to the end; gives slot and size."""
    size = size_of(body)
    row = connection.execute("SELECT slot FROM free WHERE size = ? LIMIT 1", (size,)).fetchone()
    if row is None:
        cursor = connection.execute("INSERT INTO slots (body) VALUES (?)", (body.ljust(size, _PAD),))
        return cursor.lastrowid or 0, size
    connection.execute("DELETE FROM free WHERE size = ? AND slot = ?", (size, row[0]))
    overwrite(connection, row[0], size, body)
    return row[0], size


def overwrite(connection: sqlite3.Connection, slot: int, size: int, body: bytes) -> None:
    """Writes a body over the one before; the row keeps its size, so SQLite writes it where it lies."""
    connection.execute("UPDATE slots SET body = ? WHERE slot = ?", (body.ljust(size, _PAD), slot))


def drop(connection: sqlite3.Connection, slot: int, size: int) -> None:
    """Zeroes a slot and gives it back."""
    connection.execute("UPDATE slots SET body = zeroblob(?) WHERE slot = ?", (size, slot))
    connection.execute("INSERT INTO free VALUES (?, ?)", (size, slot))
