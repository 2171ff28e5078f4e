"""Every workflow, stopped at every durable operation, started again and drained: the same end, no mail twice, nothing stuck."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from shared.usecases import import_contacts, invite, mail_events, sweep
from tests.crash.workflows import WORKFLOWS, Kind, Workflow
from tests.support.crashing import Crash, Side
from tests.support.restarting import Suite, end_state, faults_of_the_ledger, make_suite, unfinished

BY_NAME = [pytest.param(workflow, id=workflow.name) for workflow in WORKFLOWS]


@pytest.fixture(autouse=True)
def _small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Batches, pages and checkpoints of two, so that short stories have several of each."""
    for module, name in (
        (invite, "A_BATCH"),
        (sweep, "A_BATCH"),
        (sweep, "A_PAGE"),
        (sweep, "PAGES_A_MESSAGE"),
        (mail_events, "A_MESSAGE"),
        (import_contacts, "ROWS_AT_ONCE"),
    ):
        monkeypatch.setattr(module, name, 2)
    monkeypatch.setattr(import_contacts, "ROWS_A_CHECKPOINT", 4)
    monkeypatch.setattr(import_contacts, "ROWS_A_MESSAGE", 8)


@dataclass(frozen=True, slots=True)
class Plan:
    """Where a run is stopped, and what goes wrong besides."""

    stop_at: int | None = None
    side: Side = Side.BEFORE
    repeat: bool = True  # whether a caller without an answer asks again
    until: int | None = None  # how many steps there are
    lose: int | None = None
    ill: str | None = None
    ill_at: int = 1
    lag: timedelta = timedelta(0)


@dataclass(slots=True)
class Run:
    """A story that was played to its end."""

    suite: Suite
    state: dict[str, Any]
    ends: list[int] = field(default_factory=list)  # how many operations there were after each step
    unanswered: int | None = None  # the step whose caller got no answer


async def play(workflow: Workflow, plan: Plan) -> Run:
    """Plays the story; a crash is followed by a restart, and by all that finds lost work before the story goes on."""
    suite = await make_suite()
    await workflow.prepare(suite)
    suite.crashes.trace.clear()
    suite.crashes.batches.clear()
    suite.crashes.stop_at, suite.crashes.side = plan.stop_at, plan.side
    suite.crashes.ill, suite.crashes.ill_at = plan.ill, plan.ill_at
    suite.queue.sent, suite.queue.lose, suite.mailer.lag = 0, plan.lose, plan.lag
    run = Run(suite, {})
    for place, step in enumerate(workflow.steps[: plan.until]):
        before = suite.crashed + len(suite.queue.poison) + (suite.queue.lost is not None)
        try:
            await step.act(suite)
        except Crash:
            suite.restart()
            run.unanswered = place
            if step.kind is Kind.CALL and plan.repeat:
                await step.act(suite)
        await suite.drain()
        run.ends.append(len(suite.crashes.trace))
        if suite.crashed + len(suite.queue.poison) + (suite.queue.lost is not None) > before:
            suite.crashes.ill = None  # whatever it was, it is repaired
            await suite.settle()
            if step.kind is Kind.TIMER:
                await step.act(suite)
        if run.unanswered == place and not plan.repeat:
            break
    await suite.settle()
    run.state = await end_state(suite)
    return run


async def must_be_sound(run: Run) -> None:
    """What holds wherever it was stopped: nothing open, no mail twice, the ledger whole, no file left."""
    assert await unfinished(run.suite) == []
    assert doubles(run) == []
    assert await faults_of_the_ledger(run.suite) == []
    assert run.state["files"] == []
    assert run.state["waiting"] == {}


def doubles(run: Run) -> list[str]:
    """The mails that left more than once."""
    counts = Counter(mail.custom_id for mail in run.suite.mailer.outbox)
    return [custom_id for custom_id, count in counts.items() if count > 1]


