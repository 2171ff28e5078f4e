"""Ambassadors that a brand's own directory sends (REG-2, DEL-2): brought up to date or removed, never made.

An account is found by the key that an earlier row was bound to, else by a customer ID that the directory gave it, else by
the directory's word for it at the log-in. Whoever signs up may enter any customer ID: such a one proves nothing, until a row
names it together with the account's own address, which was confirmed (AMB-6).
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

from shared.domain.addresses import clean_address
from shared.domain.ambassador import AccountStatus, Ambassador, LeftBecause
from shared.domain.directory import DirectoryAnswer, DirectoryResult, DirectoryRow, emptied, refused, with_row
from shared.domain.errors import UnknownObjectError
from shared.ports import ConflictError, StaleError
from shared.usecases.brands import Brand
from shared.usecases.claims import bind, bind_brand_key, by_brand_keys, by_emails, by_subject, free_address
from shared.usecases.leaving import GONE, remove
from shared.usecases.provider_forgets import owe_former_address
from shared.usecases.references import Customers, accounts_of_customers
from shared.usecases.saving import ATTEMPTS

AT_ONCE = 16

NOT_REGISTERED = DirectoryAnswer(DirectoryResult.NOT_REGISTERED)
_BUSY = refused("key", "was changed too often meanwhile; send it again")
_NOBODY = Customers({}, set())
_LEFT = refused("key", "is that of an ambassador who has left; restore the account first")
_OTHER_ADDRESS = refused("email", "is not that of the account with this customer ID")
_NO_ADDRESS = refused("email", "is needed: nobody but the ambassador says that the account has this customer ID")
_NOT_KNOWN = refused("key", "is of an account whose ambassador alone says so; send the row with its address before")
_TAKEN = refused("email", "is that of another account")


@dataclass(frozen=True, slots=True)
class _Match:
    """The account of a row, and whether it is bound to the row's key already."""

    ambassador: str
    bound: bool = False


class _Found(NamedTuple):
    """Which rows' accounts are known, by key, and which customer IDs are only somebody's word."""

    matches: dict[str, _Match]
    entered: set[str]


async def upsert_ambassadors(brand: Brand, rows: Sequence[DirectoryRow]) -> list[DirectoryAnswer]:
    """Brings accounts up to date, each row with its own answer, in input order. Sent again, a row changes nothing."""
    found = await _find(brand, rows)

    def unknown(row: DirectoryRow) -> DirectoryAnswer:
        if row.customer_id not in found.entered:
            return NOT_REGISTERED
        return _OTHER_ADDRESS if row.fields.get("email") else _NO_ADDRESS

    return await _each(rows, found.matches, partial(_upserted, brand), unknown)


async def delete_ambassadors(brand: Brand, keys: Sequence[str]) -> list[DirectoryAnswer]:
    """Ends the accounts that the directory no longer has (DEL-2). Sent again, a row changes nothing."""
    rows = [DirectoryRow(key, {}) for key in keys]
    found = await _find(brand, rows)

    def unknown(row: DirectoryRow) -> DirectoryAnswer:
        return _NOT_KNOWN if row.customer_id in found.entered else NOT_REGISTERED

    return await _each(rows, found.matches, partial(_deleted, brand), unknown)


async def _find(brand: Brand, rows: Sequence[DirectoryRow]) -> _Found:
    """The account of each row's key, in a few questions to the store for all, and one more for each key left over."""
    bound = await by_brand_keys(brand, {row.key for row in rows})
    found = {key: _Match(account.record.id, bound=True) for key, account in bound.items()}

    def take(row: DirectoryRow, account: Ambassador | None) -> None:
        if account and account.brand_key in (None, row.key):  # else it is another row's
            found[row.key] = _Match(account.id)

    def left() -> list[DirectoryRow]:
        return [row for row in rows if row.key not in found]

    customers = await accounts_of_customers(brand, {row.customer_id for row in some}) if (some := left()) else _NOBODY
    for row in left():
        take(row, customers.known.get(row.customer_id))
    held = customers.entered.union(customers.known)
    with_address = [row for row in left() if row.customer_id in held and row.fields.get("email")]
    confirmed = await by_emails(brand, {row.fields["email"] for row in with_address}) if with_address else {}
    for row in with_address:
        account = confirmed.get(row.fields["email"])
        take(row, account if account and account.customer_id == row.customer_id else None)
    tenant = brand.policy.sso.tenant if brand.policy.sso else None
    for row in left() if tenant else ():
        known = await by_subject(brand, f"sso:{tenant}.{row.key.lower()}")
        take(row, known.record if known else None)
    return _Found(found, customers.entered)


