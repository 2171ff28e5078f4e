"""Saving a contact: derived fields made anew, and every change of consent entered in the ledger (CON-7).

The contact's own document carries the newest entry in full (`proof`), so that it is written in one step with the consent it
proves; the ledger's copy follows. Should that be lost on the way, the next save or the repair timer writes it.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar

from shared.domain.ambassador import Ambassador
from shared.domain.consent import AmbassadorOptIn, OptInClass
from shared.domain.contact import Contact
from shared.domain.errors import ChangedMeanwhileError
from shared.domain.ledger import Entry, Evidence, next_entry
from shared.domain.records import stamp
from shared.domain.ugc import Ugc
from shared.ports import ConflictError, Outcome, Query, StaleError, Where
from shared.usecases.brands import Brand
from shared.usecases.collections import Change, Collection, Versioned, in_turns

ATTEMPTS = 10


@dataclass(frozen=True, slots=True)
class Edit:
    """A change of one contact and how it came about; `before` None is a new contact."""

    before: Versioned[Contact] | None
    after: Contact
    evidence: Evidence | None = None


def finished(brand: Brand, edit: Edit) -> Contact:
    """The contact to store: settled, and with a new proof when a consent changed."""
    after = edit.after.settled(brand.hasher, brand.policy.soft_bounce_limit)
    before = edit.before.record if edit.before else None
    if not _needs_proof(before, after):
        return after
    if edit.evidence is None:
        raise ValueError("a change of consent needs its evidence")
    entry = next_entry(
        before.proof if before else None,
        subject=after.id,
        at=brand.now(),
        before=_consents(before) if before else {},
        after=_consents(after),
        evidence=edit.evidence,
        key=brand.ledger_key,
    )
    return after.changed(proof=entry)


async def save(brand: Brand, edit: Edit) -> Versioned[Contact]:
    """Saves one contact; raises StaleError or ConflictError with nothing written."""
    after = finished(brand, edit)
    if edit.before is None:
        saved = await brand.contacts.create(after)
    else:
        if after.proof != edit.before.record.proof:
            await enter_missing(brand, brand.contacts, [edit.before.record])
        saved = await brand.contacts.replace(edit.before, after)
    if after.proof and (edit.before is None or after.proof != edit.before.record.proof):
        await enter_proof(brand, after.proof)
    return saved


async def save_many(brand: Brand, edits: Sequence[Edit]) -> list[Versioned[Contact] | None]:
    """Saves a batch; gives each contact as saved, None where somebody else wrote first (nothing was written there)."""
    changes = [Change(edit.before, finished(brand, edit)) async for edit in in_turns(edits)]
    proofs = [_new_proof(change) for change in changes]
    earlier = [change.before.record for change, proof in zip(changes, proofs, strict=True) if proof and change.before]
    await enter_missing(brand, brand.contacts, earlier)
    saved: list[Versioned[Contact] | None] = []
    for change, result in zip(changes, await brand.contacts.write_many(changes), strict=True):
        if change.after and result.etag and result.outcome is Outcome.WRITTEN:
            saved.append(Versioned(change.after, result.etag))
        else:
            saved.append(None)
    entries = [proof for proof, item in zip(proofs, saved, strict=True) if proof and item]
    if entries:
        await brand.ledger.write_many([Change(None, entry) for entry in entries])
    return saved


async def change(
    brand: Brand,
    ambassador: str,
    contact: str,
    act: Callable[[Contact], Contact | None],
    evidence: Evidence | None = None,
) -> Contact | None:
    """Reads a contact, lets `act` change it, saves; again when somebody was faster.

    `act` gives None to leave it as it is. Gives the contact as it then stands; None when there is none.
    """
    for _ in range(ATTEMPTS):
        current = await brand.contacts.get(ambassador, contact)
        if current is None:
            return None
        after = act(current.record)
        if after is None or after == current.record:
            return current.record
        with suppress(StaleError):
            return (await save(brand, Edit(current, after, evidence))).record
    raise ChangedMeanwhileError


T = TypeVar("T", Contact, Ambassador, Ugc)


async def enter_missing(brand: Brand, of: Collection[T], records: Sequence[T]) -> int:
    """Writes those of the entries that the records carry and the ledger lacks; gives how many.

    What takes an opt-out or an erasure back is told between the record and its entry: where the one lacks, so may the other.
    """
    carried = {(r.proof.subject, r.proof.id): r for r in records if r.proof}
    if not carried:
        return 0
    there = await brand.ledger.get_many(list(carried))
    missing = [record for key, record in carried.items() if key not in there]
    if missing:
        await of.say_again(missing)
        await brand.ledger.write_many([Change(None, record.proof) for record in missing if record.proof])
    return len(missing)


async def repair_proofs(brand: Brand, within: timedelta) -> int:
    """Writes the ledger entries that a crash kept from following their contacts; gives how many."""
    written = 0
    changed = Query(where=(Where("proof.at", ">=", stamp(brand.now() - within)),), order_by="proof.at")
    async for page in brand.contacts.pages(changed):
        written += await enter_missing(brand, brand.contacts, [item.record for item in page])
    async for photos in brand.ugc.pages(changed):
        written += await enter_missing(brand, brand.ugc, [item.record for item in photos])
    async for accounts in brand.ambassadors.pages(changed):
        written += await enter_missing(brand, brand.ambassadors, [item.record for item in accounts])
    return written


async def enter_proof(brand: Brand, entry: Entry) -> None:
    """Writes an entry that a record carries; writing it again is fine."""
    with suppress(ConflictError):
        await brand.ledger.create(entry)


def _new_proof(change: Change[Contact]) -> Entry | None:
    before = change.before.record.proof if change.before else None
    after = change.after.proof if change.after else None
    return after if after != before else None


def _consents(contact: Contact) -> dict[str, Any]:
    return {
        "ambassadorOptIn": contact.ambassador_opt_in.value,
        "brandOptIn": contact.brand_opt_in.value,
        "partnersOptIn": contact.partners_opt_in,
    }


def _needs_proof(before: Contact | None, after: Contact) -> bool:
    """Whether a consent changed; a question asked or repeated (new, invited, pending) is none."""
    if before is None:
        return after.ambassador_opt_in.opt_in_class is not OptInClass.BLOCKED or _brand_side(after) != (
            "none",
            False,
        )
    if before.ambassador_opt_in is after.ambassador_opt_in:
        return _brand_side(before) != _brand_side(after)
    both = {before.ambassador_opt_in.opt_in_class, after.ambassador_opt_in.opt_in_class}
    return both != {OptInClass.BLOCKED} or _brand_side(before) != _brand_side(after)


def _brand_side(contact: Contact) -> tuple[str, bool]:
    return contact.brand_opt_in.value, contact.partners_opt_in


def contradicts_proof(contact: Contact) -> bool:
    """Whether a contact says something of consent that its newest entry does not: somebody wrote past the ledger (CON-7)."""
    if contact.proof is None:
        return _needs_proof(None, contact)
    said, asked = dict(contact.proof.after), _consents(contact)
    waiting = contact.ambassador_opt_in.opt_in_class is OptInClass.BLOCKED
    was_waiting = AmbassadorOptIn(said["ambassadorOptIn"]).opt_in_class is OptInClass.BLOCKED
    if waiting and was_waiting:
        said["ambassadorOptIn"] = asked["ambassadorOptIn"]
    return said != asked
