"""What a backup's records become by the tombstones since it was made (BAK-3): pure, and the same however often."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from shared.domain.ambassador import AccountStatus, Ambassador, LeftBecause
from shared.domain.anonymisation import anonymised_ambassador, anonymised_contact, detached_contact
from shared.domain.consent import AmbassadorOptIn, BrandOptIn
from shared.domain.contact import Contact, Origin
from shared.domain.containers import AMBASSADORS, CONTACTS, SUPPRESSIONS
from shared.domain.hashing import Hasher
from shared.domain.suppression import Suppression, SuppressionReason
from shared.domain.tombstones import (
    RESTRICTION,
    Tombstone,
    What,
    people_of_account,
    people_of_contact,
    people_of_document,
    same_person,
    stands_for_its_address,
)
from shared.domain.ugc import Ugc

BECAUSE = "BAK-3"

Document = Mapping[str, Any]

_ERASES = (What.DELETED, What.ANONYMISED, What.DETACHED)


class Remembered:
    """The tombstones since a backup, by whom they are about; those whose acts were never saved are left out."""

    def __init__(self, tombstones: Iterable[Tombstone]) -> None:
        found = {stone.id: stone for stone in tombstones}
        void = {stone.of for stone in found.values() if stone.what is What.VOID}
        # Of two acts in one second it is the no that counts, as in `consent.stands`.
        told = [stone for stone in found.values() if stone.what is not What.VOID and stone.id not in void]
        told.sort(key=lambda stone: (stone.at, not stone.what.takes_back))
        self._by_person: defaultdict[tuple[str, str], list[Tombstone]] = defaultdict(list)
        self._of_record: defaultdict[tuple[str, str, str], list[Tombstone]] = defaultdict(list)
        for stone in told:
            for ref in dict.fromkeys((*stone.people, *stone.moved_to)):
                self._by_person[stone.container, ref].append(stone)
            self._of_record[stone.container, stone.partition, stone.record].append(stone)
        self._order = {stone.id: place for place, stone in enumerate(told)}
        self.count = len(told)

    def concerns(self, document: Document, hasher: Hasher) -> bool:
        """Whether anything at all is told of whoever a contact's document is about."""
        people = people_of_document(document, hasher)
        return any((name, ref) in self._by_person for name in (CONTACTS.name, SUPPRESSIONS.name) for ref in people)

    def records(self, container: str) -> list[tuple[str, str]]:
        """Partition and id of every record of a container that something is told of."""
        return [(partition, id) for name, partition, id in self._of_record if name == container]

    def of_record(self, container: str, partition: str, id: str, made: str | None) -> list[Tombstone]:
        """What was told of this very record, made then, in order; for what is no person and says when it was made."""
        told = self._of_record.get((container, partition, id), ())
        return [stone for stone in told if made is not None and stone.made == made]

    def of_contact(self, contact: Contact, hasher: Hasher) -> list[Tombstone]:
        """What was told of this person and this ambassador, once the record was there, in order."""
        people = people_of_contact(contact, hasher)
        told: list[Tombstone] = []
        for stone in self._about(CONTACTS.name, people, contact.created_at):
            if stone.container == SUPPRESSIONS.name or (
                stone.partition == contact.ambassador_id and same_person(people, stone.people)
            ):
                told.append(stone)
                if stone.what is What.MOVED and stone.record == contact.id:
                    # The record stood for somebody else from then on: what comes after is told under that name.
                    after = self._about(CONTACTS.name, stone.moved_to, stone.at)
                    told += [other for other in after if other.record == contact.id and other.at >= stone.at]
        return sorted({stone.id: stone for stone in told}.values(), key=lambda stone: self._order[stone.id])

    def opt_outs(self) -> list[Tombstone]:
        """The last word to an ambassador of everybody whose last word was a no (SUP-5), in order."""
        last: dict[tuple[str, str], Tombstone] = {}
        told = {
            stone.id: stone
            for (name, _), stones in self._by_person.items()
            if name == CONTACTS.name
            for stone in stones
        }
        for stone in sorted(told.values(), key=lambda stone: self._order[stone.id]):
            if stone.consent == "ambassador":
                last |= {(stone.partition, ref): stone for ref in stone.people}
        outs = {stone.id: stone for stone in last.values() if stone.what is What.WITHDREW}
        # Under a hash key that came since, a later yes is told by another hash as well: one no that was lifted is none.
        return [out for out in outs.values() if all(last[out.partition, ref] is out for ref in out.people)]

    def of_account(self, account: Ambassador, hasher: Hasher) -> list[Tombstone]:
        """What was told of this account's person, in order."""
        people = people_of_account(account, hasher)
        return [s for s in self._about(AMBASSADORS.name, people, account.created_at) if same_person(people, s.people)]

    def listings(self) -> Mapping[str, list[Tombstone]]:
        """What was told of each address's place on the black list, by the entry's id, in order."""
        found: defaultdict[str, list[Tombstone]] = defaultdict(list)
        for (container, _), stones in self._by_person.items():
            if container == SUPPRESSIONS.name:
                found[stones[0].record] += stones
        return found

    def _about(self, container: str, people: Sequence[str], since: datetime) -> list[Tombstone]:
        found = {stone.id: stone for ref in people for stone in self._by_person.get((container, ref), ())}
        if container == CONTACTS.name:  # who opted out of all is opted out of each ambassador (SUP-3)
            listed = (stone for ref in people for stone in self._by_person.get((SUPPRESSIONS.name, ref), ()))
            found |= {stone.id: stone for stone in listed if stone.reach}
        return sorted((s for s in found.values() if s.at >= since), key=lambda stone: self._order[stone.id])


