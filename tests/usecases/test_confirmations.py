"""Forms that anybody can fill in, and the mail whose button makes them count (COL-5, COL-6, COL-11, CON-8)."""

import asyncio

import pytest

from shared.domain.collecting import Arrived, Outcome, Said, Source
from shared.domain.consent import AmbassadorOptIn, BrandOptIn
from shared.domain.contact import Contact, MailKind
from shared.domain.errors import SuppressedError, UnknownObjectError
from shared.domain.pending import digest
from shared.domain.policy import StatusAction
from shared.domain.tokens import Purpose
from shared.usecases import answer, collect, confirm, contacts
from shared.usecases.brand_care import change_status
from shared.usecases.brands import Brand
from tests.support.acts import answered, entered, event_of, invited, ledger_faults, opted_out, receive
from tests.support.forms import GRACE, TICKED, an_arrival, filled_in, link_to, pressed
from tests.support.world import World

S = AmbassadorOptIn
B = BrandOptIn
ASKED = Arrived(Outcome.CONFIRMATION_ASKED)


async def the_one(world: World) -> Contact:
    (contact,) = await world.contacts()
    return contact


@pytest.mark.rule("COL-11")
@pytest.mark.rule("VIS-3")
@pytest.mark.rule("MAIL-1")
async def test_until_it_is_confirmed_a_form_is_seen_by_nobody_and_brings_one_mail(
    world: World, acme: Brand, ada: str
) -> None:
    assert await filled_in(world, ada, Said(True, True, True)) == ASKED
    contact = await the_one(world)
    assert (contact.ambassador_opt_in, contact.becomes) == (S.BLOG_PENDING, S.OPT_IN_BLOG)
    assert (contact.brand_opt_in, contact.partners_opt_in, contact.brand_sees) == (B.NONE, False, False)
    assert (await contacts.find(acme, ada, status=None, text=None, limit=9, cursor=None))[0] == []
    with pytest.raises(SuppressedError):
        await contacts.enter(acme, ada, {"email": GRACE})
    (mail,) = world.mailer.outbox
    assert "/u/" not in mail.text
    assert acme.policy.privacy_policy_url in mail.text
    assert contact.proof is None


@pytest.mark.rule("COL-5")
@pytest.mark.rule("COL-6")
@pytest.mark.rule("CON-4")
@pytest.mark.parametrize(
    ("source", "said", "expected"),
    [
        (Source.BLOG, Said(True), (S.OPT_IN_BLOG, B.NONE, False)),
        (Source.BLOG, Said(False, True, True), (S.STORAGE_ONLY, B.BLOG, True)),
        (Source.VOUCHER, Said(True, True), (S.OPT_IN_BLOG, B.BLOG, False)),
        (Source.INTERNAL_FORM, Said(True), (S.OPT_IN_INTERNAL_FORM, B.STORAGE_ONLY, False)),
        (Source.INTERNAL_FORM, Said(None, True), (S.STORAGE_ONLY, B.INTERNAL_FORM, False)),
    ],
)
async def test_confirming_makes_it_what_was_ticked_and_proves_it(
    world: World, ada: str, source: Source, said: Said, expected: tuple[S, B, bool]
) -> None:
    await filled_in(world, ada, said, source, form="newsletter", text_version="forms/newsletter/1")
    world.clock.advance(hours=1)
    assert (await pressed(world)).done
    contact = await the_one(world)
    assert (contact.ambassador_opt_in, contact.brand_opt_in, contact.partners_opt_in) == expected
    assert contact.ambassador_opt_in_at == contact.last_activity_at == world.clock.now()
    assert (contact.becomes, contact.asking, contact.address_key) == (None, None, contact.email_hash)
    assert contact.proof
    evidence = contact.proof.evidence
    assert (evidence.actor, evidence.mechanism, evidence.text_version) == ("person", source, "pages/1")
    assert evidence.reason == "newsletter forms/newsletter/1"
    assert await ledger_faults(world) == []


