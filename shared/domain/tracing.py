"""What is kept of an address and a browser against fraud (ACT-5): a hash that nobody can make again tomorrow, and a count."""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.domain.flags import FlagKind
from shared.domain.hashing import WrappedKey
from shared.domain.records import Instant, Record

AGENTS_KEPT = 5
AGENT_LENGTH = 200


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who asks, as far as the network tells."""

    ip: str
    user_agent: str


@dataclass(frozen=True, slots=True)
class Burst:
    """So many times from one address within the window look like no person."""

    times: int
    window: timedelta


BURSTS: Mapping[FlagKind, Burst] = {
    FlagKind.CLICK_BURST: Burst(60, timedelta(hours=1)),
    FlagKind.SIGN_UP_BURST: Burst(10, timedelta(hours=1)),
}


class Trace(Record):
    """What one hashed address did, and with which browsers; or, under `salt_id`, the salt of a day.

    The salt is random and is forgotten when its day is over: from then on no hash made under it can be made again, so
    that traces of two days cannot be told to be of one address, nor tested with a guess.
    """

    id: str
    at: Instant
    salt: WrappedKey | None = None
    count: int = 0
    agents: tuple[str, ...] = ()

    def again(self, user_agent: str, burst: Burst, now: datetime) -> "Trace":
        """The trace after one more time; a new window begins when the old one is over."""
        count = self.count + 1 if now - self.at < burst.window else 1
        agents = tuple(dict.fromkeys((*self.agents, user_agent[:AGENT_LENGTH])))[:AGENTS_KEPT]
        return self.changed(count=count, agents=agents, at=self.at if count > 1 else now)


def salt_id(day: datetime) -> str:
    """Where the salt of a day lies."""
    return f"salt.{day:%Y%m%d}"


def trace_id(kind: FlagKind, salt: bytes, ip: str, subject: str | None) -> str:
    """Where the trace of an address lies today, for one thing it does to one subject."""
    digest = hmac.digest(salt, ip.encode(), hashlib.sha256).hex()[:32]
    return f"{kind}.{digest}.{subject}" if subject else f"{kind}.{digest}"
