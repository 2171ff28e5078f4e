"""Score, level, badges and awards (ACT-6): tables, and a tally that a repeat cannot raise.

An act counts once a day, however often it is done or told: a tally is the number of days on which an ambassador did it, and the
last of them. So a message that comes twice, or forty likes in a minute, change nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from pydantic import Field

from shared.domain.records import Instant, Record


class Act(StrEnum):
    """A deliberate act that counts."""

    PUBLISHED = "published"
    SHARED = "shared"
    COMMENTED = "commented"
    LIKED = "liked"
    PHOTO = "photo"


class Tally(Record):
    """On how many days, and when last."""

    days: int
    last: date


class Award(Record):
    """What the brand gave by hand, such as a contest's prize; the contest names it, so that it is given once."""

    contest: str
    title: str = Field(min_length=1, max_length=100)
    at: Instant


Acts = Mapping[Act, Tally]

POINTS: Mapping[Act, int] = {
    Act.PUBLISHED: 10,
    Act.SHARED: 10,
    Act.PHOTO: 5,
    Act.COMMENTED: 2,
    Act.LIKED: 1,
}
AWARD_POINTS = 50
# From so many points on, highest first.
LEVELS: tuple[tuple[int, str], ...] = ((1000, "star"), (300, "gold"), (100, "silver"), (25, "bronze"), (0, "starter"))
# Earned by so many days of an act.
BADGES: tuple[tuple[str, Act, int], ...] = (
    ("first_publication", Act.PUBLISHED, 1),
    ("regular_author", Act.PUBLISHED, 10),
    ("networker", Act.SHARED, 5),
    ("photographer", Act.PHOTO, 3),
    ("conversationalist", Act.COMMENTED, 10),
    ("supporter", Act.LIKED, 20),
)


@dataclass(frozen=True, slots=True)
class Standing:
    """What the ambassador, and the community, is shown."""

    score: int
    level: str
    badges: tuple[str, ...]
    awards: tuple[str, ...]


def after(acts: Acts, act: Act, at: datetime) -> Acts:
    """The tallies after an act; the very same when its day counts already."""
    known, day = acts.get(act), at.date()
    if known and known.last >= day:
        return acts
    return {**acts, act: Tally(days=(known.days if known else 0) + 1, last=day)}


def standing(acts: Acts, awards: tuple[Award, ...] = ()) -> Standing:
    """What the acts and awards add up to."""
    score = sum(POINTS[act] * tally.days for act, tally in acts.items()) + AWARD_POINTS * len(awards)
    return Standing(
        score=score,
        level=next(name for points, name in LEVELS if score >= points),
        badges=tuple(name for name, act, days in BADGES if act in acts and acts[act].days >= days),
        awards=tuple(award.title for award in awards),
    )
