"""Random lives of contacts over five years, with outages, against a tiny model of the rules (MAIL-1, RET, CON-6, SUP)."""

import asyncio
import json
import os
import random
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from shared.domain.policy import StatusAction
from shared.domain.rights import RightKind
from tests.support.histories import KINDS, begun
from tests.support.histories_ports import Letter, Provider
from tests.support.histories_upheavals import Upheavals
from tests.support.inspection import Counts
from tests.support.reference_standing import Days

WORLDS = int(os.environ.get("FIVE_YEARS_WORLDS", "10"))
"""How many suites live through five years: over 10,000 histories of contacts. A night's run has thousands of suites."""

PARTS = 5
EVENTS = (
    "ambassadors left", "ambassadors came back in time", "ambassadors left by the mail of a suspension",
    "ambassadors warned of their absence", "log-ins that cancelled a warning", "ambassadors forgotten after two warnings",
    "brands suspended", "brands resumed", "brands ended", "ended brands taken back in time",
    "sweeps in which everybody of a brand went by RET-9", "sweeps in which everybody of a brand went by RET-10",
    "brands whose keys were destroyed", "hash keys rotated", "backups made", "stores lost and restored",
    "opt-outs of people in no backup",
    "rights: restriction", "rights: lifting", "rights: objection", "rights: erasure",
    "people searched for after their erasure",
)  # fmt: skip
"""What must have happened, often, in all worlds together."""

AMBASSADORS, PEOPLE = 3, 100
FIVE_YEARS = timedelta(days=5 * 365)

_KINDS = dict(zip(KINDS, (40, 25, 15, 30, 4, 2, 3, 4), strict=True))
_RIGHTS = {RightKind.RESTRICTION: 40, RightKind.LIFTING: 25, RightKind.OBJECTION: 10, RightKind.ERASURE: 25}
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
@pytest.mark.rule("RET-7")
@pytest.mark.rule("RET-8")
@pytest.mark.rule("RET-9")
@pytest.mark.rule("RET-10")
@pytest.mark.rule("RET-14")
@pytest.mark.rule("RGT-1")
@pytest.mark.rule("RGT-4")
@pytest.mark.rule("BAK-3")
@pytest.mark.rule("BR-3")
@pytest.mark.rule("DEL-1")
@pytest.mark.rule("DEL-5")
@pytest.mark.rule("DEL-6")
@pytest.mark.rule("DEL-10")
@pytest.mark.rule("DEL-3")
@pytest.mark.rule("RET-13")
@pytest.mark.rule("RET-15")
@pytest.mark.rule("RET-16")
@pytest.mark.rule("RET-19")
@pytest.mark.parametrize("part", range(PARTS))
def test_RET_19_five_years_of_random_lives_keep_every_rule(
    part: int, record_property: Any, tmp_path_factory: pytest.TempPathFactory
) -> None:
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
    for what, times in total.happened.items():
        record_property(f"in five years: {what}", times)
    _each_kind_happened(part, total, tmp_path_factory)


def _each_kind_happened(part: int, total: Counts, directories: pytest.TempPathFactory) -> None:
    """Whoever of the parts, which may run in several processes, ends last sees to it that no kind of event was missing."""
    base = directories.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    (shared / f"five-years-{part}.json").write_text(json.dumps(total.happened))
    known = [json.loads(file.read_text()) for file in shared.glob("five-years-*.json")]
    if len(known) == PARTS and WORLDS >= PARTS:
        happened = sum((Counter(one) for one in known), Counter[str]())
        assert [what for what in EVENTS if not happened[what]] == []


async def live(rng: random.Random) -> Counts:
    """Five years of one suite."""
    terms = Days(absent=rng.choice((180, 365, 1095)), suspended=rng.choice((60, 183)))
    suite = await begun(Upheavals, AMBASSADORS, terms)
    end = suite.now + FIVE_YEARS
    for brand, which in suite.ambassadors:
        await _many_come_in(suite, rng, brand, which)
    await suite.back_up()
    while suite.now < end:
        read = len(suite.mailer.letters)
        await _time_passes(suite, rng)
        for _ in range(rng.randrange(10)):
            await _something_happens(suite, rng)
        await _something_big_happens(suite, rng)
        await _mail_is_read(suite, rng, suite.mailer.letters[read:])
        if rng.random() < 0.9:
            await suite.sweep(times=rng.choice((1, 1, 1, 2)))
    return await suite.end()


