"""The Manager's door against a real identity provider of the sandbox's making (VIS-5)."""

from urllib.parse import urlsplit

import httpx
import pytest

from shared import app
from shared.adapters import entra
from shared.domain import containers
from shared.domain.flows import LASTS
from shared.domain.staff import Role, StaffMember
from tests.functions.identity_suite import cookies, reason, state_of
from tests.functions.suite import Suite, serving
from tests.support.identity_sandbox import ACME_TENANT, GLOBEX_TENANT, IdentitySandbox

pytestmark = pytest.mark.rule("VIS-5")

AMY = "amy.admin@acme.example"
SESSION, RUNS = "/api/manager/session", "/api/manager/brands/acme/retention/runs"


@pytest.fixture
def suite(suite_with_providers: Suite) -> Suite:
    """The suite of these tests."""
    return suite_with_providers


@pytest.fixture
async def amy(suite: Suite, identity_sandbox: IdentitySandbox) -> StaffMember:
    """An administrator of acme, listed under tenant and object ID."""
    person = identity_sandbox.person(tenant=ACME_TENANT, email=AMY)
    member = StaffMember(id=f"{ACME_TENANT}.{person['id']}", role=Role.BRAND_ADMIN, brands=("acme",))
    await app.staff().create(member)
    return member


async def begun(suite: Suite) -> httpx.Response:
    """The way to the provider."""
    answer = await suite.http.get("/manager/login")
    assert answer.status_code == 302, answer.text
    return answer


async def came_back(suite: Suite, sandbox: IdentitySandbox, who: str = AMY) -> httpx.Response:
    """The whole log-in of somebody."""
    begin = await begun(suite)
    back = sandbox.sign_in(begin.headers["Location"], who)
    return await suite.http.get(back, headers=cookies(begin))


async def test_a_listed_user_signs_in_at_the_provider_and_manages_by_cookie(
    suite: Suite, identity_sandbox: IdentitySandbox, amy: StaffMember
) -> None:
    answer = await came_back(suite, identity_sandbox)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/manager/welcome")
    assert (await suite.http.get("/manager/welcome")).status_code == 200
    (line,) = [one for one in answer.headers.get_list("set-cookie") if one.startswith("Popsell_manager=")]
    assert all(word in line for word in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/api/manager"))
    browser = cookies(answer)
    assert (await suite.http.get(RUNS, headers=browser)).status_code == 200
    session = await suite.http.get(SESSION, headers=browser)
    assert session.status_code == 200
    without = await suite.http.request("DELETE", SESSION, headers=browser)
    assert (without.status_code, without.json()["type"]) == (403, "urn:popsell:problem:csrf-token-missing")
    csrf = {"X-CSRF-Token": session.json()["csrfToken"]}
    assert (await suite.http.request("DELETE", SESSION, headers={**browser, **csrf})).status_code == 204
    assert (await suite.http.get(RUNS, headers=browser)).status_code == 401


async def test_the_request_to_the_provider_has_state_nonce_and_pkce(suite: Suite) -> None:
    asked = urlsplit((await begun(suite)).headers["Location"])
    for part in ("state=", "nonce=", "code_challenge=", "code_challenge_method=S256", "response_type=code"):
        assert part in asked.query
    assert "/organizations/v2.0/authorize" in asked.path


async def test_revoking_ends_the_session_at_its_next_request_and_the_next_log_in(
    suite: Suite, identity_sandbox: IdentitySandbox, amy: StaffMember
) -> None:
    browser = cookies(await came_back(suite, identity_sandbox))
    current = await app.staff().get(amy.id, amy.id)
    assert current
    await app.staff().delete(current)
    assert (await suite.http.get(RUNS, headers=browser)).status_code == 401
    again = await came_back(suite, identity_sandbox)
    assert (again.status_code, "set-cookie" in again.headers) == (403, False)


async def test_somebody_who_is_not_listed_gets_a_page_and_no_session(
    suite: Suite, identity_sandbox: IdentitySandbox, amy: StaffMember
) -> None:
    answer = await came_back(suite, identity_sandbox, "eve.employee@acme.example")
    assert answer.status_code == 403
    assert "No access" in answer.text
    assert "set-cookie" not in answer.headers
    elsewhere = identity_sandbox.person(tenant=GLOBEX_TENANT, email=AMY, id=amy.id.partition(".")[2])
    assert (await came_back(suite, identity_sandbox, elsewhere["id"])).status_code == 403, (
        "the tenant is part of the name"
    )
    identity_sandbox.person(tenant=ACME_TENANT, email=AMY, id=amy.id.partition(".")[2])


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("expired_token", "token_expired"),
        ("wrong_audience", "wrong_audience"),
        ("wrong_issuer", "wrong_issuer"),
        ("no_nonce", "wrong_nonce"),
        ("wrong_nonce", "wrong_nonce"),
        ("tampered_token", "wrong_signature"),
        ("no_tenant", "claim_missing"),
        ("denied", "denied"),
    ],
)
async def test_a_word_of_the_provider_that_is_not_good_opens_nothing(
    suite: Suite,
    identity_sandbox: IdentitySandbox,
    amy: StaffMember,
    caplog: pytest.LogCaptureFixture,
    kind: str,
    said: str,
) -> None:
    identity_sandbox.fail(kind)
    answer = await came_back(suite, identity_sandbox)
    assert (answer.status_code, reason(caplog)) == (403, said)
    assert "set-cookie" not in answer.headers
    assert "amy" not in caplog.text
    assert (await came_back(suite, identity_sandbox)).status_code == 303, "and the next log-in is a new one"


