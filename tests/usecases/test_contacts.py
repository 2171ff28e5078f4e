"""The ambassador's own book: entering, finding, editing, releasing and removing."""

import asyncio

import pytest

from shared.domain.consent import AmbassadorOptIn, BrandOptIn
from shared.domain.contact import EmailStatus
from shared.domain.errors import (
    ChangedMeanwhileError,
    InvalidInputError,
    NotReleasableError,
    SuppressedError,
    UnknownObjectError,
)
from shared.domain.ledger import Evidence
from shared.domain.suppression import SuppressionReason
from shared.ports import StaleError
from shared.usecases import answer, contacts, saving, suppressing
from shared.usecases.brands import Brand
from tests.support.acts import answered, entered, event_of, invited, ledger_faults, opted_out, receive
from tests.support.records import days
from tests.support.world import World

S = AmbassadorOptIn


async def in_state(brand: Brand, ambassador: str, contact: str, state: S, **fields: object) -> None:
    """Puts a contact into a state that another mechanism would lead to."""
    evidence = Evidence(actor="person", mechanism="test")
    now = brand.now()
    await saving.change(
        brand,
        ambassador,
        contact,
        lambda c: c.changed(ambassador_opt_in=state, ambassador_opt_in_at=now, **fields),
        evidence,
    )


async def found(brand: Brand, ambassador: str, text: str | None = None, status: S | None = None) -> list[str | None]:
    page, _ = await contacts.find(brand, ambassador, status=status, text=text, limit=50, cursor=None)
    return [contact.first_name or contact.email for contact in page]


@pytest.mark.rule("COL-1")
@pytest.mark.rule("CON-1")
async def test_a_typed_contact_is_new_and_hidden_from_the_brand(acme: Brand, ada: str) -> None:
    contact, is_new = await contacts.enter(acme, ada, {"email": " grace@example.org ", "first_name": "Grace"})
    assert is_new
    assert (contact.ambassador_opt_in, contact.brand_opt_in) == (S.NEW, BrandOptIn.NONE)
    assert (contact.email, contact.created_by.mechanism) == ("grace@example.org", "crm")
    assert await contacts.get(acme, ada, contact.id) == contact


@pytest.mark.rule("CON-1")
@pytest.mark.parametrize("fields", [{}, {"comments": "nobody"}, {"first_name": None, "email": None}])
async def test_a_contact_without_anything_that_says_who_it_is_is_refused(
    acme: Brand, ada: str, fields: dict[str, object]
) -> None:
    with pytest.raises(InvalidInputError) as refused:
        await contacts.enter(acme, ada, fields)
    assert "at least one" in refused.value.errors[0].reason


@pytest.mark.rule("CON-1")
@pytest.mark.parametrize("name", contacts.IDENTIFYING)
async def test_one_thing_that_identifies_is_enough(acme: Brand, ada: str, name: str) -> None:
    _, is_new = await contacts.enter(acme, ada, {name: "grace@example.org"})
    assert is_new


