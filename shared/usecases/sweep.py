"""Sweeps and their preview (RET-16…19): what is due, page by page; judged again at the write; reported."""

import hashlib
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared.domain.ambassador import Ambassador
from shared.domain.contact import Contact
from shared.domain.disposition import Disposition, Done, dispose
from shared.domain.errors import ChangedMeanwhileError, UnknownObjectError
from shared.domain.inactivity import forgets, warns
from shared.domain.jobs import RuleReport, Run, RunState
from shared.domain.policy import Durations
from shared.domain.records import stamp
from shared.domain.retention import RULES, Action, Rule, RuleId, is_due, rules_of
from shared.ports import Query, StaleError, Where
from shared.usecases import brand_end, farewell, sweep_parts
from shared.usecases.brands import Brand
from shared.usecases.collections import Collection, Versioned
from shared.usecases.sweep_pages import (
    ACCOUNTS_END,
    due_query,
    due_where,
    reported,
    second_invitations_under_way,
    sweep_page,
)
from shared.usecases.sweep_parts import PAGES_A_MESSAGE, share_out

QUEUE = sweep_parts.QUEUE
_IN_TURN = ("contacts", "flags", "ugc", "ambassadors")


@dataclass(frozen=True, slots=True)
class Due:
    """One record that a sweep would act on; `shown` says that brand users may know of it (VIS-2)."""

    rule: RuleId
    id: str
    ambassador: str
    since: datetime
    done: Done
    shown: bool = False


async def start_sweep(brand: Brand) -> Run | None:
    """Opens a sweep of the brand and queues it; None when one is still open (a second is not needed)."""
    open_runs = Query(where=(Where("openSince", "<=", stamp(brand.now())),), order_by="openSince", limit=1)
    for item in (await brand.runs.page(open_runs))[0]:
        if item.record.state is RunState.AWAITING_CONFIRMATION:
            return None
        await _queue(brand, item.record)
        return None
    now = brand.now()
    run = Run(started_at=now, durations=brand.policy.durations, open_since=now)
    await brand.runs.create(run)
    await _queue(brand, run)
    return run


async def run_sweep(brand: Brand, run: str) -> None:
    """Goes on with a sweep until it is done, or for a bounded time and then by another message.

    Safe to run twice, late or beside another: each record is read, judged by the same date, and written only if it is
    still the one that was read.
    """
    current = await brand.runs.get(run, run)
    if current is None or current.record.state is not RunState.RUNNING:
        return
    try:
        if not current.record.rules:
            current = await _planned(brand, current)
        if current.record.state is RunState.RUNNING:
            await _work(brand, current)
    except StaleError:
        return  # another worker is at it


async def preview(brand: Brand, at: datetime, durations: Durations) -> AsyncIterator[Due]:
    """What a sweep at this date, with these durations, would do to the records as they are now (RET-17)."""
    ending = brand_end.due_rule(brand.record, at, durations)
    if ending:  # nothing else is left to be done
        async for id, ambassador, since, done, shown in brand_end.would_go(brand, at):
            yield Due(ending, id, ambassador, since, done, shown)
        return
    for rule in rules_of("contacts"):
        async for page in brand.contacts.pages(due_query(rule, at, durations)):
            for item in page:
                disposition = dispose(item.record, at, durations)
                if disposition:
                    yield _due(item.record, disposition)
    for rule in rules_of("flags"):
        async for flags in brand.flags.pages(due_query(rule, at, durations)):
            for flag in flags:
                since = flag.record.closed_at or flag.record.at
                yield Due(rule.id, flag.record.id, flag.record.subject, since, Done.DELETED, shown=True)
    for rule in rules_of("ugc"):
        async for photos in brand.ugc.pages(due_query(rule, at, durations)):
            for photo in photos:
                since = photo.record.delete_at or photo.record.created_at
                yield Due(rule.id, photo.record.id, photo.record.ambassador_id, since, Done.DELETED, photo.record.shown)
    for rule in rules_of("ambassadors"):
        async for accounts in brand.ambassadors.pages(due_query(rule, at, durations)):
            for account in accounts:
                async for due in _due_accounts(brand, rule, account.record, at, durations):
                    yield due


