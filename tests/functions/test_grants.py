"""Social grants over HTTP: encrypted, one ambassador's each, withdrawn at any time, disabled when unused (AMB-5)."""

from datetime import timedelta

import pytest

from shared.domain.grants import NOTED_EVERY, UNUSED_FOR, Network
from shared.usecases import claims, grants, leaving
from shared.usecases.brands import Brand
from tests.functions.suite import SignedIn, Suite
from tests.support.fakes import token_of

pytestmark = pytest.mark.rule("AMB-5")
ACCOUNT = "zq-account-77"
TOKEN = token_of(ACCOUNT)


async def granted(me: SignedIn, network: str = "twitter", account: str = ACCOUNT) -> int:
    """Gives a grant; gives the status."""
    body = {"token": token_of(account), "accountId": account}
    return (await me.call("PUT", f"/me/grants/{network}", json=body)).status_code


async def found(brand: Brand, network: Network = Network.TWITTER, account: str = ACCOUNT) -> str | None:
    """Who is found by an account on a network."""
    holder = await claims.by_network(brand, network, account)
    return holder.record.id if holder else None


@pytest.fixture
async def ada(suite: Suite) -> SignedIn:
    """Who grants."""
    return await suite.sign_in()


async def test_a_grant_is_kept_encrypted_and_shown_without_what_it_opens(suite: Suite, ada: SignedIn) -> None:
    assert await granted(ada) == 200
    shown = (await ada.call("GET", "/me/grants/twitter")).json()
    assert (shown["network"], shown["collectsData"], shown["disabledAt"]) == ("twitter", True, None)
    assert shown["verified"] is True
    assert (await ada.call("GET", "/me/grants")).json()["items"] == [shown]
    stored = str(await suite.dump())
    assert TOKEN not in stored and ACCOUNT not in stored
    acme = await suite.world.brand()
    assert await grants.use_grant(acme, ada.account.id, Network.TWITTER) == TOKEN
    assert await found(acme) == ada.account.id
    assert await found(acme, Network.FACEBOOK) is None
    assert await found(await suite.world.brand("globex")) is None


@pytest.mark.parametrize("network", list(Network))
async def test_only_networks_that_collect_take_a_token(ada: SignedIn, network: Network) -> None:
    path = f"/me/grants/{network.value}"
    with_token = await ada.call("PUT", path, json={"token": TOKEN, "accountId": ACCOUNT})
    bare = await ada.call("PUT", path, json={})
    assert (with_token.status_code, bare.status_code) == ((200, 422) if network.collecting else (422, 200))
    assert (await ada.call("GET", path)).json()["collectsData"] == network.collecting
    assert (await ada.call("PUT", "/me/grants/myspace", json={})).status_code == 404


@pytest.mark.rule("COL-4")
async def test_another_persons_account_is_refused_and_whoever_has_it_keeps_it(suite: Suite, ada: SignedIn) -> None:
    bob = await suite.sign_in("bob@example.org")
    for token, field in ((token_of("bob"), "accountId"), ("made up", "token"), ("é", "token"), ("a\nb: c", "token")):
        refused = await ada.call("PUT", "/me/grants/twitter", json={"token": token, "accountId": ACCOUNT})
        assert refused.status_code == 422 and [e["field"] for e in refused.json()["errors"]] == [field]
        assert token not in refused.text
    assert (await ada.call("GET", "/me/grants")).json()["items"] == []
    assert await granted(bob) == 200
    assert await found(await suite.world.brand()) == bob.account.id


async def test_of_a_network_that_cannot_be_asked_nothing_is_kept_but_the_grant(suite: Suite, ada: SignedIn) -> None:
    bob = await suite.sign_in("bob@example.org")
    assert [await granted(ada, "linkedin"), await granted(bob, "linkedin")] == [200, 200]
    assert (await ada.call("GET", "/me/grants/linkedin")).json()["verified"] is False
    acme = await suite.world.brand()
    assert await grants.use_grant(acme, ada.account.id, Network.LINKEDIN) is None
    assert await found(acme, Network.LINKEDIN) is None
    stored = (await suite.dump("acme"))["acme/ambassadors"][ada.account.id]["grants"]["linkedin"]
    assert set(stored) == {"network", "grantedAt", "lastUsedAt"}


