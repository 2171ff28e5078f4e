"""A suite of its own for each test, behind the functions that a host would serve."""

from collections.abc import AsyncIterator

import pytest

from functions.catalogue import load_all
from tests.functions.identity_suite import suite_with_providers
from tests.functions.suite import ENVIRONMENT, Suite, serving

__all__ = ["suite_with_providers"]

load_all()  # the tests look at every operation


@pytest.fixture
def suite_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """The settings that the functions read."""
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
async def suite(suite_environment: None) -> AsyncIterator[Suite]:
    """The functions over a fresh store."""
    async with serving() as serving_suite:
        yield serving_suite
