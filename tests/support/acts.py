"""A suite in memory for the time of a test, and what people and the provider do to it."""

import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

from shared.adapters.sqlite import SqliteStore
from shared.domain.contact import Contact
from shared.domain.policy import BrandRecord
from shared.domain.tokens import Purpose
from shared.ports import OutgoingMail, Store
from shared.usecases import answer, contacts, invite, mail_events
from shared.usecases.brands import ACTIVE_AFTER, Brand
from shared.usecases.verify_ledger import verify_ledger
from tests.support.world import World, make_world


@asynccontextmanager
async def fresh_world(*brands: BrandRecord, store: Store | None = None, **ports: Any) -> AsyncIterator[World]:
    """A suite that is gone afterwards; `store` and `ports` replace parts of it."""
    held = store or SqliteStore(None, inline=True)
    try:
        yield await make_world(held, *brands, **ports)
    finally:
        await held.close()


async def entered(world: World, ambassador: str, *emails: str, brand: str = "acme") -> list[Contact]:
    """Contacts with these addresses in the ambassador's book."""
    opened = await world.brand(brand)
    return [(await contacts.enter(opened, ambassador, {"email": email}))[0] for email in emails]


async def invited(world: World, ambassador: str, *emails: str, brand: str = "acme") -> list[Contact]:
    """Contacts whose invitation has left."""
    made = await entered(world, ambassador, *emails, brand=brand)
    await invite.invite(await world.brand(brand), ambassador, [contact.id for contact in made])
    await world.drain()
    return [await world.contact_of(email, brand) for email in emails]


def token_of(mail: OutgoingMail, path: str) -> str:
    """The token of the mail's link to `/i`, `/u` or `/c`."""
    found = re.search(rf"https://suite\.example/{path}/([\w.-]+)", mail.text)
    assert found, f"the mail has no link to /{path}"
    return found[1]


async def asked_by(world: World, email: str, path: str = "i", which: int = -1) -> answer.Asked:
    """What the link in a mail to this address opens."""
    purpose = {"i": Purpose.INVITATION, "u": Purpose.OPT_OUT}[path]
    return await answer.open_link(world.brands, purpose, token_of(world.mailer.sent_to(email)[which], path))


async def answered(world: World, email: str, what: answer.Answer) -> Contact:
    """The contact after an answer to its newest mail."""
    return await answer.answer_invitation(await asked_by(world, email), what, text_version="1", ip="192.0.2.1")


async def opted_out(world: World, email: str, scope: answer.Scope = answer.Scope.AMBASSADOR) -> Contact:
    """The contact after an opt-out by its newest mail; every record is told."""
    asked = await asked_by(world, email, "u")
    after = await answer.opt_out(asked, scope, mechanism="opt_out_page", text_version="1", ip=None)
    await world.drain()
    return after


def event_of(mail: OutgoingMail, event: str, at: datetime, **fields: Any) -> dict[str, Any]:
    """What the provider says of a mail."""
    return {
        "event": event,
        "time": int(at.timestamp()),
        "MessageID": 19421777835146490,
        "email": mail.to_email,
        "CustomID": mail.custom_id,
    } | fields


async def receive(world: World, events: Sequence[object]) -> mail_events.Received:
    """Takes in one call of the provider and applies it."""
    received = await mail_events.receive_events(world.brands, world.quarantine, events)
    await world.drain()
    return received


async def rotated(world: World, brand: str = "acme") -> Brand:
    """The brand when a new hash key is in use."""
    await world.brands.rotate_hash_key(brand)
    world.clock.advance(ACTIVE_AFTER)
    return await world.brand(brand)


async def ledger_faults(world: World, brand: str = "acme") -> list[str]:
    """What the verifier finds wrong."""
    faults: list[str] = []
    async for verdict in verify_ledger(await world.brand(brand)):
        faults = verdict.faults
    return faults
