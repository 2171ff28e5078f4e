"""`./dev poison`: what it prints, and what it refuses to do by accident."""

from collections.abc import AsyncIterator

import pytest

from local import poison
from shared.usecases.poison import SUFFIX
from tests.functions.suite import ENVIRONMENT, Suite, serving
from tests.support.fakes import Waiting

KEPT = "mails" + SUFFIX


@pytest.fixture
async def suite(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Suite]:
    """A suite with two messages kept aside, and something that is none."""
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    async with serving() as suite:
        now = suite.world.clock.now()
        messages = (
            {"brand": "acme", "batch": "a" * 24},
            {"brand": "globex", "batch": "b" * 24},
            {"email": "zoe@example.org"},
        )
        suite.world.queue.queues[KEPT] += [Waiting(dict(message), now) for message in messages]
        yield suite


@pytest.mark.rule("VIS-8")
async def test_it_lists_ids_and_puts_back_what_can_go(suite: Suite, capsys: pytest.CaptureFixture[str]) -> None:
    assert await poison.do("list", None, None) == 0
    listed = capsys.readouterr().out
    assert "mails: about 3, for send_mails" in listed
    assert f"brand=acme batch={'a' * 24}" in listed and "may not hold" in listed
    assert "zoe" not in listed
    assert await poison.do("replay", "mails", None) == 1  # one could not go
    assert "mails: 2 put back, 1 are none of the queue's and stay" in capsys.readouterr().out
    assert suite.world.queue.pop("mails") == {"brand": "acme", "batch": "a" * 24}
    assert await poison.do("drop", "mails", None) == 0
    assert await poison.do("list", None, None) == 0
    assert capsys.readouterr().out.endswith("No message is kept aside.\n")


async def test_one_message_is_dropped_alone(suite: Suite) -> None:
    kept = suite.world.queue.queues[KEPT]
    assert await poison.do("drop", "mails", kept[2].id) == 0
    assert [held.message for held in await suite.world.queue.peek(KEPT)] == [waiting.message for waiting in kept[:2]]
    assert await poison.do("drop", "mails", "no such id") == 1


@pytest.mark.parametrize("arguments", [["drop", "mails"], ["replay"], ["replay", "nothing"], ["mend", "mails"]])
def test_what_is_not_said_in_so_many_words_is_not_done(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as refused:
        poison.main(arguments)
    assert refused.value.code == 2
