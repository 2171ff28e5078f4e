"""Applying to a restored brand what its people said since the backup was made (BAK-3): erasures, opt-outs, the black list.

Who is meant is told by keyed hashes. It can be cut short and done again at any time: done again it changes nothing.
"""

from collections import defaultdict
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime

from shared.domain.ambassador import AccountStatus, Ambassador
from shared.domain.contact import Contact
from shared.domain.containers import CONTACTS, LEDGER
from shared.domain.ledger import Evidence, next_entry
from shared.domain.replaying import BECAUSE, Remembered, replayed_account, replayed_contact, replayed_listing
from shared.domain.tombstones import OF
from shared.ports import Key, Outcome, Query, Write
from shared.usecases.back_up import CONTAINERS
from shared.usecases.brands import Brand
from shared.usecases.claims import release
from shared.usecases.collections import Change, Versioned, chunks
from shared.usecases.farewell import ALSO_GOES
from shared.usecases.remembering import log_of, made
from shared.usecases.saving import Edit, enter_proof, save_many

A_PAGE = 500
EVIDENCE = Evidence(actor="system", mechanism=BECAUSE)


@dataclass(slots=True)
class Replayed:
    """What was told, and what it changed; `unsaved` records somebody else wrote meanwhile, so it has to be done again."""

    tombstones: int = 0
    contacts: int = 0
    accounts: int = 0
    listings: int = 0
    others: int = 0
    unsaved: int = 0

    @property
    def changed(self) -> int:
        """How many records are not as they were."""
        return self.contacts + self.accounts + self.listings + self.others


async def replay(brand: Brand, since: datetime) -> Replayed:
    """Applies every tombstone written since a time; the brand is one that leaves none itself (`Brands.being_restored`)."""
    told = Remembered([stone async for stone in log_of(brand.ports, brand.id).since(since)])
    done = Replayed(tombstones=told.count)
    await _black_list(brand, told, done)
    async for accounts in brand.ambassadors.pages(Query(limit=A_PAGE)):
        for account in accounts:
            await _account(brand, account, told, done)
    async for contacts in _contacts(brand, told):
        edits: list[Edit] = []
        deletions: list[Change[Contact]] = []
        for item in contacts:
            about = told.of_contact(item.record, brand.hasher)
            after = replayed_contact(item.record, about) if about else item.record
            if after is None:
                deletions.append(Change(item, None))
            elif after != item.record:
                edits.append(Edit(item, after, EVIDENCE))
        results = await brand.contacts.write_many(deletions)
        saved = [result.outcome is Outcome.WRITTEN for result in results]
        saved += [contact is not None for contact in await save_many(brand, edits)]
        done.contacts += sum(saved)
        done.unsaved += len(saved) - sum(saved)
    await _what_is_no_person(brand, told, done)
    return done


async def _contacts(brand: Brand, told: Remembered) -> AsyncIterator[list[Versioned[Contact]]]:
    """The contacts of whom something is told, in pages: the documents of all are looked at, and few are read as records."""
    feed, position = brand.ports.store.brand(brand.id, CONTACTS), None
    while True:
        page = await feed.changes(position, A_PAGE)
        keys = [(d["ambassadorId"], d["id"]) for d in page.items if told.concerns(d, brand.hasher)]
        if keys:
            yield list((await brand.contacts.get_many(keys)).values())
        if not page.more:
            return
        position = page.position


async def _black_list(brand: Brand, told: Remembered, done: Replayed) -> None:
    listings = told.listings()
    for ids in chunks(listings, 100):
        there = await brand.suppressions.get_many([(id, id) for id in ids])
        changes = []
        for id in ids:
            current = there.get((id, id))
            after = replayed_listing(current.record if current else None, id, listings[id])
            if after != (current.record if current else None):
                changes.append(Change(current, after))
        results = await brand.suppressions.write_many(changes)
        done.listings += sum(result.outcome is Outcome.WRITTEN for result in results)
        done.unsaved += sum(result.outcome is not Outcome.WRITTEN for result in results)


async def _account(brand: Brand, current: Versioned[Ambassador], told: Remembered, done: Replayed) -> None:
    account = current.record
    about = told.of_account(account, brand.hasher)
    after = replayed_account(account, about, brand.hasher) if about else account
    if after == account:
        return
    done.accounts += 1
    if after is None or after.status is AccountStatus.ANONYMISED:
        await release(brand, account)
        for file in account.files:
            await brand.ports.files.delete(file)
        for goes in ALSO_GOES:
            await goes(brand, account)
    if after is None:
        await brand.ambassadors.delete(current)
        return
    if after.status is AccountStatus.LEAVING and account.status is AccountStatus.ACTIVE:
        proof = next_entry(
            account.proof,
            subject=account.id,
            at=brand.now(),
            before={"status": account.status.value},
            after={"status": after.status.value},
            evidence=EVIDENCE,
            key=brand.ledger_key,
        )
        after = after.changed(proof=proof, sessions=()).owing(())
    await brand.ambassadors.replace(current, after.settled(brand.hasher))
    if after.proof and after.proof != account.proof:
        await enter_proof(brand, after.proof)


async def _what_is_no_person(brand: Brand, told: Remembered, done: Replayed) -> None:
    """What somebody deleted of what was theirs: publications, comments, likes; each only if it is that very one."""
    names = {c.name: c for c in CONTAINERS if c.name not in OF and c is not LEDGER}
    keys: defaultdict[str, list[Key]] = defaultdict(list)
    for container, partition, id in told.deleted():
        if container in names:
            keys[container].append(Key(partition, id))
    for name, gone in keys.items():
        documents = brand.ports.store.brand(brand.id, names[name])
        for some in chunks(gone, 100):
            there = await documents.read_many(some)
            writes = [
                Write(key, None, stored.etag)
                for key, stored in there.items()
                if told.gone(name, key.partition, key.id, made(stored.document))
            ]
            results = await documents.write_many(writes) if writes else []
            done.others += sum(result.outcome is Outcome.WRITTEN for result in results)
