"""Ambassadors who leave, are removed, come back in time, or are forgotten with their contacts (DEL-1…4, RET-8)."""

from datetime import timedelta
from typing import Any

import pytest

from shared.domain.ambassador import AccountStatus, Ambassador, LeftBecause
from shared.domain.consent import AmbassadorOptIn, BrandOptIn
from shared.domain.contact import Contact, Origin, Outgoing
from shared.domain.contact import MailKind as Kind
from shared.domain.disposition import Done
from shared.domain.errors import (
    NotRestorableError,
    SuppressedError,
    UnauthenticatedError,
    UnknownObjectError,
)
from shared.domain.jobs import JobState, RunState
from shared.domain.ledger import Evidence
from shared.domain.policy import Durations, StatusAction, SweepGuard
from shared.domain.retention import RuleId
from shared.ports import Query, StaleError
from shared.usecases import claims, contacts, farewell, import_contacts, invite, leaving, sessions, sign_up, sweep
from shared.usecases.answer import Answer
from shared.usecases.brand_care import change_status
from shared.usecases.brands import Brand
from shared.usecases.collections import Versioned
from shared.usecases.saving import Edit, save
from shared.usecases.sign_up import SignUp
from tests.support.acts import answered, entered, invited, ledger_faults, opted_out
from tests.support.records import days
from tests.support.world import World
from tests.usecases.test_accounts import ADA, FIELDS, PASSWORD, confirmed, signed_up

S, B = AmbassadorOptIn, BrandOptIn
GRACE, HEDY, JOAN = "grace@example.org", "hedy@example.org", "joan@example.org"


async def account_of(brand: Brand, id: str) -> Ambassador:
    found = await brand.ambassadors.get(id, id)
    assert found
    return found.record


async def member(world: World) -> tuple[Brand, str]:
    """The brand, and the id of Ada's account in it."""
    acme = await confirmed(world)
    account = await claims.by_email(acme, ADA)
    assert account
    return acme, account.record.id


async def left(world: World) -> tuple[Brand, str]:
    acme, ada = await member(world)
    caller = await sessions.caller(acme, (await sessions.sign_in(acme, ADA, PASSWORD)).token)
    await leaving.leave(caller)
    await world.drain()
    return acme, ada


async def seeded(
    world: World,
    ambassador: str,
    email: str,
    state: AmbassadorOptIn = S.OPT_IN_OTHER,
    brand_side: BrandOptIn = B.NONE,
    **fields: Any,
) -> Contact:
    """A contact as it is after some history."""
    acme, now = await world.brand(), world.clock.now()
    contact = Contact(
        ambassador_id=ambassador, email=email, first_name="Friend", comments="met at a fair", ambassador_opt_in=state,
        **{"ambassador_opt_in_at": now, **fields}, brand_opt_in=brand_side, brand_opt_in_at=now, created_at=now,
        created_by=Origin(mechanism="crm"), modified_at=now, modified_by=Origin(mechanism="crm"),
    )  # fmt: skip
    return (await save(acme, Edit(None, contact, Evidence(actor="system", mechanism="migration")))).record


@pytest.mark.rule("DEL-1")
async def test_DEL_1_access_of_every_session_ends_at_its_next_request_and_a_mail_says_until_when(world: World) -> None:
    acme, ada = await member(world)
    tokens = [(await sessions.sign_in(acme, ADA, PASSWORD)).token for _ in range(2)]
    due = await leaving.leave(await sessions.caller(acme, tokens[0]))
    assert due == world.clock.now() + days(7)
    for token in tokens:
        with pytest.raises(UnauthenticatedError):
            await sessions.caller(acme, token)
    with pytest.raises(UnauthenticatedError):
        await sessions.sign_in(acme, ADA, PASSWORD)
    assert await claims.by_blog_alias(acme, "ada") is None
    await world.drain()
    mail = world.mailer.sent_to(ADA)[-1]
    assert mail.subject == "Your Acme ambassador account has ended" and "8 January 2030" in mail.text
    account = await account_of(acme, ada)
    assert (account.status, account.left_because) == (AccountStatus.LEAVING, LeftBecause.UNSUBSCRIBED)


