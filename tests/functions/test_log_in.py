"""Ambassadors' log-in at the brand's directory and at Facebook, against the identity sandbox (REG-1, REG-2)."""

import logging
from datetime import timedelta
from typing import Any

import httpx
import pytest

from shared import app
from shared.domain import containers
from shared.domain.ambassador import AccountStatus, Ambassador
from shared.domain.limits import LIMITS, Limit
from shared.domain.policy import BrandStatus, Registration, SingleSignOn, WhiteListMode
from shared.domain.white_list import Entitled
from shared.ports import Query
from shared.usecases import limiting, white_list
from shared.usecases.brands import ACTIVE_AFTER
from shared.usecases.claims import by_email
from tests.functions.identity_suite import change_policy, cookies, reason, stand, state_of
from tests.functions.suite import Suite
from tests.functions.tenants import link
from tests.support.identity_sandbox import ACME_TENANT, GLOBEX_TENANT, IdentitySandbox

EVE = "eve.employee@acme.example"
FORM = {"gender": "female", "alias": "eve", "accept_terms": "yes"}


@pytest.fixture
def suite(suite_with_providers: Suite) -> Suite:
    """The suite of these tests."""
    return suite_with_providers


@pytest.fixture
def eve(identity_sandbox: IdentitySandbox) -> dict[str, Any]:
    """An employee of acme, as its directory knows her."""
    return identity_sandbox.person(
        tenant=ACME_TENANT, email=EVE, firstName="Eve", lastName="Employee", customerId="AC-1001", facebookEmail=EVE
    )


async def begun(suite: Suite, provider: str = "sso", brand: str = "acme") -> httpx.Response:
    """The way to the provider."""
    answer = await suite.http.get(f"/api/brands/{brand}/login/{provider}")
    assert answer.status_code == 302, answer.text
    return answer


async def came_back(suite: Suite, sandbox: IdentitySandbox, who: str, provider: str = "sso") -> httpx.Response:
    """Somebody at the provider and back."""
    begin = await begun(suite, provider)
    return await suite.http.get(sandbox.sign_in(begin.headers["Location"], who), headers=cookies(begin))


async def accepted(suite: Suite, asked: httpx.Response, **changes: str) -> httpx.Response:
    """The answer to the page's form."""
    assert asked.status_code == 200, asked.text
    flow = asked.text.partition('name="flow" value="')[2].partition('"')[0]
    form = {name: value for name, value in {**FORM, "flow": flow, **changes}.items() if value}
    return await suite.http.post("/login/accept", data=form, headers={**cookies(asked), "X-Forwarded-For": "192.0.2.1"})


async def accounts(brand: str = "acme") -> list[Ambassador]:
    """Every account of the brand."""
    opened = await app.brand(brand)
    return [item.record async for page in opened.ambassadors.pages(Query()) for item in page]


async def signed_up(suite: Suite, sandbox: IdentitySandbox, who: str = EVE) -> httpx.Response:
    """Somebody's sign-up by the directory."""
    done = await accepted(suite, await came_back(suite, sandbox, who))
    assert done.status_code == 200, done.text
    return done


@pytest.mark.rule("REG-1")
@pytest.mark.rule("AMB-2")
async def test_nothing_of_a_newcomer_is_stored_before_the_terms_are_accepted(
    suite: Suite, identity_sandbox: IdentitySandbox, eve: dict[str, Any]
) -> None:
    before = await suite.dump(but=(containers.FLOWS,))
    asked = await came_back(suite, identity_sandbox, EVE)
    assert all(known in asked.text for known in ("Eve", "Employee", EVE, "AC-1001"))
    assert await suite.dump(but=(containers.FLOWS,)) == before
    (flow,) = (await suite.dump())["platform/flows"].values()
    assert all(said not in str(flow) for said in ("Eve", EVE, eve["id"])), "sealed under the browser's key"
    refused = await accepted(suite, asked, accept_terms="")
    assert (refused.status_code, "There is no account without" in refused.text) == (422, True)
    assert await accounts() == []
    suite.world.clock.advance(timedelta(minutes=11))
    await suite.tick("sweep_lost_work")
    assert (await suite.dump())["platform/flows"] == {}
    assert (await accepted(suite, asked)).status_code == 404


