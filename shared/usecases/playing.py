"""Counting an ambassador's deliberate acts for the game (ACT-6)."""

from contextlib import suppress

from shared.domain.gamification import Act, after
from shared.ports import StaleError
from shared.usecases.brands import Brand
from shared.usecases.saving import ATTEMPTS


async def played(brand: Brand, ambassador: str, act: Act) -> None:
    """Counts an act, once a day. A point is worth less than the act: when every try is outrun it is left out."""
    for _ in range(ATTEMPTS):
        current = await brand.ambassadors.get(ambassador, ambassador)
        if current is None:
            return
        acts = after(current.record.acts, act, brand.now())
        if acts is current.record.acts:
            return
        with suppress(StaleError):
            await brand.ambassadors.replace(current, current.record.changed(acts=acts))
            return
