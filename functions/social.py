"""Social networks call (COL-4): signed on the raw body, read for people's aliases alone."""

import json

import azure.functions as func
from pydantic import Field

from functions.http import ROWS_LIMIT, Answer, Body, answer, operation, parse_query
from shared import app
from shared.domain.errors import MalformedError, UnauthenticatedError, UnknownObjectError
from shared.domain.grants import Network
from shared.domain.social import is_signed, signature, told_by_twitter
from shared.usecases import social
from shared.usecases.brands import Brand

SIGNATURE = "x-twitter-webhooks-signature"


class ChallengeQuery(Body):
    """What the network wants signed, to see that it is us."""

    # No text with which a call of the network could be forged: what is signed here would be good for a body, too.
    crc_token: str = Field(alias="crc_token", max_length=500, pattern=r"^[A-Za-z0-9+/=_.-]+$")
    nonce: str | None = Field(default=None, max_length=500)


class ChallengeAnswer(Answer):
    """The challenge, signed; the name of the field is the network's."""

    response_token: str = Field(alias="response_token")


class TakenInAnswer(Answer):
    """How many interactions now stand with a contact, and how many were left out."""

    taken: int
    ignored: int


@operation(query=ChallengeQuery, answers={200: ChallengeAnswer})
async def answer_social_network(req: func.HttpRequest) -> func.HttpResponse:
    """Answers a network's challenge (X: the CRC), which proves that we know the app's secret."""
    _, secrets = await _listening(req)
    token = parse_query(req, ChallengeQuery).crc_token
    return answer(200, ChallengeAnswer(response_token=signature(secrets[0], token.encode())))


@operation(
    auth="social_network",
    takes="application/json",
    up_to=ROWS_LIMIT,
    answers={200: TakenInAnswer},
    problems=(MalformedError,),
)
async def receive_social_events(req: func.HttpRequest) -> func.HttpResponse:
    """Takes in who liked, answered, passed on or followed; told again, nothing changes, and other events are left unread."""
    brand, secrets = await _listening(req)
    body = req.get_body()
    if not is_signed(secrets, body, req.headers.get(SIGNATURE)):
        raise UnauthenticatedError
    try:
        payload = json.loads(body)
    except (ValueError, RecursionError):
        raise MalformedError("The body is not JSON") from None
    taken_in = await social.take_in(brand, Network.TWITTER, told_by_twitter(payload))
    return answer(200, TakenInAnswer(taken=taken_in.taken, ignored=taken_in.ignored))


async def _listening(req: func.HttpRequest) -> tuple[Brand, tuple[str, ...]]:
    """The brand of the path, where it listens to the network, and the secrets that hold now, newest first."""
    secrets = app.settings().twitter_secrets
    if req.route_params["network"] != Network.TWITTER or not secrets:  # the one that still tells us (COL-4)
        raise UnknownObjectError
    brand = await app.brand(req.route_params["brand"])
    social.listening(brand)
    return brand, secrets