@pytest.mark.rule("REG-1")
@pytest.mark.rule("REG-2")
@pytest.mark.rule("COO-2")
async def test_the_directory_vouches_for_the_address_and_the_account_is_open_at_once(
    suite: Suite, identity_sandbox: IdentitySandbox, eve: dict[str, Any]
) -> None:
    done = await signed_up(suite, identity_sandbox)
    assert "You are logged in" in done.text
    (account,) = await accounts()
    assert (account.status, account.sso_id) == (AccountStatus.ACTIVE, f"{ACME_TENANT}.{eve['id']}")
    assert (account.first_name, account.email, account.vouched_customer_id) == ("Eve", EVE, "AC-1001")
    assert account.password_hash is None and account.owed == () and account.blog_alias == "eve"
    assert (await suite.dump())["platform/flows"] == {}
    lines = {line.partition("=")[0]: line for line in done.headers.get_list("set-cookie")}
    assert "Secure; HttpOnly; SameSite=Lax" in lines["Popsell_remember_me"]
    assert lines["Popsell_registered"].startswith(
        "Popsell_registered=1; Path=/api/brands/acme; Max-Age=31536000; Secure"
    )
    browser = cookies(done)
    session = await suite.http.get("/api/brands/acme/session", headers=browser)
    csrf = {"X-CSRF-Token": session.json()["csrfToken"]}
    assert (await suite.http.patch("/api/brands/acme/me", json={"about": "x"}, headers=browser)).status_code == 403
    changed = await suite.http.patch("/api/brands/acme/me", json={"about": "x"}, headers={**browser, **csrf})
    assert changed.status_code == 200


@pytest.mark.rule("REG-2")
async def test_a_known_ambassador_is_signed_in_and_brought_up_to_date_at_each_log_in(
    suite: Suite, identity_sandbox: IdentitySandbox, eve: dict[str, Any]
) -> None:
    await signed_up(suite, identity_sandbox)
    renamed = {"id": eve["id"], "lastName": "Married", "email": "eve.married@acme.example", "customerId": "AC-9"}
    identity_sandbox.person(tenant=ACME_TENANT, **renamed)
    try:
        answer = await came_back(suite, identity_sandbox, eve["id"])
        assert (answer.status_code, answer.headers["Location"]) == (303, "/login/acme/done")
        assert (await suite.http.get("/login/acme/done")).status_code == 200
        (account,) = await accounts()
        assert (account.last_name, account.email, account.vouched_customer_id) == ("Married", renamed["email"], "AC-9")
        assert account.gender == "female" and len(account.sessions) == 2
        opened = await app.brand("acme")
        claims = {ref for email in (EVE, renamed["email"]) for ref in opened.hasher.refs(email)}
        held = {c for c in claims if await opened.claims.get(c, c)}
        assert held == set(opened.hasher.refs(renamed["email"])), "the address of before is free"
        assert (await came_back(suite, identity_sandbox, eve["id"])).status_code == 303
    finally:
        identity_sandbox.person(tenant=ACME_TENANT, id=eve["id"], email=EVE)


@pytest.mark.rule("REG-2")
async def test_the_directory_takes_no_address_that_another_account_has(
    suite: Suite, identity_sandbox: IdentitySandbox, eve: dict[str, Any]
) -> None:
    await signed_up(suite, identity_sandbox)
    ada = await suite.sign_in("ada@example.org")
    identity_sandbox.person(tenant=ACME_TENANT, id=eve["id"], email="ada@example.org")
    try:
        assert (await came_back(suite, identity_sandbox, eve["id"])).status_code == 303
        assert sorted(one.email for one in await accounts()) == ["ada@example.org", EVE]
        assert (await ada.call("GET", "/me")).json()["email"] == "ada@example.org"
    finally:
        identity_sandbox.person(tenant=ACME_TENANT, id=eve["id"], email=EVE)


@pytest.mark.rule("REG-1")
async def test_a_log_in_never_takes_over_an_account_that_was_opened_another_way(
    suite: Suite, identity_sandbox: IdentitySandbox, eve: dict[str, Any]
) -> None:
    await suite.sign_in(EVE)
    refused = await accepted(suite, await came_back(suite, identity_sandbox, EVE))
    assert (refused.status_code, "set-cookie" in refused.headers) == (403, False)
    (account,) = await accounts()
    assert account.sso_id is None
    answer = await accepted(suite, await came_back(suite, identity_sandbox, EVE, "facebook"))
    assert (answer.status_code, "look into your mailbox" in answer.text) == (200, True), "the answer of every sign-up"
    await suite.world.drain()
    assert len(await accounts()) == 1
    assert [mail.subject for mail in suite.world.mailer.sent_to(EVE)] != []


