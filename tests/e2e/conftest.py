"""One running suite for the tests that share it, and another for those that kill it."""

from collections.abc import Iterator

import pytest

from local.suite_client import Suite
from tests.e2e.running import Running


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A suite of this module's own."""
    suite = Running(tmp_path_factory.mktemp("run") / "state")
    suite.start()
    try:
        yield suite
    finally:
        suite.stop()


@pytest.fixture
def suite(running: Running) -> Iterator[Suite]:
    """A client of it."""
    with running.client() as client:
        yield client
