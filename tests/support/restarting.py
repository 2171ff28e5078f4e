"""A suite that can be stopped and started again: what survives is the store, the queues, the files and the provider."""

import re
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from shared.adapters.sqlite import SqliteStore
from shared.domain.address_book import Entry
from shared.domain.contact import Contact
from shared.domain.errors import TryAgainError
from shared.domain.tokens import Purpose
from shared.ports import Ports, Query
from shared.usecases import recover
from shared.usecases.brands import Brand, Brands
from shared.usecases.verify_ledger import verify_ledger
from tests.support.crashing import Crash, Crashes, CrashingFiles, CrashingMailer, CrashingQueue, CrashingStore
from tests.support.fakes import FakeAddressBook, FakeClock
from tests.support.ranged import RangedStore
from tests.support.world import HANDLERS, World, make_world

_LINK = {
    Purpose.INVITATION: re.compile(r"/i/([\w.-]+)"),
    Purpose.OPT_OUT: re.compile(r"/u/([\w.-]+)"),
    Purpose.CONFIRM_SIGN_UP: re.compile(r"/c/([\w.-]+)"),
    Purpose.CONFIRM_CONTACT: re.compile(r"/c/([\w.-]+)"),
    Purpose.RESET_PASSWORD: re.compile(r"/p/([\w.-]+)"),
}


@dataclass(slots=True)
class Suite:
    """A world whose process dies, and the host that delivers messages again."""

    ports: Ports
    clock: FakeClock
    queue: CrashingQueue
    mailer: CrashingMailer
    files: CrashingFiles
    crashes: Crashes
    world: World
    crashed: int = 0
    known: dict[Any, Any] = field(default_factory=dict)  # what a test remembers between its steps

    def restart(self) -> None:
        """A new process over the same state."""
        self.crashes.handling(None)
        self.crashed += 1
        self.world = _process(self.ports, self.clock, self.queue, self.mailer, self.files)

    async def brand(self, id: str = "acme") -> Brand:
        """A brand, opened by the process that runs now."""
        return await self.world.brand(id)

    async def timer(self, work: Callable[[Brand], Awaitable[object]]) -> None:
        """What a timer does, in every brand; a timer that dies comes again another time."""
        self.crashes.handling(None)
        try:
            for brand in await self.world.brands.all():
                await work(await self.brand(brand))
        except Crash:
            self.restart()

    async def drain(self, waiting: timedelta = timedelta(minutes=30)) -> None:
        """Delivers until nothing waits; the clock moves on to delayed messages, for up to `waiting`."""
        deadline = self.clock.now() + waiting
        while True:
            if await self._deliver():
                continue
            times = [w.visible_at for waiting in self.queue.queues.values() for w in waiting]
            if not times or min(times) > deadline:
                return
            self.clock.advance(min(times) - self.clock.now())

    async def settle(self) -> None:
        """Lets the recovery timer find what was lost, until there is nothing left to find.

        All that is open now is old enough at the first look: one that finds nothing to do is the last.
        """
        await self.drain()
        for _ in range(3):
            done = len(self.crashes.trace)
            self.clock.advance(recover.LOST_AFTER + timedelta(seconds=1))
            await self.timer(recover.recover)
            await self.drain()
            if len(self.crashes.trace) == done:
                return

    def link(self, purpose: Purpose, to_email: str) -> str:
        """The token of the newest link of a purpose that an address was mailed."""
        found = [token for mail in self.mailer.sent_to(to_email) for token in _LINK[purpose].findall(mail.text)]
        return str(found[-1])

    async def _deliver(self) -> bool:
        for queue in HANDLERS:
            delivery = self.queue.take(queue)
            if delivery is None:
                continue
            self.crashes.handling(queue)
            try:
                await self.world.handle(queue, delivery.message)
            except TryAgainError:
                self.queue.give_back(delivery)
            except Crash:
                self.queue.give_back(delivery)
                self.restart()
            self.crashes.handling(None)
            return True
        return False


# What an account link finds: somebody new, somebody known, and a row that nobody can keep.
BOOK = FakeAddressBook(
    Entry(0, first_name="Fresh", email="fresh@example.com"),
    Entry(0, first_name="Known", email="person1@example.com", mobile_phone="1"),
    Entry(0, first_name="Nowhere", email="a@b@c"),
)


async def make_suite(*, outside: bool = False, ranges: int = 1) -> Suite:
    """A suite with the brands `acme` and `globex`, without a crash planned.

    With `outside` also what lies beside the store, tombstones and backups, counts as durable operations. With several
    `ranges` the contacts lie in so many.
    """
    clock, crashes = FakeClock(), Crashes()
    queue, mailer, files = CrashingQueue(clock, crashes), CrashingMailer(clock, crashes), CrashingFiles(crashes)
    store = CrashingStore(RangedStore(SqliteStore(None, inline=True), ranges), crashes)
    others: dict[str, Any] = {"files": files, "address_books": {"google": BOOK}}
    if outside:
        others |= {name: CrashingFiles(crashes) for name in ("tombstones", "backups")}
    made = await make_world(store, clock=clock, queue=queue, mailer=mailer, **others)
    world = _process(made.ports, clock, queue, mailer, files)
    return Suite(made.ports, clock, queue, mailer, files, crashes, world)


