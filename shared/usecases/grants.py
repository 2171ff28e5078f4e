"""Social grants (AMB-5): kept encrypted once the network said whose they are, found by a claim, withdrawn at any time.

Nobody reads by a grant that was not checked: whoever enters another's account would get the other's people.
"""

from collections.abc import Callable
from contextlib import suppress

from shared.domain.ambassador import Ambassador
from shared.domain.errors import FieldError, GrantTakenError, InvalidInputError, LogInRefusedError, UnknownObjectError
from shared.domain.grants import UNUSED_FOR, Network, SocialGrant
from shared.domain.hashing import WrappedKey
from shared.domain.records import stamp
from shared.ports import ConflictError, Query, StaleError, Where
from shared.usecases.accounts import change_account
from shared.usecases.brands import Brand
from shared.usecases.claims import bind_network, by_network, release_network


async def give_grant(
    brand: Brand, ambassador: str, network: Network, token: str | None, account_id: str | None
) -> SocialGrant:
    """Keeps a grant, in place of the one before; the same again changes nothing but the token.

    A network of which nothing is collected takes neither token nor account. One that this installation cannot ask whose the
    token is gets a grant without either. Raises InvalidInputError, also when the token opens another account or none,
    GrantTakenError when another ambassador of the brand has that account, and TryAgainError when the network is away.
    """
    given = {"token": token, "accountId": account_id}
    errors = [
        FieldError(name, "is needed" if network.collecting else "is not taken: nothing is collected there")
        for name, value in given.items()
        if bool(value) != network.collecting
    ]
    if errors:
        raise InvalidInputError(errors=errors)
    now = brand.now()
    fresh = SocialGrant(network=network, granted_at=now, last_used_at=now)
    if token and account_id and network.value in brand.ports.networks:
        await _check(brand, network, token, account_id)
        holder = await by_network(brand, network, account_id)
        if holder and holder.record.id != ambassador:
            raise GrantTakenError
        fresh = fresh.changed(
            account_hash=brand.hasher.ref(account_id), token=brand.ports.vault.wrap(token.encode()), verified_at=now
        )
    before = await _put(brand, ambassador, network, lambda _: fresh)
    try:
        if fresh.account_hash:
            await bind_network(brand, ambassador, network, fresh.account_hash)
    except (ConflictError, StaleError):
        await withdraw_grant(brand, ambassador, network)
        raise GrantTakenError from None
    if before and before.account_hash and before.account_hash != fresh.account_hash:
        await release_network(brand, ambassador, network, before.account_hash)
    return fresh


async def _check(brand: Brand, network: Network, token: str, account_id: str) -> None:
    """Raises InvalidInputError unless the network says that the token opens this account."""
    try:
        if not (token.isascii() and token.isprintable()):
            raise LogInRefusedError("no_token")  # it could stand in no header
        known = await brand.ports.networks[network.value].account_of(token)
    except LogInRefusedError:
        raise InvalidInputError(errors=[FieldError("token", "is not good at the network")]) from None
    if known != account_id:
        raise InvalidInputError(errors=[FieldError("accountId", "is not the account of this token")])


async def withdraw_grant(brand: Brand, ambassador: str, network: Network) -> None:
    """Forgets a grant and its token at once; again changes nothing."""
    before = await _put(brand, ambassador, network, lambda _: None)
    if before and before.account_hash:
        await release_network(brand, ambassador, network, before.account_hash)


def grant_of(account: Ambassador, network: Network) -> SocialGrant:
    """The grant of an account; raises UnknownObjectError when there is none."""
    if network not in account.grants:
        raise UnknownObjectError
    return account.grants[network]


async def use_grant(brand: Brand, ambassador: str, network: Network) -> str | None:
    """The token, for something that is done with it now, which counts as a use; None when there is no usable grant."""
    grant: SocialGrant | None = None

    def used(current: SocialGrant | None) -> SocialGrant | None:
        nonlocal grant
        grant = current.used(brand.now()) if current else None
        return grant

    with suppress(UnknownObjectError):
        await _put(brand, ambassador, network, used)
    if grant is None or not grant.usable or grant.token is None:
        return None
    return brand.ports.vault.unwrap(WrappedKey(grant.token)).decode()


async def disable_unused_grants(brand: Brand) -> int:
    """Disables what nobody used for three months; gives how many accounts that concerned."""
    now = brand.now()
    unused = Query(where=(Where("grantsSince", "<=", stamp(now - UNUSED_FOR)),), order_by="grantsSince")
    disabled = 0
    async for page in brand.ambassadors.pages(unused):
        for item in page:
            account = item.record
            old = {n: g for n, g in account.grants.items() if g.active and g.last_used_at <= now - UNUSED_FOR}
            grants = {**account.grants, **{network: grant.disabled(now) for network, grant in old.items()}}
            with suppress(StaleError):  # then another time
                await brand.ambassadors.replace(item, account.changed(grants=grants).settled(brand.hasher))
                disabled += 1
                for network, grant in old.items():
                    if grant.account_hash:
                        await release_network(brand, account.id, network, grant.account_hash)
    return disabled


async def _put(
    brand: Brand, ambassador: str, network: Network, act: Callable[[SocialGrant | None], SocialGrant | None]
) -> SocialGrant | None:
    """Changes one grant of an account; gives the one before."""
    before: SocialGrant | None = None

    def changed(account: Ambassador) -> Ambassador:
        nonlocal before
        before = account.grants.get(network)
        after = act(before)
        others = {name: grant for name, grant in account.grants.items() if name is not network}
        return account.changed(grants={**others, network: after} if after else others)

    await change_account(brand, ambassador, changed)
    return before
