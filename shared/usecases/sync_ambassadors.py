"""Ambassadors that a brand's own directory sends (REG-2, DEL-2): brought up to date or removed, never made.

An account is found by the key that an earlier row was bound to, else by the brand's customer ID, else by the directory's
word for it at the log-in. Whoever signs up may enter any customer ID: so until a key is bound, a row with another address
than the account's is not about this account.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from shared.domain.addresses import clean_address
from shared.domain.ambassador import AccountStatus, Ambassador, LeftBecause
from shared.domain.directory import DirectoryAnswer, DirectoryResult, DirectoryRow, emptied, refused, with_row
from shared.domain.errors import UnknownObjectError
from shared.ports import ConflictError, StaleError
from shared.usecases.brands import Brand
from shared.usecases.claims import bind, bind_brand_key, by_brand_keys, by_subject, free_address
from shared.usecases.leaving import GONE, remove
from shared.usecases.references import accounts_of_customers
from shared.usecases.saving import ATTEMPTS

AT_ONCE = 16

NOT_REGISTERED = DirectoryAnswer(DirectoryResult.NOT_REGISTERED)
_BUSY = refused("key", "was changed too often meanwhile; send it again")
_LEFT = refused("key", "is that of an ambassador who has left; restore the account first")
_OTHER_ADDRESS = refused("email", "is not that of the account with this customer ID")
_TAKEN = refused("email", "is that of another account")


@dataclass(frozen=True, slots=True)
class _Match:
    """The account of a row: known by the bound key, or sure by the directory's word, or by a customer ID that was entered."""

    ambassador: str
    sure: bool = False
    bound: bool = False


async def upsert_ambassadors(brand: Brand, rows: Sequence[DirectoryRow]) -> list[DirectoryAnswer]:
    """Brings accounts up to date, each row with its own answer, in input order. Sent again, a row changes nothing."""
    matches = await _matches(brand, rows)

    async def take(row: DirectoryRow) -> DirectoryAnswer:
        match = matches.get(row.key)
        return await _upserted(brand, row, match) if match else NOT_REGISTERED

    return await _each(rows, matches, take)


async def delete_ambassadors(brand: Brand, keys: Sequence[str]) -> list[DirectoryAnswer]:
    """Ends the accounts that the directory no longer has (DEL-2). Sent again, a row changes nothing."""
    rows = [DirectoryRow(key, {}) for key in keys]
    matches = await _matches(brand, rows)

    async def end(row: DirectoryRow) -> DirectoryAnswer:
        match = matches.get(row.key)
        return await _deleted(brand, row, match) if match else NOT_REGISTERED

    return await _each(rows, matches, end)


async def _matches(brand: Brand, rows: Sequence[DirectoryRow]) -> dict[str, _Match]:
    """The account of each row's key, in three questions to the store for all, and one more for each key left over."""
    bound = await by_brand_keys(brand, {row.key for row in rows})
    found = {key: _Match(account.record.id, sure=True, bound=True) for key, account in bound.items()}
    left = [row for row in rows if row.key not in found]
    customers = await accounts_of_customers(brand, {row.customer_id for row in left}) if left else {}
    for row in left:
        account = customers.get(row.customer_id)
        if account and account.brand_key in (None, row.key):  # else it is another row's
            found[row.key] = _Match(account.id)
    tenant = brand.policy.sso.tenant if brand.policy.sso else None
    for row in left if tenant else ():
        if row.key not in found:
            known = await by_subject(brand, f"sso:{tenant}.{row.key.lower()}")
            if known and known.record.brand_key in (None, row.key):
                found[row.key] = _Match(known.record.id, sure=True)
    return found


async def _each(
    rows: Sequence[DirectoryRow],
    matches: Mapping[str, _Match],
    act: Callable[[DirectoryRow], Awaitable[DirectoryAnswer]],
) -> list[DirectoryAnswer]:
    """Some accounts at once, the rows of one account one after the other; the answers come in input order."""
    answers = [NOT_REGISTERED] * len(rows)
    by_account: dict[str, list[int]] = {}
    for place, row in enumerate(rows):
        if row.key in matches:
            by_account.setdefault(matches[row.key].ambassador, []).append(place)
    free = asyncio.Semaphore(AT_ONCE)

    async def do(places: list[int]) -> None:
        async with free:
            for place in places:
                answers[place] = await act(rows[place])

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
        if moves and not match.sure and before.brand_key != row.key:
            return _OTHER_ADDRESS
        after = with_row(before, row).settled(brand.hasher)
        try:
            if moves and not await _takes_address(brand, after):
                return _TAKEN
            if after != before:
                await brand.ambassadors.replace(current, after)
            await free_address(brand, before, after)
            if not match.bound:
                await bind_brand_key(brand, after)
        except (ConflictError, StaleError):
            continue
        changed = after.changed(brand_key=before.brand_key) != before
        return DirectoryAnswer(DirectoryResult.UPDATED if changed else DirectoryResult.UNCHANGED, before.id)
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
