"""One way for every queue and timer function: declare, and let nothing out that repeats what it choked on."""

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import azure.functions as func

from functions.http import unexpected
from shared.domain.errors import DomainError

Work = Callable[[Mapping[str, Any]], Awaitable[None]]
Timer = Callable[[], Awaitable[None]]


class FailedError(Exception):
    """A function failed; `args` hold the type of what happened and nothing of what it said."""


def queue_function(blueprint: func.Blueprint, name: str, queue: str) -> Callable[[Work], Work]:
    """Registers a function for the messages of a queue: it gets each as the object that was sent."""

    def register(work: Work) -> Work:
        async def guarded(msg: func.QueueMessage) -> None:
            await _without_words(name, work(json.loads(msg.get_body())))

        guarded.__name__, guarded.__doc__ = name, work.__doc__
        decorate = blueprint.queue_trigger(arg_name="msg", queue_name=queue, connection="AzureWebJobsStorage")
        decorate(blueprint.function_name(name)(guarded))
        return work

    return register


def timer_function(blueprint: func.Blueprint, name: str, schedule: str) -> Callable[[Timer], Timer]:
    """Registers a function for a schedule (six fields, UTC)."""

    def register(work: Timer) -> Timer:
        async def guarded(timer: func.TimerRequest) -> None:
            await _without_words(name, work())

        guarded.__name__, guarded.__doc__ = name, work.__doc__
        decorate = blueprint.timer_trigger(arg_name="timer", schedule=schedule)
        decorate(blueprint.function_name(name)(guarded))
        return work

    return register


async def _without_words(name: str, work: Awaitable[None]) -> None:
    """Lets failures through to the host, which tries again, as their type alone: it logs messages and their chain (VIS-8)."""
    try:
        await work
        return
    except Exception as error:
        what = type(error).__name__
        if not isinstance(error, DomainError):
            unexpected(name, error)
    raise FailedError(what)  # outside of the handler, so that no context leads back to what was said
