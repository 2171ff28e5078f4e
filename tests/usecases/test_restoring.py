"""A backup that is put back resurrects nobody (BAK-3), and hits nobody else."""

import pytest

from shared.domain.consent import AmbassadorOptIn
from shared.usecases.answer import Answer
from shared.usecases.brands import Brand
from tests.support.acts import answered, invited, ledger_faults
from tests.support.disaster import backed_up, everything, restored
from tests.support.world import World

S = AmbassadorOptIn
GRACE, ALAN, JOAN = "grace@example.org", "alan@example.org", "joan@example.org"


@pytest.mark.rule("BAK-1")
async def test_BAK_1_what_is_put_back_is_what_was_there(world: World, acme: Brand, ada: str) -> None:
    await invited(world, ada, GRACE, ALAN, JOAN)
    await answered(world, GRACE, Answer.ACCEPT)
    await backed_up(world)
    was = await everything(world)
    fresh, report = await restored(world)
    assert await everything(fresh) == was
    assert report.documents == sum(map(len, was.values()))
    assert await ledger_faults(fresh) == []