@pytest.mark.rule("REG-1")
@pytest.mark.rule("AMB-6")
async def test_facebooks_address_is_confirmed_by_the_usual_mail(
    suite: Suite, identity_sandbox: IdentitySandbox, eve: dict[str, Any]
) -> None:
    done = await accepted(suite, await came_back(suite, identity_sandbox, EVE, "facebook"))
    assert (done.status_code, "Popsell_remember_me" in str(done.headers)) == (200, False)
    await suite.world.drain()
    (account,) = await accounts()
    assert (account.status, account.facebook_id) == (AccountStatus.UNCONFIRMED, eve["facebookId"])
    again = await came_back(suite, identity_sandbox, EVE, "facebook")
    assert (again.status_code, "Become an ambassador" in again.text) == (200, True), "no access before it"
    assert (await suite.http.post(f"/c/{link(suite, EVE, 'c')}")).status_code == 200
    answer = await came_back(suite, identity_sandbox, EVE, "facebook")
    assert answer.status_code == 303
    assert (await accounts())[0].status is AccountStatus.ACTIVE


@pytest.mark.rule("REG-1")
async def test_who_has_no_address_at_facebook_enters_one(
    suite: Suite, identity_sandbox: IdentitySandbox, eve: dict[str, Any]
) -> None:
    identity_sandbox.person(tenant=ACME_TENANT, email=EVE, facebookEmail=None)
    asked = await came_back(suite, identity_sandbox, EVE, "facebook")
    for wrong in ("", "nobody"):
        assert (await accepted(suite, asked, email=wrong)).status_code == 422
    assert (await accepted(suite, asked, email="own@example.org")).status_code == 200
    assert [one.email for one in await accounts()] == ["own@example.org"]


@pytest.mark.rule("REG-1")
@pytest.mark.rule("BR-2")
async def test_the_page_asks_what_the_brand_requires_and_marks_what_was_refused(
    suite: Suite, identity_sandbox: IdentitySandbox, eve: dict[str, Any]
) -> None:
    await change_policy("acme", required_ambassador_fields=("customerId", "dateOfBirth", "address", "interests"))
    asked = await came_back(suite, identity_sandbox, EVE)
    assert 'name="customer_id"' not in asked.text, "the directory said it"
    address = {"street": "1 rue X", "city": "Paris", "postal_code": "75001", "country": "FR"}
    refused = await accepted(suite, asked, date_of_birth="1990-02-31", **address)
    assert refused.status_code == 422
    assert {"date_of_birth-refused", "interests-refused"} <= set(refused.text.replace('"', " ").split())
    assert 'value="1 rue X"' in refused.text, "what was entered stands there again"
    done = await accepted(suite, asked, date_of_birth="1990-02-01", interests="tea, cakes", **address)
    assert done.status_code == 200, done.text
    (account,) = await accounts()
    assert (account.interests, account.address.city, account.customer_id) == (("tea", "cakes"), "Paris", "AC-1001")


@pytest.mark.rule("REG-1")
async def test_what_the_provider_said_cannot_be_entered_otherwise(
    suite: Suite, identity_sandbox: IdentitySandbox, eve: dict[str, Any]
) -> None:
    asked = await came_back(suite, identity_sandbox, EVE)
    forged = {"email": "ada@example.org", "first_name": "Ada", "customer_id": "AC-7", "sso_id": "x", "status": "active"}
    assert (await accepted(suite, asked, **forged)).status_code == 200
    (account,) = await accounts()
    assert (account.email, account.first_name, account.customer_id) == (EVE, "Eve", "AC-1001")


@pytest.mark.rule("REG-1")
async def test_the_same_form_twice_makes_one_account(
    suite: Suite, identity_sandbox: IdentitySandbox, eve: dict[str, Any]
) -> None:
    first, second = [await came_back(suite, identity_sandbox, EVE) for _ in range(2)]
    assert [(await accepted(suite, asked)).status_code for asked in (first, second)] == [200, 200]
    assert (await accepted(suite, first)).status_code == 404, "its flow is used up"
    (account,) = await accounts()
    assert len(account.sessions) == 2


