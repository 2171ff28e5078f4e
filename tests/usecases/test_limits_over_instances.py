"""Rate limits are one count, however many instances of the suite there are over one store."""

import asyncio
from datetime import timedelta

import pytest

from shared.domain.errors import TooManyRequestsError, UnauthenticatedError
from shared.domain.limits import LIMITS
from shared.usecases import sessions
from shared.usecases.brands import Brand, Brands
from shared.usecases.limiting import count_against, give_back
from tests.support.world import World


async def two_instances(world: World) -> tuple[Brand, Brand]:
    """The brand as each of two processes has it: of what one keeps in memory the other knows nothing."""
    return await world.brand(), await Brands(world.ports).get("acme")


@pytest.mark.rule("AMB-7")
async def test_two_instances_count_the_tries_of_one_caller_together(world: World) -> None:
    one, other = await two_instances(world)

    async def attempt(number: int) -> type[Exception]:
        with pytest.raises((UnauthenticatedError, TooManyRequestsError)) as refused:
            await sessions.sign_in(one if number % 2 else other, "nobody@example.org", "a guess", "192.0.2.1")
        return refused.type

    refused = await asyncio.gather(*(attempt(number) for number in range(30)))
    assert refused.count(UnauthenticatedError) == LIMITS["sign-in"].times


@pytest.mark.rule("AMB-7")
async def test_one_password_is_not_tried_on_everybody_from_one_place(world: World) -> None:
    one, other = await two_instances(world)
    for number in range(LIMITS["sign-in-from"].times):
        with pytest.raises(UnauthenticatedError):
            await sessions.sign_in(one if number % 2 else other, f"p{number}@example.org", "summer", "192.0.2.1")
    with pytest.raises(TooManyRequestsError):
        await sessions.sign_in(other, "another@example.org", "summer", "192.0.2.1")
    with pytest.raises(UnauthenticatedError):
        await sessions.sign_in(other, "another@example.org", "summer", "192.0.2.2")


async def test_what_did_not_come_about_is_given_back_and_no_more_than_that(world: World) -> None:
    one, other = await two_instances(world)
    for _ in range(LIMITS["confirmation"].times):
        await count_against(one, "confirmation", "grace@example.org")
    with pytest.raises(TooManyRequestsError):
        await count_against(other, "confirmation", "grace@example.org")
    await give_back(other, "confirmation", "grace@example.org")
    await count_against(one, "confirmation", "grace@example.org")
    with pytest.raises(TooManyRequestsError):
        await count_against(other, "confirmation", "grace@example.org")
    await give_back(one, "confirmation", "nobody@example.org")
    world.clock.advance(timedelta(days=1))
    await count_against(other, "confirmation", "grace@example.org")
