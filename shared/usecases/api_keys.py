"""A brand's API keys: made, shown without their secrets, taken back, and recognised at the cost of one point read."""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime

from shared.domain.api_keys import ApiKey, ApiScope, KeyRing, key_text, new_key, parsed_key
from shared.domain.errors import (
    ChangedMeanwhileError,
    FieldError,
    ForbiddenError,
    InvalidInputError,
    UnauthenticatedError,
)
from shared.domain.policy import BrandStatus
from shared.ports import ConflictError, StaleError
from shared.usecases.brands import Brand
from shared.usecases.collections import Versioned
from shared.usecases.saving import ATTEMPTS

_RING = "keys"


async def keys_of(brand: Brand) -> tuple[ApiKey, ...]:
    """Every key, newest last."""
    ring = await _ring(brand)
    return ring.record.keys if ring else ()


async def create_key(
    brand: Brand,
    scopes: set[ApiScope],
    by: str,
    *,
    name: str | None = None,
    expires_at: datetime | None = None,
    secret: str | None = None,
) -> tuple[ApiKey, str]:
    """A new key and its text, which nobody can be shown again.

    Raises TooManyKeysError while two keys of the same scopes are valid: one is taken back first.
    """
    now = brand.now()
    if expires_at is not None and expires_at <= now:
        raise InvalidInputError(errors=[FieldError("expiresAt", "must be in the future")])
    key, told = new_key(scopes, now, by, name=name, expires_at=expires_at, secret=secret)
    await _change(brand, lambda ring: ring.with_key(key, now))
    return key, key_text(brand.id, key.id, told)


async def revoke_key(brand: Brand, id: str) -> None:
    """Takes a key back, from its next call on; raises UnknownObjectError when there is none."""
    await _change(brand, lambda ring: ring.without(id))


async def authorised(brand: Brand, text: str | None, scope: ApiScope) -> ApiKey:
    """The key of a call. Raises UnauthenticatedError for what is no valid key of this brand, ForbiddenError for its scope."""
    parsed = parsed_key(text or "")
    if parsed is None or parsed[0] != brand.id or brand.record.status is BrandStatus.ENDED:
        raise UnauthenticatedError
    ring, now = await _ring(brand), brand.now()
    key = ring.record.get(parsed[1]) if ring else None
    if ring is None or key is None or not key.opens_with(parsed[2]) or not key.valid(now):
        raise UnauthenticatedError
    if scope not in key.scopes:
        raise ForbiddenError("The key is not for this")
    if key.use_is_news(now):
        with suppress(StaleError):  # somebody else wrote the ring in this moment; the next call tells
            await brand.api_keys.replace(ring, ring.record.used(key.id, now))
    return key


async def _ring(brand: Brand) -> Versioned[KeyRing] | None:
    return await brand.api_keys.get(_RING, _RING)


async def _change(brand: Brand, act: Callable[[KeyRing], KeyRing]) -> None:
    for _ in range(ATTEMPTS):
        current = await _ring(brand)
        after = act(current.record if current else KeyRing(id=_RING))
        with suppress(ConflictError, StaleError):
            await (brand.api_keys.replace(current, after) if current else brand.api_keys.create(after))
            return
    raise ChangedMeanwhileError
