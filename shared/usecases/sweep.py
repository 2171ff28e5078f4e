"""Sweeps and their preview (RET-16…19): what is due, page by page; judged again at the write; reported."""

import hashlib
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from shared.domain.ambassador import Ambassador
from shared.domain.contact import Contact, MailKind
from shared.domain.disposition import Disposition, Done, dispose
from shared.domain.errors import ChangedMeanwhileError, UnknownObjectError
from shared.domain.inactivity import forgets, warns
from shared.domain.jobs import MailBatch, RuleReport, Run, RunState
from shared.domain.policy import BrandStatus, Durations
from shared.domain.records import stamp
from shared.domain.retention import RULES, Action, Rule, RuleId, is_due, rules_of
from shared.ports import Query, StaleError, Where
from shared.usecases import brand_end, farewell
from shared.usecases.brands import Brand
from shared.usecases.collections import Collection, Versioned, chunks
from shared.usecases.disposing import Decided, carry_out
from shared.usecases.flags import forget_flags
from shared.usecases.invite import A_BATCH, queue_batches
from shared.usecases.warning import warn_page

QUEUE = "sweeps"
A_PAGE = 100
PAGES_A_MESSAGE = 200

ACCOUNTS_END = (RuleId.LEFT, RuleId.WARNED_TWICE)

Recipients = frozenset[tuple[str, str]]  # (ambassador, contact)


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
        async for page in brand.contacts.pages(_due_query(rule, at, durations)):
            for item in page:
                disposition = dispose(item.record, at, durations)
                if disposition:
                    yield _due(item.record, disposition)
    for rule in rules_of("flags"):
        async for flags in brand.flags.pages(_due_query(rule, at, durations)):
            for flag in flags:
                since = flag.record.closed_at or flag.record.at
                yield Due(rule.id, flag.record.id, flag.record.subject, since, Done.DELETED, shown=True)
    for rule in rules_of("ambassadors"):
        async for accounts in brand.ambassadors.pages(_due_query(rule, at, durations)):
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
    reports = tuple(RuleReport(rule=rule, due=count) for rule, count in due.items())
    ordered = RuleId.BRAND_ENDED in due  # by a named user, who is told what an end does (ADR 0046)
    if sum(due.values()) > guard.records and not ordered:
        plan = await _plan(brand, run)
        if plan.destroyed > guard.records and plan.destroyed > guard.share * plan.held:
            stopped = run.changed(
                state=RunState.AWAITING_CONFIRMATION, plan=plan.digest, held=plan.held, rules=plan.reports()
            )
            return await brand.runs.replace(current, stopped)
    return await brand.runs.replace(current, run.changed(rules=reports))


def _rules(brand: Brand, run: Run) -> Sequence[Rule]:
    """What the sweep goes by: the whole table, or where everybody goes that alone."""
    ending = brand_end.due_rule(brand.record, run.started_at, run.durations)
    return [RULES[ending]] if ending else [*rules_of("contacts"), *rules_of("ambassadors"), *rules_of("flags")]


async def _plan(brand: Brand, run: Run) -> _Plan:
    """Exactly what the sweep would do, as counts and a digest over every record and its end."""
    digest = hashlib.sha256()
    due: Counter[RuleId] = Counter()
    destroyed = 0
    lines = []
    async for item in preview(brand, run.started_at, run.durations):
        due[item.rule] += 1
        of_people = item.done in (Done.DELETED, Done.ANONYMISED, Done.LEFT_TO_THE_BRAND)
        destroyed += of_people and RULES[item.rule].container != "flags"
        lines.append(f"{item.rule}:{item.id}:{item.done}")
    for line in sorted(lines):
        digest.update(line.encode())
    live = Where("clock.rule", "in", tuple(RuleId))
    held = await brand.contacts.count(live) + await brand.ambassadors.count()
    return _Plan(_rules(brand, run), due, destroyed, held, digest.hexdigest())


async def _work(brand: Brand, current: Versioned[Run]) -> None:
    pages = 0
    waiting = await _second_invitations_under_way(brand, current.record)
    for place, report in enumerate(current.record.rules):
        if report.finished:
            continue
        cursor = report.cursor
        while True:
            tally, cursor = await _sweep_page(brand, RULES[report.rule], current.record, cursor, waiting)
            current = await _reported(brand, current, place, tally, cursor)
            if cursor is None:
                break
            pages += 1
            if pages >= PAGES_A_MESSAGE:
                await _queue(brand, current.record)
                return
    ended = current.record.changed(state=RunState.DONE, finished_at=brand.now(), open_since=None)
    await brand.runs.replace(current, ended)


async def _second_invitations_under_way(brand: Brand, run: Run) -> Recipients:
    """Who waits in an open batch already: while the provider is out of order, no sweep adds to the queue."""
    if not any(report.rule is RuleId.FIRST_INVITATION and report.due for report in run.rules):
        return frozenset()
    found: set[tuple[str, str]] = set()
    async for page in brand.batches.pages(Query(order_by="openSince")):
        for item in page:
            if item.record.mail_kind is MailKind.SECOND_INVITATION:
                found.update(item.record.recipients)
    return frozenset(found)


