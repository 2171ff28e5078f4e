"""The way back of someone who opted out of all, and what a visitor wrote (SUP-4, COL-5)."""

from contextlib import suppress
from datetime import timedelta

import pytest

from shared.domain.ambassador import MANY, AccountMail
from shared.domain.collecting import Arrived, Outcome, Said, Source
from shared.domain.consent import AmbassadorOptIn
from shared.domain.contact import EmailStatus
from shared.domain.errors import NotReleasableError, TryAgainError, UnknownObjectError
from shared.domain.ids import new_id
from shared.domain.rights import RightKind
from shared.domain.suppression import SuppressionReason
from shared.domain.tokens import Purpose
from shared.usecases import answer, collect, confirm, contacts, invite, suppressing
from shared.usecases.account_mails import owing
from shared.usecases.brands import Brand
from shared.usecases.releasing import release_suppression
from shared.usecases.rights import use_right
from shared.usecases.rights_links import ask_for_link, open_rights
from tests.support.acts import event_of, invited, ledger_faults, opted_out, receive, token_of
from tests.support.forms import GRACE, TICKED, an_arrival, filled_in, link_to, pressed
from tests.support.records import days
from tests.support.world import World

S = AmbassadorOptIn
ASKED = Arrived(Outcome.CONFIRMATION_ASKED)


async def opted_out_of_all(world: World, ada: str) -> str:
    """Grace has opted out of all, known to two ambassadors; gives the other one's id."""
    bob = (await world.ambassador(email="bob@example.org")).id
    await invited(world, ada, GRACE)
    await invited_also(world, bob)
    await opted_out(world, GRACE, answer.Scope.BRAND)
    world.clock.advance(days=1)
    return bob


async def invited_also(world: World, ambassador: str) -> None:
    brand = await world.brand()
    contact, _ = await contacts.enter(brand, ambassador, {"email": GRACE})
    await invite.invite(brand, ambassador, [contact.id])
    await world.drain()


async def states(world: World) -> dict[str, S]:
    return {contact.ambassador_id: contact.ambassador_opt_in for contact in await world.contacts()}


@pytest.mark.rule("SUP-4")
async def test_confirming_a_ticked_form_brings_back_to_this_ambassador_and_takes_the_brand_off_the_list(
    world: World, acme: Brand, ada: str
) -> None:
    bob = await opted_out_of_all(world, ada)
    mails = len(world.mailer.outbox)
    assert await filled_in(world, ada) == ASKED
    assert len(world.mailer.outbox) == mails + 1
    assert await suppressing.listed(acme, [GRACE]) == {GRACE}
    await pressed(world)
    assert await suppressing.listed(acme, [GRACE]) == set()
    assert await states(world) == {ada: S.OPT_IN_BLOG, bob: S.OPT_OUT_GLOBAL}
    assert await ledger_faults(world) == []


@pytest.mark.rule("SUP-4")
@pytest.mark.parametrize(
    ("source", "said"),
    [
        (Source.BLOG, Said(False, True, True)),
        (Source.INTERNAL_FORM, Said(None, True)),
        (Source.EXTERNAL_FORM, Said(True, True)),
        (Source.BRAND_SYNC, Said(True, True)),
    ],
)
async def test_without_an_own_act_with_the_box_ticked_nothing_is_stored_and_nothing_mailed(
    world: World, ada: str, source: Source, said: Said
) -> None:
    await opted_out_of_all(world, ada)
    before, mails = await world.contacts(), len(world.mailer.outbox)
    assert await filled_in(world, ada, said, source) == Arrived(Outcome.SUPPRESSED)
    assert (await world.contacts(), len(world.mailer.outbox)) == (before, mails)


@pytest.mark.rule("SUP-4")
async def test_an_address_listed_for_a_mail_error_is_not_mailed_at_all(world: World, acme: Brand, ada: str) -> None:
    await suppressing.suppress(acme, acme.hasher.ref(GRACE), SuppressionReason.SPAM, acme.now())
    assert await filled_in(world, ada) == Arrived(Outcome.SUPPRESSED)
    assert (await world.contacts(), world.mailer.outbox) == ([], [])


@pytest.mark.rule("SUP-4")
async def test_the_pop_in_of_an_order_asks_and_the_order_counts_without_a_person(
    world: World, acme: Brand, ada: str
) -> None:
    await opted_out_of_all(world, ada)
    popin = an_arrival(acme, ada, Source.ORDER_POPIN, TICKED)
    assert await collect.arrive(acme, popin) == ASKED
    assert await collect.arrive(acme, an_arrival(acme, ada, Source.ORDER, Said(brand=True))) == Arrived(
        Outcome.SALE_ONLY
    )
    await world.drain()
    await pressed(world)
    assert (await states(world))[ada] is S.OPT_IN_ORDER_POPIN


