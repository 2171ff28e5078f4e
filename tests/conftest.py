"""What all tests share: one Azurite a process, and a suite in memory."""

from collections.abc import AsyncIterator

import pytest

from shared.usecases.brands import Brand
from tests.support.acts import fresh_world
from tests.support.azurite import azurite, fresh_name
from tests.support.identity_sandbox import identity_sandbox
from tests.support.measured import pytest_terminal_summary
from tests.support.world import World

__all__ = ["azurite", "fresh_name", "identity_sandbox", "pytest_terminal_summary"]


@pytest.fixture
async def world() -> AsyncIterator[World]:
    """A suite with the brands `acme` and `globex`, on the embedded store and the fakes."""
    async with fresh_world() as made:
        yield made


@pytest.fixture
async def acme(world: World) -> Brand:
    """The brand most tests play in."""
    return await world.brand("acme")


@pytest.fixture
async def ada(world: World) -> str:
    """The id of an ambassador of `acme`."""
    return (await world.ambassador()).id
