"""The suite's clock: the real time, moved forward by what a developer asked for."""

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path


class ClockMovedBackError(ValueError):
    """The suite's clock only goes forward: what happened must not lie in the future."""


class ShiftedClock:
    """A Clock port whose shift is kept in a file: it survives a restart and two hosts can share it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._name = str(path)
        self._read_at: int | None = None
        self._shift = timedelta(0)

    def now(self) -> datetime:
        """The suite's time in UTC, in whole seconds."""
        return self._exactly_now().replace(microsecond=0)

    def move_to(self, moment: datetime) -> None:
        """Makes it `moment` (aware) now; raises ClockMovedBackError when that has passed."""
        if moment < self.now():
            raise ClockMovedBackError("the clock only goes forward")
        shift = max(moment - _real_now(), self._shift)
        beside = self._path.with_suffix(".new")
        beside.write_text(json.dumps({"aheadSeconds": shift.total_seconds()}))
        beside.replace(self._path)

    def _exactly_now(self) -> datetime:
        self._read_if_changed()
        return _real_now() + self._shift

    def _read_if_changed(self) -> None:
        try:
            changed_at = os.stat(self._name).st_mtime_ns  # noqa: PTH116 - asked at every look at the clock, and twice as fast
        except FileNotFoundError:
            return
        if changed_at != self._read_at:
            self._shift = timedelta(seconds=json.loads(self._path.read_text())["aheadSeconds"])
            self._read_at = changed_at


def _real_now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251  the one place where the suite's time comes from
