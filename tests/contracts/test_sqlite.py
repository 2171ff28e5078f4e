"""What is SQLite's own: files that keep nothing of what was erased, plans by index, kills and second processes."""

import asyncio
import os
import random
import signal
import sqlite3
import subprocess
import sys
import textwrap
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from shared.adapters import sqlite_database, sqlite_query, sqlite_slots
from shared.adapters.sqlite import SqliteStore
from shared.adapters.sqlite_schema import index_name
from shared.adapters.store_contract import Plan, next_cursor, plan, plan_count
from shared.domain.containers import BRAND_CONTAINERS, CONTACTS, LEDGER, PLATFORM_CONTAINERS, Container, Group
from shared.ports import Key, Query, Stored, Where, Write
from tests.contracts.stores import contact, creation, ids, key, put

ROOT = Path(__file__).resolve().parents[2]


def bytes_of(directory: Path) -> bytes:
    return b"".join(file.read_bytes() for file in directory.iterdir())


def wait_until_empty(file: Path) -> None:
    while file.stat().st_size:
        time.sleep(0.01)


def secret(source: random.Random) -> str:
    return f"secret-{source.getrandbits(64):016x}@example.org"


def secretive(source: random.Random, n: int, said: str) -> dict[str, Any]:
    return contact(
        f"{source.getrandbits(64):016x}",
        f"ambassador-{n % 5}",
        search=said,
        email=said,
        addressKey=f"key.{said.encode().hex()}",
        emailHash=f"hash.{said.encode().hex()}",
        createdAt=f"2026-{source.randrange(10**6)}",
        comments="x" * source.choice([0, 0, 300, 900, 3000, 9000]),
    )


def spoken(stored: Stored) -> str:
    return str(stored.document["email"])


async def churn(store: SqliteStore, source: random.Random, rounds: int) -> tuple[set[str], set[str]]:
    """Thousands of creations, changes and deletions; gives what must be gone and what must be there."""
    contacts = store.brand("acme", CONTACTS)
    alive: list[Stored] = []
    gone: set[str] = set()
    for round_ in range(rounds):
        writes = [creation(secretive(source, round_, secret(source))) for _ in range(60 if round_ % 3 < 2 else 5)]
        source.shuffle(alive)
        for stored in alive[:20]:
            gone.add(spoken(stored))
            said = secret(source)
            longer = "y" * source.choice([0, 500, 5000])
            hidden = said.encode().hex()
            changed = stored.document | {"email": said, "search": said, "comments": longer}
            changed |= {"addressKey": f"key.{hidden}", "emailHash": f"hash.{hidden}"}
            writes.append(Write(key(stored.document), changed, stored.etag))
        leaving = alive[20 : 20 + (15 if round_ % 3 < 2 else 75)]
        gone.update(spoken(stored) for stored in leaving)
        writes += [Write(key(stored.document), None, stored.etag) for stored in leaving]
        results = []
        for start in range(0, len(writes), 100):
            results += await contacts.write_many(writes[start : start + 100])
        alive = alive[20 + len(leaving) :] + [
            Stored(write.document, result.etag or "")
            for write, result in zip(writes, results, strict=True)
            if write.document is not None
        ]
    return gone, {spoken(stored) for stored in alive}


