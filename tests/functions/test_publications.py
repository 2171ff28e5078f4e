"""Publications over HTTP: where their links lead, what is counted, and what is not (ACT-1, ACT-4)."""

import re

import pytest

from shared.domain.flags import FlagKind
from shared.domain.ids import new_id
from shared.domain.mail_events import EventKind
from shared.domain.staff import Role
from shared.domain.tracing import BURSTS
from shared.usecases.mail_events import QueuedEvent, apply_events
from tests.functions.suite import SignedIn, Suite
from tests.functions.tenants import FORM

GRACE = "grace@example.org"
CONTENTS = [
    {"title": "Box", "url": "https://shop.example/box?size=2#top"},
    {"title": "Tea", "url": "https://shop.example/tea"},
]
BROWSER = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0"}


async def mailed(suite: Suite) -> tuple[SignedIn, str, list[str]]:
    """An ambassador, a publication mailed to Grace who said yes, and the paths of its links."""
    ada = await suite.sign_in()
    await ada.invite(await ada.enter(GRACE))
    token = re.search(r"/i/(\S+)", suite.world.mailer.sent_to(GRACE)[-1].text)
    assert token
    await suite.http.post(f"/i/{token[1]}", data={"answer": "accept"})
    published = await ada.call(
        "POST", "/publications", json={"all": True, "subject": "News", "body": "Look", "contents": CONTENTS}
    )
    assert published.status_code == 202, published.text
    await suite.world.drain()
    links = re.findall(r"/r/\S+", suite.world.mailer.sent_to(GRACE)[-1].text)
    return ada, published.json()["publicationId"], links


async def counts(ada: SignedIn, publication: str) -> dict[str, int]:
    """What the ambassador is told."""
    told = (await ada.call("GET", f"/publications/{publication}")).json()
    return {name: told[name] for name in ("opens", "clicks", "comments", "likes")}


@pytest.mark.rule("ACT-1")
async def test_a_mails_links_lead_to_the_contents_with_the_publication_for_the_tag(suite: Suite) -> None:
    _, id, links = await mailed(suite)
    assert links == [f"/r/{id}?l=0", f"/r/{id}?l=1"]
    first = await suite.http.get(links[0], headers=BROWSER)
    assert (first.status_code, first.headers["Location"]) == (
        302,
        f"https://shop.example/box?size=2&popsell_publication={id}#top",
    )
    assert first.headers["Cache-Control"] == "no-store"
    bare = await suite.http.get(f"/r/{id}", headers=BROWSER)
    assert bare.headers["Location"] == first.headers["Location"]
    second = await suite.http.get(links[1], headers=BROWSER)
    assert second.headers["Location"] == f"https://shop.example/tea?popsell_publication={id}"


@pytest.mark.rule("ACT-4")
@pytest.mark.rule("RET-13")
async def test_a_click_is_counted_of_nobody_and_is_no_deliberate_act(suite: Suite) -> None:
    ada, id, links = await mailed(suite)
    before = await suite.world.contact_of(GRACE)
    for link in (*links, links[0]):
        await suite.http.get(link, headers=BROWSER)
    assert (await counts(ada, id))["clicks"] == 3
    assert await suite.world.contact_of(GRACE) == before
    stored = str((await suite.dump("acme"))["acme/counters"])
    assert before.id not in stored and "Firefox" not in stored


@pytest.mark.rule("ACT-4")
@pytest.mark.parametrize(
    ("method", "headers"),
    [
        ("HEAD", BROWSER),
        ("GET", {**BROWSER, "Purpose": "prefetch"}),
        ("GET", {**BROWSER, "Sec-Purpose": "prefetch;prerender"}),
        ("GET", {"User-Agent": "facebookexternalhit/1.1"}),
        ("GET", {"User-Agent": "Mozilla/5.0 (compatible; Googlebot/2.1)"}),
    ],
)
async def test_who_only_looks_ahead_is_led_on_and_not_counted(
    suite: Suite, method: str, headers: dict[str, str]
) -> None:
    ada, id, links = await mailed(suite)
    assert (await suite.http.request(method, links[0], headers=headers)).status_code == 302
    assert (await counts(ada, id))["clicks"] == 0


@pytest.mark.rule("ACT-4")
async def test_an_open_is_counted_once_a_contact_however_often_it_is_told(suite: Suite) -> None:
    ada, id, _ = await mailed(suite)
    acme, grace = await suite.world.brand(), await suite.world.contact_of(GRACE)
    mail = next(mail for mail in grace.mails if mail.publication == id)
    custom_id = f"acme.{grace.ambassador_id}.{grace.id}.{mail.id}"
    opens = [
        QueuedEvent(custom_id=custom_id, kind=EventKind.OPEN, at=mail.at, addresses=acme.hasher.refs(GRACE), key=key)
        for key in ("first", "again")
    ]
    for events in ([opens[0]], [opens[0]], opens):
        await apply_events(acme, suite.world.quarantine, events)
    assert (await counts(ada, id))["opens"] == 1


@pytest.mark.rule("ACT-1")
async def test_a_share_on_a_social_network_is_recorded_and_mails_nobody(suite: Suite) -> None:
    ada, mail, _ = await mailed(suite)
    sent = len(suite.world.mailer.outbox)
    share = {"channel": "instagram", "subject": "Box", "body": "Lovely", "contents": CONTENTS}
    shared = await ada.call("POST", "/publications", json=share)
    assert shared.status_code == 202 and shared.json()["queued"] == 0
    await suite.world.drain()
    assert len(suite.world.mailer.outbox) == sent
    suite.world.clock.advance(minutes=1)
    page = (await ada.call("GET", "/publications?limit=1")).json()
    (one,) = page["items"]
    following = (await ada.call("GET", f"/publications?limit=1&cursor={page['nextCursor']}")).json()
    channels = {item["id"]: item["channel"] for item in (one, *following["items"])}
    assert channels == {shared.json()["publicationId"]: "instagram", mail: "email"}
    me = (await ada.call("GET", "/me")).json()
    assert (me["score"], me["badges"]) == (20, ["first_publication"])
    refused = await ada.call("POST", "/publications", json={**share, "all": True})
    assert refused.status_code == 422
    unknown = await ada.call("POST", "/publications", json={**share, "channel": "myspace"})
    assert unknown.status_code == 422


