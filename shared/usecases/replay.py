"""Applying to a restored brand what its people said since the backup was made (BAK-3): erasures, opt-outs, the black list.

Who is meant is told by keyed hashes. It can be cut short and done again at any time: done again it changes nothing.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from shared.domain.ambassador import AccountStatus, Ambassador
from shared.domain.contact import Contact
from shared.domain.containers import AMBASSADORS, CONTACTS, LEDGER, SUPPRESSIONS, UGC
from shared.domain.ids import new_id
from shared.domain.ledger import Evidence, next_entry
from shared.domain.replaying import (
    BECAUSE,
    Remembered,
    addresses_of,
    replayed_account,
    replayed_contact,
    replayed_listing,
    replayed_photo,
    shut_out,
)
from shared.domain.tombstones import Tombstone
from shared.ports import Key, Outcome, Query, Write
from shared.usecases.back_up import CONTAINERS
from shared.usecases.brands import Brand
from shared.usecases.claims import release, release_network
from shared.usecases.collections import Change, Versioned, chunks
from shared.usecases.contacts import by_keys
from shared.usecases.farewell import ALSO_GOES
from shared.usecases.provider_forgets import owe_of_contacts
from shared.usecases.remembering import log_of, made
from shared.usecases.saving import Edit, enter_proof, save_many
from shared.usecases.ugc import said

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
    met: set[str] = set()
    async for contacts in _contacts(brand, told):
        edits: list[Edit] = []
        deletions: list[Change[Contact]] = []
        gone: list[Contact] = []
        for item in contacts:
            about = told.of_contact(item.record, brand.hasher)
            met |= {stone.id for stone in about}
            after = replayed_contact(item.record, about) if about else item.record
            if after is None:
                deletions.append(Change(item, None))
            elif after != item.record:
                edits.append(Edit(item, after, EVIDENCE))
            if item.record.email and (after is None or after.anonymised_at):
                gone.append(item.record)
        await owe_of_contacts(brand, gone)  # what the provider owed is in no backup, and it may not have paid
        results = await brand.contacts.write_many(deletions)
        saved = [result.outcome is Outcome.WRITTEN for result in results]
        saved += [contact is not None for contact in await save_many(brand, edits)]
        done.contacts += sum(saved)
        done.unsaved += len(saved) - sum(saved)
    await _who_is_in_no_backup(brand, [out for out in told.opt_outs() if out.id not in met], done)
    await _photos(brand, told, done)
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


async def _who_is_in_no_backup(brand: Brand, opt_outs: Sequence[Tombstone], done: Replayed) -> None:
    """Who was entered and opted out since the backup: their ambassador, if he is there, must not enter them again (SUP-5)."""
    by_ambassador: dict[str, list[Tombstone]] = {}
    for out in opt_outs:
        by_ambassador.setdefault(out.partition, []).append(out)
    accounts = await brand.ambassadors.get_many([(id, id) for id in by_ambassador])
    for (id, _), account in accounts.items():
        if account.record.status is AccountStatus.ANONYMISED:
            continue
        told = by_ambassador[id]
        stand = await by_keys(brand, id, [ref for out in told for ref in addresses_of(out)])
        records = [shut_out(out, brand.hasher) for out in told if stand.keys().isdisjoint(addresses_of(out))]
        missing = [record for record in records if record]
        taken = await brand.contacts.get_many([(id, record.id) for record in missing])
        named = [record.changed(id=new_id()) if (id, record.id) in taken else record for record in missing]
        saved = await save_many(brand, [Edit(None, record, EVIDENCE) for record in named])
        done.contacts += sum(contact is not None for contact in saved)
        done.unsaved += sum(contact is None for contact in saved)


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
    if after is not None:
        for network, grant in account.grants.items():
            if grant.account_hash and network not in after.grants:
                await release_network(brand, account.id, network, grant.account_hash)
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


async def _photos(brand: Brand, told: Remembered, done: Replayed) -> None:
    for some in chunks(told.records(UGC.name), 100):
        for item in (await brand.ugc.get_many(some)).values():
            photo = item.record
            about = told.of_record(UGC.name, photo.ambassador_id, photo.id, made(photo.to_document()))
            after = replayed_photo(photo, about)
            if after == photo:
                continue
            done.others += 1
            if after is None:
                await brand.ugc.delete(item)
                continue
            proof = photo.proof
            if said(photo) != said(after):
                proof = next_entry(
                    photo.proof,
                    subject=photo.id,
                    at=brand.now(),
                    before=said(photo),
                    after=said(after),
                    evidence=EVIDENCE,
                    key=brand.ledger_key,
                )
            await brand.ugc.replace(item, after.changed(proof=proof))
            if proof and proof != photo.proof:
                await enter_proof(brand, proof)


async def _what_is_no_person(brand: Brand, told: Remembered, done: Replayed) -> None:
    """What somebody deleted of what was theirs: publications, comments, likes; each only if it is that very one."""
    for container in CONTAINERS:
        if container in (CONTACTS, AMBASSADORS, SUPPRESSIONS, UGC, LEDGER):
            continue
        documents = brand.ports.store.brand(brand.id, container)
        for some in chunks(told.records(container.name), 100):
            there = await documents.read_many([Key(*key) for key in some])
            writes = [
                Write(key, None, stored.etag)
                for key, stored in there.items()
                if told.of_record(container.name, key.partition, key.id, made(stored.document))
            ]
            results = await documents.write_many(writes) if writes else []
            done.others += sum(result.outcome is Outcome.WRITTEN for result in results)
