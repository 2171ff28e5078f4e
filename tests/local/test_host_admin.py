"""What a script may ask of the local host, and what a moved clock does to the timers."""

from datetime import datetime, timedelta

import httpx
import pytest

from tests.local.conftest import Running


def now(host: Running) -> datetime:
    return datetime.fromisoformat(host.client.get("/admin/clock").json()["now"])


def move(host: Running, **how: str) -> httpx.Response:
    return host.client.post("/admin/clock", json=how)


def test_the_functions_are_listed_with_what_starts_them(host: Running) -> None:
    listed = {entry["name"]: entry for entry in host.client.get("/admin/functions").json()}
    assert listed["thing"] == {
        "name": "thing",
        "trigger": "http",
        "route": "things/{id}",
        "methods": ["GET", "HEAD"],
        "authLevel": "anonymous",
    }
    assert listed["do_work"] == {"name": "do_work", "trigger": "queue", "queue": "work"}
    assert listed["sweep_daily"] == {"name": "sweep_daily", "trigger": "timer", "schedule": "0 30 4 * * *"}


def test_a_timer_or_a_queue_function_runs_by_hand(host: Running) -> None:
    assert host.client.post("/admin/functions/sweep_daily", json={}).status_code == 202
    assert host.client.post("/admin/functions/do_work", json={"input": {"n": "by hand"}}).status_code == 202
    host.drain()
    assert host.calls("sweep_daily")[-1]["past_due"] is False
    assert host.calls("do_work")[-1]["body"] == {"n": "by hand"}


@pytest.mark.parametrize(
    ("name", "body", "status"),
    [
        ("nobody", {}, 404),
        ("thing", {}, 422),
        ("do_work", {"inputs": 1}, 422),
        ("do_work", ["input"], 422),
    ],
)
def test_a_wrong_call_by_hand_is_refused(host: Running, name: str, body: object, status: int) -> None:
    answer = host.client.post(f"/admin/functions/{name}", json=body)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"


def test_the_clock_moves_forward_by_a_duration_or_to_a_time(host: Running) -> None:
    before = now(host)
    assert move(host, advance="P31D").status_code == 200
    assert timedelta(days=31) <= now(host) - before < timedelta(days=31, minutes=1)
    target = (now(host) + timedelta(hours=5)).isoformat()
    assert move(host, now=target).json()["now"].startswith(target[:16])
    host.drain()


def test_the_clock_goes_neither_back_nor_by_nonsense(host: Running) -> None:
    before = now(host)
    for how in (
        {"now": (before - timedelta(hours=1)).isoformat()},
        {"now": "2999-01-01T00:00:00"},
        {"advance": "-P1D"},
        {"advance": "P"},
        {"advance": "P1DT"},
        {"advance": "P9999Y"},
        {"advance": "soon"},
        {"advance": "P1D", "now": before.isoformat()},
        {"by": "P1D"},
        {},
    ):
        assert move(host, **how).status_code == 422, how
    assert now(host) - before < timedelta(minutes=1)


def test_a_timer_that_the_clock_passed_runs_once_and_is_told(host: Running) -> None:
    host.drain()
    before = len(host.calls("sweep_daily")), len(host.calls("sweep_yearly"))
    move(host, advance="P2Y1M")
    host.drain()
    daily, yearly = host.calls("sweep_daily")[before[0] :], host.calls("sweep_yearly")[before[1] :]
    assert [call["past_due"] for call in daily] == [True], "once for more than seven hundred mornings"
    assert [call["past_due"] for call in yearly] == [True]


def test_a_timer_whose_time_comes_is_on_time(host: Running) -> None:
    host.drain()
    half_past_four = now(host).replace(hour=4, minute=29, second=59) + timedelta(days=1)
    move(host, now=half_past_four.isoformat())  # passes the morning of the day before
    host.drain()
    before = len(host.calls("sweep_daily"))
    move(host, advance="PT1S")
    host.drain()
    assert [call["past_due"] for call in host.calls("sweep_daily")[before:]] == [False]


def test_the_demo_brands_are_seeded_before_the_first_request_and_described(host: Running) -> None:
    assert host.calls("seed")
    assert host.client.get("/admin/demo").json() == {"brands": {}}


def test_unknown_admin_routes_are_not_found(host: Running) -> None:
    assert host.client.get("/admin/nothing").status_code == 404
    assert host.client.post("/admin/drain?timeout=soon").status_code == 422