@pytest.mark.rule("REG-1")
async def test_a_form_of_another_browser_makes_nothing(
    suite: Suite, identity_sandbox: IdentitySandbox, eve: dict[str, Any]
) -> None:
    mine, other = [await came_back(suite, identity_sandbox, EVE) for _ in range(2)]
    flow = mine.text.partition('name="flow" value="')[2].partition('"')[0]
    for browser in ({}, cookies(other)):
        answer = await suite.http.post("/login/accept", data={**FORM, "flow": flow}, headers=browser)
        assert answer.status_code == 404
    assert await accounts() == []


@pytest.mark.rule("REG-2")
async def test_an_account_without_access_is_not_signed_in(
    suite: Suite, identity_sandbox: IdentitySandbox, eve: dict[str, Any]
) -> None:
    await signed_up(suite, identity_sandbox)
    opened = await app.brand("acme")
    (account,) = await accounts()
    current = await opened.ambassadors.get(account.id, account.id)
    assert current
    await opened.ambassadors.replace(current, current.record.changed(status=AccountStatus.LEAVING, sessions=()))
    answer = await came_back(suite, identity_sandbox, EVE)
    assert (answer.status_code, "set-cookie" in answer.headers) == (403, False)
    assert len(await accounts()) == 1


@pytest.mark.rule("REG-2")
@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("expired_token", "token_expired"),
        ("wrong_audience", "wrong_audience"),
        ("wrong_tenant", "wrong_tenant"),
        ("wrong_issuer", "wrong_issuer"),
        ("no_nonce", "wrong_nonce"),
        ("tampered_token", "wrong_signature"),
        ("denied", "denied"),
    ],
)
async def test_a_word_of_the_directory_that_is_not_good_opens_nothing(
    suite: Suite,
    identity_sandbox: IdentitySandbox,
    eve: dict[str, Any],
    caplog: pytest.LogCaptureFixture,
    kind: str,
    said: str,
) -> None:
    identity_sandbox.fail(kind)
    answer = await came_back(suite, identity_sandbox, EVE)
    assert (answer.status_code, reason(caplog)) == (403, said)
    assert await accounts() == []


@pytest.mark.rule("REG-1")
@pytest.mark.parametrize(("kind", "said"), [("denied", "denied"), ("expired_token", "code_refused")])
async def test_a_word_of_facebooks_that_is_not_good_opens_nothing(
    suite: Suite,
    identity_sandbox: IdentitySandbox,
    eve: dict[str, Any],
    caplog: pytest.LogCaptureFixture,
    kind: str,
    said: str,
) -> None:
    identity_sandbox.fail(kind)
    answer = await came_back(suite, identity_sandbox, EVE, "facebook")
    assert (answer.status_code, reason(caplog)) == (403, said)
    identity_sandbox.fail("unavailable", times=3)
    begin = await begun(suite, "facebook")
    assert (
        await suite.http.get(f"/login/callback?code=x&state={state_of(begin)}", headers=cookies(begin))
    ).status_code == 503


