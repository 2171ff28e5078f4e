"""Playing a workflow with a crash, a loss or a failure in it, and comparing its end with that of a quiet run."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from shared.usecases import mail_events, sweep
from tests.crash.workflows import Kind, Workflow
from tests.support.crashing import Crash, Side
from tests.support.restarting import Suite, end_state, faults_of_the_ledger, make_suite, unfinished


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
    calls: set[int] = field(default_factory=set)  # the operations that somebody waited for
    unanswered: int | None = None  # the step whose caller got no answer


async def play(workflow: Workflow, plan: Plan) -> Run:
    """Plays the story; a crash is followed by a restart, and by all that finds lost work before the story goes on."""
    suite = await make_suite(ranges=workflow.ranges)
    await workflow.prepare(suite)
    suite.crashes.clear()
    suite.crashes.stop_at, suite.crashes.side = plan.stop_at, plan.side
    suite.crashes.ill, suite.crashes.ill_at = plan.ill, plan.ill_at
    suite.queue.sent, suite.queue.lose, suite.mailer.lag = 0, plan.lose, plan.lag
    run = Run(suite, {})
    for place, step in enumerate(workflow.steps[: plan.until]):
        begun = len(suite.crashes.trace)
        suite.crashes.handling(None)
        before = suite.crashed + len(suite.queue.poison) + (suite.queue.lost is not None)
        try:
            await step.act(suite)
        except Crash:
            suite.restart()
            run.unanswered = place
            if step.kind is Kind.CALL and plan.repeat:
                await step.act(suite)
        if step.kind is Kind.CALL:
            run.calls |= set(range(begun + 1, len(suite.crashes.trace) + 1))
        await suite.drain()
        if suite.crashed + len(suite.queue.poison) + (suite.queue.lost is not None) > before:
            suite.crashes.ill = None  # whatever it was, it is repaired
            await _put_back(suite)
            await suite.settle()
            if step.kind is Kind.TIMER:
                await step.act(suite)
                await suite.drain()
        if run.unanswered == place and not plan.repeat:
            break  # what comes next in the story builds on the answer
    await suite.settle()
    run.state = await end_state(suite)
    return run


async def _put_back(suite: Suite) -> None:
    """A person puts given-up mail events back, as docs/operations.md says: only the queue knows them."""
    for delivery in suite.queue.poison:
        if delivery.queue == mail_events.QUEUE:
            await suite.queue.send(delivery.queue, [delivery.message])


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
    """Each operation of the run, before and after; batches also half done.

    Before an operation is where the same doer stopped after the one before it: the same has been done, and the same doer
    comes again. So only the first operation of each is stopped before.
    """
    crashes = clean.suite.crashes
    for number in range(1, len(crashes.trace) + 1):
        if number == 1 or number in crashes.begun:
            yield number, Side.BEFORE
        if number in crashes.batches:
            yield number, Side.PARTLY
        yield number, Side.AFTER


def differences(run: Run, clean: Run, asked_twice: bool = False) -> list[str]:
    """Where the end is another one. Who uploads a file twice has two jobs, and twice the rows that nobody can recognise."""
    found = []
    for part, expected in clean.state.items():
        if part not in ("acme", "globex"):
            found += [f"{part}: {run.state[part]} is not {expected}"] if run.state[part] != expected else []
            continue
        for name, wanted in expected.items():
            had = run.state[part][name]
            if asked_twice and name == "imports":
                continue
            if asked_twice and name == "contacts":
                had, wanted = ([c for c in each if c["who"][1] != "no address"] for each in (had, wanted))
            if isinstance(wanted, list):
                found += [f"{part} {name}: {item} is too much" for item in had if item not in wanted]
                found += [f"{part} {name}: {item} is missing" for item in wanted if item not in had]
            if had != wanted and not isinstance(wanted, list):
                found.append(f"{part} {name}: {had} is not {wanted}")
    return found


async def run_out(workflow: Workflow, *runs: Run) -> None:
    """Lets what an interrupted sign-up left lapse (DEL-9)."""
    if "sign up" not in workflow.name:
        return
    for run in runs:
        run.suite.clock.advance(days=16)
        await run.suite.timer(sweep.start_sweep)
        await run.suite.settle()
        run.state = await end_state(run.suite)
