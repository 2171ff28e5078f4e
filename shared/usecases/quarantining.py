"""Mail events that are kept aside: told apart by a keyed hash, counted in the log, and forgotten after a year."""

import hashlib
import hmac
import logging
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from datetime import timedelta

from shared.domain.quarantine import QuarantinedEvent
from shared.domain.records import stamp
from shared.ports import ConflictError, Outcome, Ports, Query, Where
from shared.usecases.collections import Change, Collection

KEPT = timedelta(days=365)

log = logging.getLogger("popsell")


def aside(ports: Ports, reason: str, content: str, custom_id: str | None = None) -> QuarantinedEvent:
    """The entry of one event; its content stays outside, since it is personal, and its id is nothing to test a guess on."""
    # The oldest signing key, which stays for years: the same event again is the same entry also after a rotation.
    said = f"quarantine:{reason}:{content}".encode(errors="replace")
    id = hmac.digest(ports.tokens.keys[-1], said, hashlib.sha256).hex()[:40]
    return QuarantinedEvent(id=id, reason=reason, at=ports.clock.now(), custom_id=custom_id)


async def put_aside(
    quarantine: Collection[QuarantinedEvent], ports: Ports, reason: str, content: str, custom_id: str | None = None
) -> None:
    """Keeps one event aside, counted and visible; the same one again is one entry."""
    count((reason,))
    with suppress(ConflictError):
        await quarantine.create(aside(ports, reason, content, custom_id))


def count(reasons: Iterable[str]) -> None:
    """Tells staff how many events were put aside why, without anything of a person."""
    for reason, times in Counter(reasons).items():
        log.warning("mail_events_put_aside", extra={"reason": reason, "count": times})


async def forget_old_events(quarantine: Collection[QuarantinedEvent], ports: Ports) -> int:
    """Deletes what was put aside over a year ago; gives how many."""
    deleted = 0
    old = Query(where=(Where("at", "<=", stamp(ports.clock.now() - KEPT)),), order_by="at")
    async for page in quarantine.pages(old):
        results = await quarantine.write_many([Change(item, None) for item in page])
        deleted += sum(result.outcome is Outcome.WRITTEN for result in results)
    return deleted
