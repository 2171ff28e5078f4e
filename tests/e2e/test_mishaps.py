"""The host killed in the middle of its work, and a provider that fails: everything is done in the end, and once."""

import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from local.samples import write_google_export
from local.suite_client import Account, Suite
from tests.e2e.running import Running, alive

ROWS, INVITED = 20_000, 2_000
FAULTS = ("429", "500", "timeout_after_accept", "timeout_before_accept", "mixed_400", "global_400")


def until(reached: Callable[[], bool], seconds: float = 60) -> None:
    """Looks again and again."""
    ends = time.monotonic() + seconds
    while not reached():
        assert time.monotonic() < ends
        time.sleep(0.02)


def recover(suite: Suite) -> None:
    """Lets the timer find what the dead host left: its messages stay leased for a while."""
    suite.call("POST", "/admin/clock", json={"advance": "PT11M"}, expect=200)


def mailed(suite: Suite, since: str) -> Counter[str]:
    """How many mails each address got since a time."""
    params = {"since": since, "limit": "0"}
    mails = suite.call("GET", f"{suite.mail_url}/api/messages", params=params, expect=200).json()
    return Counter(mail["to"] for mail in mails)


@pytest.mark.rule("MAIL-4")
@pytest.mark.rule("COL-14")
def test_a_killed_host_loses_nothing_and_does_nothing_twice(running: Running, tmp_path: Path) -> None:
    write_google_export(tmp_path / "people.csv", ROWS)
    with running.client() as suite:
        account = suite.sign_up("acme", "ada@example.org")
        content = (tmp_path / "people.csv").read_bytes()
        asked = account.call("POST", "/contacts/import", params={"format": "google-csv"}, content=content, expect=202)
        job = asked.json()["jobId"]
        until(lambda: 0 < progress(account, job)["done"] < ROWS)
        running.kill_the_host()

    running.start()
    with running.client() as suite:
        account.suite = suite
        assert 0 < progress(account, job)["done"] < ROWS
        recover(suite)
        done = account.wait_for(job)
        assert (done["state"], done["accepted"], done["updated"], done["refused"]) == ("done", ROWS, 0, 0)
        ids = [contact["id"] for contact in book(account, INVITED)]
        since = suite.now()
        invited = account.call("POST", "/contacts/invite", json={"contactIds": ids}, expect=202).json()
        assert invited["queued"] == INVITED
        until(lambda: 0 < sent(suite) < INVITED)
        running.kill_the_host()

    running.start()
    with running.client() as suite:
        account.suite = suite
        recover(suite)
        account.wait_for(invited["jobId"])
        suite.advance("PT11M")  # with the messages of both dead hosts, which come again now
        assert Counter(mailed(suite, since).values()) == {1: INVITED}
        assert len(book(account, INVITED, status="invitation_sent")) == INVITED
        assert book(account, 1, status="invitation_sent", skip=INVITED) == []

    processes = list(running.processes())
    assert len(processes) > 4
    assert running.interrupt() == 0
    assert alive(processes) == []

    running.start()
    with running.client() as suite:
        account.suite = suite
        assert progress(account, job) == done


@pytest.mark.rule("MAIL-4")
def test_whatever_the_provider_does_everyone_gets_one_mail(suite: Suite) -> None:
    account = suite.sign_up("globex", "gil@example.org", customerId="7")
    people = [f"fault{number}@example.org" for number in range(50 * len(FAULTS))]
    imported = account.import_file(", ".join(people).encode(), format="emails")
    assert imported["accepted"] == len(people)
    for kind in FAULTS:
        fault = {"next": 1, "kind": kind, "seconds": 20}
        suite.call("POST", f"{suite.mail_url}/api/faults", json=fault, expect=200)
    since = suite.now()
    asked = account.call("POST", "/contacts/invite", json={"all": True}, expect=202).json()
    assert asked["queued"] == len(people)
    until(lambda: not waiting_faults(suite))
    suite.call("POST", "/admin/clock", json={"advance": "PT1M"}, expect=200)  # past the doubt about a lost answer
    suite.drain()
    refused = account.call("GET", f"/jobs/{asked['jobId']}", expect=200).json()["refusedByReason"]
    assert refused == {"provider_mj-0013": 25}, "a mixed answer refuses every second of its mails, and no other"
    assert account.invite()["queued"] == 25
    assert Counter(mailed(suite, since)[address] for address in people) == {1: len(people)}


def progress(account: Account, job: str) -> dict[str, Any]:
    """The job as it stands."""
    state: dict[str, Any] = account.call("GET", f"/jobs/{job}", expect=200).json()
    return state


def sent(suite: Suite) -> int:
    """How many mails of the run the sandbox holds; the one of the sign-up is none of them."""
    return int(suite.call("GET", f"{suite.mail_url}/api/stats", expect=200).json()["messages"]) - 1


def waiting_faults(suite: Suite) -> list[Any]:
    """What is still to go wrong."""
    return list(suite.call("GET", f"{suite.mail_url}/api/faults", expect=200).json()["waiting"])


def book(account: Account, count: int, skip: int = 0, **query: str) -> list[dict[str, Any]]:
    """The newest contacts after the first `skip`, page by page."""
    found: list[dict[str, Any]] = []
    cursor: str | None = None
    while len(found) < skip + count:
        params = {"limit": "200", **query, **({"cursor": cursor} if cursor else {})}
        page = account.call("GET", "/contacts", params=params, expect=200).json()
        found += page["items"]
        cursor = page["nextCursor"]
        if cursor is None:
            break
    return found[skip : skip + count]
