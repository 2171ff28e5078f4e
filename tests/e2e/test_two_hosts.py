"""Two hosts over one store and one Azurite behave as one, and `kill -9` of either loses and doubles nothing."""

import json
import os
import signal
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress

import httpx
import pytest

from local.addresses import Ports
from local.suite_client import Suite
from tests.e2e.running import Running

PEOPLE = 2_000
INVITED = 1_600
GUESSES = 10  # of a password, in a quarter of an hour


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A suite whose functions two hosts serve."""
    suite = Running(tmp_path_factory.mktemp("two") / "state", "--hosts", "2")
    suite.start()
    try:
        yield suite
    finally:
        suite.stop()


class Hosts:
    """The two, asked by turns."""

    def __init__(self, running: Running, http: httpx.Client) -> None:
        self._running = running
        ports = Ports(running.port, hosts=2)
        self.both = [
            Suite(f"http://127.0.0.1:{port.number}", ports.mail.url, http)
            for port in (ports.functions, *ports.further_hosts)
        ]

    @property
    def one(self) -> Suite:
        """The first, for what either could do."""
        return self.both[0]

    def at_work(self, function: str, but: int | None = None) -> int | None:
        """Which of them runs a function just now; `but` is not looked at."""
        for place, host in enumerate(self.both):
            with suppress(httpx.HTTPError):
                busy = host.call("POST", "/admin/drain?timeout=0").json() if place != but else {}
                if function in busy.get("functions", []):
                    return place
        return None

    def kill_whoever_runs(self, function: str, *, but: int | None = None) -> int:
        """`kill -9` of the host that is found at it, or of the one that is not `but`."""
        ends = time.monotonic() + 20
        while (place := self.at_work(function, but)) is None:
            assert time.monotonic() < ends, f"nobody ran {function}"
        self.kill(place)
        return place

    def kill(self, place: int) -> None:
        """`kill -9` of one; the supervisor starts it again."""
        named = f"--instance {place + 1} "
        (old,) = [pid for pid, command in self._running.processes().items() if named in command]
        os.kill(old, signal.SIGKILL)

    def until_both_serve(self) -> None:
        """The supervisor starts again what was killed."""
        ends = time.monotonic() + 30
        for host in self.both:
            while True:
                with suppress(httpx.HTTPError):
                    host.now()
                    break
                assert time.monotonic() < ends
                time.sleep(0.05)

    def runs_of(self, function: str) -> int:
        """How often a function succeeded on either."""
        logs = (self._running.state / "logs").glob("functions*.log")
        lines = [json.loads(line) for log in logs for line in log.read_text().splitlines() if '"invocation"' in line]
        return sum(line["function"] == function and line["outcome"] == "succeeded" for line in lines)


@pytest.fixture
def hosts(running: Running) -> Iterator[Hosts]:
    """Clients of both."""
    with httpx.Client(timeout=120, trust_env=False) as http:
        yield Hosts(running, http)


@pytest.mark.rule("AMB-7")
def test_a_password_is_guessed_at_ten_times_and_not_ten_times_a_host(hosts: Hosts) -> None:
    answers = []
    for turn in range(GUESSES + 2):
        guess = {"email": "nobody@example.org", "password": f"guess {turn} of many"}
        answers.append(hosts.both[turn % 2].call("POST", "/api/brands/acme/session", json=guess).status_code)
    assert answers == [401] * GUESSES + [429] * 2


@pytest.mark.rule("RET-16")
def test_a_timer_runs_on_one_host_whichever_moves_the_clock(hosts: Hosts) -> None:
    before = hosts.runs_of("sweep_retention")
    for host in hosts.both:
        host.advance("PT1H")
    assert hosts.runs_of("sweep_retention") == before + 2


@pytest.mark.rule("MAIL-4")
@pytest.mark.rule("COL-14")
@pytest.mark.rule("RET-16")
def test_a_kill_of_either_in_an_import_an_invitation_run_and_a_sweep_loses_and_doubles_nothing(
    hosts: Hosts, running: Running
) -> None:
    account = hosts.one.sign_up("acme", "ada@example.org")
    book = ", ".join(f"person{number:05}@example.org" for number in range(PEOPLE)).encode()
    job = account.call("POST", "/contacts/import", params={"format": "emails"}, content=book, expect=202).json()[
        "jobId"
    ]
    killed = hosts.kill_whoever_runs("run_import")
    hosts.until_both_serve()
    assert account.call("GET", f"/jobs/{job}", expect=200).json()["state"] != "done", "it was killed in the middle"
    found_again(hosts)
    done = account.wait_for(job)
    assert (done["accepted"], done["updated"], done["refused"]) == (PEOPLE, 0, 0)

    ids = [contact["id"] for contact in account.contacts()]
    assert len(set(ids)) == PEOPLE
    asked = account.call("POST", "/contacts/invite", json={"contactIds": ids[:INVITED]}, expect=202).json()
    hosts.kill_whoever_runs("send_mails", but=killed)
    hosts.until_both_serve()
    found_again(hosts)
    account.wait_for(asked["jobId"])
    assert mailed(hosts) == {1: INVITED}

    hosts.both[1].call("POST", "/admin/clock", json={"advance": "P16D"}, expect=200)
    hosts.kill_whoever_runs("run_sweep")
    hosts.until_both_serve()
    found_again(hosts)
    hosts.one.drain()
    hosts.both[1].drain()
    assert mailed(hosts) == {2: INVITED}
    states = Counter(contact["ambassadorOptIn"] for contact in hosts.one.sign_in("acme", account.email).contacts())
    assert states == {"new": PEOPLE - INVITED, "invitation_sent": INVITED}
    verified = running.dev("verify-ledger", "--state", str(running.state))
    assert verified.returncode == 0, verified.stdout + verified.stderr


def found_again(hosts: Hosts) -> None:
    """Lets the timer find what the dead host left: its messages stay leased for a while."""
    hosts.both[1].call("POST", "/admin/clock", json={"advance": "PT11M"}, expect=200)


def mailed(hosts: Hosts) -> Counter[int]:
    """How many people got how many mails: of no time, since the sandbox asks for it a host that is killed here."""
    mails = hosts.one.call("GET", f"{hosts.one.mail_url}/api/messages", params={"limit": "0"}, expect=200).json()
    people = Counter(mail["to"] for mail in mails if mail["to"].startswith("person"))
    return Counter(people.values())
