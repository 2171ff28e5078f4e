"""One SQLite file on a thread of its own: transactions, and the erasure of what was deleted.

Calls that wait together share a transaction, in which each is whole or not at all, and are answered once it is committed: a
commit writes every page that was touched, and two batches of rows touch largely the same.
"""

import asyncio
import queue
import sqlite3
import threading
import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import Any, Final, TypeVar

from shared.adapters.sqlite_schema import COMMON, prepare, table
from shared.domain.containers import Container

T = TypeVar("T")

IDLE_SECONDS: Final = 0.5
"""How long no call must come before the log goes into the file, and erased bytes out of it."""

COMPACT_BYTES: Final = 16 * 1024 * 1024
"""Up to this size a file is rewritten at every clearing (half a second); a larger one only by `compact`."""

LOG_PAGES: Final = 131_072
"""Half a gigabyte: a long run of writes goes to the log alone, in sequence, and into the file when it is quiet."""

SHARED_CALLS: Final = 64
"""The most calls that share a transaction, so that the first of them does not wait for long."""

_WHOLE = ("BEGIN IMMEDIATE", "COMMIT", ("ROLLBACK",))
_PART = ("SAVEPOINT part", "RELEASE part", ("ROLLBACK TO part", "RELEASE part"))


@dataclass(slots=True)
class _Call:
    """What somebody waits for, and what came of it."""

    work: Callable[[sqlite3.Connection], Any]
    loop: asyncio.AbstractEventLoop
    answer: asyncio.Future[Any]
    alone: bool
    result: Any = None
    error: BaseException | None = None

    def do(self, connection: sqlite3.Connection) -> None:
        """Keeps the result or the error."""
        try:
            self.result = self.work(connection)
        except BaseException as error:
            self.error = error

    def settle(self) -> None:
        """Tells who waits, on his own loop."""
        if self.answer.done():  # he was cancelled
            return
        if self.error is not None:
            self.answer.set_exception(self.error)
        else:
            self.answer.set_result(self.result)


