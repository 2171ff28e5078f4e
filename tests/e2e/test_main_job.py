"""The main job on a real suite, over HTTP alone: who is mailed, who answers, what time does, and what is left."""

import base64
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from local.samples import write_google_export
from local.suite_client import Account, Suite, find_link
from tests.e2e.demonstration import check_demonstration
from tests.e2e.running import Running

PEOPLE = 200
NEVER_INVITED = [f"never.invited{number}@Example.org" for number in range(5)]


def person(number: int) -> str:
    """The address of a person of the sample export."""
    return f"person{number:06}@example.org"


def states(account: Account) -> Counter[str]:
    """How many contacts of the book stand where."""
    return Counter(contact["ambassadorOptIn"] for contact in account.contacts())


def kinds(suite: Suite, address: str) -> int:
    """How many mails an address was sent."""
    return len(suite.mails(address))


@pytest.mark.rule("RET-1")
@pytest.mark.rule("RET-2")
@pytest.mark.rule("RET-3")
def test_everybody_ends_as_the_rules_say_and_who_is_gone_leaves_no_trace(
    running: Running, suite: Suite, tmp_path: Path
) -> None:
    account = suite.sign_up("acme", "ada@example.org")
    write_google_export(tmp_path / "people.csv", PEOPLE)
    job = account.import_file((tmp_path / "people.csv").read_bytes(), format="google-csv")
    assert (job["state"], job["accepted"], job["refused"]) == ("done", PEOPLE, 0)
    assert account.invite()["queued"] == PEOPLE
    assert states(account) == {"invitation_sent": PEOPLE}
    for address in NEVER_INVITED:
        account.call("POST", "/contacts", json={"email": address, "firstName": "Zqnever"}, expect=201)

    links_change_nothing(suite, account)
    act(suite, account)
    book = {contact["email"]: contact for contact in account.contacts() if contact["email"]}
    statuses = [book[person(number)]["emailStatus"] for number in (3, 4, 5)]
    assert statuses == ["hard_bounce", "soft_bounce", "spam"]

    suite.advance("P16D")
    silent = range(6, PEOPLE + 1)
    assert Counter(kinds(suite, person(number)) for number in silent) == {2: len(silent)}
    assert [kinds(suite, person(number)) for number in (1, 2, 3, 4, 5)] == [1] * 5
    suite.advance("P16D")
    account = suite.sign_in("acme", account.email)
    assert states(account) == {
        "invitation_accepted": 1,
        "invitation_declined": 1,
        "opt_out_no_action": PEOPLE - 2,
    }
    assert Counter(kinds(suite, person(number)) for number in silent) == {2: len(silent)}
    for contact in account.contacts():
        assert (contact["email"] is None) == (contact["ambassadorOptIn"] != "invitation_accepted")
    asked = account.invite()
    assert asked["queued"] == 0
    assert traces(running.state, [*NEVER_INVITED, "Zqnever"]) == []
    assert traces(running.state, [person(1)]), "the search finds who is still held"
    the_ledger_is_whole(running)


def links_change_nothing(suite: Suite, account: Account) -> None:
    """A scanner opens every link of some mails, again and again."""
    before = account.contacts()
    for number in (1, 2, 3):
        for link in suite.mails(person(number))[0]["links"]:
            for method in ("GET", "HEAD") * 10 if suite.url.rsplit(":", 1)[1] in link else ():
                suite.call(method, link, expect=200)
    suite.drain()
    assert account.contacts() == before


def act(suite: Suite, account: Account) -> None:
    """One accepts, one declines, three have their mail come back."""
    for number, answer in (1, "accept"), (2, "decline"):
        link = find_link(suite.mails(person(number))[0], "/i/")
        pages = [suite.call("POST", link, data={"answer": answer}, expect=200).text for _ in range(2)]
        assert pages[0] == pages[1]
    events: tuple[dict[str, Any], ...] = (
        {"event": "bounce", "hard_bounce": True},
        {"event": "bounce", "hard_bounce": False},
        {"event": "spam"},
    )
    for number, event in zip((3, 4, 5), events, strict=True):
        suite.event(suite.mails(person(number))[0], **event)
    suite.drain()


def traces(state: Path, words: list[str]) -> list[str]:
    """The files of a state folder, but for the sandbox's mails, in which a word stands: plain, wide or in base64."""
    plain = [form for word in words for form in (word.lower().encode(), word.lower().encode("utf-16-le"))]
    coded = [form for word in words for each in (word, word.lower()) for form in in_base64(each.encode())]
    pattern = re.compile(b"|".join(map(re.escape, plain)))
    exact = re.compile(b"|".join(map(re.escape, coded)))
    found = []
    for path in sorted(state.rglob("*")):
        if path.is_file() and (state / "mail") not in path.parents:
            content = path.read_bytes()
            if pattern.search(content.lower()) or exact.search(content):
                found.append(str(path.relative_to(state)))
    return found


def in_base64(word: bytes) -> list[bytes]:
    """What base64 makes of a word, wherever in a text it begins, without the characters that its neighbours share."""
    return [base64.b64encode(b"\0" * shift + word)[-(-shift * 4 // 3) : len(word) * 4 // 3] for shift in range(3)]


def test_the_search_finds_a_word_in_every_coding(tmp_path: Path) -> None:
    word = "Someone@Example.org"
    for number, content in enumerate(
        (
            b"x" + word.upper().encode(),
            word.encode("utf-16-le"),
            *(base64.b64encode(b"a" * shift + word.encode() + b"bcd") for shift in range(4)),
        )
    ):
        path = tmp_path / str(number) / "file"
        path.parent.mkdir()
        path.write_bytes(content)
        assert traces(path.parent, [word]) == ["file"]


def the_ledger_is_whole(running: Running) -> None:
    """The verifier reads every chain of the run beside the running suite, and finds nothing."""
    verified = running.dev("verify-ledger", "--state", str(running.state))
    assert verified.returncode == 0, verified.stdout + verified.stderr
    assert re.search(r"acme: [1-9]\d* entries in [1-9]\d* chains, 0 faults", verified.stdout)


def test_the_demonstration_tells_what_became_of_each_contact_and_why(running: Running) -> None:
    check_demonstration(running.dev("demo", "--port", str(running.port), timeout=300))