@pytest.mark.rule("DEL-1")
async def test_DEL_1_no_mail_goes_in_the_name_of_who_left_and_an_old_link_opens_no_account(world: World) -> None:
    token = await signed_up(world)
    ada = (await sign_up.confirm_sign_up(world.brands, token)).account.id
    acme = await world.brand()
    await entered(world, ada, GRACE)
    await leaving.remove(acme, ada, "staff:s")
    await invite.invite(acme, ada, None)
    await world.drain()
    assert world.mailer.sent_to(GRACE) == []
    with pytest.raises(UnknownObjectError):
        await sign_up.confirm_sign_up(world.brands, token)
    assert (await account_of(acme, ada)).status is AccountStatus.LEAVING
    await sign_up.sign_up(acme, SignUp(ADA, PASSWORD, FIELDS), None)
    await world.drain()
    assert "has ended your ambassador account" in world.mailer.sent_to(ADA)[-1].subject


@pytest.mark.rule("DEL-2")
async def test_DEL_2_the_brand_removes_an_account_once_whoever_else_asks_too(world: World) -> None:
    acme, ada = await member(world)
    due = await leaving.remove(acme, ada, "staff:s")
    world.clock.advance(days=1)
    assert await leaving.remove(acme, ada, "brand", LeftBecause.DIRECTORY) == due
    assert (await account_of(acme, ada)).left_because is LeftBecause.REMOVED
    (entry,) = [i.record async for page in acme.ledger.pages(Query(partition=ada)) for i in page]
    assert (entry.before, entry.after) == ({"status": "active"}, {"status": "leaving"})
    assert (entry.evidence.actor, entry.evidence.mechanism) == ("staff:s", "removed")


@pytest.mark.rule("DEL-2")
async def test_DEL_2_a_sign_up_and_what_is_left_of_an_account_are_unknown(world: World, acme: Brand) -> None:
    await signed_up(world)
    waiting = await claims.by_email(acme, ADA)
    assert waiting
    gone = (await world.ambassador(email="b@example.org")).changed(status=AccountStatus.ANONYMISED)
    current = await acme.ambassadors.get(gone.id, gone.id)
    assert current
    await acme.ambassadors.replace(current, gone)
    for id in (waiting.record.id, gone.id, "nobody"):
        for act in (leaving.remove, leaving.restore):
            with pytest.raises(UnknownObjectError):
                await act(acme, id, "staff:s")


@pytest.mark.rule("DEL-3")
async def test_DEL_3_restored_in_time_all_is_back_but_the_sessions(world: World) -> None:
    acme, ada = await member(world)
    await entered(world, ada, GRACE)
    before, book = await account_of(acme, ada), await world.contacts()
    token = (await sessions.sign_in(acme, ADA, PASSWORD)).token
    await leaving.leave(await sessions.caller(acme, token))
    world.clock.advance(days=7, seconds=-1)
    await world.sweep()
    for _ in range(2):
        back = await leaving.restore(acme, ada, "staff:s")
    assert back == before.changed(proof=back.proof, last_login_at=back.last_login_at)
    assert await world.contacts() == book
    with pytest.raises(UnauthenticatedError):
        await sessions.caller(acme, token)
    await sessions.sign_in(acme, ADA, PASSWORD)
    assert (await claims.by_blog_alias(acme, "ada")) is not None
    entries = [i.record async for page in acme.ledger.pages(Query(partition=ada)) for i in page]
    assert [entry.after["status"] for entry in sorted(entries, key=lambda e: e.seq)] == ["leaving", "active"]
    assert await ledger_faults(world) == []
    world.clock.advance(days=3)
    await world.sweep()
    assert (await account_of(acme, ada)).status is AccountStatus.ACTIVE


