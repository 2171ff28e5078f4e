"""The dashboard shows every metric that the suite tells, and asks for nothing that it does not."""

import re

from local.project import ROOT
from shared.domain.telemetry import ATTRIBUTES, METRICS

DASHBOARD = (ROOT / "infra" / "modules" / "dashboard.bicep").read_text(encoding="utf-8")


def test_every_metric_is_on_the_dashboard_and_no_other() -> None:
    assert set(re.findall(r'"(popsell\.[a-z.]+)"', DASHBOARD)) == METRICS.keys()


def test_it_asks_only_for_attributes_that_are_told() -> None:
    queries = re.findall(r"query: '(.*)'", DASHBOARD)
    assert len(queries) >= 10
    told = {name for query in queries for name in re.findall(r'Properties(?:\.(\w+)|\["([\w.]+)"\])', query)}
    assert {one or other for one, other in told} <= ATTRIBUTES.keys()


def test_a_metric_is_told_apart_by_its_own_attributes() -> None:
    for query in re.findall(r"query: '(AppMetrics.*)'", DASHBOARD):
        (metric,) = re.findall(r'Name == "([a-z.]+)"', query)
        apart = {one or other for one, other in re.findall(r'Properties(?:\.(\w+)|\["([\w.]+)"\])', query)}
        assert apart <= set(METRICS[metric].by), query
