"""What the suite tells of itself (VIS-8): every metric, and every attribute with the only values it may have.

Alerts and dashboards may ask for these names and no others. An attribute that is not in the table, or whose value is not
of its pattern, does not get into any span or metric: what has no place cannot leak.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

Value = str | int


class Kind(StrEnum):
    """How a metric's values are to be read."""

    COUNTER = "counter"  # adds up
    GAUGE = "gauge"  # how it stands at the moment
    HISTOGRAM = "histogram"  # one value an event


class Metric(NamedTuple):
    """One metric: `unit` as UCUM writes it, `by` the attributes that its values are told apart by."""

    kind: Kind
    unit: str
    description: str
    by: tuple[str, ...] = ()


METRICS: Mapping[str, Metric] = {
    "popsell.heartbeat": Metric(Kind.COUNTER, "{beat}", "The watch ran to its end; four an hour."),
    "popsell.poison.messages": Metric(
        Kind.GAUGE, "{message}", "Messages that failed five times and wait for a fix, by their queue.", ("queue",)
    ),
    "popsell.sweep.overdue": Metric(
        Kind.GAUGE, "h", "Hours beyond two since the newest sweep of the brand began; 0 when all is well.", ("brand",)
    ),
    "popsell.rights.overdue": Metric(
        Kind.GAUGE, "{request}", "Rights requests of the brand that are past their due date.", ("brand",)
    ),
    "popsell.backup.age": Metric(
        Kind.GAUGE, "h", "Hours since the newest finished backup of the brand began.", ("brand",)
    ),
    "popsell.store.throttled": Metric(Kind.COUNTER, "{call}", "Calls that Cosmos DB answered by 429, retries too."),
    "popsell.mail.refused": Metric(Kind.COUNTER, "{mail}", "Mails that the provider will never take."),
    "popsell.function.calls": Metric(
        Kind.COUNTER, "{call}", "Calls of a function, by how they ended.", ("function", "outcome")
    ),
    "popsell.function.errors": Metric(
        Kind.COUNTER,
        "{call}",
        "Calls that ended by an error nobody foresaw, or by a message that failed.",
        ("function",),
    ),
    "popsell.function.duration": Metric(Kind.HISTOGRAM, "ms", "How long a call of a function took.", ("function",)),
}

# Names of spans' and metrics' attributes, each with the pattern of the whole of its value; None stands for a count.
ATTRIBUTES: Mapping[str, str | None] = {
    "brand": r"[a-z0-9][a-z0-9-]{1,30}",
    "function": r"[a-z_]{1,60}",
    "queue": r"[a-z][a-z-]{1,62}",
    "outcome": r"done|refused|failed",
    "error": r"[A-Za-z]{1,60}",  # a type's name, and nothing that it said
    "status": None,  # of HTTP
    "store.reads": None,
    "store.writes": None,
    "queue.messages": None,
    "provider.calls": None,
}


def allowed(attributes: Mapping[str, object], names: tuple[str, ...] | None = None) -> dict[str, Value]:
    """Those of the attributes that may be told, of these names where some are given; the others are left out."""
    return {
        name: value
        for name, value in attributes.items()
        if isinstance(value, str | int) and (names is None or name in names) and _fits(name, value)
    }


@lru_cache(maxsize=4096)  # every call asks of the same few names, and a request waits for it
def _fits(name: str, value: Value) -> bool:
    if name not in ATTRIBUTES:
        return False
    pattern = ATTRIBUTES[name]
    if pattern is None:
        return isinstance(value, int)
    return isinstance(value, str) and re.fullmatch(pattern, value) is not None


@dataclass(slots=True)
class Call:
    """One call of a function while it runs: what will be told of it, counted as it goes on."""

    function: str
    brands: set[str] = field(default_factory=set)  # only those that there are: a caller may write anything into a path
    outcome: str = "done"
    error: str | None = None
    status: int | None = None
    reads: int = 0  # documents asked for by their ids, and pages of queries
    writes: int = 0  # documents
    messages: int = 0
    provider_calls: int = 0

    def refused(self) -> None:
        """The caller was told why not."""
        self.outcome = "refused"

    def failed(self, error: str) -> None:
        """Something nobody foresaw, or what another has to be asked again for; by the type's name."""
        self.outcome, self.error = "failed", error

    def attributes(self) -> dict[str, Value]:
        """What its span says; counts of nothing are left out."""
        told: dict[str, object] = {
            "function": self.function,
            "brand": next(iter(self.brands)) if len(self.brands) == 1 else None,  # a timer's call has many
            "outcome": self.outcome,
            "error": self.error,
            "status": self.status,
            "store.reads": self.reads,
            "store.writes": self.writes,
            "queue.messages": self.messages,
            "provider.calls": self.provider_calls,
        }
        return allowed({name: value for name, value in told.items() if value})
