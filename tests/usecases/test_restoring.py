"""A backup that is put back resurrects nobody (BAK-3), and hits nobody else."""

from datetime import datetime, timedelta

import pytest

from shared.domain.ambassador import AccountStatus
from shared.domain.community import Reaction, ReactionKind
from shared.domain.consent import AmbassadorOptIn
from shared.domain.contest import ReuseConsent
from shared.domain.grants import Network
from shared.domain.ledger import Evidence
from shared.domain.suppression import SuppressionReason
from shared.domain.syncing import SyncKey
from shared.domain.ugc import Ugc
from shared.ports import Query, StaleError
from shared.usecases import contacts, grants, leaving, sessions, suppressing
from shared.usecases.answer import Answer, Scope, opted_out_by_mail
from shared.usecases.brands import Brand
from shared.usecases.claims import by_network
from shared.usecases.saving import Edit, save
from tests.support.acts import answered, entered, event_of, invited, ledger_faults, opted_out, receive, rotated
from tests.support.disaster import accepted, backed_up, replayed_again, restored, states
from tests.support.fakes import token_of
from tests.support.world import World
from tests.usecases.test_accounts import ADA, PASSWORD, confirmed

S = AmbassadorOptIn
GRACE, ALAN, JOAN, KATE = "grace@example.org", "alan@example.org", "joan@example.org", "kate@example.org"


@pytest.mark.rule("BAK-3")
@pytest.mark.rule("DEL-8")
async def test_BAK_3_who_was_erased_or_opted_out_since_stays_so_and_nobody_else_is_hit(
    world: World, acme: Brand, ada: str
) -> None:
    await accepted(world, ada, GRACE, ALAN, JOAN, KATE)
    (newcomer,) = await entered(world, ada, "new@example.org")
    await backed_up(world)
    await contacts.remove(acme, ada, newcomer.id)
    await opted_out(world, GRACE)
    await opted_out(world, ALAN, Scope.BRAND)
    await contacts.remove(acme, ada, (await world.contact_of(JOAN)).id)
    world.clock.advance(minutes=5)
    fresh, report = await restored(world)
    assert await states(fresh) == {GRACE: "opt_out_email", ALAN: "opt_out_global", KATE: "invitation_accepted"}
    assert [c.first_name for c in await fresh.contacts() if c.anonymised_at] == [None]
    assert await suppressing.listed(await fresh.brand(), [GRACE, ALAN, JOAN]) == {ALAN}
    assert await ledger_faults(fresh) == []
    assert report.replayed.contacts == 4 and await replayed_again(fresh) == 0


@pytest.mark.rule("BAK-3")
async def test_BAK_3_who_said_yes_again_is_not_hit(world: World, acme: Brand, ada: str) -> None:
    await accepted(world, ada, GRACE, ALAN)
    await backed_up(world)
    for email in (GRACE, ALAN):
        await opted_out(world, email)
    world.clock.advance(minutes=5)
    assert (await answered(world, GRACE, Answer.ACCEPT)).ambassador_opt_in is S.INVITATION_ACCEPTED
    fresh, _ = await restored(world)
    assert await states(fresh) == {GRACE: "invitation_accepted", ALAN: "opt_out_email"}


@pytest.mark.rule("BAK-3")
async def test_BAK_3_a_new_person_on_an_id_that_was_another_persons_is_not_hit(
    world: World, acme: Brand, ada: str
) -> None:
    (first,) = await entered(world, ada, GRACE)
    world.clock.advance(minutes=1)
    await contacts.remove(acme, ada, first.id)
    world.clock.advance(minutes=1)
    assert await world.contacts() == []
    reused = contacts.new_contact(acme, ada, {"email": ALAN}, first.created_by).changed(id=first.id)
    await acme.contacts.create(reused.settled(acme.hasher, 5))
    await backed_up(world)
    fresh, _ = await restored(world)
    assert await states(fresh) == {ALAN: "new"}


@pytest.mark.rule("BAK-3")
async def test_BAK_3_the_same_address_with_another_ambassador_is_not_hit(world: World, acme: Brand, ada: str) -> None:
    bea = (await world.ambassador(email="bea@example.org")).id
    for ambassador in (ada, bea):
        await entered(world, ambassador, GRACE)
    await backed_up(world)
    await contacts.remove(acme, ada, next(c.id for c in await world.contacts() if c.ambassador_id == ada))
    fresh, _ = await restored(world)
    assert [c.ambassador_id for c in await fresh.contacts()] == [bea]


@pytest.mark.rule("BAK-3")
@pytest.mark.rule("DEL-10")
async def test_BAK_3_who_opted_out_under_a_newer_key_is_recognised_under_the_older(
    world: World, acme: Brand, ada: str
) -> None:
    await accepted(world, ada, GRACE, ALAN)
    await backed_up(world)
    await rotated(world)
    await opted_out(world, GRACE)
    await receive(world, [event_of(world.mailer.sent_to(ALAN)[0], "spam", world.clock.now())])
    fresh, _ = await restored(world)
    assert await states(fresh) == {GRACE: "opt_out_email", ALAN: "invitation_accepted"}
    assert await suppressing.listed(await fresh.brand(), [GRACE, ALAN]) == {ALAN}
    assert await replayed_again(fresh) == 0


