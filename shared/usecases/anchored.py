"""The ledger against the backups (CON-7): what one of them holds and the ledger does not was dropped, record and chain together.

A chain shows what was taken out of it, and the head in its record that the chain is there; whoever takes both leaves no trace in
the store. Backups lie in another account, sealed and on Azure immutable, each an hour after the other.
"""

from dataclasses import dataclass, field
from datetime import datetime

from shared.domain.auditing import Finding, FindingKind
from shared.domain.backups import BackupState, Manifest, chain
from shared.domain.containers import LEDGER
from shared.ports import Document, Query
from shared.usecases.backup_parts import BrokenBackupError, manifests, read_part
from shared.usecases.brands import Brand
from shared.usecases.verify_ledger import ledger_documents


@dataclass(slots=True)
class Anchored:
    """Which backup the ledger was held against, how many entries that has, and what is wrong."""

    at: datetime | None = None
    entries: int = 0
    findings: list[Finding] = field(default_factory=list)


async def hold_against_backups(brand: Brand) -> Anchored:
    """Compares the ledger with the newest backup of this store: none, when it has none yet, or the brand's keys are destroyed."""
    found = Anchored()
    made = await _newest(brand) if brand.backup_key else []
    if not made:
        return found
    held: set[str] = set()
    for manifest in made:
        for part in manifest.backup.parts:
            try:
                lines = await read_part(brand.ports.backups, part, brand.backup_key)
            except BrokenBackupError:
                found.findings.append(_finding(brand, FindingKind.UNREADABLE, "backups", part.path))
                continue
            held.update(_named(line[1]) for line in lines if line[0] == LEDGER.name and len(line) == 2)
    found.at, found.entries = made[0].backup.started_at, len(held)
    async for documents in ledger_documents(brand):
        held.difference_update(_named(document) for document in documents)
    for entry in sorted(held):
        where, _, _ = entry.rpartition(" ")
        found.findings.append(_finding(brand, FindingKind.LEDGER, "ledger", f"{where}: dropped since the last backup"))
    return found


async def _newest(brand: Brand) -> list[Manifest]:
    """What makes up the newest backup that this store has made; after a restore to an earlier time others may be newer."""
    async for page in brand.backups.pages(Query(order_by="startedAt", descending=True, limit=5)):
        for item in page:
            if item.record.state is BackupState.DONE:
                kept = [manifest async for manifest in manifests(brand.ports.backups, brand.id, brand.backup_key)]
                return chain(kept, item.record.started_at)
    return []


def _named(document: Document) -> str:
    """An entry by where it stands and its hash, which covers all that it says."""
    return f"{document.get('subject')} #{document.get('seq')} {document.get('hash')}"


def _finding(brand: Brand, kind: FindingKind, place: str, what: str) -> Finding:
    return Finding(kind=kind, brand=brand.id, place=place, what=what)
