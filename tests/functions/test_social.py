"""X calls: signed on the raw body, read for aliases alone, and good for the ambassador who let us read (COL-4)."""

import base64
import hashlib
import hmac
import json
from typing import Any

import pytest

from shared import app
from shared.domain.consent import AmbassadorOptIn, BrandOptIn
from shared.domain.grants import UNUSED_FOR, Network
from shared.domain.policy import Features
from shared.domain.retention import RuleId
from shared.domain.social import told_by_twitter
from shared.usecases.grants import disable_unused_grants, give_grant, withdraw_grant
from tests.functions.suite import SignedIn, Suite
from tests.support.fakes import token_of

pytestmark = pytest.mark.rule("COL-4")
TWITTER = "/api/brands/acme/social/twitter"
ACCOUNT = "2244994945"
PERSON = "7788990011"
AT = 1893452400000  # an hour before the clock of the tests


def person(number: int, **more: Any) -> dict[str, Any]:
    """A person as X describes one, with much that nobody is to keep."""
    return {
        "id_str": f"{PERSON}{number}",
        "id": int(f"{PERSON}{number}"),
        "name": "Zqname Grace",
        "screen_name": f"grace{number}",
        "location": "Zqplace",
        "description": "zqwords about me",
        "profile_image_url_https": f"https://pbs.example/{number}.jpg",
    } | more


def like(number: int, at: int = AT) -> dict[str, Any]:
    """A person likes a post."""
    return {
        "favorite_events": [
            {"id": "1", "timestamp_ms": at, "user": person(number), "favorited_status": {"text": "zqtext"}}
        ]
    }


def post(number: int, **about: Any) -> dict[str, Any]:
    """A person posts something."""
    return {
        "tweet_create_events": [
            {"id_str": "2", "timestamp_ms": str(AT), "text": "zqtext", "user": person(number), **about}
        ]
    }


def follow(number: int, **more: Any) -> dict[str, Any]:
    """A person follows."""
    event = {
        "type": "follow",
        "created_timestamp": str(AT),
        "target": {"id": ACCOUNT},
        "source": person(number, id=f"90{number}"),
    }
    return {"follow_events": [event | more]}


@pytest.fixture
async def ada(suite: Suite) -> SignedIn:
    """An ambassador who let us read."""
    me = await suite.sign_in()
    await give_grant(await app.brand("acme"), me.account.id, Network.TWITTER, token_of(ACCOUNT), ACCOUNT)
    return me


async def called(suite: Suite, payload: Any, *, secret: str = "new secret", expect: int = 200) -> dict[str, Any]:
    """X calls; gives the answer."""
    body = json.dumps({"for_user_id": ACCOUNT} | payload).encode()
    signed = base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()
    headers = {"x-twitter-webhooks-signature": f"sha256={signed}"}
    answer = await suite.http.post(TWITTER, content=body, headers=headers)
    assert answer.status_code == expect, answer.text
    told: dict[str, Any] = answer.json()
    return told


@pytest.mark.rule("RET-13")
@pytest.mark.parametrize(
    "payload",
    [
        like(1),
        post(1, in_reply_to_user_id_str=ACCOUNT),
        post(1, retweeted_status={"user": {"id_str": ACCOUNT}}),
        post(1, quoted_status={"user": {"id_str": ACCOUNT}}),
        follow(1),
    ],
)
async def test_who_does_something_with_a_post_is_kept_by_alias_and_picture_alone(
    suite: Suite, ada: SignedIn, payload: dict[str, Any]
) -> None:
    assert await called(suite, payload) == {"taken": 1, "ignored": 0}
    (contact,) = await suite.world.contacts()
    assert (contact.ambassador_id, contact.ambassador_opt_in) == (ada.account.id, AmbassadorOptIn.SOCIAL_ONLY)
    assert (contact.twitter_id, contact.photo_url) == ("@grace1", "https://pbs.example/1.jpg")
    assert contact.brand_opt_in is BrandOptIn.NONE and contact.last_activity_at
    assert contact.last_activity_at.timestamp() * 1000 == AT
    assert contact.clock and contact.clock.rule is RuleId.INACTIVE
    stored = str(await suite.dump())
    assert not [word for word in ("Zqname", "Zqplace", "zqwords", "zqtext", PERSON, ACCOUNT) if word in stored]


async def test_told_again_changes_nothing_and_a_later_act_is_activity(suite: Suite, ada: SignedIn) -> None:
    await called(suite, like(1))
    before = await suite.dump()
    assert await called(suite, like(1), secret="old secret") == {"taken": 1, "ignored": 0}
    assert await suite.dump() == before
    renamed = like(1, AT + 60_000)
    renamed["favorite_events"][0]["user"]["screen_name"] = "renamed"
    await called(suite, renamed)
    (contact,) = await suite.world.contacts()
    assert contact.twitter_id == "@grace1" and contact.last_activity_at
    assert contact.last_activity_at.timestamp() * 1000 == AT + 60_000