@pytest.mark.rule("ACT-1")
async def test_a_link_to_nothing_is_answered_by_a_page(suite: Suite) -> None:
    ada, id, _ = await mailed(suite)
    for path in (f"/r/{id}?l=2", f"/r/{id}?l=-1", f"/r/acme.{ada.account.id}.{new_id()}", "/r/x", f"/r/{new_id()}"):
        answered = await suite.http.get(path, headers=BROWSER)
        assert (answered.status_code, answered.headers["Content-Type"]) == (404, "text/html; charset=utf-8")
    assert await counts(ada, id) == {"opens": 0, "clicks": 0, "comments": 0, "likes": 0}


@pytest.mark.rule("ACT-5")
async def test_bursts_over_http_are_flagged_by_an_address_that_is_nowhere(suite: Suite) -> None:
    ada, _, links = await mailed(suite)
    ip = "203.0.113.77"
    for _ in range(BURSTS[FlagKind.CLICK_BURST].times):
        await suite.http.get(links[0], headers={**BROWSER, "X-Forwarded-For": f"{ip}:5555"})
    for number in range(BURSTS[FlagKind.SIGN_UP_BURST].times):
        form = {**FORM, "email": f"n{number}@example.org"}
        headers = {**BROWSER, "X-Forwarded-For": ip}
        await suite.http.post("/api/brands/acme/ambassadors", json=form, headers=headers)
    stored = await suite.dump()
    raised = {flag["kind"]: flag["subject"] for flag in stored["acme/flags"].values()}
    assert raised["click_burst"] == ada.account.id and set(raised) == {"click_burst", "sign_up_burst"}
    assert ip not in str(stored)


@pytest.mark.rule("DEL-1")
async def test_DEL_1_links_of_an_ambassador_who_left_lead_nowhere_until_the_account_is_back(suite: Suite) -> None:
    ada, _, links = await mailed(suite)
    assert (await ada.call("DELETE", "/me")).status_code == 202
    assert (await suite.http.get(links[0], headers=BROWSER)).status_code == 404
    admin = await suite.staff(Role.BRAND_ADMIN, "acme")
    back = await suite.http.post(f"/api/manager/brands/acme/ambassadors/{ada.account.id}/restore", headers=admin)
    assert back.status_code == 200
    assert (await suite.http.get(links[0], headers=BROWSER)).status_code == 302


@pytest.mark.rule("ACT-1")
@pytest.mark.parametrize(
    ("url", "status"),
    [
        ("https://shop.example/box", 202),
        ("https://www.SHOP.example/box", 202),
        ("https://evil.example/shop.example", 422),
        ("https://notshop.example/", 422),
        ("https://shop.example@evil.example/", 422),
    ],
)
async def test_a_brand_may_say_on_which_sites_contents_are(suite: Suite, url: str, status: int) -> None:
    acme = await suite.world.brand()
    await suite.world.brands.save_policy("acme", acme.policy.changed(content_hosts=("shop.example",)))
    ada = await suite.sign_in()
    news = {"channel": "facebook", "subject": "S", "body": "B", "contents": [{"title": "T", "url": url}]}
    answered = await ada.call("POST", "/publications", json=news)
    assert answered.status_code == status
    assert status == 202 or answered.json()["errors"] == [
        {"field": "contents.0.url", "reason": "is not on a site of the brand"}
    ]


@pytest.mark.rule("ACT-1")
async def test_a_publication_is_taken_back_with_all_that_hangs_on_it(suite: Suite) -> None:
    ada, id, links = await mailed(suite)
    bob = await suite.sign_in("bob@example.org")
    await suite.http.get(links[0], headers=BROWSER)
    await bob.call("PUT", f"/community/publications/{id}/like")
    await bob.call("POST", f"/community/publications/{id}/comments", json={"text": "Lovely"})
    assert (await bob.call("DELETE", f"/publications/{id}")).status_code == 404
    for status in (204, 404):
        assert (await ada.call("DELETE", f"/publications/{id}")).status_code == status
    assert (await suite.http.get(links[0], headers=BROWSER)).status_code == 404
    assert (await bob.call("GET", "/community/flow")).json()["items"] == []
    stored = await suite.dump("acme")
    assert not any(stored[f"acme/{name}"] for name in ("activity", "feed", "reactions", "counters"))
    await suite.world.drain()
    assert "commented" not in str([mail.subject for mail in suite.world.mailer.outbox])


@pytest.mark.rule("ACT-4")
async def test_a_publication_that_another_ambassador_passes_on_is_counted(suite: Suite) -> None:
    ada, id, _ = await mailed(suite)
    bob = await suite.sign_in("bob@example.org")
    news = {"channel": "facebook", "subject": "S", "body": "B", "reshareOf": id}
    assert (await bob.call("POST", "/publications", json=news)).status_code == 202
    assert (await ada.call("GET", f"/publications/{id}")).json()["reshares"] == 1
    for unknown in (f"acme.{ada.account.id}.{new_id()}", f"globex.{ada.account.id}.{new_id()}", "x"):
        refused = await bob.call("POST", "/publications", json={**news, "reshareOf": unknown})
        assert refused.json()["errors"] == [{"field": "reshareOf", "reason": "is not in the community's flow"}]
