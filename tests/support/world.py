"""A whole suite in memory, on the embedded store and the fakes, driven by its own queues: what use-case tests live in."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from shared.domain import containers
from shared.domain.ambassador import AccountStatus, Ambassador, Gender
from shared.domain.contact import Contact
from shared.domain.errors import UnknownObjectError
from shared.domain.policy import BrandRecord, Features, Policy, Sender
from shared.domain.quarantine import QuarantinedEvent
from shared.domain.tokens import Tokens
from shared.ports import Ports, Query
from shared.usecases import (
    account_mails,
    back_up,
    import_contacts,
    invite,
    link_address_book,
    mail_events,
    newsletters,
    provider_forgets,
    recover,
    rights,
    rights_desk,
    rights_links,
    send_mails,
    suppressing,
    sweep,
    sweep_parts,
)
from shared.usecases.brands import Brand, Brands
from shared.usecases.collections import Collection
from shared.usecases.destroying import destroy
from tests.support.fakes import FakeClock, FakeFiles, FakeMailer, FakeNetwork, FakeQueue


def brand_record(id: str, **policy: Any) -> BrandRecord:
    """A brand of the tests' own."""
    return BrandRecord(
        id=id,
        policy=Policy(
            display_name=id.title(),
            sender=Sender(email=f"hello@{id}.example", name=id.title()),
            privacy_policy_url=f"https://{id}.example/privacy",
            **{"features": Features(sync=True, social_import=True, direct_selling=True), **policy},
        ),
    )


@dataclass(slots=True)
class World:
    """Ports, brands and the work that queues hold."""

    ports: Ports
    clock: FakeClock
    queue: FakeQueue
    mailer: FakeMailer
    files: FakeFiles
    brands: Brands
    failures: list[tuple[str, str]] = field(default_factory=list)

    async def brand(self, id: str = "acme") -> Brand:
        """A brand, opened."""
        return await self.brands.get(id)

    @property
    def quarantine(self) -> Collection[QuarantinedEvent]:
        """What mail events were kept aside."""
        return Collection(self.ports.store.platform(containers.QUARANTINE), QuarantinedEvent, "id")

    async def ambassador(self, brand: str = "acme", email: str = "ada@example.org") -> Ambassador:
        """An active account, made without the sign-up."""
        now = self.clock.now()
        opened = await self.brand(brand)
        account = Ambassador(
            status=AccountStatus.ACTIVE,
            created_at=now,
            confirmed_at=now,
            gender=Gender.FEMALE,
            first_name="Ada",
            last_name="Ambassador",
            alias="ada",
            email=email,
            terms_accepted_at=now,
            terms_version="1",
        ).settled(opened.hasher)
        return (await opened.ambassadors.create(account)).record

    async def contacts(self, brand: str = "acme") -> list[Contact]:
        """Every contact record of the brand."""
        opened = await self.brand(brand)
        return [item.record async for page in opened.contacts.pages(Query()) for item in page]

    async def left_of(self, brand: str = "acme") -> list[Contact]:
        """Every contact record of a brand whose keys may be destroyed."""
        opened = await self.brands.what_is_left(brand)
        return [item.record async for page in opened.contacts.pages(Query()) for item in page]

    async def contact_of(self, email: str, brand: str = "acme") -> Contact:
        """The contact with this address."""
        (found,) = [contact for contact in await self.contacts(brand) if contact.email == email]
        return found

    async def contact_of_id(self, id: str, brand: str = "acme") -> Contact:
        """The contact with this id."""
        (found,) = [contact for contact in await self.contacts(brand) if contact.id == id]
        return found

    async def handle(self, queue: str, message: Mapping[str, Any]) -> None:
        """Does what the function of the queue does with one message."""
        if queue == sweep.QUEUE and await destroy(self.brands, message["brand"]):
            return
        try:
            brand = await self.brand(message["brand"])
        except UnknownObjectError:
            if not await self.brands.is_destroyed(message["brand"]):
                raise
            return
        await HANDLERS[queue](self, brand, message)

    async def drain(self, *, waiting: timedelta = timedelta(minutes=30)) -> None:
        """Handles messages until none is left; the clock moves on to those that are delayed, for up to `waiting`."""
        deadline = self.clock.now() + waiting
        while True:
            if await self.step():
                continue
            delayed = [w.visible_at for ws in self.queue.queues.values() for w in ws]
            if not delayed or min(delayed) > deadline:
                return
            self.clock.advance(min(delayed) - self.clock.now())

    async def step(self) -> bool:
        """Handles one message of any queue; False when none is visible."""
        for queue in HANDLERS:
            message = self.queue.pop(queue)
            if message is not None:
                await self.handle(queue, message)
                return True
        return False

    async def sweep(self, brand: str = "acme") -> None:
        """Opens a sweep and lets everything come to rest."""
        await sweep.start_sweep(await self.brand(brand))
        await self.drain()

    async def recover(self, brand: str = "acme") -> recover.Recovered:
        """Does what the recovery timer does."""
        return await recover.recover(await self.brand(brand))