async def _each(
    rows: Sequence[DirectoryRow],
    matches: Mapping[str, _Match],
    act: Callable[[DirectoryRow, _Match], Awaitable[DirectoryAnswer]],
    unknown: Callable[[DirectoryRow], DirectoryAnswer],
) -> list[DirectoryAnswer]:
    """Some accounts at once, the rows of one account one after the other; the answers come in input order."""
    answers = [unknown(row) for row in rows]
    by_account: dict[str, list[int]] = {}
    for place, row in enumerate(rows):
        if row.key in matches:
            by_account.setdefault(matches[row.key].ambassador, []).append(place)
    free = asyncio.Semaphore(AT_ONCE)

    async def do(places: list[int]) -> None:
        async with free:
            for place in places:
                answers[place] = await act(rows[place], matches[rows[place].key])

    await asyncio.gather(*(do(places) for places in by_account.values()))
    return answers


async def _upserted(brand: Brand, row: DirectoryRow, match: _Match) -> DirectoryAnswer:
    """What a crash leaves between the account and its claims is mended by the same row."""
    row, wrong = _checked(brand, row)
    if wrong:
        return wrong
    for _ in range(ATTEMPTS):
        current = await brand.ambassadors.get(match.ambassador, match.ambassador)
        if current is None or current.record.status in GONE:
            return NOT_REGISTERED
        before = current.record
        if before.status is AccountStatus.LEAVING:
            return _LEFT
        moves = "email" in row.fields and not brand.hasher.matches(before.email_hash or "", row.fields["email"])
        after = with_row(before, row).settled(brand.hasher)
        try:
            if moves and not await _takes_address(brand, after):
                return _TAKEN
            if after != before:
                await brand.ambassadors.replace(current, after)
            await free_address(brand, before, after)
            await owe_former_address(brand, before, after)
            if not match.bound:
                await bind_brand_key(brand, after)
        except (ConflictError, StaleError):
            continue
        same = after.changed(brand_key=before.brand_key, customer_id_vouched=before.customer_id_vouched) == before
        return DirectoryAnswer(DirectoryResult.UNCHANGED if same else DirectoryResult.UPDATED, before.id)
    return _BUSY


async def _takes_address(brand: Brand, account: Ambassador) -> bool:
    """Whether the address is free for the account; it is bound before the account has it, so that nobody is faster."""
    try:
        await bind(brand, account)
    except ConflictError:
        return False
    return True


async def _deleted(brand: Brand, row: DirectoryRow, match: _Match) -> DirectoryAnswer:
    for _ in range(ATTEMPTS):
        current = await brand.ambassadors.get(match.ambassador, match.ambassador)
        if current is None or current.record.status in GONE:
            return NOT_REGISTERED
        account = current.record.changed(brand_key=row.key)
        try:
            if account != current.record:
                await brand.ambassadors.replace(current, account)
            if not match.bound:
                await bind_brand_key(brand, account)  # so that the same row is known again
            await remove(brand, account.id, "brand", LeftBecause.DIRECTORY)
        except (ConflictError, StaleError):
            continue
        except UnknownObjectError:
            return NOT_REGISTERED
        left = account.status is AccountStatus.LEAVING
        return DirectoryAnswer(DirectoryResult.UNCHANGED if left else DirectoryResult.DELETED, account.id)
    return _BUSY


def _checked(brand: Brand, row: DirectoryRow) -> tuple[DirectoryRow, DirectoryAnswer | None]:
    errors = emptied(row, brand.policy)
    if errors:
        return row, DirectoryAnswer(DirectoryResult.REFUSED, errors=tuple(errors))
    if "email" not in row.fields:
        return row, None
    try:
        return DirectoryRow(row.key, {**row.fields, "email": clean_address(row.fields["email"])}), None
    except ValueError as error:
        return row, refused("email", str(error))
