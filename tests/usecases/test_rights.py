"""A person's rights by a link to the address (RGT-1 to RGT-4)."""

from datetime import timedelta
from typing import Any

import pytest

from shared.domain.collecting import Arrival, Said, Source
from shared.domain.consent import AmbassadorOptIn, BrandOptIn
from shared.domain.errors import RestrictedError, SuppressedError, TryAgainError, UnknownObjectError
from shared.domain.ids import new_id
from shared.domain.ledger import faults
from shared.domain.policy import StatusAction
from shared.domain.rights import RightKind, RightsRequest, RightState
from shared.domain.suppression import SuppressionReason
from shared.domain.tokens import Purpose
from shared.domain.visibility import Viewer, see_contact
from shared.ports import Fate, Query, Where
from shared.usecases import access, answer, collect, confirm, contacts, invite, suppressing
from shared.usecases.rights import use_right
from shared.usecases.rights_links import OpenRights, ask_for_link, open_rights
from tests.support.acts import token_of
from tests.support.world import World

GRACE = "grace@example.com"
TWO = ("ada@example.org", "bea@example.org")


async def entered(world: World, email: str = GRACE, **fields: Any) -> list[str]:
    """The same person in the books of two ambassadors; gives their records."""
    brand = await world.brand()
    ids = []
    for ambassador in TWO:
        account = await world.ambassador("acme", ambassador)
        contact, _ = await contacts.enter(brand, account.id, {"email": email, "first_name": "Grce", **fields})
        ids.append(contact.id)
    return ids


async def opened(world: World, email: str = GRACE) -> OpenRights:
    """The link that the person asked for and got."""
    await ask_for_link(await world.brand(), email, "en", "192.0.2.1")
    await world.drain()
    return await open_rights(world.brands, token_of(world.mailer.sent_to(email)[-1], "rights"))


async def use(world: World, link: OpenRights, kind: RightKind, **more: Any) -> RightsRequest:
    request = await use_right(link, kind, more.pop("form", None) or new_id(), **more)
    await world.drain()
    return request


@pytest.mark.rule("RGT-2")
async def test_RGT_2_only_an_address_of_which_something_is_held_gets_a_link(world: World) -> None:
    await entered(world)
    brand = await world.brand()
    await opened(world)
    await ask_for_link(brand, "nobody@example.com", "en", None)
    await world.drain()
    assert world.mailer.sent_to("nobody@example.com") == []
    left = [item.record async for page in brand.rights_links.pages(Query(order_by="askedAt")) for item in page]
    assert [link.email for link in left] == [GRACE]  # of the other one not even the question is kept


@pytest.mark.rule("RGT-2")
async def test_RGT_2_known_or_not_the_asking_does_the_same(world: World) -> None:
    await entered(world)
    traces = []
    for email in (GRACE, "nobody@example.com"):
        await ask_for_link(await world.brand(), email, "en", None)
        waiting = world.queue.queues["rights"]
        traces.append([set(w.message) for w in waiting])
        assert all(email not in str(w.message) for w in waiting)  # ids only
        await world.drain()
    assert traces[0] == traces[1]


@pytest.mark.rule("SUP-4")
async def test_SUP_4_an_address_with_a_mail_error_gets_no_link_but_an_opted_out_one_does(world: World) -> None:
    await entered(world)
    brand = await world.brand()
    ref = brand.hasher.ref(GRACE)
    await suppressing.suppress(brand, ref, SuppressionReason.GLOBAL_OPT_OUT, brand.now())
    await opened(world)
    await suppressing.suppress(brand, ref, SuppressionReason.SPAM, brand.now())
    await ask_for_link(brand, GRACE, "en", None)
    await world.drain()
    assert len(world.mailer.sent_to(GRACE)) == 1


@pytest.mark.rule("MAIL-4")
@pytest.mark.parametrize("fate", [Fate.RETRY, Fate.UNKNOWN])
async def test_MAIL_4_a_link_that_did_not_leave_leaves_once_later(world: World, fate: Fate) -> None:
    await entered(world)
    world.mailer.next_call(fate)
    brand = await world.brand()
    await ask_for_link(brand, GRACE, "en", None)
    world.queue.queues["rights"].clear()
    with pytest.raises(TryAgainError):
        (link,) = [i.record async for page in brand.rights_links.pages(Query(order_by="askedAt")) for i in page]
        await world.handle("rights", {"brand": "acme", "link": link.id})
    world.clock.advance(minutes=11)
    await world.recover()
    await world.drain()
    assert len(world.mailer.sent_to(GRACE)) == 1