async def _due_accounts(
    brand: Brand, rule: Rule, account: Ambassador, at: datetime, durations: Durations
) -> AsyncIterator[Due]:
    """An account that is due, with what goes with it."""
    if account.clock is None or not is_due(account.clock, at, durations):
        return
    if rule.action is Action.WARN:
        if warns(account, at, durations):
            yield Due(
                rule.id, account.id, account.id, account.clock.since, Done.WARNING_QUEUED, shown=account.brand_sees
            )
    elif rule.id in ACCOUNTS_END:
        if rule.id is RuleId.WARNED_TWICE and not forgets(account, at, durations):
            return
        async for record, done in farewell.would_go(brand, account, rule.id, at, durations):
            own = record == account.id and account.brand_sees
            yield Due(rule.id, record, account.id, account.clock.since, done, shown=own)
    else:
        yield Due(rule.id, account.id, account.id, account.clock.since, Done.DELETED)


async def confirm(brand: Brand, run: str, plan: str, by: str) -> Run:
    """Lets a stopped sweep go on with exactly the plan that was shown (RET-18); `by` names the staff member.

    Raises ChangedMeanwhileError when the plan is not the run's, or the records are no longer those of the plan.
    """
    current = await brand.runs.get(run, run)
    if current is None:
        raise UnknownObjectError
    waiting = current.record
    if waiting.confirmed_by and waiting.plan == plan:
        return waiting
    if waiting.state is not RunState.AWAITING_CONFIRMATION or waiting.plan != plan:
        raise ChangedMeanwhileError("The plan is not the one that waits")
    fresh = await _plan(brand, waiting)
    if fresh.digest != plan:
        await brand.runs.replace(current, waiting.changed(plan=fresh.digest, rules=fresh.reports(), held=fresh.held))
        raise ChangedMeanwhileError("The records changed since the plan was shown; here is the new one to confirm")
    confirmed = waiting.changed(state=RunState.RUNNING, confirmed_by=by, open_since=brand.now())
    await brand.runs.replace(current, confirmed)
    await _queue(brand, confirmed)
    return confirmed


@dataclass(frozen=True, slots=True)
class _Plan:
    rules: Sequence[Rule]
    due: Mapping[RuleId, int]
    destroyed: int
    held: int
    digest: str

    def reports(self) -> tuple[RuleReport, ...]:
        return tuple(RuleReport(rule=rule.id, due=self.due.get(rule.id, 0)) for rule in self.rules)


async def _planned(brand: Brand, current: Versioned[Run]) -> Versioned[Run]:
    """The run with what is due under each rule; stopped before the first record when it would take too many (RET-18)."""
    run = current.record
    rules = _rules(brand, run)
    due = {rule.id: await _count(brand, rule, run) for rule in rules}
    guard = brand.policy.sweep_guard
    reports = tuple(RuleReport(rule=rule, due=count, finished=_is_empty(rule, count)) for rule, count in due.items())
    ordered = RuleId.BRAND_ENDED in due  # by a named user, who is told what an end does (ADR 0046)
    if sum(due.values()) > guard.records and not ordered:
        plan = await _plan(brand, run)
        if plan.destroyed > guard.records and plan.destroyed > guard.share * plan.held:
            stopped = run.changed(
                state=RunState.AWAITING_CONFIRMATION, plan=plan.digest, held=plan.held, rules=plan.reports()
            )
            return await brand.runs.replace(current, stopped)
    return await brand.runs.replace(current, run.changed(rules=reports))


