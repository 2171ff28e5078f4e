"""Telemetry that tells nobody: what is used until a setting says where to."""

from collections.abc import Iterator
from contextlib import contextmanager

from shared.domain.telemetry import Call


class Silent:
    """Takes everything and keeps nothing."""

    @contextmanager
    def calling(self, function: str, parent: str | None = None) -> Iterator[Call]:
        """A call that nobody hears of."""
        yield Call(function)

    def add(self, metric: str, amount: int = 1, **by: str) -> None:
        """Nothing."""

    def record(self, metric: str, value: float, **by: str) -> None:
        """Nothing."""

    def flush(self) -> None:
        """Nothing."""
