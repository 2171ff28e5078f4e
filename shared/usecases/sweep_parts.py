"""A sweep shared out: one message for each range of a brand's contacts, where the store has several (ADR 0072)."""

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta

from shared.domain.disposition import Done
from shared.domain.jobs import RuleReport, Run, RunPart, RunState
from shared.domain.retention import RULES
from shared.ports import StaleError
from shared.usecases.brands import Brand
from shared.usecases.collections import Change, Versioned
from shared.usecases.sweep_pages import accounted, reported, second_invitations_under_way, sweep_page

QUEUE = "sweeps"
PAGES_A_MESSAGE = 200
LOST_AFTER = timedelta(minutes=10)
SHARED_FROM = 1_000
"""How many due records are worth a message for each range; fewer are swept in one go."""


async def share_out(brand: Brand, current: Versioned[Run]) -> Versioned[Run] | None:
    """The run once every range of the contacts is swept, with the sum of what was done; None while one is not.

    Ranges of which nothing was heard for a while are queued (again). Safe to call at any time, by several at once.
    """
    run = current.record
    if not any(_is_shared(report) for report in run.rules):
        return await _cleared(brand, current)
    if not run.parts:
        if sum(report.due for report in run.rules if _is_shared(report)) < SHARED_FROM:
            return current
        ranges = await brand.contacts.ranges()
        if len(ranges) == 1:
            return current
        current = await brand.runs.replace(current, run.changed(parts=len(ranges)))
        run = current.record
        await brand.run_parts.write_many([Change(None, _part(run, place, each)) for place, each in enumerate(ranges)])
    parts = await _parts(brand, run)
    if len(parts) < run.parts:  # a crash came between: the ranges may have changed since, so they are cut anew
        await _delete(brand, parts)
        await brand.runs.replace(current, run.changed(parts=0, open_since=brand.now()))
        await brand.ports.queue.send(QUEUE, [{"brand": brand.id, "run": run.id}])
        return None
    if all(part.record.finished for part in parts):
        summed = tuple(_sum(report, parts) if _is_shared(report) else report for report in run.rules)
        return await _cleared(brand, await brand.runs.replace(current, run.changed(rules=summed)))
    quiet = brand.now() - LOST_AFTER
    lost = [part.record for part in parts if not part.record.finished and (part.record.at or quiet) <= quiet]
    await brand.runs.replace(current, run.changed(open_since=brand.now()))
    await brand.ports.queue.send(QUEUE, [_message(brand, part) for part in lost])
    return None


async def run_part(brand: Brand, run: str, place: int) -> None:
    """Goes on with one range of a sweep; whoever is the last of them lets the run go on."""
    current, part = await brand.runs.get(run, run), await brand.run_parts.get(id := part_id(run, place), id)
    if current is None or current.record.state is not RunState.RUNNING or part is None:
        return
    try:
        if not part.record.finished:
            done = await _work(brand, current.record, part)
            if done is None:
                return
    except StaleError:
        return  # another worker is at it
    parts = await _parts(brand, current.record)
    if all(each.record.finished for each in parts):
        await brand.ports.queue.send(QUEUE, [{"brand": brand.id, "run": run}])


async def _work(brand: Brand, run: Run, part: Versioned[RunPart]) -> Versioned[RunPart] | None:
    """The part when it is finished; None when its time was up, and a message goes on with it."""
    waiting = await second_invitations_under_way(brand, run)
    pages = 0
    for place, report in enumerate(part.record.rules):
        cursor, finished = report.cursor, report.finished
        while not finished:
            tally, cursor = await sweep_page(brand, RULES[report.rule], run, cursor, waiting, part.record.range)
            rules = list(part.record.rules)
            rules[place] = reported(rules[place], tally, cursor)
            part = await brand.run_parts.replace(part, part.record.changed(rules=tuple(rules), at=brand.now()))
            finished = cursor is None
            pages += 1
            if pages >= PAGES_A_MESSAGE and not part.record.finished:
                await brand.ports.queue.send(QUEUE, [_message(brand, part.record)])
                return None
    return part


def part_id(run: str, place: int) -> str:
    """The id of a run's part."""
    return f"{run}.{place}"


def _part(run: Run, place: int, range: str) -> RunPart:
    shared = tuple(RuleReport(rule=report.rule) for report in run.rules if _is_shared(report))
    return RunPart(id=part_id(run.id, place), run=run.id, place=place, range=range, rules=shared)


def _is_shared(report: RuleReport) -> bool:
    """Whether there is something to be swept by ranges; what takes accounts along goes account by account."""
    return RULES[report.rule].container == "contacts" and report.due > 0 and not report.finished


def _sum(report: RuleReport, parts: Sequence[Versioned[RunPart]]) -> RuleReport:
    done: Counter[Done] = Counter()
    skipped: Counter[str] = Counter()
    for part in parts:
        for theirs in part.record.rules:
            if theirs.rule is report.rule:
                done.update(theirs.done)
                skipped.update(theirs.skipped)
    return accounted(report.changed(done=dict(done), skipped=dict(skipped), finished=True))


async def _parts(brand: Brand, run: Run) -> list[Versioned[RunPart]]:
    ids = [part_id(run.id, place) for place in range(run.parts)]
    return list((await brand.run_parts.get_many([(id, id) for id in ids])).values())


async def _cleared(brand: Brand, current: Versioned[Run]) -> Versioned[Run]:
    """The run without its parts, whose sum it holds."""
    if not current.record.parts:
        return current
    await _delete(brand, await _parts(brand, current.record))
    return await brand.runs.replace(current, current.record.changed(parts=0))


async def _delete(brand: Brand, parts: Sequence[Versioned[RunPart]]) -> None:
    await brand.run_parts.write_many([Change(part, None) for part in parts])


def _message(brand: Brand, part: RunPart) -> dict[str, object]:
    return {"brand": brand.id, "run": part.run, "part": part.place}
