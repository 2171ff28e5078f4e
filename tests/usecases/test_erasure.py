"""Erasing whoever has an address, here and at the mail provider (RGT-4, RGT-6, DEL-8)."""

from typing import Any

import pytest

from shared.domain.collecting import Said
from shared.domain.contact import Contact
from shared.domain.containers import BRAND_CONTAINERS
from shared.domain.directory import DirectoryRow
from shared.domain.errors import InvalidInputError, SuppressedError, TryAgainError, UnknownObjectError
from shared.domain.ids import new_id
from shared.domain.ledger import faults
from shared.domain.rights import RightState
from shared.domain.syncing import Upsert, key_refs
from shared.ports import Query
from shared.usecases import claims, contacts, invite, leaving, rights, rights_links
from shared.usecases.answer import Answer
from shared.usecases.brands import Brand
from shared.usecases.erasure import proof_of_erasure, request_erasure, run_erasure
from shared.usecases.provider_forgets import CONFIRMED, have_forgotten
from shared.usecases.sync_ambassadors import upsert_ambassadors
from shared.usecases.sync_contacts import upsert_contacts
from tests.support.acts import answered, invited
from tests.support.world import World

GRACE, OTHER = "grace@example.com", "hopper@example.com"
TWO = ("ada@example.org", "bea@example.org")


async def entered(world: World, email: str = GRACE, **fields: Any) -> list[tuple[str, str]]:
    """The same person in the books of two ambassadors; gives where the records lie."""
    brand = await world.brand()
    places = []
    for ambassador in TWO:
        account = await world.ambassador("acme", ambassador)
        contact, _ = await contacts.enter(brand, account.id, {"email": email, "first_name": "Grace", **fields})
        places.append((account.id, contact.id))
    return places


async def all_documents(world: World) -> str:
    found = [
        (await world.ports.store.brand("acme", container).query(Query(limit=1000))).items
        for container in BRAND_CONTAINERS
    ]
    return "".join(str(item.document) for items in found for item in items)


@pytest.mark.rule("RGT-4", "DEL-8")
async def test_RGT_4_every_record_of_the_address_is_erased_listed_and_gone_from_every_document(world: World) -> None:
    places = await entered(world)
    await entered(world, OTHER, first_name="Betty")
    id = await request_erasure(await world.brand(), f" {GRACE.upper()} ", "staff")
    brand = await world.brand()
    for place in places:
        found = await brand.contacts.get(*place)
        assert found
        assert found.record.anonymised_at
        assert (found.record.email, found.record.first_name) == (None, None)
    with pytest.raises(SuppressedError):
        await contacts.enter(brand, places[0][0], {"email": GRACE})
    await world.drain()
    documents = await all_documents(world)
    assert "grace" not in documents.lower()
    assert OTHER in documents
    request = await brand.rights.get(id, id)
    assert request
    assert request.record.state is RightState.DONE


@pytest.mark.rule("RGT-4")
async def test_RGT_4_an_erasure_takes_the_address_out_of_every_link_that_was_ever_asked_for(world: World) -> None:
    await entered(world)
    brand = await world.brand()
    await rights_links.ask_for_link(brand, GRACE, "en", None)
    await world.drain()
    await rights_links.ask_for_link(brand, GRACE, "en", None)  # still to be mailed
    await rights_links.ask_for_link(brand, OTHER, "en", None)
    await request_erasure(brand, GRACE, "staff")
    links = [item.record async for page in brand.rights_links.pages(Query()) for item in page]
    assert sorted(link.email or "" for link in links) == ["", "", OTHER]
    assert [link.email for link in links if link.pending_since] == [OTHER]
    await world.drain()
    assert len(world.mailer.sent_to(GRACE)) == 1


