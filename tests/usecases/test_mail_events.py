"""The provider's callbacks: applied once, to whom they are about, with the same end whatever their order."""

import itertools
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain.consent import AmbassadorOptIn
from shared.domain.contact import Contact, EmailStatus
from shared.domain.suppression import SuppressionReason
from shared.ports import Query
from shared.usecases import contacts, mail_events, suppressing
from shared.usecases.answer import Answer
from shared.usecases.brands import Brand
from tests.support.acts import answered, event_of, fresh_world, invited, ledger_faults, opted_out, receive, rotated
from tests.support.world import World

S = AmbassadorOptIn
GRACE = "grace@example.org"
KINDS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("sent", {}),
    ("open", {"ip": "192.0.2.1"}),
    ("click", {"url": "https://example.com/offer"}),
    ("bounce", {"error": "quota exceeded"}),
    ("bounce", {"error": "user unknown", "hard_bounce": True}),
    ("bounce", {"error": "greylisted"}),
    ("blocked", {}),
    ("spam", {}),
    ("unsub", {}),
)
EVENTS = st.lists(st.tuples(st.sampled_from(KINDS), st.integers(0, 9)), min_size=1, max_size=9)


async def end_of(batches: list[list[tuple[tuple[str, dict[str, Any]], int]]]) -> dict[str, Any]:
    """What is left of one contact's events after they came in these batches."""
    async with fresh_world() as world:
        ada = (await world.ambassador()).id
        (contact,) = await invited(world, ada, GRACE)
        (mail,) = world.mailer.outbox
        start = world.clock.now()
        world.clock.advance(days=1)
        for batch in batches:
            # Its place in time is part of the event: the same kind twice is two events when the times differ.
            events = [event_of(mail, name, start + timedelta(hours=hour), **f) for (name, f), hour in batch]
            await receive(world, events)
        acme = await world.brand()
        listed = [item.record for page in [(await acme.suppressions.page(Query()))[0]] for item in page]
        chain = [item.record for item in (await acme.ledger.page(Query(partition=contact.id)))[0]]
        assert await ledger_faults(world) == []
        return {
            "contact": anonymous(await world.contact_of(GRACE)),
            "suppressions": [sorted(entry.reasons.items()) for entry in listed],
            "consents": [(dict(entry.before), dict(entry.after), entry.evidence.mechanism) for entry in chain],
        }


def anonymous(contact: Contact) -> dict[str, Any]:
    """The contact without what is random in it."""
    fields = contact.model_dump(exclude={"id", "ambassador_id", "mails", "email_hash", "address_key", "proof"})
    return {**fields, "events": sorted((event["kind"], event["at"]) for event in fields["events"])}


@pytest.mark.rule("CON-3")
@pytest.mark.rule("SUP-1")
@pytest.mark.rule("CON-7")
@settings(max_examples=25, deadline=None)
@given(EVENTS, st.data())
async def test_whatever_the_order_the_repeats_and_the_batches_the_end_is_the_same(
    events: list[tuple[tuple[str, dict[str, Any]], int]], data: st.DataObject
) -> None:
    shuffled = data.draw(st.permutations([*events, *data.draw(st.lists(st.sampled_from(events), max_size=4))]))
    cuts = sorted(data.draw(st.sets(st.integers(0, len(shuffled)), max_size=3)))
    batches = [shuffled[a:b] for a, b in itertools.pairwise([0, *cuts, len(shuffled)])]
    in_order = sorted(events, key=lambda event: event[1])
    assert await end_of([[event] for event in in_order]) == await end_of(batches)


@pytest.mark.rule("CON-3")
@pytest.mark.rule("SUP-1")
@pytest.mark.parametrize(
    ("event", "fields", "status", "reason"),
    [
        ("bounce", {"hard_bounce": True}, EmailStatus.HARD_BOUNCE, SuppressionReason.HARD_BOUNCE),
        ("spam", {}, EmailStatus.SPAM, SuppressionReason.SPAM),
        ("blocked", {}, EmailStatus.BLOCKED, SuppressionReason.BLOCKED),
        ("bounce", {}, EmailStatus.SOFT_BOUNCE, None),
        ("sent", {}, EmailStatus.OK, None),
    ],
)
async def test_a_definitive_error_lists_the_address_by_its_hash(
    world: World, acme: Brand, ada: str, event: str, fields: dict[str, Any], status: EmailStatus, reason: Any
) -> None:
    await invited(world, ada, GRACE)
    await receive(world, [event_of(world.mailer.outbox[0], event, world.clock.now(), **fields)])
    assert (await world.contact_of(GRACE)).email_status is status
    ref = acme.hasher.ref(GRACE)
    entry = await acme.suppressions.get(ref, ref)
    assert (list(entry.record.reasons) if entry else []) == ([reason] if reason else [])
    assert bool(await suppressing.listed(acme, [GRACE])) is bool(reason)


