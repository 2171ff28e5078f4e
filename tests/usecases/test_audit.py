"""The audit: what it reads, that it finds whatever was put anywhere, and that it changes nothing (art. 5(2))."""

from datetime import timedelta

import pytest

from shared.domain import containers as c
from shared.domain.auditing import FindingKind
from shared.domain.jobs import Job
from shared.domain.rights import RightKind, RightsRequest, RightState
from shared.ports import Key, Query
from shared.usecases import audit, back_up
from shared.usecases.answer import Answer
from shared.usecases.brands import Brand
from tests.support.acts import answered, entered, invited, ledger_faults
from tests.support.disaster import backed_up, restored
from tests.support.fakes import FakeFiles
from tests.support.world import World


async def found_in(world: World, brand: str = "acme") -> audit.BrandFound:
    return await audit.audit_brand(world.brands, brand, lambda _: None)


@pytest.mark.rule("CON-7")
async def test_CON_7_a_ledger_that_was_tampered_with_is_a_finding(world: World, acme: Brand, ada: str) -> None:
    await invited(world, ada, "grace@example.org")
    await answered(world, "grace@example.org", Answer.ACCEPT)
    found = await found_in(world)
    assert found.findings == [] and (found.brand.entries, found.brand.chains) == (1, 1)
    (entries,) = [page async for page in acme.ledger.pages(Query())]
    await acme.ledger.delete(entries[0])
    assert {finding.kind for finding in (await found_in(world)).findings} == {FindingKind.LEDGER}


@pytest.mark.rule("CON-7")
async def test_CON_7_a_record_that_was_dropped_together_with_its_whole_chain_is_found_by_a_backup(
    world: World, acme: Brand, ada: str
) -> None:
    people = ("grace@example.org", "henry@example.org")
    await invited(world, ada, *people)
    for person in people:
        await answered(world, person, Answer.ACCEPT)
    assert (await found_in(world)).brand.anchored_at is None
    await back_up.start_backup(world.brands, "acme")
    await world.drain()
    world.clock.advance(hours=1)
    await answered(world, people[1], Answer.DECLINE)
    await back_up.start_backup(world.brands, "acme")
    await world.drain()
    made = world.clock.now()
    world.clock.advance(minutes=1)
    await answered(world, people[1], Answer.ACCEPT)  # since then an entry came, which no backup has
    found = await found_in(world)
    assert (found.brand.anchored, found.brand.entries, found.findings) == (3, 4, [])
    assert found.brand.anchored_at == made
    contact = await world.contact_of(people[0])
    for container, partition in ((c.CONTACTS, contact.ambassador_id), (c.LEDGER, contact.id)):
        documents = world.ports.store.brand("acme", container)
        for item in (await documents.query(Query(partition=partition))).items:
            if contact.id in (item.document["id"], item.document.get("subject")):
                await documents.delete(Key(partition, item.document["id"]), item.etag)
    assert await ledger_faults(world) == []
    (finding,) = (await found_in(world)).findings
    assert finding.kind is FindingKind.LEDGER and finding.what.startswith(f"{contact.id} #1: dropped")


@pytest.mark.rule("BAK-1")
@pytest.mark.parametrize("folder", ["manifests", "parts"])
async def test_BAK_1_a_backup_that_is_gone_from_where_it_was_is_a_finding(world: World, ada: str, folder: str) -> None:
    await invited(world, ada, "grace@example.org")
    await backed_up(world)
    backups = world.ports.backups
    assert isinstance(backups, FakeFiles)
    gone = next(path for path in backups.files if f"/{folder}/" in path)
    del backups.files[gone]
    (finding,) = (await found_in(world)).findings
    assert finding.kind is FindingKind.UNREADABLE and finding.what in gone


@pytest.mark.rule("BAK-3")
async def test_BAK_3_after_a_restore_the_backups_of_the_lost_store_say_nothing_of_its_ledger(
    world: World, ada: str
) -> None:
    await invited(world, ada, "grace@example.org")
    await backed_up(world)
    before = world.clock.now()
    world.clock.advance(hours=1)
    await answered(world, "grace@example.org", Answer.ACCEPT)
    await backed_up(world)
    fresh, _ = await restored(world, before)
    found = await found_in(fresh)
    assert (found.brand.anchored_at, found.brand.entries) == (None, 0)
    assert [f for f in found.findings if f.kind is FindingKind.LEDGER] == []
    await backed_up(fresh)
    assert (await found_in(fresh)).brand.anchored_at
    await fresh.ports.store.close()