async def test_what_was_kept_unchecked_before_is_not_used(suite: Suite, ada: SignedIn) -> None:
    await granted(ada)
    acme = await suite.world.brand()
    current = await acme.ambassadors.get(ada.account.id, ada.account.id)
    assert current
    unchecked = current.record.grants[Network.TWITTER].changed(verified_at=None)
    await acme.ambassadors.replace(current, current.record.changed(grants={Network.TWITTER: unchecked}))
    assert await found(acme) is None
    assert await grants.use_grant(acme, ada.account.id, Network.TWITTER) is None


async def test_a_grant_is_withdrawn_at_any_time(suite: Suite, ada: SignedIn) -> None:
    await granted(ada)
    acme = await suite.world.brand()
    for _ in range(2):
        assert (await ada.call("DELETE", "/me/grants/twitter")).status_code == 204
    assert (await ada.call("GET", "/me/grants/twitter")).status_code == 404
    assert await found(acme) is None
    assert await grants.use_grant(acme, ada.account.id, Network.TWITTER) is None
    assert not [id for id in (await suite.dump("acme"))["acme/claims"] if id.startswith("twitter.")]


async def test_an_account_on_a_network_is_one_ambassadors(suite: Suite, ada: SignedIn) -> None:
    bob = await suite.sign_in("bob@example.org")
    assert [await granted(ada), await granted(bob), await granted(ada)] == [200, 409, 200]
    assert (await bob.call("GET", "/me/grants")).json()["items"] == []
    assert await granted(ada, account="another") == 200
    assert await granted(bob) == 200
    assert await found(await suite.world.brand()) == bob.account.id


async def test_a_grant_that_nobody_uses_for_three_months_is_disabled(suite: Suite, ada: SignedIn) -> None:
    await granted(ada)
    await granted(ada, "facebook", "other")
    acme = await suite.world.brand()
    suite.world.clock.advance(UNUSED_FOR - timedelta(days=1))
    assert await grants.use_grant(acme, ada.account.id, Network.FACEBOOK) == token_of("other")
    suite.world.clock.advance(days=1)
    assert (await suite.world.recover()).grants == 1
    assert await found(acme) is None
    assert await grants.use_grant(acme, ada.account.id, Network.TWITTER) is None
    assert await grants.use_grant(acme, ada.account.id, Network.FACEBOOK) == token_of("other")
    current = await acme.ambassadors.get(ada.account.id, ada.account.id)
    assert current
    disabled = current.record.grants[Network.TWITTER]
    assert (disabled.token, disabled.account_hash, disabled.disabled_at) == (None, None, suite.world.clock.now())
    assert (await suite.world.recover()).grants == 0


async def test_a_use_is_noted_once_a_day(suite: Suite, ada: SignedIn) -> None:
    await granted(ada)
    acme = await suite.world.brand()
    suite.world.clock.advance(NOTED_EVERY)
    for _ in range(3):
        await grants.use_grant(acme, ada.account.id, Network.TWITTER)
        suite.world.clock.advance(minutes=5)
    current = await acme.ambassadors.get(ada.account.id, ada.account.id)
    assert current and current.record.grants_since == suite.world.clock.now() - timedelta(minutes=15)


async def test_grants_go_with_the_account(suite: Suite, ada: SignedIn) -> None:
    await granted(ada)
    acme = await suite.world.brand()
    await leaving.remove(acme, ada.account.id, "staff:x")
    assert await found(acme) is None
    suite.world.clock.advance(days=8)
    await suite.world.sweep()
    left = await suite.dump("acme")
    assert not [id for id in left["acme/claims"] if id.startswith("twitter.")]
    assert "grants" not in left["acme/ambassadors"][ada.account.id]