@pytest.mark.rule("RGT-3")
@pytest.mark.rule("RET-17")
@pytest.mark.rule("CON-7")
async def test_RGT_3_everything_is_told_over_all_ambassadors(world: World) -> None:
    await entered(world, comments="met at the fair", street="1 Main Street")
    brand = await world.brand()
    contact = await world.contacts()
    await invite.invite(brand, contact[0].ambassador_id, [contact[0].id])
    await world.drain()
    link = token_of(world.mailer.sent_to(GRACE)[-1], "i")
    asked = await answer.open_link(world.brands, Purpose.INVITATION, link)
    await answer.answer_invitation(asked, answer.Answer.ACCEPT, text_version="pages/x", ip=None)
    held = await access.held_on(await opened(world))
    document = held.as_json()
    assert len(document["records"]) == 2
    for record in document["records"]:
        assert record["comments"] == "met at the fair" and record["createdBy"]["mechanism"] == "crm"
        assert record["ambassador"] == "Ada Ambassador"
        assert record["retention"]["rule"] in ("RET-1", "RET-6") and record["retention"]["at"].endswith("Z")
    (accepted,) = [record for record in document["records"] if record["ledger"]]
    assert accepted["ledger"][0]["evidence"]["textVersion"] == "pages/x"
    assert document["purposes"] and document["recipients"]
    assert not held.by_hash_alone


@pytest.mark.rule("RGT-3")
async def test_RGT_3_the_portable_part_is_what_the_person_is_and_said(world: World) -> None:
    await entered(world, comments="private note", city="=1+1")
    held = await access.held_on(await opened(world))
    assert all("comments" not in record and record["email"] == GRACE for record in held.provided_json())
    table = access.provided_csv(held).decode("utf-8-sig")
    assert "private note" not in table and "'=1+1" in table


@pytest.mark.rule("RGT-1")
@pytest.mark.rule("RGT-6")
async def test_RGT_1_a_correction_reaches_every_record_and_is_passed_on(world: World) -> None:
    ids = await entered(world)
    request = await use(world, await opened(world), RightKind.RECTIFICATION, changes={"first_name": " Grace "})
    assert {contact.first_name for contact in await world.contacts()} == {"Grace"}
    assert {reached.contact for reached in request.reached} == set(ids)
    assert request.state is RightState.DONE and request.passed_on_at and request.changes == {}


@pytest.mark.rule("RET-14")
@pytest.mark.rule("RGT-1")
async def test_RET_14_restricted_nothing_is_done_with_any_record_until_it_is_lifted(world: World) -> None:
    await entered(world)
    brand = await world.brand()
    link = await opened(world)
    await use(world, link, RightKind.RESTRICTION)
    before = await world.contacts()
    assert all(contact.restricted_at for contact in before)
    for contact in before:
        with pytest.raises(RestrictedError):
            await contacts.edit(brand, contact.ambassador_id, contact.id, {"first_name": "Other"})
        with pytest.raises(RestrictedError):
            await contacts.remove(brand, contact.ambassador_id, contact.id)
        job = await invite.invite(brand, contact.ambassador_id, [contact.id])
        assert [skip.reason for skip in job.skipped] == ["restricted"]
    mails = len(world.mailer.outbox)
    world.clock.advance(timedelta(days=400))
    await world.sweep()
    assert await world.contacts() == before and len(world.mailer.outbox) == mails
    await use(world, await opened(world), RightKind.LIFTING)
    await world.sweep()
    assert await world.contacts() == []  # RET-1: long due


