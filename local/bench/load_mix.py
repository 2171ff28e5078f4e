"""What people and machines ask of a suite, mixed: who they are is made over HTTP first, as people come."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from random import Random

from local.bench.load_client import Request
from local.bench.measurement import Progress
from local.suite_client import PASSWORD, Account, Suite, basic

BRAND = "acme"
INVITED, KEPT = 50, 50  # of each ambassador's contacts
AMBASSADORS = 40
EVENTS_A_CALL = 5

# How many of a hundred requests are of each kind.
MIX = {
    "sign in": 1,
    "read own account": 12,
    "list contacts": 16,
    "read a contact": 15,
    "enter a contact": 8,
    "edit a contact": 8,
    "invite": 2,
    "see an invitation": 12,
    "answer it": 6,
    "see an opt-out": 3,
    "opt out": 3,
    "webhook": 6,
    "Manager: contacts": 5,
    "Manager: ambassadors": 3,
}


@dataclass(slots=True)
class People:
    """Who asks, and what they ask about."""

    accounts: list[Account]
    newcomers: list[Account] = field(default_factory=list)  # who only sign in: an eleventh session would end one in use
    kept: list[tuple[Account, str]] = field(default_factory=list)  # contacts to look at, edit and invite
    answering: list[str] = field(default_factory=list)  # paths of invitations
    leaving: list[str] = field(default_factory=list)  # paths of opt-outs
    mailed: list[tuple[str, str]] = field(
        default_factory=list
    )  # custom id and address of the mails, for the provider's events
    webhook: str = ""
    manager: str = ""


def people(suite: Suite, count: int, progress: Progress) -> People:
    """So many ambassadors with a hundred contacts each, half of whom are invited."""
    found = People([])
    for number in range(count):
        progress("ambassadors sign up and import", number, count)
        account = suite.sign_up(BRAND, f"ambassador{number}@example.org", alias=f"ambassador{number}")
        found.accounts.append(account)
        book = ", ".join(f"person{number}.{each}@example.org" for each in range(INVITED + KEPT)).encode()
        account.import_file(book, format="emails")
        ids = [contact["id"] for contact in account.contacts()]
        account.call("POST", "/contacts/invite", json={"contactIds": ids[:INVITED]}, expect=202)
        found.kept += [(account, id) for id in ids[INVITED:]]
        found.newcomers.append(suite.sign_up(BRAND, f"newcomer{number}@example.org", alias=f"newcomer{number}"))
    suite.drain()
    mails = suite.call("GET", f"{suite.mail_url}/api/messages", params={"limit": "0"}, expect=200).json()
    for place, mail in enumerate(mail for mail in mails if mail["to"].startswith("person")):
        paths = ["/" + link.split("/", 3)[3] for link in mail["links"]]
        part, into = ("u/", found.leaving) if place % 3 == 0 else ("i/", found.answering)
        into += [path for path in paths if path.startswith("/" + part)]
        found.mailed.append((mail["customId"], mail["to"]))
    told = suite.call("GET", "/admin/demo", expect=200).json()
    found.webhook = basic(told["mailjetWebhook"]["user"], told["mailjetWebhook"]["password"])
    found.manager = f"Bearer {told['manager']['brand_admin'][BRAND]['token']}"
    return found


class Mix:
    """Requests in an order by lot that is the same each time; each comes from an address of its own."""

    def __init__(self, who: People, now: int) -> None:
        random = Random(1)
        self._who, self._random, self._now = who, random, now
        self._made = 0
        self._kinds: dict[str, Callable[[], Request]] = {
            "sign in": self._sign_in,
            "read own account": lambda: self._own("read own account", "GET", "/me"),
            "list contacts": lambda: self._own("list contacts", "GET", "/contacts?limit=20"),
            "read a contact": lambda: self._contact("read a contact", "GET"),
            "enter a contact": self._enter,
            "edit a contact": lambda: self._contact("edit a contact", "PATCH", {"comments": f"Met {self._made} times"}),
            "invite": self._invite,
            "see an invitation": lambda: self._page("see an invitation", who.answering),
            "answer it": lambda: self._page(
                "answer it", who.answering, f"answer={random.choice(('accept', 'decline'))}"
            ),
            "see an opt-out": lambda: self._page("see an opt-out", who.leaving),
            "opt out": lambda: self._page("opt out", who.leaving, "scope=ambassador"),
            "webhook": self._webhook,
            "Manager: contacts": lambda: self._manager("Manager: contacts", "contacts"),
            "Manager: ambassadors": lambda: self._manager("Manager: ambassadors", "ambassadors"),
        }

    def take(self, count: int) -> list[Request]:
        """The next so many."""
        return [self._of(kind) for kind in self._random.choices(list(MIX), list(MIX.values()), k=count)]

    def _of(self, kind: str) -> Request:
        self._made += 1
        return self._kinds[kind]()

    def _from(self, **headers: str) -> dict[str, str]:
        """Who asks: limits count by address, and a load from one address would only meet them."""
        number = self._made
        return {"X-Forwarded-For": f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}", **headers}

    def _own(self, kind: str, method: str, path: str, body: object = None, *allowed: int) -> Request:
        return self._by(self._random.choice(self._who.accounts), kind, method, path, body, *allowed)

    def _by(self, account: Account, kind: str, method: str, path: str, body: object, *allowed: int) -> Request:
        headers = self._from(Authorization=f"Bearer {account.token}")
        content = None if body is None else json.dumps(body).encode()
        return Request(kind, method, f"/api/brands/{BRAND}{path}", headers, content, allowed or (200,))

    def _contact(self, kind: str, method: str, body: object = None) -> Request:
        account, id = self._random.choice(self._who.kept)
        return self._by(account, kind, method, f"/contacts/{id}", body)

    def _sign_in(self) -> Request:
        account = self._random.choice(self._who.newcomers)
        body = json.dumps({"email": account.email, "password": PASSWORD}).encode()
        return Request("sign in", "POST", f"/api/brands/{BRAND}/session", self._from(), body)

    def _enter(self) -> Request:
        body = {"email": f"met{self._made}@example.org", "firstName": "Zoe"}
        return self._own("enter a contact", "POST", "/contacts", body, 201)

    def _invite(self) -> Request:
        account, id = self._random.choice(self._who.kept)
        return self._by(account, "invite", "POST", "/contacts/invite", {"contactIds": [id]}, 202)

    def _page(self, kind: str, paths: list[str], form: str | None = None) -> Request:
        headers = self._from(**({"Content-Type": "application/x-www-form-urlencoded"} if form else {}))
        path = self._random.choice(paths)
        return Request(kind, "POST" if form else "GET", path, headers, form.encode() if form else None)

    def _webhook(self) -> Request:
        some = self._random.choices(self._who.mailed, k=EVENTS_A_CALL)
        body = json.dumps(list(self._events(some))).encode()
        headers = {"Authorization": self._who.webhook, "Content-Type": "application/json"}
        return Request("webhook", "POST", "/api/webhooks/mailjet", headers, body)

    def _events(self, mails: list[tuple[str, str]]) -> Iterator[dict[str, object]]:
        for custom_id, address in mails:
            name = self._random.choice(("sent", "open", "click"))
            yield {"event": name, "time": self._now, "email": address, "CustomID": custom_id, "MessageID": self._made}

    def _manager(self, kind: str, what: str) -> Request:
        return Request(
            kind, "GET", f"/api/manager/brands/{BRAND}/{what}?limit=20", {"Authorization": self._who.manager}
        )
