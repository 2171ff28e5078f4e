"""Every workflow, stopped at every durable operation, started again and drained: the same end, no mail twice, nothing stuck."""

from typing import Any

import pytest

from shared.usecases import mail_events
from tests.crash.playing import Plan, differences, doubles, every_point, must_be_sound, play, run_out
from tests.crash.workflows import WORKFLOWS, Workflow
from tests.support.crashing import Side

BY_NAME = [pytest.param(workflow, id=workflow.name) for workflow in WORKFLOWS]


@pytest.mark.rule("MAIL-4")
@pytest.mark.rule("RET-16")
@pytest.mark.rule("COL-14")
@pytest.mark.parametrize("workflow", BY_NAME)
async def test_MAIL_4_a_crash_at_any_operation_changes_nothing_about_the_end(
    workflow: Workflow, record_property: Any
) -> None:
    clean = await play(workflow, Plan())
    await must_be_sound(clean)
    points = twice = 0
    for stop_at, side in every_point(clean):
        run = await play(workflow, Plan(stop_at, side))
        points += 1
        twice += len(doubles(run))
        where = f"{side} {stop_at}: {run.suite.crashes.trace[stop_at - 1]}"
        assert run.suite.crashed == 1, where
        await must_be_sound(run)
        asked_twice = run.unanswered is not None
        if not (asked_twice and workflow.anew):
            assert differences(run, clean, asked_twice) == [], where
    record_property("crash points", points)
    record_property("mails sent twice over all crash points", twice)


@pytest.mark.rule("MAIL-4")
@pytest.mark.parametrize("workflow", BY_NAME)
async def test_MAIL_4_a_caller_who_got_no_answer_and_asks_no_more_finds_all_or_nothing(workflow: Workflow) -> None:
    clean = await play(workflow, Plan())
    for stop_at, side in every_point(clean):
        if stop_at not in clean.calls:
            continue
        run = await play(workflow, Plan(stop_at, side, repeat=False))
        await must_be_sound(run)
        if not workflow.whole or run.unanswered is None:
            continue
        done = [await play(workflow, Plan(until=run.unanswered + more)) for more in (0, 1)]
        await run_out(workflow, run, *done)
        assert not all(differences(run, other) for other in done), f"{side} {stop_at}"


@pytest.mark.rule("MAIL-4")
@pytest.mark.parametrize("workflow", BY_NAME)
async def test_MAIL_4_a_lost_message_is_found_by_the_timer(workflow: Workflow, record_property: Any) -> None:
    clean = await play(workflow, Plan())
    for number in range(1, clean.suite.queue.sent + 1):
        run = await play(workflow, Plan(lose=number))
        await must_be_sound(run)
        if run.suite.queue.lost == mail_events.QUEUE:
            continue  # the provider's word stands nowhere else: this one queue must keep what it took
        assert differences(run, clean) == [], f"lost: message {number}, {run.suite.queue.lost}"
    record_property("messages lost one by one", clean.suite.queue.sent)


@pytest.mark.rule("MAIL-4")
@pytest.mark.parametrize("workflow", BY_NAME)
async def test_MAIL_4_a_message_that_was_given_up_is_found_by_the_timer(
    workflow: Workflow, record_property: Any
) -> None:
    clean = await play(workflow, Plan())
    given_up = 0
    for queue in sorted(clean.suite.queue.queues):
        for ill_at, side in ((1, Side.BEFORE), (1, Side.AFTER), (2, Side.AFTER), (3, Side.AFTER)):
            run = await play(workflow, Plan(ill=queue, ill_at=ill_at, side=side))
            await must_be_sound(run)
            assert differences(run, clean) == [], f"{queue}, {side} {ill_at}"
            given_up += len(run.suite.queue.poison)
    record_property("messages given up after five tries", given_up)
