"""Runs functions, counts those at work and logs each by name, id, time and outcome, never by its input."""

import asyncio
import contextvars
import functools
import logging
import threading
import time
import uuid
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import azure.functions as func

from local.host.functions import Function

logger = logging.getLogger("host.invocations")


@dataclass(frozen=True, slots=True)
class Result:
    """What an invocation gave; `value` means something only when it is `ok`."""

    ok: bool
    value: Any = None


@dataclass(frozen=True, slots=True)
class Trace:
    """The host's own span of an invocation, as W3C writes it."""

    trace_parent: str


class Context(func.Context):
    """What a function is told about its invocation, when it asks."""

    def __init__(self, invocation_id: str, function_name: str, traceparent: str | None = None) -> None:
        self._trace = Trace(traceparent) if traceparent else None
        self._invocation_id = invocation_id
        self._function_name = function_name

    @property
    def invocation_id(self) -> str:
        """The id that the logs carry."""
        return self._invocation_id

    @property
    def function_name(self) -> str:
        """The function's name."""
        return self._function_name

    @property
    def function_directory(self) -> str:
        """Where the app was loaded from."""
        return str(Path.cwd())

    @property
    def thread_local_storage(self) -> type[threading.local]:
        """A place for the invocation's id in threads of the function's own."""
        return threading.local

    @property
    def trace_context(self) -> Any:
        """The span that it goes on from; None where nobody traces, as in the local host itself."""
        return self._trace

    @property
    def retry_context(self) -> Any:
        """None: no function has a retry policy; queues retry by message."""
        return None


class Invocations:
    """Every running function of the host."""

    def __init__(self, timeout: timedelta) -> None:
        self._timeout = timeout.total_seconds()
        self._threads = ThreadPoolExecutor(thread_name_prefix="function")
        self._tasks: set[asyncio.Task[None]] = set()
        self.running: dict[str, int] = {}
        self.started = 0

    async def run(self, function: Function, argument: object) -> Result:
        """Calls the function; what escapes it is logged by its type and place, and never raised."""
        invocation_id = str(uuid.uuid4())
        began = time.perf_counter()
        outcome = "stopped"
        self.started += 1
        self.running[function.name] = self.running.get(function.name, 0) + 1
        try:
            async with asyncio.timeout(self._timeout):
                value = await self._call(function, argument, invocation_id)
            outcome = "succeeded"
            return Result(ok=True, value=value)
        except Exception as error:  # whatever a function raises, the host goes on
            outcome = type(error).__name__
            logger.error("%s failed", function.name, exc_info=error, extra={"invocationId": invocation_id})
            return Result(ok=False)
        finally:
            self.running[function.name] -= 1
            fields = {
                "function": function.name,
                "invocationId": invocation_id,
                "ms": round((time.perf_counter() - began) * 1000),
                "outcome": outcome,
            }
            logger.info("invocation", extra=fields)

    def spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Runs work beside the caller and remembers it until it ends, so that a stop can wait for it."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    @property
    def at_work(self) -> list[str]:
        """The names of the functions running now."""
        return sorted(name for name, count in self.running.items() if count)

    @property
    def is_idle(self) -> bool:
        """Whether no function runs and none is about to."""
        return not self._tasks and not self.at_work

    async def finish(self, within_seconds: float) -> None:
        """Waits for what runs, then cancels it."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=within_seconds)
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _call(self, function: Function, argument: object, invocation_id: str) -> Any:
        arguments: dict[str, object] = {function.parameter: argument}
        if function.wants_context:
            arguments["context"] = Context(invocation_id, function.name)
        if function.is_async:
            return await function.call(**arguments)
        call = functools.partial(contextvars.copy_context().run, function.call, **arguments)
        return await asyncio.get_running_loop().run_in_executor(self._threads, call)