@pytest.mark.rule("RET-14")
@pytest.mark.rule("VIS-2")
async def test_RET_14_a_restricted_record_is_shown_to_nobody_for_use(world: World) -> None:
    await entered(world)
    brand, person = await world.brand(), (await world.contacts())[0]
    form = Arrival(Source.EXTERNAL_FORM, person.ambassador_id, {"email": GRACE}, brand.now(), "k", Said(brand=True))
    await collect.arrive(brand, form)
    assert (await world.contact_of_id(person.id)).brand_sees
    await use(world, await opened(world), RightKind.RESTRICTION)
    for contact in await world.contacts():
        assert not contact.brand_sees and contact.brand_search is None
        assert GRACE not in (contact.search or "")
        assert "email" not in see_contact(contact, Viewer.OWN_AMBASSADOR, brand.policy.durations)
        assert see_contact(contact, Viewer.BRAND_ADMIN, brand.policy.durations) == {}
    found = await contacts.find(brand, person.ambassador_id, status=None, text=GRACE, limit=5, cursor=None)
    assert found == ([], None)
    await use(world, await opened(world), RightKind.LIFTING)
    assert (await world.contact_of_id(person.id)).brand_sees


@pytest.mark.rule("RGT-1")
@pytest.mark.rule("SUP-3")
async def test_RGT_1_an_objection_ends_all_mail_of_ambassadors_brand_and_partners(world: World) -> None:
    await entered(world)
    brand, person = await world.brand(), (await world.contacts())[0]
    said = Said(ambassador=True, brand=True, partners=True)
    await collect.arrive(
        brand, Arrival(Source.EXTERNAL_FORM, person.ambassador_id, {"email": GRACE}, brand.now(), "k", said)
    )
    assert any(contact.brand_opt_in is BrandOptIn.EXTERNAL_FORM for contact in await world.contacts())
    await use(world, await opened(world), RightKind.OBJECTION)
    for contact in await world.contacts():
        assert contact.ambassador_opt_in is AmbassadorOptIn.OPT_OUT_GLOBAL
        assert not contact.brand_opt_in.allows_communications and not contact.partners_opt_in
    assert await suppressing.listed(brand, [GRACE]) == {GRACE}


@pytest.mark.rule("RGT-4")
@pytest.mark.rule("SUP-5")
@pytest.mark.rule("CON-7")
async def test_RGT_4_erased_every_record_is_anonymised_at_once_and_the_hash_is_suppressed(world: World) -> None:
    await entered(world, customer_id="C-7")
    brand = await world.brand()
    link = await opened(world)
    await use(world, link, RightKind.RESTRICTION)  # the wish to be erased ends it
    request = await use_right(link, RightKind.ERASURE, new_id())  # no drain: at once
    assert request.state is RightState.DONE and request.closed_by == "person"
    for contact in await world.contacts():
        assert contact.anonymised_at and contact.email is None and contact.first_name is None
        entries = [i.record async for p in brand.ledger.pages(Query(partition=contact.id, order_by="seq")) for i in p]
        assert faults(entries, contact.proof, brand.ledger_key) == []
        assert entries[-1].evidence.mechanism == "rights_erasure"
        with pytest.raises(SuppressedError):
            await contacts.enter(brand, contact.ambassador_id, {"email": GRACE})
    assert await suppressing.listed(brand, [GRACE]) == {GRACE}
    stored = await brand.rights_links.get(link.link.id, link.link.id)
    assert stored and stored.record.email is None
    held = await access.held_on(OpenRights(brand, stored.record))
    assert held.by_hash_alone and held.listed and len(held.records) == 2


@pytest.mark.rule("RGT-3")
async def test_RGT_3_who_is_only_a_hash_is_told_so(world: World) -> None:
    await entered(world)
    await use(world, await opened(world), RightKind.ERASURE)
    held = await access.held_on(await opened(world))
    assert held.by_hash_alone and all(r["heldAsHashOnly"] for r in held.as_json()["records"])


@pytest.mark.rule("MAIL-3")
async def test_MAIL_3_the_same_press_again_is_the_same_request(world: World) -> None:
    await entered(world)
    brand, link, form = await world.brand(), await opened(world), new_id()
    first = await use(world, link, RightKind.RESTRICTION, form=form)
    await use(world, link, RightKind.LIFTING)
    again = await use(world, link, RightKind.RESTRICTION, form=form)
    assert again == first
    assert not any(contact.restricted_at for contact in await world.contacts())
    made = [i.record async for p in brand.rights.pages(Query(order_by="receivedAt")) for i in p]
    assert len(made) == 2


@pytest.mark.rule("RGT-5")
async def test_RGT_5_own_words_wait_for_a_person_until_the_due_date(world: World) -> None:
    await entered(world)
    request = await use(world, await opened(world), RightKind.OTHER, text="Who told you my name?")
    assert request.state is RightState.OPEN and request.waiting_until == request.due_at
    assert request.email == GRACE and request.text == "Who told you my name?"


