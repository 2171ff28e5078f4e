"""The technical team's door: how the brands stand, and messages that were kept aside; and the timer that measures both."""

import asyncio
from collections.abc import Mapping

import azure.functions as func
from pydantic import Field

from functions.catalogue import QUEUES
from functions.http import Answer, Body, PageQuery, answer, operation, parse, parse_query
from functions.identity import technical_team
from functions.work import for_each, timer_function
from shared import app
from shared.domain.access_log import Act, Seen
from shared.domain.errors import ForbiddenError, UnknownObjectError
from shared.domain.records import Instant
from shared.usecases import poison, watching
from shared.usecases.brands import Brand
from shared.usecases.staff_sessions import StaffCaller

BY_QUEUE = {messages.queue: name for name, messages in QUEUES.items()}


class BrandStanding(Answer):
    """How one brand stands; `fault` is the type of what keeps it from being measured."""

    brand: str
    sweep_overdue_hours: float | None = None
    rights_overdue: int | None = None
    backup_age_hours: float | None = None
    fault: str | None = None


class HealthAnswer(Answer):
    """One page of the brands, and how many messages are kept aside by queue."""

    poison: dict[str, int]
    items: list[BrandStanding]
    next_cursor: str | None


class PoisonedAnswer(Answer):
    """One message by its ids; `fault` says why it cannot be put back."""

    id: str
    ids: dict[str, str]
    first_seen_at: Instant
    dequeue_count: int
    fault: str | None


class QueueAnswer(Answer):
    """The oldest messages that a queue's function could not do; `count` is about all."""

    queue: str
    function: str
    count: int
    oldest: list[PoisonedAnswer]


class PoisonList(Answer):
    """Every queue."""

    items: list[QueueAnswer]


class ReplayBody(Body):
    """Which message, by its id; without it all of the queue."""

    message: str | None = Field(default=None, min_length=1, max_length=100)


class ReplayAnswer(Answer):
    """How many went back, how many cannot, and about how many are left."""

    replayed: int
    unfit: int
    left: int


@timer_function
async def watch() -> None:
    """Measures what no event tells, and says that it did: without its heartbeat nobody watches."""
    told = app.telemetry()
    for queue, count in (await poison.counts(app.backlog())).items():
        told.record("popsell.poison.messages", count, queue=queue)
    await for_each(await app.brands().all(), _measure)
    told.add("popsell.heartbeat")
    await asyncio.to_thread(told.flush)  # the instance may sleep once this is done


async def _measure(brand: str) -> None:
    found, told = await watching.standing(await app.brand(brand)), app.telemetry()
    told.record("popsell.sweep.overdue", found.sweep_overdue, brand=brand)
    told.record("popsell.rights.overdue", found.rights_overdue, brand=brand)
    if found.backup_age is not None:
        told.record("popsell.backup.age", found.backup_age, brand=brand)


@operation(auth="staff", query=PageQuery, answers={200: HealthAnswer}, problems=(ForbiddenError,))
async def read_operations_health(req: func.HttpRequest) -> func.HttpResponse:
    """How every brand stands now, and what is kept aside; for the technical team."""
    await technical_team(req)
    page = parse_query(req, PageQuery)
    found, cursor = await app.brands().page(page.limit, page.cursor)
    items = [await _standing(record.id) for record in found if not record.destroyed_at and not record.restoring_to]
    return answer(200, HealthAnswer(poison=await poison.counts(app.backlog()), items=items, next_cursor=cursor))


async def _standing(brand: str) -> BrandStanding:
    try:
        found = await watching.standing(await app.brand(brand))
    except Exception as error:  # this is where one looks for it
        return BrandStanding(brand=brand, fault=type(error).__name__)
    return BrandStanding(
        brand=brand,
        sweep_overdue_hours=found.sweep_overdue,
        rights_overdue=found.rights_overdue,
        backup_age_hours=found.backup_age,
    )


@operation(auth="staff", answers={200: PoisonList}, problems=(ForbiddenError,))
async def list_poison(req: func.HttpRequest) -> func.HttpResponse:
    """The messages that failed five times, by queue, the oldest first; by their ids alone (VIS-8)."""
    await technical_team(req)
    backlog = app.backlog()
    items = [
        QueueAnswer(
            queue=queue,
            function=BY_QUEUE[queue],
            count=count,
            oldest=[_shown(message) for message in await poison.look(backlog, queue)] if count else [],
        )
        for queue, count in (await poison.counts(backlog)).items()
    ]
    return answer(200, PoisonList(items=items))


@operation(auth="staff", body=ReplayBody, answers={200: ReplayAnswer}, problems=(ForbiddenError,))
async def replay_poison(req: func.HttpRequest) -> func.HttpResponse:
    """Puts messages back on their queue, up to 1,000 a call; each brand's access log says how many of its own went."""
    member = await technical_team(req)
    body, queue = parse(req, ReplayBody), req.route_params["queue"]
    backlog, queues = app.backlog(), app.ports_of_the_suite().queue

    async def note(brands: Mapping[str, int]) -> None:
        for id, count in brands.items():
            if brand := await _that_is_left(id):
                await StaffCaller(brand, member).sees(Seen.MESSAGES, count, Act.CHANGED)

    done = await poison.replay(backlog, queues, queue, note, id=body.message)
    left = (await poison.counts(backlog))[queue]
    return answer(200, ReplayAnswer(replayed=done.moved, unfit=done.unfit, left=left))


async def _that_is_left(id: str) -> Brand | None:
    """The brand, unless it ended for good and its log with it."""
    try:
        return await app.brand(id)
    except UnknownObjectError:
        return None


def _shown(message: poison.Poisoned) -> PoisonedAnswer:
    return PoisonedAnswer(
        id=message.id,
        ids=dict(message.ids),
        first_seen_at=message.since,
        dequeue_count=message.dequeue_count,
        fault=message.fault,
    )
