"""Taking in people from orders, syncs, forms of others, social networks and the time before the law."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from shared.domain.collecting import Arrived, Outcome, Said, Source
from shared.domain.consent import AmbassadorOptIn, BrandOptIn
from shared.domain.contact import Contact, Sale
from shared.domain.errors import InvalidInputError
from shared.domain.ledger import Evidence
from shared.domain.suppression import SuppressionReason
from shared.usecases import answer, collect, contacts, import_contacts, saving, suppressing
from shared.usecases.brands import Brand
from tests.support.acts import answered, entered, invited, ledger_faults, opted_out, rotated
from tests.support.forms import GRACE, an_arrival
from tests.support.world import World

S = AmbassadorOptIn
B = BrandOptIn


def a_sale(brand: Brand, order: str = "o1") -> Sale:
    return Sale(order=order, at=brand.now(), amount="12.50", currency="EUR")


async def test_an_order_makes_a_contact_with_its_sale_and_the_proof_of_its_consents(
    world: World, acme: Brand, ada: str
) -> None:
    order = an_arrival(acme, ada, Source.ORDER, Said(brand=True), sale=a_sale(acme))
    first = await collect.arrive(acme, order)
    contact = await world.contact_of(GRACE)
    assert first == Arrived(Outcome.CREATED, contact.id)
    assert (contact.ambassador_opt_in, contact.brand_opt_in) == (S.OPT_IN_ORDER, B.BRAND_DATABASE)
    assert [sale.order for sale in contact.sales] == ["o1"]
    assert contact.proof and contact.proof.evidence.mechanism == "order"
    assert await collect.arrive(acme, order) == Arrived(Outcome.UNCHANGED, contact.id)
    another = await collect.arrive(acme, replace(order, sale=a_sale(acme, "o2")))
    assert another == Arrived(Outcome.UPDATED, contact.id)
    assert [sale.order for sale in (await world.contact_of(GRACE)).sales] == ["o1", "o2"]
    assert await ledger_faults(world) == []


@pytest.mark.rule("CON-6")
async def test_an_order_of_someone_who_opted_out_keeps_the_opt_out_and_counts_the_sale(
    world: World, acme: Brand, ada: str
) -> None:
    await invited(world, ada, GRACE)
    await opted_out(world, GRACE)
    arrived = await collect.arrive(acme, an_arrival(acme, ada, Source.ORDER, Said(brand=True), sale=a_sale(acme)))
    contact = await world.contact_of(GRACE)
    assert arrived == Arrived(Outcome.UPDATED, contact.id)
    assert (contact.ambassador_opt_in, contact.first_name, len(contact.sales)) == (S.OPT_OUT_EMAIL, None, 1)


@pytest.mark.rule("CON-6")
@pytest.mark.rule("SUP-5")
@pytest.mark.parametrize("source", [Source.BRAND_SYNC, Source.EXTERNAL_FORM, Source.MIGRATION, Source.SOCIAL])
async def test_no_source_but_an_own_act_brings_back_who_opted_out_of_the_ambassador(
    world: World, acme: Brand, ada: str, source: Source
) -> None:
    await invited(world, ada, GRACE)
    await opted_out(world, GRACE)
    before = await world.contacts()
    one = an_arrival(acme, ada, source, Said(True, True, True))
    assert await collect.arrive(acme, one) == Arrived(Outcome.OPTED_OUT)
    assert await world.contacts() == before
    world.clock.advance(days=400)
    await world.sweep()
    assert await collect.arrive(acme, one) == Arrived(Outcome.OPTED_OUT)
    order = an_arrival(acme, ada, Source.ORDER, sale=a_sale(acme))
    assert await collect.arrive(acme, order) == Arrived(Outcome.SALE_ONLY)
    assert [contact.email for contact in await world.contacts()] == [None]


@pytest.mark.rule("SUP-2")
@pytest.mark.parametrize("reason", SuppressionReason)
async def test_of_a_listed_address_nothing_is_stored_and_an_order_is_a_sale_without_a_person(
    world: World, acme: Brand, ada: str, reason: SuppressionReason
) -> None:
    await suppressing.suppress(acme, acme.hasher.ref(GRACE), reason, acme.now())
    people = [an_arrival(acme, ada, source) for source in (Source.BRAND_SYNC, Source.EXTERNAL_FORM, Source.ORDER)]
    results = [await collect.arrive(acme, one) for one in people]
    assert [one.outcome for one in results] == [Outcome.SUPPRESSED, Outcome.SUPPRESSED, Outcome.SALE_ONLY]
    assert await world.contacts() == []


@pytest.mark.rule("RET-14")
async def test_a_restricted_record_is_left_alone(world: World, acme: Brand, ada: str) -> None:
    (contact,) = await entered(world, ada, GRACE)
    found = await acme.contacts.get(ada, contact.id)
    assert found
    await acme.contacts.replace(found, found.record.changed(restricted_at=acme.now()))
    assert await collect.arrive(acme, an_arrival(acme, ada, Source.BRAND_SYNC)) == Arrived(Outcome.RESTRICTED)
    assert await collect.arrive(acme, an_arrival(acme, ada, Source.ORDER)) == Arrived(Outcome.SALE_ONLY)


@pytest.mark.rule("CON-6")
async def test_a_consent_given_by_invitation_outlives_what_others_say(world: World, acme: Brand, ada: str) -> None:
    await invited(world, ada, GRACE)
    await answered(world, GRACE, answer.Answer.ACCEPT)
    for source in (Source.BRAND_SYNC, Source.ORDER, Source.EXTERNAL_FORM, Source.ORDER_POPIN, Source.MIGRATION):
        await collect.arrive(acme, an_arrival(acme, ada, source, Said(False, False, False)))
    assert (await world.contact_of(GRACE)).ambassador_opt_in is S.INVITATION_ACCEPTED


async def put(brand: Brand, contact: Contact, **fields: Any) -> None:
    """Puts a contact into a state that another mechanism would lead to."""
    evidence = Evidence(actor="person", mechanism="test")
    await saving.change(brand, contact.ambassador_id, contact.id, lambda c: c.changed(**fields), evidence)


@pytest.mark.rule("CON-6")
@pytest.mark.rule("SUP-2")
async def test_an_imported_row_ends_as_the_table_says_whatever_it_meets(world: World, acme: Brand, ada: str) -> None:
    bob = (await world.ambassador(email="bob@example.org")).id
    people = [f"{state.value}@example.org" for state in AmbassadorOptIn]
    shut = ["anonymised@example.org", "restricted@example.org", "listed@example.org", "nobody@example.org"]
    for ambassador in (ada, bob):
        for state, email in [
            *zip(AmbassadorOptIn, people, strict=True),
            *((S.OPT_OUT_EMAIL, email) for email in shut[:2]),
        ]:
            (contact,) = await entered(world, ambassador, email)
            await put(acme, contact, ambassador_opt_in=state)
            if email == shut[0]:
                await put(acme, contact, anonymised_at=acme.now(), email=None)
            if email == shut[1]:
                await put(acme, contact, restricted_at=acme.now())
    await suppressing.suppress(acme, acme.hasher.ref(shut[2]), SuppressionReason.SPAM, acme.now())
    await import_contacts.start_import(acme, ada, "\n".join([*people, *shut]).encode(), "emails")
    await world.drain()
    for email in (*people, *shut):
        await collect.arrive(acme, an_arrival(acme, bob, Source.ADDRESS_BOOK, fields={"email": email}))
    ends = [
        {(c.email, c.email_hash): (c.ambassador_opt_in, c.brand_opt_in, c.address_key) for c in await world.contacts()
         if c.ambassador_id == ambassador and c.anonymised_at is None}
        for ambassador in (ada, bob)
    ]  # fmt: skip
    assert ends[0] == ends[1]
    assert len(ends[0]) == len(people) + 2


@pytest.mark.rule("CON-2")
async def test_a_person_without_address_is_known_by_what_the_source_calls_it(
    world: World, acme: Brand, ada: str
) -> None:
    by_sync = an_arrival(acme, ada, Source.BRAND_SYNC, fields={"last_name": "Hopper", "customer_id": "7"}, key="7")
    first = await collect.arrive(acme, by_sync)
    acme = await rotated(world)
    again = await collect.arrive(acme, replace(by_sync, fields={"last_name": "Murray", "customer_id": "7"}))
    assert (first.outcome, again) == (Outcome.CREATED, Arrived(Outcome.UPDATED, first.contact))
    other = await collect.arrive(acme, replace(by_sync, key="8"))
    assert other.outcome is Outcome.CREATED
    assert sorted(contact.last_name or "" for contact in await world.contacts()) == ["Hopper", "Murray"]


@pytest.mark.rule("CON-2")
async def test_a_known_twitter_name_is_the_same_person(world: World, acme: Brand, ada: str) -> None:
    contact, _ = await contacts.enter(acme, ada, {"first_name": "Grace", "twitter_id": "@grace"})
    seen = an_arrival(acme, ada, Source.SOCIAL, fields={"twitter_id": "@Grace", "photo_url": "https://x.example/g"})
    assert await collect.arrive(acme, seen) == Arrived(Outcome.UPDATED, contact.id)
    (after,) = await world.contacts()
    assert (after.ambassador_opt_in, after.photo_url) == (S.SOCIAL_ONLY, "https://x.example/g")


@pytest.mark.rule("CON-1")
async def test_an_arrival_that_says_nobody_is_refused_with_nothing_stored(world: World, acme: Brand, ada: str) -> None:
    good, bad = (
        an_arrival(acme, ada, Source.ORDER),
        an_arrival(acme, ada, Source.ORDER, fields={"comments": "x"}),
    )
    with pytest.raises(InvalidInputError):
        await collect.arrive_many(acme, [good, bad])
    assert await world.contacts() == []


@pytest.mark.rule("CON-2")
async def test_many_arrive_at_once_the_same_person_in_turn(world: World, acme: Brand, ada: str) -> None:
    bob = (await world.ambassador(email="bob@example.org")).id
    people = [
        an_arrival(acme, ambassador, Source.ORDER, Said(brand=number == 2), sale=a_sale(acme, str(number)))
        for ambassador in (ada, bob)
        for number in range(3)
    ]
    results = await collect.arrive_many(acme, people)
    assert [one.outcome for one in results] == [Outcome.CREATED, Outcome.UPDATED, Outcome.UPDATED] * 2
    found = await world.contacts()
    assert {contact.ambassador_id for contact in found} == {ada, bob}
    assert {contact.ambassador_opt_in for contact in found} == {S.OPT_IN_ORDER}
    assert all(len(contact.sales) == 3 for contact in found)


@pytest.mark.rule("CON-2")
async def test_arriving_from_several_places_in_one_moment_makes_one_record(world: World, acme: Brand, ada: str) -> None:
    sources = (Source.ORDER, Source.BRAND_SYNC, Source.EXTERNAL_FORM, Source.MIGRATION)
    results = await asyncio.gather(*(collect.arrive(acme, an_arrival(acme, ada, source)) for source in sources))
    assert len({one.contact for one in results}) == 1
    assert len(await world.contacts()) == 1
