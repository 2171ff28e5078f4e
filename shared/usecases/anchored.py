"""The ledger against the backups (CON-7): what one of them holds and the ledger does not was dropped, record and chain together.

A chain shows what was taken out of it, and the head in its record that the chain is there; whoever takes both leaves no trace in
the store. Backups lie in another account, sealed and on Azure immutable, each an hour after the other.
"""

from dataclasses import dataclass, field
from datetime import datetime

from shared.domain.auditing import Finding, FindingKind
from shared.domain.backups import Backup, BackupState, chain
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
    """Compares the ledger with the newest backup of this store; with none, when it made none yet, or its keys are destroyed.

    A backup that is no longer there, or cannot be read back, is a finding as well.
    """
    found = Anchored()
    newest = await _newest(brand) if brand.backup_key else None
    if newest is None:
        return found
    try:
        made = [manifest async for manifest in manifests(brand.ports.backups, brand.id, brand.backup_key)]
        rests_on = chain(made, newest.started_at)
        if not rests_on or rests_on[0].backup.id != newest.id:
            raise BrokenBackupError(newest.name)
        held: set[str] = set()
        for part in (part for manifest in rests_on for part in manifest.backup.parts):
            lines = await read_part(brand.ports.backups, part, brand.backup_key)
            held.update(_named(line[1]) for line in lines if line[0] == LEDGER.name and len(line) == 2)
    except BrokenBackupError as broken:
        found.findings.append(_finding(brand, FindingKind.UNREADABLE, "backups", str(broken)))
        return found
    found.at, found.entries = newest.started_at, len(held)
    async for documents in ledger_documents(brand):
        held.difference_update(_named(document) for document in documents)
    for entry in sorted(held):
        where, _, _ = entry.rpartition(" ")
        found.findings.append(_finding(brand, FindingKind.LEDGER, "ledger", f"{where}: dropped since the last backup"))
    return found


async def _newest(brand: Brand) -> Backup | None:
    """The newest backup that this store has made; after a restore to an earlier time others may be newer."""
    async for page in brand.backups.pages(Query(order_by="startedAt", descending=True, limit=5)):
        for item in page:
            if item.record.state is BackupState.DONE:
                return item.record
    return None


def _named(document: Document) -> str:
    """An entry by where it stands and its hash, which covers all that it says."""
    return f"{document.get('subject')} #{document.get('seq')} {document.get('hash')}"


def _finding(brand: Brand, kind: FindingKind, place: str, what: str) -> Finding:
    return Finding(kind=kind, brand=brand.id, place=place, what=what)
