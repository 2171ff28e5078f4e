"""Which accounts a brand's machines mean: by id, by the key of the brand's directory, by customer ID, or by the page's name."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import NamedTuple

from shared.domain.aliases import is_name
from shared.domain.ambassador import AccountStatus, Ambassador, Claim
from shared.ports import ConflictError, Query, StaleError, Where
from shared.usecases.brands import Brand
from shared.usecases.claims import by_blog_alias, customer_claims, key_claims, page_claim
from shared.usecases.collections import chunks

_ID = re.compile(r"[a-z2-7]{24}")


async def accounts_named(brand: Brand, references: Iterable[str]) -> dict[str, Ambassador]:
    """Those of the references that lead to an account with access, each account read once.

    The brand's own names come first, and lead to their account by a claim. Where a customer ID has none yet, one indexed
    query finds the accounts of all that are missing, and each that is the only one of its ID gets the claim. Only an ID that
    the brand's directory gave counts: nobody gets another's people by entering the other's ID. Ambassadors choose their page's
    name: one without a claim that is the ID of one account and the page of another, vouched for or not, leads to neither.
    """
    wanted = dict.fromkeys(references)
    claims = {reference: [*key_claims(brand, reference), *customer_claims(brand, reference)] for reference in wanted}
    found = await _led_to(brand, claims, {reference: [reference] for reference in wanted if _ID.fullmatch(reference)})
    missing = _without(wanted, found)
    if not missing:
        return found
    customers = await _holders_of(brand, missing)
    pages = {name: [page_claim(name)] for name in missing if is_name(name)}
    by_page = await _led_to(brand, pages, {}) if pages else {}
    named = {name: page for name, page in by_page.items() if customers.get(name, {}).keys() <= {page.id}}
    only = {name: account for name, account in _only(customers).items() if by_page.get(name, account).id == account.id}
    await _learn(brand, only)
    return found | named | only


async def account_on_a_page(brand: Brand, reference: str) -> Ambassador | None:
    """The account with access that a page of ours may name: by its id or its own page; who has which customer ID is not told."""
    if _ID.fullmatch(reference):
        return (await _accounts(brand, [reference])).get(reference)
    found = await by_blog_alias(brand, reference)
    return found.record if found else None


class Customers(NamedTuple):
    """Whose customer IDs are which: `known` by the brand's directory, one account each; `entered` by nobody but an ambassador."""

    known: dict[str, Ambassador]
    entered: set[str]


async def accounts_of_customers(brand: Brand, customer_ids: Iterable[str]) -> Customers:
    """The accounts with access that some of the brand's customer IDs lead to, and those IDs that only somebody entered."""
    wanted = dict.fromkeys(customer_ids)
    ids = {id: reference for reference in wanted for id in customer_claims(brand, reference)}
    claims = await brand.claims.get_many([(id, id) for id in ids])
    accounts = await _accounts(brand, {claim.record.ambassador_id for claim in claims.values()})
    found: dict[str, Ambassador] = {}
    for (id, _), claim in claims.items():
        account = accounts.get(claim.record.ambassador_id)
        if account and account.vouched_customer_id == ids[id]:
            found[ids[id]] = account
    entered: set[str] = set()
    if missing := _without(wanted, found):
        holders = await _holders_of(brand, missing)
        only = _only(holders)
        await _learn(brand, only)
        found |= only
        entered = {id for id, accounts in holders.items() if any(map(_only_entered, accounts.values()))}
    return Customers(found, entered)


async def _accounts(brand: Brand, ids: Collection[str]) -> dict[str, Ambassador]:
    read = await brand.ambassadors.get_many([(id, id) for id in ids])
    return {id: item.record for (id, _), item in read.items() if _has_access(item.record)}


def _has_access(account: Ambassador) -> bool:
    return account.status is AccountStatus.ACTIVE


def _only_entered(account: Ambassador) -> bool:
    return _has_access(account) and not account.customer_id_vouched


async def _holders_of(brand: Brand, references: Collection[str]) -> dict[str, dict[str, Ambassador]]:
    """Whose customer ID each is, or was until the account was anonymised, by the accounts' ids."""
    hashes = {ref: reference for reference in references for ref in brand.hasher.refs(reference)}
    holders: dict[str, dict[str, Ambassador]] = {}
    for some in chunks(hashes, 100):
        async for page in brand.ambassadors.pages(Query(where=(Where("customerHash", "in", tuple(some)),))):
            for item in page:
                account = item.record
                gone = account.status is AccountStatus.ANONYMISED
                reference = hashes.get(account.customer_hash or "") if gone else account.customer_id
                if reference in references and account.status is not AccountStatus.UNCONFIRMED:  # that is anybody
                    holders.setdefault(reference or "", {})[account.id] = account
    return holders


def _only(holders: Mapping[str, Mapping[str, Ambassador]]) -> dict[str, Ambassador]:
    """The accounts with access that the directory gave their ID to, and no other; one that was anonymised has it no more."""
    found: dict[str, Ambassador] = {}
    for reference, accounts in holders.items():
        vouched = [account for account in accounts.values() if account.vouched_customer_id == reference]
        if len(vouched) == 1 and _has_access(vouched[0]):
            found[reference] = vouched[0]
    return found


async def _learn(brand: Brand, accounts: dict[str, Ambassador]) -> None:
    """Keeps the way to each account; a claim that leads to an account without this ID any more is taken over."""
    for reference, account in accounts.items():
        claim = Claim(id=customer_claims(brand, reference)[0], ambassador_id=account.id)
        current = await brand.claims.get(claim.id, claim.id)
        with suppress(ConflictError, StaleError):  # somebody else keeps it in this moment
            await (brand.claims.replace(current, claim) if current else brand.claims.create(claim))


async def _led_to(
    brand: Brand, claims: Mapping[str, Sequence[str]], ids: Mapping[str, Sequence[str]]
) -> dict[str, Ambassador]:
    """The accounts that references lead to, as ids of their own or by claims, in that order, and are still called so."""
    read = await brand.claims.get_many([(id, id) for some in claims.values() for id in some])
    leads = {
        reference: [*ids.get(reference, ()), *(read[id, id].record.ambassador_id for id in some if (id, id) in read)]
        for reference, some in claims.items()
    }
    accounts = await _accounts(brand, {id for some in leads.values() for id in some})
    found: dict[str, Ambassador] = {}
    for reference, some in leads.items():
        for id in some:
            if id in accounts and _called_so(accounts[id], reference):
                found.setdefault(reference, accounts[id])
    return found


def _called_so(account: Ambassador, reference: str) -> bool:
    return reference in (account.id, account.brand_key, account.vouched_customer_id, account.blog_alias)


def _without(wanted: Iterable[str], found: Mapping[str, Ambassador]) -> list[str]:
    return [reference for reference in wanted if reference not in found]
