"""Clocks: UTC in whole seconds, the real one and the fake."""

from datetime import UTC, datetime, timedelta

import pytest

from shared.adapters.clock import SystemClock
from shared.ports import Clock
from tests.support.fakes import FakeClock


@pytest.mark.parametrize("clock", [SystemClock(), FakeClock()], ids=["system", "fake"])
def test_the_time_is_utc_in_whole_seconds(clock: Clock) -> None:
    now = clock.now()
    assert now.tzinfo is UTC
    assert now.microsecond == 0
    assert clock.now() >= now > datetime(2024, 1, 1, tzinfo=UTC)


def test_the_fake_moves_when_it_is_told_to_and_never_back() -> None:
    clock = FakeClock(datetime(2030, 1, 1, tzinfo=UTC))
    assert clock.advance(days=1, seconds=5) == datetime(2030, 1, 2, 0, 0, 5, tzinfo=UTC)
    assert clock.advance(timedelta(hours=1)) == clock.now() == datetime(2030, 1, 2, 1, 0, 5, tzinfo=UTC)
    with pytest.raises(ValueError, match="back"):
        clock.advance(seconds=-1)
