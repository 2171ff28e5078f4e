"""Contests of a brand, and what an ambassador agrees to by entering a photo (ACT-2, RET-12)."""

import hashlib
import json
from typing import Annotated

from pydantic import Field

from shared.domain.records import Instant, Record


class Contest(Record):
    """A contest: what photos entered are used for, until when they are taken, and how long the brand may use them."""

    id: str
    title: str = Field(min_length=1, max_length=200)
    usage: str = Field(min_length=1, max_length=2000)
    ends_at: Instant
    days: Annotated[int, Field(ge=1, le=1825)]
    created_at: Instant

    @property
    def text_version(self) -> str:
        """Names exactly what a person who agrees was told; it changes with any word and with nothing else."""
        words = json.dumps([self.title, self.usage, self.days], ensure_ascii=False)
        return f"contests/{self.id}/{hashlib.sha256(words.encode()).hexdigest()[:8]}"


class ReuseConsent(Record):
    """A recorded consent to the reuse of one photo: for this contest, this usage, this long (art. 7)."""

    contest: str
    usage: str
    days: int
    text_version: str
    given_at: Instant
    until: Instant
    withdrawn_at: Instant | None = None
