"""A suite in memory that lives through years: what people, ambassadors, the provider and bad luck do, checked by the model."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, TypeVar

from shared.adapters.sqlite import SqliteStore
from shared.domain.ambassador import AccountStatus
from shared.domain.consent import AmbassadorOptIn, BrandOptIn
from shared.domain.contact import Contact, Origin
from shared.domain.errors import (
    NotReleasableError,
    NotRestorableError,
    RestrictedError,
    SuppressedError,
    UnknownObjectError,
)
from shared.domain.ledger import Evidence
from shared.domain.policy import Durations
from shared.domain.publication import Content
from shared.domain.tokens import Purpose
from shared.usecases import answer, contacts, import_contacts, invite, leaving, mail_events, recover, sessions, sweep
from shared.usecases.brands import Brands
from shared.usecases.saving import Edit, save
from tests.support.fakes import FakeClock
from tests.support.histories_ports import Letter, LossyQueue, MoodyMailer, Provider, WatchedWorld
from tests.support.inspection import Counts, Stored, check_ledger, compare
from tests.support.reference import Entry, Model
from tests.support.reference_standing import Account, Broken, Days, Standing
from tests.support.world import make_world

S = TypeVar("S", bound="Simulation")
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


@dataclass(slots=True)
class Simulation:
    """A suite, its model, and everything that can happen to them."""

    world: WatchedWorld
    model: Model
    mailer: MoodyMailer
    queue: LossyQueue
    clock: FakeClock
    ambassadors: dict[tuple[str, int], str]
    counts: Counts = field(default_factory=Counts)
    mailbag: list[tuple[datetime, dict[str, Any], tuple[str, str, str, datetime]]] = field(default_factory=list)
    terms: Days = field(default_factory=Days)
    _told: set[tuple[str, str, str, datetime]] = field(default_factory=set)
    _moments: set[tuple[str, datetime]] = field(default_factory=set)
    _unsubscribed: set[str] = field(default_factory=set)

    @property
    def now(self) -> datetime:
        """The time."""
        return self.clock.now()

    def away(self, brand: str, which: int) -> bool:
        """Whether an ambassador has no access: left, forgotten, or of a brand that is not active (DEL-1, BR-3)."""
        standing, account = self.model.brands[brand], self.model.accounts[self.ambassadors[brand, which]]
        return standing.status != "active" or not account.active

    async def leave(self, brand: str, which: int) -> None:
        """An ambassador leaves, or is removed (DEL-1, DEL-2)."""
        ambassador = self.ambassadors[brand, which]
        if not self.away(brand, which):
            await leaving.remove(await self.world.brand(brand), ambassador, "brand")
            self.model.leave(ambassador, self.now)
            self.counts.happened["ambassadors left"] += 1

    async def come_back(self, brand: str, which: int) -> None:
        """An account is restored, which works until its day and not after (DEL-3)."""
        ambassador = self.ambassadors[brand, which]
        account = self.model.accounts[ambassador]
        if account.left is None or account.gone:
            return
        if account.left == self.now:  # of two acts in one second a restored backup believes the no
            self.clock.advance(timedelta(seconds=1))
        late = account.forgotten or self.model.due_to_go(ambassador, self.now)
        try:
            await leaving.restore(await self.world.brand(brand), ambassador, "brand")
        except NotRestorableError:
            if not late:
                raise Broken("DEL-3: an account did not come back in time") from None
            return
        if late:
            raise Broken("DEL-3: an account came back after its day")
        account.left = None
        self.counts.happened["ambassadors came back in time"] += 1

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
        except RestrictedError:
            if known is None or not known.restricted:
                raise Broken("RET-14: somebody counts as restricted who is not") from None
            return
        except SuppressedError:
            if allowed:
                raise Broken("SUP-2: an address was refused that may be entered") from None
            return
        if not allowed:
            raise Broken("SUP-2, SUP-5: an address was taken that opted out or is listed")
        if known and known.restricted:
            raise Broken("RET-14: something was done with a restricted record")
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
        standing = self.model.brands.get(letter.entry.brand)
        on = standing is not None and standing.status != "ended"
        holds = on and letter.entry.in_book and self.now < letter.at + timedelta(days=90)
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
        if not self.model.works(entry):
            return
        soft = entry.in_book and entry.status() == "soft_bounce" and not entry.restricted
        try:
            await contacts.release(await self.world.brand(entry.brand), entry.ambassador, entry.id)
        except (NotReleasableError, RestrictedError, UnknownObjectError):
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
        if not entry.in_book or not self.model.works(entry):
            return
        opened = await self.world.brand(entry.brand)
        found = await opened.contacts.get(entry.ambassador, entry.id)
        if found:
            entry.claimed, entry.doubted = found.record.outgoing is not None, found.record.doubted is not None
        try:
            await contacts.remove(opened, entry.ambassador, entry.id)
        except RestrictedError:
            if not entry.restricted:
                raise Broken("RET-14: somebody counts as restricted who is not") from None
            return
        if entry.restricted:
            raise Broken("RET-14: a restricted record was taken out of the book")
        self.model.removed(entry)

    async def change_policy(self, brand: str, days: Days) -> None:
        """A brand changes its durations; no document is rewritten."""
        opened = await self.world.brand(brand)
        durations = Durations(
            new=days.new, invitation=days.invitation, opted_out=days.opted_out, inactive_contact=days.inactive,
            inactive_ambassador=days.absent, brand_suspended=days.suspended,
        )  # fmt: skip
        await self.world.brands.save_policy(brand, opened.policy.changed(durations=durations))
        self.model.brands[brand].days = days

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
                for brand in self.model.brands:
                    if not await self.world.brands.is_destroyed(brand):
                        await self.world.recover(brand)
                await self.drain()

    async def sweep(self, *, times: int = 1) -> None:
        """The retention timer fires in every brand; then every record is held against the model."""
        for brand in list(self.model.brands):
            await self.rest()
            at = self.now
            for _ in range(times):
                await sweep.start_sweep(await self.world.brand(brand))
            await self.rest()
            await self.check(brand, at)
            self.counts.sweeps += 1

    async def log_in(self, brand: str, which: int) -> None:
        """An ambassador logs in, which cancels what absence would lead to (RET-7)."""
        account = self.model.accounts[self.ambassadors[brand, which]]
        if self.away(brand, which):
            return
        opened = await self.world.brand(brand)
        found = await opened.ambassadors.get(account.id, account.id)
        if found is None or found.record.status is not AccountStatus.ACTIVE:
            raise Broken("RET-7: an account went before its day")
        await sessions.open_session(opened, found, found.record)
        self.counts.happened["log-ins that cancelled a warning"] += bool(account.warned)
        account.seen, account.warned = self.now, []

    async def check(self, brand: str, at: datetime) -> None:
        """Holds every record of a brand against the model."""
        stored = await self.world.stored.of(self.world, brand)
        compare(self.model, brand, stored, at, rested=self.mailer.provider is Provider.WELL)
        for (of, _), ambassador in self.ambassadors.items():
            if of == brand:
                await self._account(brand, self.model.accounts[ambassador], at)
        self.counts.records += len(stored)

    async def _account(self, brand: str, account: Account, at: datetime) -> None:
        """Holds an account against the model (RET-7, RET-8)."""
        opened = await self.world.brands.what_is_left(brand)
        found = await opened.ambassadors.get(account.id, account.id)
        status = found.record.status if found else AccountStatus.ANONYMISED
        expected = AccountStatus.ACTIVE if account.active else AccountStatus.LEAVING
        if status is not (AccountStatus.ANONYMISED if account.gone else expected):
            raise Broken(f"RET-7, RET-8: an account is {status}, where the rules say {account}")
        standing = self.model.brands[brand]
        if standing.status == "active" and account.to_be_warned(standing.days, at):
            raise Broken("RET-7: a warning is past its day")
        if account.gone and found:
            text = json.dumps(found.record.to_document())
            if '"Ada"' in text or "@example.org" in text:
                raise Broken("DEL-4: something of the person is left in the account")

    async def somebody_new(self, brand: str, which: int) -> None:
        """Another ambassador takes the place of one who is gone."""
        made = await self.world.ambassador(brand, f"ada{len(self.model.accounts)}@example.org")
        self.ambassadors[brand, which] = made.id
        self.model.accounts[made.id] = Account(brand, made.id, self.now)

    async def end(self) -> Counts:
        """The provider recovers, everything comes to rest, and the ledger is verified."""
        self.mailer.provider = Provider.WELL
        await self.sweep()
        for brand in self.model.brands:
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
    return await begun(Simulation, ambassadors)


async def begun(kind: type[S], ambassadors: int, days: Days | None = None) -> S:
    """The same, of a kind."""
    terms = days or Days()
    model, clock = Model({name: Standing(replace(terms)) for name in ("acme", "globex")}), FakeClock()
    mailer, queue = MoodyMailer(model, clock), LossyQueue(clock)
    made = await make_world(SqliteStore(None, inline=True), clock=clock, mailer=mailer, queue=queue)
    world = WatchedWorld(made.ports, clock, queue, mailer, made.files, Brands(made.ports))
    world.model, world.stored = model, Stored()
    suite = kind(world, model, mailer, queue, clock, {}, terms=terms)
    for brand, which in (*(("acme", n) for n in range(ambassadors)), ("globex", 0)):
        await suite.somebody_new(brand, which)
    for brand in model.brands if days else ():
        await suite.change_policy(brand, replace(terms))
    return suite