@pytest.mark.rule("REG-2")
@pytest.mark.rule("BR-1")
async def test_a_person_of_another_brands_directory_is_nobody_here(
    suite: Suite, identity_sandbox: IdentitySandbox, eve: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    begin = await begun(suite)
    back = identity_sandbox.sign_in(begin.headers["Location"], EVE)
    await change_policy("acme", sso=SingleSignOn(tenant=GLOBEX_TENANT))
    assert (await suite.http.get(back, headers=cookies(begin))).status_code == 403
    assert reason(caplog) == "wrong_tenant"
    await change_policy("acme", sso=None)
    assert (await suite.http.get("/api/brands/acme/login/sso")).status_code == 404
    assert (await suite.http.get("/api/brands/acme/login/other")).status_code == 404
    assert (await suite.http.get("/api/brands/initech/login/sso")).status_code == 404


async def test_a_log_in_ends_where_the_setting_says(
    suite: Suite, identity_sandbox: IdentitySandbox, eve: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    await signed_up(suite, identity_sandbox)
    monkeypatch.setenv("CRM_URL", "https://crm.example/{brand}/contacts")
    app.settings.cache_clear()
    answer = await came_back(suite, identity_sandbox, EVE)
    assert answer.headers["Location"] == "https://crm.example/acme/contacts"


@pytest.mark.rule("REG-3")
async def test_a_way_that_is_closed_takes_no_newcomers_and_still_signs_in(
    suite: Suite, identity_sandbox: IdentitySandbox, eve: dict[str, Any]
) -> None:
    await change_policy("acme", registration=Registration(facebook=False))
    closed = await came_back(suite, identity_sandbox, EVE, "facebook")
    assert (closed.status_code, "Registration is not open to you" in closed.text) == (403, True)
    assert (await suite.dump())["platform/flows"] == {}, "nothing was asked, nothing is kept"
    await signed_up(suite, identity_sandbox)
    await change_policy("acme", registration=Registration(form=False, facebook=False, sso=False))
    assert (await came_back(suite, identity_sandbox, EVE)).status_code == 303


@pytest.mark.rule("REG-3")
async def test_the_white_list_holds_for_facebook_and_not_for_the_directory(
    suite: Suite, identity_sandbox: IdentitySandbox, eve: dict[str, Any]
) -> None:
    await change_policy("acme", registration=Registration(white_list=WhiteListMode.CUSTOMER_IDS))
    asked = await came_back(suite, identity_sandbox, EVE, "facebook")
    assert 'name="customer_id"' in asked.text
    assert (await accepted(suite, asked)).status_code == 422
    assert (await accepted(suite, asked, customer_id="AC-77")).status_code == 403
    assert await accounts() == []
    await white_list.load(await app.brand("acme"), [(Entitled.CUSTOMER_ID, "AC-77")], replaces=True)
    assert (await accepted(suite, asked, customer_id="AC-77")).status_code == 200
    (account,) = await accounts()
    assert (account.customer_id, account.status) == ("AC-77", AccountStatus.UNCONFIRMED)
    assert account.vouched_customer_id is None, "the list knows the ID, and not whose it is"
    noah = "noah.new@acme.example"
    await signed_up(suite, identity_sandbox, noah)
    assert {one.email: one.status for one in await accounts()}[noah] is AccountStatus.ACTIVE


async def test_the_account_speaks_the_language_of_the_page(
    suite: Suite, identity_sandbox: IdentitySandbox, eve: dict[str, Any]
) -> None:
    asked = await came_back(suite, identity_sandbox, EVE)
    flow = asked.text.partition('name="flow" value="')[2].partition('"')[0]
    french = {**cookies(asked), "Accept-Language": "fr"}
    done = await suite.http.post("/login/accept", data={**FORM, "flow": flow}, headers=french)
    assert "Vous êtes connecté" in done.text
    assert [one.language for one in await accounts()] == ["fr"]


@pytest.mark.rule("BR-3")
async def test_a_suspended_brand_signs_in_and_takes_nobody_new_and_an_ended_one_does_neither(
    suite: Suite, identity_sandbox: IdentitySandbox, eve: dict[str, Any]
) -> None:
    await signed_up(suite, identity_sandbox)
    noah = "noah.new@acme.example"
    asked = await came_back(suite, identity_sandbox, noah)
    await stand(suite, "acme", BrandStatus.SUSPENDED)
    assert (await accepted(suite, asked)).status_code == 403
    assert (await came_back(suite, identity_sandbox, noah)).status_code == 403
    begin = await begun(suite)
    back = identity_sandbox.sign_in(begin.headers["Location"], EVE)
    assert (await came_back(suite, identity_sandbox, EVE)).status_code == 303
    await stand(suite, "acme", BrandStatus.ENDED)
    assert (await suite.http.get(back, headers=cookies(begin))).status_code == 404
    assert (await suite.http.get("/api/brands/acme/login/sso")).status_code == 404
    assert len(await accounts()) == 1


@pytest.mark.rule("VIS-8")
async def test_no_log_holds_a_code_a_token_or_a_person(
    suite: Suite, identity_sandbox: IdentitySandbox, eve: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    secrets = {EVE, "Employee", eve["id"], eve["facebookId"]}
    for provider in ("sso", "facebook"):
        for kind in (None, "expired_token", "no_nonce" if provider == "sso" else "denied"):
            if kind:
                identity_sandbox.fail(kind)
            begin = await begun(suite, provider)
            back = identity_sandbox.sign_in(begin.headers["Location"], EVE)
            secrets |= {state_of(begin), back.partition("code=")[2].partition("&")[0] or EVE}
            came = await suite.http.get(back, headers=cookies(begin))
            secrets |= {one.partition("=")[2].partition(";")[0] or EVE for one in came.headers.get_list("set-cookie")}
    ours = [record for record in caplog.records if record.name.partition(".")[0] not in ("httpx", "httpcore")]
    assert {record.name for record in ours} >= {"popsell", "urllib3.connectionpool"}
    told = " ".join(f"{record.getMessage()} {record.exc_info} {record.__dict__}" for record in ours)
    assert [secret for secret in secrets if secret in told] == []


@pytest.mark.rule("AMB-1")
async def test_the_photo_at_facebook_is_taken_once_and_only_when_it_was_wanted(
    suite: Suite, identity_sandbox: IdentitySandbox, eve: dict[str, Any]
) -> None:
    noah = "noah.new@acme.example"
    for who, wanted in ((EVE, "yes"), (noah, "")):
        asked = await came_back(suite, identity_sandbox, who, "facebook")
        assert 'name="photo" value="yes">' in asked.text, "offered, and not ticked"
        assert (await accepted(suite, asked, photo=wanted, alias=who[:3])).status_code == 200
        await suite.world.drain()
        assert (await suite.http.post(f"/c/{link(suite, who, 'c')}")).status_code == 200
        answer = await came_back(suite, identity_sandbox, who, "facebook")
        assert answer.status_code == 303
        shown = await suite.http.get("/api/brands/acme/me/photo", headers=cookies(answer))
        assert shown.status_code == (200 if wanted else 404)
        if wanted:
            csrf = (await suite.http.get("/api/brands/acme/session", headers=cookies(answer))).json()["csrfToken"]
            gone = {**cookies(answer), "X-CSRF-Token": csrf}
            assert (await suite.http.request("DELETE", "/api/brands/acme/me/photo", headers=gone)).status_code == 204
            again = await came_back(suite, identity_sandbox, who, "facebook")
            assert (await suite.http.get("/api/brands/acme/me/photo", headers=cookies(again))).status_code == 404
    assert not any(one.photo_wanted for one in await accounts())


@pytest.mark.rule("AMB-1")
async def test_who_has_no_photo_at_facebook_is_not_asked(
    suite: Suite, identity_sandbox: IdentitySandbox, eve: dict[str, Any]
) -> None:
    identity_sandbox.person(tenant=ACME_TENANT, email=EVE, picture=False)
    asked = await came_back(suite, identity_sandbox, EVE, "facebook")
    identity_sandbox.person(tenant=ACME_TENANT, email=EVE, picture=True)
    assert 'name="photo"' not in asked.text
    assert (await accepted(suite, asked, photo="yes")).status_code == 200
    assert [one.photo_wanted for one in await accounts()] == [False]


@pytest.mark.rule("DEL-10")
@pytest.mark.rule("REG-2")
async def test_an_ambassador_is_known_after_the_hash_key_was_rotated(
    suite: Suite, identity_sandbox: IdentitySandbox, eve: dict[str, Any]
) -> None:
    await signed_up(suite, identity_sandbox)
    await app.brands().rotate_hash_key("acme")
    suite.world.clock.advance(ACTIVE_AFTER)
    for _ in range(2):
        assert (await came_back(suite, identity_sandbox, EVE)).status_code == 303
    (account,) = await accounts()
    opened = await app.brand("acme")
    assert account.email_hash == opened.hasher.refs(EVE)[0]
    found = await by_email(opened, EVE)
    assert found and found.record.id == account.id
    refused = await accepted(suite, await came_back(suite, identity_sandbox, EVE, "facebook"))
    assert refused.status_code == 200
    assert len(await accounts()) == 1, "the address is still the account's"


@pytest.mark.rule("REG-1")
async def test_signing_up_by_facebook_too_often_has_to_wait_and_the_brands_own_people_need_not(
    suite: Suite, identity_sandbox: IdentitySandbox, eve: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limiting, "LIMITS", {**LIMITS, "sign-up-from": Limit(1, timedelta(hours=1))})
    asked = [await came_back(suite, identity_sandbox, who, "facebook") for who in (EVE, "noah.new@acme.example")]
    assert [(await accepted(suite, one)).status_code for one in asked] == [200, 429]
    asked = [
        await came_back(suite, identity_sandbox, who) for who in ("amy.admin@acme.example", "noah.new@acme.example")
    ]
    assert [(await accepted(suite, one)).status_code for one in asked] == [200, 200]
