"""Pages of what not everybody may see: full, in order, and silent about what is hidden (VIS-3, VIS-4, AMB-3)."""

import random
from collections.abc import Sequence

import pytest

from shared.domain.ambassador import Ambassador
from shared.ports import Query
from shared.usecases import community, paging
from shared.usecases.brands import Brand
from shared.usecases.paging import page_of
from tests.support.world import World


async def accounts(world: World, hidden: Sequence[bool]) -> list[str]:
    """Accounts, one a second, the newest first; those who hide have it in their profile. Gives the others' ids."""
    shown, acme = [], await world.brand()
    for number, hides in enumerate(reversed(hidden)):
        made = await world.ambassador("acme", f"a{number}@example.org")
        if hides:
            current = await acme.ambassadors.get(made.id, made.id)
            assert current
            await acme.ambassadors.replace(
                current, made.changed(community=made.community.changed(hide_profile=True)).settled(acme.hasher)
            )
        else:
            shown.append(made.id)
        world.clock.advance(seconds=1)
    return shown[::-1]


async def walked(brand: Brand, limit: int) -> list[list[str]]:
    """The pages of members, by their ids."""
    pages: list[list[str]] = []
    cursor = None
    while True:
        page, cursor = await community.members(brand, limit, cursor)
        pages.append([str(member["id"]) for member in page])
        if cursor is None:
            return pages


@pytest.mark.rule("VIS-4")
@pytest.mark.rule("AMB-3")
@pytest.mark.parametrize("seed", range(6))
async def test_every_page_but_the_last_is_full_whoever_hides_and_wherever(
    world: World, acme: Brand, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paging, "AHEAD", 1)
    monkeypatch.setattr(paging, "LOOK_THROUGH", 4)
    dice = random.Random(seed)
    hidden = [dice.random() < (0.2 + 0.13 * seed) for _ in range(24)] + [True] * (seed * 2)
    shown = await accounts(world, hidden)
    for limit in (1, 3, 50):
        pages = await walked(acme, limit)
        assert [id for page in pages for id in page] == shown
        assert all(len(page) == limit for page in pages[:-1])
        assert len(pages) == max(1, -(-len(shown) // limit)), "and no empty page at the end"


@pytest.mark.rule("VIS-4")
async def test_where_much_is_hidden_few_questions_are_asked(world: World, acme: Brand) -> None:
    await accounts(world, [False] + [True] * 60)
    asked = 0

    async def seen(some: Sequence[Ambassador]) -> list[str | None]:
        nonlocal asked
        asked += 1
        return [None if account.community.hide_profile else account.id for account in some]

    found, cursor = await page_of(acme.ambassadors, Query(order_by="createdAt", descending=True, limit=2), seen)
    assert (len(found), cursor, asked) == (1, None, 2)
