"""A client of a running suite over HTTP alone: what the demonstration and the end-to-end tests drive it with."""

import base64
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import httpx

PASSWORD = "correct horse battery staple"


class SuiteError(Exception):
    """The suite answered something else than was expected."""


@dataclass(slots=True)
class Suite:
    """A running suite and its mail sandbox."""

    url: str = "http://localhost:7071"
    mail_url: str = "http://localhost:7072"
    http: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=120))

    def call(self, method: str, path: str, *, expect: int | None = None, **request: Any) -> httpx.Response:
        """One request; raises SuiteError when the status is not the expected one."""
        url = path if path.startswith("http") else self.url + path
        response = self.http.request(method, url, **request)
        if expect is not None and response.status_code != expect:
            raise SuiteError(f"{method} {path.partition('?')[0]}: {response.status_code} {response.text[:300]}")
        return response

    def now(self) -> str:
        """The suite's time."""
        return str(self.call("GET", "/admin/clock", expect=200).json()["now"])

    def advance(self, duration: str) -> None:
        """Moves the suite's clock on and lets everything come to rest."""
        self.call("POST", "/admin/clock", json={"advance": duration}, expect=200)
        self.drain()

    def move_to(self, moment: datetime) -> None:
        """Moves the suite's clock to a time and lets everything come to rest."""
        self.call("POST", "/admin/clock", json={"now": moment.isoformat()}, expect=200)
        self.drain()

    def drain(self) -> None:
        """Waits until every queue is empty and every function at rest."""
        self.call("POST", "/admin/drain?timeout=110", expect=200)

    def run(self, function: str, input: Any = None) -> None:
        """Runs a timer or queue function now."""
        self.call("POST", f"/admin/functions/{function}", json={"input": input}, expect=202)

    def sweep(self) -> None:
        """Runs a retention sweep to its end."""
        self.run("sweep_retention")
        self.drain()

    def mails(self, to: str) -> list[dict[str, Any]]:
        """What the sandbox received for an address, newest first."""
        found = self.call("GET", f"{self.mail_url}/api/messages", params={"to": to}, expect=200).json()
        return list(found)

    def event(self, mail: dict[str, Any], **event: Any) -> None:
        """Lets the sandbox report an event of a mail to the webhook."""
        answered = self.call("POST", f"{self.mail_url}/api/messages/{mail['id']}/events", json=event, expect=200)
        if answered.json()["webhookStatus"] != 200:
            raise SuiteError("the webhook did not answer 200")

    def sign_up(self, brand: str, email: str, **fields: Any) -> "Account":
        """Signs an ambassador up, reads the mail, confirms, and signs in."""
        form = {
            "email": email,
            "password": PASSWORD,
            "gender": "female",
            "firstName": "Ada",
            "lastName": "Martin",
            "alias": "ada",
            "acceptTerms": True,
            **fields,
        }
        self.call("POST", f"/api/brands/{brand}/ambassadors", json=form, expect=202)
        self.drain()
        link = find_link(self.mails(email)[0], "/c/")
        token = link.rsplit("/", 1)[1]
        self.call("POST", f"/api/brands/{brand}/ambassadors/confirm", json={"token": token}, expect=200)
        return self.sign_in(brand, email)

    def sign_in(self, brand: str, email: str) -> "Account":
        """Opens a session."""
        credentials = {"email": email, "password": PASSWORD}
        session = self.call("POST", f"/api/brands/{brand}/session", json=credentials, expect=200).json()
        return Account(self, brand, email, session["token"])


@dataclass(slots=True)
class Account:
    """A signed-in ambassador."""

    suite: Suite
    brand: str
    email: str
    token: str

    def call(self, method: str, path: str, *, expect: int | None = None, **request: Any) -> httpx.Response:
        """One request to the brand's API, signed in."""
        headers = {"Authorization": f"Bearer {self.token}", **request.pop("headers", {})}
        return self.suite.call(method, f"/api/brands/{self.brand}{path}", expect=expect, headers=headers, **request)

    def contacts(self) -> list[dict[str, Any]]:
        """Every contact of the book."""
        found: list[dict[str, Any]] = []
        cursor: str | None = None
        while True:
            params = {"limit": "200", **({"cursor": cursor} if cursor else {})}
            page = self.call("GET", "/contacts", params=params, expect=200).json()
            found += page["items"]
            cursor = page["nextCursor"]
            if cursor is None:
                return found

    def import_file(self, content: bytes, *, format: str | None = None) -> dict[str, Any]:
        """Imports an address book and waits for the job's end."""
        params = {"format": format} if format else {}
        job = self.call("POST", "/contacts/import", params=params, content=content, expect=202).json()["jobId"]
        return self.wait_for(job)

    def wait_for(
        self, job: str, watch: Callable[[dict[str, Any]], None] | None = None, seconds: float = 600
    ) -> dict[str, Any]:
        """The job when it is done or failed; `watch` sees each look at it."""
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            state: dict[str, Any] = self.call("GET", f"/jobs/{job}", expect=200).json()
            if watch:
                watch(state)
            if state["state"] in ("done", "failed"):
                return state
            time.sleep(0.2)
        raise SuiteError("the job did not end in time")

    def invite(self, **whom: Any) -> dict[str, Any]:
        """Invites and lets the mails go out."""
        asked: dict[str, Any] = self.call("POST", "/contacts/invite", json=whom or {"all": True}, expect=202).json()
        self.suite.drain()
        return asked


def find_link(mail: dict[str, Any], part: str) -> str:
    """The link of a mail whose path begins with this part."""
    for link in mail["links"]:
        if re.match(rf"https?://[^/]+{re.escape(part)}", link):
            return str(link)
    raise SuiteError(f"the mail has no link to {part}")


def basic(user: str, password: str) -> str:
    """The Authorization header of basic credentials."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