@pytest.mark.rule("DEL-3")
@pytest.mark.rule("RET-8")
async def test_DEL_3_after_the_grace_period_nothing_is_restored_also_before_the_sweep(world: World) -> None:
    acme, ada = await left(world)
    world.clock.advance(days=7)
    with pytest.raises(NotRestorableError):
        await leaving.restore(acme, ada, "staff:s")


@pytest.mark.rule("RET-8")
@pytest.mark.rule("DEL-1")
@pytest.mark.rule("DEL-4")
async def test_RET_8_after_seven_days_account_and_contacts_are_anonymised_but_those_of_the_brand(world: World) -> None:
    acme, ada = await member(world)
    await invited(world, ada, GRACE)
    await answered(world, GRACE, Answer.ACCEPT)
    ends = {
        B.NONE: "anonymised", B.STORAGE_ONLY: "the brand's", B.BLOG: "the brand's", B.BRAND_DATABASE: "the brand's"
    }  # fmt: skip
    for brand_side in ends:
        await seeded(world, ada, f"{brand_side.value}@example.org", brand_side=brand_side)
    pending = await seeded(world, ada, "pending@example.org", S.BLOG_PENDING, becomes=S.OPT_IN_BLOG)
    held = {contact.id: contact for contact in await world.contacts()}
    await leaving.remove(acme, ada, "staff:s")
    world.clock.advance(days=7)
    await world.sweep()
    account = await account_of(acme, ada)
    assert (account.status, account.email, account.first_name) == (AccountStatus.ANONYMISED, "", "")
    assert [i async for page in acme.claims.pages(Query()) for i in page] == []
    after = {contact.id: contact for contact in await world.contacts()}
    assert pending.id not in after
    for id, contact in after.items():
        if held[id].brand_opt_in is B.NONE:
            assert contact.anonymised_at and not contact.email and contact.email_hash
        else:
            assert contact.detached_at and contact.email == held[id].email and not contact.comments
            assert contact.clock and contact.clock.rule is RuleId.INACTIVE
            assert contact.clock.since == held[id].brand_opt_in_at
    assert await ledger_faults(world) == []
    await signed_up(world)  # the address is free
    assert (await claims.by_email(acme, ADA)) is not None


@pytest.mark.rule("RET-8")
@pytest.mark.rule("RET-17")
async def test_RET_8_the_sweep_does_and_reports_what_the_preview_shows(world: World) -> None:
    acme, ada = await left(world)
    for n in range(3):
        await seeded(world, ada, f"c{n}@example.org")
    await seeded(world, ada, JOAN, brand_side=B.BLOG)
    await seeded(world, ada, HEDY, S.OPT_OUT_EMAIL, ambassador_opt_in_at=world.clock.now() - days(400))
    at = world.clock.now() + days(7)
    assert [
        due async for due in sweep.preview(acme, at - timedelta(seconds=1), Durations()) if due.rule == "RET-8"
    ] == []
    expected: dict[tuple[str, str], int] = {}
    async for due in sweep.preview(acme, at, Durations()):
        expected[due.rule, due.done] = expected.get((due.rule, due.done), 0) + 1
    assert expected == {
        (RuleId.OPTED_OUT, Done.ANONYMISED): 1,
        (RuleId.LEFT, Done.ANONYMISED): 4,
        (RuleId.LEFT, Done.LEFT_TO_THE_BRAND): 1,
    }
    world.clock.advance(days=7)
    await world.sweep()
    (run,) = [i.record async for page in acme.runs.pages(Query()) for i in page]
    done = {(report.rule, what): count for report in run.rules for what, count in report.done.items()}
    assert (run.state, done) == (RunState.DONE, expected)
    assert {report.rule: report.due for report in run.rules if report.due} == {RuleId.OPTED_OUT: 1, RuleId.LEFT: 5}
    await world.sweep()
    second = max([i.record async for page in acme.runs.pages(Query()) for i in page], key=lambda r: r.started_at)
    assert not any(report.due or report.done for report in second.rules if second.id != run.id)


