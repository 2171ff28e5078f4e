"""Requests by which people use their rights: the month that the law gives, and what stays of them (RGT-5)."""

from datetime import UTC, datetime

import pytest

from shared.domain.rights import EXTENDED_MONTHS, Reached, RightKind, RightsRequest, RightState, due_at, once
from tests.support.records import START

ZONE = "Europe/Paris"


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.rule("RGT-5")
@pytest.mark.parametrize(
    ("received", "due"),
    [
        ("2030-01-15T10:00", "2030-02-15T22:59:59"),
        ("2030-01-31T10:00", "2030-02-28T22:59:59"),
        ("2028-01-31T10:00", "2028-02-29T22:59:59"),  # a leap year
        ("2030-01-31T23:30", "2030-03-01T22:59:59"),  # the 1st of February in Paris, so the 1st of March there
        ("2030-03-31T10:00", "2030-04-30T21:59:59"),
        ("2030-12-31T10:00", "2031-01-31T22:59:59"),
        ("2030-02-28T10:00", "2030-03-28T22:59:59"),
        ("2030-03-15T10:00", "2030-04-15T21:59:59"),  # into summer time
        ("2030-10-15T10:00", "2030-11-15T22:59:59"),  # and out of it
    ],
)
def test_RGT_5_due_is_the_end_of_the_day_one_calendar_month_later_where_the_brand_is(received: str, due: str) -> None:
    assert due_at(at(received), ZONE) == at(due)


@pytest.mark.rule("RGT-5")
def test_RGT_5_an_extension_counts_from_receipt_and_clamps_once() -> None:
    assert due_at(at("2030-01-31T10:00"), ZONE, EXTENDED_MONTHS) == at("2030-04-30T21:59:59")
    assert due_at(at("2030-11-30T10:00"), ZONE, EXTENDED_MONTHS) == at("2031-02-28T22:59:59")


@pytest.mark.rule("RGT-5")
@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago", "UTC"])
def test_RGT_5_the_day_is_that_of_the_zone(zone: str) -> None:
    due = due_at(at("2030-01-15T12:00"), zone)
    day = {"Pacific/Kiritimati": "2030-02-16T09:59:59", "Pacific/Pago_Pago": "2030-02-16T10:59:59"}
    assert due == at(day.get(zone, "2030-02-15T23:59:59"))


@pytest.mark.rule("RGT-5")
def test_RGT_5_a_closed_request_says_nothing_of_the_person_any_more() -> None:
    request = RightsRequest(
        kind=RightKind.RECTIFICATION,
        state=RightState.RUNNING,
        subject="v1.aa",
        received_at=START,
        due_at=START,
        email="grace@example.org",
        text="words",
        changes={"first_name": "Grace"},
        reached=(Reached(contact="c", ambassador="a"),),
        running_since=START,
        waiting_until=START,
    )
    left = request.done(START, "person")
    assert "grace" not in str(left.to_document()).lower() and "words" not in str(left.to_document())
    assert left.passed_on_at == START and left.running_since is None and left.waiting_until is None


@pytest.mark.rule("MAIL-3")
def test_MAIL_3_one_showing_of_a_page_makes_one_request_of_a_kind() -> None:
    id = once("link", RightKind.ERASURE, "form")
    assert id == once("link", RightKind.ERASURE, "form") and len(id) == 24
    others = [
        ("link", RightKind.OBJECTION, "form"),
        ("other", RightKind.ERASURE, "form"),
        ("link", RightKind.ERASURE, "x"),
    ]
    assert id not in {once(*other) for other in others}
