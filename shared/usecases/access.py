"""Everything that is held on a person by their address, over all ambassadors of the brand (art. 15, RGT-3)."""

import csv
import io
from collections.abc import Sequence
from typing import Any

from shared.domain.held import Held, HeldRecord, will_happen
from shared.domain.ledger import Entry
from shared.domain.rights import RightsRequest
from shared.domain.white_list import LIST, Entitled, entry_id
from shared.ports import Query, Where
from shared.usecases.brands import Brand
from shared.usecases.claims import by_email
from shared.usecases.export_contacts import cell
from shared.usecases.rights_links import OpenRights


def provided_csv(held: Held) -> bytes:
    """What the person provided as a table, with no cell that a spreadsheet would run (art. 20)."""
    rows = [{name: cell(_flat(value)) for name, value in row.items()} for row in held.provided_json()]
    names = list(dict.fromkeys(name for row in rows for name in row))
    out = io.StringIO()
    writer = csv.DictWriter(out, names or ["email"], restval="")
    writer.writeheader()
    writer.writerows(rows)
    return b"\xef\xbb\xbf" + out.getvalue().encode()


async def held_on(opened: OpenRights) -> Held:
    """Everything that is held on the person of a link."""
    brand, link = opened.brand, opened.link
    contacts = [
        item.record
        async for page in brand.contacts.pages(Query(where=(Where("emailHash", "in", link.people),)))
        for item in page
    ]
    names = await brand.ambassadors.get_many([(c.ambassador_id, c.ambassador_id) for c in contacts])
    records = []
    for contact in sorted(contacts, key=lambda c: (c.anonymised_at is not None, c.created_at, c.id)):
        account = names.get((contact.ambassador_id, contact.ambassador_id))
        records.append(
            HeldRecord(
                contact,
                account.record.display_name or None if account else None,
                await ledger_of(brand, contact.id),
                will_happen(contact, brand.policy.durations),
            )
        )
    listed = await brand.suppressions.get_many([(ref, ref) for ref in link.people])
    reasons = {why.value: at for entry in listed.values() for why, at in entry.record.reasons.items()}
    return Held(
        at=brand.now(),
        email=link.email,
        records=records,
        listed=sorted(reasons.items()),
        objected_at=min((e.record.objected_at for e in listed.values() if e.record.objected_at), default=None),
        white_listed=await _white_listed(brand, link.people),
        has_account=bool(link.email and await by_email(brand, link.email)),
        requests=await _requests(brand, link.people),
    )


async def ledger_of(brand: Brand, subject: str) -> list[Entry]:
    """The proof of a subject's consents, in order (CON-7)."""
    chain = Query(partition=subject, order_by="seq")
    return [item.record async for page in brand.ledger.pages(chain) for item in page]


async def _white_listed(brand: Brand, people: Sequence[str]) -> bool:
    found = await brand.white_list.get(LIST, LIST)
    if found is None or found.record.load is None:
        return False
    ids = [entry_id(found.record.load, Entitled.EMAIL, ref) for ref in people]
    return bool(await brand.allowed.get_many([(id, id) for id in ids]))


async def _requests(brand: Brand, people: Sequence[str]) -> list[RightsRequest]:
    own = Query(where=(Where("subject", "in", tuple(people)),))
    found = [item.record async for page in brand.rights.pages(own) for item in page]
    return sorted(found, key=lambda request: request.received_at)


def _flat(value: Any) -> Any:
    return "; ".join(f"{name}: {said}" for name, said in value.items()) if isinstance(value, dict) else value
