"""The field tables of DEL-4: what becomes of each field when a record is anonymised; a field without a row fails at import."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic.fields import FieldInfo

from shared.domain.ambassador import AccountStatus, Address, Ambassador
from shared.domain.contact import Contact, Origin
from shared.domain.hashing import Hasher
from shared.domain.records import Record
from shared.domain.sales import coarse


class Fate(StrEnum):
    """What happens to a field."""

    KEEP = "keep"
    ERASE = "erase"
    HASH = "hash"  # the value goes, its keyed hash stays in the field that the row's comment names
    COARSEN = "coarsen"
    SET = "set"  # written by the anonymisation itself
    DERIVED = "derived"  # made anew from the other fields at the save
    DELETE = "delete"  # goes with the whole record, when that does
    PLAIN = "plain"  # says nothing of a person


CONTACT_FIELDS: Mapping[str, Fate] = {
    "id": Fate.KEEP,
    "ambassador_id": Fate.KEEP,
    "first_name": Fate.ERASE,
    "last_name": Fate.ERASE,
    "email": Fate.HASH,  # email_hash
    "facebook_id": Fate.HASH,  # facebook_hash
    "twitter_id": Fate.HASH,  # twitter_hash
    "instagram_id": Fate.HASH,  # instagram_hash
    "photo_url": Fate.ERASE,
    "customer_id": Fate.ERASE,
    "type": Fate.ERASE,
    "comments": Fate.ERASE,
    "opt_in_evidence": Fate.ERASE,
    "street": Fate.ERASE,
    "city": Fate.KEEP,
    "postal_code": Fate.KEEP,
    "country": Fate.ERASE,
    "mobile_phone": Fate.ERASE,
    "home_phone": Fate.ERASE,
    "language": Fate.ERASE,
    "tags": Fate.ERASE,
    "ambassador_opt_in": Fate.KEEP,
    "ambassador_opt_in_at": Fate.KEEP,
    "becomes": Fate.ERASE,
    "asking": Fate.ERASE,
    "beside": Fate.ERASE,
    "brand_opt_in": Fate.KEEP,
    "brand_opt_in_at": Fate.KEEP,
    "partners_opt_in": Fate.KEEP,
    "partners_opt_in_at": Fate.KEEP,
    "objected_at": Fate.KEEP,
    "mails": Fate.ERASE,
    "outgoing": Fate.ERASE,
    "doubted": Fate.ERASE,
    "last_call_at": Fate.KEEP,
    "events": Fate.COARSEN,  # the event that made the status stays without its mail
    "voucher": Fate.ERASE,
    "sales": Fate.COARSEN,  # month and amount
    "form_answers": Fate.ERASE,
    "last_activity_at": Fate.KEEP,
    "created_at": Fate.KEEP,
    "created_by": Fate.COARSEN,  # the mechanism without job and row
    "modified_at": Fate.SET,
    "modified_by": Fate.SET,
    "owned_by_brand_sync": Fate.KEEP,
    "restricted_at": Fate.KEEP,
    "detached_at": Fate.KEEP,
    "anonymised_at": Fate.SET,
    "email_hash": Fate.KEEP,
    "facebook_hash": Fate.KEEP,
    "twitter_hash": Fate.KEEP,
    "instagram_hash": Fate.KEEP,
    "address_key": Fate.DERIVED,
    "email_status": Fate.DERIVED,
    "search": Fate.DERIVED,
    "brand_sees": Fate.DERIVED,
    "brand_search": Fate.DERIVED,
    "clock": Fate.DERIVED,
    "proof": Fate.KEEP,  # the head of the ledger's chain, which holds no personal data
}

AMBASSADOR_FIELDS: Mapping[str, Fate] = {
    "id": Fate.KEEP,
    "status": Fate.SET,
    "created_at": Fate.KEEP,
    "confirmed_at": Fate.ERASE,
    "last_login_at": Fate.ERASE,
    "gender": Fate.KEEP,
    "first_name": Fate.ERASE,
    "last_name": Fate.ERASE,
    "alias": Fate.ERASE,
    "blog_alias": Fate.ERASE,
    "email": Fate.HASH,  # email_hash
    "email_hash": Fate.KEEP,
    "former_hashes": Fate.ERASE,
    "password_hash": Fate.ERASE,
    "password_reset": Fate.ERASE,
    "customer_id": Fate.HASH,  # customer_hash
    "customer_id_vouched": Fate.ERASE,
    "brand_key": Fate.ERASE,
    "sso_id": Fate.ERASE,
    "facebook_id": Fate.HASH,  # facebook_hash
    "address": Fate.COARSEN,  # city and postal code
    "language": Fate.KEEP,
    "date_of_birth": Fate.ERASE,
    "year_of_birth": Fate.SET,
    "terms_accepted_at": Fate.ERASE,
    "terms_version": Fate.ERASE,
    "about": Fate.ERASE,
    "interests": Fate.ERASE,
    "position": Fate.ERASE,
    "iban": Fate.ERASE,
    "photo": Fate.ERASE,
    "photo_wanted": Fate.ERASE,
    "loose_files": Fate.ERASE,
    "loose_since": Fate.DERIVED,
    "communication": Fate.ERASE,
    "community": Fate.ERASE,
    "grants": Fate.ERASE,
    "grants_since": Fate.DERIVED,
    "told": Fate.ERASE,
    "acts": Fate.ERASE,
    "awards": Fate.ERASE,
    "sessions": Fate.ERASE,
    "sign_up": Fate.ERASE,
    "earlier": Fate.ERASE,
    "owed": Fate.ERASE,
    "owed_since": Fate.ERASE,
    "migration_told_at": Fate.ERASE,
    "warned": Fate.ERASE,
    "left_at": Fate.ERASE,
    "left_because": Fate.ERASE,
    "erasing_since": Fate.ERASE,
    "contacts_wait_since": Fate.SET,
    "anonymised_at": Fate.SET,
    "customer_hash": Fate.KEEP,
    "facebook_hash": Fate.SET,
    "brand_sees": Fate.DERIVED,
    "search": Fate.DERIVED,
    "clock": Fate.DERIVED,
    "proof": Fate.KEEP,  # the head of the ledger's chain, which holds no personal data
}

# RET-15: what is the ambassador's own of a record, and goes when the record is left to the brand.
AMBASSADORS_PART = ("photo_url", "comments", "opt_in_evidence", "type", "tags", "mails", "outgoing", "doubted",
                    "voucher", "becomes", "asking", "beside", "facebook_id", "twitter_id", "instagram_id")  # fmt: skip


def check_table(model: type[Record], table: Mapping[str, Fate]) -> None:
    """Raises TypeError unless every field of the model has exactly one row."""
    missing = set(model.model_fields) ^ set(table)
    if missing:
        raise TypeError(f"{model.__name__}: fields and rows differ: {', '.join(sorted(missing))}")


check_table(Contact, CONTACT_FIELDS)
check_table(Ambassador, AMBASSADOR_FIELDS)


def anonymised_contact(contact: Contact, at: datetime, because: str) -> Contact:
    """The contact without anything that says who it is; hashes, dates and statuses stay (DEL-4)."""
    reduced: dict[str, Any] = {
        "events": tuple(event.changed(mail=None) for event in contact.events),
        "sales": tuple(coarse(sale) for sale in contact.sales),
        "created_by": Origin(mechanism=contact.created_by.mechanism),
    }
    erased = _emptied(Contact, _going(CONTACT_FIELDS))
    return contact.changed(**erased, **reduced, anonymised_at=at, modified_at=at, modified_by=Origin(mechanism=because))


def detached_contact(contact: Contact, at: datetime, because: str) -> Contact:
    """The contact without the ambassador's part, left to the brand under its own clock (RET-15)."""
    return contact.changed(
        **_emptied(Contact, AMBASSADORS_PART), detached_at=at, modified_at=at, modified_by=Origin(mechanism=because)
    )


