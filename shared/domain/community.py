"""The community of a brand's ambassadors (ACT-3): its flow by months, and what others say to a publication."""

from datetime import datetime
from enum import StrEnum

from pydantic import Field

from shared.domain.ids import new_id
from shared.domain.records import Instant, Record

FIRST_MONTH = "2018-01"


class FeedEntry(Record):
    """A publication's place in the flow, with what its reactions add up to; the rest is read from the publication itself.

    `month` is the partition: a page of the flow reads the newest months, never all of them.
    """

    id: str
    month: str
    at: Instant
    ambassador_id: str
    likes: int = 0
    comments: int = 0


class ReactionKind(StrEnum):
    """What an ambassador adds to a publication."""

    COMMENT = "comment"
    LIKE = "like"


class Reaction(Record):
    """One like or comment of one ambassador; a like's id is its ambassador's, so that there is one each."""

    id: str = Field(default_factory=new_id)
    publication_id: str
    kind: ReactionKind
    ambassador_id: str
    text: str | None = None
    at: Instant


def month_of(at: datetime) -> str:
    """The flow's partition for a time."""
    return f"{at:%Y-%m}"


def month_before(month: str) -> str:
    """The month before this one."""
    year, number = map(int, month.split("-"))
    return f"{year - 1}-12" if number == 1 else f"{year}-{number - 1:02}"
