"""An audit of the suite (art. 5(2)): whole ledgers, nobody past their day, what waits, and no trace of who was erased.

It changes nothing, and can run beside a suite that works. What is due is said by the sweep's own preview, what is kept too long
by the timers' own code in a rehearsal: there is no second table.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from pydantic_core import from_json

from shared.domain import containers as c
from shared.domain.auditing import BrandAudit, DueRow, Finding, FindingKind, QueueRow, Waiting
from shared.domain.disposition import Done
from shared.domain.messages import faults
from shared.domain.policy import BrandRecord
from shared.domain.quarantine import QuarantinedEvent
from shared.domain.records import stamp
from shared.domain.retention import RULES, RuleId
from shared.ports import Ports, Query, Queues, Where
from shared.usecases import back_up, photos, recover, rights_desk, sweep, ugc
from shared.usecases.anchored import hold_against_backups
from shared.usecases.brands import Brand, Brands
from shared.usecases.collections import Collection
from shared.usecases.flows import forget_old_flows
from shared.usecases.quarantining import forget_old_events
from shared.usecases.rehearsing import Rehearsal
from shared.usecases.searching import Search
from shared.usecases.verify_ledger import Verdict, verify_ledger

Tell = Callable[[str], None]

# A sweep comes every hour: who was due a day ago already and still stands was missed.
MISSED_AFTER = timedelta(days=1)
POISON = "-poison"
ENDS = (Done.DELETED, Done.ANONYMISED, Done.LEFT_TO_THE_BRAND)

# Work that is open, as the timers find it: what it is called, where, and the field that says since when.
OPEN: tuple[tuple[str, c.Container, str], ...] = (
    ("imports", c.JOBS, "openSince"),
    ("batches of mails", c.BATCHES, "openSince"),
    ("newsletters", c.NEWSLETTERS, "openSince"),
    ("sweeps", c.RUNS, "openSince"),
    ("backups", c.BACKUPS, "openSince"),
    ("mails to ambassadors", c.AMBASSADORS, "owedSince"),
    ("loose files", c.AMBASSADORS, "looseSince"),
    ("mails under way", c.CONTACTS, "outgoing.at"),
    ("photos not settled", c.UGC, "unsettledSince"),
    ("opt-outs to be told to every record", c.SUPPRESSIONS, "reachSince"),
    ("requests of rights under way", c.RIGHTS, "runningSince"),
    ("answers to requests of rights", c.RIGHTS, "owedSince"),
    ("links to one's own data", c.RIGHTS_LINKS, "pendingSince"),
    ("addresses that the mail provider has to forget", c.FORGETTINGS, "owedSince"),
)


@dataclass(slots=True)
class BrandFound:
    """What the audit of one brand says."""

    brand: BrandAudit
    findings: list[Finding] = field(default_factory=list)


async def every_brand(brands: Brands) -> list[BrandRecord]:
    """Every brand, also one that ended, or is being restored."""
    return [item.record async for page in brands.records.pages(Query()) for item in page]


async def audit_brand(brands: Brands, id: str, tell: Tell) -> BrandFound:
    """Looks through one brand; what is left of one whose keys were destroyed is its ledger."""
    brand = await brands.what_is_left(id)
    found = BrandFound(BrandAudit(brand=id, status=brand.record.status.value))
    tell(f"{id}: ledger")
    verdict = await _ledger(brand, tell)
    found.findings += [_finding(FindingKind.LEDGER, brand, "ledger", fault) for fault in verdict.faults]
    found.brand = found.brand.changed(entries=verdict.entries, chains=verdict.subjects)
    tell(f"{id}: ledger against the backups")
    anchored = await hold_against_backups(brand)
    found.findings += anchored.findings
    found.brand = found.brand.changed(anchored=anchored.entries, anchored_at=anchored.at)
    if brand.record.destroyed_at or brand.record.restoring_to:
        return found
    tell(f"{id}: days")
    due = await _due(brand, found.findings)
    found.findings += await _kept_too_long(brands, brand)
    tell(f"{id}: work that waits")
    waiting = [await _waiting(brand, *row) for row in OPEN]
    rights_open, overdue = await _rights(brand)
    found.findings += overdue
    found.brand = found.brand.changed(
        due=tuple(due),
        waiting=tuple(row for row in waiting if row.count),
        rights_open=rights_open,
        rights_overdue=len(overdue),
        backed_up_at=await _backed_up_at(brand),
    )
    return found


async def audit_platform(ports: Ports) -> list[Finding]:
    """What the platform itself keeps too long."""
    rehearsal = Rehearsal(ports, ports.clock.now() - MISSED_AFTER)
    quarantine = Collection(rehearsal.ports.store.platform(c.QUARANTINE), QuarantinedEvent, "id")
    await forget_old_events(quarantine, rehearsal.ports)
    await forget_old_flows(rehearsal.ports)
    return _too_long(rehearsal, None)


async def audit_queues(queues: Queues, search: Search | None) -> tuple[list[QueueRow], list[Finding]]:
    """How much lies on each queue, and as findings what none of its messages may hold; what was read is searched, too."""
    rows: list[QueueRow] = []
    findings: list[Finding] = []
    async for queue in queues.look():
        name = queue.name.removesuffix(POISON)
        rows.append(QueueRow(name=queue.name, messages=queue.messages, read=len(queue.seen), poison=name != queue.name))
        for number, message in enumerate(queue.seen, start=1):
            if search:
                search.read("queues", None, f"{queue.name} #{number}", message)
            if not _is_one_of(name, message):
                findings.append(Finding(kind=FindingKind.MESSAGE, place=queue.name, what=f"#{number}"))
    return sorted(rows, key=lambda row: row.name), findings


def _is_one_of(queue: str, message: bytes) -> bool:
    try:
        content = from_json(message)
    except ValueError:
        return False
    return isinstance(content, dict) and faults(queue, content) is None


async def _ledger(brand: Brand, tell: Tell) -> Verdict:
    verdict = Verdict()
    async for verdict in verify_ledger(brand):
        tell(f"{brand.id}: ledger, {verdict.entries:,} entries")
    return verdict


async def _due(brand: Brand, findings: list[Finding]) -> list[DueRow]:
    """What is due by the table, and as findings who should be gone for a day already."""
    now, durations = brand.now(), brand.policy.durations
    due: Counter[RuleId] = Counter()
    past: dict[RuleId, list[str]] = {}
    oldest: dict[RuleId, datetime] = {}
    async for item in sweep.preview(brand, now, durations):
        due[item.rule] += 1
        oldest[item.rule] = min(item.since, oldest.get(item.rule, item.since))
    async for item in sweep.preview(brand, now - MISSED_AFTER, durations):
        if item.done in ENDS:
            past.setdefault(item.rule, []).append(item.id)
    for rule, ids in past.items():
        findings += [_finding(FindingKind.PAST_ITS_DAY, brand, rule.value, id) for id in ids]
    return [
        DueRow(
            rule=rule,
            who=RULES[rule].who,
            since=RULES[rule].since,
            days=RULES[rule].days(durations),
            due=due[rule],
            past=len(past.get(rule, ())),
            oldest=oldest.get(rule),
        )
        for rule in RULES
        if due[rule] or rule in past
    ]


async def _kept_too_long(brands: Brands, brand: Brand) -> list[Finding]:
    """What the timers would have deleted a day ago, and did not."""
    rehearsal = Rehearsal(brand.ports, brand.now() - MISSED_AFTER)
    rehearsed = await Brands(rehearsal.ports).what_is_left(brand.id)
    before = rehearsed.now() - recover.LOST_AFTER
    await recover.forget(rehearsed)
    await ugc.delete_unsettled_photos(rehearsed, before)
    await photos.delete_loose_files(rehearsed, before)
    await back_up.forget_old_backups(rehearsed)
    return _too_long(rehearsal, brand)


def _too_long(rehearsal: Rehearsal, brand: Brand | None) -> list[Finding]:
    return [
        Finding(kind=FindingKind.KEPT_TOO_LONG, brand=brand.id if brand else None, place=place, what="", count=count)
        for place, count in sorted(rehearsal.deleted.items())
        if count
    ]


async def _waiting(brand: Brand, what: str, container: c.Container, since: str) -> Waiting:
    documents, now = brand.ports.store.brand(brand.id, container), brand.now()
    until = Where(since, "<=", stamp(now))
    count = await documents.count((until,))
    oldest: datetime | None = None
    if count:
        page = await documents.query(Query(where=(until,), order_by=since, limit=1))
        oldest = datetime.fromisoformat(_at(page.items[0].document, since)) if page.items else None
    late = oldest is not None and now - oldest > 2 * recover.LOST_AFTER
    return Waiting(what=what, count=count, oldest=oldest, late=late)


def _at(document: dict[str, Any], path: str) -> str:
    value: Any = document
    for name in path.split("."):
        value = value[name]
    return str(value)


async def _rights(brand: Brand) -> tuple[int, list[Finding]]:
    """How many requests wait for a person, and each that is past its day (art. 12(3))."""
    waiting, overdue = 0, []
    cursor: str | None = None
    while True:
        page, cursor = await rights_desk.find_requests(brand, only_open=True, limit=100, cursor=cursor)
        for request in page:
            waiting += 1
            if request.due_at < brand.now():
                overdue.append(_finding(FindingKind.RIGHTS_OVERDUE, brand, request.kind.value, request.id))
        if cursor is None:
            return waiting, overdue


async def _backed_up_at(brand: Brand) -> datetime | None:
    async for page in brand.backups.pages(Query(order_by="startedAt", descending=True, limit=5)):
        for item in page:
            if item.record.finished_at:
                return item.record.started_at
    return None


def _finding(kind: FindingKind, brand: Brand, place: str, what: str) -> Finding:
    return Finding(kind=kind, brand=brand.id, place=place, what=what)
