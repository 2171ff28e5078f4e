"""An objection (art. 21) holds for the address in the brand, whoever enters it later, until its person says yes to the brand."""

import pytest

from shared.domain.collecting import Arrived, Outcome, Said, Source
from shared.domain.consent import AmbassadorOptIn, BrandOptIn
from shared.domain.ids import new_id
from shared.domain.rights import RightKind
from shared.domain.syncing import RowResult, Upsert
from shared.usecases import access, collect, contacts, import_contacts, invite, suppressing, sync_contacts
from shared.usecases.brands import Brand
from shared.usecases.rights import use_right
from shared.usecases.rights_links import OpenRights, ask_for_link, open_rights
from tests.support.acts import ledger_faults, rotated, token_of
from tests.support.disaster import backed_up, replayed_again, restored
from tests.support.forms import GRACE, an_arrival, filled_in, pressed
from tests.support.world import World

S, B = AmbassadorOptIn, BrandOptIn
FOR_ADA = Said(ambassador=True)
FOR_ALL = Said(ambassador=True, brand=True)


async def opened(world: World) -> OpenRights:
    """The link that Grace asked for and got."""
    await ask_for_link(await world.brand(), GRACE, "en", None)
    await world.drain()
    return await open_rights(world.brands, token_of(world.mailer.sent_to(GRACE)[-1], "rights"))


async def objected(world: World, ada: str) -> None:
    """Grace, whom Ada knows, objects."""
    await contacts.enter(await world.brand(), ada, {"email": GRACE})
    await use_right(await opened(world), RightKind.OBJECTION, new_id())
    await world.drain()
    world.clock.advance(days=2)


async def back(world: World, ada: str, said: Said = FOR_ADA) -> None:
    """Grace fills in Ada's form, and confirms."""
    assert await filled_in(world, ada, said=said) == Arrived(Outcome.CONFIRMATION_ASKED)
    await pressed(world)
    world.clock.advance(days=1)


async def came_back(world: World, ada: str) -> str:
    """Grace objects, and lets Ada write again; gives the id of Bob, who does not know her."""
    await objected(world, ada)
    await back(world, ada)
    assert await suppressing.listed(await world.brand(), [GRACE]) == set()
    return (await world.ambassador(email="bob@example.org")).id


async def of(world: World, ambassador: str) -> tuple[AmbassadorOptIn, BrandOptIn, bool]:
    """What may be written to Grace, by whom."""
    (contact,) = [c for c in await world.contacts() if c.ambassador_id == ambassador]
    return contact.ambassador_opt_in, contact.brand_opt_in, contact.partners_opt_in


async def objects(world: World) -> bool:
    """Whether the brand knows that Grace objects."""
    found = await suppressing.listings(await world.brand(), [GRACE])
    return GRACE in found and found[GRACE].objected_at is not None


async def invitations(world: World, ambassador: str) -> int:
    """How many mails an ambassador's invitation sends."""
    before = len(world.mailer.outbox)
    await invite.invite(await world.brand(), ambassador, None)
    await world.drain()
    return len(world.mailer.outbox) - before


@pytest.mark.rule("RGT-1")
@pytest.mark.rule("MAIL-1")
@pytest.mark.parametrize("by", ["hand", "file"])
async def test_RGT_1_another_ambassador_may_enter_who_objected_and_not_invite_them(
    world: World, acme: Brand, ada: str, by: str
) -> None:
    bob = await came_back(world, ada)
    if by == "hand":
        await contacts.enter(acme, bob, {"email": GRACE})
    else:
        await import_contacts.start_import(acme, bob, GRACE.encode(), "emails")
        await world.drain()
    assert await of(world, bob) == (S.NEW, B.NONE, False)
    assert await invitations(world, bob) == 0
    assert (await of(world, ada))[0] is S.OPT_IN_BLOG


@pytest.mark.rule("RGT-1")
@pytest.mark.rule("CON-6")
@pytest.mark.parametrize(
    ("source", "said", "becomes"),
    [
        (Source.ORDER, Said(brand=True), S.STORAGE_ONLY),
        (Source.EXTERNAL_FORM, Said(True, True, True), S.STORAGE_ONLY),
        (Source.EXTERNAL_FORM, Said(partners=True), S.NEW),
        (Source.CRM_WITH_EVIDENCE, Said(), S.STORAGE_ONLY),
        (Source.BRAND_SYNC, Said(ambassador=True, brand=True), S.STORAGE_ONLY),
        (Source.MIGRATION, Said(ambassador=True), S.STORAGE_ONLY),
    ],
)
async def test_RGT_1_nothing_that_others_send_gives_leave_to_write_to_who_objected(
    world: World, acme: Brand, ada: str, source: Source, said: Said, becomes: AmbassadorOptIn
) -> None:
    bob = await came_back(world, ada)
    await collect.arrive(acme, an_arrival(acme, bob, source, said))
    state, brand, partners = await of(world, bob)
    assert (state, brand.allows_communications, partners) == (becomes, False, False)
    await contacts.enter(acme, bob, {"email": GRACE})
    await collect.arrive(acme, an_arrival(acme, bob, source, said))  # and of a record that is there
    assert (await of(world, bob))[1:] == (brand, False)