@pytest.mark.rule("MAIL-3")
async def test_opening_the_link_changes_nothing_and_pressing_twice_gives_the_same_answer(
    world: World, ada: str
) -> None:
    await filled_in(world, ada)
    before = await world.contacts()
    opened = await confirm.open_confirmation(world.brands, link_to(world))
    assert not opened.done
    assert opened.agreements() == ["ambassador"]
    assert await world.contacts() == before
    first = await pressed(world)
    once = await world.contacts()
    assert (await pressed(world)).done is first.done is True
    assert (await confirm.open_confirmation(world.brands, link_to(world))).done
    assert await world.contacts() == once


@pytest.mark.rule("COL-11")
async def test_the_page_says_everything_that_the_button_makes_true(world: World, ada: str) -> None:
    await filled_in(world, ada, Said(False, None, True), Source.INTERNAL_FORM, message="Hello")
    opened = await confirm.open_confirmation(world.brands, link_to(world))
    assert opened.agreements() == ["storage_only", "brand_storage", "partners", "message"]


@pytest.mark.rule("CON-6")
@pytest.mark.rule("COL-11")
async def test_a_form_sent_again_with_other_boxes_is_shown_again_before_it_counts(world: World, ada: str) -> None:
    await filled_in(world, ada, Said(True))
    seen = digest((await confirm.open_confirmation(world.brands, link_to(world))).contact)
    await filled_in(world, ada, Said(True, True, True))
    after = await pressed(world, shown=seen)
    assert not after.done
    assert after.agreements() == ["ambassador", "brand", "partners"]
    assert (await the_one(world)).pending
    assert (await pressed(world, shown=digest(after.contact))).done
    assert (await the_one(world)).partners_opt_in


@pytest.mark.rule("SUP-4")
async def test_however_often_a_form_is_sent_one_mail_leaves_a_day(world: World, ada: str) -> None:
    for _ in range(3):
        await filled_in(world, ada)
        world.clock.advance(hours=8)
    assert len(world.mailer.outbox) == 1
    await filled_in(world, ada)
    assert len(world.mailer.outbox) == 2
    assert (await pressed(world, which=0)).done


@pytest.mark.rule("CON-2")
async def test_a_form_sent_many_times_in_one_moment_makes_one_record_and_one_mail(
    world: World, acme: Brand, ada: str
) -> None:
    forms = [an_arrival(acme, ada, Source.BLOG, TICKED) for _ in range(5)]
    assert set(await asyncio.gather(*(collect.arrive(acme, form) for form in forms))) == {ASKED}
    await world.drain()
    world.clock.advance(minutes=11)
    await world.recover()
    await world.drain()
    assert (await the_one(world)).pending
    assert len(world.mailer.outbox) == 1


@pytest.mark.rule("RET-4")
async def test_what_is_never_confirmed_goes_for_good_and_the_link_with_it(world: World, ada: str) -> None:
    await filled_in(world, ada)
    world.clock.advance(days=14)
    await world.sweep()
    await filled_in(world, ada)
    world.clock.advance(days=14)
    await world.sweep()
    assert (await the_one(world)).pending
    world.clock.advance(days=1)
    await world.sweep()
    assert await world.contacts() == []
    with pytest.raises(UnknownObjectError):
        await confirm.open_confirmation(world.brands, link_to(world))


@pytest.mark.rule("RET-4")
@pytest.mark.rule("CON-8")
async def test_beside_a_known_contact_the_pending_record_comes_and_goes_without_touching_it(
    world: World, acme: Brand, ada: str
) -> None:
    await entered(world, ada, GRACE)
    await invited(world, ada, GRACE)
    (known,) = await world.contacts()
    await filled_in(world, ada)
    pending = next(contact for contact in await world.contacts() if contact.pending)
    assert pending.beside == known.id
    assert await contacts.get(acme, ada, known.id) == known
    assert [c.id for c in (await contacts.find(acme, ada, status=None, text=None, limit=9, cursor=None))[0]] == [
        known.id
    ]
    world.clock.advance(days=15, hours=1)
    await world.sweep()
    assert [contact.id for contact in await world.contacts()] == [known.id]


