"""The function's call that runs just now, for whoever counts on its behalf: each call, and the tasks it starts, has its own."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from shared.domain.telemetry import Call
from shared.ports import Telemetry

_running: ContextVar[Call | None] = ContextVar("running", default=None)


@contextmanager
def calling(telemetry: Telemetry, function: str, parent: str | None = None) -> Iterator[Call]:
    """Tells of a call when it ends; until then it is the one that runs."""
    with telemetry.calling(function, parent) as call:
        before = _running.set(call)
        try:
            yield call
        finally:
            _running.reset(before)


def running() -> Call | None:
    """The call that runs; None outside of any."""
    return _running.get()