@pytest.mark.rule("BAK-3")
async def test_BAK_3_a_listing_that_was_taken_back_since_is_not_there_again(
    world: World, acme: Brand, ada: str
) -> None:
    ref = acme.hasher.ref(GRACE)
    await suppressing.suppress(acme, ref, SuppressionReason.REPEATED_SOFT_BOUNCE, acme.now())
    await backed_up(world)
    await suppressing.withdraw(acme, ref, SuppressionReason.REPEATED_SOFT_BOUNCE)
    fresh, _ = await restored(world)
    assert await suppressing.listed(await fresh.brand(), [GRACE]) == set()
    assert await replayed_again(fresh) == 0


@pytest.mark.rule("BAK-3")
async def test_BAK_3_a_sweep_since_is_applied_again(world: World, acme: Brand, ada: str) -> None:
    await invited(world, ada, GRACE)
    await entered(world, ada, ALAN)
    await opted_out(world, GRACE)
    world.clock.advance(days=29)
    await backed_up(world)
    world.clock.advance(days=2)
    await world.sweep()
    assert await states(world) == {GRACE: "opt_out_email"}
    fresh, _ = await restored(world)
    assert await states(fresh) == {GRACE: "opt_out_email"}
    world.clock.advance(days=366)
    await fresh.sweep()
    assert await states(fresh) == {}


@pytest.mark.rule("BAK-3")
async def test_BAK_3_a_record_whose_address_was_corrected_goes_under_both(world: World, acme: Brand, ada: str) -> None:
    (contact,) = await entered(world, ada, GRACE)
    await backed_up(world)
    await contacts.edit(acme, ada, contact.id, {"email": ALAN})
    world.clock.advance(minutes=1)
    await contacts.remove(acme, ada, contact.id)
    fresh, _ = await restored(world)
    assert await fresh.contacts() == []


@pytest.mark.rule("BAK-3")
async def test_BAK_3_an_account_that_was_anonymised_since_is_again(world: World, acme: Brand) -> None:
    gone = await world.ambassador(email="gone@example.org")
    await entered(world, gone.id, GRACE)
    world.clock.advance(minutes=1)
    await backed_up(world)
    await leaving.remove(acme, gone.id, by="staff:one")
    world.clock.advance(days=40)
    await world.sweep()
    fresh, _ = await restored(world)
    (item,) = [i for page in [p async for p in (await fresh.brand()).ambassadors.pages(Query())] for i in page]
    assert (item.record.status, item.record.email, item.record.first_name) == (AccountStatus.ANONYMISED, "", "")
    assert await fresh.contacts() == []
    assert await replayed_again(fresh) == 0


@pytest.mark.rule("BAK-3")
@pytest.mark.rule("AMB-4")
async def test_BAK_3_a_switch_that_was_turned_off_since_is_off(world: World) -> None:
    acme = await confirmed(world)
    caller = await sessions.caller(acme, (await sessions.sign_in(acme, ADA, PASSWORD)).token)
    await backed_up(world)
    switches = caller.account.record.communication.changed(newsletters=False)
    await sessions.edit_account(caller, {"communication": switches})
    fresh, _ = await restored(world)
    again = await (await fresh.brand()).ambassadors.get(caller.id, caller.id)
    assert again and not again.record.communication.newsletters and again.record.communication.event_notifications
    assert again.record.sessions == ()


@pytest.mark.rule("BAK-3")
@pytest.mark.rule("AMB-5")
async def test_BAK_3_a_grant_that_was_withdrawn_since_is_not_there_again(world: World, acme: Brand, ada: str) -> None:
    for network, id in ((Network.FACEBOOK, "1"), (Network.TWITTER, "2")):
        await grants.give_grant(acme, ada, network, token_of(id), id)
    world.clock.advance(minutes=1)
    await backed_up(world)
    await grants.withdraw_grant(acme, ada, Network.FACEBOOK)
    fresh, _ = await restored(world)
    again = await (await fresh.brand()).ambassadors.get(ada, ada)
    assert again and list(again.record.grants) == [Network.TWITTER]
    assert await by_network(await fresh.brand(), Network.FACEBOOK, "1") is None
    assert await replayed_again(fresh) == 0


