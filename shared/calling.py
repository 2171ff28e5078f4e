"""The function's call that runs just now, for whoever counts on its behalf: each call, and the tasks it starts, has its own."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from shared.domain.telemetry import Call
from shared.ports import Telemetry

_running: ContextVar[Call | None] = ContextVar("running", default=None)
_host: ContextVar[str | None] = ContextVar("host", default=None)


@contextmanager
def going_on(traceparent: str | None) -> Iterator[None]:
    """What is told within goes on from the host's span, so that its logs and ours are of one trace."""
    before = _host.set(traceparent or None)
    try:
        yield
    finally:
        _host.reset(before)


@contextmanager
def calling(telemetry: Telemetry, function: str, parent: str | None = None) -> Iterator[Call]:
    """Tells of a call when it ends; until then it is the one that runs. `parent` is the caller's span, if the host has none."""
    with telemetry.calling(function, _host.get() or parent) as call:
        before = _running.set(call)
        try:
            yield call
        finally:
            _running.reset(before)


def running() -> Call | None:
    """The call that runs; None outside of any."""
    return _running.get()
