"""Facebook Login, whatever Facebook answers (REG-1)."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from shared.adapters.facebook import LARGEST_PICTURE, VERSION, FacebookIdentityProvider
from shared.domain.errors import LogInRefusedError, TryAgainError
from shared.ports import Identity
from tests.support.scripted_http import Answer, ScriptedServer, scripted_server

pytestmark = pytest.mark.rule("REG-1")

SECRETS = {"redirect_uri": "https://suite.example/login/callback", "state": "s"}
BACK = {"state": "s", "code": "the code"}
TOKEN = Answer.of({"access_token": "the token"})


@pytest.fixture
async def server() -> AsyncIterator[ScriptedServer]:
    """A Facebook that says what it is told to."""
    async with scripted_server() as serving:
        yield serving


@pytest.fixture
async def facebook(server: ScriptedServer) -> AsyncIterator[FacebookIdentityProvider]:
    """The provider under test."""
    made = FacebookIdentityProvider("id", "secret", "https://www.facebook.example", server.url)
    yield made
    await made.aclose()


async def test_secret_code_and_token_stand_in_no_address(
    server: ScriptedServer, facebook: FacebookIdentityProvider
) -> None:
    server.script(TOKEN, Answer.of({"id": "42", "first_name": "Eve"}))
    assert await facebook.finish(SECRETS, BACK) == Identity("42", first_name="Eve")
    change, me = server.requests
    assert (change.method, change.target) == ("POST", f"/{VERSION}/oauth/access_token")
    assert b"client_secret=secret" in change.body and b"code=the+code" in change.body
    assert me.headers["authorization"] == "Bearer the token"
    assert "appsecret_proof=11295732409aa61795e651a59490a814c426ada4af98009b8c78532753b52f62" in me.target
    assert "token" not in me.target and "client_secret" not in me.target


@pytest.mark.rule("AMB-5")
async def test_whose_a_token_is_is_asked_with_the_apps_proof_and_no_token_in_the_address(
    server: ScriptedServer, facebook: FacebookIdentityProvider
) -> None:
    server.script(Answer.of({"id": "42"}), Answer.of({"error": {"code": 100}}, 400))
    assert await facebook.account_of("the token") == "42"
    (asked,) = server.requests
    assert asked.headers["authorization"] == "Bearer the token" and "token" not in asked.target
    assert f"/{VERSION}/me?fields=id&appsecret_proof=11295732" in asked.target
    with pytest.raises(LogInRefusedError):
        await facebook.account_of("another app's")


async def test_the_way_there_names_state_and_redirect(facebook: FacebookIdentityProvider) -> None:
    begun = await facebook.begin(SECRETS["redirect_uri"], "s")
    assert begun.url.startswith(f"https://www.facebook.example/{VERSION}/dialog/oauth?client_id=id&")
    assert "state=s" in begun.url and "login%2Fcallback" in begun.url and "secret" not in begun.url
    assert begun.secrets == SECRETS


@pytest.mark.parametrize(
    ("said", "reason"),
    [({"state": "other", "code": "c"}, "wrong_state"), ({"code": "c"}, "wrong_state"), ({"error": "x"}, "denied")],
)
async def test_an_answer_to_another_question_is_refused_unasked(
    server: ScriptedServer, facebook: FacebookIdentityProvider, said: dict[str, str], reason: str
) -> None:
    with pytest.raises(LogInRefusedError) as refused:
        await facebook.finish(SECRETS, said)
    assert (refused.value.reason, server.requests) == (reason, [])


@pytest.mark.parametrize("me", [{}, {"id": 42}, {"id": "../me"}, {"id": "٤٢"}, {"id": ""}])
async def test_who_has_no_id_is_nobody(server: ScriptedServer, facebook: FacebookIdentityProvider, me: Any) -> None:
    server.script(TOKEN, Answer.of(me))
    with pytest.raises(LogInRefusedError) as refused:
        await facebook.finish(SECRETS, BACK)
    assert refused.value.reason == "claim_missing"


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (Answer.of({"error": {"code": 190}}, 400), LogInRefusedError),
        (Answer.of([]), LogInRefusedError),
        (Answer.of({}, 429), TryAgainError),
        (Answer.of({}, 503), TryAgainError),
        (Answer(body=b"<html>"), TryAgainError),
        (Answer(hang_up_after=3), TryAgainError),
    ],
)
async def test_a_refusal_is_told_from_a_facebook_that_is_away(
    server: ScriptedServer, facebook: FacebookIdentityProvider, answer: Answer, error: type[Exception]
) -> None:
    server.script(answer)
    with pytest.raises(error):
        await facebook.finish(SECRETS, BACK)


@pytest.mark.rule("AMB-1")
@pytest.mark.parametrize(
    "picture",
    [
        None,
        "x",
        {"data": None},
        {"data": {"url": "https://x.fbcdn.net/p", "is_silhouette": True}},
        {"data": {"url": "https://x.fbcdn.net/p"}},
        {"data": {"url": 7, "is_silhouette": False}},
    ],
)
async def test_a_grey_figure_is_no_picture(
    server: ScriptedServer, facebook: FacebookIdentityProvider, picture: Any
) -> None:
    server.script(TOKEN, Answer.of({"id": "42", "picture": picture}))
    assert (await facebook.finish(SECRETS, BACK)).picture is None


@pytest.mark.rule("AMB-1")
async def test_a_picture_is_fetched_from_facebook_and_from_nowhere_else(
    server: ScriptedServer, facebook: FacebookIdentityProvider
) -> None:
    server.script(Answer(body=b"pixels"))
    for elsewhere in (
        None,
        f"{server.url}/other/pictures/1",
        "http://x.fbcdn.net/p",
        "https://fbcdn.net.elsewhere.example/p",
        "https://x.fbcdn.net@elsewhere.example/p",
        "https://evilfbcdn.net/p",
        "file:///etc/passwd",
    ):
        assert await facebook.picture(Identity("42", picture=elsewhere)) is None
    assert server.requests == []
    own = Identity("42", picture=f"{server.url}/{VERSION}/pictures/1")
    assert await facebook.picture(own) == b"pixels"
    for broken in (Answer(404), Answer(hang_up_after=3), Answer(body=b"x" * (LARGEST_PICTURE + 1))):
        server.script(broken)
        assert await facebook.picture(own) is None
