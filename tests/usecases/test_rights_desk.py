"""Requests that wait for a person (RGT-5), and what is passed on to the brand (RGT-6)."""

from datetime import timedelta

import pytest

from shared.domain.collecting import Arrival, Said, Source
from shared.domain.containers import RIGHTS, RIGHTS_LINKS
from shared.domain.errors import DecidedError, TryAgainError, UnknownObjectError
from shared.domain.ids import new_id
from shared.domain.replaying import Remembered, replayed_contact
from shared.domain.rights import RightKind, RightsRequest, RightState, due_at
from shared.ports import Fate, Query
from shared.usecases import collect, rights_desk
from shared.usecases.brands import Brand
from shared.usecases.changes import changes_since
from shared.usecases.remembering import log_of
from tests.support.world import World, brand_record
from tests.usecases.test_rights import GRACE, entered, opened, use

TEAM = "privacy@acme.example"


async def waiting(world: World) -> RightsRequest:
    """A question in own words."""
    await entered(world)
    return await use(world, await opened(world), RightKind.OTHER, text="Who told you my name?")


async def of_brand(world: World, **policy: str) -> Brand:
    await world.brands.save_policy("acme", brand_record("acme", **policy).policy)
    return await world.brand()


@pytest.mark.rule("RGT-5")
async def test_RGT_5_the_next_due_comes_first_and_what_is_done_does_not_wait(world: World) -> None:
    first = await waiting(world)
    brand = await world.brand()
    world.clock.advance(timedelta(days=3))
    link = await opened(world)
    second = await use(world, link, RightKind.OTHER, text="And when?")
    await use(world, link, RightKind.RESTRICTION)
    found, _ = await rights_desk.find_requests(brand, only_open=True, limit=10, cursor=None)
    assert [request.id for request in found] == [first.id, second.id]
    every, _ = await rights_desk.find_requests(brand, only_open=False, limit=10, cursor=None)
    assert len(every) == 3 and every[-1].id == first.id


@pytest.mark.rule("RGT-5")
async def test_RGT_5_extended_once_by_two_months_and_the_person_is_told_why(world: World) -> None:
    request, brand = await waiting(world), await world.brand()
    extended = await rights_desk.extend(brand, request.id, "Archives have to be searched")
    assert extended.due_at == due_at(request.received_at, brand.policy.time_zone, 3)
    await rights_desk.extend(brand, request.id, "Archives have to be searched")
    await world.drain()
    (mail,) = [m for m in world.mailer.sent_to(GRACE) if "Archives have to be searched" in m.text]
    assert mail
    with pytest.raises(DecidedError):
        await rights_desk.extend(brand, request.id, "Another reason")
    kept = await rights_desk.get_request(brand, request.id)
    assert kept.notice is None and kept.email == GRACE and kept.waiting_until == extended.due_at


@pytest.mark.rule("RGT-5")
async def test_RGT_5_no_extension_once_the_month_is_over(world: World) -> None:
    request, brand = await waiting(world), await world.brand()
    world.clock.advance(timedelta(days=32))
    with pytest.raises(DecidedError):
        await rights_desk.extend(brand, request.id, "Too late")


@pytest.mark.rule("RGT-5")
async def test_RGT_5_closed_it_keeps_nothing_of_the_person_once_the_answer_left(world: World) -> None:
    request, brand = await waiting(world), await world.brand()
    done = RightState.DONE
    for _ in range(2):
        await rights_desk.close(brand, request.id, "staff:u1", state=done, note="told the source", said="Ada did.")
    world.mailer.next_call(Fate.RETRY)
    with pytest.raises(TryAgainError):
        await rights_desk.send_notice(brand, request.id)
    world.queue.queues["rights"].clear()
    world.clock.advance(timedelta(minutes=11))
    await world.recover()
    await world.drain()
    assert sum("Ada did." in mail.text for mail in world.mailer.sent_to(GRACE)) == 1
    kept = (await rights_desk.get_request(brand, request.id)).to_document()
    assert not any(word in str(kept) for word in (GRACE, "Who told", "Ada did"))
    with pytest.raises(DecidedError):
        await rights_desk.close(brand, request.id, "staff:u2", state=RightState.REFUSED, note="other", said=None)
    with pytest.raises(UnknownObjectError):
        await rights_desk.close(brand, new_id(), "staff:u1", state=done, note="x", said=None)


