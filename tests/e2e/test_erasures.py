"""The host killed with 45 erasures in flight: each begun one completes within a minute of the next start."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from local.state import State
from local.suite_client import Suite, find_link
from shared.domain.ids import new_id
from tests.e2e.running import Running

IN_FLIGHT = 45
PEOPLE = [f"leaves{number}@example.org" for number in range(IN_FLIGHT)]
STAYS = "stays@example.org"
ASKED_AT_ONCE = 25  # from one address on the network within an hour


def known_to_the_provider(running: Running, suite: Suite, address: str) -> bool:
    """Whether the mail sandbox has a contact of the address."""
    secrets = State(running.state).secrets()
    key = (secrets.mailjet_api_key, secrets.mailjet_api_secret)
    found = suite.call("GET", f"{suite.mail_url}/v3/REST/contact/{address}", auth=key)
    assert found.status_code in (200, 404)
    return found.status_code == 200


@pytest.mark.rule("RGT-4")
@pytest.mark.rule("RGT-6")
@pytest.mark.rule("DEL-8")
def test_RGT_4_every_erasure_in_flight_at_a_kill_completes_within_a_minute(
    running: Running, tmp_path: Path, record_property: Any
) -> None:
    with running.client() as suite:
        account = suite.sign_up("acme", "ada@example.org")
        account.import_file(", ".join([*PEOPLE, STAYS]).encode(), format="emails")
        account.invite(all=True)
        suite.drain()
        for start in range(0, IN_FLIGHT, ASKED_AT_ONCE):
            for person in PEOPLE[start : start + ASKED_AT_ONCE]:
                suite.call("POST", "/rights/acme", data={"email": person}, expect=200)
            suite.advance("PT61M")
        links = [find_link(suite.mails(person)[0], "/rights/") for person in PEOPLE]
        paths = ["/rights/" + link.rsplit("/", 1)[1] for link in links]

    def press(path: str) -> None:
        with suppress(httpx.HTTPError), running.client() as browser:
            browser.call("POST", path, data={"do": "erase", "sure": "yes", "form": new_id()})

    with ThreadPoolExecutor(IN_FLIGHT) as browsers:
        pressed = [browsers.submit(press, path) for path in paths]
        while not any(one.done() for one in pressed):
            time.sleep(0.002)
        running.kill_the_host()

    running.start()
    with running.client() as suite:
        account.suite = suite
        began = time.monotonic()
        suite.advance("PT11M")  # the recovery timer finds what was begun
        suite.drain()
        assert time.monotonic() - began < 60
        left = {contact["email"] for contact in account.contacts()} & {*PEOPLE, STAYS}
        assert STAYS in left
        record_property("erasures begun before the kill, and completed after it", len(PEOPLE) + 1 - len(left))
        assert len(left) <= IN_FLIGHT, "somebody had an answer, and stands nevertheless"
        known = {person for person in PEOPLE if known_to_the_provider(running, suite, person)}
        assert known <= left, "who is erased here is forgotten there"
        for person, path in zip(PEOPLE, paths, strict=True):  # whose press the host never took presses again
            if person in left:
                suite.call("POST", path, data={"do": "erase", "sure": "yes", "form": new_id()}, expect=200)
        suite.drain()
        assert {contact["email"] for contact in account.contacts()} & {*PEOPLE, STAYS} == {STAYS}
        assert [person for person in PEOPLE if known_to_the_provider(running, suite, person)] == []
        assert known_to_the_provider(running, suite, STAYS)
        nothing_is_left(running, suite.now(), tmp_path, record_property)


def nothing_is_left(running: Running, now: str, folder: Path, record_property: Any) -> None:
    """The audit finds no trace of them in any document, file, queue or log, nor on the disk; and who stays, it finds."""
    people = [{"id": id, "values": {"email": address}, "goneFrom": {"acme": now}} for id, address in
              (*((f"person {number}", person) for number, person in enumerate(PEOPLE)), ("who stays", STAYS))]  # fmt: skip
    (folder / "people.json").write_text(json.dumps({"people": people}))
    options = ("--canaries", str(folder / "people.json"), "--out", str(folder), "--port", str(running.port))
    audited = running.dev("audit", "--state", str(running.state), *options)
    (data,) = folder.glob("audit-*.json")
    report = json.loads(data.read_text())
    assert {f["canary"] for f in report["findings"]} == {"who stays"}, audited.stdout
    assert {f["place"] for f in report["findings"]} == {"store: contacts", "disk: store"}
    assert audited.returncode == 1
    record_property("places searched for them", len(report["searched"]))
