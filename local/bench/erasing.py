"""Complete erasures: each person in two books, down to the mail provider's word and the proof of it."""

import asyncio
import os
import sqlite3
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from local.bench.embedded import QUEUE_IS, Embedded, scratch_folder
from local.bench.measurement import Measurement, Progress, Target
from shared.domain.consent import AmbassadorOptIn
from shared.domain.contact import Contact, Origin
from shared.domain.ids import new_id
from shared.ports import OutgoingMail, SendResult
from shared.usecases.brands import Brand
from shared.usecases.collections import Change, chunks
from shared.usecases.erasure import proof_of_erasure, request_erasure
from shared.usecases.provider_forgets import CONFIRMED, have_forgotten

SUBJECTS = 1000
AT_ONCE = 16  # as many messages as a host takes from a queue
BOOKS = 2
WRITES = 11  # of one erasure: debt made, read and deleted, request made, listed, done and confirmed, two records, listing, ledger
ROW_BYTES = 1000
TARGET = Target("value", "at least", 200)
CONDITIONS: dict[str, Any] = {
    "store": "SQLite files, a thread a file",
    "queue": QUEUE_IS,
    "a subject is": f"a record in each of {BOOKS} books, opted in, so that each leaves a ledger entry and tombstones",
    "atOnce": AT_ONCE,
    "includes": "hash listed, records anonymised, debt to the provider sealed and paid (it answers at once), proof",
    "floorIs": f"sqlite3: {WRITES} transactions of one row of {ROW_BYTES} bytes for each subject",
}


@dataclass(slots=True)
class _Forgets:
    """A provider that forgets at once."""

    forgotten: int = 0

    async def send(self, mails: Sequence[OutgoingMail]) -> list[SendResult]:
        """Raises RuntimeError: an erasure mails nobody."""
        raise RuntimeError("the benchmark mails nobody")

    async def was_accepted(self, custom_id: str) -> bool | None:
        """It knows of no mail."""
        return False

    async def forget(self, address: str) -> bool:
        """Says that it knows nobody of the address."""
        self.forgotten += 1
        return True


def measure(rows: int | None, progress: Progress) -> Measurement:
    """Subjects a second."""
    subjects = rows or SUBJECTS
    with scratch_folder() as folder:
        seconds = asyncio.run(_erase_all(folder, subjects, progress))
        progress("writing bare rows")
        bare = _bare(folder / "bare.sqlite3", subjects)
    conditions = {"subjects": subjects, **CONDITIONS}
    return Measurement("erasure", subjects / seconds, "subjects/s", subjects / bare, TARGET, conditions)


async def _erase_all(folder: Path, subjects: int, progress: Progress) -> float:
    embedded, provider = Embedded(folder), _Forgets()
    brand = await embedded.brand()
    brand = replace(brand, ports=replace(brand.ports, mailer=provider))
    people = [f"person{number}@example.org" for number in range(subjects)]
    progress(f"entering {subjects:,} people")
    await _enter(brand, people)
    os.sync()
    progress(f"erasing {subjects:,} people")
    began = time.perf_counter()
    requests: list[str] = []
    for some in chunks(people, AT_ONCE):
        requests += await asyncio.gather(*(request_erasure(brand, person, "staff") for person in some))
        waiting = [message["provider"] for _, message in embedded.queue.messages if "provider" in message]
        embedded.queue.messages.clear()
        await asyncio.gather(*(have_forgotten(brand, id) for id in waiting))
    seconds = time.perf_counter() - began
    for id in requests:
        proof = await proof_of_erasure(brand, id)
        if len(proof) != 2 or proof[0].after["erased"]["contacts"] != BOOKS or CONFIRMED not in proof[1].after:
            raise RuntimeError("an erasure is not complete")
    if provider.forgotten != subjects:
        raise RuntimeError(f"the provider was told of {provider.forgotten} people, not of {subjects}")
    await embedded.close()
    return seconds


async def _enter(brand: Brand, people: Sequence[str]) -> None:
    books, now = [new_id() for _ in range(BOOKS)], brand.now()
    origin = Origin(mechanism="import")
    for book in books:
        for some in chunks(people, 100):
            records = [
                Contact(
                    ambassador_id=book, email=person, first_name="Grace", last_name="Person", city="Paris",
                    ambassador_opt_in=AmbassadorOptIn.OPT_IN_ORDER, ambassador_opt_in_at=now,
                    created_at=now, created_by=origin, modified_at=now, modified_by=origin,
                ).settled(brand.hasher, brand.policy.soft_bounce_limit)
                for person in some
            ]  # fmt: skip
            await brand.contacts.write_many([Change(None, record) for record in records])


def _bare(path: Path, subjects: int) -> float:
    row = "x" * ROW_BYTES
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("PRAGMA synchronous=NORMAL")
        database.execute("CREATE TABLE bare (id TEXT PRIMARY KEY, body TEXT)")
        began = time.perf_counter()
        for number in range(subjects * WRITES):
            database.execute("INSERT INTO bare VALUES (?, ?)", (str(number), row))
        return time.perf_counter() - began
