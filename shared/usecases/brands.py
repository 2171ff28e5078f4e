"""A brand with everything that is its own: policy, keys, containers. Use cases are given one and reach nothing else (BR-1)."""

import base64
import re
import secrets
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TypeVar

from shared.domain import containers as c
from shared.domain.access_log import Access
from shared.domain.ambassador import Ambassador, Claim
from shared.domain.anonymisation import check_table
from shared.domain.api_keys import KeyRing
from shared.domain.backups import Backup
from shared.domain.community import FeedEntry, Reaction
from shared.domain.contact import Contact
from shared.domain.contest import Contest
from shared.domain.counting import CountShard
from shared.domain.data_map import table_of
from shared.domain.errors import UnknownObjectError
from shared.domain.flags import Flag
from shared.domain.forgetting import Forgetting
from shared.domain.forms import Form
from shared.domain.hashing import Hasher, WrappedKey
from shared.domain.jobs import Job, MailBatch, Run, RunPart
from shared.domain.ledger import Entry
from shared.domain.limits import Window
from shared.domain.newsletter import Newsletter
from shared.domain.orders import RecordedSale
from shared.domain.policy import BrandRecord, Policy
from shared.domain.publication import Publication
from shared.domain.records import Instant, Record
from shared.domain.repeats import Repeat
from shared.domain.rights import RightsLink, RightsRequest
from shared.domain.suppression import Suppression
from shared.domain.syncing import SyncKey
from shared.domain.tracing import Trace
from shared.domain.ugc import Ugc
from shared.domain.vouchers import Voucher
from shared.domain.white_list import Allowed, WhiteList
from shared.ports import ConflictError, Ports, Query
from shared.usecases.collections import Collection, Versioned
from shared.usecases.placing import store_of
from shared.usecases.remembering import Remembering, log_of

T = TypeVar("T", bound=Record)

KEEP_FOR = timedelta(seconds=20)
# A new hash key is only recognised at first: longer than a brand stays open anywhere, also in an import's long message,
# so that nobody meets a hash under a key that he does not know.
ACTIVE_AFTER = timedelta(minutes=15)


class BrandKeys(Record):
    """The wrapped keys of a brand: hash keys by version (their destruction unlinks every hash, DEL-5) and the ledger's.

    A version that stands in `active_from` makes no hashes before that time; one that does not has always made them.
    """

    id: str
    hash: Mapping[str, WrappedKey]
    active_from: Mapping[str, Instant] = {}
    ledger: WrappedKey
    backup: WrappedKey | None  # None once it is destroyed, and the hash keys with it (DEL-5)

    def writes(self, now: datetime) -> int:
        """The newest version of those that are active."""
        return max((int(v) for v in self.hash if v not in self.active_from or self.active_from[v] <= now), default=0)


check_table(BrandKeys, table_of("BrandKeys"))


def backup_key(ports: Ports, keys: BrandKeys) -> str:
    """What opens and seals a brand's backups; raises UnknownObjectError once it is destroyed."""
    if keys.backup is None:
        raise UnknownObjectError
    return base64.urlsafe_b64encode(ports.vault.unwrap(keys.backup)).decode()


def keys_path(brand: str) -> str:
    """Where the copy of a brand's wrapped keys lies."""
    return f"{brand}/keys"


@dataclass(frozen=True, slots=True)
class Brand:
    """One tenant, opened: the scope of every use case."""

    record: BrandRecord
    hasher: Hasher
    ledger_key: bytes
    backup_key: str
    ports: Ports
    ambassadors: Collection[Ambassador]
    contacts: Collection[Contact]
    activity: Collection[Publication]
    feed: Collection[FeedEntry]
    reactions: Collection[Reaction]
    counters: Collection[CountShard]
    newsletters: Collection[Newsletter]
    ugc: Collection[Ugc]
    contests: Collection[Contest]
    traces: Collection[Trace]
    flags: Collection[Flag]
    rights: Collection[RightsRequest]
    rights_links: Collection[RightsLink]
    forgettings: Collection[Forgetting]
    suppressions: Collection[Suppression]
    ledger: Collection[Entry]
    claims: Collection[Claim]
    limits: Collection[Window]
    repeats: Collection[Repeat]
    jobs: Collection[Job]
    batches: Collection[MailBatch]
    runs: Collection[Run]
    run_parts: Collection[RunPart]
    white_list: Collection[WhiteList]
    allowed: Collection[Allowed]
    forms: Collection[Form]
    backups: Collection[Backup]
    access_log: Collection[Access]
    api_keys: Collection[KeyRing]
    sync_keys: Collection[SyncKey]
    sales: Collection[RecordedSale]
    vouchers: Collection[Voucher]

    @property
    def id(self) -> str:
        """The brand's name in paths and ids."""
        return self.record.id

    @property
    def policy(self) -> Policy:
        """What the brand decided."""
        return self.record.policy

    def now(self) -> datetime:
        """The time."""
        return self.ports.clock.now()


