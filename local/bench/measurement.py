"""What a benchmark gives: a value, its floor of the same run, and the circumstances of both."""

import json
import os
import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol


@dataclass(frozen=True, slots=True)
class Target:
    """What the value, or its ratio to the floor, should be."""

    of: Literal["value", "ratio"]
    comparison: Literal["at least", "at most"]
    bound: float


@dataclass(frozen=True, slots=True)
class Measurement:
    """One line of the table; the floor is the same work with the bare library, measured in the same run."""

    name: str
    value: float
    unit: str
    floor: float
    target: Target
    conditions: Mapping[str, Any] = field(default_factory=dict)
    detail: Sequence[str] = ()
    """Further lines below the table."""

    @property
    def ratio(self) -> float:
        """The value as a multiple of the floor."""
        return self.value / self.floor

    @property
    def met(self) -> bool:
        """Whether the target is reached on this machine, at this moment."""
        measured = self.value if self.target.of == "value" else self.ratio
        return measured >= self.target.bound if self.target.comparison == "at least" else measured <= self.target.bound

    def line(self) -> str:
        """As a line of JSON."""
        return json.dumps(
            {
                "name": self.name,
                "value": round(self.value, 3),
                "unit": self.unit,
                "floor": round(self.floor, 3),
                "ratio": round(self.ratio, 4),
                "conditions": {**self.conditions, **machine()},
            }
        )


class Progress(Protocol):
    """Tells the developer what goes on."""

    def __call__(self, text: str, done: int | None = None, total: int | None = None) -> None:
        """One short phrase, and how far it is."""
        ...


Benchmark = Callable[[int | None, Progress], Measurement]
"""Given how many rows (None: as many as the target names) and whom to tell."""


def machine() -> dict[str, Any]:
    """What else decides about a number: the interpreter, the cores and who else uses them."""
    return {
        "python": platform.python_version(),
        "cpus": os.cpu_count(),
        "load1m": round(os.getloadavg()[0], 1),
    }
