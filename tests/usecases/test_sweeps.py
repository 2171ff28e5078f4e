"""Sweeps and previews: what is due and nothing else, twice, late, in parts, and never more than a person agreed to."""

import asyncio
from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain import disposition
from shared.domain.ambassador import AccountStatus
from shared.domain.consent import AmbassadorOptIn, BrandOptIn
from shared.domain.contact import Contact, MailKind, Origin, Outgoing
from shared.domain.errors import ChangedMeanwhileError, UnknownObjectError
from shared.domain.jobs import Run, RunState
from shared.domain.ledger import Evidence
from shared.domain.policy import BrandStatus, Durations, SweepGuard
from shared.domain.retention import RuleId
from shared.ports import Query
from shared.usecases import invite, sweep, sweep_pages
from shared.usecases.brands import Brand
from shared.usecases.saving import Edit, save_many
from tests.support.acts import entered, fresh_world, invited, ledger_faults
from tests.support.records import days
from tests.support.world import World, brand_record

S = AmbassadorOptIn
PEOPLE = st.lists(
    st.tuples(st.sampled_from(S), st.sampled_from(BrandOptIn), st.integers(0, 1500), st.booleans(), st.booleans()),
    min_size=1,
    max_size=25,
)


async def aged(brand: Brand, ambassador: str, people: list[tuple[S, BrandOptIn, int, bool, bool]]) -> None:
    """Contacts in these states since so many days ago."""
    edits = []
    for number, (state, brand_opt_in, age, called, restricted) in enumerate(people):
        at = brand.now() - days(age)
        contact = Contact(
            ambassador_id=ambassador,
            email=f"c{number}@example.org",
            ambassador_opt_in=state,
            ambassador_opt_in_at=at,
            brand_opt_in=BrandOptIn.NONE if state is S.BLOG_PENDING else brand_opt_in,  # a box counts once confirmed
            brand_opt_in_at=at,
            last_call_at=at if called else None,
            restricted_at=at if restricted else None,
            created_at=at,
            created_by=Origin(mechanism="test"),
            modified_at=at,
            modified_by=Origin(mechanism="test"),
        )
        edits.append(Edit(None, contact, Evidence(actor="person", mechanism="test")))
    for start in range(0, len(edits), 100):
        await save_many(brand, edits[start : start + 100])


async def newest_run(brand: Brand) -> Run:
    """The report of the last sweep."""
    (found, *_), _ = await brand.runs.page(Query(order_by="startedAt", descending=True))
    return found.record


def done(run: Run) -> Counter[str]:
    """What the sweep did, by rule and end."""
    return Counter({f"{r.rule}:{end}": count for r in run.rules for end, count in r.done.items()})


@pytest.mark.rule("RET-16")
@pytest.mark.rule("RET-17")
@settings(max_examples=25, deadline=None)
@given(PEOPLE)
async def test_a_sweep_does_what_its_preview_says_and_a_second_one_nothing_more(
    people: list[tuple[S, BrandOptIn, int, bool, bool]],
) -> None:
    async with fresh_world() as world:
        acme, ada = await world.brand(), (await world.ambassador()).id
        await aged(acme, ada, people)
        before = {contact.id: contact for contact in await world.contacts()}
        plan = [due async for due in sweep.preview(acme, world.clock.now(), acme.policy.durations)]
        assert {contact.id: contact for contact in await world.contacts()} == before
        await world.sweep()
        run = await newest_run(acme)
        assert run.state is RunState.DONE and run.finished_at and run.open_since is None
        assert done(run) == Counter(f"{due.rule}:{due.done}" for due in plan)
        assert {rule.rule: rule.due for rule in run.rules if rule.due} == Counter(due.rule for due in plan)
        touched = {due.id for due in plan}
        after = {contact.id: contact for contact in await world.contacts()}
        assert {id: c for id, c in after.items() if id not in touched} == {
            id: c for id, c in before.items() if id not in touched
        }
        await world.sweep()
        assert done(await newest_run(acme)) == Counter()
        assert {contact.id: contact for contact in await world.contacts()} == after
        assert await ledger_faults(world) == []


