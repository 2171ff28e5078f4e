"""Which account an address signs in to: one at a time, found by point reads (AMB-6)."""

from shared.domain.ambassador import Ambassador, Claim
from shared.ports import ConflictError
from shared.usecases.brands import Brand
from shared.usecases.collections import Change, Versioned


async def by_email(brand: Brand, email: str) -> Versioned[Ambassador] | None:
    """The account that an address signs in to."""
    claims = await brand.claims.get_many([(ref, ref) for ref in brand.hasher.refs(email)])
    for claim in claims.values():
        account = await _holder(brand, claim.record)
        if account and account.record.email_hash and brand.hasher.matches(account.record.email_hash, email):
            return account
    return None


async def bind(brand: Brand, account: Ambassador) -> None:
    """Binds the account's address to it; raises ConflictError, or StaleError, when another account has it.

    A claim whose account is gone is taken over. The account must be stored before, so that a claim without one is
    known to be left over.
    """
    ref = account.email_hash or ""
    claim = Claim(id=ref, ambassador_id=account.id)
    current = await brand.claims.get(ref, ref)
    if current is None:
        await brand.claims.create(claim)
    elif current.record.ambassador_id != account.id:
        if await _holder(brand, current.record):
            raise ConflictError("another account has the address")
        await brand.claims.replace(current, claim)


async def release(brand: Brand, account: Ambassador) -> None:
    """Frees the address of an account that goes."""
    refs = brand.hasher.refs(account.email)
    claims = await brand.claims.get_many([(ref, ref) for ref in refs])
    own = [claim for claim in claims.values() if claim.record.ambassador_id == account.id]
    await brand.claims.write_many([Change(claim, None) for claim in own])


async def _holder(brand: Brand, claim: Claim) -> Versioned[Ambassador] | None:
    account = await brand.ambassadors.get(claim.ambassador_id, claim.ambassador_id)
    return account if account and not account.record.lapsed else None
