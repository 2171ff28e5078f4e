"""ISO 8601 durations as people write them, with calendar years and months."""

import calendar
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self

_DURATION = re.compile(
    r"P(?:(?P<years>\d+)Y)?(?:(?P<months>\d+)M)?(?:(?P<weeks>\d+)W)?(?:(?P<days>\d+)D)?"
    r"(?P<time>T(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?(?:(?P<seconds>\d+)S)?)?"
)
_CLOCK_UNITS = ("weeks", "days", "hours", "minutes", "seconds")


@dataclass(frozen=True, slots=True)
class Duration:
    """Whole months and an exact rest, because a month has no length until it is added to a date."""

    months: int
    rest: timedelta

    @classmethod
    def parse(cls, text: str) -> Self:
        """Reads `P31D`, `PT5M`, `P1Y2M`; raises ValueError on anything else, also on a sign or a fraction."""
        match = _DURATION.fullmatch(text)
        if match is None or text[-1] in "PT":
            raise ValueError("not an ISO 8601 duration such as P31D, PT5M or P1Y2M")
        given = {name: int(value) for name, value in match.groupdict().items() if value and name != "time"}
        try:
            rest = timedelta(**{name: given.get(name, 0) for name in _CLOCK_UNITS})
        except OverflowError:
            raise ValueError("longer than time itself") from None
        return cls(months=given.get("years", 0) * 12 + given.get("months", 0), rest=rest)

    def after(self, moment: datetime) -> datetime:
        """That much later, the day kept within its month; raises ValueError past the year 9999."""
        years, month = divmod(moment.year * 12 + moment.month - 1 + self.months, 12)
        try:
            day = min(moment.day, calendar.monthrange(years, month + 1)[1])
            return moment.replace(year=years, month=month + 1, day=day) + self.rest
        except (OverflowError, ValueError):
            raise ValueError("past the year 9999") from None