@pytest.mark.rule("RGT-1")
@pytest.mark.rule("COL-3")
async def test_RGT_1_the_brands_own_key_does_not_lead_past_an_objection(world: World, acme: Brand, ada: str) -> None:
    bob = await came_back(world, ada)
    for said in (Said(), FOR_ALL):
        row = Upsert("K-1", bob, said, {"email": GRACE, "city": str(said.brand)})
        (answer,) = await sync_contacts.upsert_contacts(acme, [row])
        assert answer.result in (RowResult.CREATED, RowResult.UPDATED)
    state, brand, _ = await of(world, bob)
    assert (state, brand) == (S.STORAGE_ONLY, B.STORAGE_ONLY)


@pytest.mark.rule("RGT-1")
@pytest.mark.rule("COL-8")
async def test_RGT_1_a_box_ticked_in_a_shop_is_asked_about_before_it_counts(
    world: World, acme: Brand, ada: str
) -> None:
    bob = await came_back(world, ada)
    arrived = await collect.arrive(acme, an_arrival(acme, bob, Source.ORDER_POPIN, FOR_ADA))
    assert arrived.outcome is Outcome.CONFIRMATION_ASKED
    assert S.STORAGE_ONLY in {c.ambassador_opt_in for c in await world.contacts() if c.ambassador_id == bob}
    await world.drain()
    await pressed(world)
    assert (await of(world, bob))[0] is S.OPT_IN_ORDER_POPIN


@pytest.mark.rule("RGT-1")
@pytest.mark.rule("CON-6")
async def test_RGT_1_a_confirmed_yes_to_the_brand_ends_an_objection_and_one_to_an_ambassador_does_not(
    world: World, acme: Brand, ada: str
) -> None:
    bob = await came_back(world, ada)
    assert await objects(world)
    await back(world, ada, FOR_ALL)
    assert not await objects(world)
    assert await of(world, ada) == (S.OPT_IN_BLOG, B.BLOG, False)
    await contacts.enter(acme, bob, {"email": GRACE})
    assert await invitations(world, bob) == 1
    assert await ledger_faults(world) == []


@pytest.mark.rule("RGT-1")
@pytest.mark.rule("DEL-10")
async def test_DEL_10_a_rotated_key_keeps_an_objection_and_lets_it_end(world: World, ada: str) -> None:
    await objected(world, ada)
    await rotated(world)
    await back(world, ada)
    bob = (await world.ambassador(email="bob@example.org")).id
    brand = await world.brand()
    assert brand.hasher.version == 2 and await objects(world)
    await contacts.enter(brand, bob, {"email": GRACE})
    assert await invitations(world, bob) == 0
    await back(world, ada, FOR_ALL)
    assert not await objects(world) and await invitations(world, bob) == 1


@pytest.mark.rule("RGT-1")
@pytest.mark.rule("RGT-4")
@pytest.mark.rule("DEL-4")
async def test_RGT_4_of_who_objected_and_is_erased_the_hash_goes_on_saying_so(world: World, ada: str) -> None:
    await came_back(world, ada)
    await use_right(await opened(world), RightKind.ERASURE, new_id())
    await world.drain()
    assert await objects(world)
    assert all(contact.anonymised_at for contact in await world.contacts())


@pytest.mark.rule("RGT-3")
async def test_RGT_3_who_asks_what_is_held_is_told_of_the_objection(world: World, ada: str) -> None:
    await came_back(world, ada)
    held = await access.held_on(await opened(world))
    assert held.listed == [] and held.as_json()["objectedAt"]


@pytest.mark.rule("BAK-3")
@pytest.mark.rule("RGT-1")
@pytest.mark.parametrize("ended", [False, True])
async def test_BAK_3_a_restore_gives_back_neither_a_leave_nor_an_objection_that_ended(
    world: World, ada: str, *, ended: bool
) -> None:
    await backed_up(world)
    await objected(world, ada)
    await back(world, ada)
    if ended:
        await backed_up(world)
        await back(world, ada, FOR_ALL)
    world.clock.advance(minutes=5)
    fresh, _ = await restored(world)
    assert await objects(fresh) is not ended
    assert await suppressing.listed(await fresh.brand(), [GRACE]) == set()
    assert await replayed_again(fresh) == 0
