"""Brands that end, or stay suspended for too long: everybody is anonymised, and then the keys go (RET-9, RET-10, DEL-5)."""

from typing import Any

import pytest

from shared.domain import access_log as access
from shared.domain import containers
from shared.domain.ambassador import AccountStatus
from shared.domain.consent import AmbassadorOptIn, BrandOptIn
from shared.domain.disposition import Done
from shared.domain.errors import RestoreRefusedError, UnknownObjectError, WrongStatusError
from shared.domain.jobs import Run, RunState
from shared.domain.policy import BrandStatus, StatusAction, SweepGuard
from shared.domain.retention import RuleId
from shared.domain.staff import Role, StaffMember
from shared.ports import Query
from shared.usecases import access_log, leaving, sweep, verify_ledger
from shared.usecases.brand_care import change_status
from shared.usecases.brands import Brand, keys_path
from shared.usecases.destroying import destroy
from tests.support.disaster import backed_up, restored
from tests.support.records import days
from tests.support.world import World
from tests.usecases.test_leaving import GRACE, HEDY, account_of, member, seeded

S, B = AmbassadorOptIn, BrandOptIn


async def act(world: World, action: StatusAction) -> None:
    await change_status(world.brands, "acme", action, "the contract says so", "staff:s")


async def peopled(world: World) -> tuple[Brand, str]:
    """An account, a sign-up, a contact of the ambassador's, one of the brand's, and one that waits for a confirmation."""
    acme, ada = await member(world)
    await seeded(world, ada, GRACE)
    await seeded(world, ada, HEDY, S.OPT_IN_BLOG, B.BLOG)
    await seeded(world, ada, "joan@example.org", S.BLOG_PENDING, becomes=S.OPT_IN_BLOG)
    return acme, ada


async def last_run(brand: Brand) -> Run:
    (newest, *_), _ = await brand.runs.page(Query(order_by="startedAt", descending=True, limit=1))
    return newest.record


async def documents(world: World, container: containers.Container) -> list[dict[str, Any]]:
    found = await world.ports.store.brand("acme", container).query(Query())
    return [item.document for item in found.items]


@pytest.mark.rule("RET-9")
async def test_RET_9_until_its_last_second_an_end_is_taken_back_and_nothing_is_lost(world: World) -> None:
    await peopled(world)
    before = [contact.to_document() for contact in await world.contacts()]
    await act(world, StatusAction.END)
    world.clock.advance(days=7, seconds=-1)
    await world.sweep()
    await act(world, StatusAction.RESTORE)
    assert [contact.to_document() for contact in await world.contacts()] == before
    assert (await world.brand()).record.status is BrandStatus.ACTIVE


@pytest.mark.rule("RET-9")
@pytest.mark.rule("DEL-5")
@pytest.mark.rule("BR-1")
async def test_RET_9_after_the_days_nobody_is_left_and_the_keys_are_gone(world: World) -> None:
    _, ada = await peopled(world)
    other = await world.ambassador("globex", GRACE)
    await backed_up(world)
    await act(world, StatusAction.END)
    world.clock.advance(days=7)
    await world.sweep()
    contacts = await world.left_of()
    assert len(contacts) == 2 and all(contact.anonymised_at and not contact.email for contact in contacts)
    (account,) = await documents(world, containers.AMBASSADORS)
    assert (account["status"], account.get("email"), account["id"]) == ("anonymised", "", ada)
    assert await documents(world, containers.CLAIMS) == await documents(world, containers.NEWSLETTERS) == []
    with pytest.raises(UnknownObjectError):
        await world.brand()
    assert await world.brands.all() == ["globex"]
    record = (await world.brands.record("acme")).record
    assert record.destroyed_at == world.clock.now()
    keys = await world.brands.keys.get("acme", "acme")
    assert keys and (keys.record.hash, keys.record.backup) == ({}, None)
    for files in (world.ports.backups, world.ports.tombstones):
        assert [path async for path in files.list("acme/")] == []
    with pytest.raises(RestoreRefusedError):
        await restored(world)
    with pytest.raises(WrongStatusError):
        await act(world, StatusAction.RESTORE)
    assert (await account_of(await world.brand("globex"), other.id)).email == GRACE
    run = Run.from_document((await documents(world, containers.RUNS))[0])
    assert run.state is RunState.DONE
    assert [(report.rule, report.due, dict(report.done)) for report in run.rules] == [
        (RuleId.BRAND_ENDED, 4, {Done.DELETED: 1, Done.ANONYMISED: 3})
    ]


