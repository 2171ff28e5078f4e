"""Requests that wait for a person, in the Manager: the next due first (RGT-5)."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import azure.functions as func
from pydantic import StringConstraints, field_validator

from functions.http import Answer, Body, PageQuery, answer, object_id, operation, parse, parse_query
from functions.identity import staff
from shared.domain.access_log import Act, Seen
from shared.domain.errors import DecidedError
from shared.domain.records import Instant
from shared.domain.rights import RightKind, RightsRequest, RightState
from shared.domain.staff import MAY_ANSWER_RIGHTS, MAY_SEE_RIGHTS
from shared.usecases import erasure, rights_desk

Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=4000)]
Note = Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=500)]


class RequestQuery(PageQuery):
    """Which requests: those that wait for a person, or all."""

    all: bool = False


class RequestAnswer(Answer):
    """A request; `subject` is a keyed hash of the address, or the ambassador's id."""

    id: str
    kind: RightKind
    state: RightState
    subject: str
    ambassador: str | None
    received_at: Instant
    due_at: Instant
    extended_at: Instant | None
    extended_because: str | None
    closed_at: Instant | None
    closed_by: str | None
    note: str | None


class ProofAnswer(Answer):
    """One step of an erasure, chained to the one before by keyed hashes: counts by kind, or the mail provider's word."""

    at: Instant
    actor: str
    what: Mapping[str, Any]
    previous: str
    hash: str


class RequestDetail(RequestAnswer):
    """The request with what the person wrote and where to answer, while it waits; both go when it is closed.

    `proof` shows of an erasure that it was done (DEL-8).
    """

    email: str | None
    text: str | None
    proof: list[ProofAnswer]


class ErasureBody(Body):
    """Whose records are to be erased; the address is kept sealed, and only until the mail provider has forgotten it."""

    email: Annotated[str, StringConstraints(max_length=254)]


class RequestList(Answer):
    """One page of requests: of those that wait, the next due first; of all, the newest first."""

    items: list[RequestAnswer]
    next_cursor: str | None


class ExtendBody(Body):
    """Why it takes two months more; the person is told by mail (art. 12(3))."""

    reason: Words


class CloseBody(Body):
    """How it ended. `message` is mailed to the person and not kept; `note` is kept, and names no address."""

    state: Literal["done", "refused"]
    note: Note
    message: Words | None = None

    @field_validator("note")
    @classmethod
    def _without_an_address(cls, value: str) -> str:
        if "@" in value:
            raise ValueError("must name no address")
        return value


@operation(auth="staff", query=RequestQuery, answers={200: RequestList})
async def list_requests(req: func.HttpRequest) -> func.HttpResponse:
    """What people asked for by their rights."""
    caller = await staff(req, MAY_SEE_RIGHTS)
    query = parse_query(req, RequestQuery)
    found, cursor = await rights_desk.find_requests(
        caller.brand, only_open=not query.all, limit=query.limit, cursor=query.cursor
    )
    await caller.sees(Seen.RIGHTS, len(found))
    return answer(200, RequestList(items=[_shown(request) for request in found], next_cursor=cursor))


@operation(auth="staff", answers={200: RequestDetail})
async def read_request(req: func.HttpRequest) -> func.HttpResponse:
    """One request, with what the person wrote while it waits."""
    caller = await staff(req, MAY_SEE_RIGHTS)
    request = await rights_desk.get_request(caller.brand, object_id(req))
    await caller.sees(Seen.RIGHTS, 1, Act.READ)
    return answer(200, _detail(request))


@operation(auth="staff", body=ErasureBody, answers={202: RequestAnswer})
async def erase_person(req: func.HttpRequest) -> func.HttpResponse:
    """Erases whoever has an address and asked by letter or telephone, at every ambassador of the brand (RGT-4).

    The caller has made sure who asks. The answer is the same for an address that nothing is held of.
    """
    caller = await staff(req, MAY_ANSWER_RIGHTS)
    id = await erasure.request_erasure(caller.brand, parse(req, ErasureBody).email, f"staff:{caller.member.id}")
    await caller.sees(Seen.RIGHTS, 1, Act.CHANGED)
    return answer(202, _shown(await rights_desk.get_request(caller.brand, id)))


@operation(auth="staff", body=ExtendBody, answers={200: RequestAnswer}, problems=(DecidedError,))
async def extend_request(req: func.HttpRequest) -> func.HttpResponse:
    """Gives a request two months more, once, and tells the person why (art. 12(3))."""
    caller = await staff(req, MAY_ANSWER_RIGHTS)
    extended = await rights_desk.extend(caller.brand, object_id(req), parse(req, ExtendBody).reason)
    await caller.sees(Seen.RIGHTS, 1, Act.CHANGED)
    return answer(200, _shown(extended))


@operation(auth="staff", body=CloseBody, answers={200: RequestAnswer}, problems=(DecidedError,))
async def close_request(req: func.HttpRequest) -> func.HttpResponse:
    """Ends a request, and mails the person the answer if there is one."""
    caller = await staff(req, MAY_ANSWER_RIGHTS)
    body = parse(req, CloseBody)
    closed = await rights_desk.close(
        caller.brand,
        object_id(req),
        f"staff:{caller.member.id}",
        state=RightState(body.state),
        note=body.note,
        said=body.message,
    )
    await caller.sees(Seen.RIGHTS, 1, Act.CHANGED)
    return answer(200, _shown(closed))


def _shown(request: RightsRequest) -> RequestAnswer:
    return RequestAnswer(**{name: getattr(request, name) for name in RequestAnswer.model_fields})


def _detail(request: RightsRequest) -> RequestDetail:
    proof = [
        ProofAnswer(at=e.at, actor=e.evidence.actor, what=e.after, previous=e.previous, hash=e.hash)
        for e in request.proof
    ]
    return RequestDetail(**{**{name: getattr(request, name) for name in RequestDetail.model_fields}, "proof": proof})
