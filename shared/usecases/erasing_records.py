"""What goes with an erased contact besides its own document, and the proof of it (DEL-8): counts, a time, a keyed hash."""

from collections import Counter
from collections.abc import Mapping
from contextlib import suppress

from shared.domain.contact import Contact
from shared.domain.ledger import Entry, Evidence, next_entry
from shared.domain.rights import RightsRequest
from shared.ports import StaleError
from shared.usecases.brands import Brand
from shared.usecases.leading_keys import take_keys

SUPPRESSED = "suppressedHashes"


async def let_go(brand: Brand, contact: Contact) -> None:
    """Deletes what leads to the record: its voucher, by which a purchase would come to it, and the brand's keys for it."""
    if contact.voucher:
        current = await brand.vouchers.get(contact.voucher.code, contact.voucher.code)
        if current and current.record.redeemed is None:
            with suppress(StaleError):  # redeemed in this moment: the sale stays, and the record's own part of it goes
                await brand.vouchers.delete(current)
    await take_keys(brand, [contact])


def tally(counts: Counter[str], contact: Contact) -> None:
    """Adds what is erased of a record, by kind."""
    counts["contacts"] += 1
    counts["mails"] += len(contact.mails)
    counts["sales"] += len(contact.sales)
    counts["vouchers"] += contact.voucher is not None
    counts["formAnswers"] += len(contact.form_answers)
    counts["pendingConfirmations"] += contact.asking is not None


def proven(brand: Brand, request: RightsRequest) -> tuple[Entry, ...]:
    """The proof that the request's records are erased: how much of each kind, when, by which request; nothing of whom."""
    counts: Mapping[str, int] = {**request.erased, SUPPRESSED: len(request.people)}
    entry = next_entry(
        None,
        subject=request.id,
        at=brand.now(),
        before={},
        after={"erased": counts},
        evidence=Evidence(actor=request.asked_by, mechanism="rights_erasure", reason=request.id),
        key=brand.ledger_key,
    )
    return (entry,)