@pytest.mark.rule("RGT-6")
async def test_RGT_6_the_provider_forgets_the_address_and_until_it_has_the_debt_is_sealed(world: World) -> None:
    await entered(world)
    brand = await world.brand()
    world.mailer.forgets = False
    id = await request_erasure(brand, GRACE, "staff")
    with pytest.raises(TryAgainError):
        await have_forgotten(brand, id)
    assert "grace" not in (await all_documents(world)).lower()
    assert await brand.forgettings.get(id, id)
    world.mailer.forgets = True
    await have_forgotten(brand, id)
    assert world.mailer.forgotten == [GRACE]
    assert await brand.forgettings.get(id, id) is None
    await have_forgotten(brand, id)  # the message again
    assert world.mailer.forgotten == [GRACE]


@pytest.mark.rule("RGT-6")
async def test_RGT_6_a_lost_message_is_found_and_nothing_is_forgotten_before_the_records_are(world: World) -> None:
    await entered(world)
    brand = await world.brand()
    id = await request_erasure(brand, GRACE, "staff")
    world.queue.queues.clear()
    world.clock.advance(minutes=11)
    await world.recover()
    await world.drain()
    assert world.mailer.forgotten == [GRACE]
    current = await brand.rights.get(id, id)
    assert current


@pytest.mark.rule("DEL-8")
async def test_DEL_8_the_proof_counts_by_kind_is_chained_and_says_nothing_of_the_person(world: World) -> None:
    await entered(world)
    brand = await world.brand()
    id = await request_erasure(brand, GRACE, "staff")
    await world.drain()
    proof = await proof_of_erasure(brand, id)
    assert [list(entry.after) for entry in proof] == [["erased"], [CONFIRMED]]
    assert proof[0].after["erased"] == {"contacts": 2, "suppressedHashes": 1}
    assert faults(proof, proof[-1], brand.ledger_key) == []
    forged = proof[0].changed(after={"erased": {"contacts": 3}})
    assert faults((forged, proof[1]), proof[-1], brand.ledger_key) != []
    assert all(brand.hasher.ref(GRACE) not in str(entry) and "grace" not in str(entry).lower() for entry in proof)
    await run_erasure(brand, id)
    assert await proof_of_erasure(brand, id) == proof
    with pytest.raises(UnknownObjectError):
        await proof_of_erasure(brand, new_id())


@pytest.mark.rule("DEL-8")
@pytest.mark.rule("COL-12")
async def test_DEL_8_none_of_the_brands_own_keys_leads_to_an_erased_record(world: World) -> None:
    brand = await world.brand()
    account = await world.ambassador("acme", TWO[0])
    for key, email in (("K-1", GRACE), ("K-2", GRACE), ("K-3", "ann@example.org")):
        await upsert_contacts(brand, [Upsert(key, account.id, Said(), {"email": email, "customer_id": "C-1"})])
    assert await brand.sync_keys.count() == 3
    await request_erasure(brand, GRACE, "staff")
    (left,) = (await brand.sync_keys.page(Query()))[0]
    assert left.record.id == key_refs(brand.hasher, "K-3")[0]


@pytest.mark.rule("RGT-4")
async def test_RGT_4_another_brand_keeps_its_own_record_and_nobody_is_no_fault(world: World) -> None:
    globex = await world.brand("globex")
    account = await world.ambassador("globex", TWO[0])
    contact, _ = await contacts.enter(globex, account.id, {"email": GRACE})
    id = await request_erasure(await world.brand(), GRACE, "staff")
    kept = await globex.contacts.get(account.id, contact.id)
    assert kept
    assert kept.record.email == GRACE
    assert (await proof_of_erasure(await world.brand(), id))[0].after["erased"] == {"suppressedHashes": 1}
    with pytest.raises(UnknownObjectError):
        await proof_of_erasure(globex, id)


async def test_what_is_no_address_is_refused_and_not_repeated(world: World) -> None:
    with pytest.raises(InvalidInputError) as refused:
        await request_erasure(await world.brand(), "no address of Grace", "staff")
    assert "Grace" not in str(refused.value)


