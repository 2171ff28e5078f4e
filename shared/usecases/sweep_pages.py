"""One page of a sweep: the records due under a rule are judged again, and written only if they are still those that were read."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from shared.domain.contact import Contact, MailKind
from shared.domain.disposition import Done, dispose
from shared.domain.jobs import MailBatch, RuleReport, Run
from shared.domain.policy import BrandStatus, Durations
from shared.domain.records import stamp
from shared.domain.retention import Action, Rule, RuleId, is_due
from shared.ports import Query, Where
from shared.usecases import brand_end, farewell
from shared.usecases.brands import Brand
from shared.usecases.collections import Versioned, chunks
from shared.usecases.disposing import Decided, carry_out
from shared.usecases.flags import forget_flags
from shared.usecases.invite import A_BATCH, queue_batches
from shared.usecases.ugc import delete_photos
from shared.usecases.warning import warn_page

A_PAGE = 100

ACCOUNTS_END = (RuleId.LEFT, RuleId.WARNED_TWICE)

Recipients = frozenset[tuple[str, str]]  # (ambassador, contact)


async def second_invitations_under_way(brand: Brand, run: Run) -> Recipients:
    """Who waits in an open batch already: while the provider is out of order, no sweep adds to the queue."""
    if not any(report.rule is RuleId.FIRST_INVITATION and report.due for report in run.rules):
        return frozenset()
    found: set[tuple[str, str]] = set()
    async for page in brand.batches.pages(Query(order_by="openSince")):
        for item in page:
            if item.record.mail_kind is MailKind.SECOND_INVITATION:
                found.update(item.record.recipients)
    return frozenset(found)


async def sweep_page(
    brand: Brand, rule: Rule, run: Run, cursor: str | None, waiting: Recipients, range: str | None = None
) -> tuple[Counter[str], str | None]:
    """Disposes of one page of the records due under a rule, in a range of them; gives the tally, and where to go on."""
    if rule.container == "brand":
        return await brand_end.sweep_page(brand, rule.id, run, cursor)
    query = due_query(rule, run.started_at, run.durations)
    if rule.id in ACCOUNTS_END:
        return await farewell.sweep_leavers(brand, rule.id, query, run, cursor)
    query = replace(query, cursor=cursor)
    if rule.container == "flags":
        flags, cursor = await brand.flags.page(query)
        return await forget_flags(brand, flags), cursor
    if rule.container == "ugc":
        photos, cursor = await brand.ugc.page(query)
        return await delete_photos(brand, photos), cursor
    if rule.action is Action.WARN:
        accounts, cursor = await brand.ambassadors.page(query)
        return await warn_page(brand, accounts, run), cursor
    if rule.container == "ambassadors":
        accounts, cursor = await brand.ambassadors.page(query)
        due = [item for item in accounts if is_due(item.record.clock, run.started_at, run.durations)]
        tally = Counter({"skipped.no_longer_due": len(accounts) - len(due)})
        return tally + await farewell.delete_sign_ups(brand, due), cursor
    contacts, cursor = await brand.contacts.page(replace(query, range=range))
    return await _dispose_page(brand, rule, contacts, run, waiting), cursor


async def _dispose_page(
    brand: Brand, rule: Rule, page: Sequence[Versioned[Contact]], run: Run, waiting: Recipients
) -> Counter[str]:
    tally: Counter[str] = Counter()
    decided: list[Decided] = []
    second: list[tuple[str, str]] = []
    now = brand.now()
    for item in page:
        disposition = dispose(item.record, run.started_at, run.durations, written_at=now)
        if disposition is None:
            tally["skipped.no_longer_due"] += 1
        elif disposition.done is not Done.SECOND_INVITATION_QUEUED:
            decided.append((item, disposition))
        elif item.record.outgoing or (item.record.ambassador_id, item.record.id) in waiting:
            tally["skipped.mail_under_way"] += 1
        else:
            second.append((item.record.ambassador_id, item.record.id))
    tally += await carry_out(brand, decided, rule.id, run)
    if second:
        tally += await _queue_second_invitations(brand, second)
    return tally


async def _queue_second_invitations(brand: Brand, contacts: Sequence[tuple[str, str]]) -> Counter[str]:
    if brand.record.status is not BrandStatus.ACTIVE:
        return Counter({"skipped.brand_not_active": len(contacts)})
    now = brand.now()
    batches = [
        MailBatch(mail_kind=MailKind.SECOND_INVITATION, recipients=tuple(chunk), started_at=now, open_since=now)
        for chunk in chunks(contacts, A_BATCH)
    ]
    await queue_batches(brand, batches)
    return Counter({f"done.{Done.SECOND_INVITATION_QUEUED}": len(contacts)})


def due_query(rule: Rule, at: datetime, durations: Durations) -> Query:
    """One page of the records whose clock says that they are due under a rule."""
    order = "deleteAt" if rule.id is RuleId.CONTEST_PHOTO else "clock.since"
    return Query(where=due_where(rule, at, durations), order_by=order, limit=A_PAGE)


def due_where(rule: Rule, at: datetime, durations: Durations) -> tuple[Where, ...]:
    """What makes a record due under a rule, as the index has it."""
    cutoff = stamp(rule.cutoff(at, durations))
    if rule.id is RuleId.CONTEST_PHOTO:  # the consent itself says until when
        return (Where("deleteAt", "<=", cutoff),)
    return Where("clock.rule", "=", rule.id.value), Where("clock.since", "<=", cutoff)


def reported(report: RuleReport, tally: Counter[str], cursor: str | None) -> RuleReport:
    """The report after one more page."""
    done, skipped = Counter(report.done), Counter(report.skipped)
    for name, count in tally.items():
        kind, _, what = name.partition(".")
        if kind == "done":
            done[Done(what)] += count
        elif count:
            skipped[what] += count
    after = report.changed(done=dict(done), skipped=dict(skipped), cursor=cursor, finished=cursor is None)
    return accounted(after) if cursor is None else after


def accounted(report: RuleReport) -> RuleReport:
    """The finished report; what was due when the sweep was planned, and was not found any more, is named, too (RET-17)."""
    rest = report.due - sum(report.done.values()) - sum(report.skipped.values())
    if rest <= 0:
        return report
    skipped = {**report.skipped, "no_longer_due": report.skipped.get("no_longer_due", 0) + rest}
    return report.changed(skipped=skipped)
