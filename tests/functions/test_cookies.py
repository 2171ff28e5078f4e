"""The cookies: what a real browser stores of the site tag and of a sign-in, and the list that is served (COO)."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import pytest

from shared.domain.cookies import COOKIES, Place, cookies_of
from shared.domain.policy import BrandStatus
from shared.domain.publication import new_publication_id
from tests.functions.suite import SignedIn, Suite
from tests.support.chromium import CHROMIUM, Browser, browser

AMBASSADOR = "a" * 24
PUBLICATION = new_publication_id("acme", AMBASSADOR)
ARRIVED = f"?popsell_ambassador={AMBASSADOR}&popsell_alias={quote('zoé')}&popsell_publication={PUBLICATION}&other=1"
ANALYTICS = "G-ABCDEF1234"
needs_browser = pytest.mark.skipif(CHROMIUM is None, reason="no chromium on the PATH: nothing real to store cookies")


async def tag(suite: Suite, brand: str = "acme") -> str:
    """The script that a brand's site loads."""
    served = await suite.http.get(f"/t/{brand}.js")
    assert served.status_code == 200, served.text
    return served.text


async def policy(suite: Suite, **changes: Any) -> None:
    """The brand decides otherwise."""
    acme = await suite.world.brand()
    await suite.world.brands.save_policy("acme", acme.policy.changed(**changes))


@asynccontextmanager
async def site(script: str) -> AsyncIterator[str]:
    """The brand's own site with the tag on every page; gives its address."""
    page = f"<!doctype html><title>Shop</title><script>{script}</script>".encode()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        head = f"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {len(page)}\r\n"
        writer.write(head.encode() + b"Connection: close\r\n\r\n" + page)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"http://localhost:{server.sockets[0].getsockname()[1]}/"


@asynccontextmanager
async def visiting(script: str, profile: Path, arrived: str = ARRIVED) -> AsyncIterator[tuple[Browser, str]]:
    """A visitor of that site, with a fresh browser."""
    async with site(script) as url, browser(profile) as visitor:
        await visitor.open(url + arrived)
        yield visitor, url


@needs_browser
@pytest.mark.rule("COO-1")
async def test_the_tag_stores_what_is_named_and_nothing_more(suite: Suite, tmp_path: Path) -> None:
    await policy(suite, cookie_hours=100)
    async with visiting(await tag(suite), tmp_path) as (visitor, url):
        assert set(await visitor.cookies()) == {"Popsell_session_add", "Popsell_session_shop"}
        assert await visitor.evaluate(
            "Popsell.data({customerId: 'C-7', email: 'x@example.org', products: ['P1', '<']})"
        )
        stored = await visitor.cookies()
        assert set(stored) == {"Popsell_session_add", "Popsell_session_shop", "Popsell_data"}
        now = await visitor.evaluate("Date.now()") / 1000
        for cookie in stored.values():
            assert (cookie["secure"], cookie["sameSite"], cookie["path"]) == (True, "Lax", "/")
            assert abs(cookie["expires"] - now - 100 * 3600) < 120
        values = {name: unquote(cookie["value"]) for name, cookie in stored.items()}
        assert json.loads(values["Popsell_session_add"]) == {"ambassador": AMBASSADOR, "alias": "zoé"}
        assert values["Popsell_session_shop"] == PUBLICATION
        assert json.loads(values["Popsell_data"]) == {"customerId": "C-7", "products": ["P1"]}
        await visitor.evaluate("Popsell.data(null)")
        assert "Popsell_data" not in await visitor.cookies()
        assert [asked for asked in visitor.asked if not asked.startswith(url)] == []


@needs_browser
@pytest.mark.rule("COO-1")
async def test_the_tag_stores_nothing_of_an_address_that_says_nothing(suite: Suite, tmp_path: Path) -> None:
    async with visiting(await tag(suite), tmp_path, "") as (visitor, url):
        for arrived in (
            "?popsell_alias=zoe",
            "?popsell_ambassador=%3Cscript%3E",
            "?popsell_publication=../x",
            "?popsell_publication=",
        ):
            await visitor.open(url + arrived)
            assert await visitor.evaluate("Popsell.data({}) || Popsell.data({email: 'x@example.org'})") is False
        assert await visitor.cookies() == {}


@needs_browser
@pytest.mark.rule("COO-4")
async def test_analytics_need_the_brands_yes_and_the_visitors(suite: Suite, tmp_path: Path) -> None:
    async with visiting(await tag(suite), tmp_path / "off") as (visitor, url):
        assert await visitor.evaluate("Popsell.analytics(true)") is False
        assert all(asked.startswith(url) for asked in visitor.asked)
    await policy(suite, analytics_id=ANALYTICS)
    async with visiting(await tag(suite), tmp_path / "on") as (visitor, url):
        for no in ("false", "undefined", "'yes'"):
            assert await visitor.evaluate(f"Popsell.analytics({no})") is False
        assert all(asked.startswith(url) for asked in visitor.asked)
        assert await visitor.evaluate("Popsell.analytics(true) && Popsell.analytics(true)") is True
        await visitor.evaluate("document.cookie = '_ga=GA1.1; Path=/'; document.cookie = '_ga_X=1; Path=/'")
        scripts = [asked for asked in visitor.asked if not asked.startswith(url)]
        assert scripts == [f"https://www.googletagmanager.com/gtag/js?id={ANALYTICS}"]
        assert await visitor.evaluate("Popsell.analytics(false)") is False
        assert set(await visitor.cookies()) == {"Popsell_session_add", "Popsell_session_shop"}
        assert await visitor.evaluate(f"window['ga-disable-{ANALYTICS}']") is True


