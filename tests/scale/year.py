"""A year of a brand's contacts over the functions themselves: `python -m tests.scale.year [contacts]` prints what it costs."""

import asyncio
import os
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from shared.adapters.sqlite import SqliteStore
from shared.ports import OutgoingMail
from tests.functions.suite import ENVIRONMENT, PASSWORD, SignedIn, Suite, serving
from tests.scale.metering import Cost, Meter, MeteredStore
from tests.support.acts import event_of, token_of
from tests.support.world import HANDLERS

A_BOOK = 100  # contacts of an ambassador
ACCEPT, DECLINE, LEAVE_ALL = 30, 5, 2  # of a hundred who are invited
PUBLICATIONS, OPENED, CLICKED = 6, 30, 5  # a year; of a hundred mails
WEEKS = 52  # in which an ambassador signs in, looks at two pages and reads five contacts
EVENTS_A_CALL = 20
PROVIDER = ("provider", "new secret")
# What runs without anybody asking, a year.
TIMES = {"sweep_retention": 8760, "sweep_lost_work": 105_120, "back_up_brands": 8760}


@dataclass(slots=True)
class Year:
    """The suite, its meter, and who plays in it."""

    suite: Suite
    meter: Meter
    contacts: int
    members: list[SignedIn] = field(default_factory=list)

    async def play(self) -> None:
        """All of it, in order."""
        for number in range(self.contacts // A_BOOK or 1):
            self.members.append(await self.suite.sign_in(f"ambassador{number}@example.org"))
        await self._measure_idle("idle")
        with self.meter.phase("import"):
            for number, member in enumerate(self.members):
                people = ", ".join(f"person{number}.{each}@example.org" for each in range(self._a_book))
                await self._call(member, "POST", "/contacts/import?format=emails", content=people.encode())
                await self._rest()
        with self.meter.phase("invitations"):
            for member in self.members:
                await self._call(member, "POST", "/contacts/invite", json={"all": True})
            await self._rest()
        first = self._new_mails()
        with self.meter.phase("provider's events"):
            await self._events(first, "sent")
        with self.meter.phase("answers"):
            await self._answers(first)
        for _ in range(2):
            self.suite.world.clock.advance(days=16)
            with self.meter.phase("sweeps"):
                await self._tick("sweep_retention")
            with self.meter.phase("provider's events"):
                await self._events(self._new_mails(), "sent")
        for _ in range(PUBLICATIONS):
            await self._publication()
        with self.meter.phase("ambassadors' visits"):
            for _ in range(WEEKS):
                self.suite.world.clock.advance(days=5)
                for member in self.members:
                    await self._visit(member)
        self.suite.world.clock.advance(days=110)
        with self.meter.phase("sweeps"):
            await self._tick("sweep_retention")
        with self.meter.phase("backups"):
            await self._tick("back_up_brands")
        await self._measure_idle("idle after all")

    @property
    def _a_book(self) -> int:
        return min(A_BOOK, self.contacts)

    async def _measure_idle(self, when: str) -> None:
        """Each timer once when there is nothing to do, after once when there may be."""
        for name in TIMES:
            for phase in ("before", f"{when}: {name}"):
                self.suite.world.clock.advance(hours=1)
                with self.meter.phase(phase):
                    await self._tick(name)

    def idle(self, name: str, when: str = "idle") -> Cost:
        """What a timer costs that finds nothing to do."""
        return self.meter.phases[f"{when}: {name}"]

    async def _publication(self) -> None:
        with self.meter.phase("publications"):
            for member in [await self._signed_in(member) for member in self.members]:
                await self._call(member, "POST", "/publications", json={"subject": "New", "body": "Look.", "all": True})
            await self._rest()
        mails = self._new_mails()
        with self.meter.phase("provider's events"):
            await self._events(mails, "sent")
            await self._events(mails[: len(mails) * OPENED // 100], "open")
            await self._events(mails[: len(mails) * CLICKED // 100], "click")

    async def _answers(self, mails: Sequence[OutgoingMail]) -> None:
        for place, mail in enumerate(mails):
            turn = place % 100
            if turn < ACCEPT + DECLINE:
                path = "/i/" + token_of(mail, "i")
                await self._page(path, {"answer": "accept" if turn < ACCEPT else "decline"})
            elif turn < ACCEPT + DECLINE + LEAVE_ALL:
                await self._page("/u/" + token_of(mail, "u"), {"scope": "brand"})
        await self._rest()

    async def _visit(self, member: SignedIn) -> None:
        member = await self._signed_in(member)
        book = (await self._call(member, "GET", "/contacts")).json()
        if book["nextCursor"]:
            await self._call(member, "GET", f"/contacts?cursor={book['nextCursor']}")
        for contact in book["items"][:5]:
            await self._call(member, "GET", f"/contacts/{contact['id']}")

    async def _signed_in(self, member: SignedIn) -> SignedIn:
        credentials = {"email": member.account.email, "password": PASSWORD}
        answered = await self._counted(self.suite.http.post, f"/api/brands/{member.brand}/session", json=credentials)
        return SignedIn(self.suite, member.brand, member.account, answered.json()["token"], "")

    async def _page(self, path: str, form: dict[str, str]) -> None:
        await self._counted(self.suite.http.get, path)
        await self._counted(self.suite.http.post, path, data=form)

    async def _events(self, mails: Sequence[OutgoingMail], event: str) -> None:
        now = self.suite.world.clock.now()
        for start in range(0, len(mails), EVENTS_A_CALL):
            events = [event_of(mail, event, now) for mail in mails[start : start + EVENTS_A_CALL]]
            await self._counted(self.suite.http.post, "/api/webhooks/mailjet", json=events, auth=PROVIDER)
        await self._rest()

    async def _call(self, member: SignedIn, method: str, path: str, **request: Any) -> Any:
        return await self._counted(member.call, method, path, **request)

    async def _counted(self, call: Any, *what: Any, **request: Any) -> Any:
        began = time.process_time()
        answered = await call(*what, **request)
        self.meter.cost.executions["http"] += 1
        self.meter.cost.seconds += time.process_time() - began
        if answered.status_code >= 300:
            raise RuntimeError(f"{what}: {answered.status_code} {answered.text}")
        return answered

    async def _tick(self, name: str) -> None:
        began = time.process_time()
        await self.suite.tick(name)
        self.meter.cost.executions["timer"] += 1
        self.meter.cost.seconds += time.process_time() - began
        await self._rest()

    async def _rest(self) -> None:
        """Hands every message to its function, as a host does."""
        while True:
            waiting = [(queue, message) for queue in HANDLERS if (message := self.suite.world.queue.pop(queue))]
            if not waiting:
                break
            for queue, message in waiting:
                began = time.process_time()
                await self.suite.hand_over(queue, message)
                self.meter.cost.messages[queue] += 1
                self.meter.cost.executions["queue"] += 1
                self.meter.cost.seconds += time.process_time() - began
        if self.suite.failures:
            raise self.suite.failures[0]

    def _new_mails(self) -> list[OutgoingMail]:
        outbox = self.suite.world.mailer.outbox
        mails = [mail for mail in outbox if mail.to_email.startswith("person")]
        outbox.clear()
        return mails


@asynccontextmanager
async def played(contacts: int) -> AsyncIterator[Year]:
    """A year that is over."""
    meter = Meter()
    async with serving(MeteredStore(SqliteStore(None, inline=True), meter)) as suite:
        year = Year(suite, meter, contacts)
        await year.play()
        yield year


@dataclass(frozen=True, slots=True)
class Row:
    """What a part of the year costs for a thousand contacts; requests are to the store, seconds of a processor."""

    phase: str
    ru: float
    requests: float
    messages: float
    calls: float
    seconds: float


def rows(year: Year) -> list[Row]:
    """A row for each part of the year."""
    share = 1000 / year.contacts
    return [
        Row(name, *_shared(cost, share))
        for name, cost in year.meter.phases.items()
        if name != "before" and not name.startswith("idle")
    ]


def _shared(cost: Cost, share: float) -> tuple[float, float, float, float, float]:
    counts = cost.requests.total(), cost.messages.total(), cost.executions.total()
    requests, messages, calls = (share * count for count in counts)
    return share * cost.ru, requests, messages, calls, share * cost.seconds


def hottest(year: Year) -> dict[str, tuple[int, int, float]]:
    """Of each container: writes, logical partitions that took them, and the share that the one with the most took."""
    by_container: dict[str, Counter[str]] = {}
    for (container, partition), count in year.meter.partitions.items():
        by_container.setdefault(container, Counter())[partition] = count
    return {
        name: (found.total(), len(found), found.most_common(1)[0][1] / found.total())
        for name, found in sorted(by_container.items())
    }


async def main(contacts: int) -> None:
    """Prints the tables of docs/scale.md."""
    async with played(contacts) as year:
        print(f"{'a thousand contacts':<24}{'RU':>10}{'requests':>10}{'messages':>10}{'calls':>8}{'CPU s':>8}")
        for row in rows(year):
            numbers = (
                f"{row.ru:>10,.0f}{row.requests:>10,.0f}{row.messages:>10,.0f}{row.calls:>8,.0f}{row.seconds:>8.1f}"
            )
            print(f"{row.phase:<24}{numbers}")
        print(f"{'all':<24}" + f"{sum(row.ru for row in rows(year)):>10,.0f}")
        print(
            f"\n{'a brand, idle, each time':<24}{'RU':>10}{'requests':>10}{'across':>10}{'messages':>10}{'times a year':>14}"
        )
        brands = 2  # that the suite has
        for name in TIMES:
            cost = year.idle(name)
            across = cost.requests["query across"] / brands
            each = (cost.ru / brands, cost.requests.total() / brands, across, cost.messages.total() / brands)
            print(f"{name:<24}" + "".join(f"{number:>10,.1f}" for number in each) + f"{TIMES[name]:>14,}")
        print(f"\n{'container':<16}{'writes':>10}{'partitions':>12}{'most to one':>12}")
        for name, (writes, partitions, most) in hottest(year).items():
            print(f"{name:<16}{writes:>10,}{partitions:>12,}{most:>12.2%}")


if __name__ == "__main__":
    os.environ.update(ENVIRONMENT)
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000))
