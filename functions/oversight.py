"""What the Manager shows of how data is treated: who looked at it, what is blocked, what looks wrong (VIS-7, SUP-1, ACT-5)."""

import re
from typing import Annotated

import azure.functions as func
from pydantic import StringConstraints, field_validator

from functions.http import Answer, Body, PageQuery, ShortText, answer, operation, parse, parse_query
from functions.identity import staff
from shared.domain.access_log import Act, Seen
from shared.domain.errors import DecidedError, NotReleasableError, UnknownObjectError
from shared.domain.flags import Flag
from shared.domain.records import Instant
from shared.domain.staff import (
    MAY_DECIDE_FLAGS,
    MAY_READ_ACCESS_LOG,
    MAY_RELEASE_ADDRESSES,
    MAY_SEE_FLAGS,
    MAY_SEE_SUPPRESSIONS,
    Role,
)
from shared.domain.suppression import SuppressionReason
from shared.usecases import access_log, flags, releasing
from shared.usecases.suppressing import count_by_reason


class AccessAnswer(Answer):
    """One access of staff to personal data; `actor` is a pseudonym, the same for the same user."""

    at: Instant
    actor: str
    role: Role
    kind: Seen
    act: Act
    count: int


class AccessList(Answer):
    """One page of the access log, newest first."""

    items: list[AccessAnswer]
    next_cursor: str | None


class SuppressionCounts(Answer):
    """How many addresses are blocked for each reason; one with two reasons counts for each."""

    by_reason: dict[SuppressionReason, int]


class ReleaseBody(Body):
    """Which address, and why; the reason is kept for good, and the address nowhere."""

    email: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=320)]
    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=500)]

    @field_validator("reason")
    @classmethod
    def _without_an_address(cls, value: str) -> str:
        if "@" in value:
            raise ValueError("must name no address")
        return value


class FlagQuery(PageQuery):
    """Which flags: those that wait for a decision, or all."""

    all: bool = False


class FlagAnswer(Answer):
    """Something that looks wrong, why, and what a person decided; `subject` is an id or a keyed hash."""

    id: str
    kind: str
    subject: str
    reason: str
    at: Instant
    open_since: Instant | None
    closed_at: Instant | None
    closed_by: str | None
    decision: str | None
    decided_because: str | None


class FlagList(Answer):
    """One page of flags, newest first."""

    items: list[FlagAnswer]
    next_cursor: str | None


class DecisionBody(Body):
    """What a person decided about a flag, and why."""

    decision: ShortText
    reason: ShortText


@operation(auth="staff", query=PageQuery, answers={200: AccessList})
async def read_access_log(req: func.HttpRequest) -> func.HttpResponse:
    """Who of the staff looked at personal data, by pseudonym (VIS-7); for the technical team."""
    caller = await staff(req, MAY_READ_ACCESS_LOG)
    page = parse_query(req, PageQuery)
    found, cursor = await access_log.entries(caller.brand, page.limit, page.cursor)
    items = [AccessAnswer(**{name: getattr(entry, name) for name in AccessAnswer.model_fields}) for entry in found]
    return answer(200, AccessList(items=items, next_cursor=cursor))


@operation(auth="staff", answers={200: SuppressionCounts})
async def count_suppressions(req: func.HttpRequest) -> func.HttpResponse:
    """How many addresses are on the black list, by reason, and never which (SUP-1)."""
    caller = await staff(req, MAY_SEE_SUPPRESSIONS)
    return answer(200, SuppressionCounts(by_reason=await count_by_reason(caller.brand)))


@operation(auth="staff", body=ReleaseBody, answers={204: None}, problems=(NotReleasableError,))
async def release_suppression(req: func.HttpRequest) -> func.HttpResponse:
    """Lets an address be written to again after a mail error, for a reason that is kept (SUP-4); an opt-out stays."""
    caller = await staff(req, MAY_RELEASE_ADDRESSES)
    body = parse(req, ReleaseBody)
    await caller.sees(Seen.SUPPRESSIONS, 1, Act.CHANGED)
    await releasing.release_suppression(caller.brand, body.email, body.reason, f"staff:{caller.member.id}")
    return answer(204)


@operation(auth="staff", query=FlagQuery, answers={200: FlagList})
async def list_flags(req: func.HttpRequest) -> func.HttpResponse:
    """What looks wrong and waits for a person, or was decided."""
    caller = await staff(req, MAY_SEE_FLAGS)
    query = parse_query(req, FlagQuery)
    found, cursor = await flags.find_flags(
        caller.brand, only_open=not query.all, limit=query.limit, cursor=query.cursor
    )
    await caller.sees(Seen.FLAGS, len(found))
    return answer(200, FlagList(items=[_flag(flag) for flag in found], next_cursor=cursor))


@operation(auth="staff", body=DecisionBody, answers={200: FlagAnswer}, problems=(DecidedError,))
async def close_flag(req: func.HttpRequest) -> func.HttpResponse:
    """Writes down a person's decision (art. 22); it changes nothing by itself."""
    caller = await staff(req, MAY_DECIDE_FLAGS)
    body = parse(req, DecisionBody)
    closed = await flags.close_flag(
        caller.brand, _flag_id(req), f"staff:{caller.member.id}", body.decision, body.reason
    )
    await caller.sees(Seen.FLAGS, 1, Act.CHANGED)
    return answer(200, _flag(closed))


def _flag_id(req: func.HttpRequest) -> str:
    id: str = req.route_params["id"]
    if not re.fullmatch(r"[A-Za-z0-9_.-]{1,200}", id):
        raise UnknownObjectError
    return id


def _flag(flag: Flag) -> FlagAnswer:
    return FlagAnswer(**{name: getattr(flag, name) for name in FlagAnswer.model_fields})
