"""Score, level, badges, awards: a repeat does not count twice (ACT-6)."""

from datetime import UTC, datetime, timedelta

import pytest

from shared.domain.gamification import AWARD_POINTS, BADGES, LEVELS, POINTS, Act, Award, Tally, after, standing

pytestmark = pytest.mark.rule("ACT-6")
DAY = datetime(2030, 1, 1, 12, tzinfo=UTC)


def test_an_act_counts_once_a_day() -> None:
    acts = after({}, Act.LIKED, DAY)
    assert after(acts, Act.LIKED, DAY + timedelta(hours=11)) is acts
    assert after(acts, Act.LIKED, DAY - timedelta(days=3)) is acts  # a message that came late
    assert after(acts, Act.LIKED, DAY + timedelta(hours=12)) == {
        Act.LIKED: Tally(days=2, last=DAY.date() + timedelta(1))
    }


def test_points_levels_and_badges_follow_from_the_tables() -> None:
    nobody = standing({})
    assert (nobody.score, nobody.level, nobody.badges, nobody.awards) == (0, "starter", (), ())
    acts = {Act.PUBLISHED: Tally(days=10, last=DAY.date()), Act.LIKED: Tally(days=3, last=DAY.date())}
    some = standing(acts)
    assert (some.score, some.level) == (103, "silver")
    assert some.badges == ("first_publication", "regular_author")
    won = standing(acts, (Award(contest="c", title="Best photo", at=DAY),))
    assert (won.score, won.awards) == (103 + AWARD_POINTS, ("Best photo",))


def test_the_tables_are_whole() -> None:
    assert set(POINTS) == set(Act)
    assert [points for points, _ in LEVELS] == sorted((points for points, _ in LEVELS), reverse=True)
    assert LEVELS[-1][0] == 0
    assert len({name for name, _, _ in BADGES}) == len(BADGES)
