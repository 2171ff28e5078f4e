"""The real identity sandbox on a free port for the time of a test session, and how a browser signs in at it."""

import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit, urlunsplit

import httpx
import pytest

from local.environment import identity_environment, identity_settings
from local.project import ROOT

ACME_TENANT = "aaaaaaaa-0000-4000-8000-000000000002"
GLOBEX_TENANT = "aaaaaaaa-0000-4000-8000-000000000003"


@dataclass(frozen=True, slots=True)
class IdentitySandbox:
    """Where it is reached."""

    url: str
    http: httpx.Client

    @property
    def settings(self) -> dict[str, str]:
        """The environment of functions that use it."""
        return identity_settings(self.url)

    def person(self, **said: Any) -> dict[str, Any]:
        """Adds or changes a person."""
        answer = self.http.post("/api/people", json=said)
        assert answer.status_code == 200, answer.text
        person: dict[str, Any] = answer.json()
        return person

    def fail(self, kind: str, times: int = 1) -> None:
        """Lets something go wrong next."""
        assert self.http.post("/api/faults", json={"kind": kind, "next": times}).status_code == 200

    def sign_in(self, authorize_url: str, who: str) -> str:
        """Where the provider sends a browser back to that signs in as somebody: path and query."""
        answer = self.http.get(authorize_url, params={**_query(authorize_url), "login_hint": who})
        assert answer.status_code == 302, answer.text
        back = urlsplit(answer.headers["Location"])
        return urlunsplit(("", "", back.path, back.query, ""))


@pytest.fixture(scope="session")
def identity_sandbox() -> Iterator[IdentitySandbox]:
    """One sandbox for all tests of a process."""
    with subprocess.Popen(
        ("node", str(ROOT / "local" / "identity_sandbox" / "main.mjs")),
        env=os.environ | identity_environment(),
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout
            line = process.stdout.readline()
            assert line.startswith("Listening at "), line
            url = line.removeprefix("Listening at ").strip()
            with httpx.Client(base_url=url, trust_env=False) as client:
                yield IdentitySandbox(url, client)
        finally:
            process.kill()


def _query(url: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
