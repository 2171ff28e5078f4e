"""Requests by which people use their rights (RGT-1): kinds, states, and the month that the law gives (art. 12(3))."""

import calendar
import hashlib
from collections.abc import Mapping
from datetime import datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from pydantic import Field

from shared.domain.ids import new_id
from shared.domain.ledger import Entry
from shared.domain.records import Instant, Record, whole_second

MONTHS, EXTENDED_MONTHS = 1, 3  # art. 12(3): one, and two further ones when that is necessary
LINK_HOLDS = timedelta(days=7)
PASSED_ON_FOR = timedelta(days=90)


class RightKind(StrEnum):
    """Which right is used."""

    ACCESS = "access"  # art. 15
    RECTIFICATION = "rectification"  # art. 16
    ERASURE = "erasure"  # art. 17
    RESTRICTION = "restriction"  # art. 18
    LIFTING = "lifting"  # the end of a restriction, by the person's own wish
    PORTABILITY = "portability"  # art. 20
    OBJECTION = "objection"  # art. 21
    REVIEW = "review"  # art. 22: a person looks at what a machine flagged
    OTHER = "other"  # what the person said in own words


class RightState(StrEnum):
    """How far a request is."""

    OPEN = "open"  # waits for a person
    RUNNING = "running"  # is being done
    DONE = "done"
    REFUSED = "refused"


# What is passed on to whom the data were given (art. 19, RGT-6).
PASSED_ON = frozenset({RightKind.RECTIFICATION, RightKind.ERASURE, RightKind.RESTRICTION, RightKind.LIFTING,
                       RightKind.OBJECTION})  # fmt: skip
# What a person may correct without anybody's doing.
RECTIFIABLE = ("first_name", "last_name", "street", "postal_code", "city", "country", "mobile_phone", "home_phone")


class Reached(Record):
    """A record that a request was about, for as long as that is passed on.

    `shared` says that it is the brand's too; then `key` is what the brand calls the person, if it does.
    """

    contact: str
    ambassador: str
    shared: bool = False
    key: str | None = None


class NoticeKind(StrEnum):
    """What the person is told by mail."""

    EXTENDED = "extended"
    ANSWERED = "answered"


class Notice(Record):
    """A mail about a request that has still to leave; what it says is kept no longer than that."""

    id: str
    kind: NoticeKind
    text: str
    tried_at: Instant | None = None


class RightsRequest(Record):
    """One request. What it says of a person goes when it is closed; that it was made, and when, is the proof of art. 12.

    `subject` is the hash of the address, or the ambassador's id. `email`, `text` and `changes` stand until they are no
    longer needed. `waiting_until` is the due date while somebody has to do something.
    """

    id: str = Field(default_factory=new_id)
    kind: RightKind
    state: RightState
    subject: str
    received_at: Instant
    due_at: Instant
    language: str = "en"
    people: tuple[str, ...] = ()  # every hash of the address
    ambassador: str | None = None
    link: str | None = None  # by which link it came
    email: str | None = None
    text: str | None = None
    changes: Mapping[str, str | None] = {}
    reached: tuple[Reached, ...] = ()
    listed: bool = False  # `reached` is complete
    running_since: Instant | None = None
    waiting_until: Instant | None = None
    extended_at: Instant | None = None
    extended_because: str | None = None
    notice: Notice | None = None
    owed_since: Instant | None = None  # the notice's, for the recovery timer
    passed_on_at: Instant | None = None
    closed_at: Instant | None = None
    closed_by: str | None = None
    note: str | None = None
    asked_by: str = "person"
    erased: Mapping[str, int] = {}  # how much of each kind an erasure is about
    proof: tuple[Entry, ...] = ()  # that it was done, and the mail provider's word (RGT-6): a chain of keyed hashes

    def done(
        self, at: datetime, by: str, state: RightState = RightState.DONE, note: str | None = None
    ) -> "RightsRequest":
        """The request closed, with nothing of the person that is not needed any more."""
        return self.changed(
            state=state,
            closed_at=at,
            closed_by=by,
            note=note,
            text=None,
            changes={},
            running_since=None,
            waiting_until=None,
            email=self.email if self.notice else None,
            passed_on_at=at if self.kind in PASSED_ON and self.reached else None,
        )

    def owing(self, notice: Notice | None, at: datetime) -> "RightsRequest":
        """The request with this mail to leave; the address goes with the last one of a closed request."""
        left = self.changed(notice=notice, owed_since=at if notice else None)
        return left.changed(email=None) if notice is None and self.closed_at else left


class RightsLink(Record):
    """A link that was asked for: for whom until it is mailed, and then what it opens.

    It is in no backup, and lives a week. `email` is gone when the person had everything erased, by whatever way; `subject` is
    the hash that it is found by then.
    """

    id: str
    asked_at: Instant
    email: str | None
    subject: str | None = None
    language: str
    people: tuple[str, ...] = ()
    tried_at: Instant | None = None
    mailed_at: Instant | None = None
    pending_since: Instant | None = None

    @property
    def expires_at(self) -> datetime:
        """Until when it opens something."""
        return self.asked_at + LINK_HOLDS


def once(link: str, kind: RightKind, form: str) -> str:
    """The id of the request that one showing of a page makes: the same press again is the same request (MAIL-3)."""
    digest = hashlib.sha256(f"{link}.{kind}.{form}".encode()).digest()
    return "".join("abcdefghijklmnopqrstuvwxyz234567"[byte % 32] for byte in digest[:24])


def due_at(received: datetime, zone: str, months: int = MONTHS) -> datetime:
    """The last second of the day that many calendar months after receipt, where the brand is (art. 12(3), RGT-5).

    A month that lacks the day ends on its own last one: the 31st of January is answered by the end of February.
    """
    here = ZoneInfo(zone)
    day = received.astimezone(here).date()
    years, month = divmod(day.month - 1 + months, 12)
    year, month = day.year + years, month + 1
    last = calendar.monthrange(year, month)[1]
    return whole_second(
        datetime.combine(day.replace(year=year, month=month, day=min(day.day, last)), time(23, 59, 59), here)
    )
