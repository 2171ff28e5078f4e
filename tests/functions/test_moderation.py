"""The community's comments in the Manager: who sees them, who takes one out, and only the own brand's (VIS-2, VIS-6, BR-1)."""

from typing import Any

import httpx
import pytest

from shared.domain.staff import BRAND_ROLES, Role
from shared.usecases import leaving
from tests.functions.suite import SignedIn, Suite
from tests.functions.test_community import flow, hide, publish

COMMENTS = "/api/manager/brands/acme/comments"


async def said(me: SignedIn, publication: str, text: str) -> str:
    """A comment; gives its id."""
    answer = await me.call("POST", f"/community/publications/{publication}/comments", json={"text": text})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def listed(suite: Suite, headers: dict[str, str], **params: Any) -> list[dict[str, Any]]:
    """All comments, over all pages."""
    found: list[dict[str, Any]] = []
    while True:
        answer = await suite.http.get(COMMENTS, headers=headers, params={"limit": 1, **params})
        assert answer.status_code == 200, answer.text
        found += answer.json()["items"]
        if answer.json()["nextCursor"] is None:
            return found
        params["cursor"] = answer.json()["nextCursor"]


async def removed(suite: Suite, headers: dict[str, str], publication: str, comment: str) -> httpx.Response:
    """Takes a comment out."""
    return await suite.http.delete(f"{COMMENTS}/{publication}/{comment}", headers=headers)


@pytest.mark.rule("VIS-6")
@pytest.mark.rule("VIS-2")
@pytest.mark.rule("AMB-3")
async def test_every_role_sees_the_comments_newest_first_also_of_who_hides_from_the_community(suite: Suite) -> None:
    ada, bob = await suite.sign_in(), await suite.sign_in("bob@example.org")
    first, second = await publish(ada, "One"), await publish(ada, "Two")
    await said(bob, first, "Nice")
    suite.world.clock.advance(minutes=1)
    await said(ada, second, "Thanks")
    await hide(bob, hideEvents=True, hideProfile=True)
    for role in (*BRAND_ROLES, Role.ACCOUNT_TEAM):
        headers = await suite.staff(role, "acme")
        found = await listed(suite, headers)
        assert [(c["text"], c["author"], c["ambassadorId"]) for c in found] == [
            ("Thanks", "Ada Ambassador", ada.account.id),
            ("Nice", "Ada Ambassador", bob.account.id),
        ]
        assert set(found[0]) == {"id", "publicationId", "ambassadorId", "author", "text", "at"}
        assert [c["text"] for c in await listed(suite, headers, publicationId=first)] == ["Nice"]
    assert await listed(suite, headers, publicationId="acme.x") == []


@pytest.mark.rule("VIS-7")
@pytest.mark.rule("ACT-3")
async def test_the_community_manager_takes_a_comment_out_and_that_is_written_down(suite: Suite) -> None:
    ada, bob = await suite.sign_in(), await suite.sign_in("bob@example.org")
    publication = await publish(ada)
    comment, stays = await said(bob, publication, "Rude"), await said(bob, publication, "Fine")
    support = await suite.staff(Role.BRAND_SUPPORT, "acme")
    assert (await removed(suite, support, publication, comment)).status_code == 404
    assert len(await listed(suite, support)) == 2
    headers = await suite.staff(Role.BRAND_COMMUNITY, "acme")
    assert (await removed(suite, headers, publication, comment)).status_code == 204
    assert (await removed(suite, headers, publication, comment)).status_code == 404
    assert [c["id"] for c in await listed(suite, headers)] == [stays]
    assert (await flow(ada))[0]["comments"] == 1
    log = await suite.http.get("/api/manager/brands/acme/access-log", headers=await suite.staff(Role.TECHNICAL_TEAM))
    acts = {(entry["kind"], entry["act"]) for entry in log.json()["items"]}
    assert acts == {("comments", "changed"), ("comments", "listed")}


@pytest.mark.rule("BR-1")
@pytest.mark.rule("ACT-4")
async def test_another_brands_comments_and_what_is_no_comment_look_like_what_there_is_not(suite: Suite) -> None:
    gil, ada = await suite.sign_in("gil@example.org", "globex"), await suite.sign_in()
    theirs, own = await publish(gil), await publish(ada)
    comment = await said(gil, theirs, "Secret")
    await ada.call("PUT", f"/community/publications/{own}/like")
    headers = await suite.staff(Role.BRAND_ADMIN, "acme")
    before = await suite.dump("globex")
    unknown = await removed(suite, headers, own, "a" * 24)
    for publication, id in ((theirs, comment), (own, comment), (own, ada.account.id), ("x", comment), ("%2E", "x")):
        answer = await removed(suite, headers, publication, id)
        assert (answer.status_code, answer.json()) == (404, unknown.json())
    assert await listed(suite, headers) == await listed(suite, headers, publicationId=theirs) == []
    elsewhere = await suite.http.get(COMMENTS, headers=await suite.staff(Role.BRAND_ADMIN, "globex"))
    assert elsewhere.status_code in (403, 404)
    assert await suite.dump("globex") == before


@pytest.mark.rule("DEL-7")
async def test_what_an_ambassador_said_goes_with_the_account(suite: Suite) -> None:
    ada, bob = await suite.sign_in(), await suite.sign_in("bob@example.org")
    await said(bob, await publish(ada), "Nice")
    acme, headers = await suite.world.brand(), await suite.staff(Role.BRAND_ADMIN, "acme")
    await leaving.remove(acme, bob.account.id, "staff:s")
    suite.world.clock.advance(days=7)
    await suite.world.sweep()
    headers = await suite.staff(Role.BRAND_ADMIN, "acme")
    assert await listed(suite, headers) == []
