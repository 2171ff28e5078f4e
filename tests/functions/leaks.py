"""A run whose every value can be recognised, ports that fail with those values on their lips, and where they may show."""

import logging
import re
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, cast
from urllib.parse import quote

from shared.domain.containers import Container
from shared.ports import Backlog, Documents, Held, Queue, Store
from tests.functions.suite import URL

PERSON = {
    "email": "canary.person@zq7.example.org",
    "firstName": "Zqfirstname",
    "lastName": "Zqlastname",
    "comments": "Zqcomment about her",
    "street": "Zqstreet 7",
    "mobilePhone": "+33677889900",
    "customerId": "zqcustomer77",
    "tags": ["zqtag"],
}
AMBASSADOR = {
    "email": "canary.ambassador@zq7.example.org",
    "password": "zqpassword with words",
    "firstName": "Zqada",
    "lastName": "Zqlovelace",
    "alias": "zqalias",
    "iban": "FR1420041010050500013M02606",
    "about": "Zqabout me",
    "dateOfBirth": "1977-07-07",
}
IP = "203.0.113.77"
MARKERS = [str(value) for value in (*PERSON.values(), *AMBASSADOR.values(), IP, "zqbody", "zqtag", "zq7")]


class LeakingError(Exception):
    """What an adapter might raise that quotes all it was given."""


class Faults:
    """Lets the ports fail: the next so many operations, with every marker in the message and in its cause."""

    def __init__(self) -> None:
        self.left = 0

    def check(self) -> None:
        """Raises while there is a fault left."""
        if self.left:
            self.left -= 1
            everything = " ".join(MARKERS)
            raise LeakingError(everything) from ValueError(everything)


class LeakingStore:
    """A store that fails when told to."""

    def __init__(self, store: Store, faults: Faults) -> None:
        self._store, self._faults = store, faults

    def brand(self, brand: str, container: Container) -> Documents:
        """A container of one brand."""
        return _watched(self._store.brand(brand, container), self._faults)

    def platform(self, container: Container) -> Documents:
        """A container of the platform."""
        return _watched(self._store.platform(container), self._faults)

    async def close(self) -> None:
        """Closes the store."""
        await self._store.close()


def _watched(documents: Documents, faults: Faults) -> Documents:
    class Watched:
        def __getattr__(self, name: str) -> Callable[..., Any]:
            method = getattr(documents, name)

            async def call(*arguments: Any, **more: Any) -> Any:
                faults.check()
                return await method(*arguments, **more)

            return call

    watched: Any = Watched()
    return watched  # type: ignore[no-any-return]  # made of the protocol's own methods


@dataclass(slots=True)
class Tee:
    """Sends to the queue that the test drains, and to a real one, whose client logs; remembers every message."""

    tested: Queue
    real: Queue
    faults: Faults
    sent: list[str] = field(default_factory=list)

    async def send(self, queue: str, messages: Sequence[Mapping[str, Any]], *, delay_seconds: int = 0) -> None:
        """Puts each message on both."""
        self.faults.check()
        self.sent += [repr(dict(message)) for message in messages]
        await self.tested.send(queue, messages, delay_seconds=delay_seconds)
        await self.real.send(f"canary-{queue}", messages, delay_seconds=delay_seconds)

    @property
    def backlog(self) -> Backlog:
        """What lies on the tested one."""
        return cast("Backlog", self.tested)

    async def depth(self, queue: str) -> int:
        """How many lie on the tested one."""
        self.faults.check()
        return await self.backlog.depth(queue)

    async def peek(self, queue: str) -> list[Held]:
        """What lies there."""
        self.faults.check()
        return await self.backlog.peek(queue)

    async def lease(self, queue: str, seconds: int) -> list[Held]:
        """Leases it."""
        self.faults.check()
        return await self.backlog.lease(queue, seconds)

    async def release(self, queue: str, held: Held) -> None:
        """Lets others see it."""
        await self.backlog.release(queue, held)

    async def remove(self, queue: str, held: Held) -> None:
        """Deletes what was leased."""
        await self.backlog.remove(queue, held)


@contextmanager
def every_log_record() -> Iterator[list[str]]:
    """Everything that any logger says, at every level, with what hangs on each record; but for the test's own client."""
    said: list[str] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            text = f"{record.getMessage()} {vars(record)}"
            if record.exc_info and record.exc_info[1]:
                text += "".join(traceback.format_exception(record.exc_info[1]))
            if not (record.name == "httpx" and URL in text):
                said.append(f"{record.name}: {text}")

    keep, root = Keep(), logging.getLogger()
    level, levels = root.level, {name: logging.getLogger(name).level for name in ("azure", "httpx", "httpcore")}
    root.addHandler(keep)
    root.setLevel(logging.DEBUG)
    for name in levels:
        logging.getLogger(name).setLevel(logging.DEBUG)
    try:
        yield said
    finally:
        root.removeHandler(keep)
        root.setLevel(level)
        for name, before in levels.items():
            logging.getLogger(name).setLevel(before)


def found_in(texts: Sequence[str], secrets: Sequence[str]) -> list[tuple[str, str]]:
    """Each text with the marker or secret that stands in it, in whatever case or escaping."""
    wanted = {form for marker in (*MARKERS, *secrets) for form in (marker.casefold(), quote(marker).casefold())}
    pattern = re.compile("|".join(map(re.escape, sorted(wanted, key=len, reverse=True))))
    hits = []
    for text in texts:
        if hit := pattern.search(text.casefold()):
            hits.append((hit[0], text[:300]))
    return hits