@pytest.mark.rule("DEL-8")
@pytest.mark.parametrize("small", [True, False])
async def test_of_thousands_of_erased_addresses_no_byte_is_left(
    tmp_path: Path, small: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not small:  # a file too large to be rewritten
        monkeypatch.setattr(sqlite_database, "COMPACT_BYTES", 0)
    store = SqliteStore(tmp_path, inline=True)
    gone, alive = await churn(store, random.Random(7), 45)
    await store.scrub("acme")
    left = bytes_of(tmp_path)
    await store.close()
    assert len(gone) > 2000
    assert [said for said in gone if said.encode() in left] == []
    assert all(said.encode() in left for said in alive)
    unique = [said for said in gone if f"key.{said.encode().hex()}".encode() in left]
    assert unique == []  # a unique value lies there as a keyed fingerprint only
    hashes = [said for said in gone if f"hash.{said.encode().hex()}".encode() in left]
    assert len(hashes) <= (0 if small else len(gone) / 100)


async def test_a_quiet_moment_is_enough_to_erase(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite_database, "IDLE_SECONDS", 0.01)
    store = SqliteStore(tmp_path)
    contacts = store.brand("acme", CONTACTS)
    (stored,) = await put(contacts, contact(email="ann@example.org", emailHash="v1.abcdef"))
    assert b"ann@example.org" in bytes_of(tmp_path)
    await contacts.delete(key(stored.document), stored.etag)
    # Each call starts the quiet anew, so none is made while this waits.
    await asyncio.to_thread(wait_until_empty, tmp_path / "acme.sqlite3-wal")
    left = bytes_of(tmp_path)
    assert b"ann@example.org" not in left
    assert b"v1.abcdef" not in left
    assert await contacts.count(()) == 0
    await store.close()


async def test_closing_erases_too(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path)
    contacts = store.brand("acme", CONTACTS)
    (stored,) = await put(contacts, contact(email="ann@example.org"))
    await contacts.replace(key(stored.document), contact(stored.document["id"]), stored.etag)
    await store.close()
    assert b"ann@example.org" not in bytes_of(tmp_path)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["acme.sqlite3"]


async def test_what_a_killed_process_had_erased_goes_at_the_next_start(tmp_path: Path) -> None:
    killed_while(
        tmp_path,
        """
        document = contact("one", email="ann@example.org")
        etag = await contacts.create(key(document), document)
        await contacts.delete(key(document), etag)
        """,
    )
    assert b"ann@example.org" in bytes_of(tmp_path)
    store = SqliteStore(tmp_path, inline=True)
    await store.scrub("acme")
    assert b"ann@example.org" not in bytes_of(tmp_path)
    await store.close()


async def test_what_was_written_survives_a_kill(tmp_path: Path) -> None:
    killed_while(
        tmp_path,
        """
        for start in range(0, 500, 100):
            await contacts.write_many([creation(contact(f"id-{start + n}")) for n in range(100)])
        """,
    )
    store = SqliteStore(tmp_path)
    assert await store.brand("acme", CONTACTS).count(()) == 500
    await store.close()


async def test_two_processes_write_to_one_brand_without_losing_anything(tmp_path: Path) -> None:
    job = """
        for n in range(60):
            await contacts.write_many([creation(contact(f"{NAME}-{n}-{m}")) for m in range(3)])
            while True:
                stored = await contacts.read(Key("shared", "counter"))
                try:
                    if stored is None:
                        await contacts.create(Key("shared", "counter"), contact("counter", "shared", n=1))
                    else:
                        counted = stored.document | {"n": stored.document["n"] + 1}
                        await contacts.replace(Key("shared", "counter"), counted, stored.etag)
                except (StaleError, ConflictError):
                    continue
                break
        """
    with start(tmp_path, job, "a") as one, start(tmp_path, job, "b") as two:
        assert [process.wait(30) for process in (one, two)] == [0, 0]
    store = SqliteStore(tmp_path)
    contacts = store.brand("acme", CONTACTS)
    counter = await contacts.read(Key("shared", "counter"))
    assert counter
    assert counter.document["n"] == 120
    assert await contacts.count(()) == 361
    await store.close()


async def test_a_database_is_a_file_of_its_own_that_others_may_not_name(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "new")
    await store.brand("acme", CONTACTS).count(())
    await store.platform(PLATFORM_CONTAINERS[0]).count(())
    await store.close()
    assert sorted(file.name for file in (tmp_path / "new").iterdir()) == ["acme.sqlite3", "platform.sqlite3"]


async def test_rows_are_derived_anew_when_a_containers_indexes_change(tmp_path: Path) -> None:
    before = Container("contacts", partition="ambassadorId", indexes=(("createdAt",),))
    store = SqliteStore(tmp_path)
    stored = await put(store.brand("acme", before), *(contact(f"id-{n}", emailHash=f"h{n % 2}") for n in range(9)))
    await store.close()
    store = SqliteStore(tmp_path)
    contacts = store.brand("acme", CONTACTS)
    assert await ids(contacts, Where("emailHash", "=", "h1")) == ["id-1", "id-3", "id-5", "id-7"]
    await contacts.delete(key(stored[0].document), stored[0].etag)
    await store.close()


async def test_an_index_that_is_not_asked_any_more_goes(tmp_path: Path) -> None:
    asked_both_ways = replace(CONTACTS, indexes=CONTACTS.inside, inside=())
    for container, there in ((asked_both_ways, True), (CONTACTS, False)):
        store = SqliteStore(tmp_path)
        await store.brand("acme", container).count(())
        await store.close()
        with closing(sqlite3.connect(tmp_path / "acme.sqlite3")) as connection:
            names = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'index'")}
        assert ("contacts by ambassadorOptIn" in names) is there
        assert "contacts in partition by ambassadorOptIn" in names


async def test_room_of_what_went_is_used_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite_database, "COMPACT_BYTES", 0)
    store = SqliteStore(tmp_path, inline=True)
    contacts = store.brand("acme", CONTACTS)
    sizes = []
    for round_ in range(6):
        documents = [contact(f"id-{round_}-{n}", comments="x" * 2000) for n in range(100)]
        stored = await put(contacts, *documents)
        await contacts.write_many([Write(key(s.document), None, s.etag) for s in stored])
        await store.scrub("acme")
        sizes.append((tmp_path / "acme.sqlite3").stat().st_size)
    assert sizes[-1] <= sizes[0] + 64 * 1024
    await store.compact("acme")
    assert (tmp_path / "acme.sqlite3").stat().st_size < sizes[0] / 2
    await store.close()


def test_slots_come_in_few_sizes_and_waste_little() -> None:
    sizes = {sqlite_slots.size_of(b"x" * length) for length in range(1, 2_000_000, 777)}
    assert len(sizes) < 100
    for length in (1, 255, 256, 257, 4096, 4097, 70_000, 1_999_999):
        assert length <= sqlite_slots.size_of(b"x" * length) <= max(256, length + 256, length * 1.14)


