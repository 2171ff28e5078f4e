"""The parts of `host.json` that the local host obeys."""

import json
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class QueueSettings:
    """How queue functions are fed; the defaults are those of the real host."""

    batch_size: int = 16
    new_batch_size: int = 8
    max_dequeue_count: int = 5
    retry_after: timedelta = timedelta(0)
    encoding: Literal["base64", "none"] = "base64"


@dataclass(frozen=True, slots=True)
class HostSettings:
    """What applies to every function."""

    route_prefix: str = "api"
    function_timeout: timedelta = timedelta(minutes=30)
    queues: QueueSettings = QueueSettings()


def read_host_json(path: Path) -> HostSettings:
    """Reads `host.json`; raises ValueError on a time or an encoding that the real host would not take."""
    content: dict[str, Any] = json.loads(path.read_text())
    extensions = content.get("extensions", {})
    queues = extensions.get("queues", {})
    batch_size = int(queues.get("batchSize", 16))
    encoding = queues.get("messageEncoding", "base64")
    if encoding != "base64" and encoding != "none":
        raise ValueError(f"host.json: messageEncoding {encoding} is neither base64 nor none")
    return HostSettings(
        route_prefix=extensions.get("http", {}).get("routePrefix", "api"),
        function_timeout=_time_span(content.get("functionTimeout", "00:30:00")),
        queues=QueueSettings(
            batch_size=batch_size,
            new_batch_size=int(queues.get("newBatchSize", batch_size // 2)),
            max_dequeue_count=int(queues.get("maxDequeueCount", 5)),
            retry_after=_time_span(queues.get("visibilityTimeout", "00:00:00")),
            encoding=encoding,
        ),
    )


def _time_span(text: str) -> timedelta:
    hours, minutes, seconds = (int(part) for part in text.split(":"))
    return timedelta(hours=hours, minutes=minutes, seconds=seconds)