@pytest.mark.rule("RGT-6")
async def test_RGT_6_the_provider_forgets_an_ambassador_who_left_and_not_before(world: World) -> None:
    brand = await world.brand()
    account = await world.ambassador("acme", TWO[0])
    await leaving.remove(brand, account.id, "staff:s")
    await world.drain()
    world.clock.advance(days=6)
    await world.sweep()
    assert world.mailer.forgotten == []
    world.clock.advance(days=2)
    await world.sweep()
    await world.drain()
    assert world.mailer.forgotten == [TWO[0]]
    assert TWO[0] not in await all_documents(world)


@pytest.mark.rule("RGT-4")
async def test_RGT_4_what_somebody_else_writes_in_that_moment_is_erased_too(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    (place, _) = await entered(world)
    brand = await world.brand()

    async def meanwhile(brand: Brand, contact: Contact) -> None:
        current = await brand.contacts.get(*place)
        if current and current.record.first_name == "Grace":
            await brand.contacts.replace(current, current.record.changed(first_name="Gracie"))

    monkeypatch.setattr(rights, "let_go", meanwhile)
    id = await request_erasure(brand, GRACE, "staff")
    found = await brand.contacts.get(*place)
    assert found
    assert found.record.anonymised_at
    assert found.record.first_name is None
    assert (await proof_of_erasure(brand, id))[0].after["erased"]["contacts"] == 2


@pytest.mark.rule("RGT-6")
@pytest.mark.rule("RET-5")
async def test_RGT_6_the_provider_forgets_whom_retention_ends_once_no_record_has_the_address(world: World) -> None:
    """In two books: the one opted out, and a year later is a hash; in the other the address stands a while longer."""
    brand = await world.brand()
    first, second = [(await world.ambassador("acme", email)).id for email in TWO]
    await invited(world, first, GRACE, OTHER)
    await answered(world, GRACE, Answer.DECLINE)
    await answered(world, OTHER, Answer.DECLINE)
    world.clock.advance(days=100)
    await contacts.enter(brand, second, {"email": GRACE})
    await invite.invite(brand, second, None)
    await world.drain()
    await answered(world, GRACE, Answer.DECLINE)
    world.clock.advance(days=265)
    await world.sweep()
    assert world.mailer.forgotten == [OTHER], "Grace's address is still in a book"
    assert await brand.forgettings.count() == 0
    world.clock.advance(days=100)
    world.mailer.forgets = False
    with pytest.raises(TryAgainError):
        await world.sweep()
    assert world.mailer.forgotten == [OTHER] and await brand.forgettings.count() == 1
    assert GRACE not in await all_documents(world), "sealed until the provider is there again"
    world.mailer.forgets = True
    world.clock.advance(minutes=11)
    await world.recover()
    await world.drain()
    assert world.mailer.forgotten == [OTHER, GRACE]


@pytest.mark.rule("RGT-6")
@pytest.mark.rule("RET-1")
async def test_RGT_6_the_provider_is_not_asked_about_whom_it_never_heard_of(world: World) -> None:
    await entered(world)
    world.clock.advance(days=31)
    await world.sweep()
    assert await world.contacts() == [] and world.mailer.forgotten == []


@pytest.mark.rule("RGT-6")
@pytest.mark.rule("REG-2")
async def test_RGT_6_the_provider_forgets_the_address_that_an_account_had(world: World) -> None:
    brand = await world.brand()
    account = await world.ambassador("acme", TWO[0])
    current = await brand.ambassadors.get(account.id, account.id)
    assert current
    await brand.ambassadors.replace(current, account.changed(brand_key="K-1").settled(brand.hasher))
    await claims.bind(brand, account)
    await claims.bind_brand_key(brand, account.changed(brand_key="K-1"))
    for _ in range(2):
        (done,) = await upsert_ambassadors(brand, [DirectoryRow("K-1", {"email": "new@example.org"})])
        await world.drain()
    assert done.result == "unchanged" and world.mailer.forgotten == [TWO[0]]
