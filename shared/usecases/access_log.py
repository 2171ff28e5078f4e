"""Writing down that staff looked at personal data, before they do; reading that, and forgetting it in time (VIS-7, RET-11)."""

from datetime import timedelta

from shared.domain.access_log import Access, Act, Seen
from shared.domain.records import stamp
from shared.domain.staff import StaffMember
from shared.ports import Outcome, Query, Where
from shared.usecases.brands import Brand
from shared.usecases.collections import Change


async def note(brand: Brand, member: StaffMember, kind: Seen, act: Act, count: int) -> None:
    """Enters one access; what cannot be written down is not shown, for the caller awaits this before it answers."""
    entry = Access(at=brand.now(), actor=actor(brand, member), role=member.role, kind=kind, act=act, count=count)
    await brand.access_log.create(entry)


def actor(brand: Brand, member: StaffMember) -> str:
    """The pseudonym of a user in this brand's log: who holds the brand's key can ask whether an entry is theirs."""
    return brand.hasher.ref(f"staff {member.id}")


async def entries(brand: Brand, limit: int, cursor: str | None) -> tuple[list[Access], str | None]:
    """One page of the log, newest first."""
    page, cursor = await brand.access_log.page(Query(order_by="at", descending=True, limit=limit, cursor=cursor))
    return [item.record for item in page], cursor


async def forget_old_accesses(brand: Brand) -> int:
    """Deletes what is older than the policy keeps it (RET-11); gives how many."""
    kept = timedelta(days=brand.policy.durations.access_log)
    old = Query(where=(Where("at", "<=", stamp(brand.now() - kept)),), order_by="at")
    deleted = 0
    async for page in brand.access_log.pages(old):
        results = await brand.access_log.write_many([Change(item, None) for item in page])
        deleted += sum(result.outcome is Outcome.WRITTEN for result in results)
    return deleted
