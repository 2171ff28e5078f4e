"""The whole demonstration over the Cosmos DB adapter and the emulator: every function, over the wire."""

import re
from collections.abc import Iterator

import pytest

from local.addresses import Ports
from local.cosmos_emulator import KEY
from tests.e2e.demonstration import check_demonstration
from tests.e2e.running import Running


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A suite whose documents lie in the emulator."""
    suite = Running(tmp_path_factory.mktemp("cosmos") / "state", "--store", "cosmos")
    suite.start()
    try:
        yield suite
    finally:
        suite.stop()


def test_the_demonstration_ends_over_cosmos_as_it_does_over_files(running: Running) -> None:
    check_demonstration(running.dev("demo", "--port", str(running.port), timeout=300))
    store = {"STORE_URL": Ports(running.port).documents.url, "COSMOS_KEY": KEY}
    verified = running.dev("verify-ledger", "--state", str(running.state), settings=store)
    assert verified.returncode == 0, verified.stdout + verified.stderr
    assert re.search(r"acme: [1-9]\d* entries in [1-9]\d* chains, 0 faults", verified.stdout)
    assert not (running.state / "store").exists(), "no document went into a file"
