"""What is kept of people, record by record (DEL-4, art. 30): whose, what for, on what ground, how long, and each field's fate.

A field of a model without a row, or a row without a field, fails at import. `docs/data-map.md` spells it out.
"""

from collections.abc import Mapping

from shared.domain import containers as c
from shared.domain.ambassador import Address, Ambassador
from shared.domain.anonymisation import AMBASSADOR_FIELDS, CONTACT_FIELDS, Fate, check_table
from shared.domain.contact import Contact, Origin, Sale, SeenEvent
from shared.domain.data_map_activity import ACTIVITY
from shared.domain.data_map_duties import DUTIES
from shared.domain.data_map_rows import CONTRACT, INTEREST, Place, fields
from shared.domain.data_map_work import WORK
from shared.domain.records import Record

PEOPLE = (
    Place(
        c.CONTACTS, Contact, "contacts", "an ambassador's book of contacts, and whom the brand may write to",
        f"{INTEREST} until the person was asked, then consent, art. 6(1)(a)",
        "RET-1 to RET-6, RET-8, RET-15; at once at the person's wish (RGT-4)",
        "the mail provider, for mails; the brand, where the person opted in", "field by field, below", CONTACT_FIELDS,
    ),
    Place(
        c.AMBASSADORS, Ambassador, "ambassadors", "the ambassador's account", CONTRACT,
        "RET-7 to RET-10, DEL-9", "the mail provider, for mails; the brand; a network that was linked",
        "field by field, below", AMBASSADOR_FIELDS,
    ),
)  # fmt: skip

PLACES: tuple[Place, ...] = (*PEOPLE, *ACTIVITY, *DUTIES, *WORK)

# What is left inside of the fields that are coarsened; a record inside of any other field shares the field's fate.
INSIDE: Mapping[type[Record], Mapping[str, Fate]] = {
    Sale: fields(keep="amount currency count", coarsen="at", erase="order products"),
    SeenEvent: fields(keep="key kind at", erase="mail"),
    Origin: fields(keep="mechanism", erase="job row content"),
    Address: fields(keep="city postal_code", erase="street country"),
}
for _model, _rows in INSIDE.items():
    check_table(_model, _rows)


def table_of(model: str) -> Mapping[str, Fate]:
    """The field table of the model of this name; raises KeyError where there is none."""
    return {place.name: place.fields for place in PLACES}[model]
