"""X, asked whose a token is (AMB-5)."""

import pytest

from shared.adapters.twitter import Twitter
from shared.domain.errors import LogInRefusedError, TryAgainError
from tests.support.identity_sandbox import IdentitySandbox
from tests.support.scripted_http import Answer, scripted_server

pytestmark = pytest.mark.rule("AMB-5")


async def test_the_account_is_what_x_says_and_the_token_stands_in_no_address() -> None:
    async with scripted_server() as server:
        twitter = Twitter(server.url)
        server.script(Answer.of({"data": {"id": "2244994945", "username": "ada"}}))
        assert await twitter.account_of("the-token") == "2244994945"
        (asked,) = server.requests
        assert (asked.method, asked.target) == ("GET", "/2/users/me")
        assert asked.headers["authorization"] == "Bearer the-token"
        for answer, error in (
            (Answer.of({"title": "Unauthorized"}, 401), LogInRefusedError),
            (Answer.of({"data": {"id": 7}}), LogInRefusedError),
            (Answer.of({"data": []}), LogInRefusedError),
            (Answer.of({}, 429), TryAgainError),
            (Answer(hang_up_after=3), TryAgainError),
        ):
            server.script(answer)
            with pytest.raises(error):
                await twitter.account_of("the-token")
        await twitter.aclose()


async def test_the_sandbox_speaks_as_much_of_x(identity_sandbox: IdentitySandbox) -> None:
    twitter = Twitter(f"{identity_sandbox.url}/twitter")
    assert await twitter.account_of("token-of-7") == "7"
    with pytest.raises(LogInRefusedError):
        await twitter.account_of("made-up")
    await twitter.aclose()
