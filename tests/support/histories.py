"""A suite in memory that lives through years: what people, ambassadors, the provider and bad luck do, checked by the model."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from shared.adapters.sqlite import SqliteStore
from shared.domain.ambassador import AccountStatus
from shared.domain.consent import AmbassadorOptIn, BrandOptIn
from shared.domain.contact import Contact, Origin
from shared.domain.custom_id import parse_custom_id
from shared.domain.errors import NotReleasableError, NotRestorableError, SuppressedError, UnknownObjectError
from shared.domain.jobs import RunState
from shared.domain.ledger import Evidence
from shared.domain.policy import Durations
from shared.domain.publication import Content
from shared.domain.tokens import Purpose
from shared.ports import Fate, OutgoingMail, SendResult
from shared.usecases import answer, contacts, import_contacts, invite, leaving, mail_events, recover, sessions, sweep
from shared.usecases.brands import Brands
from shared.usecases.saving import Edit, save
from tests.support.fakes import FakeClock, FakeMailer, FakeQueue
from tests.support.inspection import Counts, check_ledger, compare, documents, note_what_the_system_knows
from tests.support.reference import Broken, Days, Entry, Model
from tests.support.world import World, make_world

PAGE = Content(title="Teapot", url="https://acme.example/teapot")
_EVENTS: Mapping[str, Mapping[str, Any]] = {
    "delivered": {"event": "sent"},
    "open": {"event": "open"},
    "click": {"event": "click", "url": "https://acme.example/teapot"},
    "soft_bounce": {"event": "bounce", "hard_bounce": False, "error": "quota exceeded"},
    "hard_bounce": {"event": "bounce", "hard_bounce": True, "error": "user unknown"},
    "blocked": {"event": "blocked", "error": ""},
    "spam": {"event": "spam"},
    "unsubscribe": {"event": "unsub"},
}
KINDS = tuple(_EVENTS)


class Provider(StrEnum):
    """How the mail provider is."""

    WELL = "well"
    BUSY = "busy"  # takes nothing, and says so
    SILENT = "silent"  # takes every second mail, and says nothing
    DEAF = "deaf"  # as silent, and cannot be asked


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail in somebody's inbox."""

    entry: Entry
    mail: OutgoingMail
    at: datetime
    publication: bool

    def token(self, path: str) -> str:
        """The token of the mail's link."""
        return self.mail.text.partition(f"/{path}/")[2].split()[0]


class _Mailer(FakeMailer):
    """A provider in some mood, with the model at the door."""

    def __init__(self, model: Model, clock: FakeClock) -> None:
        super().__init__()
        self.model, self.clock = model, clock
        self.provider = Provider.WELL
        self.refuses: set[str] = set()
        self.letters: list[Letter] = []
        self._odd = False

    async def send(self, mails: Sequence[OutgoingMail]) -> list[SendResult]:
        """Takes mails, or not."""
        return [self._one(mail) for mail in mails]

    async def was_accepted(self, custom_id: str) -> bool | None:
        """What the provider knows, if it can be asked."""
        return None if self.provider is Provider.DEAF else custom_id in self.model.accepted

    def _one(self, mail: OutgoingMail) -> SendResult:
        parts = parse_custom_id(mail.custom_id)
        if parts and parts.contact is None:
            return SendResult(Fate.SENT)  # to an ambassador, about the own account
        publication = mail.subject.startswith("Publication")
        self.model.mail_leaves(mail.custom_id, mail.to_email, publication, self.clock.now())
        entry = self.model.by_id[mail.custom_id.split(".")[2]]
        if self.provider is Provider.BUSY:
            return SendResult(Fate.RETRY, "planned")
        if mail.to_email in self.refuses:
            entry.troubled = True
            return SendResult(Fate.REFUSED, "planned")
        self._odd = not self._odd
        silent = self.provider is not Provider.WELL
        if not silent or self._odd:
            self.model.mail_accepted(mail.custom_id, publication, self.clock.now())
            self.letters.append(Letter(entry, mail, self.clock.now(), publication))
        entry.claimed |= silent
        return SendResult(Fate.UNKNOWN, "planned") if silent else SendResult(Fate.SENT)


