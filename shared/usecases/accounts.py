"""Changing an account: read, let an act change it, save; again when somebody was faster."""

from collections.abc import Callable
from contextlib import suppress

from shared.domain.ambassador import AccountStatus, Ambassador
from shared.domain.errors import ChangedMeanwhileError, UnknownObjectError
from shared.ports import StaleError
from shared.usecases.brands import Brand
from shared.usecases.collections import Versioned
from shared.usecases.saving import ATTEMPTS


async def active_account(brand: Brand, ambassador: str) -> Versioned[Ambassador]:
    """The account; raises UnknownObjectError unless it has access."""
    found = await brand.ambassadors.get(ambassador, ambassador)
    if found is None or found.record.status is not AccountStatus.ACTIVE:
        raise UnknownObjectError
    return found


async def change_account(brand: Brand, ambassador: str, act: Callable[[Ambassador], Ambassador]) -> Ambassador:
    """Gives the account as it then stands; raises UnknownObjectError unless it has access."""
    for _ in range(ATTEMPTS):
        current = await active_account(brand, ambassador)
        after = act(current.record).settled(brand.hasher)
        if after == current.record:
            return after
        with suppress(StaleError):
            return (await brand.ambassadors.replace(current, after)).record
    raise ChangedMeanwhileError
