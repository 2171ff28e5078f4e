"""Backups, restores and the tombstones between them, stopped at every durable operation and gone on with."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from shared.adapters.sqlite import SqliteStore
from shared.domain.backups import BackupState
from shared.domain.consent import AmbassadorOptIn
from shared.domain.errors import UnknownObjectError
from shared.ports import Query
from shared.usecases import answer, back_up, contacts, leaving
from shared.usecases.answer import Answer, Scope
from shared.usecases.restore import restore
from shared.usecases.verify_ledger import verify_ledger
from tests.crash.playing import Run as Played
from tests.crash.playing import every_point
from tests.support.acts import answered, asked_by, entered, invited
from tests.support.crashing import Crash, CrashingStore, Side
from tests.support.disaster import everything
from tests.support.restarting import Suite, make_suite

ADA, BEA = "ada@example.org", "bea@example.org"
PEOPLE = tuple(f"person{number}@example.com" for number in range(6))


@pytest.fixture(autouse=True)
def _small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Several parts a backup, several messages, and both walks through the containers."""
    monkeypatch.setattr(back_up, "PART_BYTES", 3000)
    monkeypatch.setattr(back_up, "A_PAGE", 2)
    monkeypatch.setattr(back_up, "PARTS_A_MESSAGE", 2)


async def _prepared() -> Suite:
    """Two ambassadors; one of them has people who said yes, and one who was only entered."""
    suite = await make_suite(outside=True)
    ada = await suite.world.ambassador(email=ADA)
    suite.known[BEA] = (await suite.world.ambassador(email=BEA)).id
    suite.known[ADA] = ada.id
    await invited(suite.world, ada.id, *PEOPLE[:5])
    for person in PEOPLE[:4]:
        await answered(suite.world, person, Answer.ACCEPT)
    await entered(suite.world, ada.id, PEOPLE[5])
    suite.clock.advance(days=1)
    return suite


async def _backed_up(suite: Suite) -> None:
    await back_up.start_backup(suite.world.brands, "acme")
    await suite.drain()


async def _stopped(suite: Suite, stop_at: int | None, side: Side, act: Callable[[], Awaitable[object]]) -> None:
    """Does something with a crash in it, and once more after the restart, as a timer or a person does."""
    suite.crashes.clear()
    suite.crashes.stop_at, suite.crashes.side = stop_at, side
    try:
        await act()
    except Crash:
        suite.restart()
        await act()
    suite.crashes.stop_at = None


async def _lost(suite: Suite) -> Suite:
    """The suite with an empty store; everything beside the store is as it was."""
    ports = replace(suite.ports, store=CrashingStore(SqliteStore(None, inline=True), suite.crashes))
    fresh = replace(suite, ports=ports)
    fresh.queue.queues.clear()
    fresh.restart()
    return fresh


@pytest.mark.rule("BAK-1")
async def test_BAK_1_a_backup_that_is_cut_short_anywhere_is_gone_on_with_and_whole(record_property: Any) -> None:
    clean = await _prepared()
    await _stopped(clean, None, Side.BEFORE, lambda: _backed_up(clean))
    points = list(every_point(Played(clean, {})))
    assert len({path for path in clean.ports.backups.files if "/parts/" in path}) > 3  # type: ignore[attr-defined]
    for stop_at, side in points:
        suite = await _prepared()
        await _stopped(suite, stop_at, side, lambda suite=suite: _backed_up(suite))  # type: ignore[misc]
        await suite.settle()
        brand = await suite.brand()
        made = [item.record for page in [p async for p in brand.backups.pages(Query())] for item in page]
        where = f"{side} {stop_at}: {clean.crashes.trace[stop_at - 1]}"
        assert [backup.state for backup in made] == [BackupState.DONE], where
        fresh = await _lost(suite)
        await restore(fresh.world.brands, "acme", fresh.clock.now())
        assert await everything(fresh.world) == await everything(suite.world), where
    record_property("crash points of a backup", len(points))


