"""The community over HTTP: the flow, its comments and likes, its members, and who hides (ACT-3, AMB-3, VIS-4)."""

import base64
from typing import Any

import pytest

from shared.domain.policy import CommunityDisplay
from shared.usecases.community import MONTHS
from tests.functions.suite import SignedIn, Suite

CONTENTS = [{"title": "Box", "url": "https://shop.example/box"}]


async def publish(me: SignedIn, subject: str = "Box", channel: str = "facebook") -> str:
    """A publication; gives its id."""
    body = {"channel": channel, "subject": subject, "body": f"About {subject}", "contents": CONTENTS}
    shared = await me.call("POST", "/publications", json=body | ({"all": True} if channel == "email" else {}))
    assert shared.status_code == 202, shared.text
    return str(shared.json()["publicationId"])


async def flow(me: SignedIn) -> list[dict[str, Any]]:
    """The flow's first page."""
    answered = await me.call("GET", "/community/flow")
    assert answered.status_code == 200, answered.text
    return list(answered.json()["items"])


async def hide(me: SignedIn, **switches: bool) -> None:
    """Sets the switches of AMB-3."""
    assert (await me.call("PATCH", "/me", json={"community": switches})).status_code == 200


@pytest.fixture
async def ada(suite: Suite) -> SignedIn:
    """Who publishes."""
    return await suite.sign_in("ada@example.org")


@pytest.fixture
async def bob(suite: Suite) -> SignedIn:
    """Who looks on."""
    return await suite.sign_in("bob@example.org")


@pytest.mark.rule("ACT-3")
async def test_the_flow_shows_publications_newest_first_over_months(suite: Suite, ada: SignedIn, bob: SignedIn) -> None:
    ids = []
    for number in range(5):
        ids.append(await publish(ada, f"Box {number}"))
        suite.world.clock.advance(days=20)
        ada = await again(ada)
    bob = await again(bob)
    assert [item["id"] for item in await flow(bob)] == ids[::-1]
    walked, cursor = [], ""
    while cursor is not None:
        page = (await bob.call("GET", f"/community/flow?limit=2{cursor and f'&cursor={cursor}'}")).json()
        assert len(page["items"]) <= 2
        walked += [item["id"] for item in page["items"]]
        cursor = page["nextCursor"]
    assert walked == ids[::-1]
    for wrong in ("x", "2031-01:", "1999-01:", "2030-13:"):
        assert (await bob.call("GET", f"/community/flow?cursor={wrong}")).status_code == 422
    suite.world.clock.advance(days=31 * MONTHS)
    assert await flow(await again(bob)) == []


async def again(me: SignedIn) -> SignedIn:
    """The same person with a fresh session, for the old one is over."""
    login = {"email": me.account.email, "password": "correct horse battery staple"}
    tokens = (await me.suite.http.post(f"/api/brands/{me.brand}/session", json=login)).json()
    return SignedIn(me.suite, me.brand, me.account, tokens["token"], tokens["csrfToken"])


@pytest.mark.rule("ACT-3")
@pytest.mark.rule("ACT-4")
async def test_a_letter_to_contacts_is_shown_without_its_words(ada: SignedIn, bob: SignedIn) -> None:
    await publish(ada, "Letter", "email")
    (seen,), (own,) = await flow(bob), await flow(ada)
    assert (seen["subject"], seen["body"], own["body"]) == ("Letter", None, "About Letter")


@pytest.mark.rule("ACT-3")
async def test_a_like_counts_once_and_can_be_taken_back(suite: Suite, ada: SignedIn, bob: SignedIn) -> None:
    id = await publish(ada)
    for _ in range(2):
        assert (await bob.call("PUT", f"/community/publications/{id}/like")).status_code == 204
    assert [(item["likes"], item["liked"]) for item in await flow(bob)] == [(1, True)]
    assert [(item["likes"], item["liked"]) for item in await flow(ada)] == [(1, False)]
    assert (await ada.call("GET", f"/publications/{id}")).json()["likes"] == 1
    assert (await bob.call("GET", "/me")).json()["score"] == 1
    for _ in range(2):
        assert (await bob.call("DELETE", f"/community/publications/{id}/like")).status_code == 204
    assert [item["likes"] for item in await flow(bob)] == [0]


