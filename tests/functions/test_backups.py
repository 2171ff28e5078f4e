"""Backups as the host makes them, and as staff see them (BAK-1)."""

import httpx
import pytest

from shared.domain.staff import Role
from tests.functions.suite import Suite


async def asked(suite: Suite, role: Role) -> httpx.Response:
    """The list of backups, for a member of staff."""
    return await suite.http.get("/api/manager/brands/acme/backups", headers=await suite.staff(role, "acme"))


@pytest.mark.rule("BAK-1")
async def test_BAK_1_the_hours_timer_makes_a_backup_that_the_technical_team_sees(suite: Suite) -> None:
    ada = await suite.sign_in()
    await ada.enter("grace@example.org")
    await suite.tick("back_up_brands")
    await suite.world.drain()
    shown = (await asked(suite, Role.TECHNICAL_TEAM)).json()
    assert [(b["kind"], b["state"], b["documents"]["contacts"]) for b in shown["items"]] == [("monthly", "done", 1)]
    assert shown["items"][0]["bytes"] > 0 and shown["items"][0]["seconds"] == 0
    assert (await asked(suite, Role.BRAND_ADMIN)).status_code == 404
    await suite.tick("back_up_brands")
    await suite.world.drain()
    assert len((await asked(suite, Role.TECHNICAL_TEAM)).json()["items"]) == 1


@pytest.mark.rule("BAK-1")
async def test_BAK_1_backups_and_tombstones_go_when_their_time_is_over(suite: Suite) -> None:
    world = suite.world
    ada = await suite.sign_in()
    await suite.tick("back_up_brands")
    await suite.world.drain()
    world.clock.advance(hours=2)
    await ada.enter("grace@example.org")
    await suite.tick("back_up_brands")
    await suite.world.drain()

    async def held() -> tuple[int, int]:
        manifests = [path async for path in world.ports.backups.list("acme/manifests/")]
        return len(manifests), len([path async for path in world.ports.tombstones.list("acme/")])

    before = await held()
    assert before[0] == 2 and before[1] > 0
    world.clock.advance(days=42)
    await suite.tick("sweep_old_backups")
    assert await held() == (1, before[1])
    world.clock.advance(days=330)
    await suite.tick("sweep_old_backups")
    assert await held() == (0, before[1])
    world.clock.advance(days=40)
    await suite.tick("sweep_old_backups")
    assert await held() == (0, 0)
    assert [path async for path in world.ports.backups.list("acme/parts/")] == []
