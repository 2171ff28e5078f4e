"""The drill and the commands of backup and restore, as a developer runs them."""

import base64
import subprocess
import sys
from pathlib import Path

import pytest

from local.addresses import free_port
from local.bench.losing import Act, drill
from local.project import ROOT
from local.state import State
from shared.adapters.clock import SystemClock
from shared.adapters.sqlite import SqliteStore
from shared.adapters.vault import EnvelopeVault
from shared.domain.replaying import Remembered
from tests.support.acts import entered
from tests.support.fakes import FakeClock
from tests.support.world import World, make_world


@pytest.mark.rule("BAK-3")
async def test_BAK_3_a_drill_resurrects_nobody_and_hits_nobody_else(tmp_path: Path) -> None:
    found = await drill(tmp_path, 400, lambda *_: None)
    assert set(found.acts) == set(Act) and found.acts.total() == 40
    assert (found.resurrected, found.innocents_hit, found.changed_again) == (0, 0, 0)


@pytest.mark.rule("BAK-3")
async def test_BAK_3_a_drill_sees_whom_a_restore_without_tombstones_wrongs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.usecases.replay.Remembered", lambda stones: Remembered(()))
    found = await drill(tmp_path, 400, lambda *_: None)
    assert found.resurrected == sum(
        count for act, count in found.acts.items() if act not in (Act.ID_REUSED, Act.CONSENTED_AGAIN)
    )
    assert found.innocents_hit == 0


@pytest.mark.rule("BAK-1")
async def test_BAK_1_the_commands_make_a_backup_and_put_it_back(tmp_path: Path) -> None:
    state, port = State(tmp_path / "state"), free_port()
    state.open()
    world = await world_of(state)
    await entered(world, (await world.ambassador()).id, "grace@example.org")
    await world.ports.store.close()
    assert "acme: monthly" in dev("backup", state, port)
    for file in state.store.iterdir():
        file.unlink()
    assert "acme: as of" in dev("restore", state, port, "--at", "now")
    assert "not empty" in dev("restore", state, port, "--at", "now", "--brand", "acme", fails=True)
    again = await world_of(state)
    assert [contact.email for contact in await again.contacts()] == ["grace@example.org"]
    await again.ports.store.close()


async def world_of(state: State) -> World:
    """The use cases over the state's store, with the keys of its suite."""
    vault = EnvelopeVault([base64.b64decode(state.secrets().master_keys)])
    return await make_world(SqliteStore(state.store), vault=vault, clock=FakeClock(SystemClock().now()))


def dev(command: str, state: State, port: int, *arguments: str, fails: bool = False) -> str:
    """What a command prints."""
    options = ("--state", str(state.root), "--port", str(port))
    done = subprocess.run(
        [sys.executable, "-m", "local.cli", command, *options, *arguments],
        capture_output=True, text=True, cwd=ROOT, timeout=60, check=False,
    )  # fmt: skip
    assert (done.returncode != 0) == fails, done.stderr
    return done.stdout
