"""Messages that failed five times: kept aside, seen by their ids alone, and put back once what they choked on is mended.

Every handler bears a message that comes twice, so a replay that is cut short, or asked for again, does no harm.
"""

from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from shared.domain.errors import UnknownObjectError
from shared.domain.messages import MESSAGES, faults
from shared.ports import Backlog, Held, Queue

SUFFIX = "-poison"
# How long nobody else sees a message that is being put back; a run that is cut short leaves its last ones so long.
LEASE_SECONDS = 60
A_CALL = 1000

# Is told how many messages of each brand are about to be moved.
Note = Callable[[Mapping[str, int]], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Poisoned:
    """One message kept aside, by its ids; `fault` instead says that it is none that its queue may hold (DEL-8)."""

    id: str
    since: datetime
    dequeue_count: int
    ids: Mapping[str, str]
    fault: str | None = None


@dataclass(frozen=True, slots=True)
class Replayed:
    """How many messages went back, and how many cannot go because they are none of the queue's."""

    moved: int
    unfit: int


async def counts(backlog: Backlog) -> dict[str, int]:
    """How many messages are kept aside, by the queue that they were on."""
    return {queue: await backlog.depth(queue + SUFFIX) for queue in MESSAGES}


async def look(backlog: Backlog, queue: str) -> list[Poisoned]:
    """The oldest of them; up to 32. Raises UnknownObjectError for a queue that is none of ours."""
    return [_shown(queue, held) for held in await backlog.peek(_kept(queue))]


async def replay(backlog: Backlog, queues: Queue, queue: str, note: Note, *, id: str | None = None) -> Replayed:
    """Puts messages back on their queue, the oldest first: all, up to 1,000 a call, or the one of this id.

    Each is on its queue before it is taken from its place here. Raises UnknownObjectError.
    """
    moved = unfit = 0
    async for wanted in _leased(backlog, _kept(queue), id):
        fit = [message for message in wanted if message.message is not None and not faults(queue, message.message)]
        if fit:
            await note(Counter(str(message.message["brand"]) for message in fit if message.message))
        for message in fit:
            await queues.send(queue, [message.message or {}])
            await backlog.remove(queue + SUFFIX, message)
        moved, unfit = moved + len(fit), unfit + len(wanted) - len(fit)
        if moved >= A_CALL:
            break
    return Replayed(moved, unfit)


async def drop(backlog: Backlog, queue: str, *, id: str | None = None) -> int:
    """Deletes messages for good: all, or the one of this id; gives how many. Raises UnknownObjectError."""
    dropped = 0
    async for wanted in _leased(backlog, _kept(queue), id):
        for message in wanted:
            await backlog.remove(queue + SUFFIX, message)
        dropped += len(wanted)
    return dropped


async def _leased(backlog: Backlog, kept: str, id: str | None) -> AsyncIterator[list[Held]]:
    """What is wanted of everything that lies there, in lots, the oldest first; what is still there then, all may see."""
    leased: list[Held] = []
    while held := await backlog.lease(kept, LEASE_SECONDS):
        leased += held
        wanted = sorted((message for message in held if id in (None, message.id)), key=lambda message: message.since)
        if wanted:
            yield wanted
        if id and wanted:
            break
    for message in leased:
        await backlog.release(kept, message)


def _kept(queue: str) -> str:
    if queue not in MESSAGES:
        raise UnknownObjectError
    return queue + SUFFIX


def _shown(queue: str, held: Held) -> Poisoned:
    fault = "is not JSON" if held.message is None else faults(queue, held.message)
    ids = {} if fault or held.message is None else {n: v for n, v in held.message.items() if isinstance(v, str)}
    return Poisoned(held.id, held.since, held.dequeue_count, ids, fault)
