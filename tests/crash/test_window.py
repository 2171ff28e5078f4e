"""The one window that is left: the provider took a mail, its answer was lost, and its look-up does not know of it in time."""

from datetime import timedelta
from typing import Any

import pytest

from shared.usecases.send_mails import DOUBT
from tests.crash.playing import Plan, doubles, every_point, must_be_sound, play
from tests.crash.workflows import WORKFLOWS
from tests.support.crashing import Side

STORIES = [w for w in WORKFLOWS if w.name in ("sign up and confirm", "invite, invite again, lapse, forget", "publish")]
LAGS = [timedelta(seconds=seconds) for seconds in (0, 10, 30, 31, 45, 60, 600)]


@pytest.mark.rule("MAIL-4")
async def test_MAIL_4_only_a_look_up_that_lags_longer_than_the_doubt_lasts_lets_a_mail_go_twice(
    record_property: Any,
) -> None:
    for lag in LAGS:
        twice, points, worst = 0, 0, 0
        for story in STORIES:
            clean = await play(story, Plan())
            for stop_at, side in every_point(clean):
                if clean.suite.crashes.trace[stop_at - 1] != "mailer.send" or side is Side.BEFORE:
                    continue
                run = await play(story, Plan(stop_at, side, lag=lag))
                points += 1
                twice += len(doubles(run))
                worst = max(worst, len(doubles(run)))
                if lag <= DOUBT:
                    await must_be_sound(run)
        assert worst <= 50, "a lost answer is about one call"
        assert (twice == 0) if lag <= DOUBT else True
        assert (twice > 0) if lag == LAGS[-1] else True, "the window is there, and this test can see it"
        seconds = int(lag.total_seconds())
        record_property(f"mails sent twice over {points} lost answers when the look-up lags {seconds} s", twice)
