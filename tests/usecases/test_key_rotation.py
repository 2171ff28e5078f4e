"""A new hash key: no opt-out and no listing is lost between records of two versions, nor between two instances."""

from datetime import timedelta

import pytest

from shared.domain.consent import AmbassadorOptIn
from shared.domain.contact import EmailStatus
from shared.domain.errors import SuppressedError
from shared.ports import Query
from shared.usecases import contacts, mail_events, suppressing
from shared.usecases.answer import Scope
from shared.usecases.brands import ACTIVE_AFTER, KEEP_FOR, Brand, Brands
from tests.support.acts import entered, event_of, invited, opted_out, receive, rotated
from tests.support.world import World

S = AmbassadorOptIn
GRACE = "grace@example.org"


async def left_under_the_old_key(world: World, acme: Brand, ambassador: str) -> None:
    """An anonymised record with a mail that left, and a new key since."""
    (contact,) = await invited(world, ambassador, GRACE)
    await contacts.remove(acme, ambassador, contact.id)
    await rotated(world)


@pytest.mark.rule("DEL-10")
@pytest.mark.rule("SUP-1")
@pytest.mark.parametrize("event", ["unsub", "spam"])
async def test_news_of_a_record_under_the_old_key_keeps_its_address_out(
    world: World, acme: Brand, ada: str, event: str
) -> None:
    await left_under_the_old_key(world, acme, ada)
    await receive(world, [event_of(world.mailer.outbox[0], event, world.clock.now())])
    assert (await world.quarantine.page(Query()))[0] == []
    with pytest.raises(SuppressedError):
        await contacts.enter(await world.brand(), ada, {"email": GRACE})


@pytest.mark.rule("DEL-10")
@pytest.mark.rule("SUP-5")
async def test_an_old_link_opts_out_the_record_that_was_made_under_the_new_key(
    world: World, acme: Brand, ada: str
) -> None:
    (gone,) = await invited(world, ada, GRACE)
    found = await acme.contacts.get(ada, gone.id)
    assert found
    await contacts.remove(acme, ada, gone.id)
    (left,) = await world.contacts()
    after = await rotated(world)
    # As it may have come in another way, by an import of the brand.
    live = found.record.changed(id="n" * 24, ambassador_opt_in=S.OPT_IN_OTHER).settled(after.hasher, 5)
    await after.contacts.create(live)
    assert (left.email_hash or "").startswith("v1.") and (live.email_hash or "").startswith("v2.")
    await opted_out(world, GRACE)
    assert (await world.contact_of(GRACE)).ambassador_opt_in is S.OPT_OUT_EMAIL


@pytest.mark.rule("DEL-10")
@pytest.mark.rule("SUP-3")
async def test_a_global_opt_out_by_an_old_link_reaches_the_records_under_the_new_key(
    world: World, acme: Brand, ada: str
) -> None:
    await left_under_the_old_key(world, acme, ada)
    other = (await world.ambassador(email="bea@example.org")).id
    await entered(world, other, GRACE)
    await opted_out(world, GRACE, Scope.BRAND)
    assert (await world.contact_of(GRACE)).ambassador_opt_in is S.OPT_OUT_GLOBAL
    assert await suppressing.listed(await world.brand(), [GRACE])


@pytest.mark.rule("DEL-10")
async def test_a_new_key_is_recognised_by_every_instance_before_one_uses_it(world: World, ada: str) -> None:
    await invited(world, ada, GRACE)
    other = Brands(world.ports)
    stale = await other.get("acme")
    assert await world.brands.rotate_hash_key("acme") == 2
    fresh = await world.brand()
    assert fresh.hasher.version == stale.hasher.version == 1
    await mail_events.receive_events(
        world.brands, world.quarantine, [event_of(world.mailer.outbox[0], "spam", world.clock.now())]
    )
    message = world.queue.pop(mail_events.QUEUE)
    assert message
    await mail_events.apply_events(
        stale, world.quarantine, [mail_events.QueuedEvent.from_document(event) for event in message["events"]]
    )
    assert (await world.contact_of(GRACE)).email_status is EmailStatus.SPAM
    assert await suppressing.listed(fresh, [GRACE]) and await suppressing.listed(stale, [GRACE])
    world.clock.advance(ACTIVE_AFTER - timedelta(seconds=1))
    assert [(await brands.get("acme")).hasher.version for brands in (other, world.brands)] == [1, 1]
    world.clock.advance(KEEP_FOR)
    assert [(await brands.get("acme")).hasher.version for brands in (other, world.brands)] == [2, 2]
    assert await suppressing.listed(await world.brand(), [GRACE])