async def _people_speak(suite: Suite) -> None:
    """One opts out, one of all, one opts out and says yes again, one is removed, one deleted; an ambassador leaves."""
    acme = await suite.brand()
    await _opt_out(suite, PEOPLE[0], Scope.AMBASSADOR)
    await _opt_out(suite, PEOPLE[1], Scope.BRAND)
    await _opt_out(suite, PEOPLE[2], Scope.AMBASSADOR)
    for person in (PEOPLE[4], PEOPLE[5]):
        await contacts.remove(acme, suite.known[ADA], (await suite.world.contact_of(person)).id)
    await leaving.remove(acme, suite.known[BEA], by="staff:one")
    suite.clock.advance(minutes=5)
    await answered(suite.world, PEOPLE[2], Answer.ACCEPT)


async def _opt_out(suite: Suite, person: str, scope: Scope) -> None:
    asked = await asked_by(suite.world, person, "u")
    await answer.opt_out(asked, scope, mechanism="opt_out_page", text_version="1", ip=None)
    await suite.drain()


@pytest.mark.rule("BAK-3")
async def test_BAK_3_a_restore_that_is_cut_short_anywhere_comes_to_the_same_end(record_property: Any) -> None:
    suite = await _prepared()
    await _backed_up(suite)
    suite.clock.advance(minutes=1)
    await _people_speak(suite)
    at = suite.clock.now()
    clean = await _lost(suite)
    await _stopped(clean, None, Side.BEFORE, lambda: _restored(clean, at))
    points = list(every_point(Played(clean, {})))
    trace, expected = list(clean.crashes.trace), await everything(clean.world)
    assert await _ledger_faults(clean) == []
    for stop_at, side in points:
        again = await _lost(suite)
        await _stopped(again, stop_at, side, lambda again=again: _restored(again, at))  # type: ignore[misc]
        where = f"{side} {stop_at}: {trace[stop_at - 1]}"
        assert await everything(again.world) == expected, where
    record_property("crash points of a restore", len(points))


async def _restored(suite: Suite, at: datetime) -> None:
    """What the operator does; a restore that had come to its end before the crash is not begun again."""
    if suite.crashes.stop_at and len(suite.crashes.trace) >= suite.crashes.stop_at:
        if "acme" in await suite.world.brands.all():
            return
        with pytest.raises(UnknownObjectError):
            await suite.brand()
    await restore(suite.world.brands, "acme", at)


async def _ledger_faults(suite: Suite) -> list[str]:
    """What the verifier finds in the brand that was restored."""
    verdicts = [verdict async for verdict in verify_ledger(await suite.brand())]
    return verdicts[-1].faults if verdicts else []


@pytest.mark.rule("BAK-3")
async def test_BAK_3_no_crash_between_an_act_and_its_tombstone_resurrects_anybody(record_property: Any) -> None:
    clean = await _prepared()
    await _backed_up(clean)
    clean.clock.advance(minutes=1)
    await _stopped(clean, None, Side.BEFORE, lambda: _people_speak(clean))
    points = list(every_point(Played(clean, {})))
    for stop_at, side in points:
        suite = await _prepared()
        await _backed_up(suite)
        suite.clock.advance(minutes=1)
        suite.crashes.clear()
        suite.crashes.stop_at, suite.crashes.side = stop_at, side
        try:
            await _people_speak(suite)
        except Crash:
            suite.restart()  # and nobody asks again: what was not said is not told
        suite.crashes.stop_at = None
        await suite.settle()
        where = f"{side} {stop_at}: {clean.crashes.trace[stop_at - 1]}"
        said = {c.id: c for c in await suite.world.contacts()}
        fresh = await _lost(suite)
        await restore(fresh.world.brands, "acme", fresh.clock.now())
        for contact in await fresh.world.contacts():
            live = said.get(contact.id)
            assert live is not None, where
            assert contact.email is None or live.email is not None, where
            if live.ambassador_opt_in.opted_out:
                assert contact.ambassador_opt_in.opted_out, where
            if live.ambassador_opt_in is AmbassadorOptIn.INVITATION_ACCEPTED and live.email == PEOPLE[2]:
                assert contact.ambassador_opt_in is AmbassadorOptIn.INVITATION_ACCEPTED or _unsure(stop_at, clean), (
                    where
                )
        assert await _ledger_faults(fresh) == []
    record_property("crash points between acts and tombstones", len(points))


def _unsure(stop_at: int, clean: Suite) -> bool:
    """Whether the stop was before the tombstone of an opt-out that then never took effect: it errs on the safe side."""
    return clean.crashes.trace[stop_at - 1] in ("files.write", "contacts.replace")
