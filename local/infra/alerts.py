"""Whether each alert asks for a metric that the suite tells, and has an entry in the runbook."""

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import PurePosixPath

from tree_sitter import Node

from local.infra.bicep import Bicep, Finding, literal, properties, within

RUNBOOK = "docs/runbook.md"
_METRIC = re.compile(r'"(popsell\.[a-z.]+)"')
_ALERTS = ("Microsoft.Insights/scheduledQueryRules", "Microsoft.Insights/metricAlerts", "Microsoft.Consumption/budgets")


def names(bicep: Mapping[PurePosixPath, Bicep]) -> dict[str, tuple[Bicep, Node]]:
    """Every alert's name, and where it stands: its own, or those of the rows of the variable that it loops over."""
    found: dict[str, tuple[Bicep, Node]] = {}
    for file in bicep.values():
        for one in file.sorted_by("resource"):
            if (one.type or "").partition("@")[0] not in _ALERTS or one.body is None:
                continue
            own = literal(properties(one.body).get("name"))
            if own is not None:
                found[own] = (file, one.node)
            for row in _rows(file, one.value):
                name = literal(properties(row).get("name"))
                if name is not None:
                    found[name] = (file, row)
    return found


def without_runbook(bicep: Mapping[PurePosixPath, Bicep], runbook: str) -> Iterator[Finding]:
    """Alerts without an entry, and entries of alerts that are no more."""
    headings = set(re.findall(r"^## ([a-z]+(?:-[a-z]+)*)$", runbook, re.MULTILINE))
    alerts = names(bicep)
    for name, (file, node) in alerts.items():
        if name not in headings:
            yield file.at(node, f"{RUNBOOK} has no entry {name}")
    for name in sorted(headings - alerts.keys()):
        yield Finding(RUNBOOK, 0, f"there is no alert {name}")


def unknown_metrics(bicep: Mapping[PurePosixPath, Bicep], declared: Iterable[str]) -> Iterator[Finding]:
    """Metrics of the suite that a query asks for and nothing tells."""
    known = frozenset(declared)
    for file in bicep.values():
        for text in within(file.root, "string"):
            for name in _METRIC.findall((text.text or b"").decode()):
                if name not in known:
                    yield file.at(text, f"no metric is called {name}")


def _rows(file: Bicep, loop: Node | None) -> list[Node]:
    if loop is None or loop.type != "for_statement":
        return []
    over = file.declared.get((loop.named_children[1].text or b"").decode())
    return over.value.named_children if over is not None and over.value is not None else []