def anonymised_ambassador(
    account: Ambassador, at: datetime, hasher: Hasher, *, contacts_wait_since: datetime | None = None
) -> Ambassador:
    """The account without anything that says who it was; its files are the caller's to delete before (DEL-4).

    `contacts_wait_since` is given when a contact is left that nothing may be done with yet.
    """
    born = account.date_of_birth
    return account.changed(
        **_emptied(Ambassador, _going(AMBASSADOR_FIELDS)),
        status=AccountStatus.ANONYMISED,
        year_of_birth=int(born[:4]) if born else account.year_of_birth,
        address=Address(city=account.address.city, postal_code=account.address.postal_code),
        customer_hash=hasher.ref(account.customer_id) if account.customer_id else account.customer_hash,
        facebook_hash=hasher.ref(account.facebook_id) if account.facebook_id else account.facebook_hash,
        anonymised_at=account.anonymised_at or at,
        contacts_wait_since=contacts_wait_since,
    )


def _going(table: Mapping[str, Fate]) -> list[str]:
    return [name for name, fate in table.items() if fate in (Fate.ERASE, Fate.HASH)]


def _emptied(model: type[Record], names: Iterable[str]) -> dict[str, Any]:
    return {name: _empty(model.model_fields[name]) for name in names}


def _empty(field: FieldInfo) -> Any:
    """What stands where a value was: the field's default, or for one that must be there the nothing of its kind."""
    if field.is_required():
        return "" if field.annotation is str else None
    return field.get_default(call_default_factory=True)
