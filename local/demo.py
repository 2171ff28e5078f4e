"""`./dev demo`: plays the main job against a running suite, over HTTP alone, and tells what became of each contact and why."""

import argparse
import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import httpx

from local.suite_client import Account, Suite, SuiteError, find_link

BRAND = "acme"
YEARS = timedelta(days=4 * 365)
A_SWEEP = timedelta(hours=1)
"""How late a sweep may come."""
HEADINGS = ("First Name", "Last Name", "E-mail 1 - Label", "E-mail 1 - Value", "Labels")


@dataclass(slots=True)
class Person:
    """Somebody in the address book, what they do, and what the suite makes of it."""

    name: str
    does: str
    invited: bool = True
    act: Callable[["Play", "Person"], None] | None = None
    contact: dict[str, Any] | None = None
    story: list[str] = field(default_factory=list)
    end: str = ""
    because: str = ""

    @property
    def email(self) -> str:
        """An address that belongs to nobody."""
        return f"{self.name.lower()}@demo.example.org"


@dataclass(slots=True)
class Play:
    """The demonstration under way."""

    suite: Suite
    account: Account
    people: Sequence[Person]

    def answer(self, person: Person, part: str, **form: str) -> None:
        """Presses a button of a page that a mail of theirs links to."""
        mails = [mail for mail in self.suite.mails(person.email) if any(part in link for link in mail["links"])]
        self.suite.call("POST", find_link(mails[0], part), data=form, expect=200)
        self.suite.drain()

    def event(self, person: Person, **event: Any) -> None:
        """Lets the provider report something about the newest mail to them."""
        self.suite.event(self.suite.mails(person.email)[0], **event)
        self.suite.drain()

    def look(self) -> None:
        """Reads the book, and writes down what changed for each person, with the rule that was announced for it."""
        now = self.suite.now()[:10]
        book = {contact["id"]: contact for contact in self.account.contacts()}
        for person in self.people:
            before = person.contact
            if before is None:
                person.contact = next((c for c in book.values() if c["email"] == person.email), None)
                if person.contact:
                    person.story.append(f"{now} {person.contact['ambassadorOptIn']}")
                continue
            after = book.get(before["id"])
            if after is None and not person.end:
                announced = before["retention"] or {"action": "gone", "rule": ""}
                person.end = "deleted for good" if announced["action"] == "delete" else "anonymised"
                person.because = announced["rule"]
                person.story.append(f"{now} {person.end} ({announced['rule']})")
            elif after:
                self._changed(person, before, after, now)
                person.contact = after

    def next_date(self) -> datetime | None:
        """When the first of them will be acted on, as the records themselves say (RET-17); None when nobody is left."""
        held = [person.contact["retention"] for person in self.people if person.contact and not person.end]
        return min((_moment(retention["at"]) for retention in held if retention), default=None)

    def _changed(self, person: Person, before: dict[str, Any], after: dict[str, Any], now: str) -> None:
        if after["ambassadorOptIn"] != before["ambassadorOptIn"]:
            by = f" ({after['modifiedBy']})" if after["modifiedBy"].startswith("RET") else ""
            person.story.append(f"{now} {after['ambassadorOptIn']}{by}")
        if after["emailStatus"] != before["emailStatus"] and after["emailStatus"] != "ok":
            person.story.append(f"{now} {after['emailStatus']}")
        if len(after["mails"]) > len(before["mails"]) and after["mails"][-1]["kind"] == "second_invitation":
            person.story.append(f"{now} second invitation (RET-2)")


def main(argv: list[str]) -> int:
    """Plays it; 0 when every contact ended as the rules say."""
    parser = argparse.ArgumentParser(prog="./dev demo", description=__doc__)
    parser.add_argument("--port", type=int, default=7071, help="the port of ./dev run")
    args = parser.parse_args(argv)
    suite = Suite(f"http://localhost:{args.port}", f"http://localhost:{args.port + 1}")
    try:
        people = _play(suite)
    except httpx.ConnectError:
        print(f"No suite answers on port {args.port}: start it with ./dev run in another shell.")
        return 1
    except SuiteError as error:
        print(f"The demonstration stopped: {error}")
        return 1
    return _print_table(people)


