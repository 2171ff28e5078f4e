"""The verifier of the consent ledger (CON-7): every chain of a brand, against the head that its record carries."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace

from pydantic import ValidationError

from shared.domain.containers import LEDGER
from shared.domain.ledger import Entry, faults
from shared.ports import Document, Query
from shared.usecases.brands import Brand
from shared.usecases.collections import chunks
from shared.usecases.saving import contradicts_proof

SUBJECTS_AT_ONCE = 200
ENTRIES_AT_ONCE = 500


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
    async for documents in ledger_documents(brand):
        for document in documents:
            entry = _read(document, verdict.faults)
            if entry:
                chains.setdefault(entry.subject, []).append(entry)
        verdict.entries += len(documents)
        yield verdict
    for subjects in chunks(sorted(heads.keys() | chains.keys()), SUBJECTS_AT_ONCE):
        for subject in subjects:
            chain = sorted(chains.get(subject, ()), key=lambda entry: entry.seq)
            verdict.faults += faults(chain, heads.get(subject), brand.ledger_key)
        verdict.subjects += len(subjects)
        yield verdict
    async for requests in brand.rights.pages(Query(limit=SUBJECTS_AT_ONCE)):
        for request in requests:  # what an erasure proves is a chain in its request (DEL-8)
            proof = request.record.proof
            verdict.faults += faults(proof, proof[-1] if proof else None, brand.ledger_key)
    verdict.faults += contradicted
    yield verdict


async def ledger_documents(brand: Brand) -> AsyncIterator[list[Document]]:
    """Every entry of the brand as it is stored, page by page."""
    documents, query = brand.ports.store.brand(brand.id, LEDGER), Query(limit=ENTRIES_AT_ONCE)
    while True:
        page = await documents.query(query)
        yield [item.document for item in page.items]
        if page.cursor is None:
            return
        query = replace(query, cursor=page.cursor)


def _read(document: Document, found: list[str]) -> Entry | None:
    """The entry; of one that is not written as entries are, the fault, though what it says may be the same."""
    try:
        entry = Entry.from_document(document)
    except ValidationError:
        found.append(f"{document.get('id')}: the entry cannot be read")
        return None
    if entry.to_document() != document:
        found.append(f"{entry.subject} #{entry.seq}: the entry was written anew")
    return entry