async def test_another_tenants_word_for_the_same_person_opens_nothing(
    suite: Suite, identity_sandbox: IdentitySandbox, amy: StaffMember
) -> None:
    identity_sandbox.fail("wrong_tenant")
    assert (await came_back(suite, identity_sandbox)).status_code == 403


async def test_an_answer_is_good_once_and_in_the_browser_that_asked(
    suite: Suite, identity_sandbox: IdentitySandbox, amy: StaffMember
) -> None:
    begin, other = await begun(suite), await begun(suite)
    back = identity_sandbox.sign_in(begin.headers["Location"], AMY)
    for browser in ({}, cookies(other), {"Cookie": "Popsell_log_in=x"}):
        refused = await suite.http.get(back, headers=browser)
        assert (refused.status_code, "set-cookie" in refused.headers) == (404, False)
    swapped = back.replace(state_of(begin), state_of(other))
    assert (await suite.http.get(swapped, headers=cookies(begin))).status_code == 404
    assert (await suite.http.get(back, headers=cookies(begin))).status_code == 303
    assert (await suite.http.get(back, headers=cookies(begin))).status_code == 404, "replayed"


async def test_a_code_is_good_for_its_own_log_in_and_once(
    suite: Suite, identity_sandbox: IdentitySandbox, amy: StaffMember, caplog: pytest.LogCaptureFixture
) -> None:
    stolen = identity_sandbox.sign_in((await begun(suite)).headers["Location"], AMY)
    mine = await begun(suite)
    code = stolen.partition("code=")[2].partition("&")[0]
    injected = f"/manager/callback?code={code}&state={state_of(mine)}"
    assert (await suite.http.get(injected, headers=cookies(mine))).status_code == 403, "PKCE: another log-in's code"
    assert reason(caplog) == "code_refused"


async def test_a_log_in_lapses_after_ten_minutes_and_is_swept(
    suite: Suite, identity_sandbox: IdentitySandbox, amy: StaffMember
) -> None:
    begin = await begun(suite)
    stored = (await suite.dump())["platform/flows"]
    back = identity_sandbox.sign_in(begin.headers["Location"], AMY)
    (flow,) = stored.values()
    assert set(flow) == {"id", "purpose", "provider", "expiresAt", "browser", "sealed", "_etag"}
    suite.world.clock.advance(LASTS)
    assert (await suite.http.get(back, headers=cookies(begin))).status_code == 404
    await suite.tick("sweep_lost_work")
    assert (await suite.dump())["platform/flows"] == {}
    assert not suite.failures


async def test_a_provider_that_does_not_answer_is_told_from_a_refusal(
    suite: Suite, identity_sandbox: IdentitySandbox, amy: StaffMember
) -> None:
    identity_sandbox.fail("unavailable", times=2)
    assert (await suite.http.get("/manager/login")).status_code == 503
    identity_sandbox.http.request("DELETE", "/api/faults")
    assert (await came_back(suite, identity_sandbox)).status_code == 303


async def test_without_the_settings_there_is_no_such_door(
    suite_environment: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with serving() as suite:
        assert (await suite.http.get("/manager/login")).status_code == 404
        assert (await suite.dump(but=(containers.LIMITS,)))["platform/flows"] == {}


async def test_a_provider_may_change_its_keys(
    suite: Suite, identity_sandbox: IdentitySandbox, amy: StaffMember
) -> None:
    assert (await came_back(suite, identity_sandbox)).status_code == 303
    assert identity_sandbox.http.post("/api/keys", json={}).status_code == 200
    assert [(await came_back(suite, identity_sandbox)).status_code for _ in range(2)] == [303, 303]


async def test_more_tenants_than_are_kept_are_asked_again(
    suite: Suite, identity_sandbox: IdentitySandbox, amy: StaffMember, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(entra, "TENANTS_KEPT", 1)
    for tenant in ("organizations", ACME_TENANT, "organizations"):
        monkeypatch.setenv("MANAGER_TENANT", tenant)
        app.settings.cache_clear()
        assert (await came_back(suite, identity_sandbox)).status_code == 303