@pytest.mark.rule("RET-17")
async def test_a_preview_of_another_day_says_what_would_happen_then(world: World, acme: Brand, ada: str) -> None:
    (contact,) = await entered(world, ada, "grace@example.org")
    soon, then = world.clock.now() + days(29), world.clock.now() + days(30)
    assert [due async for due in sweep.preview(acme, soon, acme.policy.durations)] == []
    (due,) = [due async for due in sweep.preview(acme, then, acme.policy.durations)]
    assert (due.rule, due.id, due.ambassador, due.since) == (
        RuleId.NEVER_INVITED, contact.id, ada, contact.created_at,
    )  # fmt: skip


@pytest.mark.rule("BR-2")
async def test_a_changed_policy_counts_at_the_next_sweep_and_rewrites_nothing(
    world: World, acme: Brand, ada: str
) -> None:
    await entered(world, ada, "grace@example.org")
    world.clock.advance(days=10)
    await world.sweep()
    before = await world.contacts()
    await world.brands.save_policy("acme", acme.policy.changed(durations=Durations(new=10)))
    assert await world.contacts() == before
    await world.sweep()
    assert await world.contacts() == []


@pytest.mark.rule("RET-16")
async def test_two_workers_at_one_sweep_and_a_message_that_comes_twice_do_no_harm(
    world: World, acme: Brand, ada: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweep_pages, "A_PAGE", 3)
    await aged(acme, ada, [(S.OPT_OUT_EMAIL, BrandOptIn.NONE, 400, False, False)] * 10)
    run = await sweep.start_sweep(acme)
    assert run and await sweep.start_sweep(acme) is None
    await asyncio.gather(*(sweep.run_sweep(acme, run.id) for _ in range(3)))
    await world.drain()
    await sweep.run_sweep(acme, run.id)
    await sweep.run_sweep(acme, "unknown")
    assert (await newest_run(acme)).state is RunState.DONE
    assert all(contact.anonymised_at for contact in await world.contacts())
    assert await ledger_faults(world) == []


@pytest.mark.rule("RET-16")
async def test_a_long_sweep_goes_on_where_it_stopped_by_another_message(
    world: World, acme: Brand, ada: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweep_pages, "A_PAGE", 4)
    monkeypatch.setattr(sweep, "PAGES_A_MESSAGE", 2)
    await aged(acme, ada, [(S.INVITATION_SENT, BrandOptIn.NONE, 20, False, False)] * 30)
    run = await sweep.start_sweep(acme)
    assert run
    messages = 0
    while message := world.queue.pop(sweep.QUEUE):  # the mails wait meanwhile, so that all stay due
        messages += 1
        assert messages < 20
        await sweep.run_sweep(acme, message["run"])
    assert done(await newest_run(acme)) == {"RET-2:second_invitation_queued": 30}
    batches = [item.record for item in (await acme.batches.page(Query()))[0]]
    assert sum(len(batch.recipients) for batch in batches) == 30
    assert {batch.mail_kind for batch in batches} == {MailKind.SECOND_INVITATION}
    await world.drain()
    assert len(world.mailer.outbox) == 30


@pytest.mark.rule("RET-16")
@pytest.mark.rule("MAIL-4")
async def test_what_a_sweep_leaves_alone_is_reported_with_its_reason(world: World, acme: Brand, ada: str) -> None:
    (contact,) = await entered(world, ada, "grace@example.org")
    found = await acme.contacts.get(ada, contact.id)
    assert found
    claim = Outgoing(mail="m" * 8, kind=MailKind.INVITATION, at=world.clock.now())
    await acme.contacts.replace(found, found.record.changed(outgoing=claim))
    world.clock.advance(days=30)
    await world.sweep()
    report = (await newest_run(acme)).rules[0]
    assert (report.rule, report.due, dict(report.done), dict(report.skipped)) == (
        RuleId.NEVER_INVITED, 1, {}, {"mail_under_way": 1},
    )  # fmt: skip
    assert len(await world.contacts()) == 1