EVERY_WAY = Container("ways", "owner", indexes=(("both", "at"),), across=(("across", "at"),), inside=(("inside",),))


def asked_groups() -> list[tuple[Container, Group, str | None]]:
    """Every index group where it is asked: over all partitions, or inside one that holds more than one document."""
    asked: list[tuple[Container, Group, str | None]] = []
    for container in (*BRAND_CONTAINERS, *PLATFORM_CONTAINERS, EVERY_WAY):
        asked += [(container, group, None) for group in (*container.indexes, *container.across)]
        if container.partition != "id":
            asked += [(container, group, "p") for group in (*container.indexes, *container.inside)]
    return asked


@pytest.mark.parametrize(("container", "group", "partition"), asked_groups(), ids=str)
async def test_every_index_group_answers_by_its_index(
    container: Container, group: Group, partition: str | None
) -> None:
    *held, last = group
    equal = tuple(Where(path, "=", "x") for path in held)
    used = index_name(container, group, inside=partition is not None).strip('"')
    for where, order in [
        ((*equal, Where(last, "<=", "y")), last),
        ((*equal, Where(last, "=", "y")), None),
        ((*equal, Where(last, ">", 5)), None),
        (equal, last),
    ]:
        for descending in (False, True):
            query = Query(where, partition, order, descending)
            chosen = plan(container, query)
            cursor = next_cursor(["x", 1] if chosen.order else [1])
            for asked in (query, Query(where, partition, order, descending, cursor=cursor)):
                steps = await explained(container, *sqlite_query.select(container, asked, chosen))
                assert any(f"USING INDEX {used}" in step or f"COVERING INDEX {used}" in step for step in steps), steps
                assert not any("TEMP B-TREE" in step or scans(step, used) for step in steps), steps
    if partition is None:
        where = (*equal, Where(last, "<=", "y"))
        steps = await explained(container, *sqlite_query.count(container, where, plan_count(container, where)))
        assert [step for step in steps if used not in step] == []


async def test_what_is_unique_is_looked_up_by_its_index() -> None:
    query = Query((Where("addressKey", "in", ("x", "y")),), "p")
    steps = await explained(CONTACTS, *sqlite_query.select(CONTACTS, query, plan(CONTACTS, query), b"key"))
    assert any("USING INDEX contacts unique addressKey (partition=? AND unique addressKey=?)" in s for s in steps), (
        steps
    )


@pytest.mark.parametrize("partition", [None, "p"])
async def test_a_group_of_equality_answers_both_ways_by_one_index(partition: str | None) -> None:
    (group,) = CONTACTS.equal
    used = index_name(CONTACTS, group, inside=partition is not None).strip('"')
    for where in (Where("emailHash", "=", "x"), Where("emailHash", "in", ("x", "y", "z"))):
        query = Query((where,), partition)
        steps = await explained(CONTACTS, *sqlite_query.select(CONTACTS, query, plan(CONTACTS, query)))
        assert any(f"SEARCH t USING INDEX {used}" in step for step in steps), steps
        assert not any("TEMP B-TREE" in step for step in steps), steps


@pytest.mark.parametrize("container", [CONTACTS, LEDGER], ids=lambda c: str(c.name))
async def test_without_a_condition_the_primary_key_answers(container: Container) -> None:
    for query in (Query(), Query(partition="p"), Query(partition="p", cursor=next_cursor(["x"]))):
        steps = await explained(container, *sqlite_query.select(container, query, Plan(None, 0)))
        assert not any("TEMP B-TREE" in step for step in steps), steps
        if query.partition:
            assert any(f"SEARCH t USING INDEX {container.name} by key (partition=?" in step for step in steps), steps


def scans(step: str, index: str) -> bool:
    """A scan of more than the answer: of a table, or of another index than the one that gives the order."""
    return step.startswith("SCAN") and index not in step


async def explained(container: Container, sql: str, values: list[Any]) -> list[str]:
    database = sqlite_database.Database(None, inline=True)

    def explain(connection: sqlite3.Connection) -> list[str]:
        database.ensure(connection, container)
        return [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}", values)]

    steps = await database.run(explain)
    await database.close()
    return steps


def start(directory: Path, job: str, name: str = "") -> subprocess.Popen[str]:
    program = f"""
import asyncio
from pathlib import Path
from shared.adapters.sqlite import SqliteStore
from shared.domain.containers import CONTACTS
from shared.ports import ConflictError, Key, StaleError
from tests.contracts.stores import contact, creation, key

NAME = {name!r}

async def main() -> None:
    store = SqliteStore(Path({str(directory)!r}))
    contacts = store.brand("acme", CONTACTS)
{textwrap.indent(textwrap.dedent(job), "    ")}
    print("done", flush=True)
    {"await store.close()" if name else "await asyncio.sleep(60)"}

asyncio.run(main())
"""
    return subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE, text=True)


def killed_while(directory: Path, job: str) -> None:
    # Quiet would clear the log: the kill must come first.
    with start(
        directory, "import shared.adapters.sqlite_database as d\nd.IDLE_SECONDS = 60\n" + textwrap.dedent(job)
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == "done\n"
        os.kill(process.pid, signal.SIGKILL)