@pytest.mark.rule("SUP-4")
async def test_the_pop_in_of_someone_who_opted_out_of_the_ambassador_keeps_the_sale_and_asks(
    world: World, acme: Brand, ada: str
) -> None:
    await invited(world, ada, GRACE)
    await opted_out(world, GRACE)
    world.clock.advance(hours=1)
    known = await world.contact_of(GRACE)
    arrived = await collect.arrive(acme, an_arrival(acme, ada, Source.ORDER_POPIN, TICKED))
    assert arrived == Arrived(Outcome.CONFIRMATION_ASKED, known.id)
    await world.drain()
    await pressed(world)
    assert (await world.contact_of(GRACE)).ambassador_opt_in is S.OPT_IN_ORDER_POPIN


@pytest.mark.rule("SUP-3")
@pytest.mark.rule("SUP-4")
async def test_an_opt_out_of_all_takes_back_what_was_asked_before_it(world: World, ada: str) -> None:
    bob = (await world.ambassador(email="bob@example.org")).id
    await invited(world, ada, GRACE)
    await filled_in(world, bob)
    token = link_to(world)
    world.clock.advance(minutes=1)
    await opted_out_by_first_mail(world)
    with pytest.raises(UnknownObjectError):
        await confirm.open_confirmation(world.brands, token)
    await world.drain()
    with pytest.raises(UnknownObjectError):
        await confirm.confirm(world.brands, token, shown=None, text_version="1", ip=None)
    assert await states(world) == {ada: S.OPT_OUT_GLOBAL, bob: S.BLOG_PENDING}
    world.clock.advance(minutes=1)
    assert await filled_in(world, bob) == ASKED


async def opted_out_by_first_mail(world: World) -> None:
    token = world.mailer.sent_to(GRACE)[0].text.partition("/u/")[2].split()[0]
    asked = await answer.open_link(world.brands, Purpose.OPT_OUT, token)
    await answer.opt_out(asked, answer.Scope.BRAND, mechanism="opt_out_page", text_version="1", ip=None)


@pytest.mark.rule("SUP-3")
@pytest.mark.rule("SUP-4")
async def test_coming_back_before_every_record_was_told_leaves_the_others_opted_out(
    world: World, acme: Brand, ada: str
) -> None:
    bob = (await world.ambassador(email="bob@example.org")).id
    await invited(world, ada, GRACE)
    await invited_also(world, bob)
    await opted_out_by_first_mail(world)
    world.queue.queues.clear()
    world.clock.advance(minutes=1)
    await filled_in(world, ada)
    await pressed(world)
    assert await states(world) == {ada: S.OPT_IN_BLOG, bob: S.OPT_OUT_GLOBAL}


@pytest.mark.rule("SUP-4")
async def test_a_bounce_of_the_confirmation_lists_the_address_and_ends_the_mails(
    world: World, acme: Brand, ada: str
) -> None:
    await filled_in(world, ada)
    (mail,) = world.mailer.outbox
    await receive(world, [event_of(mail, "bounce", world.clock.now(), hard_bounce=True)])
    world.clock.advance(days=2)
    assert (await filled_in(world, ada)).outcome is Outcome.SUPPRESSED
    assert len(world.mailer.outbox) == 1


@pytest.mark.rule("COL-5")
async def test_a_message_reaches_the_ambassador_only_after_the_confirmation_and_is_not_kept(
    world: World, acme: Brand, ada: str
) -> None:
    await collect.arrive(acme, an_arrival(acme, ada, Source.BLOG, TICKED, message="Which tea do you like?"))
    hints = str(dict(world.queue.queues))
    assert "tea" not in hints and GRACE not in hints
    await world.drain()
    assert world.mailer.sent_to("ada@example.org") == []
    await pressed(world)
    (mail,) = world.mailer.sent_to("ada@example.org")
    assert "> Which tea do you like?" in mail.text
    assert (mail.reply_to, "Grace" in mail.subject) == (GRACE, True)
    await pressed(world)
    world.clock.advance(minutes=11)
    await world.recover()
    await world.drain()
    assert len(world.mailer.sent_to("ada@example.org")) == 1
    (contact,) = await world.contacts()
    account = await acme.ambassadors.get(ada, ada)
    assert account and "tea" not in str(contact) + str(account.record)


@pytest.mark.rule("COL-5")
async def test_a_message_without_the_box_says_that_it_may_not_be_answered(world: World, ada: str) -> None:
    await filled_in(world, ada, Said(False), message="Hello")
    opened = await confirm.open_confirmation(world.brands, link_to(world))
    assert opened.agreements() == ["storage_only", "message"]
    await pressed(world)
    (mail,) = world.mailer.sent_to("ada@example.org")
    assert mail.reply_to is None
    assert GRACE not in mail.text
    assert "may not write" in mail.text


