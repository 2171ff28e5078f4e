"""Spans and metrics by OpenTelemetry; imported only where a setting says where they go.

The providers are the adapter's own, never the process's: no library that instruments itself finds a place for what it
would tell, such as an address that it called. No exception is recorded, since its message may repeat what it choked on.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from opentelemetry.context import Context
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import MetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.sampling import ALWAYS_ON
from opentelemetry.trace import SpanKind, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from shared.domain.telemetry import METRICS, Call, Kind, allowed

SERVICE = "popsell"
FLUSH_WITHIN_MS = 5000


class OpenTelemetry:
    """Tells processors of spans and readers of metrics, and drops whatever the table does not allow."""

    def __init__(self, spans: Sequence[SpanProcessor], metrics: Sequence[MetricReader]) -> None:
        resource = Resource({"service.name": SERVICE})  # the environment's own attributes stay out
        # Whoever calls may say whose trace it is, and not that nobody shall hear of it.
        self._traces = TracerProvider(sampler=ALWAYS_ON, resource=resource, shutdown_on_exit=True)
        for processor in spans:
            self._traces.add_span_processor(processor)
        self._tracer = self._traces.get_tracer(SERVICE)
        self._metrics = MeterProvider(metric_readers=metrics, resource=resource)
        meter = self._metrics.get_meter(SERVICE)
        make: dict[Kind, Any] = {
            Kind.COUNTER: meter.create_counter,
            Kind.GAUGE: meter.create_gauge,
            Kind.HISTOGRAM: meter.create_histogram,
        }
        self._instruments = {
            name: make[metric.kind](name, unit=metric.unit, description=metric.description)
            for name, metric in METRICS.items()
        }

    @contextmanager
    def calling(self, function: str, parent: str | None = None) -> Iterator[Call]:
        """One span a call, and its metrics; a span that failed says so by its status and its error's type."""
        call, began = Call(function), time.perf_counter()
        span = self._tracer.start_span(function, context=_context(parent), kind=SpanKind.INTERNAL)
        try:
            yield call
        except BaseException as error:
            call.failed(type(error).__name__)
            raise
        finally:
            span.set_attributes(call.attributes())
            span.set_status(StatusCode.ERROR if call.outcome == "failed" else StatusCode.OK)
            span.end()
            self.add("popsell.function.calls", function=function, outcome=call.outcome)
            if call.outcome == "failed":
                self.add("popsell.function.errors", function=function)
            self._told("popsell.function.duration", "record", (time.perf_counter() - began) * 1000, function=function)

    def add(self, metric: str, amount: int = 1, **by: str) -> None:
        """Adds to a counter."""
        self._told(metric, "add", amount, **by)

    def record(self, metric: str, value: float, **by: str) -> None:
        """Notes how a gauge stands."""
        self._told(metric, "set", value, **by)

    def flush(self) -> None:
        """Hands over what was noted."""
        self._traces.force_flush(FLUSH_WITHIN_MS)
        self._metrics.force_flush(FLUSH_WITHIN_MS)

    def shut_down(self) -> None:
        """Hands over what was noted, and ends the exporters' threads."""
        self._traces.shutdown()
        self._metrics.shutdown(FLUSH_WITHIN_MS)

    def _told(self, metric: str, how: str, value: float, **by: str) -> None:
        getattr(self._instruments[metric], how)(value, allowed(by, METRICS[metric].by))


def _context(parent: str | None) -> Context:
    """The caller's trace; an empty one, and so a trace of its own, for none or one that is not well formed."""
    carrier = {"traceparent": parent} if parent else {}
    return TraceContextTextMapPropagator().extract(carrier, Context())