async def _something_big_happens(suite: Upheavals, rng: random.Random) -> None:
    """To a whole brand, to all that is known of a person, or to the store."""
    brand = rng.choice(list(suite.model.brands))
    standing, chance = suite.model.brands[brand], rng.random()
    for (of, which), ambassador in list(suite.ambassadors.items()):
        account = suite.model.accounts[ambassador]
        if account.gone and suite.model.brands[of].status == "active":
            await suite.somebody_new(of, which)
            await _many_come_in(suite, rng, of, which)
        elif rng.random() < (0.15 if which % 2 or account.warned else 0.03):
            await suite.log_in(of, which)
    if rng.random() < 0.4:
        await _a_right_is_used(suite, rng, brand)
    if standing.status == "suspended":
        await suite.leave_by_suspension()
    if chance < 0.04:
        await suite.change(brand, StatusAction.SUSPEND)
    elif chance < 0.15:
        await suite.change(brand, StatusAction.RESUME)
    elif chance < 0.18:
        await suite.change(brand, StatusAction.END)
        if rng.random() < 0.7:
            await suite.pass_time(timedelta(days=rng.choice((1, 6, 7, 8))))
            if brand in suite.model.brands:
                await suite.change(brand, StatusAction.RESTORE)
    elif chance < 0.20:
        await suite.rotate(brand)
    elif chance < 0.26:
        await suite.back_up()
    elif chance < 0.29:
        await suite.lose_the_store(older=rng.random() < 0.3)


async def _a_right_is_used(suite: Upheavals, rng: random.Random, brand: str) -> None:
    known = [entry for entry in suite.model.entries if entry.brand == brand and entry.place in ("book", "brand")]
    restricted = [entry for entry in known if entry.restricted]
    kind = rng.choices(list(_RIGHTS), list(_RIGHTS.values()))[0]
    for entry in (
        rng.sample(restricted if kind is RightKind.LIFTING else known, 1) if known and restricted else known[:1]
    ):
        await suite.use(brand, int(entry.address[2:].partition("@")[0]), kind)


async def _many_come_in(suite: Upheavals, rng: random.Random, brand: str, which: int) -> None:
    people = rng.sample(range(PEOPLE), rng.randrange(10, PEOPLE) if brand == "acme" else 30)
    await suite.import_file(brand, which, people)
    for person in range(PEOPLE):
        if rng.random() < 0.1:
            await suite.come_in_otherwise(brand, which, person, *rng.choice(_STATES))
    await suite.invite(brand, which)


async def _time_passes(suite: Upheavals, rng: random.Random) -> None:
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


async def _something_happens(suite: Upheavals, rng: random.Random) -> None:
    brand, which = rng.choice(list(suite.ambassadors))
    if rng.random() < 0.02:
        await suite.leave(brand, which)
        if rng.random() < 0.5:
            await suite.pass_time(timedelta(days=rng.choice((0, 3, 6, 7, 8))))
            if brand in suite.model.brands:
                await suite.come_back(brand, which)
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
        await suite.remove(rng.choice([e for e in suite.model.entries if e.brand in suite.model.brands]))
    elif chance < 0.74:
        alive = [entry for entry in suite.model.alive() if entry.brand in suite.model.brands]
        for entry in rng.sample(alive, min(5, len(alive))):
            await suite.release(entry)
    elif chance < 0.76:
        await suite.change_policy(brand, _any_days(rng, suite.terms))
    elif chance < 0.84:
        suite.mailer.provider = rng.choice((*Provider, Provider.WELL, Provider.WELL))
    elif chance < 0.87:
        suite.mailer.refuses ^= {f"zq{rng.randrange(PEOPLE)}@example.com"}
    elif chance < 0.92:
        suite.queue.lose = rng.randrange(1, 3)
    elif suite.mailer.letters:
        await _somebody_answers(suite, rng, rng.choice(suite.mailer.letters))


def _any_days(rng: random.Random, terms: Days) -> Days:
    return replace(
        terms,
        new=rng.choice((1, 7, 30, 90)),
        invitation=rng.choice((1, 10, 15, 60)),
        opted_out=rng.choice((30, 365)),
        inactive=rng.choice((30, 365, 1095)),
    )


async def _mail_is_read(suite: Upheavals, rng: random.Random, letters: list[Letter]) -> None:
    for letter in letters:
        for _ in range(rng.choice((0, 1, 1, 2))):
            kind = rng.choices(list(_KINDS), list(_KINDS.values()))[0]
            after, told = rng.randrange(1, 40 * 86400), rng.choice((0, 5, 3600, 30 * 86400))
            times = rng.choice((1, 1, 2))
            suite.happens(letter, kind, timedelta(seconds=after), timedelta(seconds=told), times)
        if rng.random() < 0.35:
            await _somebody_answers(suite, rng, letter)


async def _somebody_answers(suite: Upheavals, rng: random.Random, letter: Letter) -> None:
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
