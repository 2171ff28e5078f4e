"""The end of an account (RET-7, RET-8): the contacts in pages, then what pointed to it, its files, itself.

Each step can be cut short anywhere and taken again: what is done is recognised by the records themselves.
"""

import json
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime

from shared.domain.ambassador import AccountStatus, Ambassador, LeftBecause
from shared.domain.anonymisation import anonymised_ambassador
from shared.domain.contact import Contact
from shared.domain.disposition import Done, dispose, dispose_of_leavers
from shared.domain.inactivity import forgets, was_warned_too_early
from shared.domain.jobs import Run
from shared.domain.ledger import Evidence
from shared.domain.policy import Durations
from shared.domain.records import Record
from shared.domain.retention import RuleId, is_due
from shared.ports import Outcome, Query, StaleError
from shared.usecases.brands import Brand
from shared.usecases.claims import release
from shared.usecases.collections import Change, Versioned
from shared.usecases.disposing import carry_out
from shared.usecases.erasing_activity import erase_activity
from shared.usecases.leaving import save_standing
from shared.usecases.provider_forgets import owe_of_account
from shared.usecases.saving import enter_missing

A_PAGE = 100

# What else goes with an account, before the account itself does: each is safe to be done again (DEL-7).
ALSO_GOES: Sequence[Callable[[Brand, Ambassador], Awaitable[None]]] = (erase_activity, owe_of_account)


class Place(Record):
    """Where a sweep of leavers goes on: `accounts` asks for the account, `contacts` for the page of its contacts."""

    accounts: str | None = None
    contacts: str | None = None
    under_way: bool = False  # a contact of the account could not be written: it must wait for the next sweep
    restricted: bool = False  # one may not be touched

    @classmethod
    def at(cls, cursor: str | None) -> "Place":
        """The place that a report's cursor names."""
        return cls.from_document(json.loads(cursor)) if cursor else cls()

    def cursor(self) -> str:
        """The place as a report's cursor."""
        return json.dumps(self.to_document())


async def would_go(
    brand: Brand, account: Ambassador, rule: RuleId, at: datetime, durations: Durations
) -> AsyncIterator[tuple[str, Done]]:
    """The records that go with an account that is due, and what would become of each: contacts first, then the account."""
    async for page in brand.contacts.pages(_contacts_of(account.id)):
        for item in page:
            own = dispose(item.record, at, durations)  # whose time has come by its own clock is not counted twice
            record = own.contact if own else item.record
            disposition = dispose_of_leavers(record, rule, at, durations) if record else None
            if disposition:
                yield item.record.id, disposition.done
    if account.status is not AccountStatus.ANONYMISED:
        yield account.id, Done.ANONYMISED


async def sweep_leavers(
    brand: Brand, rule: RuleId, due: Query, run: Run, cursor: str | None
) -> tuple[Counter[str], str | None]:
    """Takes one step: a page of the contacts of one due account, and after the last page the account.

    `due` asks for the accounts. Gives the tally and where to go on.
    """
    place = Place.at(cursor)
    accounts, following = await brand.ambassadors.page(replace(due, cursor=place.accounts, limit=1))
    onward = Place(accounts=following).cursor() if following else None
    if not accounts:
        return Counter(), onward
    (account,) = accounts
    if not is_due(account.record.clock, run.started_at, run.durations):
        return Counter({"skipped.no_longer_due": 1}), onward
    if rule is RuleId.WARNED_TWICE and account.record.erasing_since is None:
        closed = await _forgotten(brand, account, run)
        if isinstance(closed, str):
            return Counter({f"skipped.{closed}": 1}), onward
        account = closed
    if account.record.erasing_since is None:
        marked = account.record.changed(erasing_since=brand.now(), sessions=()).owing(())
        try:
            account = await brand.ambassadors.replace(account, marked)
        except StaleError:
            return Counter({"skipped.changed_meanwhile": 1}), onward  # perhaps restored in this moment
    page, further = await brand.contacts.page(replace(_contacts_of(account.record.id), cursor=place.contacts))
    tally = await _dispose_page(brand, rule, page, run)
    place = place.changed(
        contacts=further,
        under_way=place.under_way or any(name.startswith("skipped") for name in tally),
        restricted=place.restricted or any(item.record.restricted_at for item in page),
    )
    if further:
        return tally, place.cursor()
    if place.under_way:
        tally["skipped.contacts_under_way"] += 1
        return tally, onward
    return tally + await end_account(brand, account, contacts_wait=place.restricted), onward


