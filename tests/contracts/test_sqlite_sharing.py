"""Calls that wait together share one transaction of the embedded store: one commit, each whole or not at all."""

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from shared.adapters.sqlite import SqliteStore
from shared.adapters.sqlite_database import SHARED_CALLS, Database
from shared.domain.containers import CONTACTS
from shared.ports import Outcome
from tests.contracts.stores import contact, creation, key

Work = Callable[[sqlite3.Connection], Any]


class Held:
    """A database whose thread is kept busy until it is let go, so that what is asked meanwhile waits together."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.statements: list[str] = []
        self._gate = threading.Event()

    async def together(self, *works: Work, alone: Sequence[Work] = ()) -> list[Any]:
        """What each gives, or its error; those of `alone` are asked for as such."""
        loop, begun = asyncio.get_running_loop(), asyncio.Event()

        def wait(connection: sqlite3.Connection) -> None:
            connection.set_trace_callback(self.statements.append)
            loop.call_soon_threadsafe(begun.set)
            self._gate.wait(10)

        self._gate.clear()
        held = asyncio.ensure_future(self.database.run(wait))
        await begun.wait()
        asked = [asyncio.ensure_future(self.database.run(work, alone=work in alone)) for work in works]
        await asyncio.sleep(0)
        self._gate.set()
        await held
        return await asyncio.gather(*asked, return_exceptions=True)

    def commits(self) -> int:
        """How often something was committed since it was last asked."""
        counted = self.statements.count("COMMIT")
        self.statements.clear()
        return counted


@pytest.fixture
async def held(tmp_path: Path) -> AsyncIterator[Held]:
    database = Database(tmp_path / "a.sqlite3", inline=False)
    await database.run(lambda connection: connection.execute("CREATE TABLE names (name TEXT PRIMARY KEY)") and None)
    yield Held(database)
    await database.close()


def add(held: Held, *names: str) -> Work:
    def work(connection: sqlite3.Connection) -> str:
        with held.database.transaction(connection):
            for name in names:
                connection.execute("INSERT INTO names VALUES (?)", (name,))
        return names[0]

    return work


def there(connection: sqlite3.Connection) -> list[str]:
    return [name for (name,) in connection.execute("SELECT name FROM names ORDER BY name")]


async def test_what_waits_together_is_committed_once(held: Held) -> None:
    said = await held.together(*(add(held, f"n{n}") for n in range(10)), there)
    assert said == [*(f"n{n}" for n in range(10)), [f"n{n}" for n in range(10)]]
    assert held.commits() == 1
    assert await held.database.run(add(held, "alone")) == "alone"
    assert held.commits() == 1


async def test_a_call_that_fails_takes_back_its_own_part_and_no_others(held: Held) -> None:
    first, second, third, seen = await held.together(add(held, "ann"), add(held, "bob", "ann"), add(held, "eve"), there)
    assert (first, third) == ("ann", "eve")
    assert isinstance(second, sqlite3.IntegrityError)
    assert seen == ["ann", "eve"] == await held.database.run(there)
    assert held.commits() == 1


async def test_when_what_is_shared_is_lost_nobody_is_told_that_it_was_written(held: Held) -> None:
    def lose(connection: sqlite3.Connection) -> None:
        connection.execute("ROLLBACK")  # as SQLite does by itself when the disk is full

    said = await held.together(add(held, "ann"), lose, there)
    assert [type(each) for each in said] == [sqlite3.OperationalError] * 3
    assert await held.database.run(there) == []
    assert await held.database.run(add(held, "eve")) == "eve"
    assert await held.database.run(there) == ["eve"]


async def test_erased_bytes_can_leave_the_file_in_the_midst_of_others(held: Held) -> None:
    compact, clear = held.database.compact, held.database.clear
    said = await held.together(add(held, "ann"), compact, add(held, "eve"), clear, there, alone=(compact, clear))
    assert said == ["ann", None, "eve", None, ["ann", "eve"]]
    assert held.commits() == 3  # what came before, the rewriting's own, and what came then


async def test_nobody_waits_for_all_of_a_long_queue(held: Held) -> None:
    said = await held.together(*(add(held, f"n{n:03}") for n in range(2 * SHARED_CALLS)))
    assert len(said) == 2 * SHARED_CALLS
    assert held.commits() == 2


async def test_who_gave_up_waiting_keeps_nobody_from_an_answer(held: Held) -> None:
    async def gives_up() -> None:
        await asyncio.wait_for(held.database.run(add(held, "bob")), 0)

    with pytest.raises(TimeoutError):
        await gives_up()
    assert await held.together(add(held, "ann"), add(held, "eve")) == ["ann", "eve"]


async def test_batches_of_one_large_write_are_one_transaction(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path)
    contacts = store.brand("acme", CONTACTS)
    documents = [contact(f"c{n:04}", addressKey=f"k{n}") for n in range(500)]
    held = Held(store._database("acme"))
    await held.database.run(lambda connection: connection.set_trace_callback(held.statements.append))
    await contacts.read(key(documents[0]))
    held.commits()
    batches = [[creation(document) for document in documents[n : n + 100]] for n in range(0, 500, 100)]
    results = await asyncio.gather(*map(contacts.write_many, batches))
    assert {result.outcome for some in results for result in some} == {Outcome.WRITTEN}
    assert held.commits() <= 3  # the first may be on its way before the others are asked for
    assert await contacts.count(()) == 500
    await store.close()