def every_point(clean: Run) -> Iterator[tuple[int, Side]]:
    """Each operation of the run, before and after; batches also half done."""
    for number in range(1, len(clean.suite.crashes.trace) + 1):
        yield number, Side.BEFORE
        if number in clean.suite.crashes.batches:
            yield number, Side.PARTLY
        yield number, Side.AFTER


@pytest.mark.rule("MAIL-4")
@pytest.mark.rule("RET-16")
@pytest.mark.rule("COL-14")
@pytest.mark.parametrize("workflow", BY_NAME)
async def test_MAIL_4_a_crash_at_any_operation_changes_nothing_about_the_end(
    workflow: Workflow, record_property: Any
) -> None:
    clean = await play(workflow, Plan())
    await must_be_sound(clean)
    points = 0
    for stop_at, side in every_point(clean):
        run = await play(workflow, Plan(stop_at, side))
        points += 1
        where = f"{side} {stop_at}: {run.suite.crashes.trace[stop_at - 1]}"
        assert run.suite.crashed == 1, where
        await must_be_sound(run)
        asked_twice = run.unanswered is not None
        if not (asked_twice and workflow.anew):
            assert comparable(run, asked_twice) == comparable(clean, asked_twice), where
    record_property("crash points", points)
    record_property("mails sent twice without a lag of the look-up", 0)


@pytest.mark.rule("MAIL-4")
@pytest.mark.parametrize("workflow", BY_NAME)
async def test_MAIL_4_a_caller_who_got_no_answer_and_asks_no_more_finds_all_or_nothing(workflow: Workflow) -> None:
    clean = await play(workflow, Plan())
    for stop_at, side in every_point(clean):
        run = await play(workflow, Plan(stop_at, side, repeat=False))
        await must_be_sound(run)
        if run.unanswered is None or not workflow.whole:
            continue
        done = [await play(workflow, Plan(until=run.unanswered + more)) for more in (0, 1)]
        await run_out(workflow, run, *done)
        assert run.state in [other.state for other in done], f"{side} {stop_at}"


@pytest.mark.rule("MAIL-4")
@pytest.mark.parametrize("workflow", BY_NAME)
async def test_MAIL_4_a_lost_message_is_found_by_the_timer(workflow: Workflow, record_property: Any) -> None:
    clean = await play(workflow, Plan())
    for number in range(1, clean.suite.queue.sent + 1):
        run = await play(workflow, Plan(lose=number))
        await must_be_sound(run)
        assert run.state == clean.state, f"lost: message {number}, {run.suite.queue.lost}"
    record_property("messages lost one by one", clean.suite.queue.sent)


@pytest.mark.rule("MAIL-4")
@pytest.mark.parametrize("workflow", BY_NAME)
async def test_MAIL_4_a_message_that_was_given_up_is_found_by_the_timer(
    workflow: Workflow, record_property: Any
) -> None:
    clean = await play(workflow, Plan())
    given_up = 0
    for queue in sorted(clean.suite.queue.queues):
        for ill_at in (1, 2, 3):
            for side in (Side.BEFORE, Side.AFTER):
                run = await play(workflow, Plan(ill=queue, ill_at=ill_at, side=side))
                await must_be_sound(run)
                assert run.state == clean.state, f"{queue}, {side} {ill_at}"
                given_up += len(run.suite.queue.poison)
    record_property("messages given up after five tries", given_up)


def comparable(run: Run, asked_twice: bool) -> dict[str, Any]:
    """The end state; who asked twice has two jobs, which share the rows, and may get a mail for each."""
    if not asked_twice:
        return run.state
    state = {brand: {k: v for k, v in run.state[brand].items() if k != "imports"} for brand in ("acme", "globex")}
    return {**run.state, **state}


async def run_out(workflow: Workflow, *runs: Run) -> None:
    """Lets what an interrupted sign-up left lapse (DEL-9)."""
    if "sign up" not in workflow.name:
        return
    for run in runs:
        run.suite.clock.advance(days=16)
        await run.suite.timer(sweep.start_sweep)
        await run.suite.settle()
        run.state = await end_state(run.suite)
