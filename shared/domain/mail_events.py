"""What the mail provider says became of a mail, turned into our own words (CON-3, SUP-1)."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum


class EventKind(StrEnum):
    """What happened to a mail, whatever the provider calls it."""

    DELIVERED = "delivered"
    OPEN = "open"
    CLICK = "click"
    SOFT_BOUNCE = "soft_bounce"
    HARD_BOUNCE = "hard_bounce"
    BLOCKED = "blocked"
    SPAM = "spam"
    UNSUBSCRIBE = "unsubscribe"
    NOT_THEIR_FAULT = "not_their_fault"  # staff look into it; the contact's status stays


@dataclass(frozen=True, slots=True)
class ProviderEvent:
    """One event in our words; `at` is in UTC and whole seconds, `error` a known one or "other"."""

    kind: EventKind
    custom_id: str
    email: str = field(repr=False)
    at: datetime
    message_id: str
    url: str | None = field(repr=False)
    error: str | None


@dataclass(frozen=True, slots=True)
class Unusable:
    """An event that is put aside, with a reason that holds no personal data."""

    reason: str


class NotEventsError(ValueError):
    """The body holds no events at all; `reason` says why and quotes nothing of it."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


# The events that mean one thing; and for those whose error must be read, what one that is unknown means.
_EVENTS: Mapping[str, EventKind] = {
    "sent": EventKind.DELIVERED,
    "open": EventKind.OPEN,
    "click": EventKind.CLICK,
    "spam": EventKind.SPAM,
    "unsub": EventKind.UNSUBSCRIBE,
}
_FAILURES: Mapping[str, EventKind] = {
    "bounce": EventKind.SOFT_BOUNCE,
    "blocked": EventKind.BLOCKED,
}

_ERRORS: Mapping[str, EventKind] = {
    # recipient
    "user unknown": EventKind.HARD_BOUNCE,
    "mailbox inactive": EventKind.SOFT_BOUNCE,
    "quota exceeded": EventKind.SOFT_BOUNCE,
    "blacklisted": EventKind.SPAM,
    "spam reporter": EventKind.SPAM,
    # domain
    "invalid domain": EventKind.HARD_BOUNCE,
    "typofix": EventKind.HARD_BOUNCE,
    "no mail host": EventKind.SOFT_BOUNCE,
    "relay/access denied": EventKind.SOFT_BOUNCE,
    "relay denied": EventKind.SOFT_BOUNCE,
    "access denied": EventKind.SOFT_BOUNCE,
    "greylisted": EventKind.NOT_THEIR_FAULT,
    # content
    "bad or empty template": EventKind.NOT_THEIR_FAULT,
    "error in template language": EventKind.NOT_THEIR_FAULT,
    # spam
    "sender blocked": EventKind.NOT_THEIR_FAULT,
    "content blocked": EventKind.NOT_THEIR_FAULT,
    "policy issue": EventKind.NOT_THEIR_FAULT,
    # system
    "system issue": EventKind.NOT_THEIR_FAULT,
    "protocol issue": EventKind.NOT_THEIR_FAULT,
    "connection issue": EventKind.NOT_THEIR_FAULT,
    # mailjet
    "preblocked": EventKind.HARD_BOUNCE,
    "duplicate in campaign": EventKind.NOT_THEIR_FAULT,
}

# For an error that is missing or new, whom the provider blames still tells whether it is the contact.
_NOT_THE_CONTACT = frozenset({"content", "spam", "system"})

_SEVERITY: Mapping[EventKind, int] = {
    EventKind.NOT_THEIR_FAULT: 0,
    EventKind.DELIVERED: 1,
    EventKind.OPEN: 2,
    EventKind.CLICK: 3,
    EventKind.SOFT_BOUNCE: 4,
    EventKind.UNSUBSCRIBE: 5,
    EventKind.BLOCKED: 6,
    EventKind.HARD_BOUNCE: 7,
    EventKind.SPAM: 8,
}

_EARLIEST = int(datetime(2015, 1, 1, tzinfo=UTC).timestamp())
_AHEAD = timedelta(days=1)
_LONGEST_ID = 200
_LONGEST_EMAIL = 320
_LONGEST_URL = 2048
_LONGEST_NUMBER = 40
_MARK = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[][{},]', re.DOTALL)  # what JSON's structure is made of
_SECONDS = re.compile(r"([0-9]{1,15})(?:\.[0-9]*)?", re.ASCII)


def severity(kind: EventKind) -> int:
    """How much an event weighs when states are folded: the greater wins, whatever came first (CON-3)."""
    return _SEVERITY[kind]


def parse_body(body: bytes) -> list[object]:
    """The events of a request: an array of them, a bare one, or none for `[]`; raises NotEventsError.

    What a strict reader would lose a whole batch for (a byte that is no UTF-8, NaN, a number of a thousand
    digits) spoils only the field that it stands in.
    """
    text = body.decode("utf-8-sig", errors="replace")
    try:
        parsed = _parsed(text)
    except RecursionError:
        return _one_by_one(text)
    except ValueError:
        raise NotEventsError("not_json") from None  # its message and chain quote the body
    if isinstance(parsed, list):
        return parsed
    if isinstance(parsed, dict):
        return [parsed]
    raise NotEventsError("not_events")