@pytest.mark.rule("SUP-1")
async def test_the_listing_for_repeated_soft_bounces_is_withdrawn_when_a_late_delivery_disproves_it(
    world: World, acme: Brand, ada: str
) -> None:
    await invited(world, ada, GRACE)
    (mail,), start = world.mailer.outbox, world.clock.now()
    world.clock.advance(days=1)
    await receive(world, [event_of(mail, "bounce", start + timedelta(hours=hour)) for hour in range(5)])
    assert (await world.contact_of(GRACE)).email_status is EmailStatus.HARD_BOUNCE
    assert await suppressing.listed(acme, [GRACE])
    await receive(world, [event_of(mail, "sent", start + timedelta(hours=2, minutes=30))])
    assert (await world.contact_of(GRACE)).email_status is EmailStatus.SOFT_BOUNCE
    assert not await suppressing.listed(acme, [GRACE])


@pytest.mark.rule("RET-13")
async def test_a_click_is_an_activity_and_an_open_is_none(world: World, ada: str) -> None:
    await invited(world, ada, GRACE)
    (mail,), at = world.mailer.outbox, world.clock.advance(days=1)
    await receive(world, [event_of(mail, "open", at)])
    assert (await world.contact_of(GRACE)).last_activity_at is None
    await receive(world, [event_of(mail, "click", at - timedelta(hours=1), url="https://example.com")])
    assert (await world.contact_of(GRACE)).last_activity_at == at - timedelta(hours=1)


@pytest.mark.rule("CON-6")
@pytest.mark.parametrize("hours", [-1, 1])
async def test_an_unsubscribe_event_opts_out_unless_a_later_own_act_stands(world: World, ada: str, hours: int) -> None:
    await invited(world, ada, GRACE)
    at = world.clock.advance(days=1)
    await answered(world, GRACE, Answer.ACCEPT)
    await receive(world, [event_of(world.mailer.outbox[0], "unsub", at + timedelta(hours=hours))])
    state = (await world.contact_of(GRACE)).ambassador_opt_in
    assert state is (S.OPT_OUT_EMAIL if hours > 0 else S.INVITATION_ACCEPTED)


@pytest.mark.rule("RET-5")
async def test_an_unsubscribe_event_does_not_move_the_date_of_an_opt_out_on_the_page(world: World, ada: str) -> None:
    await invited(world, ada, GRACE)
    world.clock.advance(days=1)
    after = await opted_out(world, GRACE)
    at = world.clock.advance(days=1)
    for moment in (at, after.ambassador_opt_in_at - timedelta(hours=1)):
        await receive(world, [event_of(world.mailer.outbox[0], "unsub", moment)])
    assert (await world.contact_of(GRACE)).ambassador_opt_in_at == after.ambassador_opt_in_at


@pytest.mark.rule("CON-7")
async def test_the_proof_of_an_unsubscribe_names_its_own_mail(world: World, acme: Brand, ada: str) -> None:
    (contact,) = await invited(world, ada, GRACE)
    (first,), at = list(world.mailer.outbox), world.clock.advance(days=15)
    await world.sweep()
    second = world.mailer.outbox[-1]
    await receive(world, [event_of(first, "open", at), event_of(second, "unsub", at + timedelta(minutes=1))])
    (entry,) = [item.record for item in (await acme.ledger.page(Query(partition=contact.id)))[0]]
    assert entry.evidence.mail == second.custom_id.rpartition(".")[2]


@pytest.mark.rule("BR-1")
async def test_events_that_are_nobodys_are_kept_aside_and_change_nothing(world: World, acme: Brand, ada: str) -> None:
    await invited(world, ada, GRACE)
    (mail,), now = world.mailer.outbox, world.clock.now()
    before = await world.contact_of(GRACE)
    brand, ambassador, contact, id = mail.custom_id.split(".")
    strange = [
        event_of(mail, "spam", now, email="someone.else@example.org"),
        event_of(mail, "spam", now, CustomID=f"{brand}.{ambassador}.{contact}.{'a' * 8}"),
        event_of(mail, "spam", now, CustomID=f"{brand}.{ambassador}.{'c' * 24}.{id}"),
        event_of(mail, "spam", now, CustomID=f"globex.{ambassador}.{contact}.{id}"),
        event_of(mail, "spam", now, CustomID=f"nobody.{ambassador}.{contact}.{id}"),
        event_of(mail, "spam", now, CustomID="not ours"),
        event_of(mail, "unheard of", now),
        "not an event",
        None,
    ]
    received = await receive(world, [*strange, strange[0]])
    assert (received.accepted, received.quarantined) == (5, 5)
    assert await world.contact_of(GRACE) == before
    kept = [item.record for item in (await world.quarantine.page(Query()))[0]]
    assert sorted(entry.reason for entry in kept) == sorted(
        ["unknown_mail", "unknown_mail", "unknown_contact", "unknown_contact", "unknown_custom_id",
         "unknown_custom_id", "unknown_event", "not_an_object", "not_an_object"]
    )  # fmt: skip
    assert "example.org" not in str([entry.to_document() for entry in kept])
    assert not await suppressing.listed(acme, [GRACE, "someone.else@example.org"])


