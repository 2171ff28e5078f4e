"""The black list at work (SUP): listing an address, asking for it, and telling every record of it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from shared.domain.consent import AmbassadorOptIn
from shared.domain.contact import Contact, Origin
from shared.domain.errors import ChangedMeanwhileError
from shared.domain.ledger import Evidence
from shared.domain.pending import taken_back
from shared.domain.records import stamp
from shared.domain.suppression import Suppression, SuppressionReason
from shared.ports import ConflictError, Query, StaleError, Where
from shared.usecases.brands import Brand
from shared.usecases.saving import ATTEMPTS, change

REACH_QUEUE = "suppression-reach"


Reasons = Mapping[SuppressionReason, datetime]


@dataclass(frozen=True, slots=True)
class Listing:
    """What is known of an address by its hash: why nobody may write to it, and since when its person objects (art. 21)."""

    reasons: Reasons = field(default_factory=dict)
    objected_at: datetime | None = None


UNLISTED = Listing()


async def listed(brand: Brand, addresses: Iterable[str]) -> set[str]:
    """Those of the addresses that are on the brand's black list (SUP-2), under any key version."""
    return set(await reasons_listed(brand, addresses))


async def reasons_listed(brand: Brand, addresses: Iterable[str]) -> dict[str, Reasons]:
    """The same addresses, with why each is listed and since when."""
    return await reasons_by_hash(brand, {address: brand.hasher.refs(address) for address in addresses})


async def reasons_by_hash(brand: Brand, spellings: Mapping[str, Sequence[str]]) -> dict[str, Reasons]:
    """The same for addresses whose hashes, under every key version, are known already."""
    found = await _listings(brand, spellings)
    return {address: listing.reasons for address, listing in found.items() if listing.reasons}


async def listings(brand: Brand, addresses: Iterable[str]) -> dict[str, Listing]:
    """What is known of each of the addresses, under any key version; those that nothing is known of are left out."""
    return await _listings(brand, {address: brand.hasher.refs(address) for address in addresses})


async def _listings(brand: Brand, spellings: Mapping[str, Sequence[str]]) -> dict[str, Listing]:
    found = await brand.suppressions.get_many([(ref, ref) for refs in spellings.values() for ref in refs])
    there = {ref: item.record for (ref, _), item in found.items()}
    entries = {address: [there[ref] for ref in refs if ref in there] for address, refs in spellings.items()}
    return {
        address: Listing(
            {why: at for entry in own for why, at in entry.reasons.items()},
            min((entry.objected_at for entry in own if entry.objected_at), default=None),
        )
        for address, own in entries.items()
        if own
    }


async def count_by_reason(brand: Brand) -> dict[SuppressionReason, int]:
    """How many addresses are listed for each reason; one with several reasons counts for each (SUP-1)."""
    return {
        reason: await brand.suppressions.count(Where(f"reasons.{reason}", ">=", "")) for reason in SuppressionReason
    }


async def suppress(
    brand: Brand,
    ref: str,
    reason: SuppressionReason,
    at: datetime,
    *,
    reach: bool = False,
    by_hash_alone: bool = False,
    objects: bool = False,
) -> None:
    """Lists an address by its hash; listing it again changes nothing. `reach` asks for every record to be told.

    `objects` says that its person objects (art. 21), which holds for every record until `lift_objection`.
    Raises ChangedMeanwhileError rather than leave it unlisted.
    """
    fresh = Suppression(
        id=ref,
        reasons={reason: at},
        reach_since=at if reach else None,
        by_hash_alone=by_hash_alone,
        objected_at=at if objects else None,
    )
    for _ in range(ATTEMPTS):
        try:
            await brand.suppressions.create(fresh)
            return
        except ConflictError:
            current = await brand.suppressions.get(ref, ref)
        if current is None:
            continue
        entry = current.record.with_reason(reason, at)
        if reach:
            entry = entry.changed(reach_since=at, by_hash_alone=by_hash_alone)
        if objects and entry.objected_at is None:
            entry = entry.changed(objected_at=at)
        if entry == current.record:
            return
        try:
            await brand.suppressions.replace(current, entry)
            return
        except StaleError:
            continue
    raise ChangedMeanwhileError


async def withdraw(brand: Brand, ref: str, reason: SuppressionReason) -> None:
    """Takes back a reason that the facts no longer support; the address stays listed for its other reasons."""
    await _rest(brand, ref, lambda entry: entry.without_reason(reason) if reason in entry.reasons else entry)


async def lift_objection(brand: Brand, refs: Iterable[str], until: datetime) -> None:
    """Ends the objection that a person made until then: a yes to the brand is their later word (CON-6, art. 21)."""

    def lifted(entry: Suppression) -> Suppression | None:
        holds = entry.objected_at is None or entry.objected_at > until
        return entry if holds else entry.changed(objected_at=None).or_none

    for ref in refs:
        await _rest(brand, ref, lifted)


