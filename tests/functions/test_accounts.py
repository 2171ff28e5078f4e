"""Ambassadors' accounts over HTTP: sign-up, session, own data (AMB, REG-1)."""

import re
from datetime import timedelta
from typing import Any

import httpx
import pytest

from shared.domain.ambassador import AccountStatus
from shared.ports import Query
from tests.functions.suite import PASSWORD, SignedIn, Suite
from tests.functions.tenants import FORM, link

AMBASSADORS = "/api/brands/acme/ambassadors"
SESSION = "/api/brands/acme/session"
ME = "/api/brands/acme/me"
IBAN = "FR14 2004 1010 0505 0001 3M02 606"


async def sign_up(suite: Suite, address: str, **fields: Any) -> httpx.Response:
    """Fills in the form."""
    return await suite.http.post(AMBASSADORS, json={**FORM, "email": address, **fields})


async def log_in(suite: Suite, email: str, password: str = PASSWORD) -> httpx.Response:
    """Tries to sign in."""
    return await suite.http.post(SESSION, json={"email": email, "password": password})


async def accounts(suite: Suite) -> dict[str, AccountStatus]:
    """The accounts of the brand."""
    brand = await suite.world.brand()
    return {i.record.email: i.record.status async for page in brand.ambassadors.pages(Query()) for i in page}


@pytest.mark.rule("AMB-6")
async def test_no_access_before_the_address_is_confirmed(suite: Suite) -> None:
    assert (await sign_up(suite, "new@example.org")).status_code == 202
    await suite.world.drain()
    assert (await log_in(suite, "new@example.org")).status_code == 401
    for _ in range(2):
        token = {"token": link(suite, "new@example.org", "c")}
        opened = await suite.http.post(AMBASSADORS + "/confirm", json=token)
        assert (opened.status_code, opened.json()) == (200, {"status": "active"})
    assert (await log_in(suite, "new@example.org")).status_code == 200


@pytest.mark.rule("AMB-6")
async def test_a_sign_up_is_answered_the_same_whether_or_not_the_address_is_known(suite: Suite) -> None:
    await suite.sign_in("ada@example.org")
    answers = [await sign_up(suite, email) for email in ("ada@example.org", "ADA@example.org", "new@example.org")]
    assert {(a.status_code, a.content, tuple(a.headers.items())) for a in answers} == {
        (202, b"", tuple(answers[0].headers.items()))
    }
    await suite.world.drain()
    subjects = [mail.subject for mail in suite.world.mailer.sent_to("ada@example.org")]
    assert subjects
    assert "/c/" not in suite.world.mailer.sent_to("ada@example.org")[0].text
    assert (await accounts(suite))["ada@example.org"] is AccountStatus.ACTIVE
    assert (await log_in(suite, "ada@example.org")).status_code == 200, "the known account keeps its password"


@pytest.mark.rule("AMB-2")
@pytest.mark.parametrize("accepted", [False, None, "yes", 1])
async def test_without_accepted_terms_there_is_no_account(suite: Suite, accepted: Any) -> None:
    answer = await sign_up(suite, "new@example.org", acceptTerms=accepted)
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == ["acceptTerms"]
    assert await accounts(suite) == {}


@pytest.mark.rule("AMB-1")
@pytest.mark.parametrize("field", ["email", "password", "gender", "firstName", "lastName", "alias", "acceptTerms"])
async def test_every_required_field_is_asked_for(suite: Suite, field: str) -> None:
    form = {name: value for name, value in {**FORM, "email": "new@example.org"}.items() if name != field}
    answer = await suite.http.post(AMBASSADORS, json=form)
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == [field]


@pytest.mark.rule("AMB-1")
@pytest.mark.parametrize(
    ("field", "value"),
    [("iban", "FR1420041010050500013M02607"), ("iban", "FR14"), ("dateOfBirth", "2030-02-30"),
     ("dateOfBirth", "2031-01-01"), ("dateOfBirth", "1899-12-31"), ("dateOfBirth", "1990-1-1"), ("gender", "x"),
     ("language", "tlh"), ("email", "nobody"), ("email", "a@b@c.example"), ("password", "short")],
)  # fmt: skip
async def test_a_value_that_cannot_be_is_refused_and_not_repeated(suite: Suite, field: str, value: str) -> None:
    answer = await sign_up(suite, "new@example.org", **{field: value})
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == [field]
    assert field == "password" or value not in answer.text