@pytest.mark.rule("CON-2")
async def test_a_contact_that_the_ambassador_wrote_down_by_alias_is_the_same_person(
    suite: Suite, ada: SignedIn
) -> None:
    id = await ada.enter("grace@example.org", firstName="Grace", twitterId="@Grace1")
    await called(suite, like(1))
    (contact,) = await suite.world.contacts()
    assert (contact.id, contact.email, contact.ambassador_opt_in) == (
        id,
        "grace@example.org",
        AmbassadorOptIn.SOCIAL_ONLY,
    )


@pytest.mark.parametrize(
    "payload",
    [
        post(1),
        post(1, in_reply_to_user_id_str="1"),
        follow(1, type="unfollow"),
        follow(1, target={"id": "1"}),
        {"direct_message_events": [{"message_create": {"sender_id": "1"}}]},
        {"favorite_events": [{"user": person(1)}, {"timestamp_ms": AT}, None, 7, {"user": []}]},
        {"favorite_events": {"user": person(1)}},
        {"favorite_events": [{"timestamp_ms": AT, "user": person(1, id_str=ACCOUNT)}]},
        {"for_user_id": None} | like(1),
        {"for_user_id": "1"} | like(1),
        {},
    ],
)
async def test_what_is_none_of_ours_stores_nothing(suite: Suite, ada: SignedIn, payload: dict[str, Any]) -> None:
    before = await suite.dump()
    assert (await called(suite, payload))["taken"] == 0
    assert await suite.dump() == before


async def test_only_what_the_network_signed_is_read(suite: Suite, ada: SignedIn) -> None:
    before = await suite.dump()
    await called(suite, like(1), secret="a secret", expect=401)
    for signed in ("", "sha256=", "x", "é"):
        headers = [(b"x-twitter-webhooks-signature", signed.encode("latin-1"))] if signed else []
        answer = await suite.http.post(TWITTER, content=json.dumps(like(1)).encode(), headers=headers)
        assert answer.status_code == 401
    assert await suite.dump() == before


async def test_the_challenge_is_answered_with_the_secret(suite: Suite) -> None:
    answer = await suite.http.get(TWITTER, params={"crc_token": "abc", "nonce": "n"})
    expected = base64.b64encode(hmac.new(b"new secret", b"abc", hashlib.sha256).digest()).decode()
    assert answer.json() == {"response_token": f"sha256={expected}"}
    assert (await suite.http.get(TWITTER)).status_code == 422


async def test_a_withdrawn_grant_and_a_brand_without_it_take_nothing(suite: Suite, ada: SignedIn) -> None:
    acme = await app.brand("acme")
    await withdraw_grant(acme, ada.account.id, Network.TWITTER)
    assert await called(suite, like(1)) == {"taken": 0, "ignored": 1}
    await suite.world.brands.save_policy("acme", acme.policy.changed(features=Features(social_import=False)))
    await called(suite, like(1), expect=404)
    assert await suite.world.contacts() == []


@pytest.mark.rule("AMB-5")
async def test_what_the_network_tells_is_a_use_of_the_grant(suite: Suite, ada: SignedIn) -> None:
    suite.world.clock.advance(days=60)
    await called(suite, like(1))
    suite.world.clock.advance(days=60)
    acme = await suite.world.brand()
    assert await disable_unused_grants(acme) == 0
    suite.world.clock.advance(UNUSED_FOR)
    assert await disable_unused_grants(acme) == 1
    assert await called(suite, like(2)) == {"taken": 0, "ignored": 1}


async def test_a_body_that_is_none_is_refused(suite: Suite, ada: SignedIn) -> None:
    for body, status in (
        (b"{", 400),
        (b"[" * 100_000, 400),
        (b"[]", 200),
        (b"null", 200),
        (b" " * ((1 << 20) + 1), 413),
    ):
        signed = base64.b64encode(hmac.new(b"new secret", body, hashlib.sha256).digest()).decode()
        headers = {"x-twitter-webhooks-signature": f"sha256={signed}"}
        assert (await suite.http.post(TWITTER, content=body, headers=headers)).status_code == status


def test_a_picture_that_is_no_https_address_is_left_out() -> None:
    payload = like(1)
    payload["favorite_events"][0]["user"]["profile_image_url_https"] = "javascript:alert(1)"
    (one,) = told_by_twitter({"for_user_id": ACCOUNT} | payload).interactions
    assert one.photo_url is None


async def test_the_challenge_signs_nothing_that_could_pass_for_a_call(suite: Suite, ada: SignedIn) -> None:
    """The challenge and a call are signed under one secret: what anybody may have signed must be no call."""
    body = json.dumps({"for_user_id": ACCOUNT, "follow_events": []})
    answer = await suite.http.get(TWITTER, params={"crc_token": body})
    assert answer.status_code == 422
    for token in ("{", '"', "[1]", "a b", "abc\n"):
        assert (await suite.http.get(TWITTER, params={"crc_token": token})).status_code == 422
