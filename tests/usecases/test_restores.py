"""How a backup is put back: whole, into an empty store, and with nobody mailed by what was under way (BAK-1, BAK-3)."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from shared.domain.ambassador import AccountStatus
from shared.domain.backups import Kind
from shared.domain.consent import AmbassadorOptIn
from shared.domain.containers import CONTACTS, Container
from shared.domain.errors import RestoreRefusedError, UnknownObjectError
from shared.domain.rights import Notice, NoticeKind, RightKind, RightsRequest, RightState
from shared.ports import Documents, Fate, Query
from shared.usecases import back_up, contacts, invite, leaving, send_mails
from shared.usecases.answer import Answer
from shared.usecases.backup_parts import BrokenBackupError
from shared.usecases.brands import KEEP_FOR, Brand, Brands, keys_path
from shared.usecases.restore import restore
from tests.support.acts import answered, entered, invited, ledger_faults, opted_out
from tests.support.disaster import (
    Interrupted,
    accepted,
    after_the_loss,
    backed_up,
    everything,
    replayed_again,
    restored,
    states,
)
from tests.support.world import World

S = AmbassadorOptIn
GRACE, ALAN, JOAN, KATE = "grace@example.org", "alan@example.org", "joan@example.org", "kate@example.org"


@pytest.mark.rule("BAK-1")
async def test_BAK_1_what_is_put_back_is_what_was_there(world: World, acme: Brand, ada: str) -> None:
    await invited(world, ada, GRACE, ALAN, JOAN)
    await answered(world, GRACE, Answer.ACCEPT)
    await backed_up(world)
    was = await everything(world)
    fresh, report = await restored(world)
    assert await everything(fresh) == was
    assert report.documents == sum(map(len, was.values()))
    assert report.replayed.changed == 0
    assert await ledger_faults(fresh) == []


@pytest.mark.rule("BAK-3")
async def test_BAK_3_who_has_no_address_is_recognised_by_what_else_is_known(
    world: World, acme: Brand, ada: str
) -> None:
    phone, _ = await contacts.enter(acme, ada, {"first_name": "Only", "mobile_phone": "0123"})
    name, _ = await contacts.enter(acme, ada, {"first_name": "Only", "last_name": "Name"})
    await contacts.enter(acme, ada, {"first_name": "Only", "last_name": "Name"})
    await backed_up(world)
    for contact in (phone, name):
        await contacts.remove(acme, ada, contact.id)
    fresh, _ = await restored(world)
    assert [(c.first_name, c.last_name) for c in await fresh.contacts()] == [("Only", "Name")]


@pytest.mark.rule("BAK-3")
@pytest.mark.rule("DEL-3")
async def test_BAK_3_who_left_has_left_and_who_came_back_is_there(world: World, acme: Brand) -> None:
    gone, back, stays = [await world.ambassador(email=f"{name}@example.org") for name in ("gone", "back", "stays")]
    await entered(world, gone.id, GRACE)
    world.clock.advance(minutes=1)
    await backed_up(world)
    for account in (gone, back):
        await leaving.remove(acme, account.id, by="staff:one")
    world.clock.advance(days=1)
    await leaving.restore(acme, back.id, by="staff:one")
    fresh, _ = await restored(world)
    opened = await fresh.brand()
    found = [await opened.ambassadors.get(account.id, account.id) for account in (gone, back, stays)]
    statuses = [item.record.status for item in found if item]
    assert statuses == [AccountStatus.LEAVING, AccountStatus.ACTIVE, AccountStatus.ACTIVE]
    assert await ledger_faults(fresh) == []
    assert await replayed_again(fresh) == 0


@pytest.mark.rule("BAK-3")
async def test_BAK_3_nobody_knows_the_brand_before_everything_is_applied(world: World, acme: Brand, ada: str) -> None:
    await accepted(world, ada, GRACE)
    await backed_up(world)
    await opted_out(world, GRACE)
    fresh = after_the_loss(world)
    seen: list[list[str]] = []

    async def nobody_knows_it() -> None:
        seen.append(await fresh.brands.all())
        with pytest.raises(UnknownObjectError):
            await fresh.brand()

    ports = replace(fresh.ports, tombstones=Interrupted(fresh.ports.tombstones, "list", nobody_knows_it))
    await restore(Brands(ports), "acme", world.clock.now())
    assert seen == [[]]
    assert (await fresh.contact_of(GRACE)).ambassador_opt_in is S.OPT_OUT_EMAIL


@pytest.mark.rule("BAK-3")
@pytest.mark.rule("MAIL-4")
async def test_BAK_3_what_was_under_way_mails_nobody_after_a_restore(world: World, acme: Brand, ada: str) -> None:
    made = await entered(world, ada, GRACE, ALAN)
    await invite.invite(acme, ada, [contact.id for contact in made])
    waiting = dict(world.queue.queues)
    world.queue.queues.clear()
    await backed_up(world)
    world.queue.queues.update(waiting)
    await world.drain()
    assert len(world.mailer.outbox) == 2
    fresh, report = await restored(world)
    assert report.settled.batches == 1
    world.clock.advance(hours=1)
    await fresh.recover()
    await fresh.drain()
    assert len(world.mailer.outbox) == 2


@pytest.mark.rule("BAK-3")
async def test_BAK_3_a_mail_that_was_about_to_leave_is_looked_up(world: World, acme: Brand, ada: str) -> None:
    sent, unsure = await entered(world, ada, GRACE, ALAN)
    await invite.invite(acme, ada, [sent.id, unsure.id])
    world.mailer.always_for(ALAN, Fate.UNKNOWN)

    async def a_backup_is_made() -> None:
        backup = await back_up.start_backup(world.brands, "acme")
        assert backup
        await back_up.run_backup(acme, backup.id)

    mailer = Interrupted(world.mailer, "send", a_backup_is_made)
    await send_mails.send_batch(replace(acme, ports=replace(acme.ports, mailer=mailer)), await batch_of(acme))
    fresh, report = await restored(world)
    assert report.settled.claims == 2
    found = {c.email: (c.ambassador_opt_in, c.outgoing, bool(c.doubted)) for c in await fresh.contacts()}
    assert found == {GRACE: (S.INVITATION_SENT, None, False), ALAN: (S.NEW, None, True)}


@pytest.mark.rule("BAK-3")
async def test_BAK_3_only_an_empty_brand_is_restored(world: World, acme: Brand, ada: str) -> None:
    await entered(world, ada, GRACE)
    await backed_up(world)
    with pytest.raises(RestoreRefusedError) as refused:
        await restore(world.brands, "acme", world.clock.now())
    assert "not empty" in refused.value.detail
    assert (await world.brand()).id == "acme"


@pytest.mark.rule("BAK-1")
async def test_BAK_1_a_time_before_the_first_backup_cannot_be_had(world: World, acme: Brand) -> None:
    before = world.clock.now() - timedelta(days=1)
    await backed_up(world)
    fresh = after_the_loss(world)
    with pytest.raises(RestoreRefusedError):
        await restore(fresh.brands, "acme", before)


@pytest.mark.rule("DEL-5")
@pytest.mark.rule("BAK-1")
async def test_DEL_5_destroyed_keys_are_in_no_backup(world: World, acme: Brand, ada: str) -> None:
    await entered(world, ada, GRACE)
    await backed_up(world)
    await world.brands.destroy_keys("acme")
    world.clock.advance(KEEP_FOR)
    with pytest.raises(UnknownObjectError):
        await world.brand()
    fresh = after_the_loss(world)
    with pytest.raises(RestoreRefusedError) as refused:
        await restore(fresh.brands, "acme", world.clock.now())
    assert "keys" in refused.value.detail
    assert not await has(world, keys_path("acme"))


async def has(world: World, path: str) -> bool:
    """Whether the second account has a file."""
    return path in [found async for found in world.ports.backups.list(path)]


@pytest.mark.rule("BAK-1")
async def test_BAK_1_a_part_that_was_changed_is_noticed(world: World, acme: Brand, ada: str) -> None:
    await entered(world, ada, GRACE)
    await backed_up(world)
    files = world.ports.backups
    (path,) = [path async for path in files.list("acme/parts/")]
    content = bytearray(b"".join([piece async for piece in files.read(path)]))
    content[-1] ^= 1
    await files.delete(path)
    await files.write(path, [bytes(content)])
    with pytest.raises(BrokenBackupError):
        await restored(world)


@pytest.mark.rule("BAK-3")
@pytest.mark.rule("CON-7")
async def test_CON_7_chains_end_where_their_records_say_also_in_a_backup_that_saw_them_change(
    world: World, acme: Brand, ada: str
) -> None:
    await accepted(world, ada, GRACE, ALAN)
    backup = await back_up.start_backup(world.brands, "acme", now=True)
    assert backup

    async def grace_opts_out() -> None:
        await opted_out(world, GRACE)

    class ReadContactsFirst:
        """The contacts have been read when one of them changes; the ledger is read with the change."""

        def brand(self, brand: str, container: Container) -> Documents:
            documents = world.ports.store.brand(brand, container)
            return Interrupted(documents, "changes", grace_opts_out) if container is CONTACTS else documents

    store: Any = ReadContactsFirst()
    racing = replace(acme, ports=replace(acme.ports, store=store))
    await back_up.run_backup(racing, backup.id)
    world.clock.advance(seconds=1)
    fresh, _ = await restored(world)
    assert await ledger_faults(fresh) == []
    assert await states(fresh) == {GRACE: "opt_out_email", ALAN: "invitation_accepted"}


async def batch_of(brand: Brand) -> str:
    """The id of the only batch."""
    (batch,), _ = await brand.batches.page(Query())
    return batch.record.id


@pytest.mark.rule("BAK-1")
async def test_BAK_1_an_hours_backup_has_what_changed_and_what_is_gone(world: World, acme: Brand, ada: str) -> None:
    kept, changed, gone = await entered(world, ada, GRACE, ALAN, JOAN)
    await backed_up(world)
    world.clock.advance(hours=1)
    await contacts.edit(acme, ada, changed.id, {"first_name": "Alan"})
    await contacts.remove(acme, ada, gone.id)
    world.clock.advance(minutes=1)
    await backed_up(world)
    (newest, *_), _ = await acme.backups.page(Query(order_by="startedAt", descending=True))
    assert (newest.record.kind, newest.record.documents, newest.record.deleted) == (Kind.HOURLY, {"contacts": 1}, 1)
    was = await everything(world)
    world.clock.advance(days=1)
    await entered(world, ada, KATE)
    await backed_up(world)
    fresh, _ = await restored(world, world.clock.now() - timedelta(hours=23))
    assert await everything(fresh) == was
    assert {c.id for c in await fresh.contacts()} == {kept.id, changed.id}
    newer, _ = await restored(world)
    assert {c.email for c in await newer.contacts()} == {GRACE, ALAN, KATE}


@pytest.mark.rule("BAK-3")
@pytest.mark.rule("RGT-5")
async def test_BAK_3_what_a_person_was_to_be_told_about_a_request_is_not_told_again(world: World, acme: Brand) -> None:
    now = world.clock.now()
    request = RightsRequest(
        kind=RightKind.OTHER, state=RightState.OPEN, subject=acme.hasher.ref(GRACE), received_at=now, due_at=now,
        email=GRACE, waiting_until=now + timedelta(days=30),
    ).owing(Notice(id="n", kind=NoticeKind.EXTENDED, text="A month more"), now)  # fmt: skip
    await acme.rights.create(request)
    await backed_up(world)
    fresh, report = await restored(world)
    world.clock.advance(hours=1)
    await fresh.recover()
    await fresh.drain()
    assert (report.settled.notices, world.mailer.outbox) == (1, [])
    again = await (await fresh.brand()).rights.get(request.id, request.id)
    assert again and again.record.waiting_until == request.waiting_until
