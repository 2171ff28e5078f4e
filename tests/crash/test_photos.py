"""Photos, stopped at every durable operation: one is shown at most, and no file is left that nobody names."""

import pytest

from shared.usecases import photos
from shared.usecases.accounts import active_account
from tests.crash.playing import Plan, Run, every_point, play
from tests.crash.workflows import RECOVER, Workflow, call, later
from tests.support.pictures import picture
from tests.support.restarting import Suite


async def _somebody(suite: Suite) -> None:
    suite.known["id"] = (await suite.world.ambassador()).id


async def _save(suite: Suite) -> None:
    await photos.save_photo(await suite.brand(), suite.known["id"], picture())


async def _remove(suite: Suite) -> None:
    await photos.remove_photo(await suite.brand(), suite.known["id"])


REPLACED = Workflow("replace a photo", _somebody, (call(_save), later(minutes=1), call(_save), later(hours=1), RECOVER))
REMOVED = Workflow("remove a photo", _somebody, (call(_save), call(_remove), later(hours=1), RECOVER))


async def _must_be_sound(run: Run, where: str) -> bool:
    """Whether a photo is shown; its file is the only one."""
    brand = await run.suite.brand()
    account = (await active_account(brand, run.suite.known["id"])).record
    assert account.loose_files == () and account.loose_since is None, where
    assert list(run.suite.files.files) == ([account.photo.file] if account.photo else []), where
    if account.photo:
        await photos.read_photo(brand, account)
    return account.photo is not None


@pytest.mark.rule("AMB-1")
@pytest.mark.rule("DEL-8")
@pytest.mark.parametrize("workflow", [REPLACED, REMOVED], ids=lambda workflow: workflow.name)
@pytest.mark.parametrize("repeat", [True, False])
async def test_AMB_1_a_crash_at_any_operation_leaves_no_file_behind(workflow: Workflow, repeat: bool) -> None:
    clean = await play(workflow, Plan())
    shown = await _must_be_sound(clean, "clean")
    assert shown is (workflow is REPLACED)
    for stop_at, side in every_point(clean):
        run = await play(workflow, Plan(stop_at, side, repeat=repeat))
        at_the_end = await _must_be_sound(run, f"{side} {stop_at}: {run.suite.crashes.trace[stop_at - 1]}")
        assert at_the_end is shown or not repeat
