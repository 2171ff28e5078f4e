"""Telemetry that a test can read back: the real adapter, with the SDK's own exporters in memory."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from shared.adapters.telemetry import OpenTelemetry


@dataclass(slots=True)
class Told:
    """What was told since the beginning."""

    telemetry: OpenTelemetry
    exporter: InMemorySpanExporter
    reader: InMemoryMetricReader

    @property
    def spans(self) -> tuple[ReadableSpan, ...]:
        """Every span that ended."""
        return self.exporter.get_finished_spans()

    def span(self, name: str) -> ReadableSpan:
        """The newest of this name."""
        return [span for span in self.spans if span.name == name][-1]

    def points(self) -> dict[str, dict[tuple[str, ...], Any]]:
        """By metric and the values of its attributes: a number, or how often a distribution was added to."""
        data, found = self.reader.get_metrics_data(), {}
        for of_resource in data.resource_metrics if data else ():
            for scope in of_resource.scope_metrics:
                for metric in scope.metrics:
                    found[metric.name] = {
                        tuple(map(str, (point.attributes or {}).values())): getattr(point, "value", None)
                        or getattr(point, "count", 0)
                        for point in metric.data.data_points
                    }
        return found

    def everything(self) -> list[str]:
        """All of it as text, as an exporter might write it."""
        data = self.reader.get_metrics_data()
        return [span.to_json() for span in self.spans] + ([data.to_json()] if data else [])


@contextmanager
def telling() -> Iterator[Told]:
    """Telemetry of this block's own."""
    exporter, reader = InMemorySpanExporter(), InMemoryMetricReader()
    telemetry = OpenTelemetry([SimpleSpanProcessor(exporter)], [reader])
    try:
        yield Told(telemetry, exporter, reader)
    finally:
        telemetry.shut_down()
