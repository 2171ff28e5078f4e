"""What an ambassador lets the platform do on social networks (AMB-5)."""

from typing import Annotated

import azure.functions as func
from pydantic import SecretStr, StringConstraints

from functions.http import Answer, Body, answer, operation, parse
from functions.identity import ambassador
from shared.domain.errors import GrantTakenError, UnknownObjectError
from shared.domain.grants import Network, SocialGrant
from shared.domain.records import Instant
from shared.usecases import grants


class SocialGrantBody(Body):
    """The network's token, and the account's id there; neither for a network of which nothing is collected."""

    token: Annotated[SecretStr, StringConstraints(min_length=1, max_length=4000)] | None = None
    account_id: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)] | None = None


class GrantAnswer(Answer):
    """A grant, without what opens anything; `disabledAt` when nobody used it for three months.

    `verified`: the network said that the account is the ambassador's; by another grant nothing is read.
    """

    network: Network
    collects_data: bool
    verified: bool
    granted_at: Instant
    last_used_at: Instant
    disabled_at: Instant | None


class GrantList(Answer):
    """The grants."""

    items: list[GrantAnswer]
    next_cursor: None = None


@operation(auth="ambassador", answers={200: GrantList})
async def list_grants(req: func.HttpRequest) -> func.HttpResponse:
    """The ambassador's social grants."""
    caller = await ambassador(req)
    given = caller.account.record.grants.values()
    return answer(200, GrantList(items=[_answer(grant) for grant in given]))


@operation(auth="ambassador", answers={200: GrantAnswer})
async def read_grant(req: func.HttpRequest) -> func.HttpResponse:
    """One of the ambassador's social grants."""
    caller = await ambassador(req)
    return answer(200, _answer(grants.grant_of(caller.account.record, _network(req))))


@operation(auth="ambassador", body=SocialGrantBody, answers={200: GrantAnswer}, problems=(GrantTakenError,))
async def give_grant(req: func.HttpRequest) -> func.HttpResponse:
    """Gives, or renews, a grant, once the network said whose the token is; 409 when another ambassador of the brand has it."""
    caller = await ambassador(req)
    body = parse(req, SocialGrantBody)
    token = body.token.get_secret_value() if body.token else None
    given = await grants.give_grant(caller.brand, caller.id, _network(req), token, body.account_id)
    return answer(200, _answer(given))


@operation(auth="ambassador", answers={204: None}, while_suspended=True)
async def withdraw_grant(req: func.HttpRequest) -> func.HttpResponse:
    """Withdraws a grant: its token is forgotten at once."""
    caller = await ambassador(req)
    await grants.withdraw_grant(caller.brand, caller.id, _network(req))
    return answer(204)


def _network(req: func.HttpRequest) -> Network:
    try:
        return Network(req.route_params["network"])
    except ValueError:
        raise UnknownObjectError from None


def _answer(grant: SocialGrant) -> GrantAnswer:
    return GrantAnswer(
        network=grant.network,
        collects_data=grant.network.collecting,
        verified=grant.verified_at is not None,
        granted_at=grant.granted_at,
        last_used_at=grant.last_used_at,
        disabled_at=grant.disabled_at,
    )
