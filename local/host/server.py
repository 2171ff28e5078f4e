"""One host: loads an app, serves its routes, feeds its queues and timers, and stops without dropping work."""

import asyncio
import contextlib
import os
import socket
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Receive, Scope, Send

from local.clock import ShiftedClock
from local.host.admin import Admin
from local.host.drain import Drain
from local.host.functions import Function, TimerTrigger, UnsupportedFunctionError, load_functions
from local.host.http import LARGEST_BODY, HttpFunctions
from local.host.invocations import Invocations
from local.host.problems import on_http_exception
from local.host.queues import Queues
from local.host.routes import compile_routes
from local.host.settings import read_host_json
from local.host.timer_lock import TimerLock
from local.host.timers import Timers
from local.state import State

GRACE_SECONDS = 5.0
STORAGE = "AzureWebJobsStorage"


async def nothing_to_seed() -> None:
    """For an app without demo brands."""


async def nothing_to_describe() -> dict[str, Any]:
    """For an app without demo brands."""
    return {}


def no_ports(_clock: ShiftedClock) -> None:
    """For an app without a composition root."""


@dataclass(frozen=True, slots=True)
class App:
    """Which functions to host, and what to do around them."""

    module: str
    host_json: Path
    install: Callable[[ShiftedClock], None] = no_ports
    """Called before the module is imported, with the clock that the functions are to live by."""
    seed: Callable[[], Awaitable[None]] = nothing_to_seed
    """Called before the first request."""
    describe: Callable[[], Awaitable[dict[str, Any]]] = nothing_to_describe
    """What `GET /admin/demo` answers."""
    settle: Callable[[], Awaitable[None]] = nothing_to_seed
    """Called when a drain found rest, so that files hold what the records say before it answers."""
    close: Callable[[], Awaitable[None]] = nothing_to_seed
    """Called last, to let go of connections."""
    largest_body: int = field(default=LARGEST_BODY)


class Host:
    """Serves one app on a listening socket until told to stop."""

    def __init__(self, app: App, state: State, listening: socket.socket, instance: int = 1) -> None:
        self._app = app
        self._instance = instance
        self._state = state
        self._listening = listening
        self._stopping = asyncio.Event()
        self.ready = asyncio.Event()

    def stop(self) -> None:
        """Asks for a graceful stop; safe to call twice."""
        self._stopping.set()

    async def serve(self) -> None:
        """Runs until stopped; raises what keeps it from starting."""
        settings = read_host_json(self._app.host_json)
        clock = ShiftedClock(self._state.clock)
        self._app.install(clock)
        functions = load_functions(self._app.module)
        runs = Invocations(settings.function_timeout)
        queues = Queues(functions, settings.queues, runs)
        lock = self._lock(functions)
        try:
            timers = Timers(functions, clock, runs, self._state.timers, lambda: lock is not None and lock.held)
            admin = Admin(
                functions, runs, clock, timers, Drain(queues, timers, runs), self._app.describe, self._app.settle
            )
            routes = compile_routes(functions, settings.route_prefix)
            http = HttpFunctions(routes, runs, self._state.secrets().function_key, self._app.largest_body)
            await queues.create()
            await self._app.seed()
            server = _Server(_asgi(admin, http), self._listening)
            async with server.running():
                queues.start()
                if lock:
                    await lock.start()
                timers.start()
                self.ready.set()
                await self._stopping.wait()
                await timers.stop()
                await queues.stop()
            await runs.finish(GRACE_SECONDS)
        finally:
            if lock:
                await lock.stop()
            await queues.close()
            await self._app.close()

    def _lock(self, functions: Sequence[Function]) -> TimerLock | None:
        """What makes one of several hosts run the timers, where there are any."""
        if not any(isinstance(function.trigger, TimerTrigger) for function in functions):
            return None
        storage = os.environ.get(STORAGE)
        if not storage:
            raise UnsupportedFunctionError(f"timers need {STORAGE}: one of several hosts runs them")
        return TimerLock(storage, self._state.root, self._instance)


def _asgi(admin: Admin, http: HttpFunctions) -> ASGIApp:
    """The admin routes by Starlette; the functions, which know their routes and errors themselves, without it."""
    routed = Starlette(routes=admin.routes(), exception_handlers={HTTPException: on_http_exception})

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        await (routed if scope["path"].startswith("/admin/") else http)(scope, receive, send)

    return serve


class _Server(uvicorn.Server):
    """uvicorn on a socket that is bound already, with the process's signals left to us."""

    def __init__(self, asgi: ASGIApp, listening: socket.socket) -> None:
        super().__init__(
            uvicorn.Config(
                asgi,
                access_log=False,
                log_config=None,
                lifespan="off",
                proxy_headers=False,
                server_header=False,
                timeout_graceful_shutdown=int(GRACE_SECONDS),
            )
        )
        self._listening = listening

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leaves the signals alone."""
        yield

    @contextlib.asynccontextmanager
    async def running(self) -> Any:
        """Serves inside the block; at its end lets running requests finish."""
        serving = asyncio.create_task(self.serve(sockets=[self._listening]))
        try:
            while not self.started and not serving.done():  # noqa: ASYNC110  uvicorn has no event for it
                await asyncio.sleep(0.01)
            yield
        finally:
            self.should_exit = True
            await serving
