"""What shall go wrong with the next calls of the Send API."""

from collections import deque
from dataclasses import dataclass
from enum import StrEnum


class FaultKind(StrEnum):
    """The ways in which a provider fails its caller."""

    TOO_MANY = "429"
    INTERNAL = "500"
    TIMEOUT_AFTER_ACCEPT = "timeout_after_accept"
    TIMEOUT_BEFORE_ACCEPT = "timeout_before_accept"
    MIXED = "mixed_400"
    GLOBAL = "global_400"


@dataclass
class Fault:
    """One kind of failure for the next `left` calls; `seconds` is how long a time-out hangs."""

    kind: FaultKind
    left: int
    seconds: float


class Faults:
    """Faults in the order they were asked for; they live as long as the process."""

    def __init__(self) -> None:
        self._waiting: deque[Fault] = deque()

    def add(self, fault: Fault) -> None:
        """Let `fault` follow on those already waiting."""
        self._waiting.append(fault)

    def take(self) -> Fault | None:
        """The fault of this call, if one is due; uses up one of its calls."""
        if not self._waiting:
            return None
        fault = self._waiting[0]
        fault.left -= 1
        if fault.left == 0:
            self._waiting.popleft()
        return fault

    def clear(self) -> None:
        """Let all coming calls succeed."""
        self._waiting.clear()

    def waiting(self) -> list[dict[str, object]]:
        """What is left, next first, as JSON shows it."""
        return [{"kind": fault.kind, "left": fault.left, "seconds": fault.seconds} for fault in self._waiting]
