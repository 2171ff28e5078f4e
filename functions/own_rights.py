"""An ambassador's rights, signed in (RGT-1)."""

from typing import Any

import azure.functions as func

from functions.http import Answer, Body, LongText, answer, operation, parse
from functions.identity import ambassador
from shared.domain.errors import TooManyRequestsError
from shared.domain.records import Instant
from shared.domain.rights import RightKind, RightsRequest, RightState
from shared.usecases import rights_of_ambassadors as own


class OwnRightBody(Body):
    """Which right, and in own words what is meant; the words are needed where a person answers."""

    kind: RightKind
    text: LongText | None = None


class OwnRequest(Answer):
    """A request: how far it is, and until when it is answered; `data` is what was asked for."""

    id: str
    kind: RightKind
    state: RightState
    received_at: Instant
    due_at: Instant
    closed_at: Instant | None
    erasure_due_at: Instant | None = None
    data: dict[str, Any] | None = None


class OwnRequestList(Answer):
    """The ambassador's requests, newest first."""

    items: list[OwnRequest]
    next_cursor: None = None


@operation(auth="ambassador", answers={200: OwnRequestList})
async def list_own_requests(req: func.HttpRequest) -> func.HttpResponse:
    """What the ambassador asked for, newest first."""
    found = await own.own_requests(await ambassador(req))
    return answer(200, OwnRequestList(items=[_own(request) for request in found]))


@operation(
    auth="ambassador",
    body=OwnRightBody,
    answers={200: OwnRequest, 202: OwnRequest},
    while_suspended=True,
    problems=(TooManyRequestsError,),
)
async def use_own_right(req: func.HttpRequest) -> func.HttpResponse:
    """Uses a right: 200 when that is done, 202 when a person answers, or the account is going (DEL-1)."""
    caller = await ambassador(req)
    body = parse(req, OwnRightBody)
    used = await own.use_own_right(caller, body.kind, body.text)
    shown = _own(used.request).model_copy(update={"data": used.data, "erasure_due_at": used.erasure_due_at})
    waits = used.erasure_due_at is not None or used.request.state is RightState.OPEN
    return answer(202 if waits else 200, shown)


def _own(request: RightsRequest) -> OwnRequest:
    return OwnRequest(
        id=request.id,
        kind=request.kind,
        state=request.state,
        received_at=request.received_at,
        due_at=request.due_at,
        closed_at=request.closed_at,
    )
