"""What a caller asked for under a key of its own, so that asking again after a lost answer does nothing twice."""

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from shared.domain.hashing import Hasher
from shared.domain.records import Instant, Record

KEPT_FOR = timedelta(days=7)
BUSY_FOR = timedelta(minutes=5)  # longer than any request may take
LISTED = 10_000  # entries of each list of an answer that are kept for a repeat


class Repeat(Record):
    """One request under a key; `seed` names what it makes, also when it was cut short and is taken up again.

    Of key and body there are keyed hashes; the answer holds ids, counts and reasons.
    """

    id: str
    said: str
    seed: str
    at: Instant
    busy_until: Instant | None = None
    answer: Mapping[str, Any] | None = None

    def busy(self, now: datetime) -> bool:
        """Whether somebody is at it just now."""
        return self.answer is None and self.busy_until is not None and now < self.busy_until

    def answered(self, answer: Mapping[str, Any]) -> "Repeat":
        """The request with its answer, as it is given to each repeat."""
        kept = {name: value[:LISTED] if isinstance(value, list) else value for name, value in answer.items()}
        return self.changed(answer=kept, busy_until=None)


def refs_of(hasher: Hasher, scope: str, key: str) -> tuple[str, ...]:
    """What a request may be called, newest first: `scope` says who asks for what."""
    return hasher.refs(f"{scope}.{_to_the_letter(key.encode())}")


def said_as(hasher: Hasher, body: bytes) -> str:
    """What tells one body from another."""
    return hasher.ref(_to_the_letter(body))


def says_the_same(hasher: Hasher, known: Repeat, body: bytes) -> bool:
    """Whether the body is the one that came with the key before."""
    return hasher.matches(known.said, _to_the_letter(body))


def _to_the_letter(text: bytes) -> str:
    return hashlib.sha256(text).hexdigest()
