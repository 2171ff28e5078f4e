"""A brand's whole database sent over HTTP, a thousand rows a call, each call twice; then a tenth of it deleted."""

import asyncio
import json
import sqlite3
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx

from local.bench.embedded import BRAND, scratch_folder
from local.bench.measurement import Measurement, Progress, Target
from local.bench.seeding import held_by_sync, seed_accounts
from local.bench.suites import RunningSuite, running_suite

ROWS = 50_000
DELETED_SHARE = 10  # one contact in ten is deleted
A_CALL = 1000
ACCOUNTS = 100
TARGET = Target("value", "at least", 1000)
_A_BATCH = 100


def measure(rows: int | None, progress: Progress) -> Measurement:
    """Rows a second, new ones and deletions; what is sent again must change nothing."""
    count = rows or ROWS
    upserts = [{"upserts": some} for some in _calls([_row(number) for number in range(count)])]
    deletes = [{"deletes": some} for some in _calls([{"key": f"K{n}"} for n in range(0, count, DELETED_SHARE)])]
    gone = len(range(0, count, DELETED_SHARE))
    with running_suite() as suite:
        suite.client.drain()
        asyncio.run(seed_accounts(suite.environment, BRAND, ACCOUNTS))
        first = _sent(suite, upserts, {"created": count}, "sending new contacts", progress)
        again = _sent(suite, upserts, {"unchanged": count}, "sending them again", progress)
        deleting = _sent(suite, deletes, {"deleted": gone}, "deleting", progress)
        _sent(suite, deletes, {"unchanged": gone}, "deleting again", progress)
        live, hashed = asyncio.run(held_by_sync(suite.environment, BRAND))
        if (live, hashed) != (count - gone, gone):
            raise RuntimeError(f"{live} contacts are held and {hashed} hashed, not {count - gone} and {gone}")
    progress("the same with json and sqlite3 alone")
    with scratch_folder() as folder:
        bare = _bare(folder / "bare.sqlite3", [*upserts, *deletes])
    conditions = {
        "upserts": count,
        "deletes": gone,
        "rowsACall": A_CALL,
        "ambassadors": ACCOUNTS,
        "unchangedPerSecond": round(count / again),
        "suite": "local host, one call at a time, SQLite files",
        "floorIs": "json, and sqlite3 writes of the same fields, a transaction a hundred rows",
    }
    everything = count + gone
    return Measurement("sync", everything / (first + deleting), "rows/s", everything / bare, TARGET, conditions)


def _row(number: int) -> dict[str, Any]:
    return {
        "key": f"K{number}",
        "ambassador": f"C{number % ACCOUNTS}",
        "optIn": number % 3 != 0,
        "email": f"person{number:06}@example.org",
        "firstName": f"First{number}",
        "lastName": f"Last{number}",
        "customerId": f"9{number:07}",
        "city": "Lyon",
        "postalCode": "69001",
        "country": "FR",
        "mobilePhone": f"+3361{number:07}",
    }


def _calls(rows: Sequence[dict[str, Any]]) -> Iterator[Sequence[dict[str, Any]]]:
    for start in range(0, len(rows), A_CALL):
        yield rows[start : start + A_CALL]


def _sent(
    suite: RunningSuite, bodies: Sequence[dict[str, Any]], expected: dict[str, int], what: str, progress: Progress
) -> float:
    """How many seconds the calls took; raises RuntimeError unless every row was answered as expected."""
    key = suite.client.call("GET", "/admin/demo", expect=200).json()["brands"][BRAND]["apiKey"]
    url = f"{suite.ports.functions.url}/api/brands/{BRAND}/sync/contacts"
    results: Counter[str] = Counter()
    began = time.perf_counter()
    with httpx.Client(timeout=600, trust_env=False, headers={"X-Api-Key": key}) as http:
        for number, body in enumerate(bodies):
            progress(what, number, len(bodies))
            answer = http.post(url, json=body)
            answer.raise_for_status()
            results.update(item["result"] for item in answer.json()["items"])
    seconds = time.perf_counter() - began
    if results != expected:
        raise RuntimeError(f"the rows were answered {dict(results)}, not {expected}")
    return seconds


def _bare(path: Path, bodies: Sequence[dict[str, Any]]) -> float:
    """Seconds for the same rows, read from JSON into a plain table and deleted there."""
    texts = [json.dumps(body) for body in bodies]
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        names = ", ".join(_row(0))
        connection.execute(f"CREATE TABLE contacts ({names}, PRIMARY KEY (key))")
        began = time.perf_counter()
        for text in texts:
            body = json.loads(text)
            _apply(
                connection, f"INSERT INTO contacts VALUES ({', '.join('?' * len(_row(0)))})", body.get("upserts", ())
            )
            _apply(connection, "DELETE FROM contacts WHERE key = ?", body.get("deletes", ()))
        return time.perf_counter() - began


def _apply(connection: sqlite3.Connection, statement: str, rows: Sequence[dict[str, Any]]) -> None:
    for start in range(0, len(rows), _A_BATCH):
        values: Iterable[list[Any]] = (list(row.values()) for row in rows[start : start + _A_BATCH])
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(statement, values)
        connection.execute("COMMIT")