@pytest.mark.rule("RGT-2")
async def test_RGT_2_a_link_ends_after_a_week_and_is_forgotten(world: World) -> None:
    await entered(world)
    await opened(world)
    token = token_of(world.mailer.sent_to(GRACE)[-1], "rights")
    world.clock.advance(timedelta(days=7))
    with pytest.raises(UnknownObjectError):
        await open_rights(world.brands, token)
    await world.recover()
    brand = await world.brand()
    assert (await brand.rights_links.page(Query(where=(Where("askedAt", ">=", ""),), order_by="askedAt")))[0] == []


@pytest.mark.rule("DEL-10")
@pytest.mark.rule("RGT-4")
async def test_DEL_10_a_key_that_came_after_the_link_hides_no_record(world: World) -> None:
    await entered(world)
    await opened(world)
    token = token_of(world.mailer.sent_to(GRACE)[-1], "rights")
    await world.brands.rotate_hash_key("acme")
    world.clock.advance(minutes=16)
    brand, (first, _) = await world.brand(), await world.contacts()
    changed = await contacts.edit(brand, first.ambassador_id, first.id, {"city": "Lyon"})
    assert changed.email_hash != first.email_hash
    await use(world, await open_rights(world.brands, token), RightKind.ERASURE)
    assert all(contact.anonymised_at for contact in await world.contacts())
    assert await suppressing.listed(await world.brand(), [GRACE]) == {GRACE}


@pytest.mark.rule("RGT-1")
@pytest.mark.rule("BR-3")
@pytest.mark.parametrize("action", [StatusAction.SUSPEND, StatusAction.END])
async def test_RGT_1_rights_do_not_end_before_the_data_do(world: World, action: StatusAction) -> None:
    await entered(world)
    current = await world.brands.record("acme")
    after = current.record.after(action, world.clock.now(), "staff:u1", "for a reason")
    await world.brands.save(current, after)
    await use(world, await opened(world), RightKind.ERASURE)
    assert all(contact.anonymised_at for contact in await world.contacts())


@pytest.mark.rule("BR-1")
async def test_BR_1_another_brand_is_untouched(world: World) -> None:
    await entered(world)
    other = await world.ambassador("globex", "gil@example.org")
    globex = await world.brand("globex")
    await contacts.enter(globex, other.id, {"email": GRACE})
    before = await world.contacts("globex")
    await use(world, await opened(world), RightKind.ERASURE)
    assert await world.contacts("globex") == before
    assert await suppressing.listed(globex, [GRACE]) == set()


@pytest.mark.rule("RGT-1")
@pytest.mark.rule("CON-6")
async def test_an_objection_is_lifted_by_the_persons_own_act_and_by_nothing_that_the_brand_sends(world: World) -> None:
    await entered(world)
    brand = await world.brand()
    ada = (await world.contacts())[0].ambassador_id
    await use(world, await opened(world), RightKind.OBJECTION)
    world.clock.advance(days=1)

    async def comes(source: Source, said: Said) -> None:
        fields = {"email": GRACE}
        await collect.arrive(brand, Arrival(source, ada, fields, brand.now(), new_id(), said))
        await world.drain()

    async def confirmed() -> None:
        token = token_of([mail for mail in world.mailer.sent_to(GRACE) if "/c/" in mail.text][-1], "c")
        await confirm.confirm(world.brands, token, shown=None, text_version="1", ip=None)
        await world.drain()

    await comes(Source.BLOG, Said(ambassador=True))
    await confirmed()
    for source in (Source.BRAND_SYNC, Source.ORDER, Source.EXTERNAL_FORM):
        await comes(source, Said(ambassador=None, brand=True, partners=True))
        (contact,) = [c for c in await world.contacts() if c.ambassador_id == ada]
        assert contact.ambassador_opt_in is AmbassadorOptIn.OPT_IN_BLOG
        assert not contact.brand_opt_in.allows_communications, source
        assert not contact.partners_opt_in
    world.clock.advance(days=2)
    await comes(Source.BLOG, Said(ambassador=True, brand=True))
    await confirmed()
    (contact,) = [c for c in await world.contacts() if c.ambassador_id == ada]
    assert (contact.brand_opt_in, contact.objected_at) == (BrandOptIn.BLOG, None)