async def _rest(brand: Brand, ref: str, act: Callable[[Suppression], Suppression | None]) -> None:
    """Saves what an act leaves of an entry; nothing of it, and the entry goes."""
    for _ in range(ATTEMPTS):
        current = await brand.suppressions.get(ref, ref)
        rest = act(current.record) if current else None
        if current is None or rest == current.record:
            return
        try:
            if rest:
                await brand.suppressions.replace(current, rest)
            else:
                await brand.suppressions.delete(current)
            return
        except StaleError:
            continue
    raise ChangedMeanwhileError


async def opt_out_of_brand(brand: Brand, contact: Contact, evidence: Evidence) -> None:
    """The global opt-out (SUP-3): blocks the address at once, and tells this record and then every other one."""
    at = brand.now()
    refs = brand.hasher.refs(contact.email) if contact.email else (contact.email_hash,)
    known = [ref for ref in refs if ref]
    for ref in known:
        await suppress(brand, ref, SuppressionReason.GLOBAL_OPT_OUT, at, reach=True, by_hash_alone=not contact.email)
    await _tell(brand, contact, at, evidence)
    await brand.ports.queue.send(REACH_QUEUE, [{"brand": brand.id, "suppression": ref} for ref in known])


async def reach_records(brand: Brand, ref: str) -> int:
    """Makes every record of a globally opted-out address `opt_out_global` (SUP-3); gives how many changed."""
    entry = await brand.suppressions.get(ref, ref)
    if entry is None or entry.record.reach_since is None:
        return 0
    at = entry.record.reach_since  # and not the reason's date, which is that of the first opt-out of several
    changed = 0
    evidence = Evidence(actor="person", mechanism="opt_out_brand", reason="every_record_of_the_address")
    refs = await _hashes_of_the_address(brand, entry.record)
    async for page in brand.contacts.pages(Query(where=(Where("emailHash", "in", refs),))):
        for item in page:
            after = await _tell(brand, item.record, at, evidence)
            changed += after is not None and after.ambassador_opt_in is not item.record.ambassador_opt_in
    try:
        await brand.suppressions.replace(entry, entry.record.changed(reach_since=None))
    except StaleError:
        return changed  # listed anew meanwhile: that listing sends a message of its own
    return changed


async def _hashes_of_the_address(brand: Brand, entry: Suppression) -> tuple[str, ...]:
    """The hashes that records of a listed address may carry; after a rotation, a live one tells those of the other keys.

    That reads every contact of the brand, for the rare opt-out by a link to a record that only a hash is left of.
    """
    if entry.by_hash_alone and len(brand.hasher.keys) > 1:
        async for page in brand.contacts.pages(Query()):
            for item in page:
                if item.record.email and brand.hasher.matches(entry.id, item.record.email):
                    return brand.hasher.refs(item.record.email)
    return (entry.id,)


async def reach_again(brand: Brand, before: datetime) -> int:
    """Asks again for the opt-outs whose message was lost; gives how many."""
    waiting = Query(where=(Where("reachSince", "<=", stamp(before)),), order_by="reachSince")
    sent = 0
    async for page in brand.suppressions.pages(waiting):
        messages: Sequence[dict[str, str]] = [{"brand": brand.id, "suppression": i.record.id} for i in page]
        await brand.ports.queue.send(REACH_QUEUE, messages)
        sent += len(messages)
    return sent


async def _tell(brand: Brand, contact: Contact, at: datetime, evidence: Evidence) -> Contact | None:
    """The contact after the global opt-out; None when it is gone, or when a newer record stands for its address."""
    try:
        return await change(brand, contact.ambassador_id, contact.id, lambda c: _opted_out(c, at), evidence)
    except ConflictError:
        # What is left of a person who was entered again: it cannot take the address back, and the newer record is told.
        return None


def _opted_out(contact: Contact, at: datetime) -> Contact | None:
    if contact.ambassador_opt_in is AmbassadorOptIn.OPT_OUT_GLOBAL:
        return None
    if (contact.ambassador_opt_in.explicit or contact.pending) and contact.ambassador_opt_in_at > at:
        return None  # an own act since then (SUP-4)
    if contact.pending:  # nobody sees it, and nobody is to learn of it now
        return taken_back(contact, at, "opt_out_brand")
    return contact.changed(
        ambassador_opt_in=AmbassadorOptIn.OPT_OUT_GLOBAL,
        ambassador_opt_in_at=at,
        becomes=None,
        modified_at=at,
        modified_by=Origin(mechanism="opt_out_brand"),
    )