@pytest.mark.rule("RET-16")
async def test_a_record_that_changed_since_it_was_read_is_left_for_the_next_sweep(
    world: World, acme: Brand, ada: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = await entered(world, ada, "one@example.org", "two@example.org")
    world.clock.advance(days=30)
    judge = disposition.dispose

    def late(contact: Contact, *given: Any, **written: Any) -> object:
        return None if contact.id == made[0].id else judge(contact, *given, **written)

    monkeypatch.setattr(sweep_pages, "dispose", late)
    found = await acme.contacts.get(ada, made[1].id)
    assert found
    read = type(acme.contacts).page

    async def stale(collection: object, query: Query) -> object:
        page = await read(collection, query)  # type: ignore[arg-type]  # bound by hand
        if collection is acme.contacts and page[0]:
            await acme.contacts.replace(found, found.record.changed(city="Arlington"))
        return page

    run = await sweep.start_sweep(acme)
    assert run
    monkeypatch.setattr(type(acme.contacts), "page", stale)
    await sweep.run_sweep(acme, run.id)
    report = (await newest_run(acme)).rules[0]
    assert dict(report.skipped) == {"no_longer_due": 1, "changed_meanwhile": 1}
    assert len(await world.contacts()) == 2


@pytest.mark.rule("BR-3")
@pytest.mark.rule("DEL-6")
async def test_a_brand_that_is_suspended_sends_no_second_invitations() -> None:
    suspended = brand_record("acme").changed(status=BrandStatus.SUSPENDED)
    async with fresh_world(suspended) as world:
        acme, ada = await world.brand(), (await world.ambassador()).id
        await aged(acme, ada, [(S.INVITATION_SENT, BrandOptIn.NONE, 20, False, False)])
        await world.sweep()
        reports = {report.rule: dict(report.skipped) for report in (await newest_run(acme)).rules}
        assert reports[RuleId.FIRST_INVITATION] == {"brand_not_active": 1}
        assert world.mailer.outbox == []


@pytest.mark.rule("RET-19")
async def test_after_an_outage_the_second_invitation_still_has_its_full_interval(world: World, ada: str) -> None:
    await invited(world, ada, "grace@example.org")
    late = world.clock.advance(days=200)
    await world.sweep()
    grace = await world.contact_of("grace@example.org")
    assert (grace.ambassador_opt_in, grace.last_call_at) == (S.INVITATION_SENT, late)
    world.clock.advance(days=15, seconds=-1)
    await world.sweep()
    assert (await world.contact_of("grace@example.org")).ambassador_opt_in is S.INVITATION_SENT
    world.clock.advance(seconds=1)
    await world.sweep()
    assert (await world.contact_of("grace@example.org")).ambassador_opt_in is S.OPT_OUT_NO_ACTION


@pytest.mark.rule("RET-15")
@pytest.mark.rule("RET-5")
async def test_a_consent_to_the_brand_keeps_its_part_until_the_brands_own_day(
    world: World, acme: Brand, ada: str
) -> None:
    await aged(acme, ada, [(S.OPT_OUT_EMAIL, BrandOptIn.BLOG, 365, False, False)])
    await world.sweep()
    (left,) = await world.contacts()
    assert left.detached_at and left.email and not left.anonymised_at
    world.clock.advance(days=1095 - 365)
    await world.sweep()
    (gone,) = await world.contacts()
    assert gone.anonymised_at and gone.email is None
    assert await ledger_faults(world) == []


@pytest.mark.rule("RET-18")
async def test_a_sweep_that_would_take_too_many_stops_before_the_first_until_the_very_plan_is_confirmed() -> None:
    async with fresh_world(brand_record("acme", sweep_guard=SweepGuard(share=0.4, records=3))) as world:
        acme, ada = await world.brand(), (await world.ambassador()).id
        await aged(acme, ada, [(S.NEW, BrandOptIn.NONE, 40, False, False)] * 4)
        bob = (await world.ambassador(email="bob@example.org")).id
        await aged(acme, bob, [(S.NEW, BrandOptIn.NONE, 1, False, False)] * 2)
        await world.sweep()
        waiting = await newest_run(acme)
        assert (waiting.state, len(await world.contacts())) == (RunState.AWAITING_CONFIRMATION, 6)
        assert waiting.plan and waiting.held and waiting.rules[0].due == 4
        world.clock.advance(days=1)
        assert await sweep.start_sweep(acme) is None
        for run, plan in ((waiting.id, "another plan"), ("unknown", waiting.plan)):
            with pytest.raises((ChangedMeanwhileError, UnknownObjectError)):
                await sweep.confirm(acme, run, plan, "staff-1")
        confirmed = await sweep.confirm(acme, waiting.id, waiting.plan, "staff-1")
        assert (confirmed.state, confirmed.confirmed_by) == (RunState.RUNNING, "staff-1")
        assert (await sweep.confirm(acme, waiting.id, waiting.plan, "staff-2")).confirmed_by == "staff-1"
        await world.drain()
        assert len(await world.contacts()) == 2
        assert done(await newest_run(acme)) == {"RET-1:deleted": 4}


@pytest.mark.rule("RET-18")
async def test_a_plan_that_changed_since_it_was_shown_is_shown_anew() -> None:
    async with fresh_world(brand_record("acme", sweep_guard=SweepGuard(share=0.1, records=3))) as world:
        acme, ada = await world.brand(), (await world.ambassador()).id
        await aged(acme, ada, [(S.NEW, BrandOptIn.NONE, 40, False, False)] * 5)
        await world.sweep()
        shown = await newest_run(acme)
        contact = (await world.contacts())[0]
        await invite.invite(acme, ada, [contact.id])
        await world.drain()
        with pytest.raises(ChangedMeanwhileError):
            await sweep.confirm(acme, shown.id, shown.plan or "", "staff-1")
        fresh = await newest_run(acme)
        assert fresh.plan != shown.plan and fresh.rules[0].due == 4 and len(await world.contacts()) == 5
        await sweep.confirm(acme, fresh.id, fresh.plan or "", "staff-1")
        await world.drain()
        assert [left.id for left in await world.contacts()] == [contact.id]


@pytest.mark.rule("RET-18")
@pytest.mark.parametrize(("records", "share"), [(5, 0.1), (3, 1.0)])
async def test_a_sweep_under_either_limit_needs_nobody(records: int, share: float) -> None:
    async with fresh_world(brand_record("acme", sweep_guard=SweepGuard(share=share, records=records))) as world:
        acme, ada = await world.brand(), (await world.ambassador()).id
        await aged(acme, ada, [(S.NEW, BrandOptIn.NONE, 40, False, False)] * 5)
        await world.sweep()
        assert await world.contacts() == []


@pytest.mark.rule("RET-17")
@pytest.mark.rule("DEL-9")
async def test_the_preview_names_lapsed_sign_ups_too(world: World, acme: Brand) -> None:
    account = await world.ambassador()
    found = await acme.ambassadors.get(account.id, account.id)
    assert found
    waiting = account.changed(status=AccountStatus.UNCONFIRMED).settled(acme.hasher)
    await acme.ambassadors.replace(found, waiting)
    (due,) = [due async for due in sweep.preview(acme, world.clock.now() + days(15), acme.policy.durations)]
    assert (due.rule, due.id) == (RuleId.UNCONFIRMED_SIGN_UP, account.id)