async def _sweep_page(
    brand: Brand, rule: Rule, run: Run, cursor: str | None, waiting: Recipients
) -> tuple[Counter[str], str | None]:
    """Disposes of one page of the records due under a rule; gives the tally, and where to go on."""
    if rule.container == "brand":
        return await brand_end.sweep_page(brand, rule.id, run, cursor)
    query = _due_query(rule, run.started_at, run.durations)
    if rule.id in ACCOUNTS_END:
        return await farewell.sweep_leavers(brand, rule.id, query, run, cursor)
    query = replace(query, cursor=cursor)
    if rule.container == "flags":
        flags, cursor = await brand.flags.page(query)
        return await forget_flags(brand, flags), cursor
    if rule.action is Action.WARN:
        accounts, cursor = await brand.ambassadors.page(query)
        return await warn_page(brand, accounts, run), cursor
    if rule.container == "ambassadors":
        accounts, cursor = await brand.ambassadors.page(query)
        due = [item for item in accounts if is_due(item.record.clock, run.started_at, run.durations)]
        tally = Counter({"skipped.no_longer_due": len(accounts) - len(due)})
        return tally + await farewell.delete_sign_ups(brand, due), cursor
    contacts, cursor = await brand.contacts.page(query)
    return await _dispose_page(brand, rule, contacts, run, waiting), cursor


async def _dispose_page(
    brand: Brand, rule: Rule, page: Sequence[Versioned[Contact]], run: Run, waiting: Recipients
) -> Counter[str]:
    tally: Counter[str] = Counter()
    decided: list[Decided] = []
    second: list[tuple[str, str]] = []
    now = brand.now()
    for item in page:
        disposition = dispose(item.record, run.started_at, run.durations, written_at=now)
        if disposition is None:
            tally["skipped.no_longer_due"] += 1
        elif disposition.done is not Done.SECOND_INVITATION_QUEUED:
            decided.append((item, disposition))
        elif item.record.outgoing or (item.record.ambassador_id, item.record.id) in waiting:
            tally["skipped.mail_under_way"] += 1
        else:
            second.append((item.record.ambassador_id, item.record.id))
    tally += await carry_out(brand, decided, rule.id, run)
    if second:
        tally += await _queue_second_invitations(brand, second)
    return tally


async def _queue_second_invitations(brand: Brand, contacts: Sequence[tuple[str, str]]) -> Counter[str]:
    if brand.record.status is not BrandStatus.ACTIVE:
        return Counter({"skipped.brand_not_active": len(contacts)})
    now = brand.now()
    batches = [
        MailBatch(mail_kind=MailKind.SECOND_INVITATION, recipients=tuple(chunk), started_at=now, open_since=now)
        for chunk in chunks(contacts, A_BATCH)
    ]
    await queue_batches(brand, batches)
    return Counter({f"done.{Done.SECOND_INVITATION_QUEUED}": len(contacts)})


async def _reported(
    brand: Brand, current: Versioned[Run], place: int, tally: Counter[str], cursor: str | None
) -> Versioned[Run]:
    rules = list(current.record.rules)
    report = rules[place]
    done, skipped = Counter(report.done), Counter(report.skipped)
    for name, count in tally.items():
        kind, _, what = name.partition(".")
        if kind == "done":
            done[Done(what)] += count
        elif count:
            skipped[what] += count
    rules[place] = report.changed(done=dict(done), skipped=dict(skipped), cursor=cursor, finished=cursor is None)
    return await brand.runs.replace(current, current.record.changed(rules=tuple(rules), open_since=brand.now()))


async def _count(brand: Brand, rule: Rule, run: Run) -> int:
    if rule.container == "brand":
        return sum([1 async for _ in brand_end.would_go(brand, run.started_at)])
    if rule.id in ACCOUNTS_END:  # an account takes its contacts along, and only reading them tells how many go
        due = 0
        async for page in brand.ambassadors.pages(_due_query(rule, run.started_at, run.durations)):
            for account in page:
                async for _ in _due_accounts(brand, rule, account.record, run.started_at, run.durations):
                    due += 1
        return due
    collections: Mapping[str, Collection[Any]] = {
        "contacts": brand.contacts,
        "ambassadors": brand.ambassadors,
        "flags": brand.flags,
    }
    return await collections[rule.container].count(*_is_due(rule, run.started_at, run.durations))


def _due_query(rule: Rule, at: datetime, durations: Durations) -> Query:
    return Query(where=_is_due(rule, at, durations), order_by="clock.since", limit=A_PAGE)


def _is_due(rule: Rule, at: datetime, durations: Durations) -> tuple[Where, Where]:
    cutoff = stamp(rule.cutoff(at, durations))
    return Where("clock.rule", "=", rule.id.value), Where("clock.since", "<=", cutoff)


def _due(contact: Contact, disposition: Disposition) -> Due:
    since = contact.clock.since if contact.clock else contact.created_at
    ids = contact.id, contact.ambassador_id
    return Due(disposition.rule, *ids, since, disposition.done, shown=contact.brand_sees)


async def _queue(brand: Brand, run: Run) -> None:
    await brand.ports.queue.send(QUEUE, [{"brand": brand.id, "run": run.id}])
