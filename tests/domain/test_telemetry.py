"""What may be told of the suite: names and patterns, and nothing that has no place among them (VIS-8)."""

import re

import pytest

from local.project import ROOT
from shared.domain.telemetry import ATTRIBUTES, METRICS, allowed

pytestmark = pytest.mark.rule("VIS-8")


def test_what_the_table_names_gets_through() -> None:
    told = {"brand": "acme", "function": "send_mails", "outcome": "done", "store.reads": 3, "status": 200}
    assert allowed(told) == told


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("email", "zoe@example.org"),  # no such attribute
        ("brand", "zoe@example.org"),
        ("brand", "Zoe Martin"),
        ("function", "send_mails zoe"),
        ("queue", "mails\nzoe"),
        ("outcome", "refused zoe"),
        ("error", "ValueError: zoe"),
        ("store.reads", "3"),
        ("status", "200 zoe"),
        ("brand", None),
        ("brand", ["acme"]),
    ],
)
def test_what_has_no_place_is_left_out(name: str, value: object) -> None:
    assert allowed({"store.writes": 1, name: value}) == {"store.writes": 1}


def test_a_metric_is_told_apart_by_its_own_attributes_alone() -> None:
    assert allowed({"brand": "acme", "queue": "mails"}, METRICS["popsell.poison.messages"].by) == {"queue": "mails"}


def test_every_metric_is_told_apart_by_attributes_that_there_are_and_says_what_it_is() -> None:
    for name, metric in METRICS.items():
        assert name.startswith("popsell.")
        assert set(metric.by) <= ATTRIBUTES.keys()
        assert metric.unit
        assert metric.description.endswith(".")


def test_the_handbook_names_every_metric_and_no_other() -> None:
    written = set(re.findall(r"^\| `(popsell\.[a-z.]+)`", (ROOT / "docs" / "operations.md").read_text(), re.MULTILINE))
    assert written == METRICS.keys()
