"""Raising flags for staff to look into (ACT-5): nothing follows from one by itself (art. 22)."""

from contextlib import suppress

from shared.domain.flags import Flag
from shared.ports import ConflictError
from shared.usecases.brands import Brand


async def flag(brand: Brand, kind: str, subject_id: str, reason: str) -> None:
    """Raises a flag about a subject (an id or a keyed hash) with its reason; once a day for the same kind and subject."""
    now = brand.now()
    raised = Flag(
        id=f"{kind}.{subject_id}.{now:%Y%m%d}",
        kind=kind,
        subject=subject_id,
        reason=reason,
        at=now,
        open_since=now,
    )
    with suppress(ConflictError):
        await brand.flags.create(raised)