async def make_world(store: Any, *brands: BrandRecord, clock: FakeClock | None = None, **ports: Any) -> World:
    """A suite with these brands, or with `acme` and `globex`; `ports` replaces single ports."""
    from shared.adapters.vault import EnvelopeVault

    clock = clock or FakeClock()
    queue, mailer, files = FakeQueue(clock), FakeMailer(), FakeFiles()
    made: dict[str, Any] = {
        "store": store,
        "queue": queue,
        "files": files,
        "tombstones": FakeFiles(),
        "backups": FakeFiles(),
        "mailer": mailer,
        "clock": clock,
        "vault": EnvelopeVault([b"m" * 32]),
        "tokens": Tokens([b"t" * 32]),
        "public_url": "https://suite.example",
        "bcrypt_cost": 4,
        "networks": dict.fromkeys(("facebook", "facebook_pages", "twitter"), FakeNetwork()),
        **ports,
    }
    suite = Ports(**made)
    world = World(suite, clock, queue, mailer, files, Brands(suite))
    for brand in brands or (brand_record("acme"), brand_record("globex")):
        await world.brands.create(brand)
    return world


async def _import(world: World, brand: Brand, message: Mapping[str, Any]) -> None:
    await import_contacts.run_import(brand, message["job"])


async def _fetch(world: World, brand: Brand, message: Mapping[str, Any]) -> None:
    await link_address_book.fetch(brand, message["job"])


async def _send(world: World, brand: Brand, message: Mapping[str, Any]) -> None:
    await send_mails.send_batch(brand, message["batch"])


async def _account_mail(world: World, brand: Brand, message: Mapping[str, Any]) -> None:
    await account_mails.send_account_mails(brand, [(ambassador, mail) for ambassador, mail in message["mails"]])


async def _newsletter(world: World, brand: Brand, message: Mapping[str, Any]) -> None:
    await newsletters.run_newsletter(brand, message["newsletter"])


async def _apply(world: World, brand: Brand, message: Mapping[str, Any]) -> None:
    events = [mail_events.QueuedEvent.from_document(event) for event in message["events"]]
    await mail_events.apply_events(brand, world.quarantine, events)


async def _sweep(world: World, brand: Brand, message: Mapping[str, Any]) -> None:
    if "part" in message:
        await sweep_parts.run_part(brand, message["run"], message["part"])
    else:
        await sweep.run_sweep(brand, message["run"])
    await destroy(world.brands, brand.id)


async def _reach(world: World, brand: Brand, message: Mapping[str, Any]) -> None:
    await suppressing.reach_records(brand, message["suppression"])


async def _back_up(world: World, brand: Brand, message: Mapping[str, Any]) -> None:
    await back_up.run_backup(brand, message["backup"])


async def _rights(world: World, brand: Brand, message: Mapping[str, Any]) -> None:
    if "link" in message:
        await rights_links.send_link(brand, message["link"])
    elif "notice" in message:
        await rights_desk.send_notice(brand, message["notice"])
    elif "provider" in message:
        await provider_forgets.have_forgotten(brand, message["provider"])
    else:
        await rights.run_request(brand, message["request"])


HANDLERS: dict[str, Callable[[World, Brand, Mapping[str, Any]], Awaitable[None]]] = {
    import_contacts.QUEUE: _import,
    link_address_book.QUEUE: _fetch,
    invite.QUEUE: _send,
    account_mails.QUEUE: _account_mail,
    newsletters.QUEUE: _newsletter,
    mail_events.QUEUE: _apply,
    sweep.QUEUE: _sweep,
    suppressing.REACH_QUEUE: _reach,
    rights_links.QUEUE: _rights,
    back_up.QUEUE: _back_up,
}
