"""Which account a value leads to, an address or the name of a page: one at a time, found by point reads (AMB-6)."""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import islice

from shared.domain.aliases import is_name, names
from shared.domain.ambassador import AccountStatus, Ambassador, Claim
from shared.domain.grants import Network, network_claim
from shared.domain.syncing import key_refs
from shared.ports import ConflictError
from shared.usecases.brands import Brand
from shared.usecases.collections import Change, Versioned

NAMES_AT_ONCE = 10


async def by_email(brand: Brand, email: str) -> Versioned[Ambassador] | None:
    """The account that an address signs in to."""
    claims = await brand.claims.get_many([(ref, ref) for ref in brand.hasher.refs(email)])
    for claim in claims.values():
        account = await _holder(brand, claim.record)
        if account and account.record.email_hash and brand.hasher.matches(account.record.email_hash, email):
            return account
    return None


async def by_emails(brand: Brand, emails: Iterable[str]) -> dict[str, Ambassador]:
    """The confirmed accounts that addresses sign in to, or did before they left; batched."""
    ids = {ref: email for email in emails for ref in brand.hasher.refs(email)}
    claims = await brand.claims.get_many([(ref, ref) for ref in ids])
    holders = {claim.record.ambassador_id for claim in claims.values()}
    accounts = await brand.ambassadors.get_many([(holder, holder) for holder in holders])
    found: dict[str, Ambassador] = {}
    for (ref, _), claim in claims.items():
        account = accounts.get((claim.record.ambassador_id, claim.record.ambassador_id))
        confirmed = account and account.record.status in (AccountStatus.ACTIVE, AccountStatus.LEAVING)
        if account and confirmed and brand.hasher.matches(account.record.email_hash or "", ids[ref]):
            found[ids[ref]] = account.record
    return found


async def bind(brand: Brand, account: Ambassador) -> None:
    """Binds the account's address to it; raises ConflictError, or StaleError, when another account has it.

    A claim whose account is gone is taken over. The account must be stored before, so that a claim without one is
    known to be left over.
    """
    ref = account.email_hash or ""
    await _bind(brand, ref, account, lambda holder: holder.email_hash == ref)


async def free_address(brand: Brand, before: Ambassador, after: Ambassador) -> None:
    """Frees the address that an account had, when it has another one now; what a crash leaves is free to whoever binds it."""
    if before.email_hash != after.email_hash:
        keys = [(ref, ref) for ref in brand.hasher.refs(before.email)]
        own = [c for c in (await brand.claims.get_many(keys)).values() if c.record.ambassador_id == before.id]
        await brand.claims.write_many([Change(claim, None) for claim in own if claim.record.id != after.email_hash])


async def by_subject(brand: Brand, subject: str) -> Versioned[Ambassador] | None:
    """The account that an identity provider's word for somebody opens, such as `sso:<tenant>.<object id>` (REG-2)."""
    claims = await brand.claims.get_many([(ref, ref) for ref in brand.hasher.refs(subject)])
    for claim in claims.values():
        account = await _holder(brand, claim.record)
        if account and subject in account.record.subjects:
            return account
    return None


async def bind_subjects(brand: Brand, account: Ambassador) -> None:
    """Binds what identity providers know the account by; raises as `bind` does, and wants the account stored, too."""
    for subject in account.subjects:
        await _bind(brand, brand.hasher.ref(subject), account, partial(_is_known_by, subject))


def _is_known_by(subject: str, holder: Ambassador) -> bool:
    return subject in holder.subjects and holder.status is not AccountStatus.UNCONFIRMED


async def _bind(brand: Brand, ref: str, account: Ambassador, holds: Callable[[Ambassador], bool]) -> None:
    claim = Claim(id=ref, ambassador_id=account.id)
    current = await brand.claims.get(ref, ref)
    if current is None:
        await brand.claims.create(claim)
    elif current.record.ambassador_id != account.id:
        holder = await _holder(brand, current.record)
        if holder and holds(holder.record):
            raise ConflictError("another account has it")
        await brand.claims.replace(current, claim)


async def by_brand_keys(brand: Brand, keys: Iterable[str]) -> dict[str, Versioned[Ambassador]]:
    """The accounts that keys of the brand's directory were bound to, in whatever state they are."""
    ids = {id: key for key in keys for id in key_claims(brand, key)}
    claims = await brand.claims.get_many([(id, id) for id in ids])
    holders = {claim.record.ambassador_id for claim in claims.values()}
    accounts = await brand.ambassadors.get_many([(holder, holder) for holder in holders])
    found: dict[str, Versioned[Ambassador]] = {}
    for (id, _), claim in claims.items():
        account = accounts.get((claim.record.ambassador_id, claim.record.ambassador_id))
        if account and account.record.brand_key == ids[id]:
            found[ids[id]] = account
    return found


async def bind_brand_key(brand: Brand, account: Ambassador) -> None:
    """Binds the key that the brand's directory has for the account; raises as `bind` does, and wants the account stored, too."""
    if account.brand_key:
        claim, *_ = key_claims(brand, account.brand_key)
        await _bind(brand, claim, account, lambda holder: holder.brand_key == account.brand_key)


