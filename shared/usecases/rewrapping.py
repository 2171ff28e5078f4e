"""A new master key (BAK-5): everything that an older one wrapped is wrapped anew, so that the older one can be taken away.

What is left to lapse by itself is short: the day's salt goes with its day, the permission of an account link with its job.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

from shared.domain.ambassador import Ambassador
from shared.domain.errors import ChangedMeanwhileError, UnknownObjectError
from shared.domain.forgetting import Forgetting
from shared.domain.grants import Network, SocialGrant
from shared.domain.hashing import WrappedKey
from shared.ports import Query, StaleError, Vault
from shared.usecases.brands import Brand, BrandKeys, Brands
from shared.usecases.collections import Versioned
from shared.usecases.saving import ATTEMPTS


@dataclass(frozen=True, slots=True)
class Rewrapped:
    """How many of each were wrapped anew, and the cursor of the next brands."""

    brands: int
    grants: int
    forgettings: int
    cursor: str | None


async def rewrap(brands: Brands, limit: int, cursor: str | None) -> Rewrapped:
    """Wraps anew what a page of brands has under older master keys; again changes nothing.

    Also of brands that ended, whose ledger can still be verified. Raises ValueError for what no master key opens.
    """
    changed = grants = forgettings = 0
    page, following = await brands.keys.page(Query(limit=limit, cursor=cursor))
    for keys in page:
        changed += await _keys(brands, keys.record.id)
        with suppress(UnknownObjectError):  # it ended, or is being restored: nothing else of it is wrapped
            brand = await brands.get(keys.record.id)
            grants += await _grants(brand)
            forgettings += await _forgettings(brand)
    return Rewrapped(changed, grants, forgettings, following)


async def _keys(brands: Brands, id: str) -> bool:
    for _ in range(ATTEMPTS):
        current = await brands.keys.get(id, id)
        if current is None:
            return False
        after = _anew(brands.ports.vault, current.record)
        if after.backup:
            await brands.copy_keys(after)  # as they may have been before a crash here, too
        if after == current.record:
            return False
        with suppress(StaleError):
            await brands.keys.replace(current, after)
            brands.forget(id)
            return True
    raise ChangedMeanwhileError


def _anew(vault: Vault, keys: BrandKeys) -> BrandKeys:
    hashes: Mapping[str, WrappedKey] = {version: _wrapped(vault, key) for version, key in keys.hash.items()}
    backup = _wrapped(vault, keys.backup) if keys.backup else None
    return keys.changed(hash=hashes, ledger=_wrapped(vault, keys.ledger), backup=backup)


def _wrapped(vault: Vault, key: WrappedKey) -> WrappedKey:
    return key if vault.is_newest(key) else vault.wrap(vault.unwrap(key))


async def _grants(brand: Brand) -> int:
    """The tokens of social networks (AMB-5)."""
    count = 0
    async for page in brand.ambassadors.pages(Query(order_by="grantsSince")):
        for item in page:
            grants = {network: _grant(brand, grant) for network, grant in item.record.grants.items()}
            if grants != item.record.grants:
                count += await _saved(brand, item, grants)
    return count


def _grant(brand: Brand, grant: SocialGrant) -> SocialGrant:
    return grant.changed(token=_wrapped(brand.ports.vault, WrappedKey(grant.token))) if grant.token else grant


async def _saved(brand: Brand, item: Versioned[Ambassador], grants: Mapping[Network, SocialGrant]) -> bool:
    with suppress(StaleError):  # the next run meets it again
        await brand.ambassadors.replace(item, item.record.changed(grants=grants).settled(brand.hasher))
        return True
    return False


async def _forgettings(brand: Brand) -> int:
    """The addresses that the mail provider has still to delete (RGT-6)."""
    count = 0
    async for page in brand.forgettings.pages(Query(order_by="owedSince")):
        for item in page:
            after: Forgetting = item.record.changed(key=_wrapped(brand.ports.vault, item.record.key))
            if after != item.record:
                with suppress(StaleError):  # it was paid, or tried, in this moment
                    await brand.forgettings.replace(item, after)
                    count += 1
    return count