class TooDeep(str):
    """The text of an event that is nested too deep to be read."""


def _parsed(text: str) -> object:
    return json.loads(text, parse_int=_integer, parse_constant=lambda _: None)


def _one_by_one(text: str) -> list[object]:
    """The events of an array, each read by itself: one that is nested too deep loses no other; raises NotEventsError."""
    events: list[object] = []
    depth = start = 0
    for mark in _MARK.finditer(text):
        if mark[0] in ("[", "{"):
            depth += 1
            if depth == 1:
                start = mark.end()
                if mark[0] == "{":
                    raise NotEventsError("too_deep")
        elif mark[0] in ("]", "}"):
            depth -= 1
        if (depth == 1 and mark[0] == ",") or depth == 0:
            events.append(_readable(text[start : mark.start()]))
            start = mark.end()
        if depth == 0:
            return events
    raise NotEventsError("too_deep")


def _readable(text: str) -> object:
    try:
        return _parsed(text)
    except RecursionError:
        return TooDeep(text)
    except ValueError:
        return text


def parse_event(raw: object, now: datetime) -> ProviderEvent | Unusable:
    """One event in our words, or why it is put aside; never raises, whatever JSON value it is given.

    An event without our custom id, or without the address it is about, could be anybody's.
    """
    if isinstance(raw, TooDeep):
        return Unusable("too_deep")
    if not isinstance(raw, dict):
        return Unusable("not_an_object")
    name = _text(raw.get("event")).casefold()
    if name not in _EVENTS and name not in _FAILURES:
        return Unusable("unknown_event" if name else "missing_event")
    custom_id, email = _text(raw.get("CustomID")), _text(raw.get("email"))
    seconds = _seconds(raw.get("time"))
    reason = _why_not(custom_id, email, seconds, now)
    if reason or seconds is None:
        return Unusable(reason or "bad_time")
    error = _text(raw.get("error")).casefold()
    return ProviderEvent(
        kind=_kind(name, error, raw),
        custom_id=custom_id,
        email=email,
        at=datetime.fromtimestamp(seconds, UTC),
        message_id=_message_id(raw),
        url=_url(raw.get("url")) if name == "click" else None,
        error=_known(error),
    )


def _kind(name: str, error: str, raw: Mapping[str, object]) -> EventKind:
    if name in _EVENTS:
        return _EVENTS[name]
    meaning = _ERRORS.get(error)
    if name == "bounce" and _true(raw.get("hard_bounce")) and meaning is not EventKind.SPAM:
        return EventKind.HARD_BOUNCE  # the provider's own verdict; it blocks the address from now on
    if meaning is not None:
        return meaning
    if _text(raw.get("error_related_to")).casefold() in _NOT_THE_CONTACT:
        return EventKind.NOT_THEIR_FAULT
    return _FAILURES[name]


def _why_not(custom_id: str, email: str, seconds: int | None, now: datetime) -> str | None:
    checks = (
        ("missing_custom_id", not custom_id),
        ("bad_custom_id", len(custom_id) > _LONGEST_ID or not custom_id.isprintable()),
        ("missing_email", not email),
        ("bad_email", len(email) > _LONGEST_EMAIL or "@" not in email or not email.isprintable()),
        ("bad_time", seconds is None),
        ("insane_time", seconds is not None and not _EARLIEST <= seconds <= (now + _AHEAD).timestamp()),
    )
    return next((reason for reason, wrong in checks if wrong), None)


def _message_id(raw: Mapping[str, object]) -> str:
    names = ("MessageID", "mj_message_id", "Message_GUID")
    found = next((text for text in (_text(raw.get(name)) for name in names) if text), "")
    return found if len(found) <= _LONGEST_ID and found.isprintable() else ""


def _url(value: object) -> str | None:
    url = _text(value)[:_LONGEST_URL]
    return url.encode("utf-8", errors="replace").decode() or None


def _known(error: str) -> str | None:
    if not error:
        return None
    return error if error in _ERRORS else "other"


def _text(value: object) -> str:
    """The value as trimmed text; numbers come as text and text as numbers, and anything else is nothing."""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**_LONGEST_NUMBER:
        return str(value)
    return ""


def _seconds(value: object) -> int | None:
    """Unix seconds from a number or a text; None for what is neither."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, float):
        return int(value) if abs(value) < 10**15 else None
    matched = _SECONDS.fullmatch(_text(value))
    return int(matched[1]) if matched else None


def _true(value: object) -> bool:
    return value is True or _text(value).casefold() in ("true", "1")


def _integer(digits: str) -> int | str:
    """Keeps a monster as text: Python refuses integers of over 4,300 digits, which would lose the batch."""
    return int(digits) if len(digits) <= _LONGEST_NUMBER else digits