@pytest.mark.rule("RET-17")
async def test_RET_17_who_is_due_is_told_and_who_was_due_a_day_ago_is_a_finding(
    world: World, acme: Brand, ada: str
) -> None:
    (contact,) = await entered(world, ada, "grace@example.org")
    world.clock.advance(days=30)
    found = await found_in(world)
    (row,) = found.brand.due
    assert (row.rule, row.days, row.due, row.past, row.oldest) == ("RET-1", 30, 1, 0, contact.created_at)
    assert found.findings == []
    world.clock.advance(days=1)
    found = await found_in(world)
    assert [(f.kind, f.place, f.what) for f in found.findings] == [(FindingKind.PAST_ITS_DAY, "RET-1", contact.id)]
    assert found.brand.due[0].past == 1
    await world.sweep()
    assert (await found_in(world)).brand.due == ()


@pytest.mark.rule("RET-2")
async def test_a_second_invitation_that_could_not_go_yet_is_due_and_nobody_is_past_their_day(
    world: World, ada: str
) -> None:
    await invited(world, ada, "grace@example.org")
    world.clock.advance(days=17)
    found = await found_in(world)
    assert found.findings == [] and [(row.rule, row.due) for row in found.brand.due] == [("RET-2", 1)]


@pytest.mark.rule("RET-11")
async def test_RET_11_what_the_timers_should_have_deleted_a_day_ago_is_a_finding_and_stays(
    world: World, acme: Brand
) -> None:
    await acme.jobs.create(Job(kind="mail", ambassador_id="a" * 24, started_at=world.clock.now()))
    await back_up.start_backup(world.brands, "acme")
    await world.drain()
    world.clock.advance(days=365)
    assert (await found_in(world)).findings == []
    world.clock.advance(days=3)
    for _ in range(2):  # it changed nothing
        kept = {f.place: f.count for f in (await found_in(world)).findings if f.kind is FindingKind.KEPT_TOO_LONG}
        assert kept == {"backups": 2, "store: backups": 1, "store: jobs": 1}
    await world.recover()
    await back_up.forget_old_backups(await world.brand())
    assert (await found_in(world)).findings == []


@pytest.mark.rule("RGT-5")
async def test_RGT_5_a_request_past_its_due_date_is_a_finding(world: World, acme: Brand) -> None:
    now = world.clock.now()
    request = RightsRequest(
        kind=RightKind.OTHER,
        state=RightState.OPEN,
        subject="v1." + "a" * 64,
        received_at=now,
        due_at=now + timedelta(days=31),
        waiting_until=now + timedelta(days=31),
    )
    await acme.rights.create(request)
    world.clock.advance(days=31)
    found = await found_in(world)
    assert (found.brand.rights_open, found.findings) == (1, [])
    world.clock.advance(seconds=1)
    (finding,) = (await found_in(world)).findings
    assert (finding.kind, finding.what) == (FindingKind.RIGHTS_OVERDUE, request.id)


async def test_work_that_waits_is_told_with_how_long(world: World, acme: Brand, ada: str) -> None:
    await acme.jobs.create(
        Job(kind="import", ambassador_id=ada, started_at=world.clock.now(), open_since=world.clock.now())
    )
    (row,) = (await found_in(world)).brand.waiting
    assert (row.what, row.count, row.oldest, row.late) == ("imports", 1, world.clock.now(), False)
    world.clock.advance(minutes=21)
    (row,) = (await found_in(world)).brand.waiting
    assert row.late


@pytest.mark.rule("DEL-8")
async def test_DEL_8_queues_are_counted_and_a_message_that_none_may_be_is_a_finding(world: World) -> None:
    await world.queue.send("sweeps", [{"brand": "acme", "run": "a" * 24}] * 2)
    world.queue.queues["mails-poison"] = [world.queue.queues["sweeps"][0]]
    rows, findings = await audit.audit_queues(world.queue, None)
    assert [(row.name, row.messages, row.poison) for row in rows] == [("mails-poison", 1, True), ("sweeps", 2, False)]
    assert [(f.kind, f.place, f.what) for f in findings] == [(FindingKind.MESSAGE, "mails-poison", "#1")]


@pytest.mark.rule("DEL-5")
async def test_DEL_5_of_a_brand_whose_keys_were_destroyed_the_ledger_is_read(world: World, ada: str) -> None:
    await invited(world, ada, "grace@example.org")
    await answered(world, "grace@example.org", Answer.ACCEPT)
    record = await world.brands.record("acme")
    await world.brands.destroy_keys("acme")
    await world.brands.save(record, record.record.changed(destroyed_at=world.clock.now()))
    found = await found_in(world)
    assert (found.brand.entries, found.findings) == (1, [])
    assert [record.id for record in await audit.every_brand(world.brands)] == ["acme", "globex"]
