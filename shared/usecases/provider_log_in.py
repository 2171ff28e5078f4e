"""Log-in by the brand's own directory or by Facebook: ambassadors at once, others are asked first (REG-1, REG-2)."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Literal, cast

from shared.domain.addresses import clean_address
from shared.domain.ambassador import AccountStatus, Ambassador
from shared.domain.errors import (
    ChangedMeanwhileError,
    DomainError,
    ForbiddenError,
    LogInRefusedError,
    RegistrationClosedError,
    UnknownObjectError,
)
from shared.domain.flows import FlowPurpose
from shared.domain.ids import new_id
from shared.domain.policy import Policy
from shared.ports import ConflictError, Identity, StaleError
from shared.usecases import flows
from shared.usecases.accounts import change_account
from shared.usecases.brands import Brand, Brands
from shared.usecases.claims import bind, by_subject, free_address
from shared.usecases.collections import Versioned
from shared.usecases.flows import Sent, Taken
from shared.usecases.limiting import count_against
from shared.usecases.photos import save_photo
from shared.usecases.provider_forgets import owe_former_address
from shared.usecases.saving import ATTEMPTS
from shared.usecases.sessions import SignedInAmbassador, open_session

Provider = Literal["sso", "facebook"]
SSO: Provider = "sso"
FACEBOOK: Provider = "facebook"


@dataclass(frozen=True, slots=True)
class Newcomer:
    """Somebody whom the provider vouched for and who has no account: nothing of an account exists before they say yes.

    The words of the provider stand sealed in the flow `flow`, which the browser's `key` opens.
    """

    brand: Brand
    provider: Provider
    flow: str
    key: str
    identity: Identity

    @property
    def has_picture(self) -> bool:
        """Whether the provider has a picture to offer."""
        return self.identity.picture is not None


@dataclass(frozen=True, slots=True)
class Known:
    """Somebody who has an account, signed in."""

    brand: Brand
    session: SignedInAmbassador


async def begin(brand: Brand, provider: str, ip: str | None) -> Sent:
    """Sends to the provider; raises UnknownObjectError for one that this brand or installation does not have.

    Raises TooManyRequestsError for a caller's `ip` that begins too many, since each is kept until it lapses.
    """
    if ip:
        await count_against(brand, "log-in-from", ip)
    return await flows.send(
        brand.ports, FlowPurpose.AMBASSADOR, provider, tenant=_tenant(brand.policy, provider), brand=brand.id
    )


async def finish(brands: Brands, taken: Taken, answer: Mapping[str, str]) -> Known | Newcomer:
    """Takes whom the provider sent back to a log-in that was taken out.

    Raises LogInRefusedError for a word that is not good, ForbiddenError for an account without access, and
    RegistrationClosedError for a newcomer where the brand takes none by this way (REG-3).
    """
    provider = cast("Provider", taken.flow.provider)
    brand = await brands.get(taken.flow.brand or "")
    identity = await brands.ports.identity[provider].finish(taken.content["secrets"], answer)
    if provider == SSO and identity.subject.partition(".")[0] != _tenant(brand.policy, SSO):
        raise LogInRefusedError("wrong_tenant")  # the brand changed its directory meanwhile
    return await _signed_in(brand, provider, identity) or await _newcomer(brand, provider, identity)


async def look(brands: Brands, flow: str, key: str | None) -> Newcomer:
    """The newcomer of a flow, for as long as it is under way; raises UnknownObjectError."""
    taken = await flows.look(brands.ports, flow, key, FlowPurpose.SIGN_UP)
    return Newcomer(
        await brands.get(taken.flow.brand or ""),
        cast("Provider", taken.flow.provider),
        flow,
        key or "",
        identity_of(taken),
    )


def subject_of(provider: Provider, identity: Identity) -> str:
    """What the account is found by."""
    return f"{provider}:{identity.subject}"


def identity_of(taken: Taken) -> Identity:
    """What the provider said, as the flow kept it."""
    return Identity(**taken.content["identity"])


async def _newcomer(brand: Brand, provider: Provider, identity: Identity) -> Newcomer:
    if not getattr(brand.policy.registration, provider):
        raise RegistrationClosedError  # before anything is asked
    id = new_id()
    said = {name: getattr(identity, name) for name in ("subject", "email", "first_name", "last_name", "picture")}
    kept = {**said, "claims": _asked_for(brand.policy, identity)}
    key = await flows.keep(brand.ports, id, FlowPurpose.SIGN_UP, provider, brand.id, {"identity": kept})
    return Newcomer(brand, provider, id, key, identity)


async def _signed_in(brand: Brand, provider: Provider, identity: Identity) -> Known | None:
    """The session of a known account, brought up to date; None when there is none, or one that was never opened."""
    for _ in range(ATTEMPTS):
        known = await by_subject(brand, subject_of(provider, identity))
        if known is None or known.record.status is AccountStatus.UNCONFIRMED:
            return None
        if known.record.status is not AccountStatus.ACTIVE:
            raise ForbiddenError
        try:
            after = await _up_to_date(brand, known, identity) if provider == SSO else known.record
            session = await open_session(brand, known, after)
        except StaleError:
            continue
        await free_address(brand, known.record, after)
        await owe_former_address(brand, known.record, after)
        if known.record.photo_wanted:
            await _take_photo(brand, provider, identity, known.record.id)
        return Known(brand, session)
    raise ChangedMeanwhileError


async def _take_photo(brand: Brand, provider: Provider, identity: Identity, ambassador: str) -> None:
    """Takes the picture that the ambassador wanted, once, unless they put one there themselves; no log-in fails by it."""
    data = await brand.ports.identity[provider].picture(identity)
    account = await change_account(brand, ambassador, lambda account: account.changed(photo_wanted=False))
    if data and account.photo is None:
        with suppress(DomainError):
            await save_photo(brand, ambassador, data)


async def _up_to_date(brand: Brand, known: Versioned[Ambassador], identity: Identity) -> Ambassador:
    """The account with what the brand's directory says now (REG-2); what it leaves out stays, and so does an address that
    another account has."""
    account = known.record
    fresh = account.changed(**directory_fields(brand.policy, identity)).settled(brand.hasher)
    if fresh.email_hash != account.email_hash:
        try:
            await bind(brand, fresh)
        except (ConflictError, StaleError):
            fresh = fresh.changed(email=account.email).settled(brand.hasher)
    return fresh


def directory_fields(policy: Policy, identity: Identity) -> dict[str, Any]:
    """The account's fields that the directory knows, and vouches for."""
    said = {
        "first_name": identity.first_name,
        "last_name": identity.last_name,
        "email": address_of(identity),
        "customer_id": next(iter(_asked_for(policy, identity).values()), None),
    }
    known: dict[str, Any] = {name: value.strip()[:200] for name, value in said.items() if value and value.strip()}
    return {**known, "customer_id_vouched": True} if "customer_id" in known else known


def address_of(identity: Identity) -> str | None:
    """The provider's word for the address, if it is one."""
    try:
        return clean_address(identity.email) if identity.email else None
    except ValueError:
        return None


def _asked_for(policy: Policy, identity: Identity) -> dict[str, str]:
    """The one claim that the policy names: nothing else of the provider's words is kept."""
    name = policy.sso.customer_id_claim if policy.sso else None
    return {name: identity.claims[name]} if name and name in identity.claims else {}


def _tenant(policy: Policy, provider: str) -> str | None:
    if provider != SSO:
        return None
    if policy.sso is None:
        raise UnknownObjectError
    return policy.sso.tenant