@pytest.mark.rule("DEL-5")
@pytest.mark.rule("CON-7")
async def test_DEL_5_the_ledger_of_a_brand_without_keys_is_verified_and_no_hash_is_made(world: World) -> None:
    _, ada = await peopled(world)
    await leaving.remove(await world.brand(), ada, "staff:s")
    await act(world, StatusAction.END)
    world.clock.advance(days=7)
    await world.sweep()
    left = await world.brands.what_is_left("acme")
    verdicts = [verdict async for verdict in verify_ledger.verify_ledger(left)]
    assert verdicts[-1].faults == [] and verdicts[-1].entries > 3
    with pytest.raises(ValueError, match="empty"):
        left.hasher.ref(GRACE)
    assert await world.brands.destroyed() == ["acme"]


@pytest.mark.rule("DEL-5")
async def test_DEL_5_a_destruction_that_was_cut_short_is_gone_on_with_and_one_that_is_done_stays(world: World) -> None:
    await peopled(world)
    await act(world, StatusAction.END)
    assert not await destroy(world.brands, "acme")
    world.clock.advance(days=7)
    await sweep.start_sweep(await world.brand())
    message = world.queue.pop(sweep.QUEUE)
    assert message
    await sweep.run_sweep(await world.brand(), message["run"])
    with pytest.raises(WrongStatusError):
        await act(world, StatusAction.RESTORE)
    await world.brands.destroy_keys("acme")  # and then the process ended; a backup copied the keys meanwhile
    await world.ports.backups.write(keys_path("acme"), [b"{}"])
    assert "acme" in await world.brands.all()
    assert await destroy(world.brands, "acme")
    assert [path async for path in world.ports.backups.list("acme/")] == []
    before = await world.brands.record("acme")
    world.clock.advance(days=1)
    assert await destroy(world.brands, "acme")
    assert await world.brands.record("acme") == before


@pytest.mark.rule("RET-9")
@pytest.mark.rule("RET-14")
async def test_RET_9_who_is_restricted_is_not_touched_and_keeps_the_keys_until_free(world: World) -> None:
    acme, ada = await peopled(world)
    held = await seeded(world, ada, "held@example.org", restricted_at=world.clock.now())
    await act(world, StatusAction.END)
    world.clock.advance(days=7)
    await world.sweep()
    assert (await world.contact_of_id(held.id)).email == "held@example.org"
    assert dict((await last_run(acme)).rules[0].skipped) == {"restricted": 1}
    current = await acme.contacts.get(ada, held.id)
    assert current
    await acme.contacts.replace(current, current.record.changed(restricted_at=None))
    world.clock.advance(days=1)
    await world.sweep()
    assert (await world.brands.record("acme")).record.destroyed_at


@pytest.mark.rule("RET-10")
@pytest.mark.rule("RET-18")
async def test_RET_18_what_a_suspension_erases_waits_for_a_user_to_confirm(world: World) -> None:
    acme, _ = await peopled(world)
    policy = acme.policy.changed(sweep_guard=SweepGuard(share=0.1, records=1))
    await world.brands.save_policy("acme", policy)
    await act(world, StatusAction.SUSPEND)
    world.clock.advance(days=183)
    await world.sweep()
    waiting = await last_run(acme)
    assert (waiting.state, [report.rule for report in waiting.rules]) == (
        RunState.AWAITING_CONFIRMATION, [RuleId.BRAND_SUSPENDED],
    )  # fmt: skip
    await sweep.confirm(await world.brand(), waiting.id, waiting.plan or "", "team")
    await world.drain()
    assert all(contact.anonymised_at for contact in await world.contacts())