@pytest.mark.rule("COL-5")
async def test_a_second_message_of_someone_known_is_asked_for_again_and_passed_on(world: World, ada: str) -> None:
    await filled_in(world, ada, message="One")
    await pressed(world)
    world.clock.advance(days=2)
    await filled_in(world, ada, message="Two")
    await pressed(world)
    assert len(world.mailer.sent_to("ada@example.org")) == 2


@pytest.mark.rule("COL-5")
@pytest.mark.rule("MAIL-4")
async def test_a_message_whose_hint_was_lost_is_found_and_leaves_once(world: World, ada: str) -> None:
    await filled_in(world, ada, message="One")
    await confirm.confirm(world.brands, link_to(world), shown=None, text_version="1", ip=None)
    world.queue.queues.clear()
    world.clock.advance(minutes=11)
    for _ in range(2):
        await world.recover()
        await world.drain()
    assert len(world.mailer.sent_to("ada@example.org")) == 1


@pytest.mark.rule("COL-5")
@pytest.mark.rule("MAIL-4")
async def test_a_yes_that_has_to_wait_for_a_full_letter_box_keeps_no_other_from_its_turn(
    world: World, acme: Brand, ada: str
) -> None:
    found = await acme.ambassadors.get(ada, ada)
    assert found
    account = found.record
    for number in range(MANY[AccountMail.VISITOR_MESSAGE]):
        account = owing(account, AccountMail.VISITOR_MESSAGE, acme.now(), about=str(number), text="Hello")
    await acme.ambassadors.replace(found, account)
    await filled_in(world, ada, message="One")
    await filled_in(world, ada, email="else@example.org")
    for email in (GRACE, "else@example.org"):
        with suppress(TryAgainError):
            await confirm.confirm(world.brands, link_to(world, email), shown=None, text_version="1", ip=None)
    waiting = await world.contact_of(GRACE)
    assert (waiting.pending, waiting.asking and waiting.asking.confirmed is not None) == (True, True)
    assert (await world.contact_of("else@example.org")).ambassador_opt_in is S.OPT_IN_BLOG
    for _ in range(2):
        world.clock.advance(minutes=11)
        await world.recover()
        await world.drain()
    assert (await world.contact_of(GRACE)).ambassador_opt_in is S.OPT_IN_BLOG
    assert len([mail for mail in world.mailer.sent_to("ada@example.org") if "> One" in mail.text]) == 1


async def bounced(world: World, ada: str) -> None:
    """Grace's mail was returned for good."""
    await invited(world, ada, GRACE)
    mail = world.mailer.sent_to(GRACE)[-1]
    await receive(world, [event_of(mail, "bounce", world.clock.now(), hard_bounce=True)])


@pytest.mark.rule("SUP-4")
async def test_staff_release_an_address_after_a_mail_error_and_it_stays_written_down_why(
    world: World, acme: Brand, ada: str
) -> None:
    await bounced(world, ada)
    assert await suppressing.listed(acme, [GRACE]) == {GRACE}
    await release_suppression(acme, GRACE.upper(), "the mailbox was full", "tenant.user")
    assert await suppressing.listed(acme, [GRACE]) == set()
    assert (await world.contact_of(GRACE)).email_status is EmailStatus.NOT_VERIFIED
    ref = acme.hasher.ref(GRACE)
    entry = await acme.suppressions.get(ref, ref)
    assert entry
    (note,) = entry.record.released
    assert (note.by, note.reason, note.of) == ("tenant.user", "the mailbox was full", (SuppressionReason.HARD_BOUNCE,))
    with pytest.raises(NotReleasableError):
        await release_suppression(acme, GRACE, "again", "tenant.user")
    world.clock.advance(days=1)
    assert await filled_in(world, ada) == ASKED
    await receive(world, [event_of(world.mailer.sent_to(GRACE)[-1], "spam", world.clock.now())])
    assert await suppressing.listed(acme, [GRACE]) == {GRACE}


@pytest.mark.rule("SUP-4")
async def test_staff_cannot_lift_an_opt_out_of_all(world: World, acme: Brand, ada: str) -> None:
    await opted_out_of_all(world, ada)
    with pytest.raises(NotReleasableError):
        await release_suppression(acme, GRACE, "asked by phone", "tenant.user")
    await suppressing.suppress(acme, acme.hasher.ref(GRACE), SuppressionReason.SPAM, acme.now())
    await release_suppression(acme, GRACE, "a mistake", "tenant.user")
    assert await suppressing.reasons_listed(acme, [GRACE]) == {
        GRACE: {SuppressionReason.GLOBAL_OPT_OUT: world.clock.now() - days(1)}
    }


