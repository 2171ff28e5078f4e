"""Signing in and out, and the account behind a session: one point read a request (AMB-7)."""

import asyncio
import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from shared.domain.ambassador import AccountStatus, Address, Ambassador, Session
from shared.domain.errors import CsrfError, FieldError, InvalidInputError, UnauthenticatedError
from shared.domain.ids import new_id
from shared.domain.passwords import hash_password, verify_password
from shared.domain.tokens import Purpose
from shared.ports import StaleError
from shared.usecases.brands import Brand
from shared.usecases.claims import by_email
from shared.usecases.collections import Versioned
from shared.usecases.limiting import count_against, forgive
from shared.usecases.saving import ATTEMPTS

LASTS = timedelta(days=30)
DEVICES = 10


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A fresh session: the token for the Authorization header or the cookie, and what a cookie's changes must add."""

    token: str
    csrf_token: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class SignedInAmbassador(SignedIn):
    """The same, and whose it is."""

    account: Ambassador


@dataclass(frozen=True, slots=True)
class Caller:
    """The ambassador behind a request."""

    brand: Brand
    account: Versioned[Ambassador]
    session: str

    @property
    def id(self) -> str:
        """The ambassador's id."""
        return self.account.record.id


async def sign_in(brand: Brand, email: str, password: str, ip: str | None = None) -> SignedInAmbassador:
    """Opens a session. Unknown address, wrong password and unconfirmed account look alike and take the same time.

    Raises UnauthenticatedError; TooManyRequestsError for an address that is tried too often, or for a caller's `ip` that
    tries too many: by the second, one password is not tried on everybody.
    """
    if ip:
        await count_against(brand, "sign-in-from", ip)
    await count_against(brand, "sign-in", email)
    for _ in range(ATTEMPTS):
        known = await by_email(brand, email)
        own = known.record.password_hash if known else None
        right = await asyncio.to_thread(_matches, password, own, brand.ports.bcrypt_cost)
        if known is None or not right or known.record.status is not AccountStatus.ACTIVE:
            raise UnauthenticatedError
        try:
            signed_in = await open_session(brand, known, known.record)
        except StaleError:
            continue
        await forgive(brand, "sign-in", email)
        return signed_in
    raise UnauthenticatedError


async def open_session(brand: Brand, known: Versioned[Ambassador], account: Ambassador) -> SignedInAmbassador:
    """Saves the account as it is to be, with one more session, the oldest making room; raises StaleError."""
    now = brand.now()
    session = Session(id=new_id(), expires_at=now + LASTS)
    current = tuple(s for s in account.sessions if s.expires_at > now)[-(DEVICES - 1) :]
    after = account.changed(sessions=(*current, session)).logged_in(now).settled(brand.hasher)
    await brand.ambassadors.replace(known, after)
    claims = {"b": brand.id, "a": account.id, "s": session.id}
    tokens = brand.ports.tokens
    return SignedInAmbassador(
        tokens.issue(Purpose.SESSION, claims, session.expires_at),
        tokens.issue(Purpose.CSRF, {"s": session.id}, session.expires_at),
        session.expires_at,
        after,
    )


def session_of(caller: Caller) -> Session:
    """The caller's own session."""
    return next(session for session in caller.account.record.sessions if session.id == caller.session)


def csrf_token(caller: Caller) -> str:
    """What a change asked for by cookie must add."""
    return caller.brand.ports.tokens.issue(Purpose.CSRF, {"s": caller.session}, session_of(caller).expires_at)


async def caller(brand: Brand, token: str | None) -> Caller:
    """Who a session token stands for, as the account is now; raises UnauthenticatedError for every other token."""
    claims = brand.ports.tokens.read(Purpose.SESSION, token, brand.now()) if token else None
    if claims is None or claims["b"] != brand.id:
        raise UnauthenticatedError
    account = await brand.ambassadors.get(claims["a"], claims["a"])
    if account is None or account.record.status is not AccountStatus.ACTIVE:
        raise UnauthenticatedError
    now = brand.now()
    if not any(hmac.compare_digest(s.id, claims["s"]) and s.expires_at > now for s in account.record.sessions):
        raise UnauthenticatedError
    return Caller(brand, account, claims["s"])


def check_csrf(caller: Caller, token: str | None) -> None:
    """A change asked for by cookie needs the session's own CSRF token; raises CsrfError without it."""
    claims = caller.brand.ports.tokens.read(Purpose.CSRF, token, caller.brand.now()) if token else None
    if claims is None or not hmac.compare_digest(claims["s"], caller.session):
        raise CsrfError


async def sign_out(caller: Caller) -> None:
    """Ends this session at once; ending it again is fine."""

    def without(account: Ambassador) -> Ambassador:
        return account.changed(sessions=tuple(s for s in account.sessions if s.id != caller.session))

    await _change(caller, without)


async def edit_account(caller: Caller, fields: dict[str, Any]) -> Ambassador:
    """Changes fields of the caller's own account; a required one cannot be emptied."""
    if "address" in fields:
        fields = {**fields, "address": fields["address"] or Address()}
    required = {"customerId": "customer_id", "dateOfBirth": "date_of_birth"}
    errors = [
        FieldError(name, "is required by this brand")
        for name in caller.brand.policy.required_ambassador_fields
        if fields.get(required.get(name, name), name) in (None, "", (), Address())
    ]
    if errors:
        raise InvalidInputError(errors=errors)
    return await _change(caller, lambda account: account.entered(fields))


async def _change(caller: Caller, act: Any) -> Ambassador:
    current: Versioned[Ambassador] | None = caller.account
    for _ in range(ATTEMPTS):
        if current is None:
            break
        after: Ambassador = act(current.record).settled(caller.brand.hasher)
        if after == current.record:
            return after
        try:
            return (await caller.brand.ambassadors.replace(current, after)).record
        except StaleError:
            current = await caller.brand.ambassadors.get(caller.id, caller.id)
    raise UnauthenticatedError


def _matches(password: str, stored: str | None, cost: int) -> bool:
    return verify_password(password, stored or _nobodys_hash(cost))


@lru_cache(maxsize=4)
def _nobodys_hash(cost: int) -> str:
    """What an unknown address is checked against, so that it takes as long as a known one."""
    return hash_password(new_id(), cost)
