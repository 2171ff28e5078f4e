"""Who was entered and opted out since the backup is in none; their no outlives the loss all the same (BAK-3, SUP-5)."""

from datetime import timedelta

import pytest

from shared.domain.consent import AmbassadorOptIn
from shared.domain.containers import CONTACTS
from shared.domain.errors import SuppressedError
from shared.domain.tombstones import Tombstone, What
from shared.usecases import contacts, leaving
from shared.usecases.answer import Answer, Scope, answer_invitation
from shared.usecases.brands import Brand
from shared.usecases.erasure import request_erasure
from shared.usecases.remembering import log_of
from tests.support.acts import asked_by, entered, invited, ledger_faults, opted_out
from tests.support.disaster import backed_up, replayed_again, restored
from tests.support.world import World

S = AmbassadorOptIn
GRACE, ALAN = "grace@example.org", "alan@example.org"


@pytest.mark.rule("BAK-3")
@pytest.mark.rule("SUP-5")
async def test_SUP_5_who_opted_out_since_the_backup_cannot_be_entered_again_by_that_ambassador(
    world: World, acme: Brand, ada: str
) -> None:
    bea = (await world.ambassador(email="bea@example.org")).id
    await backed_up(world)
    (was,) = await invited(world, ada, GRACE)
    await opted_out(world, GRACE)
    world.clock.advance(days=1)
    fresh, report = await restored(world)
    brand = await fresh.brand()
    assert report.replayed.contacts == 1
    with pytest.raises(SuppressedError):
        await contacts.enter(brand, ada, {"email": "Grace@Example.org"})
    assert (await contacts.enter(brand, bea, {"email": GRACE}))[1]
    (left,) = [contact for contact in await fresh.contacts() if contact.ambassador_id == ada]
    assert left.ambassador_opt_in is S.OPT_OUT_EMAIL
    assert "grace" not in left.model_dump_json()
    listed, _ = await contacts.find(brand, ada, status=None, text=None, limit=10, cursor=None)
    assert listed == []
    # Her link still opens, and says so.
    assert left.id == was.id
    assert await ledger_faults(fresh) == []
    assert await replayed_again(fresh) == 0


@pytest.mark.rule("BAK-3")
async def test_BAK_3_who_said_yes_after_all_is_not_shut_out(world: World, acme: Brand, ada: str) -> None:
    await backed_up(world)
    await invited(world, ada, GRACE)
    await opted_out(world, GRACE)
    world.clock.advance(hours=1)
    await answer_invitation(await asked_by(world, GRACE), Answer.ACCEPT, text_version="1", ip=None)
    fresh, report = await restored(world)
    assert report.replayed.contacts == 0
    assert (await contacts.enter(await fresh.brand(), ada, {"email": GRACE}))[1]


@pytest.mark.rule("BAK-3")
@pytest.mark.rule("DEL-10")
async def test_BAK_3_a_hash_key_that_came_since_changes_nothing_of_it(world: World, acme: Brand, ada: str) -> None:
    await backed_up(world)
    await invited(world, ada, GRACE, ALAN)
    await opted_out(world, GRACE)
    await opted_out(world, ALAN)
    await world.brands.rotate_hash_key("acme")
    world.clock.advance(days=2)
    await answer_invitation(await asked_by(world, ALAN), Answer.ACCEPT, text_version="1", ip=None)
    fresh, _ = await restored(world)
    brand = await fresh.brand()
    with pytest.raises(SuppressedError):
        await contacts.enter(brand, ada, {"email": GRACE})
    assert (await contacts.enter(brand, ada, {"email": ALAN}))[1]
    assert await replayed_again(fresh) == 0


@pytest.mark.rule("BAK-3")
async def test_BAK_3_an_id_that_is_somebody_elses_is_left_to_them(world: World, acme: Brand, ada: str) -> None:
    (alan,) = await entered(world, ada, ALAN)
    await backed_up(world)
    people = tuple(f"email.{ref}" for ref in acme.hasher.refs(GRACE))
    said = Tombstone(
        at=world.clock.now(), what=What.WITHDREW, container=CONTACTS.name, partition=ada, record=alan.id,
        people=people, consent="ambassador", state=S.OPT_OUT_EMAIL.value,
    )  # fmt: skip
    await log_of(acme.ports, acme.id).write([said])
    fresh, _ = await restored(world)
    assert (await fresh.contact_of_id(alan.id)).email == ALAN
    with pytest.raises(SuppressedError):
        await contacts.enter(await fresh.brand(), ada, {"email": GRACE})
    assert await replayed_again(fresh) == 0


@pytest.mark.rule("BAK-3")
@pytest.mark.rule("DEL-1")
async def test_BAK_3_nobody_is_shut_out_of_the_book_of_somebody_who_is_gone(world: World, acme: Brand) -> None:
    late = (await world.ambassador(email="late@example.org")).id
    await backed_up(world)
    gone = (await world.ambassador(email="gone@example.org")).id  # in no backup at all
    for who, email in ((gone, GRACE), (late, ALAN)):
        await invited(world, who, email)
        await opted_out(world, email)
    await leaving.remove(acme, late, by="staff:one")
    world.clock.advance(days=1)
    fresh, report = await restored(world)
    assert [contact.ambassador_id for contact in await fresh.contacts()] == [late]
    assert report.replayed.unsaved == 0


@pytest.mark.rule("BAK-3")
@pytest.mark.rule("RGT-6")
@pytest.mark.rule("DEL-8")
async def test_RGT_6_what_the_provider_still_had_to_forget_is_asked_for_again(
    world: World, acme: Brand, ada: str
) -> None:
    await invited(world, ada, GRACE, ALAN)
    await entered(world, ada, "never.mailed@example.org")
    world.clock.advance(minutes=1)
    await backed_up(world)
    world.mailer.forgets = False
    for email in (GRACE, "never.mailed@example.org"):
        await request_erasure(acme, email, "staff")
    fresh, _ = await restored(world)
    assert world.mailer.forgotten == []
    world.mailer.forgets = True
    world.clock.advance(hours=1)
    await fresh.recover()
    await fresh.drain()
    assert world.mailer.forgotten == [GRACE]


@pytest.mark.rule("SUP-3")
async def test_SUP_3_who_opted_out_of_all_is_on_the_black_list_and_shut_out(
    world: World, acme: Brand, ada: str
) -> None:
    await backed_up(world)
    await invited(world, ada, GRACE)
    await opted_out(world, GRACE, Scope.BRAND)
    fresh, _ = await restored(world, world.clock.now() + timedelta(hours=1))
    (left,) = await fresh.contacts()
    assert left.ambassador_opt_in is S.OPT_OUT_GLOBAL
    with pytest.raises(SuppressedError):
        await contacts.enter(await fresh.brand(), ada, {"email": GRACE})
