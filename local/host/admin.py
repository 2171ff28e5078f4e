"""The admin routes: what a script may ask of a local suite, and no other host offers."""

import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

from azure.functions.queue import QueueMessage
from azure.functions.timer import TimerRequest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local.clock import ShiftedClock
from local.durations import Duration
from local.host.drain import Drain
from local.host.functions import Function, HttpTrigger, QueueTrigger
from local.host.invocations import Invocations
from local.host.problems import problem
from local.host.queues import by_hand
from local.host.timers import Timers

DEFAULT_DRAIN_SECONDS = 60.0
Describe = Callable[[], Awaitable[dict[str, Any]]]


class Admin:
    """The handlers, with what they need of the host."""

    def __init__(
        self,
        functions: list[Function],
        runs: Invocations,
        clock: ShiftedClock,
        timers: Timers,
        drain: Drain,
        describe_demo: Describe,
        settle: Callable[[], Awaitable[None]],
    ) -> None:
        self._functions = {function.name: function for function in functions}
        self._runs = runs
        self._clock = clock
        self._timers = timers
        self._drain = drain
        self._describe_demo = describe_demo
        self._settle = settle

    def routes(self) -> list[Route]:
        """All under /admin."""
        return [
            Route("/admin/functions", self.list_functions, methods=["GET"]),
            Route("/admin/functions/{name}", self.run_function, methods=["POST"]),
            Route("/admin/clock", self.tell_time, methods=["GET"]),
            Route("/admin/clock", self.move_clock, methods=["POST"]),
            Route("/admin/drain", self.drain, methods=["POST"]),
            Route("/admin/demo", self.demo, methods=["GET"]),
        ]

    async def list_functions(self, _request: Request) -> Response:
        """Each function's name, trigger, and its route, queue or schedule."""
        return JSONResponse([describe(function) for function in self._functions.values()])

    async def run_function(self, request: Request) -> Response:
        """Runs a timer or queue function now; 202 at once."""
        function = self._functions.get(request.path_params["name"])
        if function is None:
            return problem(404, "there is no such function")
        if isinstance(function.trigger, HttpTrigger):
            return problem(422, "an HTTP function is called by its route")
        try:
            given = await _members(request, "input")
        except ValueError as error:
            return problem(422, str(error))
        argument = self._argument(function, given.get("input"))

        async def run() -> None:
            await self._runs.run(function, argument)

        self._runs.spawn(run())
        return Response(status_code=202)

    async def tell_time(self, _request: Request) -> Response:
        """The suite's time."""
        return JSONResponse({"now": _rfc3339(self._clock.now())})

    async def move_clock(self, request: Request) -> Response:
        """Moves the suite's clock by a duration or to a time; 422 when that is not forward."""
        try:
            given = await _members(request, "advance", "now")
            self._clock.move_to(_target(given, self._clock.now()))
        except ValueError as error:
            return problem(422, str(error))
        self._timers.fire_due()
        return await self.tell_time(request)

    async def drain(self, request: Request) -> Response:
        """200 when all is at rest, 504 with what is not after `?timeout=` seconds."""
        try:
            seconds = float(request.query_params.get("timeout", DEFAULT_DRAIN_SECONDS))
        except ValueError:
            return problem(422, "timeout is a number of seconds")
        busy = await self._drain.wait(seconds)
        if busy:
            return problem(504, "not idle: " + ", ".join(busy.reasons), queues=busy.queues, functions=busy.functions)
        await self._settle()
        return JSONResponse({"idle": True, "poison": await self._drain.poison()})

    async def demo(self, _request: Request) -> Response:
        """What a script needs to play with the demo brands."""
        return JSONResponse(await self._describe_demo())

    def _argument(self, function: Function, given: Any) -> QueueMessage | TimerRequest:
        if isinstance(function.trigger, QueueTrigger):
            return by_hand(given if isinstance(given, str) else json.dumps(given))
        return TimerRequest(schedule={"AdjustForDST": True})


def describe(function: Function) -> dict[str, Any]:
    """What a script may know of a function."""
    trigger = function.trigger
    if isinstance(trigger, HttpTrigger):
        methods = sorted(trigger.methods) if trigger.methods is not None else None
        more = {
            "trigger": "http",
            "route": trigger.route,
            "methods": methods,
            "authLevel": trigger.auth_level.lower(),
        }
    elif isinstance(trigger, QueueTrigger):
        more = {"trigger": "queue", "queue": trigger.queue}
    else:
        more = {"trigger": "timer", "schedule": trigger.schedule}
    return {"name": function.name} | more


async def _members(request: Request, *known: str) -> dict[str, Any]:
    """The JSON object of the body, {} when there is none; raises ValueError on unknown members."""
    body = await request.body()
    try:
        given = json.loads(body) if body.strip() else {}
    except ValueError:
        raise ValueError("the body is not JSON") from None
    if not isinstance(given, dict) or given.keys() - set(known):
        raise ValueError(f"the body is an object with {' or '.join(known)}")
    return given


def _target(given: dict[str, Any], now: datetime) -> datetime:
    match given:
        case {"advance": str(text)} if len(given) == 1:
            return Duration.parse(text).after(now)
        case {"now": str(text)} if len(given) == 1:
            moment = datetime.fromisoformat(text)
            if moment.tzinfo is None:
                raise ValueError("now needs its offset from UTC")
            return moment.astimezone(UTC)
        case _:
            raise ValueError("either advance, an ISO 8601 duration, or now, an RFC 3339 time")


def _rfc3339(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")
