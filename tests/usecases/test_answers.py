"""What a person answers: to an invitation, no more of this ambassador, no more of the brand."""

import pytest

from shared.domain.consent import AmbassadorOptIn
from shared.domain.errors import SuppressedError, UnknownObjectError
from shared.domain.ledger import Evidence
from shared.domain.suppression import SuppressionReason
from shared.domain.tokens import Purpose
from shared.ports import Query
from shared.usecases import answer, contacts, suppressing
from shared.usecases.answer import Answer, Scope
from shared.usecases.brands import Brand
from shared.usecases.compose import INVITATION_HOLDS
from shared.usecases.saving import change
from tests.support.acts import answered, asked_by, entered, invited, ledger_faults, opted_out, token_of
from tests.support.world import World

S = AmbassadorOptIn
GRACE = "grace@example.org"


@pytest.mark.rule("CON-6")
@pytest.mark.rule("RET-13")
async def test_a_yes_opts_in_and_is_an_activity(world: World, ada: str) -> None:
    await invited(world, ada, GRACE)
    world.clock.advance(days=3)
    after = await answered(world, GRACE, Answer.ACCEPT)
    assert (after.ambassador_opt_in, after.ambassador_opt_in_at) == (S.INVITATION_ACCEPTED, world.clock.now())
    assert after.last_activity_at == world.clock.now()


@pytest.mark.rule("CON-6")
async def test_a_no_opts_out_and_is_no_activity(world: World, ada: str) -> None:
    await invited(world, ada, GRACE)
    after = await answered(world, GRACE, Answer.DECLINE)
    assert (after.ambassador_opt_in, after.last_activity_at) == (S.INVITATION_DECLINED, None)


@pytest.mark.rule("MAIL-3")
@pytest.mark.parametrize("what", Answer)
async def test_the_same_answer_again_changes_nothing(world: World, ada: str, what: Answer) -> None:
    await invited(world, ada, GRACE)
    first = await answered(world, GRACE, what)
    world.clock.advance(days=1)
    assert await answered(world, GRACE, what) == first
    assert await world.contact_of(GRACE) == first


@pytest.mark.rule("MAIL-3")
@pytest.mark.rule("CON-7")
async def test_an_answer_can_be_changed_and_each_change_is_proved(world: World, acme: Brand, ada: str) -> None:
    (contact,) = await invited(world, ada, GRACE)
    for what in (Answer.ACCEPT, Answer.DECLINE, Answer.ACCEPT):
        world.clock.advance(seconds=1)
        await answered(world, GRACE, what)
    chain = [entry.record for page in [(await acme.ledger.page(Query(partition=contact.id)))[0]] for entry in page]
    states = [entry.after["ambassadorOptIn"] for entry in chain]
    assert states == [S.INVITATION_ACCEPTED, S.INVITATION_DECLINED, S.INVITATION_ACCEPTED]
    evidence = chain[-1].evidence
    assert (evidence.actor, evidence.mechanism, evidence.text_version) == ("person", "invitation", "1")
    assert evidence.ip_hash and "192.0.2.1" not in str(chain)
    assert await ledger_faults(world) == []


@pytest.mark.rule("CON-6")
async def test_of_a_yes_and_a_no_in_one_second_the_no_stands(world: World, ada: str) -> None:
    await invited(world, ada, GRACE)
    await answered(world, GRACE, Answer.ACCEPT)
    assert (await answered(world, GRACE, Answer.DECLINE)).ambassador_opt_in is S.INVITATION_DECLINED
    assert (await answered(world, GRACE, Answer.ACCEPT)).ambassador_opt_in is S.INVITATION_DECLINED


@pytest.mark.rule("MAIL-3")
async def test_a_link_that_expired_was_forged_or_is_for_something_else_opens_nothing(world: World, ada: str) -> None:
    await invited(world, ada, GRACE)
    (mail,) = world.mailer.outbox
    invitation, opt_out = token_of(mail, "i"), token_of(mail, "u")
    for purpose, token in ((Purpose.INVITATION, opt_out), (Purpose.OPT_OUT, invitation), (Purpose.INVITATION, "x")):
        with pytest.raises(UnknownObjectError):
            await answer.open_link(world.brands, purpose, token)
    asked = await asked_by(world, GRACE)
    world.clock.advance(asked.expires_at - world.clock.now())
    with pytest.raises(UnknownObjectError):
        await answer.open_link(world.brands, Purpose.INVITATION, invitation)
    assert asked.expires_at - world.clock.now() <= INVITATION_HOLDS
    await answer.open_link(world.brands, Purpose.OPT_OUT, opt_out)


