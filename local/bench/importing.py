"""An import of an address book into a brand with a long black list, from the upload to the job's end."""

import asyncio
import csv
import secrets
import sqlite3
import time
from collections.abc import Iterable
from contextlib import closing
from io import StringIO
from pathlib import Path

from local.bench.embedded import BRAND, QUEUE_IS, Embedded, scratch_folder
from local.bench.measurement import Measurement, Progress, Target
from local.samples import write_google_export
from shared.domain import containers
from shared.domain.ids import new_id
from shared.domain.jobs import JobState
from shared.domain.suppression import Suppression, SuppressionReason
from shared.ports import Key, Write
from shared.usecases import import_contacts
from shared.usecases.brands import Brand

ROWS = 100_000
LISTED_SHARE = 50  # one row in fifty is on the black list
TARGET = Target("value", "at least", 5000)
_A_BATCH = 100
_COLUMNS = (
    *("First Name", "Last Name", "E-mail 1 - Value", "Phone 1 - Value", "Address 1 - Street"),
    *("Address 1 - City", "Address 1 - Postal Code", "Address 1 - Country", "Labels"),
)


def measure(rows: int | None, progress: Progress) -> Measurement:
    """Rows a second; as many suppressions as rows, one in fifty of them of a row's address."""
    count = rows or ROWS
    with scratch_folder() as folder:
        progress("writing the file")
        write_google_export(folder / "export.csv", count)
        seconds = asyncio.run(_import(folder, count, progress))
        progress("the same with csv and sqlite3 alone")
        bare = _bare(folder / "export.csv", folder / "bare.sqlite3")
    conditions = {
        "rows": count,
        "suppressions": count,
        "format": "Google CSV, all columns",
        "store": "SQLite file on a thread",
        "queue": QUEUE_IS,
        "files": "sealed, in a folder",
        "floorIs": "csv, and sqlite3 inserts of the same fields, a transaction a hundred rows",
    }
    return Measurement("import", count / seconds, "rows/s", count / bare, TARGET, conditions)


async def _import(folder: Path, rows: int, progress: Progress) -> float:
    embedded = Embedded(folder)
    brand = await embedded.brand()
    listed = [f"person{number:06}@example.org" for number in range(LISTED_SHARE, rows + 1, LISTED_SHARE)]
    others = [f"stranger{number:06}@example.org" for number in range(rows - len(listed))]
    await _suppress(brand, [*listed, *others], progress)
    content = (folder / "export.csv").read_bytes()
    ambassador = new_id()
    began = time.perf_counter()
    job = await import_contacts.start_import(brand, ambassador, content, None)
    progress("importing")
    while embedded.queue.messages:
        _, message = embedded.queue.messages.popleft()
        await import_contacts.run_import(brand, message["job"])
    seconds = time.perf_counter() - began
    ended = await import_contacts.get_job(brand, ambassador, job.id)
    if (ended.state, ended.accepted, ended.refused) != (JobState.DONE, rows - len(listed), len(listed)):
        raise RuntimeError(f"the import ended {ended.state}, {ended.accepted} accepted and {ended.refused} refused")
    await embedded.close()
    return seconds


async def _suppress(brand: Brand, addresses: list[str], progress: Progress) -> None:
    documents = brand.ports.store.brand(BRAND, containers.SUPPRESSIONS)
    for start in range(0, len(addresses), _A_BATCH):
        writes = []
        for address in addresses[start : start + _A_BATCH]:
            entry = Suppression(id=brand.hasher.ref(address), reasons={SuppressionReason.HARD_BOUNCE: brand.now()})
            writes.append(Write(Key(entry.id, entry.id), entry.to_document(), None))
        await documents.write_many(writes)
        progress("filling the black list", start, len(addresses))


def _bare(export: Path, path: Path) -> float:
    content = export.read_bytes()
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute(f"CREATE TABLE contacts (id TEXT PRIMARY KEY, {', '.join(f'c{n}' for n in range(9))})")
        began = time.perf_counter()
        batch: list[list[str]] = []
        for row in csv.DictReader(StringIO(content.decode())):
            batch.append([secrets.token_hex(15), *(row[name] for name in _COLUMNS)])
            if len(batch) == _A_BATCH:
                _insert(connection, batch)
                batch = []
        _insert(connection, batch)
        return time.perf_counter() - began


def _insert(connection: sqlite3.Connection, rows: Iterable[list[str]]) -> None:
    connection.execute("BEGIN IMMEDIATE")
    connection.executemany(f"INSERT INTO contacts VALUES ({', '.join('?' * 10)})", rows)
    connection.execute("COMMIT")
