"""Putting what came in onto a contact's record (CON-2, CON-6): a new one, or the known one after the two met."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from shared.domain.collecting import Arrival, Brings, Place, Source, brings, brings_to_who_objects
from shared.domain.consent import AmbassadorOptIn, BrandOptIn, OptInClass, brand_stands, stands
from shared.domain.contact import Contact, Origin, last_activity
from shared.domain.ids import new_id
from shared.domain.sales import with_sale

# COL-4: of a person met on a social network nothing else is stored.
_SOCIAL_FIELDS = frozenset({"facebook_id", "twitter_id", "instagram_id", "photo_url"})
# RET-13: the sources that are an act of the person.
_DELIBERATE = frozenset({Source.SOCIAL, Source.BLOG, Source.INTERNAL_FORM, Source.VOUCHER, Source.EXTERNAL_FORM,
                         Source.ORDER, Source.ORDER_POPIN})  # fmt: skip
# A source that says no takes back what a source of its kind assumed before: the opt-in, and which of them.
_ASSUMED: Mapping[Source, AmbassadorOptIn] = {
    Source.BRAND_SYNC: AmbassadorOptIn.OPT_IN_BRAND_IMPORT,
    Source.ORDER: AmbassadorOptIn.OPT_IN_ORDER,
    Source.ORDER_POPIN: AmbassadorOptIn.OPT_IN_ORDER,
}


def place_of(contact: Contact | None, *, objects: bool = False) -> Place:
    """What an arrival finds when this is the record that stands for its address, and its person objects or not."""
    if contact is None:
        return Place.OBJECTED if objects else Place.NOBODY
    if contact.restricted_at:
        return Place.RESTRICTED
    if contact.pending:
        return Place.PENDING
    if contact.in_the_book:
        if contact.ambassador_opt_in.opted_out:
            return Place.OPTED_OUT
        return Place.OBJECTED if objects or contact.objected_at else Place.KNOWN
    return Place.SHUT_OUT


def fresh(arrival: Arrival, origin: Origin, id: str | None = None, *, objects: bool = False) -> Contact:
    """The record of a person nobody knew; of one who objects in this brand, without leave to write (RGT-1)."""
    what = _brought(arrival, objects)
    return Contact(
        id=id or new_id(),
        ambassador_id=arrival.ambassador,
        ambassador_opt_in=what.ambassador,
        ambassador_opt_in_at=arrival.at,
        **_brand_side(what, arrival.at),
        sales=(arrival.sale,) if arrival.sale else (),
        form_answers=dict(arrival.form_answers),
        last_activity_at=arrival.at if _is_an_act(arrival) else None,
        created_at=arrival.at,
        created_by=origin,
        modified_at=arrival.at,
        modified_by=origin,
        owned_by_brand_sync=arrival.source is Source.BRAND_SYNC,
        **usable_fields(arrival),
    )


def met(contact: Contact, arrival: Arrival, origin: Origin, *, objects: bool = False) -> Contact:
    """The record after an arrival; the same object when nothing changes.

    What was there stays, but where the ambassador types it anew, or the brand's database says it. Of someone who
    opted out nothing is filled in: the record is blocked. Who objects (`objects`: in this brand, whatever the record says of
    it) has given no leave to write until they confirm one themself (CON-6, RGT-1).
    """
    what = _brought(arrival, objects or contact.objected_at is not None)
    after = contact.changed(
        **_ambassador_side(contact, arrival, what),
        **_brand_side_after(contact, arrival, what),
        **({} if contact.ambassador_opt_in.opted_out else _fields_after(contact, arrival)),
    )
    if arrival.sale and all(sale.order != arrival.sale.order for sale in contact.sales):
        after = after.changed(sales=with_sale(contact.sales, arrival.sale))
    if arrival.source is Source.BRAND_SYNC and not contact.ambassador_opt_in.opted_out:
        after = after.changed(owned_by_brand_sync=True)  # from here on the brand's own rules say how long (RET-6)
    if _is_an_act(arrival):
        after = after.changed(last_activity_at=last_activity(contact, arrival.at))
    return contact if after == contact else after.changed(modified_at=arrival.at, modified_by=origin)


def _brought(arrival: Arrival, objects: bool) -> Brings:
    return (brings_to_who_objects if objects else brings)(arrival.source, arrival.said)


def _is_an_act(arrival: Arrival) -> bool:
    """Whether the person did something (RET-13); of a contact from before the law, whether the row says so (COL-13)."""
    return arrival.source in _DELIBERATE or (arrival.source is Source.MIGRATION and arrival.said.ambassador is True)


def usable_fields(arrival: Arrival) -> dict[str, Any]:
    """The fields that the source may store, without the empty ones."""
    allowed = _SOCIAL_FIELDS if arrival.source is Source.SOCIAL else arrival.fields.keys()
    return {name: value for name, value in arrival.fields.items() if value and name in allowed}


def _fields_after(contact: Contact, arrival: Arrival) -> dict[str, Any]:
    overwrites = arrival.source in (Source.CRM, Source.CRM_WITH_EVIDENCE, Source.BRAND_SYNC)
    given = {name: value for name, value in usable_fields(arrival).items() if name != "email"}
    taken = given if overwrites else {name: value for name, value in given.items() if not getattr(contact, name)}
    return {**taken, "form_answers": {**contact.form_answers, **arrival.form_answers}}


def _ambassador_side(contact: Contact, arrival: Arrival, what: Brings) -> dict[str, Any]:
    current, since = contact.ambassador_opt_in, contact.ambassador_opt_in_at
    said = arrival.said.ambassador if arrival.source is Source.BRAND_SYNC else arrival.said.brand
    agrees = what.ambassador.opt_in_class is OptInClass.OPTED_IN  # a box of the person's own, whatever the brand says
    if said is False and not agrees and current is _ASSUMED.get(arrival.source):
        return {"ambassador_opt_in": AmbassadorOptIn.STORAGE_ONLY, "ambassador_opt_in_at": arrival.at}
    unconfirmed = what.ambassador.explicit and current.explicit  # nobody has proved to be the owner of the address
    if unconfirmed or current is what.ambassador or stands(current, since, what.ambassador, arrival.at):
        return {}
    if current.opted_out:
        return {}
    return {"ambassador_opt_in": what.ambassador, "ambassador_opt_in_at": arrival.at}


def _brand_side_after(contact: Contact, arrival: Arrival, what: Brings) -> dict[str, Any]:
    after: dict[str, Any] = {}
    if arrival.said.brand is False and contact.brand_opt_in is BrandOptIn.BRAND_DATABASE and arrival.source in _ASSUMED:
        after = {"brand_opt_in": BrandOptIn.STORAGE_ONLY, "brand_opt_in_at": arrival.at}
    elif contact.brand_opt_in is not what.brand and not brand_stands(contact.brand_opt_in, what.brand):
        after = {"brand_opt_in": what.brand, "brand_opt_in_at": arrival.at}
    if what.partners and not contact.partners_opt_in:
        after |= {"partners_opt_in": True, "partners_opt_in_at": arrival.at}
    return after


def _brand_side(what: Brings, at: datetime) -> dict[str, Any]:
    return {
        "brand_opt_in": what.brand,
        "brand_opt_in_at": None if what.brand is BrandOptIn.NONE else at,
        "partners_opt_in": what.partners,
        "partners_opt_in_at": at if what.partners else None,
    }
