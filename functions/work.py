"""One way for every queue and timer function: declare, and let nothing out that repeats what it choked on."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

import azure.functions as func

from functions.catalogue import QUEUES
from functions.http import unexpected
from shared import app
from shared.calling import calling
from shared.domain.errors import DomainError, UnknownObjectError

Work = Callable[[Mapping[str, Any]], Awaitable[None]]
Timer = Callable[[], Awaitable[None]]

AT_ONCE = 16
"""How many brands a timer goes through at once; the store waits for most of that time."""


class FailedError(Exception):
    """A function failed; `args` hold the type of what happened and nothing of what it said."""


MESSAGE_HANDLERS: dict[str, Callable[[func.QueueMessage], Awaitable[None]]] = {}
TIMER_HANDLERS: dict[str, Timer] = {}


def queue_function(queue: str) -> Callable[[Work], Work]:
    """Declares what the catalogue's function of this name does with the messages of its queue, each as it was sent."""

    def register(work: Work) -> Work:
        name = work.__name__
        if QUEUES[name].queue != queue:
            raise ValueError(f"{name}: the catalogue names another queue")

        async def guarded(msg: func.QueueMessage) -> None:
            await _without_words(name, _unless_nobody_is_left(work, json.loads(msg.get_body())))

        MESSAGE_HANDLERS[name] = guarded
        return work

    return register


def timer_function(work: Timer) -> Timer:
    """Declares what the catalogue's function of this name does at its times."""

    async def guarded() -> None:
        await _without_words(work.__name__, work())

    TIMER_HANDLERS[work.__name__] = guarded
    return work


async def _unless_nobody_is_left(work: Work, message: Mapping[str, Any]) -> None:
    """Does the work; a message that outlived its brand (DEL-5) has none, and is done."""
    try:
        await work(message)
    except UnknownObjectError:
        if not await app.brands().is_destroyed(str(message.get("brand"))):
            raise


async def _without_words(name: str, work: Awaitable[None]) -> None:
    """Lets failures through to the host, which tries again, as their type alone: it logs messages and their chain (VIS-8)."""
    with calling(app.telemetry(), name) as call:
        try:
            await work
            return
        except Exception as error:
            what = type(error).__name__
            # Of a timer's turns, which for_each gathers, the first that failed says more than that some did.
            call.failed(error.args[0] if isinstance(error, FailedError) and error.args else what)
            if not isinstance(error, DomainError):
                unexpected(name, error)
    raise FailedError(what)  # outside of the handler, so that no context leads back to what was said


async def for_each(brands: Iterable[str], do: Callable[[str], Awaitable[object]]) -> None:
    """Does something for every brand, for some at once: one after the other, thousands of brands would outlast the timer.

    One that fails keeps no other from its turn. Raises FailedError at the end.
    """
    failed: list[str] = []
    turn = asyncio.Semaphore(AT_ONCE)

    async def one(brand: str) -> None:
        async with turn:
            try:
                await do(brand)
            except Exception as error:
                failed.append(type(error).__name__)
                unexpected(f"brand {brand}", error)

    await asyncio.gather(*(one(brand) for brand in brands))
    if failed:
        raise FailedError(*failed)
