"""Retention: the timer that opens a sweep per brand, the queue function that runs it, and what staff see of it (RET)."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any

import azure.functions as func
from pydantic import Field, StringConstraints

from functions.http import Answer, Body, PageQuery, answer, object_id, operation, parse, parse_query
from functions.identity import staff
from functions.work import for_each, queue_function, timer_function
from shared import app
from shared.domain.access_log import Seen
from shared.domain.disposition import Done
from shared.domain.jobs import RuleReport, Run, RunState
from shared.domain.records import Instant
from shared.domain.retention import RuleId
from shared.domain.staff import MAY_RUN_SWEEPS
from shared.domain.visibility import sees_all
from shared.ports import Query
from shared.usecases import sweep, sweep_parts
from shared.usecases.destroying import destroy

# What no clock of a record can reach past.
EARLIEST, LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)


class DueAnswer(Answer):
    """One record that a sweep would act on; the id says nothing about the person."""

    rule: RuleId
    record_id: str
    since: Instant
    would_be: Done


class PreviewAnswer(Answer):
    """What a sweep at a date would do to the records as they are now; counts are of all, items the first `limit`."""

    at: Instant
    counts: dict[RuleId, dict[Done, int]]
    items: list[DueAnswer]


class RunAnswer(Answer):
    """One sweep and its report."""

    id: str
    state: RunState
    started_at: Instant
    finished_at: Instant | None
    held: int | None
    plan: str | None
    confirmed_by: str | None
    rules: tuple[RuleReport, ...]


class RunList(Answer):
    """Sweeps, newest first."""

    items: list[RunAnswer]
    next_cursor: str | None


class PreviewQuery(Body):
    """Which date, and how many records to list."""

    at: Annotated[Instant, Field(ge=EARLIEST, le=LATEST)] | None = None
    limit: int = Field(default=100, ge=0, le=1000)


class Confirmation(Body):
    """The plan that the sweep may go on with."""

    plan: Annotated[str, StringConstraints(max_length=100)]


@operation(auth="staff", query=PreviewQuery, answers={200: PreviewAnswer})
async def preview_retention(req: func.HttpRequest) -> func.HttpResponse:
    """What a sweep would do at a date (RET-17): how many records, and which of those that the caller may see."""
    caller = await staff(req, MAY_RUN_SWEEPS)
    brand, all_are_shown = caller.brand, sees_all(caller.viewer)
    query = parse_query(req, PreviewQuery)
    at: datetime = query.at or brand.now()
    counts: dict[RuleId, dict[Done, int]] = {}
    items: list[DueAnswer] = []
    async for due in sweep.preview(brand, at, brand.policy.durations):
        of_rule = counts.setdefault(due.rule, {})
        of_rule[due.done] = of_rule.get(due.done, 0) + 1
        if len(items) < query.limit and (due.shown or all_are_shown):
            items.append(DueAnswer(rule=due.rule, record_id=due.id, since=due.since, would_be=due.done))
    if items:
        await caller.sees(Seen.DUE_RECORDS, len(items))
    return answer(200, PreviewAnswer(at=at, counts=counts, items=items))


@operation(auth="staff", query=PageQuery, answers={200: RunList})
async def list_sweeps(req: func.HttpRequest) -> func.HttpResponse:
    """The reports of the sweeps, newest first (RET-16)."""
    brand = (await staff(req, MAY_RUN_SWEEPS)).brand
    page = parse_query(req, PageQuery)
    found, cursor = await brand.runs.page(
        Query(order_by="startedAt", descending=True, limit=page.limit, cursor=page.cursor)
    )
    return answer(200, RunList(items=[_run(item.record) for item in found], next_cursor=cursor))


@operation(
    auth="staff",
    body=Confirmation,
    answers={200: RunAnswer},
)
async def confirm_sweep(req: func.HttpRequest) -> func.HttpResponse:
    """Lets a stopped sweep go on with exactly the plan shown (RET-18)."""
    caller = await staff(req, MAY_RUN_SWEEPS)
    run = await sweep.confirm(caller.brand, object_id(req), parse(req, Confirmation).plan, caller.member.id)
    return answer(200, _run(run))


@timer_function
async def sweep_retention() -> None:
    """Opens a sweep of every brand; late or twice does no harm (RET-16)."""
    brands = app.brands()
    await for_each([*await brands.all(), *await brands.destroyed()], _start)


async def _start(brand: str) -> None:
    if not await destroy(app.brands(), brand):  # for one whose end was cut short after its people were gone
        await sweep.start_sweep(await app.brand(brand))


@queue_function(sweep.QUEUE)
async def run_sweep(message: Mapping[str, Any]) -> None:
    """Runs a sweep, or goes on with it."""
    if not await destroy(app.brands(), message["brand"]):  # this message may be that of an end that was cut short
        brand = await app.brand(message["brand"])
        if "part" in message:
            await sweep_parts.run_part(brand, message["run"], message["part"])
        else:
            await sweep.run_sweep(brand, message["run"])
        await destroy(app.brands(), message["brand"])


def _run(run: Run) -> RunAnswer:
    return RunAnswer(**{name: getattr(run, name) for name in RunAnswer.model_fields})