def _play(suite: Suite) -> Sequence[Person]:
    people = _people()
    stamp = suite.now().replace(":", "").lower()[:17]
    account = suite.sign_up(BRAND, f"ada.{stamp}@demo.example.org")
    print(f"1. An ambassador of {BRAND} signed up, read the mail, confirmed and signed in.")
    play = Play(suite, account, people)
    job = account.import_file(_export(people), format="google-csv")
    print(
        f"2. Imported a Google export: {job['accepted']} accepted, {job['updated']} updated, {job['refused']} refused."
    )
    play.look()
    ids = [person.contact["id"] for person in people if person.contact and person.invited]
    asked = account.invite(contactIds=ids)
    print(f"3. Invited {asked['queued']}; skipped {len(asked['skipped'])}.")
    play.look()
    for person in people:
        if person.act:
            person.act(play, person)
    play.look()
    print("4. Some answered, some bounced, some stayed silent.")
    sent = account.call(
        "POST",
        "/publications",
        json={"subject": "My favourites this week", "body": "Have a look.", "all": True},
        expect=202,
    ).json()
    suite.drain()
    for person in people:
        if "one click" in person.does:
            play.answer(person, "/u/", **{"List-Unsubscribe": "One-Click"})
    play.look()
    print(f"5. A publication went to the {sent['queued']} who had said yes.")
    print("6. Time passes, from each date that a record announces for itself to the next:", end="", flush=True)
    ends = _moment(suite.now()) + YEARS
    while (due := play.next_date()) and due <= ends:
        suite.move_to(max(due, _moment(suite.now())) + A_SWEEP)
        play.account = suite.sign_in(BRAND, account.email)
        play.look()
        print(f" {suite.now()[:10]}", end="", flush=True)
    print()
    return people


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _people() -> Sequence[Person]:
    def press(part: str, **form: str) -> Callable[[Play, Person], None]:
        return lambda play, person: play.answer(person, part, **form)

    def report(**event: Any) -> Callable[[Play, Person], None]:
        return lambda play, person: play.event(person, **event)

    def soft_then_released(play: Play, person: Person) -> None:
        play.event(person, event="bounce", hard_bounce=False, error="quota exceeded")
        play.look()
        if person.contact:
            play.account.call("POST", f"/contacts/{person.contact['id']}/release", expect=200)

    return (
        Person("Alice", "accepts", act=press("/i/", answer="accept")),
        Person("Bruno", "accepts, then opts out by one click", act=press("/i/", answer="accept")),
        Person("Chloe", "declines", act=press("/i/", answer="decline")),
        Person("David", "opts out of all of the brand", act=press("/u/", scope="brand")),
        Person("Emma", "says nothing"),
        Person("Felix", "is never invited", invited=False),
        Person("Gaelle", "has an address that does not exist", act=report(event="bounce", hard_bounce=True)),
        Person("Hugo", "has a full mailbox, and is released", act=soft_then_released),
        Person("Ines", "calls it spam", act=report(event="spam", source="JMRPP")),
        Person("Jules", "only opens the mail", act=report(event="open")),
    )


def _export(people: Sequence[Person]) -> bytes:
    """The people as Google Contacts exports them, one twice and one row broken."""
    text = io.StringIO()
    rows = csv.writer(text)
    rows.writerow(HEADINGS)
    for person in people:
        rows.writerow((person.name, "Demo", "* Home", person.email, "Friends ::: * myContacts"))
    rows.writerow((people[0].name, "Demo", "* Work", people[0].email.upper(), "Customers"))
    rows.writerow(("Nobody", "Demo", "* Home", "not an address", ""))
    return text.getvalue().encode()


def _print_table(people: Sequence[Person]) -> int:
    print()
    print(f"{'Contact':<9}{'does':<37}{'ends as':<42}rule")
    left = 0
    for person in people:
        state = person.contact["ambassadorOptIn"] if person.contact else "never stored"
        end = f"{person.end} (was {state})" if person.end else state
        rule = person.because or (person.contact["retention"]["rule"] if person.contact else "")
        left += not person.end
        print(f"{person.name:<9}{person.does:<37}{end:<42}{rule}")
    print()
    for person in people:
        print(f"{person.name:<9}{' → '.join(person.story)}")
    print()
    print("Nothing is left of anybody but keyed hashes." if not left else f"{left} contacts are still held.")
    return 0
