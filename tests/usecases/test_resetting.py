"""Forgotten passwords (AMB-7)."""

from collections.abc import AsyncIterator

import pytest

from shared.adapters.sqlite import SqliteStore
from shared.domain.ambassador import AccountStatus
from shared.domain.errors import TooManyRequestsError, UnauthenticatedError, UnknownObjectError
from shared.ports import OutgoingMail
from shared.usecases import account_mails, claims, leaving, resetting, sessions
from shared.usecases.brands import Brand
from tests.support.acts import fresh_world, token_of
from tests.support.counting import CountingStore
from tests.support.world import World
from tests.usecases.test_accounts import ADA, PASSWORD, confirmed, signed_up

NEW = "another good password"


async def asked(world: World, email: str = ADA) -> OutgoingMail:
    """The mail after the password was forgotten."""
    await resetting.forget_password(await world.brand(), email, "192.0.2.1")
    await world.drain()
    return world.mailer.sent_to(email)[-1]


async def link(world: World) -> str:
    return token_of(await asked(world), "p")


@pytest.mark.rule("AMB-7")
async def test_AMB_7_the_link_sets_another_password_and_ends_all_sessions(world: World) -> None:
    acme = await confirmed(world)
    session = (await sessions.sign_in(acme, ADA, PASSWORD)).token
    token = await link(world)
    await sessions.caller(acme, session)  # asking alone ends nothing
    await resetting.open_reset(world.brands, token)
    await resetting.save_password(world.brands, token, NEW)
    with pytest.raises(UnauthenticatedError):
        await sessions.caller(acme, session)
    with pytest.raises(UnauthenticatedError):
        await sessions.sign_in(acme, ADA, PASSWORD)
    await sessions.sign_in(acme, ADA, NEW)


@pytest.mark.rule("AMB-7")
@pytest.mark.rule("MAIL-3")
async def test_AMB_7_a_link_works_once_and_repeating_the_press_changes_nothing(world: World) -> None:
    acme = await confirmed(world)
    token = await link(world)
    await resetting.save_password(world.brands, token, NEW)
    session = (await sessions.sign_in(acme, ADA, NEW)).token
    await resetting.save_password(world.brands, token, NEW)  # the press that came twice
    await sessions.caller(acme, session)
    with pytest.raises(UnknownObjectError):
        await resetting.save_password(world.brands, token, "a third password")
    with pytest.raises(UnknownObjectError):
        await resetting.open_reset(world.brands, token)
    await sessions.sign_in(acme, ADA, NEW)


@pytest.mark.rule("AMB-7")
async def test_AMB_7_a_newer_link_makes_the_older_one_void(world: World) -> None:
    acme = await confirmed(world)
    older, newer = await link(world), await link(world)
    with pytest.raises(UnknownObjectError):
        await resetting.save_password(world.brands, older, NEW)
    await sessions.sign_in(acme, ADA, PASSWORD)
    await resetting.save_password(world.brands, newer, NEW)


@pytest.mark.rule("AMB-7")
@pytest.mark.rule("MAIL-3")
async def test_AMB_7_a_link_holds_for_one_hour_and_for_its_brand(world: World) -> None:
    await confirmed(world)
    token = await link(world)
    with pytest.raises(UnknownObjectError):
        await resetting.save_password(world.brands, token, NEW, "globex")
    world.clock.advance(minutes=59)
    await resetting.open_reset(world.brands, token)
    world.clock.advance(minutes=1)
    with pytest.raises(UnknownObjectError):
        await resetting.save_password(world.brands, token, NEW)


@pytest.mark.rule("AMB-7")
async def test_AMB_7_a_link_of_an_account_that_ended_sets_nothing(world: World) -> None:
    acme = await confirmed(world)
    token = await link(world)
    account = await claims.by_email(acme, ADA)
    assert account
    await leaving.remove(acme, account.record.id, "brand")
    with pytest.raises(UnknownObjectError):
        await resetting.save_password(world.brands, token, NEW)
    assert "has ended" in (await asked(world)).subject


@pytest.mark.rule("AMB-6")
@pytest.mark.rule("AMB-7")
async def test_AMB_7_who_did_not_confirm_gets_the_confirmation_again_and_a_stranger_nothing(world: World) -> None:
    await signed_up(world)
    mail = await asked(world)
    assert "/c/" in mail.text and "/p/" not in mail.text and len(world.mailer.outbox) == 2
    await resetting.forget_password(await world.brand(), "stranger@example.org", None)
    await world.drain()
    assert len(world.mailer.outbox) == 2


async def test_an_account_without_a_password_gets_none_by_mail(world: World, acme: Brand) -> None:
    account = await world.ambassador()
    assert account.status is AccountStatus.ACTIVE and account.password_hash is None
    await claims.bind(acme, account)
    await resetting.forget_password(acme, ADA, None)
    await world.drain()
    assert world.mailer.outbox == []


@pytest.mark.rule("AMB-7")
async def test_AMB_7_asking_too_often_has_to_wait_known_or_not(world: World) -> None:
    acme = await confirmed(world)
    for email in (ADA, "stranger@example.org"):
        for _ in range(5):
            await resetting.forget_password(acme, email, None)
        with pytest.raises(TooManyRequestsError):
            await resetting.forget_password(acme, email, None)
    for n in range(30):
        await resetting.forget_password(acme, f"p{n}@example.org", "192.0.2.9")
    with pytest.raises(TooManyRequestsError):
        await resetting.forget_password(acme, "p30@example.org", "192.0.2.9")


async def test_a_good_reset_forgives_the_guesses_before_it(world: World) -> None:
    acme = await confirmed(world)
    for _ in range(10):
        with pytest.raises(UnauthenticatedError):
            await sessions.sign_in(acme, ADA, "what was it")
    with pytest.raises(TooManyRequestsError):
        await sessions.sign_in(acme, ADA, PASSWORD)
    await resetting.save_password(world.brands, await link(world), NEW)
    await sessions.sign_in(acme, ADA, NEW)


@pytest.fixture
async def counted() -> AsyncIterator[tuple[World, CountingStore]]:
    """A suite whose store counts."""
    store = CountingStore(SqliteStore(None, inline=True))
    async with fresh_world(store=store) as world:
        yield world, store


@pytest.mark.rule("AMB-6")
async def test_AMB_6_a_known_and_an_unknown_address_cost_the_same_work(
    counted: tuple[World, CountingStore],
) -> None:
    world, store = counted
    acme = await confirmed(world)
    work = []
    for email in (ADA, "stranger@example.org"):
        store.counts.reset()
        await resetting.forget_password(acme, email, None)
        counts = store.counts
        queued = len(world.queue.queues[account_mails.QUEUE])
        work.append((counts.batch_reads["claims"], counts.point_reads["ambassadors"], counts.writes.total(), queued))
        await world.drain()
    assert work[0] == work[1] == (1, 1, 2, 1)