@pytest.mark.rule("SUP-4")
async def test_an_old_event_that_comes_after_the_release_changes_nothing(world: World, acme: Brand, ada: str) -> None:
    await bounced(world, ada)
    mail, then = world.mailer.sent_to(GRACE)[-1], world.clock.now()
    world.clock.advance(hours=1)
    await release_suppression(acme, GRACE, "the mailbox was full", "tenant.user")
    await receive(world, [event_of(mail, "blocked", then)])
    assert (await world.contact_of(GRACE)).email_status is EmailStatus.NOT_VERIFIED
    assert await suppressing.listed(acme, [GRACE]) == set()


@pytest.mark.rule("SUP-4")
async def test_a_question_that_was_taken_back_is_not_mailed_again_the_same_day(world: World, ada: str) -> None:
    bob = (await world.ambassador(email="bob@example.org")).id
    await invited(world, ada, GRACE)
    await filled_in(world, bob)
    await opted_out_by_first_mail(world)
    await world.drain()
    before = len(world.mailer.sent_to(GRACE))
    for _ in range(3):
        world.clock.advance(hours=1)
        assert await filled_in(world, bob) == ASKED
    assert len(world.mailer.sent_to(GRACE)) == before
    world.clock.advance(days=1)
    assert await filled_in(world, bob) == ASKED
    assert len(world.mailer.sent_to(GRACE)) == before + 1
    await pressed(world)
    assert (await states(world))[bob] is S.OPT_IN_BLOG


@pytest.mark.rule("SUP-4")
@pytest.mark.rule("RET-4")
async def test_orders_that_come_late_bring_one_question_a_day_that_holds_its_whole_term(
    world: World, acme: Brand, ada: str
) -> None:
    await opted_out_of_all(world, ada)
    world.clock.advance(days=10)
    for ago in (9, 6, 3):
        at = world.clock.now() - timedelta(days=ago)
        assert await collect.arrive(acme, an_arrival(acme, ada, Source.ORDER_POPIN, TICKED, at=at)) == ASKED
        await world.drain()
    assert len([mail for mail in world.mailer.sent_to(GRACE) if "/c/" in mail.text]) == 1
    (pending,) = [contact for contact in await world.contacts() if contact.pending]
    assert pending.clock and pending.clock.since == world.clock.now(), (
        "it is asked now, and not when the order was made"
    )


@pytest.mark.rule("CON-6")
@pytest.mark.rule("SUP-4")
@pytest.mark.parametrize("of_all", [True, False])
async def test_a_box_ticked_before_the_opt_out_asks_nothing_after_it(
    world: World, acme: Brand, ada: str, *, of_all: bool
) -> None:
    ordered = world.clock.now()
    world.clock.advance(hours=1)
    if of_all:
        await opted_out_of_all(world, ada)
    else:
        await invited(world, ada, GRACE)
        await opted_out(world, GRACE)
    before = len(world.mailer.sent_to(GRACE)), len(await world.contacts())
    world.clock.advance(hours=1)
    arrived = await collect.arrive(acme, an_arrival(acme, ada, Source.ORDER_POPIN, TICKED, at=ordered))
    assert arrived.outcome is not Outcome.CONFIRMATION_ASKED
    await world.drain()
    assert (len(world.mailer.sent_to(GRACE)), len(await world.contacts())) == before


@pytest.mark.rule("DEL-8")
@pytest.mark.rule("RGT-4")
async def test_a_message_that_waits_goes_with_the_person_who_wrote_it(world: World, acme: Brand, ada: str) -> None:
    await filled_in(world, ada, message="Which tea do you like?")
    await confirm.confirm(world.brands, link_to(world), shown=None, text_version="1", ip=None)
    world.queue.queues.clear()
    await ask_for_link(acme, GRACE, "en", None)
    await world.drain()
    link = await open_rights(world.brands, token_of(world.mailer.sent_to(GRACE)[-1], "rights"))
    await use_right(link, RightKind.ERASURE, new_id())
    account = await acme.ambassadors.get(ada, ada)
    assert account and "tea" not in str(account.record.to_document())
    world.clock.advance(minutes=11)
    await world.recover()
    await world.drain()
    assert world.mailer.sent_to("ada@example.org") == []


@pytest.mark.rule("SUP-4")
async def test_who_opted_out_of_all_is_asked_once_a_day_whichever_ambassadors_form_it_is(
    world: World, ada: str
) -> None:
    bob = await opted_out_of_all(world, ada)
    eve = (await world.ambassador(email="eve@example.org")).id
    before = len(world.mailer.sent_to(GRACE))
    for ambassador in (ada, bob, eve):
        assert await filled_in(world, ambassador) == ASKED, "the answer is the same"
        world.clock.advance(minutes=10)
    assert len(world.mailer.sent_to(GRACE)) == before + 1
    world.clock.advance(days=1)
    await filled_in(world, eve)
    assert len(world.mailer.sent_to(GRACE)) == before + 2
    await pressed(world)
    assert (await states(world))[eve] is S.OPT_IN_BLOG
