"""The machine's clock behind the Clock port."""

from datetime import UTC, datetime


class SystemClock:
    """The real time."""

    def now(self) -> datetime:
        """The time in UTC, in whole seconds."""
        return datetime.now(UTC).replace(microsecond=0)