@pytest.mark.rule("DEL-8")
async def test_a_link_about_a_record_that_is_gone_opens_nothing(world: World, acme: Brand, ada: str) -> None:
    (contact,) = await invited(world, ada, GRACE)
    asked, out = await asked_by(world, GRACE), await asked_by(world, GRACE, "u")
    await contacts.remove(acme, ada, contact.id)
    with pytest.raises(UnknownObjectError):
        await asked_by(world, GRACE)
    await asked_by(world, GRACE, "u")
    found = await acme.contacts.get(ada, contact.id)
    assert found
    await acme.contacts.delete(found)
    with pytest.raises(UnknownObjectError):
        await asked_by(world, GRACE, "u")
    with pytest.raises(UnknownObjectError):
        await answer.answer_invitation(asked, Answer.ACCEPT, text_version="1", ip=None)
    for scope in Scope:
        with pytest.raises(UnknownObjectError):
            await answer.opt_out(out, scope, mechanism="one_click", text_version=None, ip=None)


@pytest.mark.rule("MAIL-2")
async def test_an_opt_out_of_one_ambassador_leaves_the_others(world: World, acme: Brand, ada: str) -> None:
    bob = (await world.ambassador(email="bob@example.org")).id
    (with_ada,) = await invited(world, ada, GRACE)
    after = await opted_out(world, GRACE)
    assert (after.id, after.ambassador_opt_in) == (with_ada.id, S.OPT_OUT_EMAIL)
    world.clock.advance(days=1)
    assert await opted_out(world, GRACE) == after
    assert await suppressing.listed(acme, [GRACE]) == set()
    await entered(world, bob, GRACE)


@pytest.mark.rule("CON-6")
async def test_an_opt_out_is_lifted_by_accepting_the_invitation_later(world: World, ada: str) -> None:
    await invited(world, ada, GRACE)
    await opted_out(world, GRACE)
    world.clock.advance(seconds=1)
    assert (await answered(world, GRACE, Answer.ACCEPT)).ambassador_opt_in is S.INVITATION_ACCEPTED


@pytest.mark.rule("SUP-3")
@pytest.mark.rule("BR-1")
async def test_a_global_opt_out_reaches_every_record_of_the_brand_and_none_of_another(world: World) -> None:
    acme = await world.brand()
    people = [(await world.ambassador(email=f"amb{number}@example.org")).id for number in range(3)]
    elsewhere = (await world.ambassador("globex", "amb@example.org")).id
    await invited(world, people[0], GRACE)
    for number, ambassador in enumerate(people[1:]):
        await entered(world, ambassador, ("Grace@Example.org", "GRACE@example.org")[number])
    (foreign,) = await entered(world, elsewhere, GRACE, brand="globex")
    (bystander,) = await entered(world, people[1], "ada.lovelace@example.org")
    after = await opted_out(world, GRACE, Scope.BRAND)
    assert after.ambassador_opt_in is S.OPT_OUT_GLOBAL
    records = {contact.id: contact for contact in await world.contacts()}
    assert records.pop(bystander.id) == bystander
    assert [record.ambassador_opt_in for record in records.values()] == [S.OPT_OUT_GLOBAL] * 3
    assert await world.contacts("globex") == [foreign]
    assert await suppressing.listed(acme, [GRACE, "x@example.org"]) == {GRACE}
    assert await suppressing.listed(await world.brand("globex"), [GRACE]) == set()
    assert await ledger_faults(world) == []
    entry = await acme.suppressions.get(acme.hasher.ref(GRACE), acme.hasher.ref(GRACE))
    assert entry and entry.record.reach_since is None
    assert GRACE not in str(entry.record.to_document())


@pytest.mark.rule("SUP-3")
@pytest.mark.rule("MAIL-4")
async def test_a_global_opt_out_whose_message_was_lost_still_reaches_every_record(world: World, ada: str) -> None:
    bob = (await world.ambassador(email="bob@example.org")).id
    await invited(world, ada, GRACE)
    await entered(world, bob, GRACE)
    asked = await asked_by(world, GRACE, "u")
    await answer.opt_out(asked, Scope.BRAND, mechanism="opt_out_page", text_version="1", ip=None)
    world.queue.queues.clear()
    assert {contact.ambassador_opt_in for contact in await world.contacts()} == {S.OPT_OUT_GLOBAL, S.NEW}
    world.clock.advance(minutes=11)
    assert (await world.recover()).opt_outs == 1
    await world.drain()
    assert {contact.ambassador_opt_in for contact in await world.contacts()} == {S.OPT_OUT_GLOBAL}
    world.clock.advance(minutes=11)
    assert (await world.recover()).opt_outs == 0


