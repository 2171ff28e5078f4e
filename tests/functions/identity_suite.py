"""The functions with the identity sandbox behind them, and a browser that signs in there."""

from collections.abc import AsyncIterator
from http.cookies import SimpleCookie

import httpx
import pytest

from shared import app
from shared.domain import containers
from shared.domain.policy import BrandStatus, SingleSignOn
from shared.ports import Key
from shared.usecases.brands import KEEP_FOR
from tests.functions.suite import Suite, serving
from tests.support.identity_sandbox import ACME_TENANT, GLOBEX_TENANT, IdentitySandbox


@pytest.fixture
async def suite_with_providers(
    suite_environment: None, identity_sandbox: IdentitySandbox, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Suite]:
    """The functions; acme and globex have directories; whatever went wrong at the sandbox before is over."""
    for name, value in identity_sandbox.settings.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("PUBLIC_URL", "http://localhost:7071")
    identity_sandbox.http.request("DELETE", "/api/faults")
    async with serving() as serving_suite:
        for brand, tenant in (("acme", ACME_TENANT), ("globex", GLOBEX_TENANT)):
            await change_policy(brand, sso=SingleSignOn(tenant=tenant, customer_id_claim="customer_id"))
        yield serving_suite
        await app.close()


async def change_policy(brand: str, **fields: object) -> None:
    """Saves a policy that differs in these fields."""
    policy = (await app.brand(brand)).policy
    await app.brands().save_policy(brand, policy.changed(**fields))


async def stand(suite: Suite, brand: str, status: BrandStatus) -> None:
    """Lets the brand stand there, whatever it says of why, and everybody know it."""
    stored = app.ports_of_the_suite().store.platform(containers.BRANDS)
    found = await stored.read(Key(brand, brand))
    assert found
    await stored.replace(Key(brand, brand), {**found.document, "status": status.value}, found.etag)
    suite.world.clock.advance(KEEP_FOR)


def cookies(*answers: httpx.Response) -> dict[str, str]:
    """The Cookie header of a browser that got these answers."""
    jar: SimpleCookie = SimpleCookie()
    for answer in answers:
        for line in answer.headers.get_list("set-cookie"):
            jar.load(line)
    return {"Cookie": "; ".join(f"{name}={one.value}" for name, one in jar.items() if one.value)}


def state_of(begin: httpx.Response) -> str:
    """The `state` that a log-in was begun with."""
    return str(begin.headers["Location"]).partition("state=")[2].partition("&")[0]


def reason(caplog: pytest.LogCaptureFixture) -> str | None:
    """Why the last log-in was refused, as the log says it."""
    found = [record.__dict__["reason"] for record in caplog.records if record.msg == "log_in_refused"]
    return found[-1] if found else None
