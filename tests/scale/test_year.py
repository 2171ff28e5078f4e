"""What a brand's year costs at the ports, and that a large brand has no partition that takes more than one book's part."""

import asyncio

import pytest

from shared.domain.containers import CONTACTS, LEDGER
from tests.functions.suite import ENVIRONMENT
from tests.scale.year import A_BOOK, TIMES, Year, hottest, played, rows

AMBASSADORS = 2

# In RU for a thousand contacts a year, as docs/scale.md has them, with a tenth to spare.
BUDGET = {
    "import": 10_500,
    "invitations": 38_500,
    "provider's events": 42_000,
    "answers": 11_500,
    "sweeps": 75_000,
    "publications": 78_000,
    "ambassadors' visits": 81_000,
    "backups": 4_500,
}


@pytest.fixture(scope="module")
def year() -> Year:
    """A year of two books, played once."""

    async def over() -> Year:
        async with played(AMBASSADORS * A_BOOK) as made:
            return made

    with pytest.MonkeyPatch.context() as patch:
        for name, value in ENVIRONMENT.items():
            patch.setenv(name, value)
        return asyncio.run(over())


def test_a_thousand_contacts_cost_what_the_document_says(year: Year) -> None:
    costs = {row.phase: row.ru for row in rows(year)}
    assert costs.keys() == BUDGET.keys()
    assert {phase: round(ru) for phase, ru in costs.items() if ru > BUDGET[phase]} == {}


def test_no_partition_of_a_large_brand_is_hot(year: Year) -> None:
    found = hottest(year)
    _, partitions, most = found[CONTACTS.name]
    assert partitions == AMBASSADORS
    assert most < 1.1 / AMBASSADORS, "each ambassador's contacts take their own part of the writes"
    _, chains, most = found[LEDGER.name]
    assert chains == year.contacts
    assert most < 2 / year.contacts, "a chain for each contact"


@pytest.mark.parametrize("timer", TIMES)
def test_an_idle_timer_costs_nothing_that_grows_with_what_is_held(year: Year, timer: str) -> None:
    empty, full = year.idle(timer), year.idle(timer, "idle after all")
    assert full.ru <= 1.2 * empty.ru
    assert full.requests.total() <= empty.requests.total() + 2