@pytest.mark.rule("SUP-4")
@pytest.mark.parametrize("what", Answer)
async def test_an_old_invitation_is_no_way_back_from_a_global_opt_out(world: World, ada: str, what: Answer) -> None:
    await invited(world, ada, GRACE)
    await opted_out(world, GRACE, Scope.BRAND)
    world.clock.advance(days=1)
    assert (await answered(world, GRACE, what)).ambassador_opt_in is S.OPT_OUT_GLOBAL
    assert (await opted_out(world, GRACE)).ambassador_opt_in is S.OPT_OUT_GLOBAL


@pytest.mark.rule("SUP-3")
async def test_a_second_global_opt_out_also_reaches_who_agreed_in_between(world: World, acme: Brand) -> None:
    ada = (await world.ambassador()).id
    bob = (await world.ambassador(email="bob@example.org")).id
    await invited(world, ada, GRACE)
    await entered(world, bob, GRACE)
    ref = acme.hasher.ref(GRACE)
    await suppressing.suppress(acme, ref, SuppressionReason.GLOBAL_OPT_OUT, world.clock.now())
    world.clock.advance(days=1)
    (with_bob,) = [contact for contact in await world.contacts() if contact.ambassador_id == bob]
    agreed = world.clock.now()
    await change(
        acme,
        bob,
        with_bob.id,
        lambda c: c.changed(ambassador_opt_in=S.OPT_IN_BLOG, ambassador_opt_in_at=agreed),
        Evidence(actor="person", mechanism="blog"),
    )
    world.clock.advance(days=1)
    await opted_out(world, GRACE, Scope.BRAND)
    assert {contact.ambassador_opt_in for contact in await world.contacts()} == {S.OPT_OUT_GLOBAL}


@pytest.mark.rule("CON-6")
async def test_a_late_message_about_a_global_opt_out_does_not_undo_an_own_act_since(
    world: World, acme: Brand, ada: str
) -> None:
    await invited(world, ada, GRACE)
    ref, reason = acme.hasher.ref(GRACE), SuppressionReason.GLOBAL_OPT_OUT
    await suppressing.suppress(acme, ref, reason, world.clock.now(), reach=True)
    world.clock.advance(days=1)
    await answered(world, GRACE, Answer.ACCEPT)
    assert await suppressing.reach_records(acme, ref) == 0
    assert (await world.contact_of(GRACE)).ambassador_opt_in is S.INVITATION_ACCEPTED
    assert await suppressing.reach_records(acme, "v1.unknown") == 0


@pytest.mark.rule("SUP-3")
@pytest.mark.rule("SUP-5")
@pytest.mark.parametrize("scope", Scope)
async def test_an_opt_out_by_the_mail_of_a_removed_record_reaches_the_person_who_was_entered_again(
    world: World, acme: Brand, ada: str, scope: Scope
) -> None:
    (removed,) = await invited(world, ada, GRACE)
    await answered(world, GRACE, Answer.ACCEPT)
    await contacts.remove(acme, ada, removed.id)
    (again,) = await entered(world, ada, GRACE)
    assert again.id != removed.id
    await opted_out(world, GRACE, scope)
    assert (await world.contact_of(GRACE)).ambassador_opt_in.opted_out
    with pytest.raises(SuppressedError):
        await contacts.enter(acme, ada, {"email": GRACE})
    assert await ledger_faults(world) == []


@pytest.mark.rule("SUP-5")
async def test_an_opt_out_by_the_mail_of_a_removed_record_keeps_the_person_out(
    world: World, acme: Brand, ada: str
) -> None:
    (removed,) = await invited(world, ada, GRACE)
    await answered(world, GRACE, Answer.ACCEPT)
    await contacts.remove(acme, ada, removed.id)
    world.clock.advance(seconds=1)
    await opted_out(world, GRACE)
    with pytest.raises(SuppressedError):
        await contacts.enter(acme, ada, {"email": GRACE})


@pytest.mark.rule("RET-14")
async def test_an_invitation_answer_leaves_a_restricted_record_alone_but_an_opt_out_is_never_refused(
    world: World, acme: Brand, ada: str
) -> None:
    (contact,) = await invited(world, ada, GRACE)
    await change(acme, ada, contact.id, lambda c: c.changed(restricted_at=world.clock.now()))
    assert (await answered(world, GRACE, Answer.ACCEPT)).ambassador_opt_in is S.INVITATION_SENT
    assert (await opted_out(world, GRACE)).ambassador_opt_in is S.OPT_OUT_EMAIL
