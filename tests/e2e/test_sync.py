"""A brand's database sends all it has, and the host is killed in the middle: sent again, everybody is there, and once."""

import threading
import time
from collections import Counter
from collections.abc import Sequence
from typing import Any

import httpx
import pytest

from tests.e2e.running import Running
from tests.e2e.test_main_job import the_ledger_is_whole

ROWS = 1_200
DELETED = range(0, ROWS, 10)


def calls(what: str, rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The bodies of twelve calls."""
    size = len(rows) // 12
    return [{what: rows[start : start + size]} for start in range(0, len(rows), size)]


class Database:
    """The brand's side: sends calls in order and counts the answers, until one fails."""

    def __init__(self, running: Running) -> None:
        with running.client() as suite:
            self.key = suite.call("GET", "/admin/demo", expect=200).json()["brands"]["acme"]["apiKey"]
        self.base = f"http://127.0.0.1:{running.port}/api/brands/acme/sync"
        self.answered = 0

    def vouch(self, customer_id: str, email: str) -> None:
        """Says whose customer ID it is."""
        row = {"key": customer_id, "email": email}
        body = {"upserts": [row]}
        answer = httpx.post(f"{self.base}/ambassadors", json=body, headers={"X-Api-Key": self.key}, trust_env=False)
        assert answer.json()["items"][0]["result"] == "unchanged", answer.text

    def send(self, bodies: Sequence[dict[str, Any]]) -> Counter[str]:
        """What became of the rows; raises httpx.HTTPError when a call fails."""
        results: Counter[str] = Counter()
        self.answered = 0
        with httpx.Client(timeout=120, trust_env=False, headers={"X-Api-Key": self.key}) as http:
            for body in bodies:
                answer = http.post(f"{self.base}/contacts", json=body)
                answer.raise_for_status()
                results.update(item["result"] for item in answer.json()["items"])
                self.answered += 1
        return results


def cut_short(running: Running, database: Database, bodies: Sequence[dict[str, Any]]) -> None:
    """Kills the host while the calls are under way, and starts it again."""
    failed: list[Exception] = []

    def send() -> None:
        try:
            database.send(bodies)
        except httpx.HTTPError as error:
            failed.append(error)

    sending = threading.Thread(target=send)
    sending.start()
    ends = time.monotonic() + 60
    while database.answered < 3:
        assert time.monotonic() < ends
        time.sleep(0.005)
    running.kill_the_host()
    sending.join(60)
    assert failed and 3 <= database.answered < len(bodies)
    running.start()


@pytest.mark.rule("COL-12")
def test_a_killed_host_loses_no_row_and_doubles_none(running: Running) -> None:
    with running.client() as suite:
        account = suite.sign_up("acme", "ada@example.org", customerId="C-17")
    rows = [
        {"key": f"K{n}", "ambassador": "C-17", "optIn": True, "email": f"person{n}@example.org", "firstName": f"F{n}"}
        for n in range(ROWS)
    ]
    upserts = calls("upserts", rows)
    deletes = calls("deletes", [{"key": f"K{n}"} for n in DELETED])
    database = Database(running)
    database.vouch("C-17", "ada@example.org")

    cut_short(running, database, upserts)
    again = database.send(upserts)
    assert again.keys() == {"created", "unchanged"} and again.total() == ROWS
    assert database.send(upserts) == {"unchanged": ROWS}

    cut_short(running, database, deletes)
    again = database.send(deletes)
    assert again.keys() == {"deleted", "unchanged"} and again.total() == len(DELETED)
    assert database.send(deletes) == {"unchanged": len(DELETED)}

    with running.client() as suite:
        account.suite = suite
        held = Counter(contact["email"] for contact in account.contacts())
    expected = {f"person{n}@example.org" for n in range(ROWS) if n not in DELETED}
    assert held == dict.fromkeys(expected, 1)
    the_ledger_is_whole(running)
