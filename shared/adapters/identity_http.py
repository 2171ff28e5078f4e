"""How identity providers are asked over HTTP: with a time-out, and on a developer's machine at the sandbox instead."""

from typing import Any

import requests
from requests.adapters import HTTPAdapter

TIMEOUT_SECONDS = 10
# MSAL wants an https authority; the sandbox is known by this name, and nothing else is.
SANDBOX_AUTHORITY = "https://login.test"


def identity_session(sandbox: str | None) -> requests.Session:
    """A session for MSAL; with a sandbox's address, whatever is asked of SANDBOX_AUTHORITY is asked there."""
    session = requests.Session()
    session.mount("https://", _TimedAdapter())
    if sandbox:
        session.trust_env = False  # no proxy stands between this machine and itself
        session.mount(f"{SANDBOX_AUTHORITY}/", _SandboxAdapter(sandbox))
    return session


class _TimedAdapter(HTTPAdapter):
    """Gives up after a while, since a person waits."""

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        kwargs["timeout"] = kwargs.get("timeout") or TIMEOUT_SECONDS
        return super().send(request, *args, **kwargs)


class _SandboxAdapter(_TimedAdapter):
    """Asks the sandbox."""

    def __init__(self, sandbox: str) -> None:
        super().__init__()
        self._sandbox = sandbox

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        request.url = self._sandbox + (request.url or "").removeprefix(SANDBOX_AUTHORITY)
        return super().send(request, *args, **kwargs)
