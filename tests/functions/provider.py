"""The mail provider as tests play it: its callbacks, and contacts whose mails they are about."""

import base64
import json
from typing import Any

import httpx

from shared.domain.contact import Contact, EmailStatus
from tests.functions.suite import SignedIn, Suite

WEBHOOK = "/api/webhooks/mailjet"
NEW, OLD = ("provider", "new secret"), ("provider", "old secret")


async def post(suite: Suite, body: Any, auth: tuple[str, str] | None = NEW) -> httpx.Response:
    """Posts as the provider does; bytes as they are, everything else as JSON."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return await suite.http.post(WEBHOOK, content=content, headers=basic(*auth) if auth else {})


def basic(user: str, password: str) -> dict[str, str]:
    """The header of basic credentials."""
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


class Invited:
    """Contacts that were invited, and the events of their mails."""

    def __init__(self, suite: Suite, me: SignedIn) -> None:
        self.suite, self.me = suite, me
        self.custom_ids: dict[str, str] = {}

    async def more(self, *emails: str) -> None:
        """Invites these too."""
        ids = [await self.me.enter(email) for email in emails]
        await self.me.invite(*ids)
        for mail in self.suite.world.mailer.outbox:
            self.custom_ids[mail.to_email] = mail.custom_id

    def event(self, email: str, name: str, after: int = 60, **more: Any) -> dict[str, Any]:
        """An event of the mail to an address, some seconds after it was sent."""
        sent = int(self.suite.world.clock.now().timestamp())
        return {
            "event": name,
            "time": sent + after,
            "email": email,
            "CustomID": self.custom_ids[email],
            "MessageID": 2**60 + 1,
            "Payload": None,
            "customcampaign": None,
            **more,
        }

    async def contact(self, email: str) -> Contact:
        """The record as it stands now."""
        return await self.suite.world.contact_of(email)

    async def status(self, email: str) -> EmailStatus:
        """What the events made of an address."""
        return (await self.contact(email)).email_status

    async def state(self, email: str) -> dict[str, Any]:
        """Everything about a record that events decide, and what is its own left out."""
        contact = await self.contact(email)
        brand = await self.suite.world.brand()
        listed = await brand.suppressions.get(contact.email_hash or "", contact.email_hash or "")
        kept = ("email_status", "ambassador_opt_in", "ambassador_opt_in_at", "last_activity_at", "modified_at", "clock")
        return {
            **{name: getattr(contact, name) for name in kept},
            "events": sorted((event.kind, event.at) for event in contact.events),
            "listed": listed.record.reasons if listed else None,
        }
