"""Mails that ambassadors are owed: several at once, none lost, none twice, and one bad one does not hold up the others."""

from collections.abc import Sequence
from datetime import timedelta

import pytest

from shared.domain.ambassador import AccountMail, Ambassador
from shared.domain.errors import TryAgainError
from shared.ports import Fate, OutgoingMail, SendResult
from shared.usecases import account_mails
from shared.usecases.account_mails import owing
from shared.usecases.brands import Brand
from tests.support.world import World

pytestmark = pytest.mark.rule("MAIL-4")


async def owed(world: World, brand: Brand, *emails: str) -> list[Ambassador]:
    """Active accounts, each owed a mail, queued as one message."""
    accounts = []
    for email in emails:
        account = await world.ambassador(brand.id, email)
        current = await brand.ambassadors.get(account.id, account.id)
        assert current
        owes = owing(account, AccountMail.ALREADY_REGISTERED, world.clock.now())
        accounts.append((await brand.ambassadors.replace(current, owes)).record)
    await account_mails.queue_account_mail(brand, *accounts)
    return accounts


async def left(brand: Brand, account: Ambassador) -> Ambassador:
    """The account as it is stored."""
    current = await brand.ambassadors.get(account.id, account.id)
    assert current
    return current.record


async def test_mails_to_several_go_in_one_call(world: World, acme: Brand) -> None:
    accounts = await owed(world, acme, *(f"a{n}@example.org" for n in range(3)))
    assert len(world.queue.queues[account_mails.QUEUE]) == 1
    await world.drain()
    assert [len(call) for call in world.mailer.calls] == [3]
    for account in accounts:
        after = await left(acme, account)
        assert (after.owed, after.owed_since) == ((), None)
    await world.recover()
    await world.drain()
    assert len(world.mailer.outbox) == 3


async def test_the_newest_of_a_kind_replaces_it_and_other_kinds_wait_beside_it(world: World) -> None:
    account, now = await world.ambassador(), world.clock.now()
    first = owing(account, AccountMail.CONFIRM_SIGN_UP, now)
    later = owing(first, AccountMail.CONFIRM_SIGN_UP, now + timedelta(minutes=1))
    assert [mail.id for mail in later.owed] != [mail.id for mail in first.owed]
    both = owing(later, AccountMail.ALREADY_REGISTERED, now + timedelta(minutes=2))
    assert [mail.kind for mail in both.owed] == [AccountMail.CONFIRM_SIGN_UP, AccountMail.ALREADY_REGISTERED]
    assert both.owed_since == now + timedelta(minutes=1)
    assert owing(both, AccountMail.ALREADY_REGISTERED, now) == both


async def test_a_mail_that_spoils_the_call_for_all_is_found_by_halves(world: World, acme: Brand) -> None:
    await owed(world, acme, *(f"a{n}@example.org" for n in range(4)))
    world.mailer.next_call(Fate.RETRY, times=2)  # the whole, and the half that holds the bad one
    message = world.queue.pop(account_mails.QUEUE)
    assert message
    await world.handle(account_mails.QUEUE, message)
    assert not world.mailer.outbox
    world.clock.advance(seconds=account_mails.SPLIT_SECONDS)
    await world.drain()
    assert sorted(mail.to_email for mail in world.mailer.outbox) == [f"a{n}@example.org" for n in range(4)]
    assert [len(call) for call in world.mailer.calls] == [4, 2, 2, 1, 1]


async def test_of_several_only_the_one_in_doubt_is_tried_again(world: World, acme: Brand) -> None:
    await owed(world, acme, "a0@example.org", "a1@example.org")
    world.mailer.always_for("a1@example.org", Fate.UNKNOWN)
    message = world.queue.pop(account_mails.QUEUE)
    assert message
    with pytest.raises(TryAgainError):
        await world.handle(account_mails.QUEUE, message)
    world.mailer.always_for("a1@example.org", Fate.SENT)
    world.clock.advance(minutes=1)
    await world.handle(account_mails.QUEUE, message)
    assert [mail.to_email for mail in world.mailer.outbox] == ["a0@example.org", "a1@example.org"]


async def test_two_workers_with_one_message_send_once(
    world: World, acme: Brand, monkeypatch: pytest.MonkeyPatch
) -> None:
    (account,) = await owed(world, acme, "a0@example.org")
    message = world.queue.pop(account_mails.QUEUE)
    assert message
    send, raced = world.mailer.send, list[bool]()

    async def while_another_tries(mails: Sequence[OutgoingMail]) -> list[SendResult]:
        if not raced:
            raced.append(True)
            with pytest.raises(TryAgainError):
                await world.handle(account_mails.QUEUE, message)
        return await send(mails)

    monkeypatch.setattr(world.mailer, "send", while_another_tries)
    await world.handle(account_mails.QUEUE, message)
    assert len(world.mailer.outbox) == 1
    assert (await left(acme, account)).owed == ()