@pytest.mark.rule("CON-6")
@pytest.mark.rule("COL-11")
async def test_confirming_joins_the_known_contact_and_the_link_still_answers(
    world: World, acme: Brand, ada: str
) -> None:
    (known,) = await entered(world, ada, GRACE)
    await contacts.edit(acme, ada, known.id, {"last_name": "Hopper"})
    await filled_in(world, ada, Said(True, True))
    assert (await pressed(world)).done
    contact = await the_one(world)
    assert (contact.id, contact.first_name, contact.last_name) == (known.id, "Grace", "Hopper")
    assert (contact.ambassador_opt_in, contact.brand_opt_in) == (S.OPT_IN_BLOG, B.BLOG)
    assert [mail.kind for mail in contact.mails] == [MailKind.CONFIRMATION]
    assert (await pressed(world)).done
    assert await ledger_faults(world) == []


@pytest.mark.rule("CON-6")
async def test_an_own_act_lifts_the_opt_out_from_this_ambassador(world: World, ada: str) -> None:
    await invited(world, ada, GRACE)
    await opted_out(world, GRACE)
    world.clock.advance(days=1)
    await filled_in(world, ada)
    opened = await confirm.open_confirmation(world.brands, link_to(world))
    assert opened.agreements() == ["ambassador", "way_back"]
    assert S.OPT_OUT_EMAIL in {contact.ambassador_opt_in for contact in await world.contacts()}
    await pressed(world)
    assert (await the_one(world)).ambassador_opt_in is S.OPT_IN_BLOG


@pytest.mark.rule("SUP-5")
@pytest.mark.rule("CON-6")
async def test_who_is_only_a_hash_comes_back_by_an_own_act_and_by_none_without_the_box(
    world: World, acme: Brand, ada: str
) -> None:
    await invited(world, ada, GRACE)
    await opted_out(world, GRACE)
    world.clock.advance(days=400)
    await world.sweep()
    assert await filled_in(world, ada, Said(False, True)) == Arrived(Outcome.OPTED_OUT)
    assert await filled_in(world, ada, Said(True)) == ASKED
    assert (await pressed(world)).done
    back = await world.contact_of(GRACE)
    assert (back.ambassador_opt_in, back.address_key) == (S.OPT_IN_BLOG, back.email_hash)
    assert (await contacts.enter(acme, ada, {"email": GRACE, "city": "Arlington"}))[0].id == back.id
    assert await ledger_faults(world) == []


@pytest.mark.rule("CON-8")
async def test_a_confirmed_consent_is_not_asked_again_when_nothing_is_new(world: World, ada: str) -> None:
    await filled_in(world, ada, Said(True, True))
    await pressed(world)
    confirmed = await world.contacts()
    world.clock.advance(days=3)
    for said in (Said(True, True), Said(True), Said(False, False, False), Said()):
        assert (await filled_in(world, ada, said)).outcome is Outcome.UNCHANGED
    assert await world.contacts() == confirmed
    assert len(world.mailer.outbox) == 1
    assert await filled_in(world, ada, Said(True, True, True)) == ASKED
    assert (await world.contact_of_id(confirmed[0].id)) == confirmed[0]


@pytest.mark.rule("CON-8")
async def test_an_accepted_invitation_is_not_weakened_by_a_form_without_the_box(world: World, ada: str) -> None:
    await invited(world, ada, GRACE)
    await answered(world, GRACE, answer.Answer.ACCEPT)
    await filled_in(world, ada, Said(False, True))
    await pressed(world)
    contact = await the_one(world)
    assert (contact.ambassador_opt_in, contact.brand_opt_in) == (S.INVITATION_ACCEPTED, B.BLOG)


