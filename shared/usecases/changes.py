"""What people had corrected, restricted or erased, for the brand's own database to follow (art. 19, RGT-6)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared.domain.records import stamp
from shared.domain.rights import RECTIFIABLE, RightKind
from shared.ports import Query, Where
from shared.usecases.brands import Brand


@dataclass(frozen=True, slots=True)
class Changed:
    """One record that a request was about; `fields` as they stand now, of a correction alone."""

    at: datetime
    kind: RightKind
    contact: str
    key: str | None
    fields: dict[str, Any] | None


async def changes_since(
    brand: Brand, since: datetime, limit: int, cursor: str | None
) -> tuple[list[Changed], str | None]:
    """One page of what has changed since a time, oldest first; `limit` counts requests, each of which has some records.

    Of records that are the ambassador's alone the brand learns nothing (VIS-2), and of a restricted one no field.
    """
    asked = Query(where=(Where("passedOnAt", ">=", stamp(since)),), order_by="passedOnAt", limit=limit, cursor=cursor)
    page, cursor = await brand.rights.page(asked)
    reached = [(item.record, one) for item in page for one in item.record.reached if one.shared]
    contacts = await brand.contacts.get_many([(one.ambassador, one.contact) for _, one in reached])
    found = []
    for request, one in reached:
        contact = contacts.get((one.ambassador, one.contact))
        fields = None
        if request.kind is RightKind.RECTIFICATION and contact and contact.record.shown_to_the_brand:
            fields = {name: getattr(contact.record, name) for name in RECTIFIABLE}
        found.append(Changed(request.passed_on_at or since, request.kind, one.contact, one.key, fields))
    return found, cursor