class _Queue(FakeQueue):
    """Queues that lose a message now and then; mail events are not lost, for only the queue knows them."""

    lose = 0
    lost = False

    async def send(self, queue: str, messages: Sequence[Mapping[str, Any]], *, delay_seconds: int = 0) -> None:
        """Puts each message on the queue, or loses it."""
        if self.lose and messages and queue != mail_events.QUEUE:
            self.lose -= 1
            self.lost = True
            return
        await super().send(queue, messages, delay_seconds=delay_seconds)


class _World(World):
    """Tells the model when a sweep really begins."""

    model: Model

    async def handle(self, queue: str, message: Mapping[str, Any]) -> None:
        """Does what the function of the queue does."""
        if queue == sweep.QUEUE:
            run = await (await self.brand(message["brand"])).runs.get(message["run"], message["run"])
            if run and run.record.state is RunState.RUNNING:
                stored = await documents(self, message["brand"])
                note_what_the_system_knows(self.model, message["brand"], stored)
                self.model.sweep(message["brand"], run.record.started_at, self.clock.now())
        await super().handle(queue, message)


@dataclass(slots=True)
class Simulation:
    """A suite, its model, and everything that can happen to them."""

    world: _World
    model: Model
    mailer: _Mailer
    queue: _Queue
    clock: FakeClock
    ambassadors: dict[tuple[str, int], str]
    counts: Counts = field(default_factory=Counts)
    mailbag: list[tuple[datetime, dict[str, Any], tuple[str, str, str, datetime]]] = field(default_factory=list)
    _told: set[tuple[str, str, str, datetime]] = field(default_factory=set)
    _moments: set[tuple[str, datetime]] = field(default_factory=set)
    _unsubscribed: set[str] = field(default_factory=set)

    @property
    def now(self) -> datetime:
        """The time."""
        return self.clock.now()

    def away(self, brand: str, which: int) -> bool:
        """Whether an ambassador has left, and so has no access (DEL-1)."""
        return self.ambassadors[brand, which] in self.model.left

    async def leave(self, brand: str, which: int) -> None:
        """An ambassador leaves, or is removed (DEL-1, DEL-2)."""
        ambassador = self.ambassadors[brand, which]
        if not self.away(brand, which):
            await leaving.remove(await self.world.brand(brand), ambassador, "brand")
            self.model.leave(brand, ambassador, self.now)

    async def come_back(self, brand: str, which: int) -> None:
        """An account is restored, which works until its day and not after (DEL-3)."""
        ambassador = self.ambassadors[brand, which]
        if not self.away(brand, which):
            return
        late = self.model.due_to_go(ambassador, self.now)
        try:
            await leaving.restore(await self.world.brand(brand), ambassador, "brand")
        except NotRestorableError:
            if not late:
                raise Broken("DEL-3: an account did not come back in time") from None
            return
        if late:
            raise Broken("DEL-3: an account came back after its day")
        del self.model.left[ambassador]

    async def enter(self, brand: str, which: int, person: int) -> None:
        """An ambassador types somebody in (COL-1, CON-2, SUP-2, SUP-5)."""
        if self.away(brand, which):
            return
        ambassador, address = self.ambassadors[brand, which], address_of(person)
        allowed = self.model.may_enter(brand, ambassador, address)
        known = self.model.standing(brand, ambassador, address)
        fields = {"email": address, "first_name": f"Zq{person}", "mobile_phone": f"+33 6 {person}"}
        try:
            made, new = await contacts.enter(await self.world.brand(brand), ambassador, fields)
        except SuppressedError:
            if allowed:
                raise Broken("SUP-2: an address was refused that may be entered") from None
            return
        if not allowed:
            raise Broken("SUP-2, SUP-5: an address was taken that opted out or is listed")
        if new != (known is None):
            raise Broken("CON-2: an address is not one record")
        if new:
            self._add(brand, ambassador, made)

    async def import_file(self, brand: str, which: int, people: Sequence[int]) -> None:
        """An ambassador imports a list of addresses (COL-2)."""
        if self.away(brand, which):
            return
        ambassador, addresses = self.ambassadors[brand, which], [address_of(person) for person in dict.fromkeys(people)]
        allowed = [a for a in addresses if self.model.may_enter(brand, ambassador, a)]
        new = [a for a in allowed if self.model.standing(brand, ambassador, a) is None]
        opened = await self.world.brand(brand)
        job = await import_contacts.start_import(opened, ambassador, "\n".join(addresses).encode(), "emails")
        await self.rest()
        done = await import_contacts.get_job(await self.world.brand(brand), ambassador, job.id)
        told = (done.accepted, done.updated, done.refused)
        if told != (len(new), len(allowed) - len(new), len(addresses) - len(allowed)):
            raise Broken(f"COL-14: {told} rows were accepted, updated and refused")
        found = await contacts.by_addresses(opened, ambassador, new)
        for address in new:
            self._add(brand, ambassador, found[address].record)

    async def come_in_otherwise(self, brand: str, which: int, person: int, state: str, to_brand: str) -> None:
        """A record that another source made, with consents of its own."""
        ambassador, address = self.ambassadors[brand, which], address_of(person)
        if self.away(brand, which):
            return
        if not self.model.may_enter(brand, ambassador, address) or self.model.standing(brand, ambassador, address):
            return
        opened = await self.world.brand(brand)
        made = contacts.new_contact(opened, ambassador, {"email": address}, Origin(mechanism="order")).changed(
            ambassador_opt_in=AmbassadorOptIn(state), brand_opt_in=BrandOptIn(to_brand), brand_opt_in_at=self.now
        )
        saved = await save(opened, Edit(None, made, Evidence(actor="system", mechanism="order")))
        entry = self._add(brand, ambassador, saved.record)
        entry.state, entry.to_brand = state, to_brand
        entry.asked_or_agreed = saved.record.proof is not None

    async def invite(self, brand: str, which: int, *, drained: bool = True) -> None:
        """An ambassador invites all who are new."""
        if self.away(brand, which):
            return
        await invite.invite(await self.world.brand(brand), self.ambassadors[brand, which], None)
        if drained:
            await self.drain()

    async def publish(self, brand: str, which: int, *, drained: bool = True) -> None:
        """An ambassador writes to all who opted in."""
        if self.away(brand, which):
            return
        await invite.publish(
            await self.world.brand(brand), self.ambassadors[brand, which],
            subject=f"Publication {len(self.mailer.letters)}", body="Look", contents=[PAGE], contacts=None,
        )  # fmt: skip
        if drained:
            await self.drain()

    async def reply(self, letter: Letter, *, yes: bool) -> None:
        """A person answers an invitation (CON-6), for the first time or again."""
        if letter.publication:
            return
        holds = letter.entry.in_book and self.now < letter.at + timedelta(days=90)
        try:
            asked = await answer.open_link(self.world.brands, Purpose.INVITATION, letter.token("i"))
        except UnknownObjectError:
            if holds:
                raise Broken("MAIL-3: an invitation's link does not hold") from None
            return
        if not holds:
            raise Broken("MAIL-3: an invitation's link holds for too long")
        said = answer.Answer.ACCEPT if yes else answer.Answer.DECLINE
        await answer.answer_invitation(asked, said, text_version="1", ip="192.0.2.7")
        letter.entry.act("invitation_accepted" if yes else "invitation_declined", self.now)

    async def opt_out(self, letter: Letter, *, of_all: bool = False, one_click: bool = False) -> None:
        """A person wants no more mail from the ambassador, or from the brand (SUP-3, SUP-5)."""
        try:
            asked = await answer.open_link(self.world.brands, Purpose.OPT_OUT, letter.token("u"))
        except UnknownObjectError:
            if letter.entry.place != "nowhere" and self.now < letter.at + timedelta(days=5 * 365):
                raise Broken("MAIL-2: an opt-out link does not hold") from None
            return
        scope = answer.Scope.BRAND if of_all else answer.Scope.AMBASSADOR
        mechanism = "one_click" if one_click else "opt_out_page"
        await answer.opt_out(asked, scope, mechanism=mechanism, text_version=None, ip=None)
        if of_all:
            self.model.opt_out_of_all(letter.entry, self.now)
            await self.rest()
        else:
            self.model.opt_out(letter.entry, self.now)

    def happens(self, letter: Letter, kind: str, after: timedelta, told_after: timedelta, times: int = 1) -> None:
        """Something becomes of a mail; the provider tells it later, perhaps more than once."""
        at = letter.at + after
        while (letter.entry.id, at) in self._moments:
            at += timedelta(seconds=1)
        if kind == "unsubscribe" and letter.entry.id in self._unsubscribed:
            return  # once is enough for everybody
        self._moments.add((letter.entry.id, at))
        if kind == "unsubscribe":
            self._unsubscribed.add(letter.entry.id)
        about = {"CustomID": letter.mail.custom_id, "email": letter.mail.to_email, "MessageID": len(self._moments)}
        raw = {**_EVENTS[kind], "time": int(at.timestamp()), **about}
        what = (letter.entry.id, letter.mail.custom_id.split(".")[3], kind, at)
        for time in range(times):
            self.mailbag.append((at + told_after * (time + 1), raw, what))

    async def deliver(self) -> None:
        """The provider tells what is due to be told, newest first."""
        await self.drain()  # so that nothing stands in the queues before the events
        due = [item for item in self.mailbag if item[0] <= self.now]
        if not due:
            return
        self.mailbag = [item for item in self.mailbag if item[0] > self.now]
        due.sort(key=lambda item: item[0], reverse=True)
        await mail_events.receive_events(self.world.brands, self.world.quarantine, [raw for _, raw, _ in due])
        for _, _, what in due:
            if what not in self._told:
                self._told.add(what)
                self.model.told(*what)
        await self.drain()

    async def release(self, entry: Entry) -> None:
        """An ambassador releases an address (CON-3)."""
        if entry.ambassador in self.model.left:
            return
        soft = entry.in_book and entry.status() == "soft_bounce"
        try:
            await contacts.release(await self.world.brand(entry.brand), entry.ambassador, entry.id)
        except (NotReleasableError, UnknownObjectError):
            if soft:
                raise Broken("CON-3: a soft bounce could not be released") from None
            return
        if not soft:
            raise Broken("CON-3: something else than a soft bounce was released")
        last = max(at for at, _ in entry.marks)
        entry.marks.append((max(self.now, last + timedelta(seconds=1)), "released"))
        self._moments.add((entry.id, entry.marks[-1][0]))

    async def remove(self, entry: Entry) -> None:
        """An ambassador takes a contact out of the book."""
        if not entry.in_book or entry.ambassador in self.model.left:
            return
        document = (await documents(self.world, entry.brand))[entry.id]
        entry.claimed, entry.doubted = "outgoing" in document, "doubted" in document
        await contacts.remove(await self.world.brand(entry.brand), entry.ambassador, entry.id)
        self.model.removed(entry)

    async def change_policy(self, brand: str, days: Days) -> None:
        """A brand changes its durations; no document is rewritten."""
        opened = await self.world.brand(brand)
        durations = Durations(
            new=days.new, invitation=days.invitation, opted_out=days.opted_out, inactive_contact=days.inactive
        )
        await self.world.brands.save_policy(brand, opened.policy.changed(durations=durations))
        self.model.days[brand] = days

    async def pass_time(self, by: timedelta) -> None:
        """Time passes while the suite runs."""
        self.clock.advance(by)
        await self.deliver()
        await self.rest()

    def outage(self, by: timedelta) -> None:
        """Time passes while nothing of the suite runs: no timer, no queue, no callback."""
        self.clock.advance(by)

    async def drain(self) -> None:
        """Everything that waits is handled; a provider that is out of order is not waited for."""
        await self.world.drain(waiting=timedelta(minutes=30 if self.mailer.provider is Provider.WELL else 1))

    async def rest(self) -> None:
        """The queues come to rest; what was lost is found by the recovery timer."""
        await self.drain()
        while self.queue.lost:
            self.queue.lose, self.queue.lost = 0, False
            for _ in range(3):
                self.clock.advance(recover.LOST_AFTER + timedelta(seconds=1))
                for brand in self.model.days:
                    await self.world.recover(brand)
                await self.drain()

    async def sweep(self, *, times: int = 1) -> None:
        """The retention timer fires in every brand; then every record is held against the model."""
        await self._log_in()
        for brand in self.model.days:
            await self.rest()
            at = self.now
            for _ in range(times):
                await sweep.start_sweep(await self.world.brand(brand))
            await self.rest()
            await self.check(brand, at)
            self.counts.sweeps += 1

    async def _log_in(self) -> None:
        """Who did not log in for half a year does: absence (RET-7) is not what these lives are about."""
        for (brand, _), ambassador in self.ambassadors.items():
            opened = await self.world.brand(brand)
            found = await opened.ambassadors.get(ambassador, ambassador)
            active = found is not None and found.record.status is AccountStatus.ACTIVE
            if found and active and self.now - found.record.last_seen_at > timedelta(days=180):
                await sessions.open_session(opened, found, found.record)

    async def check(self, brand: str, at: datetime) -> None:
        """Holds every record of a brand against the model."""
        stored = await documents(self.world, brand)
        compare(self.model, brand, stored, at, rested=self.mailer.provider is Provider.WELL)
        for (of, which), ambassador in list(self.ambassadors.items()):
            if of == brand and self.away(brand, which):
                await self._must_be_gone_or_not(brand, which, ambassador, at)
        self.counts.records += len(stored)

    async def _must_be_gone_or_not(self, brand: str, which: int, ambassador: str, at: datetime) -> None:
        """Holds an account that ended against the model (RET-8); when it is gone, somebody else takes the place."""
        found = await (await self.world.brand(brand)).ambassadors.get(ambassador, ambassador)
        gone = found is not None and found.record.status is AccountStatus.ANONYMISED
        if gone != (self.model.due_to_go(ambassador, at) and not self.model.book_of(ambassador)):
            raise Broken("RET-8: an account went before its day" if gone else "RET-8: an account is past its day")
        if gone and found:
            text = json.dumps(found.record.to_document())
            if '"Ada"' in text or "@example.org" in text:
                raise Broken("DEL-4: something of the person is left in the account")
            fresh = await self.world.ambassador(brand, f"ada{len(self.model.left)}.{which}@example.org")
            self.ambassadors[brand, which] = fresh.id

    async def end(self) -> Counts:
        """The provider recovers, everything comes to rest, and the ledger is verified."""
        self.mailer.provider = Provider.WELL
        await self.sweep()
        for brand in self.model.days:
            await check_ledger(self.world, brand)
        self.counts.histories = len({(e.brand, e.ambassador, e.address) for e in self.model.entries})
        self.counts.mails = self.model.attempts
        return self.counts

    def _add(self, brand: str, ambassador: str, made: Contact) -> Entry:
        entry = Entry(brand, ambassador, made.email or "", made.id, "new", made.created_at, made.created_at)
        self.model.add(entry)
        return entry


def address_of(person: int) -> str:
    """The address of a person."""
    return f"zq{person}@example.com"


async def begin(ambassadors: int) -> Simulation:
    """A fresh suite: `acme` with some ambassadors, `globex` with one."""
    model, clock = Model({"acme": Days(), "globex": Days()}), FakeClock()
    mailer, queue = _Mailer(model, clock), _Queue(clock)
    made = await make_world(SqliteStore(None, inline=True), clock=clock, mailer=mailer, queue=queue)
    world = _World(made.ports, clock, queue, mailer, made.files, Brands(made.ports))
    world.model = model
    of = {("acme", n): (await world.ambassador("acme", f"ada{n}@example.org")).id for n in range(ambassadors)}
    of["globex", 0] = (await world.ambassador("globex")).id
    return Simulation(world, model, mailer, queue, clock, of)
