"""Counting opens and clicks over any number of instances (ACT-4): a shard of each publication, conditional on its ETag."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from shared.domain.contact import Contact
from shared.domain.counting import SHARDS, Counted, CountShard, shard_of
from shared.domain.mail_events import EventKind
from shared.domain.publication import parse_publication_id
from shared.ports import ConflictError, StaleError
from shared.usecases.brands import Brand

ATTEMPTS = 20


@dataclass(frozen=True, slots=True)
class Counts:
    """The sums."""

    opens: int = 0
    clicks: int = 0
    reshares: int = 0

    def plus(self, shard: CountShard) -> "Counts":
        """The sums with a shard's."""
        return Counts(self.opens + shard.opens, self.clicks + shard.clicks, self.reshares + shard.reshares)


async def count_one(brand: Brand, publication: str, what: Counted, key: str | None = None) -> None:
    """Counts one more; with a key, the same one again is not counted twice.

    Without a key any shard will do, and who finds it taken tries another. A count is worth less than what it counts: when
    every try is outrun it is left out.
    """
    whose = parse_publication_id(publication)
    if whose is None or whose.brand != brand.id:
        return
    for _ in range(ATTEMPTS):
        shard = shard_of(key) if key else str(secrets.randbelow(SHARDS))
        current = await brand.counters.get(publication, shard)
        try:
            if current is None:
                fresh = CountShard(id=shard, publication_id=publication, ambassador_id=whose.ambassador)
                await brand.counters.create(fresh.plus(what, key))
            elif (after := current.record.plus(what, key)) != current.record:
                await brand.counters.replace(current, after)
            return
        except (ConflictError, StaleError):
            continue


async def count_opens(brand: Brand, before: Contact, after: Contact) -> None:
    """Counts a contact that opened a publication for the first time: as one more, of nobody in particular.

    To be called before the contact is saved: by the event's own key, neither a crash between the two nor the same events
    again count twice.
    """
    publications = {mail.id: mail.publication for mail in after.mails if mail.publication}
    known = {event.key for event in before.events}
    opened = {event.mail for event in before.events if event.kind == EventKind.OPEN}
    for event in after.events:
        publication = publications.get(event.mail or "")
        if publication and event.kind == EventKind.OPEN and event.key not in known and event.mail not in opened:
            opened.add(event.mail)
            await count_one(brand, publication, Counted.OPENS, event.key)


async def counts_of(brand: Brand, publications: Sequence[str]) -> dict[str, Counts]:
    """The sums of each publication, by batched point reads."""
    keys = [(publication, str(shard)) for publication in publications for shard in range(SHARDS)]
    sums = dict.fromkeys(publications, Counts())
    for (publication, _), shard in (await brand.counters.get_many(keys)).items():
        sums[publication] = sums[publication].plus(shard.record)
    return sums
