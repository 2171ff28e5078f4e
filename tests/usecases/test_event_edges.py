"""Mail events at the edges: of a mail in doubt, of a time before the mail, of two records, and those kept aside."""

import hashlib
import logging
from datetime import timedelta
from typing import Any

import pytest

from shared.domain.consent import AmbassadorOptIn
from shared.domain.contact import EmailStatus
from shared.domain.errors import SuppressedError
from shared.domain.suppression import SuppressionReason
from shared.ports import Fate, OutgoingMail, Query
from shared.usecases import contacts, invite, mail_events, suppressing
from shared.usecases.brands import Brand
from shared.usecases.quarantining import KEPT, forget_old_events
from tests.support.acts import entered, event_of, invited, opted_out, receive
from tests.support.world import World

S = AmbassadorOptIn
GRACE = "grace@example.org"


async def in_doubt(world: World, ambassador: str) -> OutgoingMail:
    """An accepted mail that the look-up does not show, whose next try came while it could not go."""
    (contact,) = await entered(world, ambassador, GRACE)
    world.mailer.next_call(Fate.UNKNOWN, accepted=True)
    acme = await world.brand()
    ref, reason = acme.hasher.ref(GRACE), SuppressionReason.REPEATED_SOFT_BOUNCE
    await invite.invite(acme, ambassador, [contact.id])
    assert await world.step()
    (mail,) = world.mailer.outbox
    world.mailer.outbox.clear()
    await suppressing.suppress(acme, ref, reason, world.clock.now())
    await world.drain()
    await suppressing.withdraw(acme, ref, reason)
    world.mailer.outbox.append(mail)
    found = await world.contact_of(GRACE)
    assert found.outgoing is None and found.doubted and found.mails == ()
    return mail


@pytest.mark.rule("MAIL-4")
@pytest.mark.rule("CON-6")
async def test_an_event_proves_that_a_mail_left_and_counts(world: World, ada: str) -> None:
    mail = await in_doubt(world, ada)
    await receive(world, [event_of(mail, "unsub", world.clock.now())])
    grace = await world.contact_of(GRACE)
    assert grace.ambassador_opt_in is S.OPT_OUT_EMAIL and grace.doubted is None
    assert [sent.id for sent in grace.mails] == [mail.custom_id.rpartition(".")[2]]
    assert (await world.quarantine.page(Query()))[0] == []


@pytest.mark.rule("MAIL-4")
async def test_an_invitation_that_an_event_proves_counts_as_sent(world: World, ada: str) -> None:
    mail = await in_doubt(world, ada)
    await receive(world, [event_of(mail, "sent", world.clock.now())])
    grace = await world.contact_of(GRACE)
    assert (grace.ambassador_opt_in, grace.email_status) == (S.INVITATION_SENT, EmailStatus.OK)


@pytest.mark.rule("MAIL-2")
@pytest.mark.rule("RET-1")
@pytest.mark.parametrize("how", ["removed", "never invited"])
async def test_the_link_of_a_mail_in_doubt_works_when_its_contact_is_gone(
    world: World, acme: Brand, ada: str, how: str
) -> None:
    await in_doubt(world, ada)
    if how == "removed":
        await contacts.remove(acme, ada, (await world.contact_of(GRACE)).id)
    else:
        world.clock.advance(days=30)
        await world.sweep()
    (left,) = await world.contacts()
    assert left.anonymised_at and left.email is None and left.doubted is None
    await opted_out(world, GRACE)
    with pytest.raises(SuppressedError):
        await contacts.enter(await world.brand(), ada, {"email": GRACE})


@pytest.mark.rule("SUP-1")
async def test_a_listing_that_another_record_supports_is_not_withdrawn(world: World, acme: Brand, ada: str) -> None:
    bea = (await world.ambassador(email="bea@example.org")).id
    for ambassador in (ada, bea):
        (contact,) = await entered(world, ambassador, GRACE)
        await invite.invite(acme, ambassador, [contact.id])
    await world.drain()
    start = world.clock.now()
    world.clock.advance(days=1)
    mails = list(world.mailer.outbox)
    for mail in mails:
        await receive(world, [event_of(mail, "bounce", start + timedelta(hours=hour)) for hour in range(1, 6)])
    for mail, still in zip(mails, (True, False), strict=True):
        await receive(world, [event_of(mail, "sent", start + timedelta(hours=2, minutes=30))])
        assert bool(await suppressing.listed(acme, [GRACE])) is still


@pytest.mark.rule("RET-5")
async def test_an_opt_out_that_is_dated_before_its_mail_counts_from_the_mail(world: World, ada: str) -> None:
    (contact,) = await invited(world, ada, GRACE)
    await receive(world, [event_of(world.mailer.outbox[0], "unsub", world.clock.now() - timedelta(days=400))])
    assert (await world.contact_of(GRACE)).ambassador_opt_in_at == contact.mails[0].at
    await world.sweep()
    assert (await world.contact_of(GRACE)).anonymised_at is None


@pytest.mark.rule("CON-3")
async def test_the_newest_of_many_opens_is_the_last_word(world: World, ada: str) -> None:
    await invited(world, ada, GRACE)
    (mail,), start = world.mailer.outbox, world.clock.now()
    world.clock.advance(days=1)
    opens = [event_of(mail, "open", start + timedelta(minutes=n)) for n in range(mail_events.MINOR_AT_MOST)]
    await receive(world, [*opens, event_of(mail, "bounce", start + timedelta(hours=9))])
    assert (await world.contact_of(GRACE)).email_status is EmailStatus.SOFT_BOUNCE
    await receive(world, [event_of(mail, "open", start + timedelta(hours=10))])
    assert (await world.contact_of(GRACE)).email_status is EmailStatus.OK


@pytest.mark.rule("DEL-10")
async def test_what_is_kept_aside_is_no_hash_to_guess_at_and_goes_after_a_year(world: World) -> None:
    event: dict[str, Any] = {"event": "unsub", "email": GRACE}
    await receive(world, [event])
    await receive(world, [event])
    (entry,) = [item.record for item in (await world.quarantine.page(Query()))[0]]
    assert entry.id != hashlib.sha256(f"{entry.reason}:{event!r}".encode()).hexdigest()[:40]
    world.clock.advance(KEPT - timedelta(seconds=1))
    assert await forget_old_events(world.quarantine, world.ports) == 0
    world.clock.advance(seconds=1)
    assert await forget_old_events(world.quarantine, world.ports) == 1
    assert (await world.quarantine.page(Query()))[0] == []


@pytest.mark.rule("CON-3")
@pytest.mark.rule("VIS-8")
async def test_a_fault_that_is_not_the_contacts_is_counted_and_shown_to_staff(
    world: World, ada: str, caplog: pytest.LogCaptureFixture
) -> None:
    await invited(world, ada, GRACE)
    fault = event_of(world.mailer.outbox[0], "bounce", world.clock.now(), error="sender blocked")
    with caplog.at_level(logging.WARNING):
        received = await receive(world, [fault])
    assert (received.accepted, received.quarantined) == (1, 0)
    (entry,) = [item.record for item in (await world.quarantine.page(Query()))[0]]
    assert (entry.reason, entry.custom_id) == ("not_their_fault.sender blocked", world.mailer.outbox[0].custom_id)
    (line,) = [record.__dict__ for record in caplog.records if record.msg == "mail_events_put_aside"]
    assert (line["reason"], line["count"]) == ("not_their_fault.sender blocked", 1)
    assert "example.org" not in str(line)
    assert (await world.contact_of(GRACE)).email_status is EmailStatus.NOT_VERIFIED
