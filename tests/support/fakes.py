"""In-memory stand-ins for the ports, held to the same contract suites as the real adapters."""

import json
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from shared.domain.address_book import Entry
from shared.domain.backups import kind_of
from shared.domain.errors import LogInRefusedError, TryAgainError
from shared.domain.ids import new_id
from shared.domain.messages import faults
from shared.ports import Begun, Clock, Document, Fate, Held, LookedAt, OutgoingMail, SendResult

_LONGEST_MESSAGE_BYTES = 48 * 1024
_CHUNK_BYTES = 64 * 1024
EPOCH = datetime.fromtimestamp(0, UTC)


class FakeClock:
    """Time that passes when it is told to."""

    def __init__(self, now: datetime = datetime(2030, 1, 1, tzinfo=UTC)) -> None:
        self._now = now.astimezone(UTC).replace(microsecond=0)

    def now(self) -> datetime:
        """The time in UTC, in whole seconds."""
        return self._now

    def advance(self, by: timedelta | None = None, **parts: float) -> datetime:
        """Moves on by a timedelta or its parts (`days=1`); raises ValueError for a step back."""
        step = by if by is not None else timedelta(**parts)
        if step < timedelta(0):
            raise ValueError("time does not go back")
        self._now = (self._now + step).replace(microsecond=0)
        return self._now


@dataclass(frozen=True, slots=True)
class Waiting:
    """One message on a queue, and from when on it can be taken."""

    message: dict[str, Any]
    visible_at: datetime
    id: str = field(default_factory=new_id)
    taken: int = 0


class FakeQueue:
    """Queues that remember; a delayed message cannot be taken before the clock says so.

    What holds anything but what its queue's messages may hold (DEL-8) is refused; `anything` makes queues of any name.
    """

    def __init__(self, clock: Clock, *, anything: bool = False) -> None:
        self._clock = clock
        self._anything = anything
        self.queues: defaultdict[str, list[Waiting]] = defaultdict(list)

    async def send(self, queue: str, messages: Sequence[Mapping[str, Any]], *, delay_seconds: int = 0) -> None:
        """Puts each message on the queue, as it would look after its way over the wire."""
        texts = [json.dumps(message, separators=(",", ":")) for message in messages]
        if any(len(text) > _LONGEST_MESSAGE_BYTES for text in texts):
            raise ValueError("a queue message is too long")
        meant = queue.removesuffix("-poison")
        wrong = None if self._anything else next((f for text in texts if (f := faults(meant, json.loads(text)))), None)
        if wrong:
            raise AssertionError(wrong)
        visible_at = self._clock.now() + timedelta(seconds=delay_seconds)
        self.queues[queue] += [Waiting(json.loads(text), visible_at) for text in texts]

    async def look(self) -> AsyncIterator[LookedAt]:
        """Each queue that something was sent to, as the functions would get its messages."""
        for name, waiting in sorted(self.queues.items()):
            seen = [json.dumps(each.message, separators=(",", ":")).encode() for each in waiting]
            yield LookedAt(name, len(seen), seen)

    async def depth(self, queue: str) -> int:
        """How many messages lie on the queue."""
        return len(self.queues[queue])

    async def peek(self, queue: str) -> list[Held]:
        """Up to 32 that are visible."""
        return [self._held(waiting) for waiting in self._visible(queue)]

    async def lease(self, queue: str, seconds: int) -> list[Held]:
        """The same, invisible for so long."""
        until, taken = self._clock.now() + timedelta(seconds=seconds), []
        for waiting in self._visible(queue):
            mine = replace(waiting, visible_at=until, taken=waiting.taken + 1)
            self.queues[queue][self.queues[queue].index(waiting)] = mine
            taken.append(self._held(mine, receipt=f"{mine.id} {mine.taken}"))
        return taken

    async def release(self, queue: str, held: Held) -> None:
        """Lets others see a message that is still ours."""
        self.queues[queue] = [
            replace(w, visible_at=self._clock.now()) if f"{w.id} {w.taken}" == held.receipt else w
            for w in self.queues[queue]
        ]

    async def remove(self, queue: str, held: Held) -> None:
        """Deletes a message that is still ours."""
        self.queues[queue] = [w for w in self.queues[queue] if f"{w.id} {w.taken}" != held.receipt]

    def _visible(self, queue: str) -> list[Waiting]:
        return [waiting for waiting in self.queues[queue] if waiting.visible_at <= self._clock.now()][:32]

    def _held(self, waiting: Waiting, receipt: str | None = None) -> Held:
        return Held(waiting.id, EPOCH, waiting.taken, waiting.message, receipt)

    def pop(self, queue: str) -> dict[str, Any] | None:
        """Takes the oldest message that is visible now; None when there is none."""
        for index, waiting in enumerate(self.queues[queue]):
            if waiting.visible_at <= self._clock.now():
                return self.queues[queue].pop(index).message
        return None