def replayed_contact(contact: Contact, told: Sequence[Tombstone]) -> Contact | None:
    """The contact after what was told of it; None when it goes for good. An own later yes lifts what came before it.

    A record that others of the person may stand beside is erased only by its own tombstone, or by that of the one record
    that stood for the address, if it is that one.
    """
    erased: Tombstone | None = None
    withdrawn: dict[str, Tombstone] = {}
    restriction: Tombstone | None = None
    stands = stands_for_its_address(contact)
    for stone in told:
        consent = stone.consent or ""
        own = stone.record == contact.id
        if consent == RESTRICTION:
            restriction = stone
            continue
        of_the_address = stone.standing and stands and stone.at > contact.created_at
        if stone.what in _ERASES and (own or (of_the_address and erased is None)):
            erased = stone
        elif stone.what is What.LISTED:
            withdrawn["ambassador"] = stone.changed(state=AmbassadorOptIn.OPT_OUT_GLOBAL.value)
        elif stone.what is What.WITHDREW:
            withdrawn[consent] = stone
        elif stone.what is What.GAVE:
            withdrawn.pop(consent, None)
            erased = None
    after = contact
    for consent, stone in withdrawn.items():
        after = _WITHDRAWN[consent](after, stone)
    if restriction and contact.anonymised_at is None:
        since = (restriction.since or restriction.at) if restriction.what is What.WITHDREW else None
        after = after.changed(restricted_at=since)
    if erased is None or contact.anonymised_at:
        return after
    if erased.what is What.DELETED and contact.proof is None and after.proof is None and after == contact:
        return None
    if erased.what is What.DETACHED:
        return after if after.detached_at else detached_contact(after, erased.since or erased.at, BECAUSE)
    return anonymised_contact(after, erased.since or erased.at, BECAUSE)


def addresses_of(stone: Tombstone) -> tuple[str, ...]:
    """The hashes of the address that is told of."""
    return tuple(ref.removeprefix("email.") for ref in stone.people if ref.startswith("email."))


def shut_out(stone: Tombstone, hasher: Hasher) -> Contact | None:
    """What keeps an ambassador from entering somebody again whose no is told, and whom no record is left of (SUP-5): a hash.

    It has the id of the record that was, by which the links of its mails are still opened. None when no address is told.
    """
    refs = addresses_of(stone)
    if not refs:
        return None
    ref = next((ref for ref in refs if ref.startswith(f"v{hasher.version}.")), refs[0])
    made = datetime.fromisoformat(stone.made) if stone.made else stone.at
    return Contact(
        id=stone.record,
        ambassador_id=stone.partition,
        ambassador_opt_in=AmbassadorOptIn(stone.state or ""),
        ambassador_opt_in_at=stone.since or stone.at,
        created_at=made,
        created_by=Origin(mechanism=BECAUSE),
        anonymised_at=stone.at,
        email_hash=ref,
        address_key=ref,
        **_modified(stone),
    )


def _ambassador_withdrawn(contact: Contact, stone: Tombstone) -> Contact:
    state, since = AmbassadorOptIn(stone.state or ""), stone.since or stone.at
    current = contact.ambassador_opt_in
    if current.explicit and contact.ambassador_opt_in_at > stone.at:
        return contact  # an own act since then
    if current is state or (current.opted_out and state is not AmbassadorOptIn.OPT_OUT_GLOBAL):
        return contact
    return contact.changed(ambassador_opt_in=state, ambassador_opt_in_at=since, becomes=None, **_modified(stone))


