"""The verifier of the consent ledger (CON-7): every chain of a brand, against the head that its record carries."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from shared.domain.ledger import Entry, faults
from shared.ports import Query
from shared.usecases.brands import Brand
from shared.usecases.collections import chunks
from shared.usecases.saving import contradicts_proof

SUBJECTS_AT_ONCE = 200


@dataclass(slots=True)
class Verdict:
    """What was read and what is wrong with it; `faults` is empty when every chain is whole."""

    subjects: int = 0
    entries: int = 0
    faults: list[str] = field(default_factory=list)


async def verify_ledger(brand: Brand) -> AsyncIterator[Verdict]:
    """Reads every record's chain; gives the verdict so far after each page, the last one is the whole."""
    verdict = Verdict()
    heads: dict[str, Entry] = {}
    contradicted: list[str] = []
    async for page in brand.contacts.pages(Query(limit=SUBJECTS_AT_ONCE)):
        for item in page:
            if item.record.proof:
                heads[item.record.id] = item.record.proof
            if contradicts_proof(item.record):
                contradicted.append(f"{item.record.id}: the record's consents are not those of its newest entry")
    async for accounts in brand.ambassadors.pages(Query(limit=SUBJECTS_AT_ONCE)):
        heads |= {account.record.id: account.record.proof for account in accounts if account.record.proof}
    async for photos in brand.ugc.pages(Query(limit=SUBJECTS_AT_ONCE)):
        heads |= {photo.record.id: photo.record.proof for photo in photos if photo.record.proof}
    chains: dict[str, list[Entry]] = {}
    async for entries in brand.ledger.pages(Query(limit=SUBJECTS_AT_ONCE)):
        for entry in entries:
            chains.setdefault(entry.record.subject, []).append(entry.record)
        verdict.entries += len(entries)
        yield verdict
    for subjects in chunks(sorted(heads.keys() | chains.keys()), SUBJECTS_AT_ONCE):
        for subject in subjects:
            chain = sorted(chains.get(subject, ()), key=lambda entry: entry.seq)
            verdict.faults += faults(chain, heads.get(subject), brand.ledger_key)
        verdict.subjects += len(subjects)
        yield verdict
    verdict.faults += contradicted
    yield verdict
