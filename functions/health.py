"""Whether the process lives, and whether it can do its work: for load balancers and for who deploys."""

import asyncio
from datetime import datetime, timedelta

import azure.functions as func

from functions.http import Answer, answer, operation
from shared import app
from shared.domain.errors import NotReadyError
from shared.ports import Ports
from shared.usecases.readiness import check_ready

# Anybody may ask, so that what was found out holds for some seconds: a storm of questions costs the store one.
HOLDS_FOR = timedelta(seconds=5)


class StateAnswer(Answer):
    """That all is well."""

    state: str


class _Known:
    """What was found out of one composition of the suite, and how long that holds."""

    def __init__(self) -> None:
        self.until: datetime | None = None
        self.failing: str | None = None
        self.asking = asyncio.Lock()


_found: list[tuple[Ports, _Known]] = []


def _known() -> _Known:
    """Forgets with the composition: another one, such as a test's, has parts of its own."""
    ports = app.ports_of_the_suite()
    if not _found or _found[0][0] is not ports:
        _found[:] = [(ports, _Known())]
    return _found[0][1]


@operation(answers={200: StateAnswer})
async def show_health(req: func.HttpRequest) -> func.HttpResponse:
    """The process lives. Asks nobody else, so that an outage elsewhere restarts nothing here."""
    return answer(200, StateAnswer(state="alive"))


@operation(answers={200: StateAnswer})
async def show_readiness(req: func.HttpRequest) -> func.HttpResponse:
    """Store, keys, queues and files can be used; a 503 names those that cannot. An answer holds for 5 seconds."""
    known, now = _known(), app.ports_of_the_suite().clock.now()
    async with known.asking:
        if known.until is None or not now < known.until <= now + HOLDS_FOR:
            known.failing, known.until = await _ask(), now + HOLDS_FOR
    if known.failing:
        raise NotReadyError(known.failing)
    return answer(200, StateAnswer(state="ready"))


async def _ask() -> str | None:
    try:
        await check_ready(app.brands(), app.backlog())
    except NotReadyError as error:
        return error.detail
    return None
