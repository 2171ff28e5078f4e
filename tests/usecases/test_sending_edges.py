"""What happens between the claim and the call: an opt-out, a slow store, a mail that spoils the call, a line break in a name."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from shared.domain.contact import MailKind
from shared.domain.jobs import MailBatch
from shared.domain.suppression import SuppressionReason
from shared.ports import Fate, OutgoingMail, SendResult
from shared.usecases import contacts, invite, saving, send_mails, suppressing
from shared.usecases.brands import Brand
from tests.support.acts import entered, invited
from tests.support.world import World

GRACE = "grace@example.org"


async def listing(brand: Brand, email: str) -> None:
    await suppressing.suppress(brand, brand.hasher.ref(email), SuppressionReason.SPAM, brand.now())


@pytest.mark.rule("SUP-2")
@pytest.mark.parametrize("kind", [MailKind.INVITATION, MailKind.SECOND_INVITATION])
async def test_an_address_listed_while_the_mail_is_claimed_gets_none(
    world: World, acme: Brand, ada: str, kind: MailKind, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = kind is MailKind.INVITATION
    (grace,) = await (entered if first else invited)(world, ada, GRACE)
    world.clock.advance(days=0 if first else 15)
    now, before, save_many = world.clock.now(), len(world.mailer.outbox), saving.save_many

    async def meanwhile(brand: Brand, edits: Any) -> Any:
        saved = await save_many(brand, edits)
        await listing(brand, GRACE)
        return saved

    monkeypatch.setattr(send_mails, "save_many", meanwhile)
    batch = MailBatch(mail_kind=kind, recipients=((ada, grace.id),), started_at=now, open_since=now)
    await invite.queue_batches(acme, [batch])
    await world.drain()
    found, after = await acme.batches.get(batch.id, batch.id), await world.contact_of(GRACE)
    assert found and dict(found.record.skipped) == {"suppressed": 1} and found.record.open_since is None
    assert len(world.mailer.outbox) == before and after.outgoing is None
    assert after.last_call_at == (None if first else now)


@pytest.mark.rule("MAIL-4")
async def test_a_worker_whose_claim_took_too_long_sends_nothing_and_another_one_sends_once(
    world: World, acme: Brand, ada: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (grace,) = await entered(world, ada, GRACE)
    await invite.invite(acme, ada, [grace.id])
    message, save_many = world.queue.pop("mails"), saving.save_many
    slowed: list[bool] = []
    assert message

    async def slow(brand: Brand, edits: Any) -> Any:
        saved = await save_many(brand, edits)
        if not slowed:
            slowed.append(True)
            world.clock.advance(seconds=40)
            await send_mails.send_batch(acme, message["batch"])
        return saved

    monkeypatch.setattr(send_mails, "save_many", slow)
    await send_mails.send_batch(acme, message["batch"])
    await world.drain()
    assert len(world.mailer.sent_to(GRACE)) == 1


@pytest.mark.rule("MAIL-4")
async def test_one_mail_that_spoils_every_call_does_not_keep_the_others(
    world: World, acme: Brand, ada: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = await entered(world, ada, *(f"g{n}@example.org" for n in range(20)), "bad@example.org", "last@example.org")
    send = world.mailer.send

    async def spoilt(mails: Sequence[OutgoingMail]) -> Sequence[SendResult]:
        if all(mail.to_email != "bad@example.org" for mail in mails):
            return await send(mails)
        return [SendResult(Fate.REFUSED if len(mails) == 1 else Fate.RETRY, "mj-0002")] * len(mails)

    monkeypatch.setattr(world.mailer, "send", spoilt)
    await invite.invite(acme, ada, [contact.id for contact in made])
    await world.drain(waiting=timedelta(minutes=30))
    assert sorted(mail.to_email for mail in world.mailer.outbox) == sorted(
        contact.email or "" for contact in made if contact.email != "bad@example.org"
    )
    assert not any(contact.outgoing for contact in await world.contacts())


@pytest.mark.rule("MAIL-4")
async def test_a_provider_out_of_order_is_not_asked_for_each_mail_of_a_batch(
    world: World, acme: Brand, ada: str
) -> None:
    made = await entered(world, ada, *(f"g{n}@example.org" for n in range(30)))
    world.mailer.next_call(Fate.RETRY, times=3 + 3 * 3)
    await invite.invite(acme, ada, [contact.id for contact in made])
    await world.drain(waiting=timedelta(hours=1))
    assert [len(call) for call in world.mailer.calls] == [30] * 3 + [12, 12, 6] + [3] * 3 + [1] * 3 + [1] * 30
    assert len(world.mailer.outbox) == 30


@pytest.mark.rule("MAIL-2")
async def test_no_line_break_of_a_name_reaches_a_header(world: World, acme: Brand, ada: str) -> None:
    account = await acme.ambassadors.get(ada, ada)
    assert account
    await acme.ambassadors.replace(account, account.record.changed(first_name="Ada\r\nBcc: x"))
    grace, _ = await contacts.enter(acme, ada, {"email": GRACE, "first_name": "Grace\r\nBcc: x\x00"})
    await invite.invite(acme, ada, [grace.id])
    await world.drain()
    (mail,) = world.mailer.outbox
    for text in (mail.to_name or "", mail.sender_name, mail.subject):
        assert text.isprintable() and text
    assert mail.to_name == "Grace Bcc: x"
