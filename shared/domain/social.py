"""What a social network tells of its people (COL-4): who did something with an ambassador's posts, and nothing of what they said.

Of a person an alias, the network's id and the picture's address are read; texts, names and everything else stay unread (ACT-4).
"""

import base64
import hmac
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Interaction:
    """A person of the network liked, answered, passed on or followed."""

    person: str = field(repr=False)
    alias: str = field(repr=False)
    photo_url: str | None = field(repr=False)
    at: datetime


@dataclass(frozen=True, slots=True)
class Told:
    """What one call tells: whose account it is about, and who did something with it."""

    account: str = field(repr=False)
    interactions: tuple[Interaction, ...]


def signature(secret: str, body: bytes) -> str:
    """How X signs a call, and wants its challenge answered: HMAC-SHA-256 under the app's consumer secret, in base64."""
    return "sha256=" + base64.b64encode(hmac.digest(secret.encode(), body, "sha256")).decode()


def is_signed(secrets: Sequence[str], body: bytes, given: str | None) -> bool:
    """Whether the body, as it came, was signed under one of the secrets; in constant time."""
    shown = (given or "").encode(errors="replace")
    known = [hmac.compare_digest(shown, signature(secret, body).encode()) for secret in secrets]
    return any(known)


def told_by_twitter(payload: Any) -> Told:
    """What an account activity event of X tells; an event of a kind that is not ours tells nothing."""
    account = _text(payload, "for_user_id")
    found = [event for name, read in _READ.items() for one in _list(payload, name) if (event := read(one, account))]
    return Told(account, tuple(event for event in found if event.person and event.person != account))


def _liked(event: Any, account: str) -> Interaction | None:
    return _interaction(event, "user", _milliseconds(event, "timestamp_ms"))


def _posted(event: Any, account: str) -> Interaction | None:
    """An answer to the ambassador's post, or a post that passes it on."""
    about = [event.get("in_reply_to_user_id_str")] if isinstance(event, dict) else []
    about += [_text(_dict(_dict(event, part), "user"), "id_str") for part in ("retweeted_status", "quoted_status")]
    return _interaction(event, "user", _milliseconds(event, "timestamp_ms")) if account and account in about else None


def _followed(event: Any, account: str) -> Interaction | None:
    if _text(event, "type") != "follow" or _text(_dict(event, "target"), "id") != account:
        return None
    return _interaction(event, "source", _milliseconds(event, "created_timestamp"))


_READ: Mapping[str, Callable[[Any, str], Interaction | None]] = {
    "favorite_events": _liked,
    "tweet_create_events": _posted,
    "follow_events": _followed,
}


def _interaction(event: Any, who: str, at: datetime | None) -> Interaction | None:
    person = _dict(event, who)
    id, alias = _text(person, "id_str") or _text(person, "id"), _text(person, "screen_name")
    photo = _text(person, "profile_image_url_https")
    if not id or not alias or at is None:
        return None
    return Interaction(id, f"@{alias}", photo if photo.startswith("https://") else None, at)


def _milliseconds(event: Any, name: str) -> datetime | None:
    try:
        return datetime.fromtimestamp(int(_text(event, name)) // 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _list(value: Any, name: str) -> Iterator[Any]:
    found = value.get(name) if isinstance(value, dict) else None
    yield from found if isinstance(found, list) else ()


def _dict(value: Any, name: str) -> dict[str, Any]:
    found = value.get(name) if isinstance(value, dict) else None
    return found if isinstance(found, dict) else {}


def _text(value: Any, name: str) -> str:
    """A short text, or a number as text; else nothing."""
    found = value.get(name) if isinstance(value, dict) else None
    text = str(found) if isinstance(found, str | int) and not isinstance(found, bool) else ""
    return text if len(text) <= 500 else ""