class FakeFiles:
    """Files in a dictionary; those of backups are immutable, as where they really lie."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}

    async def write(self, path: str, chunks: Iterable[bytes]) -> None:
        """Stores the chunks as one file, replacing what was there; raises TryAgainError for what is immutable."""
        if path in self.files and kind_of(path) is not None:
            raise TryAgainError("a backup's file cannot be written over")
        self.files[_checked(path)] = b"".join(chunks)

    async def read(self, path: str) -> AsyncIterator[bytes]:
        """The file in chunks; raises FileNotFoundError."""
        if _checked(path) not in self.files:
            raise FileNotFoundError("there is no such file")
        content = self.files[path]
        for start in range(0, len(content), _CHUNK_BYTES):
            yield content[start : start + _CHUNK_BYTES]

    async def delete(self, path: str) -> None:
        """Deletes the file; deleting what is gone is fine."""
        self.files.pop(_checked(path), None)

    async def list(self, prefix: str) -> AsyncIterator[str]:
        """The paths that begin so, in order."""
        for path in sorted(self.files):
            if path.startswith(prefix):
                yield path


class FakeAddressBook:
    """Contacts at a provider that says yes to everybody, two a page."""

    def __init__(self, *entries: Entry) -> None:
        self.entries = list(entries)

    async def begin(self, redirect_uri: str, state: str) -> Begun:
        """Begins the link."""
        return Begun(f"https://provider.example/?state={state}", {"state": state})

    async def finish(self, secrets: Document, answer: Mapping[str, str]) -> str:
        """The permission."""
        return f"token for {answer['state']}"

    async def pages(self, token: str) -> AsyncIterator[list[Entry]]:
        """The contacts."""
        for start in range(0, len(self.entries), 2):
            yield self.entries[start : start + 2]


def token_of(account: str) -> str:
    """A token by which the networks of the tests open an account."""
    return f"token-of-{account}"


class FakeNetwork:
    """A social network whose tokens say themselves whose they are."""

    async def account_of(self, token: str) -> str:
        """The account."""
        if not token.startswith(token_of("")):
            raise LogInRefusedError("code_refused")
        return token.removeprefix(token_of(""))


def _checked(path: str) -> str:
    if any(part in ("", ".", "..") for part in path.split("/")) or "\\" in path:
        raise ValueError("not a path of a file")
    return path


@dataclass(frozen=True, slots=True)
class Fault:
    """A planned mishap: the fate that is told, and whether the mail was taken all the same."""

    fate: Fate
    accepted: bool = False


class FakeMailer:
    """A provider that takes every mail but those that a fault was planned for.

    Like the real one it does not recognise a repeat: the same custom id twice is two mails in the outbox.
    """

    def __init__(self) -> None:
        self.outbox: list[OutgoingMail] = []
        self.calls: list[list[str]] = []
        self.lookups: list[str] = []
        self.can_be_asked = True
        self.forgotten: list[str] = []
        self.forgets = True
        self._next_calls: deque[Fault] = deque()
        self._by_address: dict[str, Fault] = {}

    def next_call(self, fate: Fate, *, accepted: bool = False, times: int = 1) -> None:
        """Plans one fate for all mails of the next calls; `accepted` with UNKNOWN is the lost answer."""
        self._next_calls.extend(Fault(fate, accepted) for _ in range(times))

    def always_for(self, to_email: str, fate: Fate, *, accepted: bool = False) -> None:
        """Plans the fate of every mail to an address; SENT makes it an ordinary one again."""
        self._by_address[to_email] = Fault(fate, accepted)

    def sent_to(self, to_email: str) -> list[OutgoingMail]:
        """What was accepted for one address, oldest first."""
        return [mail for mail in self.outbox if mail.to_email == to_email]

    async def send(self, mails: Sequence[OutgoingMail]) -> list[SendResult]:
        """Takes up to 50 mails; the fates come in input order."""
        if len(mails) > 50:
            raise ValueError("too many mails for one call")
        if not mails:
            return []
        self.calls.append([mail.custom_id for mail in mails])
        for_all = self._next_calls.popleft() if self._next_calls else None
        return [self._take(mail, for_all or self._by_address.get(mail.to_email)) for mail in mails]

    async def was_accepted(self, custom_id: str) -> bool | None:
        """Whether a mail of this custom id was taken; None while `can_be_asked` is off."""
        self.lookups.append(custom_id)
        return any(mail.custom_id == custom_id for mail in self.outbox) if self.can_be_asked else None

    async def forget(self, address: str) -> bool:
        """Forgets an address, and says so while `forgets` is on; the mails in the outbox stay."""
        if self.forgets:
            self.forgotten.append(address)
        return self.forgets

    def _take(self, mail: OutgoingMail, fault: Fault | None) -> SendResult:
        if fault is None or fault.fate is Fate.SENT or fault.accepted:
            self.outbox.append(mail)
        if fault is None or fault.fate is Fate.SENT:
            return SendResult(Fate.SENT)
        return SendResult(fault.fate, "planned")
