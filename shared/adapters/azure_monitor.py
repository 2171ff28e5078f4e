"""Telemetry to Application Insights, in batches from threads of its own.

The exporters are made in those threads, when there is a first batch: their import takes as long as all else that a cold
start waits for.
"""

import os
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

from opentelemetry.sdk.metrics import Counter, Histogram
from opentelemetry.sdk.metrics.export import (
    AggregationTemporality,
    MetricExporter,
    MetricExportResult,
    MetricsData,
    PeriodicExportingMetricReader,
)
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult

from shared.adapters.telemetry import OpenTelemetry

# Each value is what was added since the one before, so that the values of several instances add up.
SINCE_THE_LAST: dict[type, AggregationTemporality] = {
    Counter: AggregationTemporality.DELTA,
    Histogram: AggregationTemporality.DELTA,
}


# The exporters' own doings: figures for their maker, and switches that it could turn from afar.
QUIET = (
    "APPLICATIONINSIGHTS_STATSBEAT_DISABLED_ALL",
    "APPLICATIONINSIGHTS_SDKSTATS_DISABLED",
    "APPLICATIONINSIGHTS_CONTROLPLANE_DISABLED",
)


def to_azure_monitor(connection_string: str) -> OpenTelemetry:
    """Tells the Application Insights of this connection string.

    With `APPLICATIONINSIGHTS_AUTHENTICATION_STRING` the exporters sign in as the managed identity. They keep nothing on
    disk, and speak to nobody else.
    """
    for name in QUIET:
        os.environ[name] = "true"
    options = {"connection_string": connection_string, "disable_offline_storage": True}
    spans = BatchSpanProcessor(_Spans(lambda: _exporters().AzureMonitorTraceExporter(**options)))
    metrics = _Metrics(lambda: _exporters().AzureMonitorMetricExporter(**options))
    return OpenTelemetry([spans], [PeriodicExportingMetricReader(metrics)])


def _exporters() -> Any:
    from azure.monitor.opentelemetry import exporter

    return exporter


class _Spans(SpanExporter):
    """An exporter of spans that is made when there are some."""

    def __init__(self, make: Callable[[], SpanExporter]) -> None:
        self._make = make

    @cached_property
    def _made(self) -> SpanExporter:
        return self._make()

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        return self._made.export(spans)

    def shutdown(self) -> None:
        if "_made" in vars(self):
            self._made.shutdown()


class _Metrics(MetricExporter):
    """The same for metrics."""

    def __init__(self, make: Callable[[], MetricExporter]) -> None:
        super().__init__(preferred_temporality=SINCE_THE_LAST)
        self._make = make

    @cached_property
    def _made(self) -> MetricExporter:
        return self._make()

    def export(self, metrics_data: MetricsData, timeout_millis: float = 10_000, **more: Any) -> MetricExportResult:
        return self._made.export(metrics_data, timeout_millis, **more)

    def force_flush(self, timeout_millis: float = 10_000) -> bool:
        return True  # nothing waits here: the reader hands over at once

    def shutdown(self, timeout_millis: float = 30_000, **more: Any) -> None:
        if "_made" in vars(self):
            self._made.shutdown(timeout_millis, **more)