@pytest.mark.rule("BR-1")
async def test_a_queued_event_of_another_brand_is_kept_aside(world: World, acme: Brand, ada: str) -> None:
    await invited(world, ada, GRACE)
    await mail_events.receive_events(
        world.brands, world.quarantine, [event_of(world.mailer.outbox[0], "spam", world.clock.now())]
    )
    message = world.queue.pop(mail_events.QUEUE)
    assert message and GRACE not in str(message)
    await world.handle(mail_events.QUEUE, {**message, "brand": "globex"})
    (entry,) = (await world.quarantine.page(Query()))[0]
    assert entry.record.reason == "foreign_brand"
    assert (await world.contact_of(GRACE)).email_status is EmailStatus.NOT_VERIFIED


@pytest.mark.rule("AMB-4")
async def test_events_of_an_ambassadors_own_mail_are_taken_and_touch_no_contact(world: World, ada: str) -> None:
    event = {"event": "open", "time": int(world.clock.now().timestamp()), "email": "ada@example.org"}
    received = await receive(world, [{**event, "CustomID": f"acme.{ada}..aaaaaaaa", "MessageID": 1}])
    assert (received.accepted, received.quarantined) == (1, 0)
    assert (await world.quarantine.page(Query()))[0] == []


@pytest.mark.rule("SUP-1")
@pytest.mark.rule("SUP-5")
async def test_late_news_of_a_removed_contact_still_counts_for_its_address(world: World, acme: Brand, ada: str) -> None:
    made = await invited(world, ada, GRACE, "dead@example.org")
    for contact in made:
        await contacts.remove(acme, ada, contact.id)
    by_address, at = {mail.to_email: mail for mail in world.mailer.outbox}, world.clock.advance(hours=1)
    await receive(
        world,
        [
            event_of(by_address[GRACE], "unsub", at),
            event_of(by_address["dead@example.org"], "spam", at),
            event_of(by_address["dead@example.org"], "spam", at, email=GRACE),
            event_of(by_address["dead@example.org"], "open", at),
        ],
    )
    assert await suppressing.listed(acme, [GRACE, "dead@example.org"]) == {"dead@example.org"}
    assert await contacts.by_address(acme, ada, GRACE)
    assert [item.record.reason for item in (await world.quarantine.page(Query()))[0]] == ["unknown_mail"]
    assert await ledger_faults(world) == []


@pytest.mark.rule("CON-1")
async def test_more_opens_than_are_told_apart_lose_nothing_that_matters(world: World, ada: str) -> None:
    await invited(world, ada, GRACE)
    (mail,), start = world.mailer.outbox, world.clock.now()
    world.clock.advance(days=1)
    opens = [event_of(mail, "open", start + timedelta(minutes=minute)) for minute in range(150)]
    bounces = [event_of(mail, "bounce", start + timedelta(minutes=minute, seconds=30)) for minute in (2, 90)]
    clicked_at = start + timedelta(hours=9)
    click = event_of(mail, "click", clicked_at, url="https://example.com")
    await receive(world, [click, *reversed(opens), *bounces])
    once = await world.contact_of(GRACE)
    await receive(world, [*opens, *bounces, click])
    assert await world.contact_of(GRACE) == once
    assert len(once.events) == mail_events.MINOR_AT_MOST + 3  # the newest, and two bounces
    assert once.last_activity_at == clicked_at
    assert sum(event.kind == "soft_bounce" for event in once.events) == 2


@pytest.mark.rule("DEL-10")
async def test_the_same_event_again_after_a_key_rotation_is_still_the_same(world: World, ada: str) -> None:
    await invited(world, ada, GRACE)
    event = event_of(world.mailer.outbox[0], "bounce", world.clock.now())
    await receive(world, [event])
    before = await world.contact_of(GRACE)
    await rotated(world)
    await receive(world, [event])
    assert (await world.contact_of(GRACE)).events == before.events
