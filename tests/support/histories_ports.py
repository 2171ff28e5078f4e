"""The world around a suite that lives through years: a provider of moods, queues that lose, the model at the door."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from shared.domain.custom_id import parse_custom_id
from shared.domain.jobs import RunState
from shared.ports import Fate, OutgoingMail, SendResult
from shared.usecases import mail_events, sweep
from tests.support.fakes import FakeClock, FakeMailer, FakeQueue
from tests.support.inspection import Stored, note_what_the_system_knows
from tests.support.reference import Entry, Model
from tests.support.world import World


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


class MoodyMailer(FakeMailer):
    """A provider in some mood, with the model at the door."""

    def __init__(self, model: Model, clock: FakeClock) -> None:
        super().__init__()
        self.model, self.clock = model, clock
        self.provider = Provider.WELL
        self.refuses: set[str] = set()
        self.letters: list[Letter] = []
        self.suspensions: list[OutgoingMail] = []
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
            self.model.account_mail_leaves(parts.ambassador, _what_about(mail), self.clock.now())
            if _what_about(mail) == "suspension":
                self.suspensions.append(mail)
            return SendResult(Fate.SENT)
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


class LossyQueue(FakeQueue):
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


class WatchedWorld(World):
    """Tells the model when a sweep really begins."""

    model: Model
    stored: Stored

    async def handle(self, queue: str, message: Mapping[str, Any]) -> None:
        """Does what the function of the queue does."""
        if queue == sweep.QUEUE and not await self.brands.is_destroyed(message["brand"]):
            run = await (await self.brand(message["brand"])).runs.get(message["run"], message["run"])
            if run and run.record.state is RunState.RUNNING:
                stored = await self.stored.of(self, message["brand"])
                note_what_the_system_knows(self.model, message["brand"], stored)
                self.model.sweep(message["brand"], run.record.started_at, self.clock.now())
        await super().handle(queue, message)


def _what_about(mail: OutgoingMail) -> str:
    if "/l/" in mail.text:
        return "suspension"
    return "absence" if "will be erased" in mail.subject else "anything"
