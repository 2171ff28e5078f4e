"""A suite of its own for each test, behind the functions that a host would serve."""

from collections.abc import AsyncIterator

import pytest

from tests.functions.suite import ENVIRONMENT, Suite, serving


@pytest.fixture
async def suite(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Suite]:
    """The functions over a fresh store."""
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    async with serving() as serving_suite:
        yield serving_suite