@pytest.mark.rule("RET-9")
@pytest.mark.rule("RET-18")
async def test_RET_18_an_end_is_its_own_confirmation(world: World) -> None:
    acme, _ = await peopled(world)
    await world.brands.save_policy("acme", acme.policy.changed(sweep_guard=SweepGuard(share=0.1, records=1)))
    await act(world, StatusAction.END)
    world.clock.advance(days=7)
    await world.sweep()
    assert (await world.brands.record("acme")).record.destroyed_at


@pytest.mark.rule("RET-10")
async def test_RET_10_a_suspension_of_six_months_erases_everybody_and_the_brand_can_go_on_with_nobody(
    world: World,
) -> None:
    acme, ada = await peopled(world)
    await act(world, StatusAction.SUSPEND)
    world.clock.advance(days=183, seconds=-1)
    await world.sweep()
    assert (await account_of(acme, ada)).status is AccountStatus.ACTIVE
    world.clock.advance(seconds=1)
    await world.sweep()
    assert all(contact.anonymised_at for contact in await world.contacts())
    assert (await account_of(acme, ada)).status is AccountStatus.ANONYMISED
    record = (await world.brands.record("acme")).record
    assert (record.erased_at, record.destroyed_at) == (world.clock.now(), None)
    world.clock.advance(days=1)
    await world.sweep()
    assert all(report.due == 0 for report in (await last_run(acme)).rules)
    await act(world, StatusAction.RESUME)
    again = (await world.brand()).record
    assert (again.status, again.erasing, again.erased_at) == (BrandStatus.ACTIVE, None, None)
    assert await member(world)


@pytest.mark.rule("RET-10")
async def test_RET_10_a_brand_that_is_resumed_while_a_sweep_waits_keeps_everybody(world: World) -> None:
    acme, ada = await peopled(world)
    await act(world, StatusAction.SUSPEND)
    world.clock.advance(days=183)
    await sweep.start_sweep(await world.brand())
    message = world.queue.pop(sweep.QUEUE)
    assert message
    late = await world.brand()
    await act(world, StatusAction.RESUME)
    await sweep.run_sweep(late, message["run"])
    assert dict((await last_run(acme)).rules[0].skipped) == {"no_longer_due": 4}
    assert (await account_of(acme, ada)).status is AccountStatus.ACTIVE
    assert not any(contact.anonymised_at for contact in await world.contacts())


@pytest.mark.rule("RET-17")
@pytest.mark.parametrize(("action", "after"), [(StatusAction.END, 7), (StatusAction.SUSPEND, 183)])
async def test_RET_17_a_preview_says_what_an_end_does(world: World, action: StatusAction, after: int) -> None:
    await peopled(world)
    await act(world, action)
    acme = await world.brand()
    at = world.clock.now() + days(after)
    early = [due async for due in sweep.preview(acme, at - days(1), acme.policy.durations)]
    assert {due.rule for due in early} <= {RuleId.PENDING_CONFIRMATION}
    shown = [due async for due in sweep.preview(acme, at, acme.policy.durations)]
    assert sorted(due.done for due in shown) == ["anonymised"] * 3 + ["deleted"]
    world.clock.advance(days=after)
    await world.sweep()
    run = Run.from_document(max(await documents(world, containers.RUNS), key=lambda run: run["startedAt"]))
    assert dict(run.rules[0].done) == {Done.DELETED: 1, Done.ANONYMISED: 3}


@pytest.mark.rule("RET-11")
async def test_RET_11_the_access_log_of_a_brand_without_keys_goes_after_its_year_too(world: World) -> None:
    acme, _ = await peopled(world)
    user = StaffMember(id="tenant.one", role=Role.ACCOUNT_TEAM, brands=("acme",))
    await access_log.note(acme, user, access.Seen.DUE_RECORDS, access.Act.LISTED, 1)
    await act(world, StatusAction.END)
    world.clock.advance(days=7)
    await world.sweep()
    for day, kept in ((357, 1), (1, 0)):
        world.clock.advance(days=day)
        assert await destroy(world.brands, "acme")
        assert len(await documents(world, containers.ACCESS_LOG)) == kept