def _process(ports: Ports, clock: FakeClock, queue: Any, mailer: Any, files: Any) -> World:
    return World(ports, clock, queue, mailer, files, Brands(ports))


async def end_state(suite: Suite) -> dict[str, Any]:
    """Everything that must not depend on a crash: ids, times and who found the work again are left out."""
    return {brand: await _brand_state(suite, await suite.brand(brand)) for brand in ("acme", "globex")} | {
        "files": sorted(suite.files.files),
        "mails": dict(sorted(Counter(f"{mail.to_email}: {mail.subject}" for mail in suite.mailer.outbox).items())),
        "waiting": {name: len(waiting) for name, waiting in suite.queue.queues.items() if waiting},
    }


async def faults_of_the_ledger(suite: Suite) -> list[str]:
    """What the verifier finds in either brand."""
    found: list[str] = []
    for brand in ("acme", "globex"):
        verdicts = [verdict async for verdict in verify_ledger(await suite.brand(brand))]
        found += verdicts[-1].faults if verdicts else []
    return found


async def unfinished(suite: Suite) -> list[str]:
    """What is still open."""
    found: list[str] = []
    for id in ("acme", "globex"):
        brand = await suite.brand(id)
        jobs = [i.record for page in [p async for p in brand.jobs.pages(Query())] for i in page]
        found += [f"job {job.kind}" for job in jobs if job.open_since]
        batches = [i.record for page in [p async for p in brand.batches.pages(Query())] for i in page]
        found += [f"batch {batch.mail_kind}" for batch in batches if batch.open_since]
        runs = [i.record for page in [p async for p in brand.runs.pages(Query())] for i in page]
        found += ["run" for run in runs if run.open_since]
        asked = [i.record for page in [p async for p in brand.rights.pages(Query())] for i in page]
        found += [f"request for {request.kind}" for request in asked if request.running_since or request.notice]
        links = [i.record for page in [p async for p in brand.rights_links.pages(Query())] for i in page]
        found += ["link" for link in links if link.pending_since]
        owed = [i.record for page in [p async for p in brand.forgettings.pages(Query())] for i in page]
        found += ["address that the provider has to forget" for _ in owed]
        found += [f"claim of {contact.email}" for contact in await suite.world.contacts(id) if contact.outgoing]
    return found


async def _brand_state(suite: Suite, brand: Brand) -> dict[str, Any]:
    accounts = {i.record.id: i.record for page in [p async for p in brand.ambassadors.pages(Query())] for i in page}
    listed = [i.record for page in [p async for p in brand.suppressions.pages(Query())] for i in page]
    claims = [i.record for page in [p async for p in brand.claims.pages(Query())] for i in page]
    names = {ref: address for address in suite.known.get("addresses", ()) for ref in brand.hasher.refs(address)}
    entries = Counter([i.record.subject for page in [p async for p in brand.ledger.pages(Query())] for i in page])
    contacts = [
        _contact(contact, accounts[contact.ambassador_id].email, names, entries[contact.id])
        for contact in await suite.world.contacts(brand.id)
    ]
    return {
        "contacts": sorted(contacts, key=str),
        "ledger entries": entries.total(),
        "suppressions": {names[s.id]: sorted(s.reasons) for s in sorted(listed, key=lambda s: names[s.id])},
        "to be reached": [names[s.id] for s in listed if s.reach_since],
        "accounts": sorted((a.email, a.status.value, a.first_name) for a in accounts.values()),
        "claims": sorted(accounts[c.ambassador_id].email if c.ambassador_id in accounts else "nobody" for c in claims),
        "rights": sorted(
            (
                request.kind.value,
                request.state.value,
                len(request.reached),
                dict(request.changes),
                [dict(entry.after) for entry in request.proof],
            )
            for request in [i.record for page in [p async for p in brand.rights.pages(Query())] for i in page]
        ),
        "imports": sorted(
            (job.state.value, job.failure, job.total, job.accepted, job.updated, dict(job.refused_by_reason))
            for job in [i.record for page in [p async for p in brand.jobs.pages(Query())] for i in page]
            if job.kind == "import"
        ),
    }


def _contact(contact: Contact, ambassador: str, names: dict[str, str], entries: int) -> dict[str, Any]:
    proof = contact.proof
    return {
        "who": (ambassador, names.get(contact.email_hash or "", "no address"), contact.email, contact.first_name),
        "phone and tags": (contact.mobile_phone, contact.tags),
        "opt-in": contact.ambassador_opt_in.value,
        "brand opt-in": contact.brand_opt_in.value,
        "email": contact.email_status.value,
        "mails": [mail.kind.value for mail in contact.mails],
        "claim": contact.outgoing is not None,
        "last call": contact.last_call_at is not None,
        "events": sorted(event.kind for event in contact.events),
        "rule": contact.clock.rule.value if contact.clock else None,
        "restricted": contact.restricted_at is not None,
        "anonymised, detached": (contact.anonymised_at is not None, contact.detached_at is not None),
        "stands for its address": contact.address_key == contact.email_hash,
        "created by": contact.created_by.mechanism,
        "asks": (contact.becomes, contact.asking is not None, contact.beside is not None),
        "proof": (proof.seq, dict(proof.before), dict(proof.after)) if proof else None,
        "entries": entries,
    }