def _is_empty(rule: RuleId, due: int) -> bool:
    """Whether nothing can come under a rule, since all is judged by one date: so it is with most rules in most hours.

    Not so where accounts end: there an account is also looked at that is not due (any more).
    """
    return due == 0 and rule not in ACCOUNTS_END and RULES[rule].container != "brand"


def _rules(brand: Brand, run: Run) -> Sequence[Rule]:
    """What the sweep goes by: the whole table, or where everybody goes that alone."""
    ending = brand_end.due_rule(brand.record, run.started_at, run.durations)
    # Accounts last: they take along what is not yet gone by a rule of its own.
    return [RULES[ending]] if ending else [rule for kind in _IN_TURN for rule in rules_of(kind)]


async def _plan(brand: Brand, run: Run) -> _Plan:
    """Exactly what the sweep would do, as counts and a digest over every record and its end."""
    digest = hashlib.sha256()
    due: Counter[RuleId] = Counter()
    destroyed = 0
    lines = []
    async for item in preview(brand, run.started_at, run.durations):
        due[item.rule] += 1
        of_people = item.done in (Done.DELETED, Done.ANONYMISED, Done.LEFT_TO_THE_BRAND)
        destroyed += of_people and RULES[item.rule].container not in ("flags", "ugc")
        lines.append(f"{item.rule}:{item.id}:{item.done}")
    for line in sorted(lines):
        digest.update(line.encode())
    live = Where("clock.rule", "in", tuple(RuleId))
    held = await brand.contacts.count(live) + await brand.ambassadors.count()
    return _Plan(_rules(brand, run), due, destroyed, held, digest.hexdigest())


async def _work(brand: Brand, current: Versioned[Run]) -> None:
    swept = await share_out(brand, current)
    if swept is None:
        return
    current = swept
    pages = 0
    waiting = await second_invitations_under_way(brand, current.record)
    for place, report in enumerate(current.record.rules):
        if report.finished:
            continue
        cursor = report.cursor
        while True:
            tally, cursor = await sweep_page(brand, RULES[report.rule], current.record, cursor, waiting)
            current = await _reported(brand, current, place, tally, cursor)
            if cursor is None:
                break
            pages += 1
            if pages >= PAGES_A_MESSAGE:
                await _queue(brand, current.record)
                return
    ended = current.record.changed(state=RunState.DONE, finished_at=brand.now(), open_since=None)
    await brand.runs.replace(current, ended)


async def _reported(
    brand: Brand, current: Versioned[Run], place: int, tally: Counter[str], cursor: str | None
) -> Versioned[Run]:
    rules = list(current.record.rules)
    rules[place] = reported(rules[place], tally, cursor)
    return await brand.runs.replace(current, current.record.changed(rules=tuple(rules), open_since=brand.now()))


async def _count(brand: Brand, rule: Rule, run: Run) -> int:
    if rule.container == "brand":
        return sum([1 async for _ in brand_end.would_go(brand, run.started_at)])
    if rule.id in ACCOUNTS_END:  # an account takes its contacts along, and only reading them tells how many go
        due = 0
        async for page in brand.ambassadors.pages(due_query(rule, run.started_at, run.durations)):
            for account in page:
                async for _ in _due_accounts(brand, rule, account.record, run.started_at, run.durations):
                    due += 1
        return due
    collections: Mapping[str, Collection[Any]] = {
        "contacts": brand.contacts,
        "ambassadors": brand.ambassadors,
        "flags": brand.flags,
        "ugc": brand.ugc,
    }
    return await collections[rule.container].count(*due_where(rule, run.started_at, run.durations))


def _due(contact: Contact, disposition: Disposition) -> Due:
    since = contact.clock.since if contact.clock else contact.created_at
    ids = contact.id, contact.ambassador_id
    return Due(disposition.rule, *ids, since, disposition.done, shown=contact.brand_sees)


async def _queue(brand: Brand, run: Run) -> None:
    await brand.ports.queue.send(QUEUE, [{"brand": brand.id, "run": run.id}])