@pytest.mark.rule("BAK-3")
@pytest.mark.rule("ACT-2")
async def test_BAK_3_a_photo_that_was_removed_since_is_gone_and_a_consent_taken_back_stays_so(
    world: World, acme: Brand, ada: str
) -> None:
    now = world.clock.now()
    until = now + timedelta(days=90)
    consent = ReuseConsent(contest="c", usage="website", days=90, text_version="1", given_at=now, until=until)
    photos = [Ugc(ambassador_id=ada, created_at=now, file=f"acme/ugc/{n}", key="k", consent=consent) for n in range(3)]
    items = [await acme.ugc.create(photo) for photo in photos]
    await backed_up(world)
    world.clock.advance(minutes=1)
    await acme.ugc.delete(items[0])
    await acme.ugc.replace(items[1], photos[1].withdrawn(world.clock.now()))
    fresh, _ = await restored(world)
    found, _ = await (await fresh.brand()).ugc.page(Query(partition=ada, order_by="createdAt"))
    assert {item.record.id: item.record.consent and item.record.consent.withdrawn_at is None for item in found} == {
        photos[1].id: False,
        photos[2].id: True,
    }
    assert await ledger_faults(fresh) == []
    assert await replayed_again(fresh) == 0


@pytest.mark.rule("BAK-3")
@pytest.mark.rule("ACT-3")
async def test_BAK_3_a_comment_that_was_deleted_since_is_gone_and_a_later_like_of_its_id_is_not(
    world: World, acme: Brand, ada: str
) -> None:
    def like(at: datetime) -> Reaction:
        return Reaction(id=ada, publication_id="p", kind=ReactionKind.LIKE, ambassador_id=ada, at=at)

    comment = Reaction(publication_id="p", kind=ReactionKind.COMMENT, ambassador_id=ada, text="x", at=acme.now())
    said = await acme.reactions.create(comment)
    first = await acme.reactions.create(like(acme.now()))
    world.clock.advance(minutes=1)
    await acme.reactions.delete(first)
    second = await acme.reactions.create(like(acme.now()))
    await backed_up(world)
    await acme.reactions.delete(said)
    fresh, _ = await restored(world)
    found, _ = await (await fresh.brand()).reactions.page(Query(partition="p"))
    assert [item.record for item in found] == [second.record]


@pytest.mark.rule("BAK-3")
@pytest.mark.rule("COL-11")
async def test_BAK_3_a_question_that_lapsed_beside_a_record_does_not_take_the_record_along(
    world: World, acme: Brand, ada: str
) -> None:
    (standing,) = await accepted(world, ada, GRACE)
    origin = standing.created_by
    pending = contacts.new_contact(acme, ada, {"email": GRACE}, origin).changed(
        ambassador_opt_in=S.BLOG_PENDING, beside=standing.id
    )
    item = await acme.contacts.create(pending.settled(acme.hasher, 5))
    await backed_up(world)
    await acme.contacts.delete(item)
    fresh, _ = await restored(world)
    assert [c.id for c in await fresh.contacts()] == [standing.id]


@pytest.mark.rule("BAK-3")
async def test_BAK_3_an_act_that_was_not_saved_after_all_hits_nobody(world: World, acme: Brand, ada: str) -> None:
    await accepted(world, ada, GRACE)
    await backed_up(world)
    current = await acme.contacts.get(ada, (await world.contact_of(GRACE)).id)
    assert current
    await contacts.edit(acme, ada, current.record.id, {"first_name": "Grace"})
    with pytest.raises(StaleError):
        await save(acme, Edit(current, opted_out_by_mail(current.record, acme.now(), "late") or current.record, PROOF))
    fresh, _ = await restored(world)
    assert await states(fresh) == {GRACE: "invitation_accepted"}


PROOF = Evidence(actor="person", mechanism="opt_out_page")


@pytest.mark.rule("BAK-3")
@pytest.mark.rule("COL-12")
async def test_BAK_3_a_key_of_the_brands_database_that_went_with_its_contact_is_not_there_again(
    world: World, acme: Brand
) -> None:
    gone, newer = [SyncKey(id=f"v1.{n}", ambassador_id="a", contact_id=f"c{n}") for n in range(2)]
    items = [await acme.sync_keys.create(key) for key in (gone, newer)]
    await acme.sync_keys.delete(items[1])
    again = newer.changed(contact_id="another")
    await acme.sync_keys.create(again)
    await backed_up(world)
    await acme.sync_keys.delete(items[0])
    fresh, _ = await restored(world)
    found, _ = await (await fresh.brand()).sync_keys.page(Query())
    assert [item.record for item in found] == [again]


@pytest.mark.rule("BAK-3")
@pytest.mark.rule("CON-6")
@pytest.mark.parametrize("lifted", [False, True])
async def test_BAK_3_an_objection_made_since_still_stands(world: World, acme: Brand, ada: str, *, lifted: bool) -> None:
    await accepted(world, ada, GRACE)
    await backed_up(world)
    for at in (world.clock.now(), None)[: 2 if lifted else 1]:
        contact = await world.contact_of(GRACE)
        current = await acme.contacts.get(ada, contact.id)
        assert current
        world.clock.advance(minutes=1)
        await save(acme, Edit(current, contact.changed(objected_at=at)))
    world.clock.advance(minutes=5)
    fresh, _ = await restored(world)
    assert ((await fresh.contact_of(GRACE)).objected_at is None) is lifted
    assert await replayed_again(fresh) == 0