@pytest.mark.rule("COO-4")
async def test_without_the_brands_yes_the_tag_knows_no_analytics(suite: Suite) -> None:
    assert '"analytics":null' in await tag(suite)
    listed = (await suite.http.get("/api/brands/acme/cookies")).json()["items"]
    assert not [cookie for cookie in listed if cookie["needsConsent"]]
    await policy(suite, analytics_id=ANALYTICS)
    listed = (await suite.http.get("/api/brands/acme/cookies")).json()["items"]
    assert [cookie["name"] for cookie in listed if cookie["needsConsent"]] == ["_ga", "_utm…"]
    assert f'"id":"{ANALYTICS}"' in await tag(suite)


async def sign_in_cookies(ada: SignedIn) -> dict[str, dict[str, str]]:
    """The cookies of a sign-in, as their attributes."""
    login = {"email": ada.account.email, "password": "correct horse battery staple"}
    opened = await ada.suite.http.post("/api/brands/acme/session", json=login)
    found = {}
    for header in opened.headers.get_list("set-cookie"):
        (name, value), *flags = [part.strip().partition("=")[::2] for part in header.split(";")]
        found[name] = {"value": value, **dict(flags)}
    return found


@pytest.mark.rule("COO-2")
async def test_a_sign_in_sets_the_platforms_cookies_for_a_year(suite: Suite) -> None:
    stored = await sign_in_cookies(await suite.sign_in())
    assert set(stored) == {"Popsell_registered", "Popsell_remember_me", "Popsell_data_dashboard"}
    for cookie in stored.values():
        assert (cookie["Max-Age"], cookie["SameSite"], cookie["Path"]) == ("31536000", "Lax", "/api/brands/acme")
        assert "Secure" in cookie
    assert [name for name, cookie in stored.items() if "HttpOnly" in cookie] == ["Popsell_remember_me"]
    assert stored["Popsell_registered"]["value"] == "1"
    assert stored["Popsell_data_dashboard"]["value"] == "0.starter"


@pytest.mark.rule("COO-3")
@pytest.mark.parametrize("language", ["en", "fr"])
async def test_the_list_says_what_is_set(suite: Suite, language: str) -> None:
    await policy(suite, cookie_hours=100)
    listed = await suite.http.get("/api/brands/acme/cookies", headers={"Accept-Language": language})
    items = {cookie["name"]: cookie for cookie in listed.json()["items"]}
    for name, cookie in (await sign_in_cookies(await suite.sign_in())).items():
        row = items.pop(name)
        assert str(int(row["lifetimeHours"] * 3600)) == cookie["Max-Age"]
        assert (row["httpOnly"], row["secure"], row["sameSite"]) == (
            "HttpOnly" in cookie,
            "Secure" in cookie,
            cookie["SameSite"],
        )
    assert items.pop("Popsell_log_in")["httpOnly"]
    script = await tag(suite)
    for name, row in items.items():
        assert (
            row["place"] == "brand_site" and f'"name":"{name}","seconds":{int(row["lifetimeHours"] * 3600)}' in script
        )
        assert row["purpose"] and row["data"] and row["setBy"]
    assert set(items) == {"Popsell_session_add", "Popsell_session_shop", "Popsell_data"}


@pytest.mark.rule("COO-3")
def test_every_cookie_is_described_in_both_languages() -> None:
    for cookie in COOKIES:
        for text in (cookie.set_by, cookie.purpose, cookie.data):
            assert set(text) == {"en", "fr"} and all(text.values())
        assert cookie.place is not Place.BRAND_SITE or cookie.analytics or cookie.parts


@pytest.mark.rule("COO-1")
async def test_the_tag_may_be_kept_and_falls_silent_with_the_brand(suite: Suite) -> None:
    served = await suite.http.get("/t/acme.js")
    assert served.headers["Content-Type"].startswith("text/javascript")
    assert served.headers["Cache-Control"] == "public, max-age=300"
    assert (await suite.http.get("/t/initech.js")).status_code == 404
    acme = await suite.world.brand()
    default = {cookie.name: cookie.lifetime(acme.policy) for cookie in cookies_of(acme.policy)}
    assert default["Popsell_session_shop"] == timedelta(hours=4320)
    brands = suite.world.brands.records
    current = await brands.get("acme", "acme")
    assert current
    await brands.replace(current, current.record.changed(status=BrandStatus.SUSPENDED))
    suite.world.clock.advance(minutes=1)
    assert "Popsell_session" not in await tag(suite)
