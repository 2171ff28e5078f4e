"""Random lives of contacts over five years, with outages, against a tiny model of the rules (MAIL-1, RET, CON-6, SUP)."""

import asyncio
import os
import random
from datetime import timedelta
from typing import Any

import pytest

from tests.support.histories import KINDS, Letter, Provider, Simulation, begin
from tests.support.inspection import Counts
from tests.support.reference import Days

WORLDS = int(os.environ.get("FIVE_YEARS_WORLDS", "21"))
"""How many suites live through five years: over 10,000 histories of contacts. A night's run has thousands of suites."""

PARTS = 7
AMBASSADORS, PEOPLE = 3, 100
FIVE_YEARS = timedelta(days=5 * 365)

_KINDS = dict(zip(KINDS, (40, 25, 15, 30, 4, 2, 3, 4), strict=True))
_STATES = (("opt_in_other", "none"), ("opt_in_order", "brand_database"), ("storage_only", "storage_only"),
           ("storage_only", "none"), ("new", "blog"), ("new", "storage_only"), ("social_only", "none"))  # fmt: skip


@pytest.mark.rule("MAIL-1")
@pytest.mark.rule("MAIL-4")
@pytest.mark.rule("SUP-2")
@pytest.mark.rule("SUP-3")
@pytest.mark.rule("SUP-5")
@pytest.mark.rule("CON-2")
@pytest.mark.rule("CON-3")
@pytest.mark.rule("CON-6")
@pytest.mark.rule("CON-7")
@pytest.mark.rule("RET-1")
@pytest.mark.rule("RET-2")
@pytest.mark.rule("RET-3")
@pytest.mark.rule("RET-5")
@pytest.mark.rule("RET-6")
@pytest.mark.rule("RET-8")
@pytest.mark.rule("DEL-1")
@pytest.mark.rule("DEL-3")
@pytest.mark.rule("RET-13")
@pytest.mark.rule("RET-15")
@pytest.mark.rule("RET-16")
@pytest.mark.rule("RET-19")
@pytest.mark.parametrize("part", range(PARTS))
def test_RET_19_five_years_of_random_lives_keep_every_rule(part: int, record_property: Any) -> None:
    total = Counts()
    for world in range(part, WORLDS, PARTS):
        try:
            total.add(asyncio.run(live(random.Random(world))))
        except AssertionError as error:
            error.add_note(f"in world {world}: random.Random({world})")
            raise
    record_property("contact histories of five years", total.histories)
    record_property("mails judged by the model", total.mails)
    record_property("sweeps held against the model", total.sweeps)
    record_property("records held against the model", total.records)


async def live(rng: random.Random) -> Counts:
    """Five years of one suite."""
    suite = await begin(AMBASSADORS)
    end = suite.now + FIVE_YEARS
    for brand, which in suite.ambassadors:
        await _many_come_in(suite, rng, brand, which)
    while suite.now < end:
        read = len(suite.mailer.letters)
        await _time_passes(suite, rng)
        for _ in range(rng.randrange(10)):
            await _something_happens(suite, rng)
        await _mail_is_read(suite, rng, suite.mailer.letters[read:])
        if rng.random() < 0.9:
            await suite.sweep(times=rng.choice((1, 1, 1, 2)))
    return await suite.end()


async def _many_come_in(suite: Simulation, rng: random.Random, brand: str, which: int) -> None:
    people = rng.sample(range(PEOPLE), rng.randrange(10, PEOPLE) if brand == "acme" else 30)
    await suite.import_file(brand, which, people)
    for person in range(PEOPLE):
        if rng.random() < 0.1:
            await suite.come_in_otherwise(brand, which, person, *rng.choice(_STATES))
    await suite.invite(brand, which)


async def _time_passes(suite: Simulation, rng: random.Random) -> None:
    chance = rng.random()
    day = suite.model.next_day(suite.now)
    if chance < 0.35 and day and day - suite.now < timedelta(days=30):
        exactly = day - suite.now - timedelta(seconds=rng.choice((0, 0, 1)))
        await suite.pass_time(max(exactly, timedelta(0)))
    elif chance < 0.38:
        suite.outage(timedelta(days=rng.randrange(3, 60), seconds=rng.randrange(86400)))
        await suite.pass_time(timedelta(0))
    else:
        await suite.pass_time(timedelta(days=rng.choice((1, 5, 10, 16, 20)), seconds=rng.randrange(86400)))


async def _something_happens(suite: Simulation, rng: random.Random) -> None:
    brand, which = rng.choice(list(suite.ambassadors))
    if rng.random() < 0.02:
        await (suite.leave if rng.random() < 0.6 else suite.come_back)(brand, which)
    chance = rng.random()
    if chance < 0.30:
        await suite.enter(brand, which, rng.randrange(PEOPLE))
    elif chance < 0.36:
        await suite.import_file(brand, which, rng.sample(range(PEOPLE), rng.randrange(1, 30)))
    elif chance < 0.41:
        await suite.come_in_otherwise(brand, which, rng.randrange(PEOPLE), *rng.choice(_STATES))
    elif chance < 0.55:
        await suite.invite(brand, which, drained=rng.random() < 0.7)
    elif chance < 0.60:
        await suite.publish(brand, which, drained=rng.random() < 0.7)
    elif chance < 0.68:
        await suite.remove(rng.choice(suite.model.entries))
    elif chance < 0.74:
        alive = list(suite.model.alive())
        for entry in rng.sample(alive, min(5, len(alive))):
            await suite.release(entry)
    elif chance < 0.76:
        await suite.change_policy(brand, _any_days(rng))
    elif chance < 0.84:
        suite.mailer.provider = rng.choice((*Provider, Provider.WELL, Provider.WELL))
    elif chance < 0.87:
        suite.mailer.refuses ^= {f"zq{rng.randrange(PEOPLE)}@example.com"}
    elif chance < 0.92:
        suite.queue.lose = rng.randrange(1, 3)
    elif suite.mailer.letters:
        await _somebody_answers(suite, rng, rng.choice(suite.mailer.letters))


def _any_days(rng: random.Random) -> Days:
    return Days(
        rng.choice((1, 7, 30, 90)), rng.choice((1, 10, 15, 60)), rng.choice((30, 365)), rng.choice((30, 365, 1095))
    )


async def _mail_is_read(suite: Simulation, rng: random.Random, letters: list[Letter]) -> None:
    for letter in letters:
        for _ in range(rng.choice((0, 1, 1, 2))):
            kind = rng.choices(list(_KINDS), list(_KINDS.values()))[0]
            after, told = rng.randrange(1, 40 * 86400), rng.choice((0, 5, 3600, 30 * 86400))
            times = rng.choice((1, 1, 2))
            suite.happens(letter, kind, timedelta(seconds=after), timedelta(seconds=told), times)
        if rng.random() < 0.35:
            await _somebody_answers(suite, rng, letter)


async def _somebody_answers(suite: Simulation, rng: random.Random, letter: Letter) -> None:
    chance = rng.random()
    if chance < 0.6:
        await suite.reply(letter, yes=True)
    elif chance < 0.75:
        await suite.reply(letter, yes=False)
    else:
        await suite.opt_out(letter, of_all=chance > 0.93, one_click=letter.publication)
    if rng.random() < 0.2:  # a change of mind
        await suite.pass_time(timedelta(minutes=1))
        await _somebody_answers(suite, rng, letter)