def key_claims(brand: Brand, key: str) -> list[str]:
    """The claims that a key of the brand's directory may have, newest first."""
    return [f"key.{ref}" for ref in key_refs(brand.hasher, key)]


def customer_claims(brand: Brand, customer_id: str) -> list[str]:
    """The claims that a customer ID may have, newest first."""
    return [f"customer.{ref}" for ref in brand.hasher.refs(customer_id)]


async def by_network(brand: Brand, network: Network, account_id: str) -> Versioned[Ambassador] | None:
    """The account whose ambassador granted this account on a network (AMB-5); None unless both are in force."""
    refs = brand.hasher.refs(account_id)
    ids = [network_claim(network, ref) for ref in refs]
    for claim in (await brand.claims.get_many([(id, id) for id in ids])).values():
        account = await _holder(brand, claim.record)
        if account is None or account.record.status is not AccountStatus.ACTIVE:
            continue
        grant = account.record.grants.get(network)
        if grant and grant.usable and grant.account_hash in refs:
            return account
    return None


async def bind_network(brand: Brand, ambassador: str, network: Network, account_hash: str) -> None:
    """Binds an account on a network to who granted it; raises as `bind` does, and wants the account stored, too."""
    account = await brand.ambassadors.get(ambassador, ambassador)
    if account is None:
        raise ConflictError("the account is gone")

    def holds(holder: Ambassador) -> bool:
        grant = holder.grants.get(network)
        return grant is not None and grant.account_hash == account_hash

    await _bind(brand, network_claim(network, account_hash), account.record, holds)


async def release_network(brand: Brand, ambassador: str, network: Network, account_hash: str) -> None:
    """Frees an account on a network."""
    id = network_claim(network, account_hash)
    claim = await brand.claims.get(id, id)
    if claim and claim.record.ambassador_id == ambassador:
        await brand.claims.write_many([Change(claim, None)])


async def by_blog_alias(brand: Brand, alias: str) -> Versioned[Ambassador] | None:
    """The account whose blog page has this name, in capitals or not; None unless the account has access."""
    name = alias.casefold()
    claim = await brand.claims.get(page_claim(name), page_claim(name)) if is_name(name) else None
    account = await _holder(brand, claim.record) if claim else None
    if account is None or account.record.blog_alias != name:
        return None
    return account if account.record.status is AccountStatus.ACTIVE else None


async def take_blog_alias(brand: Brand, account: Ambassador) -> str:
    """Gives the account the first free name for its blog page, or again the one it has; to be saved with the account.

    The account must be stored before. Raises ConflictError, or StaleError, when another account was faster: ask again.
    """
    candidates = names(account.alias)
    while True:
        some, claims = await _some_names(brand, candidates)
        own = [name for name in some if name in claims and claims[name].record.ambassador_id == account.id]
        if own:
            return own[0]
        for name in some:
            fresh = Claim(id=page_claim(name), ambassador_id=account.id)
            if name not in claims:
                await brand.claims.create(fresh)
                return name
            holder = await _holder(brand, claims[name].record)
            if holder is None or holder.record.blog_alias not in (None, name):  # left over by what was cut short
                await brand.claims.replace(claims[name], fresh)
                return name


async def release(brand: Brand, account: Ambassador) -> None:
    """Frees the address, what providers and the brand know of, and the page's name of an account that goes."""
    ids = [ref for value in (account.email, *account.subjects) for ref in brand.hasher.refs(value)]
    ids += customer_claims(brand, account.customer_id) if account.customer_id else []
    ids += key_claims(brand, account.brand_key) if account.brand_key else []
    ids += account.former_hashes
    ids += [network_claim(grant.network, grant.account_hash) for grant in account.grants.values() if grant.account_hash]
    ids += [page_claim(account.blog_alias)] if account.blog_alias else []
    claims = list((await brand.claims.get_many([(id, id) for id in ids])).values())
    if account.blog_alias is None:  # a confirmation that was cut short may have taken one
        claims += (await _some_names(brand, names(account.alias)))[1].values()
    own = [claim for claim in claims if claim.record.ambassador_id == account.id]
    await brand.claims.write_many([Change(claim, None) for claim in own])


async def _some_names(brand: Brand, candidates: Iterator[str]) -> tuple[list[str], dict[str, Versioned[Claim]]]:
    """The next names to try, and the claims of those that are taken."""
    some = list(islice(candidates, NAMES_AT_ONCE))
    claims = await brand.claims.get_many([(page_claim(name), page_claim(name)) for name in some])
    taken = {id: claim for (id, _), claim in claims.items()}
    return some, {name: taken[page_claim(name)] for name in some if page_claim(name) in taken}


def page_claim(name: str) -> str:
    """The claim of a page's name."""
    return f"blog.{name}"


async def _holder(brand: Brand, claim: Claim) -> Versioned[Ambassador] | None:
    account = await brand.ambassadors.get(claim.ambassador_id, claim.ambassador_id)
    if account is None or account.record.lapsed or account.record.status is AccountStatus.ANONYMISED:
        return None
    return account
