"""Each alert asks for what the suite tells, and somebody who is woken by it finds what to do in the runbook."""

from pathlib import PurePosixPath

import pytest

from local.infra.alerts import RUNBOOK, names, unknown_metrics, without_runbook
from local.infra.offline import parsed, texts
from local.project import ROOT
from shared.domain.telemetry import METRICS

ALERTS = PurePosixPath("infra/modules/alerts.bicep")
EVERY = {
    "poison-messages", "sweep-overdue", "rights-overdue", "backup-failed", "store-throttled", "mail-refused",
    "function-errors", "no-heartbeat", "budget",
}  # fmt: skip


def runbook() -> str:
    """The document."""
    return (ROOT / RUNBOOK).read_text(encoding="utf-8")


def changed(old: str, new: str) -> dict[PurePosixPath, str]:
    """The templates, with one text of the alerts' another."""
    files = texts()
    assert old in files[ALERTS]
    return {**files, ALERTS: files[ALERTS].replace(old, new)}


def test_every_alert_has_an_entry_in_the_runbook_and_every_entry_an_alert() -> None:
    bicep = parsed(texts())
    assert names(bicep).keys() == EVERY
    assert [str(finding) for finding in without_runbook(bicep, runbook())] == []


def test_every_alert_asks_for_a_metric_that_is_told() -> None:
    assert [str(finding) for finding in unknown_metrics(parsed(texts()), METRICS)] == []
    asked = texts()[ALERTS]
    assert all(f'"{name}"' in asked for name in METRICS if name.endswith((".overdue", ".messages", ".age", ".refused")))


@pytest.mark.parametrize("name", sorted(EVERY))
def test_an_alert_without_an_entry_is_found(name: str) -> None:
    (found,) = without_runbook(parsed(texts()), runbook().replace(f"## {name}\n", f"## {name} and more\n"))
    assert found.says == f"{RUNBOOK} has no entry {name}"
    assert found.line > 0


def test_an_entry_without_an_alert_is_found() -> None:
    found = [str(one) for one in without_runbook(parsed(texts()), runbook() + "\n## disk-full\n")]
    assert found == [f"{RUNBOOK}: there is no alert disk-full"]


def test_a_metric_that_nothing_tells_is_found_where_it_is_asked_for() -> None:
    files = changed('"popsell.poison.messages"', '"popsell.poison.message"')
    (found,) = unknown_metrics(parsed(files), METRICS)
    line = next(n for n, text in enumerate(files[ALERTS].splitlines(), 1) if "popsell.poison.message" in text)
    assert str(found) == f"{ALERTS}:{line}: no metric is called popsell.poison.message"


def test_an_attribute_that_a_metric_has_not_is_no_dimension() -> None:
    asked = texts()[ALERTS]
    for name, metric in METRICS.items():
        for query in (text for text in asked.splitlines() if f'"{name}"' in text and "Properties" in text):
            assert any(f"Properties.{by})" in query or f'Properties["{by}"])' in query for by in metric.by), query