@dataclass(slots=True)
class Brands:
    """The directory of brands; an opened one is reused for some seconds, so that a request costs no read of it."""

    ports: Ports
    _open: dict[str, tuple[datetime, Brand]] = field(default_factory=dict)

    async def get(self, brand: str) -> Brand:
        """The brand; raises UnknownObjectError when there is none, or none yet: while a backup is put back (BAK-3)."""
        now = self.ports.clock.now()
        known = self._open.get(brand)
        if known and timedelta(0) <= now - known[0] < KEEP_FOR:
            return known[1]
        if not re.fullmatch(r"[a-z0-9][a-z0-9-]{1,30}", brand):
            raise UnknownObjectError
        record = await self.records.get(brand, brand)
        keys = await self.keys.get(brand, brand)
        if record is None or keys is None or record.record.restoring_to or keys.record.backup is None:
            raise UnknownObjectError
        opened = self._opened(record.record, keys.record)
        self._open[brand] = (now, opened)
        return opened

    async def being_restored(self, brand: str) -> Brand:
        """The brand for whom puts a backup back, and leaves no tombstones by that; raises UnknownObjectError."""
        record, keys = await self.records.get(brand, brand), await self.keys.get(brand, brand)
        if record is None or keys is None:
            raise UnknownObjectError
        return self._opened(record.record, keys.record, remembering=False)

    async def what_is_left(self, brand: str) -> Brand:
        """The brand, also when its keys were destroyed (DEL-5): then its ledger can still be verified, and no hash made."""
        record, keys = await self.records.get(brand, brand), await self.keys.get(brand, brand)
        if record is None or keys is None:
            raise UnknownObjectError
        return self._opened(record.record, keys.record)

    async def all(self) -> list[str]:
        """The ids of every brand, but for those that are being restored, and those whose keys were destroyed."""
        found = [b.record async for page in self.records.pages(Query()) for b in page]
        return [record.id for record in found if record.restoring_to is None and record.destroyed_at is None]

    async def is_destroyed(self, brand: str) -> bool:
        """Whether the brand ended for good: what is still said about it, such as by a message, is about nobody."""
        found = await self.keys.get(brand, brand)
        return found is not None and found.record.backup is None

    async def destroyed(self) -> list[str]:
        """The ids of the brands whose keys were destroyed."""
        found = [b.record async for page in self.records.pages(Query()) for b in page]
        return [record.id for record in found if record.destroyed_at]

    async def create(self, record: BrandRecord) -> None:
        """Makes a brand with fresh keys, in the account that it names; making one that exists changes nothing.

        Raises UnknownAccountError.
        """
        store_of(self.ports, record)
        keys = BrandKeys(
            id=record.id,
            hash={"1": self.ports.vault.wrap(secrets.token_bytes(32))},
            ledger=self.ports.vault.wrap(secrets.token_bytes(32)),
            backup=self.ports.vault.wrap(secrets.token_bytes(32)),
        )
        with suppress(ConflictError):
            await self.keys.create(keys)
            await self.copy_keys(keys)
        with suppress(ConflictError):
            await self.records.create(record.changed(created_at=record.created_at or self.ports.clock.now()))

    async def save_policy(self, brand: str, policy: Policy) -> None:
        """Replaces the policy; it takes effect at once here, and everywhere within `KEEP_FOR`."""
        current = await self.record(brand)
        await self.save(current, current.record.changed(policy=policy))

    async def record(self, brand: str) -> Versioned[BrandRecord]:
        """The brand's own record as it is now; raises UnknownObjectError when there is none."""
        current = await self.records.get(brand, brand)
        if current is None:
            raise UnknownObjectError
        return current

    async def save(self, before: Versioned[BrandRecord], after: BrandRecord) -> Versioned[BrandRecord]:
        """Replaces the record that was read; raises StaleError. In force at once here, and everywhere within `KEEP_FOR`."""
        saved = await self.records.replace(before, after)
        self._open.pop(after.id, None)
        return saved

    async def page(self, limit: int, cursor: str | None) -> tuple[list[BrandRecord], str | None]:
        """One page of all brands."""
        found, cursor = await self.records.page(Query(limit=limit, cursor=cursor))
        return [item.record for item in found], cursor

    async def some(self, ids: Sequence[str]) -> list[BrandRecord]:
        """Those of the brands that exist, in this order."""
        found = await self.records.get_many([(id, id) for id in ids])
        return [found[id, id].record for id in ids if (id, id) in found]

    async def rotate_hash_key(self, brand: str) -> int:
        """Adds a hash key; old hashes are still recognised (DEL-10). Gives its version; until it is used, asking again too.

        New hashes use it once `ACTIVE_AFTER` has passed: until then not every instance would recognise them.
        """
        collection = self.keys
        current = await collection.get(brand, brand)
        if current is None:
            raise UnknownObjectError
        newest = max(map(int, current.record.hash))
        if current.record.active_from.get(str(newest), now := self.ports.clock.now()) > now:
            return newest
        version = newest + 1
        fresh = self.ports.vault.wrap(secrets.token_bytes(32))
        keys = current.record.changed(
            hash={**current.record.hash, str(version): fresh},
            active_from={**current.record.active_from, str(version): self.ports.clock.now() + ACTIVE_AFTER},
        )
        await self.copy_keys(keys)  # before anything can be hashed under the new one
        await collection.replace(current, keys)
        self.forget(brand)
        return version

    async def copy_keys(self, keys: BrandKeys) -> None:
        """Keeps the one copy of a brand's wrapped keys outside the store, so that a lost store can be restored.

        It is in no backup, and has no versions: keys that are destroyed are gone from both places (DEL-5).
        """
        await self.ports.backups.write(keys_path(keys.id), [keys.model_dump_json(by_alias=True).encode()])

    async def copied_keys(self, brand: str) -> BrandKeys | None:
        """That copy; None when there is none, or none any more."""
        try:
            return BrandKeys.model_validate_json(
                b"".join([part async for part in self.ports.backups.read(keys_path(brand))])
            )
        except FileNotFoundError:
            return None

    async def destroy_keys(self, brand: str) -> None:
        """Destroys a brand's keys: its hashes belong to nobody any more, and its backups cannot be read (DEL-5).

        The ledger's own stays, for what it proves. Doing it again is safe, and needed after a crash.
        """
        await self.ports.backups.delete(keys_path(brand))
        current = await self.keys.get(brand, brand)
        if current and current.record.backup:
            await self.keys.replace(current, current.record.changed(hash={}, active_from={}, backup=None))
        await self.ports.backups.delete(keys_path(brand))  # a backup that ran meanwhile may have copied them again
        self.forget(brand)

    def forget(self, brand: str) -> None:
        """Lets the next caller read the brand anew."""
        self._open.pop(brand, None)

    @property
    def records(self) -> Collection[BrandRecord]:
        """Every brand."""
        return Collection(self.ports.store.platform(c.BRANDS), BrandRecord, "id")

    @property
    def keys(self) -> Collection[BrandKeys]:
        """Their wrapped keys."""
        return Collection(self.ports.store.platform(c.KEYS), BrandKeys, "id")

    def _opened(self, record: BrandRecord, keys: BrandKeys, *, remembering: bool = True) -> Brand:
        unwrap, store = self.ports.vault.unwrap, store_of(self.ports, record)
        hasher = Hasher(
            {int(version): unwrap(key) for version, key in keys.hash.items()}, keys.writes(self.ports.clock.now())
        )
        log = log_of(self.ports, record.id)

        def of(container: c.Container, model: type[T]) -> Collection[T]:
            documents = store.brand(record.id, container)
            if remembering and container.backed_up:
                return Remembering(documents, model, container, hasher, log)
            return Collection(documents, model, container.partition)

        return Brand(
            record=record,
            hasher=hasher,
            ledger_key=unwrap(keys.ledger),
            backup_key=backup_key(self.ports, keys) if keys.backup else "",
            ports=replace(self.ports, store=store),
            ambassadors=of(c.AMBASSADORS, Ambassador),
            contacts=of(c.CONTACTS, Contact),
            activity=of(c.ACTIVITY, Publication),
            feed=of(c.FEED, FeedEntry),
            reactions=of(c.REACTIONS, Reaction),
            counters=of(c.COUNTERS, CountShard),
            newsletters=of(c.NEWSLETTERS, Newsletter),
            ugc=of(c.UGC, Ugc),
            contests=of(c.CONTESTS, Contest),
            traces=of(c.LIMITS, Trace),
            flags=of(c.FLAGS, Flag),
            rights=of(c.RIGHTS, RightsRequest),
            rights_links=of(c.RIGHTS_LINKS, RightsLink),
            forgettings=of(c.FORGETTINGS, Forgetting),
            suppressions=of(c.SUPPRESSIONS, Suppression),
            ledger=of(c.LEDGER, Entry),
            claims=of(c.CLAIMS, Claim),
            limits=of(c.LIMITS, Window),
            repeats=of(c.REPEATS, Repeat),
            jobs=of(c.JOBS, Job),
            batches=of(c.BATCHES, MailBatch),
            runs=of(c.RUNS, Run),
            run_parts=of(c.RUNS, RunPart),
            white_list=of(c.ALLOWED, WhiteList),
            allowed=of(c.ALLOWED, Allowed),
            forms=of(c.FORMS, Form),
            backups=of(c.BACKUPS, Backup),
            access_log=of(c.ACCESS_LOG, Access),
            api_keys=of(c.API_KEYS, KeyRing),
            sync_keys=of(c.SYNC_KEYS, SyncKey),
            sales=of(c.SALES, RecordedSale),
            vouchers=of(c.VOUCHERS, Voucher),
        )
