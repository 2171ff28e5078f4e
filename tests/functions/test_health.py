"""Whether the process lives, and whether it can do its work."""

import asyncio
from typing import Any

import pytest

from shared.adapters.vault import EnvelopeVault
from shared.usecases import readiness
from tests.functions.suite import Suite


async def asked(suite: Suite) -> Any:
    """The readiness, past what an answer before still holds."""
    suite.world.clock.advance(seconds=6)
    return await suite.http.get("/ready")


async def test_a_living_process_says_so_and_asks_nobody(suite: Suite) -> None:
    await suite.store.close()
    answered = await suite.http.get("/health")
    assert (answered.status_code, answered.json()) == (200, {"state": "alive"})


async def test_what_has_everything_is_ready(suite: Suite) -> None:
    answered = await asked(suite)
    assert (answered.status_code, answered.json()) == (200, {"state": "ready"})


async def fails(*_: object) -> int:
    """What a part says, with a secret in it."""
    raise OSError("AccountKey=hush")


@pytest.mark.rule("VIS-8")
async def test_the_part_that_fails_is_named_and_not_what_it_said(suite: Suite, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(suite.world.queue, "depth", fails)
    answered = await asked(suite)
    assert answered.status_code == 503
    assert answered.headers["Content-Type"] == "application/problem+json"
    assert answered.json()["detail"] == "Not ready: queues"
    assert "hush" not in answered.text


async def test_keys_of_a_master_key_that_is_gone_are_not_ready(suite: Suite, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(suite.world.ports.vault, "unwrap", EnvelopeVault([b"x" * 32]).unwrap)
    assert (await asked(suite)).json()["detail"] == "Not ready: keys"


async def test_a_part_that_does_not_answer_in_time_counts_as_gone(
    suite: Suite, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def hangs(queue: str) -> int:
        await asyncio.sleep(60)
        return 0

    monkeypatch.setattr(readiness, "WITHIN_SECONDS", 0.05)
    monkeypatch.setattr(suite.world.queue, "depth", hangs)
    assert (await asked(suite)).json()["detail"] == "Not ready: queues"


async def test_an_answer_holds_for_some_seconds_whoever_asks(suite: Suite, monkeypatch: pytest.MonkeyPatch) -> None:
    asks = 0

    async def counted(queue: str) -> int:
        nonlocal asks
        asks += 1
        return 0

    monkeypatch.setattr(suite.world.queue, "depth", counted)
    await asked(suite)
    await asyncio.gather(*(suite.http.get("/ready") for _ in range(20)))
    assert asks == 1
    await asked(suite)
    assert asks == 2