def _brand_withdrawn(contact: Contact, stone: Tombstone) -> Contact:
    if not contact.brand_opt_in.allows_communications or _later(contact.brand_opt_in_at, stone):
        return contact
    since = stone.since or stone.at
    return contact.changed(brand_opt_in=BrandOptIn(stone.state or ""), brand_opt_in_at=since, **_modified(stone))


def _partners_withdrawn(contact: Contact, stone: Tombstone) -> Contact:
    if not contact.partners_opt_in or _later(contact.partners_opt_in_at, stone):
        return contact
    return contact.changed(partners_opt_in=False, partners_opt_in_at=stone.since or stone.at, **_modified(stone))


def _objected(contact: Contact, stone: Tombstone) -> Contact:
    if contact.objected_at:
        return contact
    return contact.changed(objected_at=stone.since or stone.at, **_modified(stone))


_WITHDRAWN = {
    "ambassador": _ambassador_withdrawn,
    "brand": _brand_withdrawn,
    "partners": _partners_withdrawn,
    "objection": _objected,
}


def replayed_account(account: Ambassador, told: Sequence[Tombstone], hasher: Hasher) -> Ambassador | None:
    """The account after what was told of it; None when it goes for good."""
    erased: Tombstone | None = None
    left: Tombstone | None = None
    switched: dict[str, Tombstone] = {}
    for stone in told:
        if stone.what is What.GAVE and stone.consent == "account":
            erased = left = None  # the person signed up again
        elif stone.record != account.id:
            continue
        elif stone.what in _ERASES:
            erased = stone
        elif stone.what is What.LEFT:
            left = stone
        elif stone.what is What.RETURNED:
            left = None
        elif stone.consent:
            switched[stone.consent] = stone
    if account.status is AccountStatus.ANONYMISED:
        return account
    if erased:
        if erased.what is What.DELETED:
            return None
        # A contact that was restricted when the account went may be left: the next sweep looks (RET-14).
        return anonymised_ambassador(account, erased.at, hasher, contacts_wait_since=account.created_at)
    after = account
    for consent, stone in switched.items():
        part, _, name = consent.partition(".")
        if part in ("photo", "grant"):
            after = _without(after, name, stone)
            continue
        switches = getattr(after, part)
        on = (stone.what is What.GAVE) if part == "communication" else (stone.what is What.WITHDREW)
        after = after.changed(**{part: switches.changed(**{name: on})})
    if left and after.status is AccountStatus.ACTIVE:
        because = LeftBecause(left.state) if left.state else None
        after = after.changed(status=AccountStatus.LEAVING, left_at=left.since or left.at, left_because=because)
    return after


def _without(account: Ambassador, network: str, stone: Tombstone) -> Ambassador:
    """The account without the photo that was replaced or removed, or without the grant that was withdrawn."""
    if stone.consent == "photo":
        old = account.photo is not None and account.photo.file == stone.state
        return account.changed(photo=None) if old else account
    if stone.what is What.GAVE:
        return account
    kept = {n: grant for n, grant in account.grants.items() if n != network or grant.granted_at > stone.at}
    return account.changed(grants=kept) if len(kept) < len(account.grants) else account


def replayed_photo(photo: Ugc, told: Sequence[Tombstone]) -> Ugc | None:
    """An uploaded photo after what was told of it; None when it goes for good."""
    withdrawn: Tombstone | None = None
    for stone in told:
        if stone.what is What.DELETED:
            return photo.emptied() if photo.proof else None
        if stone.consent == "reuse":
            withdrawn = stone if stone.what is What.WITHDREW else None
    after = photo.withdrawn(withdrawn.at) if withdrawn else photo
    return after.emptied() if photo.file and any(stone.what is What.ANONYMISED for stone in told) else after


def replayed_listing(entry: Suppression | None, id: str, told: Sequence[Tombstone]) -> Suppression | None:
    """An address's place on the black list after what was told of it; None when it has none."""
    reasons: dict[SuppressionReason, datetime] = dict(entry.reasons) if entry else {}
    objected_at = entry.objected_at if entry else None
    for stone in told:
        if stone.consent == "objection":
            objected_at = stone.since if stone.what is What.WITHDREW else None
            continue
        reason = SuppressionReason(stone.state or "")
        if stone.what is What.UNLISTED:
            reasons.pop(reason, None)
        else:
            since = stone.since or stone.at
            reasons[reason] = min(since, reasons.get(reason, since))
    return (entry or Suppression(id=id, reasons={})).changed(reasons=reasons, objected_at=objected_at).or_none


def _modified(stone: Tombstone) -> dict[str, Any]:
    return {"modified_at": stone.at, "modified_by": Origin(mechanism=BECAUSE)}


def _later(since: datetime | None, stone: Tombstone) -> bool:
    return since is not None and since > stone.at