@pytest.mark.rule("CON-1")
async def test_a_bad_address_is_refused_by_field_and_reason(acme: Brand, ada: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        await contacts.enter(acme, ada, {"email": "not an address"})
    assert [(error.field, error.reason) for error in refused.value.errors] == [("email", "must be an email address")]


@pytest.mark.rule("CON-2")
async def test_entering_an_address_again_updates_the_record_and_keeps_its_consent(world: World, ada: str) -> None:
    acme = await world.brand()
    (first,) = await invited(world, ada, "grace@example.org")
    await answered(world, "grace@example.org", answer.Answer.ACCEPT)
    again, is_new = await contacts.enter(acme, ada, {"email": "GRACE@example.org", "city": "Arlington"})
    assert not is_new
    assert (again.id, again.city, again.ambassador_opt_in) == (first.id, "Arlington", S.INVITATION_ACCEPTED)
    assert len(await world.contacts()) == 1


@pytest.mark.rule("CON-2")
async def test_entering_an_address_at_the_same_moment_makes_one_record(world: World, acme: Brand, ada: str) -> None:
    fields = [{"email": "grace@example.org", "tags": (str(number),)} for number in range(5)]
    results = await asyncio.gather(*(contacts.enter(acme, ada, entry) for entry in fields))
    assert len({contact.id for contact, _ in results}) == 1
    assert [is_new for _, is_new in results].count(True) == 1
    assert len(await world.contacts()) == 1


@pytest.mark.rule("CON-2")
async def test_the_same_person_with_two_ambassadors_is_two_records(world: World, ada: str) -> None:
    bob = (await world.ambassador(email="bob@example.org")).id
    (one,) = await entered(world, ada, "grace@example.org")
    (two,) = await entered(world, bob, "grace@example.org")
    assert one.id != two.id


@pytest.mark.rule("SUP-2")
@pytest.mark.parametrize("spelling", ["grace@example.org", "GRACE@Example.org", "ｇrace@example.org"])
async def test_a_listed_address_is_refused_and_stores_nothing(
    world: World, acme: Brand, ada: str, spelling: str
) -> None:
    ref = acme.hasher.ref("grace@example.org")
    await suppressing.suppress(acme, ref, SuppressionReason.SPAM, world.clock.now())
    with pytest.raises(SuppressedError):
        await contacts.enter(acme, ada, {"email": spelling, "first_name": "Grace"})
    assert await world.contacts() == []


@pytest.mark.rule("SUP-5")
@pytest.mark.parametrize("later", [0, 400], ids=["at once", "after the record was anonymised"])
async def test_who_opted_out_of_an_ambassador_cannot_be_entered_again_by_that_one(
    world: World, ada: str, later: int
) -> None:
    acme = await world.brand()
    bob = (await world.ambassador(email="bob@example.org")).id
    await invited(world, ada, "grace@example.org")
    await opted_out(world, "grace@example.org")
    world.clock.advance(days=later)
    await world.sweep()
    assert {contact.email for contact in await world.contacts()} == {None if later else "grace@example.org"}
    with pytest.raises(SuppressedError):
        await contacts.enter(acme, ada, {"email": "Grace@example.org"})
    (other,) = await entered(world, ada, "ada.lovelace@example.org")
    with pytest.raises(SuppressedError):
        await contacts.edit(acme, ada, other.id, {"email": "grace@example.org"})
    (with_bob,) = await entered(world, bob, "grace@example.org")
    assert with_bob.ambassador_opt_in is S.NEW


@pytest.mark.rule("COL-11")
@pytest.mark.rule("CON-8")
@pytest.mark.rule("VIS-3")
async def test_a_pending_contact_is_invisible_and_not_changed_by_entering_it_again(
    world: World, acme: Brand, ada: str
) -> None:
    (contact,) = await entered(world, ada, "grace@example.org")
    await in_state(acme, ada, contact.id, S.BLOG_PENDING)
    assert await found(acme, ada) == []
    assert await found(acme, ada, "grace") == []
    for call in (contacts.get, contacts.remove, contacts.release):
        with pytest.raises(UnknownObjectError):
            await call(acme, ada, contact.id)
    with pytest.raises(UnknownObjectError):
        await contacts.edit(acme, ada, contact.id, {"city": "Arlington"})
    with pytest.raises(SuppressedError):
        await contacts.enter(acme, ada, {"email": "grace@example.org", "city": "Arlington"})
    assert (await world.contact_of("grace@example.org")).city is None
    assert (await world.contact_of("grace@example.org")).ambassador_opt_in is S.BLOG_PENDING


@pytest.mark.rule("VIS-3")
async def test_an_opted_out_contact_is_not_found_by_the_hidden_address(world: World, acme: Brand, ada: str) -> None:
    await contacts.enter(acme, ada, {"email": "grace@example.org", "first_name": "Amazing"})
    await invited(world, ada, "grace@example.org")
    assert await found(acme, ada, "grace@example") == ["Amazing"]
    await opted_out(world, "grace@example.org")
    assert await found(acme, ada, "grace@example") == []
    assert await found(acme, ada, "AMAZ") == ["Amazing"]


@pytest.mark.rule("VIS-3")
async def test_finding_gives_the_newest_first_page_by_page_without_the_hidden_ones(
    world: World, acme: Brand, ada: str
) -> None:
    for number in range(7):
        world.clock.advance(seconds=1)
        (contact,) = await entered(world, ada, f"c{number}@example.org")
        if number % 3 == 2:
            await in_state(acme, ada, contact.id, S.BLOG_PENDING)
    seen: list[str | None] = []
    cursor = None
    while True:
        page, cursor = await contacts.find(acme, ada, status=None, text=None, limit=2, cursor=cursor)
        assert len(page) <= 2
        seen += [contact.email for contact in page]
        if cursor is None:
            break
    assert seen == [f"c{number}@example.org" for number in (6, 4, 3, 1, 0)]
    assert await found(acme, ada, status=S.BLOG_PENDING) == []
    assert len(await found(acme, ada, status=S.NEW)) == 5
    assert await found(acme, (await world.ambassador(email="bob@example.org")).id) == []


@pytest.mark.rule("VIS-3")
@pytest.mark.parametrize("hidden", [1, 25])
async def test_VIS_3_no_cursor_tells_that_hidden_contacts_follow(
    world: World, acme: Brand, ada: str, hidden: int
) -> None:
    for number in range(hidden):
        contact, _ = await contacts.enter(acme, ada, {"email": f"hidden{number}@example.org"})
        await in_state(acme, ada, contact.id, S.BLOG_PENDING)
    world.clock.advance(seconds=1)
    for number in range(4):
        await contacts.enter(acme, ada, {"email": f"person{number}@example.org"})

    async def listed(cursor: str | None) -> tuple[int, str | None]:
        page, following = await contacts.find(acme, ada, status=None, text=None, limit=2, cursor=cursor)
        return len(page), following

    count, cursor = await listed(None)
    assert count == 2 and cursor
    assert await listed(cursor) == (2, None)


@pytest.mark.rule("CON-2")
async def test_an_address_is_corrected_only_before_anybody_was_written_to(world: World, acme: Brand, ada: str) -> None:
    contact, other = await entered(world, ada, "graec@example.org", "taken@example.org")
    with pytest.raises(InvalidInputError) as refused:
        await contacts.edit(acme, ada, contact.id, {"email": "taken@example.org"})
    assert refused.value.errors[0].reason == "is that of another contact of yours"
    edited = await contacts.edit(acme, ada, contact.id, {"email": "grace@example.org"})
    assert acme.hasher.matches(edited.email_hash or "", "grace@example.org")
    await invited(world, ada, "grace@example.org")
    with pytest.raises(InvalidInputError) as refused:
        await contacts.edit(acme, ada, contact.id, {"email": "other@example.org"})
    assert "written to" in refused.value.errors[0].reason
    renamed = await contacts.edit(acme, ada, contact.id, {"first_name": "Grace", "email": "grace@example.org"})
    assert renamed.first_name == "Grace"
    assert (await contacts.edit(acme, ada, other.id, {"email": None, "first_name": "Ada"})).email is None


@pytest.mark.rule("SUP-2")
async def test_an_address_is_not_changed_to_a_listed_one(world: World, acme: Brand, ada: str) -> None:
    (contact,) = await entered(world, ada, "grace@example.org")
    ref = acme.hasher.ref("listed@example.org")
    await suppressing.suppress(acme, ref, SuppressionReason.HARD_BOUNCE, world.clock.now())
    with pytest.raises(SuppressedError):
        await contacts.edit(acme, ada, contact.id, {"email": "listed@example.org"})


@pytest.mark.rule("CON-1")
async def test_an_edit_cannot_take_away_all_that_identifies(acme: Brand, ada: str) -> None:
    contact, _ = await contacts.enter(acme, ada, {"first_name": "Grace"})
    with pytest.raises(InvalidInputError):
        await contacts.edit(acme, ada, contact.id, {"first_name": None})


@pytest.mark.rule("BR-1")
async def test_anybody_elses_contact_is_unknown(world: World, acme: Brand, ada: str) -> None:
    (contact,) = await entered(world, ada, "grace@example.org")
    bob, globex = (await world.ambassador(email="bob@example.org")).id, await world.brand("globex")
    for brand, ambassador in ((acme, bob), (globex, ada)):
        for call in (contacts.get, contacts.remove, contacts.release):
            with pytest.raises(UnknownObjectError):
                await call(brand, ambassador, contact.id)
        with pytest.raises(UnknownObjectError):
            await contacts.edit(brand, ambassador, contact.id, {"city": "Arlington"})


@pytest.mark.rule("CON-3")
@pytest.mark.parametrize("event", [None, "sent", "bounce", "spam"])
async def test_only_a_soft_bounce_can_be_released(world: World, acme: Brand, ada: str, event: str | None) -> None:
    (contact,) = await invited(world, ada, "grace@example.org")
    (mail,) = world.mailer.outbox
    if event:
        await receive(world, [event_of(mail, event, world.clock.now())])
    if event == "bounce":
        released = await contacts.release(acme, ada, contact.id)
        assert released.email_status is EmailStatus.NOT_VERIFIED
    with pytest.raises(NotReleasableError):
        await contacts.release(acme, ada, contact.id)


@pytest.mark.rule("CON-3")
async def test_a_release_counts_after_a_bounce_of_the_same_second_and_later(
    world: World, acme: Brand, ada: str
) -> None:
    (contact,) = await invited(world, ada, "grace@example.org")
    (mail,) = world.mailer.outbox
    await receive(world, [event_of(mail, "bounce", world.clock.now() + days(0.5))])
    released = await contacts.release(acme, ada, contact.id)
    assert released.email_status is EmailStatus.NOT_VERIFIED


@pytest.mark.rule("DEL-4")
@pytest.mark.rule("CON-7")
async def test_a_removed_contact_leaves_only_what_must_outlive_it(world: World, acme: Brand, ada: str) -> None:
    await invited(world, ada, "asked@example.org", "opted.out@example.org", "brands@example.org")
    await entered(world, ada, "never@example.org")
    await opted_out(world, "opted.out@example.org")
    brands = await world.contact_of("brands@example.org")
    await in_state(acme, ada, brands.id, S.OPT_IN_BLOG, brand_opt_in=BrandOptIn.BLOG)
    ids = [contact.id for contact in await world.contacts()]
    for contact in ids:
        await contacts.remove(acme, ada, contact)
    left = {contact.ambassador_opt_in: contact for contact in await world.contacts()}
    assert set(left) == {S.INVITATION_SENT, S.OPT_OUT_EMAIL, S.OPT_IN_BLOG}
    for state in (S.INVITATION_SENT, S.OPT_OUT_EMAIL):
        assert left[state].anonymised_at and left[state].email is None
    assert left[S.OPT_IN_BLOG].detached_at and left[S.OPT_IN_BLOG].email == "brands@example.org"
    assert await found(acme, ada) == []
    assert await ledger_faults(world) == []
    for contact in ids:
        with pytest.raises(UnknownObjectError):
            await contacts.remove(acme, ada, contact)
    assert (await entered(world, ada, "brands@example.org"))[0].ambassador_opt_in is S.NEW


async def test_who_is_always_outrun_is_told_to_try_again(
    world: World, acme: Brand, ada: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (contact,) = await entered(world, ada, "grace@example.org")

    async def outrun(*_: object) -> None:
        raise StaleError

    monkeypatch.setattr(contacts, "save", outrun)
    monkeypatch.setattr(saving, "save", outrun)
    monkeypatch.setattr(type(acme.contacts), "delete", outrun)
    with pytest.raises(ChangedMeanwhileError):
        await contacts.enter(acme, ada, {"email": "grace@example.org", "city": "Arlington"})
    with pytest.raises(ChangedMeanwhileError):
        await contacts.edit(acme, ada, contact.id, {"city": "Arlington"})
    with pytest.raises(ChangedMeanwhileError):
        await contacts.remove(acme, ada, contact.id)
    with pytest.raises(ChangedMeanwhileError):
        await saving.change(acme, ada, contact.id, lambda c: c.changed(city="Arlington"))
