"""Log-ins at an identity provider that are under way: short, single use, and bound to the browser that began them (REG-2)."""

import hashlib
import hmac
from datetime import timedelta
from enum import StrEnum

from shared.domain.records import Instant, Record

LASTS = timedelta(minutes=10)


class FlowPurpose(StrEnum):
    """What the person goes to the provider for; a flow of one purpose finishes no other."""

    AMBASSADOR = "ambassador"
    SIGN_UP = "sign_up"  # who came back is not known yet, and is asked to accept the terms
    ADDRESS_BOOK = "address_book"
    MANAGER = "manager"


class Flow(Record):
    """One log-in under way. Its id is the `state` that the provider gives back.

    What it holds is sealed under a key that only the browser has, in a cookie: the store alone tells nothing of it, and
    an answer that comes by another browser finishes nothing (log-in CSRF). `browser` recognises the key.
    """

    id: str
    purpose: FlowPurpose
    provider: str
    brand: str | None = None
    expires_at: Instant
    browser: str
    sealed: str

    def is_of(self, key: str) -> bool:
        """Whether this is the browser that began it; compares in constant time."""
        return hmac.compare_digest(self.browser, browser_ref(key))


def browser_ref(key: str) -> str:
    """What recognises a browser's key and opens nothing."""
    return hashlib.sha256(f"browser:{key}".encode()).hexdigest()