@pytest.mark.rule("ACT-3")
async def test_comments_are_read_by_all_and_deleted_by_whom_they_are(ada: SignedIn, bob: SignedIn) -> None:
    id = await publish(ada)
    said = await bob.call("POST", f"/community/publications/{id}/comments", json={"text": "Lovely"})
    assert said.status_code == 201
    await ada.call("POST", f"/community/publications/{id}/comments", json={"text": "Thank you"})
    listed = (await ada.call("GET", f"/community/publications/{id}/comments")).json()["items"]
    assert [(comment["text"], comment["own"]) for comment in listed] == [("Lovely", False), ("Thank you", True)]
    path = f"/community/publications/{id}/comments/{said.json()['id']}"
    assert (await ada.call("DELETE", path)).status_code == 404
    assert (await bob.call("DELETE", path)).status_code == 204
    assert (await bob.call("DELETE", path)).status_code == 404
    assert [item["comments"] for item in await flow(bob)] == [1]
    assert (await bob.call("DELETE", f"/community/publications/{'a' * 300}/comments/{'a' * 24}")).status_code == 404
    like = f"/community/publications/{id}/comments/{bob.account.id}"
    await bob.call("PUT", f"/community/publications/{id}/like")
    assert (await bob.call("DELETE", like)).status_code == 404


@pytest.mark.rule("AMB-3")
@pytest.mark.parametrize("switch", ["hideEvents", "hideProfile"])
async def test_who_hides_is_seen_by_nobody_else(ada: SignedIn, bob: SignedIn, switch: str) -> None:
    theirs = await publish(ada)
    mine = await publish(bob)
    await ada.call("POST", f"/community/publications/{mine}/comments", json={"text": "Lovely"})
    await hide(ada, **{switch: True})
    assert [item["id"] for item in await flow(bob)] == [mine]
    assert {item["id"] for item in await flow(ada)} == {theirs, mine}
    assert (await bob.call("GET", f"/community/publications/{mine}/comments")).json()["items"] == []
    for method, path, body in (
        ("PUT", "like", None),
        ("POST", "comments", {"text": "x"}),
        ("GET", "comments", None),
    ):
        answered = await bob.call(method, f"/community/publications/{theirs}/{path}", json=body)
        assert answered.status_code == 404
    members = [member["id"] for member in (await bob.call("GET", "/community/members")).json()["items"]]
    assert (ada.account.id in members) == (switch == "hideEvents")


@pytest.mark.rule("VIS-4")
@pytest.mark.parametrize(
    ("display", "name"),
    [
        (CommunityDisplay.FULL, "Ada Ambassador"),
        (CommunityDisplay.FIRST_NAME_AND_INITIAL, "Ada A."),
        (CommunityDisplay.INITIALS, "A. A."),
    ],
)
async def test_members_are_called_as_the_brand_says_and_show_nothing_else(
    suite: Suite, ada: SignedIn, bob: SignedIn, display: CommunityDisplay, name: str
) -> None:
    acme = await suite.world.brand()
    await suite.world.brands.save_policy("acme", acme.policy.changed(community_display=display))
    await ada.call("PATCH", "/me", json={"address": {"postalCode": "69003", "street": "1 rue", "city": "Lyon"}})
    await publish(ada)
    members = (await bob.call("GET", "/community/members")).json()["items"]
    (seen,) = [member for member in members if member["id"] == ada.account.id]
    badges = {"score": 10, "badges": []}
    assert seen == {"id": ada.account.id, "name": name, "postalCode": "69003", "photo": False, **badges}
    (shown,) = await flow(bob)
    assert shown["author"] == seen


@pytest.mark.rule("AMB-3")
@pytest.mark.rule("VIS-4")
async def test_no_cursor_names_who_hides(suite: Suite, ada: SignedIn, bob: SignedIn) -> None:
    publication = await publish(ada)
    other = await publish(bob, "Other")
    said = await ada.call("POST", f"/community/publications/{other}/comments", json={"text": "Nice"})
    await bob.call("POST", f"/community/publications/{other}/comments", json={"text": "Thanks"})
    assert said.status_code == 201
    await hide(ada, hideProfile=True)
    hidden = (ada.account.id, publication, said.json()["id"], "2030-01-01")  # the last: when the one who hides did it
    secrets = [part.encode() for part in hidden]
    given = 0
    for path in ("/community/flow", "/community/members", f"/community/publications/{other}/comments"):
        cursor = ""
        while cursor is not None:
            answer = await bob.call("GET", f"{path}?limit=1{cursor and f'&cursor={cursor}'}")
            assert answer.status_code == 200, answer.text
            cursor = answer.json()["nextCursor"]
            if cursor:
                given += 1
                told = cursor.rpartition(":")[2]
                plain = base64.urlsafe_b64decode(told + "=" * (-len(told) % 4))
                assert not [secret for secret in secrets if secret in plain]
    assert given >= 3