@pytest.mark.rule("AMB-7")
async def test_signing_in_too_often_has_to_wait(suite: Suite) -> None:
    answers = [await log_in(suite, "nobody@example.org") for _ in range(12)]
    assert [answer.status_code for answer in answers] == [401] * 10 + [429] * 2
    wait = int(answers[-1].headers["retry-after"])
    assert answers[-1].headers["content-type"] == "application/problem+json"
    assert (await log_in(suite, "other@example.org")).status_code == 401
    suite.world.clock.advance(seconds=wait)
    assert (await log_in(suite, "nobody@example.org")).status_code == 401


async def test_signing_up_too_often_has_to_wait(suite: Suite) -> None:
    codes = [(await sign_up(suite, "new@example.org")).status_code for _ in range(6)]
    assert codes == [202] * 5 + [429]
    from_one_place = {"X-Forwarded-For": "1.2.3.4, 203.0.113.9:5555"}
    for number in range(61):
        form = {**FORM, "email": f"n{number}@example.org"}
        last = await suite.http.post(AMBASSADORS, json=form, headers=from_one_place)
    assert last.status_code == 429


async def test_the_session_cookie_is_for_one_brand_and_no_script(suite: Suite) -> None:
    await suite.sign_in("ada@example.org")
    opened = await log_in(suite, "ada@example.org")
    (cookie,) = [c for c in opened.headers.get_list("set-cookie") if c.startswith("Popsell_remember_me=")]
    parts = {part.strip().partition("=")[0]: part.strip().partition("=")[2] for part in cookie.split(";")}
    assert parts == {
        "Popsell_remember_me": opened.json()["token"],
        "Path": "/api/brands/acme",
        "Max-Age": "31536000",
        "Secure": "",
        "HttpOnly": "",
        "SameSite": "Lax",
    }
    assert opened.headers["cache-control"] == "no-store"


async def test_by_cookie_a_change_needs_the_csrf_token(suite: Suite) -> None:
    ada = await suite.sign_in("ada@example.org")
    cookie = {"Cookie": f"other=1; Popsell_remember_me={ada.token}"}
    assert (await suite.http.get(ME, headers=cookie)).status_code == 200
    refused = await suite.http.patch(ME, headers=cookie, json={"about": "x"})
    assert refused.status_code == 403
    assert refused.json()["type"] == "urn:popsell:problem:csrf-token-missing"
    with_token = {**cookie, "X-CSRF-Token": ada.csrf_token}
    assert (await suite.http.patch(ME, headers=with_token, json={"about": "x"})).status_code == 200


async def test_signing_out_ends_this_session_and_no_other(suite: Suite) -> None:
    ada = await suite.sign_in("ada@example.org")
    other = (await log_in(suite, "ada@example.org")).json()["token"]
    left = await ada.call("DELETE", "/session")
    assert left.status_code == 204
    gone = [cookie.partition("=")[0] for cookie in left.headers.get_list("set-cookie") if "Max-Age=0" in cookie]
    assert gone == ["Popsell_remember_me", "Popsell_data_dashboard"]
    assert (await ada.call("GET", "/me")).status_code == 401
    assert (await suite.http.get(ME, headers={"Authorization": f"Bearer {other}"})).status_code == 200


async def test_a_session_lapses(suite: Suite) -> None:
    ada = await suite.sign_in("ada@example.org")
    suite.world.clock.advance(days=30)
    assert (await ada.call("GET", "/me")).status_code == 401


@pytest.fixture
async def ada(suite: Suite) -> SignedIn:
    """Signed in."""
    return await suite.sign_in("ada@example.org")


@pytest.mark.rule("AMB-1")
async def test_own_data_is_shown_without_the_password(ada: SignedIn) -> None:
    own = (await ada.call("GET", "/me")).json()
    assert own["email"] == "ada@example.org"
    assert not [name for name in own if re.search("password|hash|session|clock", name, re.IGNORECASE)]


