"""Contacts that a brand's own database sends (COL-3, COL-12): batched, idempotent by the brand's key, answered row by row.

A key leads to one contact by a document of its own, found by a point read. It is written after the contact: what a crash
leaves between the two is a contact that the same row, sent again, finds by its address and only gives the key to.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from shared.domain.addresses import clean_address
from shared.domain.anonymisation import anonymised_contact
from shared.domain.collecting import Arrival, Decision, Source, decide, way
from shared.domain.collecting import Outcome as Came
from shared.domain.consent import BrandOptIn
from shared.domain.contact import Contact, Origin
from shared.domain.errors import BrandSuspendedError, ChangedMeanwhileError, FeatureOffError
from shared.domain.ledger import Evidence
from shared.domain.merging import met, place_of
from shared.domain.policy import BrandStatus
from shared.domain.syncing import (
    RowAnswer,
    RowResult,
    SyncKey,
    Upsert,
    key_refs,
    may_change_address,
    refused,
    to_the_letter,
)
from shared.ports import Outcome
from shared.usecases.brands import Brand
from shared.usecases.collect import arrive_many
from shared.usecases.collections import BATCH, Change, Versioned
from shared.usecases.contacts import IDENTIFYING, by_address, perhaps_invited
from shared.usecases.references import accounts_named
from shared.usecases.saving import ATTEMPTS, Edit, save_many
from shared.usecases.suppressing import UNLISTED, listings

_EVIDENCE = Evidence(actor="brand", mechanism=Source.BRAND_SYNC)
_LISTED = refused("email", "is on the brand's black list", RowResult.SUPPRESSED)
_OPTED_OUT = refused(
    "email", "its person opted out of this ambassador, or was taken out of the book", RowResult.OPTED_OUT
)
_RESTRICTED = refused("key", "its person restricted the record (art. 18)")
_BUSY = refused("key", "was changed too often meanwhile; send it again")
_NOBODY = refused("", "needs at least one of name, email, customer id or phone")
_REFUSALS = {Came.SUPPRESSED: _LISTED, Came.OPTED_OUT: _OPTED_OUT, Came.RESTRICTED: _RESTRICTED}

T = TypeVar("T")


@dataclass(slots=True)
class _Row:
    """One row on its way: who is meant, by which ambassador, and what the key led to."""

    refs: tuple[str, ...]  # what the key's document may be called, newest first
    upsert: Upsert | None = None
    arrival: Arrival | None = None
    key: Versioned[SyncKey] | None = None
    contact: Versioned[Contact] | None = None

    @property
    def ambassador(self) -> str:
        """Whose contact it is; of a deletion nobody says so."""
        return self.arrival.ambassador if self.arrival else ""


Rows = dict[int, _Row]
Answers = dict[int, RowAnswer]


def check_taking_in(brand: Brand) -> None:
    """Raises FeatureOffError where ambassadors are neither direct sellers nor employees (COL-3), BrandSuspendedError (BR-3).

    What the brand deletes is deleted there as well.
    """
    if brand.record.status is not BrandStatus.ACTIVE:
        raise BrandSuspendedError
    if not brand.policy.features.sync:
        raise FeatureOffError


async def upsert_contacts(brand: Brand, upserts: Sequence[Upsert]) -> list[RowAnswer]:
    """Takes contacts in as the brand has them, each with its own answer, in input order; a bad one costs no good one.

    Sent again, a row changes nothing. Raises as `check_taking_in` does.
    """
    if upserts:
        check_taking_in(brand)
    accounts = await accounts_named(brand, {upsert.ambassador for upsert in upserts})
    answers: Answers = {}
    rows: Rows = {}
    at = brand.now()
    for place, upsert in enumerate(upserts):
        account = accounts.get(upsert.ambassador)
        if account is None:
            answers[place] = refused("ambassador", "is no active account of this brand")
            continue
        try:
            arrival = _arrival(upsert, account.id, at)
        except ValueError as error:
            answers[place] = refused("email", str(error))
            continue
        rows[place] = _Row(key_refs(brand.hasher, upsert.key), upsert, arrival)
    answers |= await _in_turn(brand, rows, _upsert)
    return [answers[place] for place in range(len(upserts))]


async def delete_contacts(brand: Brand, keys: Sequence[str]) -> list[RowAnswer]:
    """Hashes the records of keys that the brand deleted (COL-12); a key that stands for nobody any more is `unchanged`."""
    rows = {place: _Row(key_refs(brand.hasher, key)) for place, key in enumerate(keys)}
    answers = await _in_turn(brand, rows, _delete)
    return [answers[place] for place in range(len(keys))]


async def _in_turn(brand: Brand, rows: Rows, do: Callable[[Brand, Rows], Awaitable[dict[int, RowAnswer]]]) -> Answers:
    """Does up to a hundred rows at a time, of each key and address one; those that lost a race again."""
    answers: Answers = {}
    left, tries = dict(rows), dict.fromkeys(rows, ATTEMPTS)
    while left:
        some = _one_of_each(left)
        await _find(brand, some)
        some = _one_of_each_contact(some)
        done = await do(brand, some)
        for place in some.keys() - done.keys():
            tries[place] -= 1
            if not tries[place]:
                done[place] = _BUSY
        answers |= done
        left = {place: row for place, row in left.items() if place not in done}
    return answers


def _one_of_each(rows: Rows) -> Rows:
    """Up to a hundred rows, the first of each key, those of one ambassador side by side."""
    first: dict[str, int] = {}
    for place, row in rows.items():
        first.setdefault(row.refs[0], place)
    chosen = sorted(first.values(), key=lambda place: rows[place].ambassador)
    return {place: rows[place] for place in chosen[:BATCH]}


def _one_of_each_contact(rows: Rows) -> Rows:
    """Those rows whose contact no earlier one is about: the others wait until it is saved."""
    first: dict[str, int] = {}
    for place in sorted(rows):
        found = rows[place].contact
        first.setdefault(found.record.id if found else rows[place].refs[0], place)
    return {place: rows[place] for place in first.values()}


async def _find(brand: Brand, rows: Rows) -> None:
    """Reads what the keys lead to."""
    keys = await brand.sync_keys.get_many([(ref, ref) for row in rows.values() for ref in row.refs])
    for row in rows.values():
        row.key = next((keys[ref, ref] for ref in row.refs if (ref, ref) in keys), None)
    places = [(row.key.record.ambassador_id, row.key.record.contact_id) for row in rows.values() if row.key]
    contacts = await brand.contacts.get_many(places)
    for row in rows.values():
        found = contacts.get((row.key.record.ambassador_id, row.key.record.contact_id)) if row.key else None
        row.contact = found if found and found.record.anonymised_at is None else None


async def _upsert(brand: Brand, rows: Rows) -> Answers:
    """Brings known contacts up to date and takes new ones in; who lost a race is not among the answers."""
    known = {place: row for place, row in rows.items() if row.contact}
    done: Answers = {}
    changes: dict[int, tuple[Edit, RowAnswer]] = {}
    for place, row in known.items():
        change = await _changed(brand, row)
        if isinstance(change, RowAnswer):
            done[place] = change
        else:
            changes[place] = change
    black_list = await listings(brand, [e.after.email for e, _ in changes.values() if e.after.email])
    for place, (edit, answer) in list(changes.items()):
        listing = black_list.get(edit.after.email or "", UNLISTED)
        if listing.objected_at:
            change = await _changed(brand, known[place], objects=True)
            if isinstance(change, RowAnswer):
                done[place] = change
                del changes[place]
                continue
            edit, answer = changes[place] = change
        if listing.reasons and answer is not _OPTED_OUT:  # what the brand takes back is never too much
            done[place] = _LISTED
            del changes[place]
    saved = await save_many(brand, [edit for edit, _ in changes.values()])
    done |= {place: changes[place][1] for place, item in zip(changes, saved, strict=True) if item}
    return done | await _take_in(brand, {place: row for place, row in rows.items() if not row.contact})


async def _changed(brand: Brand, row: _Row, *, objects: bool = False) -> tuple[Edit, RowAnswer] | RowAnswer:
    """What a row makes of the contact that its key leads to, and the answer once that is saved."""
    upsert, arrival, before = _given(row.upsert), _given(row.arrival), _given(row.contact)
    contact, origin = before.record, Origin(mechanism=Source.BRAND_SYNC)
    if contact.ambassador_id != arrival.ambassador:
        return refused("ambassador", "is another than before: delete the key, then send it again")
    decision = decide(place_of(contact, objects=objects), way(arrival.source, arrival.said))
    if decision is not Decision.TAKE:
        answer = _RESTRICTED if decision is Decision.RESTRICTED else _OPTED_OUT
        after = contact if decision is Decision.RESTRICTED else _taken_back(contact, arrival, origin)
        return answer if after is contact else (Edit(before, after, _EVIDENCE), answer)
    after = met(contact, arrival, origin, objects=objects)
    emptied = {
        name: None for name, value in upsert.fields.items() if value is None and getattr(contact, name) is not None
    }
    email = arrival.fields.get("email")
    if "email" in emptied or (email and not (contact.email_hash and brand.hasher.matches(contact.email_hash, email))):
        if not may_change_address(contact):
            return refused(
                "email", "cannot be changed once it was answered or written to: delete the key, then send it again"
            )
        known = await by_address(brand, contact.ambassador_id, email) if email else None
        if known and known.record.id != contact.id:
            return refused("email", "is that of another contact of this ambassador")
        after = after.changed(email=email, email_hash=None, events=())
    after = after.changed(**emptied)
    if not any(getattr(after, name) for name in IDENTIFYING):
        return _NOBODY
    if after == contact:
        return RowAnswer(RowResult.UNCHANGED, contact.id)
    after = after.changed(modified_at=arrival.at, modified_by=origin)
    return Edit(before, after, _EVIDENCE), RowAnswer(RowResult.UPDATED, contact.id)


def _taken_back(contact: Contact, arrival: Arrival, origin: Origin) -> Contact:
    """The contact of someone who opted out: of that nothing changes, but what the brand assumed for itself it may take back."""
    if arrival.said.brand is not False or contact.brand_opt_in is not BrandOptIn.BRAND_DATABASE:
        return contact
    return contact.changed(
        brand_opt_in=BrandOptIn.STORAGE_ONLY, brand_opt_in_at=arrival.at, modified_at=arrival.at, modified_by=origin
    )


async def _take_in(brand: Brand, rows: Rows) -> Answers:
    """Takes in people whose key leads to nobody, and gives each key to the contact it then stands for."""
    done = {place: _NOBODY for place, row in rows.items() if not any(map(_given(row.arrival).fields.get, IDENTIFYING))}
    coming = {place: row for place, row in rows.items() if place not in done}
    try:
        arrived = await arrive_many(brand, [_given(row.arrival) for row in coming.values()])
    except ChangedMeanwhileError:
        return done
    keys: dict[int, Change[SyncKey]] = {}
    for (place, row), one in zip(coming.items(), arrived, strict=True):
        if one.contact is None:
            done[place] = _REFUSALS[one.outcome]
            continue
        id = row.key.record.id if row.key else row.refs[0]
        key = SyncKey(id=id, ambassador_id=_given(row.arrival).ambassador, contact_id=one.contact)
        keys[place] = Change(row.key, key)
        done[place] = RowAnswer(RowResult(one.outcome), one.contact)
    left_over = [row.key for place, row in coming.items() if row.key and place not in keys]
    await brand.sync_keys.write_many([Change(key, None) for key in left_over])
    written = await brand.sync_keys.write_many(list(keys.values()))
    for place, result in zip(keys, written, strict=True):
        if result.outcome is not Outcome.WRITTEN:
            del done[place]  # the key was given away in this moment: the row is judged again by what it leads to now
    return done


async def _delete(brand: Brand, rows: Rows) -> Answers:
    """Hashes records, then lets their keys go."""
    now = brand.now()
    done: Answers = {}
    edits: dict[int, Edit] = {}
    for place, row in rows.items():
        if row.contact is None:
            done[place] = RowAnswer(RowResult.UNCHANGED)
        elif row.contact.record.restricted_at:
            done[place] = _RESTRICTED
        else:
            hashed = anonymised_contact(perhaps_invited(row.contact.record), now, "deleted_by_brand")
            edits[place] = Edit(row.contact, hashed)
    saved = await save_many(brand, list(edits.values()))
    done |= {place: RowAnswer(RowResult.DELETED) for place, item in zip(edits, saved, strict=True) if item}
    going = [row.key for place, row in rows.items() if row.key and place in done and done[place] is not _RESTRICTED]
    await brand.sync_keys.write_many([Change(key, None) for key in going])
    return done


def _arrival(upsert: Upsert, ambassador: str, at: datetime) -> Arrival:
    """The row as an arrival; raises ValueError, with the reason, for what is no address."""
    fields = {name: value for name, value in upsert.fields.items() if value is not None}
    if "email" in fields:
        fields["email"] = clean_address(fields["email"])
    return Arrival(Source.BRAND_SYNC, ambassador, fields, at, to_the_letter(upsert.key), upsert.said)


def _given(value: T | None) -> T:
    if value is None:
        raise ValueError("a row of another kind")
    return value