async def _dispose_page(brand: Brand, rule: RuleId, page: Sequence[Versioned[Contact]], run: Run) -> Counter[str]:
    now = brand.now()
    judged = (
        (item, dispose_of_leavers(item.record, rule, run.started_at, run.durations, written_at=now)) for item in page
    )
    return await carry_out(brand, [(item, disposition) for item, disposition in judged if disposition], rule, run)


async def _forgotten(brand: Brand, account: Versioned[Ambassador], run: Run) -> Versioned[Ambassador] | str:
    """Ends the account of who did not log in (RET-7); or why not."""
    if was_warned_too_early(account.record, run.started_at, run.durations):
        unwarned = account.record.changed(warned=()).settled(brand.hasher)
        with suppress(StaleError):
            await brand.ambassadors.replace(account, unwarned)
        return "no_longer_due"
    if not forgets(account.record, run.started_at, run.durations):
        return "no_longer_due"
    closed = await close(brand, account, LeftBecause.INACTIVE, run, RuleId.WARNED_TWICE)
    return closed or "changed_meanwhile"  # perhaps somebody logged in in this moment


async def close(
    brand: Brand, account: Versioned[Ambassador], because: LeftBecause, run: Run, rule: RuleId
) -> Versioned[Ambassador] | None:
    """Ends an account that nobody asked to end, with no way back; None when somebody was faster."""
    left = account.record.changed(
        status=AccountStatus.LEAVING,
        left_at=account.record.left_at or brand.now(),
        left_because=account.record.left_because or because,
        erasing_since=brand.now(),
        sessions=(),
    ).owing(())
    return await save_standing(brand, account, left, Evidence(actor="system", mechanism=rule, reason=run.id))


async def end_account(brand: Brand, account: Versioned[Ambassador], *, contacts_wait: bool) -> Counter[str]:
    """Frees what pointed to the account, deletes its files and what else goes, and last of all anonymises it (DEL-4).

    `contacts_wait` says that a contact is left that may not be touched yet (RET-14).
    """
    record, now = account.record, brand.now()
    first = record.status is AccountStatus.LEAVING
    if first:
        await enter_missing(
            brand, brand.ambassadors, [record]
        )  # of a close that was cut short: no timer may come any more
        await release(brand, record)
        for file in record.files:
            await brand.ports.files.delete(file)
        for goes in ALSO_GOES:
            await goes(brand, record)
    # The term is over: each sweep looks again, so that a restriction which is lifted ends with the very next one.
    waits = record.created_at if contacts_wait else None
    left = anonymised_ambassador(record, now, brand.hasher, contacts_wait_since=waits)
    try:
        await brand.ambassadors.replace(account, left.settled(brand.hasher))
    except StaleError:
        return Counter({"skipped.changed_meanwhile": 1})
    return Counter({f"done.{Done.ANONYMISED}": 1} if first else {})


async def delete_sign_ups(brand: Brand, sign_ups: Sequence[Versioned[Ambassador]]) -> Counter[str]:
    """Deletes accounts that nobody confirmed (DEL-9), in an order that can be cut short anywhere and gone on with.

    First the sign-ups lapse, so that nobody confirms or renews them any more; then their addresses are free; then they go.
    """
    tally: Counter[str] = Counter()
    lapsed = [item.record.changed(sign_up=None).owing(()) for item in sign_ups]
    results = await brand.ambassadors.write_many([Change(*pair) for pair in zip(sign_ups, lapsed, strict=True)])
    going = [Versioned(account, r.etag) for account, r in zip(lapsed, results, strict=True) if r.etag]
    tally["skipped.changed_meanwhile"] += len(sign_ups) - len(going)
    for item in going:
        await release(brand, item.record)
    for result in await brand.ambassadors.write_many([Change(item, None) for item in going]):
        written = result.outcome is Outcome.WRITTEN
        tally[f"done.{Done.DELETED}" if written else "skipped.changed_meanwhile"] += 1
    return tally


def _contacts_of(ambassador: str) -> Query:
    return Query(partition=ambassador, order_by="createdAt", limit=A_PAGE)
