"""Ambassadors who do not log in: warned twice, then forgotten with their contacts; a log-in cancels (RET-7, RET-19)."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from shared.domain.ambassador import AccountStatus
from shared.domain.consent import AmbassadorOptIn, BrandOptIn
from shared.domain.contact import MailKind, Outgoing
from shared.domain.disposition import Done
from shared.domain.errors import NotRestorableError, UnauthenticatedError
from shared.domain.inactivity import forgotten_at
from shared.domain.policy import Durations, StatusAction
from shared.domain.retention import RuleId
from shared.ports import Fate, OutgoingMail
from shared.usecases import leaving, sessions, sweep
from shared.usecases.brand_care import change_status
from shared.usecases.brands import Brand
from tests.support.acts import ledger_faults
from tests.support.records import days
from tests.support.world import World
from tests.usecases.test_accounts import ADA, PASSWORD
from tests.usecases.test_leaving import GRACE, HEDY, account_of, member, seeded

YEARS = 3 * 365


def warnings(world: World) -> list[OutgoingMail]:
    return [mail for mail in world.mailer.sent_to(ADA) if "will be erased" in mail.subject]


async def pass_days(world: World, count: int, sweeping: int = 1) -> None:
    """Days go by, with the sweep of each."""
    for _ in range(0, count, sweeping):
        world.clock.advance(days=sweeping)
        await world.sweep()


async def absent(world: World, for_days: int = YEARS - 31) -> tuple[Brand, str, datetime]:
    """Ada, with a contact of hers and one that agreed with the brand, some days after her last log-in."""
    acme, ada = await member(world)
    world.clock.advance(days=10)
    await sessions.sign_in(acme, ADA, PASSWORD)
    since = world.clock.now()
    world.clock.advance(days=for_days)
    recent = world.clock.now()
    for email, state, brand_side in ((GRACE, AmbassadorOptIn.OPT_IN_OTHER, BrandOptIn.NONE),
                                     (HEDY, AmbassadorOptIn.OPT_IN_BLOG, BrandOptIn.BLOG)):  # fmt: skip
        await seeded(world, ada, email, state, brand_side, last_activity_at=recent)
    return await world.brand(), ada, since


@pytest.mark.rule("RET-7")
@pytest.mark.rule("RET-8")
async def test_RET_7_two_warnings_then_the_account_goes_with_its_contacts(world: World) -> None:
    acme, ada, since = await absent(world)
    await world.sweep()
    assert warnings(world) == []
    left: dict[datetime, str] = {}
    while (await account_of(acme, ada)).status is AccountStatus.ACTIVE:
        await pass_days(world, 1)
        for mail in warnings(world)[len(left) :]:
            left[world.clock.now()] = mail.text
        assert world.clock.now() <= since + days(YEARS)
    assert list(left) == [since + days(YEARS - 30), since + days(YEARS - 15)]
    assert all(f"{(since + days(YEARS)).day} January 2033" in text for text in left.values())
    assert world.clock.now() == since + days(YEARS)
    account = await account_of(acme, ada)
    assert (account.status, account.email, account.warned) == (AccountStatus.ANONYMISED, "", ())
    grace, hedy = sorted(await world.contacts(), key=lambda contact: contact.email is not None)
    assert grace.anonymised_at
    assert (hedy.email, hedy.detached_at) == (HEDY, world.clock.now())
    with pytest.raises(UnauthenticatedError):
        await sessions.sign_in(acme, ADA, PASSWORD)
    assert await ledger_faults(world) == []


@pytest.mark.rule("RET-7")
@pytest.mark.parametrize("after", [1, 16, 29])
async def test_RET_7_a_log_in_cancels_at_any_time_before(world: World, after: int) -> None:
    acme, ada, _ = await absent(world)
    await pass_days(world, after)
    sent = len(warnings(world))
    await sessions.sign_in(acme, ADA, PASSWORD)
    account = await account_of(acme, ada)
    assert (account.warned, account.owed) == ((), ())
    await pass_days(world, 100, sweeping=5)
    assert (await account_of(acme, ada)).status is AccountStatus.ACTIVE
    assert len(warnings(world)) == sent


@pytest.mark.rule("RET-19")
async def test_RET_19_after_an_outage_warnings_and_end_are_never_closer_than_their_interval(world: World) -> None:
    acme, ada, _ = await absent(world, for_days=YEARS + 400)
    when: list[datetime] = []
    for _ in range(40):
        await world.sweep()
        if len(warnings(world)) > len(when):
            when.append(world.clock.now())
        if (await account_of(acme, ada)).status is not AccountStatus.ACTIVE:
            break
        world.clock.advance(days=1)
    first, second = when
    assert (second - first, world.clock.now() - second) == (days(15), days(15))


@pytest.mark.rule("RET-7")
@pytest.mark.rule("RET-19")
async def test_RET_7_a_warning_that_did_not_leave_is_none(world: World) -> None:
    acme, ada, _ = await absent(world, for_days=YEARS)
    world.mailer.always_for(ADA, Fate.REFUSED)
    await pass_days(world, 40, sweeping=4)
    account = await account_of(acme, ada)
    assert (account.status, account.warned) == (AccountStatus.ACTIVE, ())
    world.mailer.always_for(ADA, Fate.SENT)
    await pass_days(world, 20, sweeping=4)
    assert len((await account_of(acme, ada)).warned) == 2
    await pass_days(world, 16, sweeping=4)
    assert (await account_of(acme, ada)).status is AccountStatus.ANONYMISED


@pytest.mark.rule("RET-7")
@pytest.mark.rule("DEL-6")
async def test_RET_7_a_suspended_brand_warns_nobody_and_so_forgets_nobody(world: World) -> None:
    acme, ada, _ = await absent(world)
    await change_status(world.brands, "acme", StatusAction.SUSPEND, "a pause", "staff:s")
    await pass_days(world, 60, sweeping=10)
    assert warnings(world) == []
    assert (await account_of(acme, ada)).status is AccountStatus.ACTIVE
    await change_status(world.brands, "acme", StatusAction.RESUME, "it goes on", "staff:s")
    await pass_days(world, 1)
    assert len(warnings(world)) == 1


@pytest.mark.rule("RET-7")
@pytest.mark.rule("BR-2")
async def test_RET_7_a_longer_policy_gives_the_time_back_and_warns_again(world: World) -> None:
    acme, ada, since = await absent(world)
    await pass_days(world, 17)
    longer = acme.policy.durations.changed(inactive_ambassador=1500)
    await world.brands.save_policy("acme", acme.policy.changed(durations=longer))
    await pass_days(world, 20)
    account = await account_of(acme, ada)
    assert (account.status, account.warned) == (AccountStatus.ACTIVE, ())
    while (await account_of(acme, ada)).status is AccountStatus.ACTIVE:
        await pass_days(world, 5)
    assert since + days(1500) <= world.clock.now() < since + days(1505)
    assert len(warnings(world)) == 4


@pytest.mark.rule("RET-17")
@pytest.mark.rule("RET-7")
async def test_RET_17_a_preview_says_who_would_be_warned_and_who_forgotten(world: World) -> None:
    acme, ada, _ = await absent(world)
    seen: list[tuple[RuleId, Done]] = []
    for _ in range(3):
        world.clock.advance(days=15)
        shown = [due async for due in sweep.preview(acme, world.clock.now(), acme.policy.durations)]
        seen += [(due.rule, due.done) for due in shown if due.ambassador == ada]
        await world.sweep()
    assert seen == [
        (RuleId.NO_LOG_IN, Done.WARNING_QUEUED),
        (RuleId.WARNED, Done.WARNING_QUEUED),
        *[(RuleId.WARNED_TWICE, done) for done in (Done.ANONYMISED, Done.LEFT_TO_THE_BRAND, Done.ANONYMISED)],
    ]


@pytest.mark.rule("RET-7")
async def test_RET_7_who_is_being_forgotten_is_not_brought_back(world: World) -> None:
    acme, ada, _ = await absent(world)
    held = await seeded(world, ada, "held@example.org", last_activity_at=world.clock.now())
    await pass_days(world, 32, sweeping=16)
    current = await acme.contacts.get(ada, held.id)
    assert current
    claim = Outgoing(mail="m", kind=MailKind.PUBLICATION, at=world.clock.now())
    await acme.contacts.replace(current, current.record.changed(outgoing=claim))
    await pass_days(world, 16, sweeping=16)
    account = await account_of(acme, ada)
    assert (account.status, account.erasing_since is not None) == (AccountStatus.LEAVING, True)
    with pytest.raises(NotRestorableError):
        await leaving.restore(acme, ada, "staff:s")
    current = await acme.contacts.get(ada, held.id)
    assert current
    await acme.contacts.replace(current, current.record.changed(outgoing=None))
    await pass_days(world, 1)
    assert (await account_of(acme, ada)).status is AccountStatus.ANONYMISED


@pytest.mark.rule("RET-7")
async def test_RET_7_who_never_logged_in_counts_from_the_confirmation(world: World, acme: Brand) -> None:
    account = await world.ambassador(email="never@example.org")
    assert account.last_login_at is None
    assert account.last_seen_at == account.confirmed_at
    durations = Durations()
    now = world.clock.now() + timedelta(days=YEARS - 30)
    assert forgotten_at(account, now, durations) == account.last_seen_at + days(YEARS)
    assert forgotten_at(account, now + days(50), durations) == now + days(80)
    known: Any = account.clock
    assert known.rule is RuleId.NO_LOG_IN