@pytest.mark.rule("RET-18")
async def test_RET_18_many_contacts_of_one_leaver_stop_the_sweep_before_the_first(world: World) -> None:
    acme, ada = await left(world)
    policy = acme.policy.changed(sweep_guard=SweepGuard(share=0.01, records=3))
    await world.brands.save_policy("acme", policy)
    for n in range(3):
        await seeded(world, ada, f"c{n}@example.org")
    world.clock.advance(days=7)
    await world.sweep()
    (run,) = [i.record async for page in acme.runs.pages(Query()) for i in page]
    assert run.state is RunState.AWAITING_CONFIRMATION
    assert (await account_of(acme, ada)).status is AccountStatus.LEAVING
    await sweep.confirm(await world.brand(), run.id, run.plan or "", "s")
    await world.drain()
    assert (await account_of(acme, ada)).status is AccountStatus.ANONYMISED


@pytest.mark.rule("RET-8")
async def test_RET_8_several_leavers_with_pages_of_contacts_go_in_one_sweep(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(farewell, "A_PAGE", 2)
    monkeypatch.setattr(sweep, "PAGES_A_MESSAGE", 2)
    acme = await world.brand()
    people = [(await world.ambassador(email=f"a{n}@example.org")).id for n in range(3)]
    staying = (await world.ambassador(email="stays@example.org")).id
    for ambassador in (*people, staying):
        await entered(world, ambassador, *(f"c{n}@example.org" for n in range(5)))
    for ambassador in people:
        await leaving.remove(acme, ambassador, "brand")
    world.clock.advance(days=7)
    await world.sweep()
    for ambassador in people:
        assert (await account_of(acme, ambassador)).status is AccountStatus.ANONYMISED
    live = [contact.ambassador_id for contact in await world.contacts() if contact.email]
    assert live == [staying] * 5


@pytest.mark.rule("RET-14")
async def test_RET_14_a_restricted_contact_waits_though_its_ambassador_is_gone(world: World) -> None:
    acme, ada = await left(world)
    kept = await seeded(world, ada, GRACE, restricted_at=world.clock.now())
    await seeded(world, ada, HEDY)
    world.clock.advance(days=7)
    await world.sweep()
    assert (await account_of(acme, ada)).status is AccountStatus.ANONYMISED
    assert [c for c in await world.contacts() if c.email] == [kept]
    current = await acme.contacts.get(ada, kept.id)
    assert current
    await world.sweep()
    assert [c for c in await world.contacts() if c.email] == [kept]
    await save(acme, Edit(current, kept.changed(restricted_at=None)))
    await world.sweep()  # the very next one: its day is long over
    assert not [c for c in await world.contacts() if c.email]
    assert (await account_of(acme, ada)).clock is None


@pytest.mark.rule("RET-8")
async def test_RET_8_with_a_mail_under_way_the_account_waits_for_the_next_sweep(world: World) -> None:
    acme, ada = await left(world)
    claim = Outgoing(mail="a" * 8, kind=Kind.PUBLICATION, at=world.clock.now())
    waiting = await seeded(world, ada, GRACE, outgoing=claim)
    await seeded(world, ada, HEDY)
    world.clock.advance(days=7)
    await world.sweep()
    account = await account_of(acme, ada)
    assert account.status is AccountStatus.LEAVING and account.email == ADA
    with pytest.raises(NotRestorableError):  # a part of the book is gone
        await leaving.restore(acme, ada, "staff:s")
    current = await acme.contacts.get(ada, waiting.id)
    assert current
    await save(acme, Edit(current, waiting.changed(outgoing=None)))
    await world.sweep()
    assert (await account_of(acme, ada)).status is AccountStatus.ANONYMISED
    assert not [c for c in await world.contacts() if c.email]


@pytest.mark.rule("DEL-3")
async def test_DEL_3_restored_in_the_moment_of_the_sweep_one_of_the_two_wins(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    acme, ada = await left(world)
    await entered(world, ada, GRACE)
    world.clock.advance(days=7)
    acme = await world.brand()
    read = acme.ambassadors.page

    async def restored_meanwhile(query: Query) -> tuple[list[Versioned[Ambassador]], str | None]:
        page = await read(query)
        for item in page[0] if query.limit == 1 else ():
            back = item.record.changed(status=AccountStatus.ACTIVE, left_at=None)
            await acme.ambassadors.replace(item, back.settled(acme.hasher))
        return page

    monkeypatch.setattr(acme.ambassadors, "page", restored_meanwhile)
    await world.sweep()
    assert (await account_of(acme, ada)).status is AccountStatus.ACTIVE
    assert (await world.contact_of(GRACE)).email == GRACE


@pytest.mark.rule("SUP-5")
async def test_SUP_5_what_is_left_of_the_contacts_keeps_its_hash_and_a_global_opt_out_stands(world: World) -> None:
    acme, ada = await member(world)
    await invited(world, ada, GRACE)
    await opted_out(world, GRACE)
    await leaving.remove(acme, ada, "brand")
    world.clock.advance(days=7)
    await world.sweep()
    with pytest.raises(SuppressedError):
        await contacts.enter(acme, ada, {"email": GRACE})
    other = (await world.ambassador(email="bea@example.org")).id
    assert (await contacts.enter(acme, other, {"email": GRACE}))[1]


async def test_leaving_goes_through_though_somebody_is_faster(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    acme, ada = await member(world)
    replace, slow = acme.ambassadors.replace, [True, True]

    async def stale_at_first(before: Versioned[Ambassador], after: Ambassador) -> Versioned[Ambassador]:
        if slow:
            slow.pop()
            raise StaleError
        return await replace(before, after)

    monkeypatch.setattr(acme.ambassadors, "replace", stale_at_first)
    await leaving.remove(acme, ada, "brand")
    assert (await account_of(acme, ada)).status is AccountStatus.LEAVING
    assert await ledger_faults(world) == []


@pytest.mark.rule("DEL-1")
@pytest.mark.rule("COL-14")
async def test_DEL_1_an_import_under_way_takes_nobody_in_for_who_left_and_its_file_is_gone(world: World) -> None:
    acme, ada = await member(world)
    job = await import_contacts.start_import(acme, ada, GRACE.encode(), "emails")
    await leaving.remove(acme, ada, "brand")
    await world.drain()
    ended = await import_contacts.get_job(acme, ada, job.id)
    assert (ended.state, ended.failure, ended.open_since) == (JobState.FAILED, "ambassador_left", None)
    assert await world.contacts() == [] and world.files.files == {}


@pytest.mark.rule("DEL-6")
@pytest.mark.rule("DEL-1")
@pytest.mark.rule("MAIL-3")
async def test_DEL_6_the_mail_of_a_suspension_has_a_link_that_leaves_by_a_press(world: World) -> None:
    acme, ada = await member(world)
    await change_status(world.brands, "acme", StatusAction.SUSPEND, "a pause", "staff:s")
    await world.drain()
    token = world.mailer.sent_to(ADA)[-1].text.partition("/l/")[2].split()[0]
    asked = await leaving.open_leave_link(world.brands, token)
    assert (asked.until, (await account_of(acme, ada)).status) == (None, AccountStatus.ACTIVE)
    for _ in range(2):
        assert (await leaving.leave_by_link(asked)).until == world.clock.now() + days(7)
    account = await account_of(acme, ada)
    assert (account.status, account.left_because) == (AccountStatus.LEAVING, LeftBecause.UNSUBSCRIBED)
    assert (await leaving.open_leave_link(world.brands, token)).until == world.clock.now() + days(7)
    with pytest.raises(UnknownObjectError):
        await leaving.open_leave_link(world.brands, token[:-2])
    for action in (StatusAction.RESUME, StatusAction.END):
        await change_status(world.brands, "acme", action, "it is over", "staff:s")
        with pytest.raises(UnknownObjectError):
            await leaving.open_leave_link(world.brands, token)
