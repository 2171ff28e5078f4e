"""Somebody writes past the ledger, or the person restricted the record: both show."""

from collections.abc import Awaitable, Callable

import pytest

from shared.domain.consent import AmbassadorOptIn, BrandOptIn
from shared.domain.contact import Contact
from shared.domain.errors import RestrictedError
from shared.usecases import contacts
from shared.usecases.answer import Answer
from shared.usecases.brands import Brand
from tests.support.acts import answered, entered, invited, ledger_faults
from tests.support.world import World


async def written_past_the_ledger(acme: Brand, contact: Contact, **fields: object) -> None:
    found = await acme.contacts.get(contact.ambassador_id, contact.id)
    assert found
    await acme.contacts.replace(found, found.record.changed(**fields))


@pytest.mark.rule("CON-7")
@pytest.mark.parametrize(
    "fields",
    [
        {"ambassador_opt_in": AmbassadorOptIn.INVITATION_ACCEPTED},
        {"ambassador_opt_in": AmbassadorOptIn.NEW},
        {"brand_opt_in": BrandOptIn.BLOG},
        {"partners_opt_in": True},
    ],
)
async def test_a_consent_that_the_ledger_does_not_know_is_a_fault(
    world: World, acme: Brand, ada: str, fields: dict[str, object]
) -> None:
    await invited(world, ada, "grace@example.org", "henry@example.org")
    await answered(world, "grace@example.org", Answer.DECLINE)
    assert await ledger_faults(world) == []
    await written_past_the_ledger(acme, await world.contact_of("grace@example.org"), **fields)
    assert len(await ledger_faults(world)) == 1


@pytest.mark.rule("CON-7")
async def test_a_consent_without_any_entry_is_a_fault(world: World, acme: Brand, ada: str) -> None:
    (contact,) = await entered(world, ada, "grace@example.org")
    await written_past_the_ledger(acme, contact, ambassador_opt_in=AmbassadorOptIn.OPT_IN_OTHER)
    assert len(await ledger_faults(world)) == 1


async def _enter(acme: Brand, contact: Contact) -> object:
    return await contacts.enter(acme, contact.ambassador_id, {"email": "grace@example.org", "city": "Arlington"})


async def _edit(acme: Brand, contact: Contact) -> object:
    return await contacts.edit(acme, contact.ambassador_id, contact.id, {"city": "Arlington"})


async def _remove(acme: Brand, contact: Contact) -> object:
    await contacts.remove(acme, contact.ambassador_id, contact.id)
    return None


async def _release(acme: Brand, contact: Contact) -> object:
    return await contacts.release(acme, contact.ambassador_id, contact.id)


@pytest.mark.rule("RET-14")
@pytest.mark.parametrize("act", [_enter, _edit, _remove, _release])
async def test_nothing_is_done_with_a_restricted_record(
    world: World, acme: Brand, ada: str, act: Callable[[Brand, Contact], Awaitable[object]]
) -> None:
    (contact,) = await entered(world, ada, "grace@example.org")
    await written_past_the_ledger(acme, contact, restricted_at=world.clock.now())
    before = await world.contact_of("grace@example.org")
    with pytest.raises(RestrictedError):
        await act(acme, contact)
    assert await world.contact_of("grace@example.org") == before


@pytest.mark.rule("CON-2")
async def test_an_address_that_a_consent_stands_under_cannot_be_changed(world: World, acme: Brand, ada: str) -> None:
    from shared.domain.errors import InvalidInputError
    from shared.domain.ledger import Evidence
    from shared.usecases.saving import change

    (contact,) = await entered(world, ada, "grace@example.org")
    await change(
        acme,
        ada,
        contact.id,
        lambda c: c.changed(brand_opt_in=BrandOptIn.EXTERNAL_FORM, brand_opt_in_at=world.clock.now()),
        Evidence(actor="person", mechanism="external_form"),
    )
    with pytest.raises(InvalidInputError):
        await contacts.edit(acme, ada, contact.id, {"email": "somebody.else@example.org"})
