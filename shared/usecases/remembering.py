"""Collections that leave tombstones (BAK-3): every way of writing a record goes through here, so none can forget it.

Who is erased or opts out is written down before the act is saved: after a crash between the two the act is only done again,
by the sweep or by the person. What takes that back is written once it is saved. A batch leaves one file, and a
write that changes nothing of the kind leaves none.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from shared.domain.containers import Container
from shared.domain.errors import TryAgainError
from shared.domain.hashing import Hasher
from shared.domain.ids import new_short_id
from shared.domain.records import Record
from shared.domain.tombstones import OF, Tombstone, What, of_anything
from shared.ports import ConflictError, Documents, Files, Outcome, Ports, Result, StaleError
from shared.usecases.collections import Change, Collection, Versioned, chunks

T = TypeVar("T", bound=Record)

# The oldest backup is a year old, and a month and some days more may pass before it goes.
KEPT = timedelta(days=366 + 40)
FILES_AT_ONCE = 16
_TELLING = ("createdAt", "at", "receivedAt", "issuedAt", "contactId")
_TIME = "%Y-%m-%dT%H%M%SZ"


@dataclass(frozen=True, slots=True)
class Log:
    """The tombstones of one brand: files whose names sort by the time they were written."""

    files: Files
    brand: str
    now: Callable[[], datetime]

    async def write(self, tombstones: Sequence[Tombstone]) -> None:
        """Writes some down, in one file; none, no file."""
        if tombstones:
            lines = [stone.model_dump_json(by_alias=True, exclude_defaults=True) + "\n" for stone in tombstones]
            path = f"{self.brand}/{self.now().strftime(_TIME)}.{new_short_id()}"
            await self.files.write(path, ["".join(lines).encode()])

    async def since(self, moment: datetime) -> AsyncIterator[Tombstone]:
        """Those written from a time on, oldest file first."""
        first = f"{self.brand}/{moment.strftime(_TIME)}"
        paths = [path async for path in self.files.list(f"{self.brand}/") if path >= first]
        for some in chunks(paths, FILES_AT_ONCE):
            for lines in await asyncio.gather(*map(self._lines, some)):
                for line in lines:
                    yield Tombstone.model_validate_json(line)

    async def forget(self) -> int:
        """Deletes those that no backup is older than; gives how many files."""
        last = f"{self.brand}/{(self.now() - KEPT).strftime(_TIME)}"
        old = [path async for path in self.files.list(f"{self.brand}/") if path < last]
        for path in old:
            await self.files.delete(path)
        return len(old)

    async def _lines(self, path: str) -> list[bytes]:
        with suppress(FileNotFoundError):  # it grew too old in this moment
            return b"".join([piece async for piece in self.files.read(path)]).splitlines()
        return []


def log_of(ports: Ports, brand: str) -> Log:
    """The tombstones of a brand."""
    return Log(ports.tombstones, brand, ports.clock.now)


class Remembering(Collection[T]):
    """A collection of one brand whose writes leave the tombstones they owe."""

    def __init__(self, documents: Documents, model: type[T], container: Container, hasher: Hasher, log: Log) -> None:
        super().__init__(documents, model, container.partition)
        self._container = container
        self._hasher = hasher
        self._log = log

    async def create(self, record: T) -> Versioned[T]:
        """Writes a new record; raises ConflictError."""
        async with _Owed(self._log, self._stones(None, record)):
            return await super().create(record)

    async def replace(self, before: Versioned[T], after: T) -> Versioned[T]:
        """Replaces what was read; raises StaleError when it changed since."""
        async with _Owed(self._log, self._stones(before.record, after)):
            return await super().replace(before, after)

    async def delete(self, before: Versioned[T]) -> None:
        """Deletes what was read; raises StaleError when it changed since."""
        async with _Owed(self._log, self._stones(before.record, None)):
            await super().delete(before)

    async def say_again(self, records: Sequence[T]) -> None:
        """Writes what takes back, as far as these records still owe it: a crash may have come between."""
        stones = [stone for record in records for stone in self._stones(None, record)]
        await self._log.write([stone for stone in stones if stone.what.takes_back])

    async def write_many(self, changes: Sequence[Change[T]]) -> list[Result]:
        """Conditional writes in batches; each has its own outcome, in input order."""
        stones = [list(self._stones(c.before.record if c.before else None, c.after)) for c in changes]
        await self._log.write([stone for owed in stones for stone in owed if not stone.what.takes_back])
        results = await super().write_many(changes)
        then: list[Tombstone] = []
        for owed, result in zip(stones, results, strict=True):
            saved = result.outcome is Outcome.WRITTEN
            then += [stone for stone in owed if stone.what.takes_back] if saved else _void(owed)
        await self._log.write(then)
        return results

    def _stones(self, before: T | None, after: T | None) -> Iterator[Tombstone]:
        """What a write owes; where the record lies is worked out only for those, and most writes owe nothing."""
        known, of = before or after, OF.get(self._container.name, of_anything)
        for fields in of(before, after, self._hasher) if known else ():
            document = known.to_document() if known else {}
            key = self._key(document)
            yield Tombstone(
                at=self._log.now(),
                container=self._container.name,
                partition=key.partition,
                record=key.id,
                made=made(document),
                **fields,
            )


class _Owed:
    """The tombstones of one write, around it."""

    def __init__(self, log: Log, stones: Iterator[Tombstone]) -> None:
        self._log = log
        self._stones = list(stones)

    async def __aenter__(self) -> None:
        await self._log.write([stone for stone in self._stones if not stone.what.takes_back])

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        if error is None:
            await self._log.write([stone for stone in self._stones if stone.what.takes_back])
        elif isinstance(error, StaleError | ConflictError):
            with suppress(TryAgainError):  # it errs on the safe side; what the caller has to know is the other error
                await self._log.write(_void(self._stones))


def made(document: dict[str, Any]) -> str | None:
    """What tells a record from a later one of the same id: when it was made, or for which contact; None when nothing does."""
    return next((str(document[name]) for name in _TELLING if document.get(name)), None)


def _void(stones: Sequence[Tombstone]) -> list[Tombstone]:
    return [Tombstone(at=s.at, what=What.VOID, of=s.id) for s in stones if not s.what.takes_back]
