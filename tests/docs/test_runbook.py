"""The runbook has an entry for each alert, and sends nobody after a metric, a function or a route that there is not."""

import re

import pytest

from functions.catalogue import QUEUES, ROUTES, TIMERS
from local.project import ROOT
from shared.domain.telemetry import ATTRIBUTES, METRICS

RUNBOOK = (ROOT / "docs" / "runbook.md").read_text(encoding="utf-8")
ENTRIES = dict(re.findall(r"^## (.+?)$\n(.*?)(?=^## |\Z)", RUNBOOK, re.MULTILINE | re.DOTALL))
TEMPLATES = "".join((ROOT / "infra" / "modules" / f"{name}.bicep").read_text() for name in ("alerts", "budget"))
ALERTS = set(re.findall(r"^\s+name: '([a-z-]+)'$", TEMPLATES, re.MULTILINE))


def test_every_alert_has_an_entry_and_every_entry_an_alert() -> None:
    assert len(ALERTS) == 9
    assert set(ENTRIES) == ALERTS


@pytest.mark.parametrize("alert", sorted(ENTRIES))
def test_an_entry_says_what_it_means_who_is_hit_where_to_look_what_to_do_and_when_it_is_over(alert: str) -> None:
    assert re.findall(r"^\*\*(\w+)\.?\*\*", ENTRIES[alert], re.MULTILINE) == ["Means", "Hit", "See", "Do", "Over"]


def test_what_it_asks_for_exists() -> None:
    asked = set(re.findall(r"popsell\.[a-z.]+", RUNBOOK))
    assert len(asked) >= 3 and asked <= METRICS.keys()
    named = set(re.findall(r'Name (?:==|in) \(?((?:"[a-z_.]+"(?:, )?)+)', RUNBOOK))
    functions = {name for names in named for name in re.findall(r'"([a-z_.]+)"', names)} - METRICS.keys()
    assert len(functions) >= 7 and functions <= {*ROUTES, *QUEUES, *TIMERS}
    attributes = {*re.findall(r"Properties\.(\w+)", RUNBOOK), *re.findall(r'Properties\["([\w.]+)"\]', RUNBOOK)}
    assert len(attributes) >= 5 and attributes <= ATTRIBUTES.keys()


def test_the_routes_that_it_names_exist() -> None:
    ends = {route.path for route in ROUTES.values()}
    named = set(re.findall(r"…(/[a-z{}/-]+[a-z}])", RUNBOOK)) | set(
        re.findall(r"(?:GET|`)\s?`?(/(?:ready|health))", RUNBOOK)
    )
    assert len(named) >= 6
    for path in named:
        assert any(end.endswith(path) for end in ends), path
