"""The field tables of DEL-4: what becomes of each field when a record is anonymised; a field without a row fails at import."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from shared.domain.contact import Contact, Origin, Sale
from shared.domain.records import Record


class Fate(StrEnum):
    """What happens to a field."""

    KEEP = "keep"
    ERASE = "erase"
    HASH = "hash"  # the value goes, its keyed hash stays in the field that the row's comment names
    COARSEN = "coarsen"
    SET = "set"  # written by the anonymisation itself
    DERIVED = "derived"  # made anew from the other fields at the save


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
    "mails": Fate.ERASE,
    "outgoing": Fate.ERASE,
    "doubted": Fate.ERASE,
    "last_call_at": Fate.KEEP,
    "events": Fate.COARSEN,  # the event that made the status stays without its mail
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

# RET-15: what is the ambassador's own of a record, and goes when the record is left to the brand.
AMBASSADORS_PART = ("photo_url", "comments", "type", "tags", "mails", "outgoing", "doubted",
                    "becomes", "asking", "beside", "facebook_id", "twitter_id", "instagram_id")  # fmt: skip


def check_table(model: type[Record], table: Mapping[str, Fate]) -> None:
    """Raises TypeError unless every field of the model has exactly one row."""
    missing = set(model.model_fields) ^ set(table)
    if missing:
        raise TypeError(f"{model.__name__}: fields and rows differ: {', '.join(sorted(missing))}")


check_table(Contact, CONTACT_FIELDS)


def anonymised_contact(contact: Contact, at: datetime, because: str) -> Contact:
    """The contact without anything that says who it is; hashes, dates and statuses stay (DEL-4)."""
    coarse: dict[str, Any] = {
        "events": tuple(event.changed(mail=None) for event in contact.events),
        "sales": tuple(_coarse(sale) for sale in contact.sales),
        "created_by": Origin(mechanism=contact.created_by.mechanism),
    }
    erased = _emptied(name for name, fate in CONTACT_FIELDS.items() if fate in (Fate.ERASE, Fate.HASH))
    return contact.changed(**erased, **coarse, anonymised_at=at, modified_at=at, modified_by=Origin(mechanism=because))


def detached_contact(contact: Contact, at: datetime, because: str) -> Contact:
    """The contact without the ambassador's part, left to the brand under its own clock (RET-15)."""
    return contact.changed(
        **_emptied(AMBASSADORS_PART), detached_at=at, modified_at=at, modified_by=Origin(mechanism=because)
    )


def _emptied(names: Any) -> dict[str, Any]:
    return {name: Contact.model_fields[name].get_default(call_default_factory=True) for name in names}


def _coarse(sale: Sale) -> Sale:
    return Sale(
        order="",
        at=sale.at.replace(day=1, hour=0, minute=0, second=0),
        amount=sale.amount,
        currency=sale.currency,
    )
