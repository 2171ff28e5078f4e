"""Spans and metrics of a local run, as JSON lines in a file: the same that Application Insights would be told."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from opentelemetry.sdk.metrics.export import ConsoleMetricExporter, MetricsData, PeriodicExportingMetricReader
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import BatchSpanProcessor, ConsoleSpanExporter

from shared.adapters.telemetry import OpenTelemetry


def telemetry_to(path: Path) -> OpenTelemetry:
    """Appends a line a span, and each minute a line a metric that was noted since."""
    file = path.open("a", encoding="utf-8", buffering=1)
    spans = BatchSpanProcessor(ConsoleSpanExporter(out=file, formatter=_span))
    metrics = PeriodicExportingMetricReader(ConsoleMetricExporter(out=file, formatter=_metrics))
    return OpenTelemetry([spans], [metrics])


def _span(span: ReadableSpan) -> str:
    began, ended = span.start_time or 0, span.end_time or 0
    line = {
        "at": _time(began),
        "span": span.name,
        "ms": round((ended - began) / 1e6, 1),
        "trace": f"{span.context.trace_id:032x}" if span.context else None,
        **(span.attributes or {}),
    }
    return json.dumps(line) + "\n"


def _metrics(data: MetricsData) -> str:
    return "".join(
        json.dumps(
            {"at": _time(point.time_unix_nano), "metric": metric.name, **(point.attributes or {}), **_value(point)}
        )
        + "\n"
        for of_resource in data.resource_metrics
        for scope in of_resource.scope_metrics
        for metric in scope.metrics
        for point in metric.data.data_points
    )


def _value(point: Any) -> dict[str, float]:
    """A number, or of a distribution what there was."""
    return {"value": point.value} if hasattr(point, "value") else {"count": point.count, "sum": round(point.sum, 1)}


def _time(nanoseconds: int) -> str:
    return datetime.fromtimestamp(nanoseconds / 1e9, UTC).isoformat(timespec="milliseconds")
