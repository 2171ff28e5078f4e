"""The consent ledger (CON-7): entries chained by a keyed hash, which prove who agreed to what, when and how."""

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from shared.domain.records import Instant, Record


class Evidence(Record):
    """How a consent came about: never a name or an address."""

    actor: str  # "person", "ambassador:<id>", "staff:<id>", "provider", "system"
    mechanism: str  # "invitation", "opt_out_page", "one_click", "RET-3", …
    text_version: str | None = None  # which wording the person saw
    ip_hash: str | None = None
    mail: str | None = None  # the mail or form it answers
    reason: str | None = None


class Entry(Record):
    """One change of consent; `hash` covers everything else and the hash before it."""

    subject: str
    seq: int
    at: Instant
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    evidence: Evidence
    previous: str
    hash: str = ""
    id: str = ""  # one place in one chain, so that two writers cannot both take it


def next_entry(
    head: Entry | None,
    *,
    subject: str,
    at: datetime,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    evidence: Evidence,
    key: bytes,
) -> Entry:
    """The entry that continues the chain."""
    seq = head.seq + 1 if head else 1
    entry = Entry(
        id=f"{subject}.{seq:06d}",
        subject=subject,
        seq=seq,
        at=at,
        before=before,
        after=after,
        evidence=evidence,
        previous=head.hash if head else "",
    )
    return entry.changed(hash=_hash(entry, key))


def faults(entries: Sequence[Entry], head: Entry | None, key: bytes) -> list[str]:
    """What is wrong with one subject's chain, read in order, against the head that its record carries; [] when whole.

    Changed, dropped (also the last), inserted and reordered entries are each found.
    """
    found: list[str] = []
    previous = ""
    for place, entry in enumerate(entries, start=1):
        where = f"{entry.subject} #{place}"
        if entry.seq != place:
            found.append(f"{where}: entry {entry.seq} stands here")
        if not hmac.compare_digest(entry.hash, _hash(entry, key)):
            found.append(f"{where}: the entry was changed")
        if entry.previous != previous:
            found.append(f"{where}: does not follow the entry before it")
        previous = entry.hash
    last = entries[-1] if entries else None
    if last != head:
        subject = (head or entries[-1]).subject
        found.append(f"{subject}: the chain does not end where the record says")
    return found


def _hash(entry: Entry, key: bytes) -> str:
    content = entry.model_dump(mode="json", by_alias=True, exclude={"hash"}, exclude_defaults=True)
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hmac.digest(key, text.encode(), hashlib.sha256).hex()