class Database:
    """A connection, and the one thread that uses it; with `inline` the caller's thread does.

    Nothing here knows documents. Calls are done in the order they came.
    """

    def __init__(self, path: Path | None, *, inline: bool) -> None:
        self._path = path
        self._inline = inline
        self._connection: sqlite3.Connection | None = None
        self._prepared: set[Container] = set()
        self._unclean = False
        self._sharing = False  # whether the calls that are done now share a transaction
        self._begun = False  # whether one of them has written, so that it is there
        self._calls: queue.SimpleQueue[_Call | None] = queue.SimpleQueue()  # None ends the thread
        self._thread: threading.Thread | None = None
        self.unique_key = b""

    async def run(self, work: Callable[[sqlite3.Connection], T], *, alone: bool = False) -> T:
        """Does the work with the connection, off the event loop; `alone` is for what no transaction may be around."""
        if self._inline:
            return work(self._open())
        if self._thread is None:
            self._thread = threading.Thread(target=self._serve, name="sqlite", daemon=True)
            self._thread.start()
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[T] = loop.create_future()
        self._calls.put(_Call(work, loop, answer, alone))
        return await answer

    def ensure(self, connection: sqlite3.Connection, container: Container) -> None:
        """Makes the container's table once."""
        if container not in self._prepared:
            with self.transaction(connection):
                prepare(connection, table(container))
            self._prepared.add(container)

    @contextmanager
    def transaction(self, connection: sqlite3.Connection) -> Iterator[None]:
        """All or nothing; waits for another process's transaction to end."""
        if self._sharing and not self._begun:
            connection.execute("BEGIN IMMEDIATE")
            self._begun = True
        begin, commit, undo = _PART if self._sharing else _WHOLE
        connection.execute(begin)
        try:
            yield
        except BaseException:
            for statement in undo if connection.in_transaction else ():  # a full disk undoes everything by itself
                connection.execute(statement)
            raise
        connection.execute(commit)
        self._unclean = True

    def erased(self, connection: sqlite3.Connection, rows: int) -> None:
        """Notes, in the transaction, that rows went or changed, so that their traces get cleared."""
        connection.execute("UPDATE meta SET value = value + ? WHERE name = 'erased'", (rows,))

    def clear(self, connection: sqlite3.Connection) -> None:
        """Takes erased bytes out of the files: the log into the file, and small files written anew.

        In a larger file the bodies are gone just the same; what may stay in free space of its indexes, until
        `compact`, are keyed hashes, ids and dates of a few of the rows that went.
        """
        if self._path is None:
            return
        self._empty_log(connection)
        (erased,) = connection.execute("SELECT value FROM meta WHERE name = 'erased'").fetchone()
        if erased and self._path.stat().st_size <= COMPACT_BYTES:
            self.compact(connection)

    def compact(self, connection: sqlite3.Connection) -> None:
        """Writes the file anew without free space; takes time and room like the whole file."""
        with self.transaction(connection):
            connection.execute("DELETE FROM slots WHERE slot IN (SELECT slot FROM free)")
            connection.execute("DELETE FROM free")
        connection.execute("VACUUM")
        connection.execute("UPDATE meta SET value = 0 WHERE name = 'erased'")
        self._empty_log(connection)

    async def close(self) -> None:
        """Clears, closes the connection and ends the thread."""
        if self._thread is not None:
            self._calls.put(None)
            await asyncio.to_thread(self._thread.join)
            self._thread = None
        else:
            self._shut()

    def _empty_log(self, connection: sqlite3.Connection) -> None:
        (busy, _, _) = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        self._unclean = bool(busy)

    def _open(self) -> sqlite3.Connection:
        if self._connection is not None:
            return self._connection
        connection = sqlite3.connect(
            self._path or ":memory:",
            timeout=30,
            isolation_level=None,
            check_same_thread=False,
            cached_statements=512,
        )
        if self._path is None:  # nobody need close what lives in memory: it goes with its owner
            weakref.finalize(self, connection.close)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA secure_delete = ON")
        connection.execute("PRAGMA temp_store = MEMORY")
        connection.execute("PRAGMA cache_size = -65536")
        connection.execute(f"PRAGMA wal_autocheckpoint = {LOG_PAGES}")
        with self.transaction(connection):
            for statement in COMMON.strip().split(";\n"):
                connection.execute(statement)
        (self.unique_key,) = connection.execute("SELECT value FROM meta WHERE name = 'unique_key'").fetchone()
        # A process that was killed left its log behind, with whatever it had erased in it.
        self._unclean = self._path is not None
        self._connection = connection
        return connection

    def _serve(self) -> None:
        ends = False
        while not ends:
            try:
                first = self._calls.get(timeout=IDLE_SECONDS if self._unclean else None)
            except queue.Empty:
                self._clear_quietly()
                continue
            waiting = [first, *self._waiting()]
            calls = [call for call in waiting if call]
            ends = len(calls) < len(waiting)
            for alone, some in groupby(calls, attrgetter("alone")):
                for together in ([call] for call in some) if alone else [list(some)]:
                    self._do(together)
        self._shut()

    def _waiting(self) -> Iterator[_Call | None]:
        with suppress(queue.Empty):
            for _ in range(1, SHARED_CALLS):
                yield self._calls.get_nowait()

    def _do(self, calls: Sequence[_Call]) -> None:
        try:
            self._do_together(self._open(), calls)
        except Exception as error:  # the file cannot be opened, or what they share is lost: nothing of it was done
            self._prepared.clear()
            for call in calls:
                call.error = call.error or error
        for loop, some in groupby(calls, attrgetter("loop")):
            with suppress(RuntimeError):  # the loop is closed: nobody waits any more
                loop.call_soon_threadsafe(_settle, list(some))

    def _do_together(self, connection: sqlite3.Connection, calls: Sequence[_Call]) -> None:
        self._sharing = len(calls) > 1
        try:
            for call in calls:
                call.do(connection)
            if self._begun:
                connection.execute("COMMIT")  # an error when there is nothing to commit any more
        finally:
            self._sharing = self._begun = False
            if connection.in_transaction:
                connection.execute("ROLLBACK")

    def _clear_quietly(self) -> None:
        # Another process may be reading or writing; the next idle moment tries again.
        with suppress(sqlite3.OperationalError):
            self.clear(self._open())

    def _shut(self) -> None:
        if self._connection is None:
            return
        if self._unclean:
            self._clear_quietly()
        self._connection.close()
        self._connection = None
        self._prepared.clear()


def _settle(calls: Sequence[_Call]) -> None:
    for call in calls:
        call.settle()