@pytest.mark.rule("COL-11")
async def test_an_order_of_someone_who_has_not_confirmed_makes_a_record_of_its_own(
    world: World, acme: Brand, ada: str
) -> None:
    await filled_in(world, ada)
    bought = await collect.arrive(acme, an_arrival(acme, ada, Source.ORDER, Said(brand=True)))
    assert bought.outcome is Outcome.CREATED
    pending = next(contact for contact in await world.contacts() if contact.pending)
    assert pending.beside == bought.contact
    await pressed(world)
    contact = await the_one(world)
    assert (contact.id, contact.ambassador_opt_in) == (bought.contact, S.OPT_IN_BLOG)


@pytest.mark.rule("CON-2")
async def test_a_pending_record_takes_the_place_of_a_contact_that_was_removed_meanwhile(
    world: World, acme: Brand, ada: str
) -> None:
    (known,) = await entered(world, ada, GRACE)
    await filled_in(world, ada)
    await contacts.remove(acme, ada, known.id)
    assert (await pressed(world)).done
    contact = await the_one(world)
    assert (contact.ambassador_opt_in, contact.beside, contact.address_key) == (S.OPT_IN_BLOG, None, contact.email_hash)


@pytest.mark.rule("CON-6")
async def test_an_opt_out_after_the_confirmation_stands_whatever_the_old_link_says(
    world: World, acme: Brand, ada: str
) -> None:
    await invited(world, ada, GRACE)
    await filled_in(world, ada)
    await pressed(world)
    world.clock.advance(hours=1)
    invitation = world.mailer.sent_to(GRACE)[0]
    token = invitation.text.partition("/u/")[2].split()[0]
    asked = await answer.open_link(world.brands, Purpose.OPT_OUT, token)
    await answer.opt_out(asked, answer.Scope.AMBASSADOR, mechanism="opt_out_page", text_version="1", ip=None)
    with pytest.raises(UnknownObjectError):
        await pressed(world)
    assert (await the_one(world)).ambassador_opt_in is S.OPT_OUT_EMAIL


@pytest.mark.rule("COL-11")
async def test_a_provider_that_takes_an_unsubscription_to_a_confirmation_takes_the_question_back(
    world: World, ada: str
) -> None:
    await filled_in(world, ada)
    (mail,) = world.mailer.outbox
    await receive(world, [event_of(mail, "unsub", world.clock.now())])
    contact = await the_one(world)
    assert (contact.pending, contact.asking) == (True, None)
    with pytest.raises(UnknownObjectError):
        await pressed(world)


@pytest.mark.rule("BR-3")
async def test_nobody_confirms_anything_to_a_brand_that_has_ended(world: World, ada: str) -> None:
    await filled_in(world, ada)
    token = link_to(world)
    await change_status(world.brands, "acme", StatusAction.END, "the contract ended", "staff:test")
    with pytest.raises(UnknownObjectError):
        await confirm.open_confirmation(world.brands, token)


@pytest.mark.rule("BR-1")
@pytest.mark.rule("MAIL-3")
async def test_no_other_token_confirms_an_address(world: World, acme: Brand, ada: str) -> None:
    await filled_in(world, ada)
    await invited(world, ada, "else@example.org")
    contact = next(contact for contact in await world.contacts() if contact.pending)
    claims = {"b": "acme", "a": ada, "c": contact.id, "m": "a" * 8}
    expires = world.clock.now().replace(year=2031)
    for purpose in Purpose:
        token = world.ports.tokens.issue(purpose, {**claims, "b": "globex"}, expires)
        with pytest.raises(UnknownObjectError):
            await confirm.open_confirmation(world.brands, token)
        if purpose is not Purpose.CONFIRM_CONTACT:
            token = world.ports.tokens.issue(purpose, claims, expires)
            with pytest.raises(UnknownObjectError):
                await confirm.open_confirmation(world.brands, token)
    other = next(contact for contact in await world.contacts() if not contact.pending)
    token = world.ports.tokens.issue(Purpose.CONFIRM_CONTACT, {**claims, "c": other.id}, expires)
    with pytest.raises(UnknownObjectError):
        await confirm.open_confirmation(world.brands, token)