@pytest.mark.rule("AMB-1")
async def test_own_data_can_be_changed_and_emptied(ada: SignedIn) -> None:
    before = (await ada.call("GET", "/me")).json()
    changes = {
        "about": "I sew.",
        "iban": IBAN,
        "dateOfBirth": "1990-02-28",
        "interests": ["yoga", "tea"],
        "address": {"street": "1 Main St", "city": "Lyon", "postalCode": "69003", "country": "FR"},
        "communication": {"newsletters": False},
        "community": {"hideProfile": True},
        "language": "fr",
    }
    changed = await ada.call("PATCH", "/me", json=changes)
    assert changed.status_code == 200, changed.text
    after = changed.json()
    assert after["iban"] == "FR1420041010050500013M02606"
    assert (after["address"], after["interests"]) == (changes["address"], changes["interests"])
    assert after["communication"]["newsletters"] is False
    assert after["community"]["hideProfile"] is True
    assert after == (await ada.call("GET", "/me")).json()
    empty = dict.fromkeys(("about", "iban", "dateOfBirth", "interests", "address"))
    emptied = await ada.call("PATCH", "/me", json={**empty, "language": "en", "communication": {}, "community": {}})
    assert emptied.status_code == 200, emptied.text
    assert (await ada.call("GET", "/me")).json() == before


@pytest.mark.parametrize(
    "field", ["gender", "firstName", "lastName", "alias", "language", "communication", "community"]
)
async def test_what_is_required_cannot_be_emptied(ada: SignedIn, field: str) -> None:
    refused = await ada.call("PATCH", "/me", json={field: None})
    assert refused.status_code == 422
    assert [error["field"] for error in refused.json()["errors"]] == [field]


@pytest.mark.rule("BR-2")
async def test_what_the_brand_requires_is_asked_for_at_sign_up_and_cannot_be_emptied(suite: Suite) -> None:
    policy = (await suite.world.brand("globex")).policy
    await suite.world.brands.save_policy("globex", policy.changed(required_ambassador_fields=("customerId",)))
    path = AMBASSADORS.replace("acme", "globex")
    refused = await suite.http.post(path, json={**FORM, "email": "new@example.org"})
    assert [error["field"] for error in refused.json()["errors"]] == ["customerId"]
    taken = await suite.http.post(path, json={**FORM, "email": "new@example.org", "customerId": "7"})
    assert taken.status_code == 202
    gil = await suite.sign_in("gil@example.org", "globex")
    assert (await gil.call("PATCH", "/me", json={"customerId": None})).status_code == 422
    assert (await gil.call("PATCH", "/me", json={"about": "x"})).status_code == 200


@pytest.mark.rule("DEL-9")
async def test_a_link_of_a_sign_up_holds_as_long_as_the_sign_up(suite: Suite) -> None:
    await sign_up(suite, "new@example.org")
    await suite.world.drain()
    suite.world.clock.advance(days=15)
    late = await suite.http.post(AMBASSADORS + "/confirm", json={"token": link(suite, "new@example.org", "c")})
    assert late.status_code == 404
    await suite.world.sweep()
    assert await accounts(suite) == {}
    assert (await sign_up(suite, "new@example.org")).status_code == 202


@pytest.mark.rule("DEL-1")
async def test_DEL_1_leaving_ends_access_at_the_next_request_of_every_session(suite: Suite) -> None:
    me = await suite.sign_in("ada@example.org")
    other = (await log_in(suite, "ada@example.org")).json()["token"]
    left = await me.call("DELETE", "/me")
    due = (suite.world.clock.now() + timedelta(days=7)).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert (left.status_code, left.json()) == (202, {"erasureDueAt": due})
    assert "Popsell_remember_me=;" in left.headers["set-cookie"] and "Max-Age=0" in left.headers["set-cookie"]
    for token in (me.token, other):
        headers = {"Authorization": f"Bearer {token}"}
        assert (await suite.http.get(ME, headers=headers)).status_code == 401
        assert (await suite.http.delete(ME, headers=headers)).status_code == 401
    assert (await log_in(suite, "ada@example.org")).status_code == 401


@pytest.mark.rule("DEL-1")
async def test_DEL_1_leaving_by_cookie_needs_the_csrf_token(suite: Suite) -> None:
    me = await suite.sign_in("ada@example.org")
    cookie = {"Cookie": f"Popsell_remember_me={me.token}"}
    assert (await suite.http.delete(ME, headers=cookie)).status_code == 403
    assert (await suite.http.delete(ME, headers={**cookie, "X-CSRF-Token": me.csrf_token})).status_code == 202