@pytest.mark.rule("RGT-5")
async def test_RGT_5_the_team_is_mailed_what_is_due_within_a_week_once_a_day_by_ids_alone(world: World) -> None:
    request = await waiting(world)
    brand = await of_brand(world, rights_team=TEAM)
    assert await rights_desk.warn_of_due_rights(brand) == 0
    world.clock.advance(request.due_at - timedelta(days=6) - world.clock.now())
    brand = await world.brand()
    for _ in range(2):
        assert await rights_desk.warn_of_due_rights(brand) == 1
    (mail,) = world.mailer.sent_to(TEAM)
    assert request.id in mail.text and GRACE not in mail.text and "Who told" not in mail.text
    world.clock.advance(timedelta(days=1))
    await rights_desk.warn_of_due_rights(await world.brand())
    assert len(world.mailer.sent_to(TEAM)) == 2


@pytest.mark.rule("RGT-5")
async def test_RGT_5_a_closed_request_is_forgotten_after_the_time_of_the_policy(world: World) -> None:
    request, brand = await waiting(world), await world.brand()
    world.clock.advance(timedelta(days=1200))
    assert await rights_desk.forget_old_requests(brand) == 0  # it still waits
    await rights_desk.close(brand, request.id, "staff:u1", state=RightState.DONE, note="done", said=None)
    world.clock.advance(timedelta(days=1095))
    assert await rights_desk.forget_old_requests(brand) == 1


@pytest.mark.rule("RGT-6")
async def test_RGT_6_the_brand_learns_of_the_records_that_are_its_too_and_of_no_other(world: World) -> None:
    await entered(world, customer_id="C-7")
    brand, start = await world.brand(), world.clock.now()
    shared = (await world.contacts())[0]
    said = Said(ambassador=True, brand=True)
    await collect.arrive(
        brand, Arrival(Source.EXTERNAL_FORM, shared.ambassador_id, {"email": GRACE}, brand.now(), "k", said)
    )
    link = await opened(world)
    await use(world, link, RightKind.RECTIFICATION, changes={"first_name": "Grace"})
    ((change,), _) = await changes_since(brand, start, 50, None)
    assert (change.contact, change.key, change.kind) == (shared.id, "C-7", RightKind.RECTIFICATION)
    assert change.fields and change.fields["first_name"] == "Grace"
    await use(world, link, RightKind.ERASURE)
    found, _ = await changes_since(brand, start, 50, None)
    assert [(c.kind, c.key, c.fields) for c in found] == [
        (RightKind.RECTIFICATION, "C-7", None),
        (RightKind.ERASURE, "C-7", None),
    ]
    world.clock.advance(timedelta(days=91))
    await rights_desk.forget_old_requests(brand)
    assert await changes_since(brand, start, 50, None) == ([], None)
    kept = [i.record async for p in brand.rights.pages(Query(order_by="receivedAt")) for i in p]
    assert len(kept) == 2 and "C-7" not in str([request.to_document() for request in kept])


@pytest.mark.rule("BAK-3")
@pytest.mark.rule("RET-14")
async def test_BAK_3_a_restriction_and_its_end_are_told_to_a_backup_that_is_put_back(world: World) -> None:
    await entered(world)
    brand = await world.brand()
    before = await world.contacts()
    world.clock.advance(timedelta(minutes=1))
    start = world.clock.now()
    link = await opened(world)
    await use(world, link, RightKind.RESTRICTION)

    async def put_back() -> list[bool]:
        told = Remembered([stone async for stone in log_of(brand.ports, "acme").since(start)])
        after = [replayed_contact(contact, told.of_contact(contact, brand.hasher)) for contact in before]
        return [contact is not None and contact.restricted_at is not None for contact in after]

    assert await put_back() == [True, True]
    world.clock.advance(timedelta(minutes=1))
    await use(world, link, RightKind.LIFTING)
    assert await put_back() == [False, False]
    await use(world, link, RightKind.ERASURE)
    told = Remembered([stone async for stone in log_of(brand.ports, "acme").since(start)])
    for contact in before:
        after = replayed_contact(contact, told.of_contact(contact, brand.hasher))
        assert after and after.anonymised_at


@pytest.mark.rule("BAK-3")
def test_links_are_in_no_backup() -> None:
    assert RIGHTS.backed_up and not RIGHTS_LINKS.backed_up
