"""A brand's own record, changed by staff: its policy (BR-2) and its status (BR-3)."""

from shared.domain.errors import ChangedMeanwhileError, PreconditionError
from shared.domain.policy import BrandRecord, Policy, StatusAction
from shared.domain.staff import Role, StaffMember
from shared.ports import StaleError
from shared.usecases.brands import Brands
from shared.usecases.collections import Versioned
from shared.usecases.newsletters import tell_of_suspension
from shared.usecases.saving import ATTEMPTS


async def brands_of(
    brands: Brands, member: StaffMember, limit: int, cursor: str | None
) -> tuple[list[BrandRecord], str | None]:
    """One page of the brands that a user may see (VIS-1): the named ones, or for the technical team all."""
    if member.role is Role.TECHNICAL_TEAM:
        return await brands.page(limit, cursor)
    ids = sorted(id for id in member.brands if cursor is None or id > cursor)
    return await brands.some(ids[:limit]), ids[limit - 1] if len(ids) > limit else None


async def save_policy(brands: Brands, brand: str, policy: Policy, etag: str) -> Versioned[BrandRecord]:
    """Replaces the policy that was read under `etag`, which has no quotes; raises PreconditionError for another (BR-2)."""
    current = await brands.record(brand)
    if current.etag.strip('"') != etag:
        raise PreconditionError
    try:
        return await brands.save(current, current.record.changed(policy=policy))
    except StaleError:
        raise PreconditionError from None


async def change_status(brands: Brands, brand: str, action: StatusAction, reason: str, by: str) -> BrandRecord:
    """Suspends, resumes, ends or restores a brand (BR-3); `by` names the user. Raises WrongStatusError where it cannot."""
    for _ in range(ATTEMPTS):
        current = await brands.record(brand)
        after = current.record.after(action, brands.ports.clock.now(), by, reason)
        try:
            saved = (await brands.save(current, after)).record
        except StaleError:
            continue
        await tell_of_suspension(await brands.get(brand))
        return saved
    raise ChangedMeanwhileError
