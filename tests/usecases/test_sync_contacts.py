"""The brand's database sends contacts: by its own keys, again and again, and never against what a person said (COL-3, COL-12)."""

from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest

from shared.adapters.sqlite import SqliteStore
from shared.domain.collecting import Said
from shared.domain.consent import AmbassadorOptIn, BrandOptIn
from shared.domain.contact import Contact
from shared.domain.errors import FeatureOffError
from shared.domain.policy import Features
from shared.domain.suppression import SuppressionReason
from shared.domain.syncing import RowAnswer, RowResult, Upsert, key_refs
from shared.usecases import answer, contacts, disposing
from shared.usecases.brands import Brand
from shared.usecases.saving import Edit
from shared.usecases.suppressing import reach_records, suppress
from shared.usecases.sync_contacts import delete_contacts, upsert_contacts
from tests.support.acts import answered, fresh_world, invited, ledger_faults, opted_out, rotated
from tests.support.counting import CountingStore
from tests.support.records import days
from tests.support.world import World, brand_record

pytestmark = [pytest.mark.rule("COL-3"), pytest.mark.rule("COL-12")]
R, S, B = RowResult, AmbassadorOptIn, BrandOptIn
GRACE, ALAN = "grace@example.org", "alan@example.org"
N = 250


@pytest.fixture
async def world() -> AsyncIterator[World]:
    """A suite in memory."""
    async with fresh_world() as made:
        yield made


@pytest.fixture
async def ada(world: World) -> str:
    """An ambassador's id."""
    return (await world.ambassador()).id


def row(ambassador: str, key: str = "K1", said: bool | Said | None = None, **fields: Any) -> Upsert:
    """One row; `said` alone stands for both."""
    return Upsert(key, ambassador, said if isinstance(said, Said) else Said(said, said), fields)


async def sent(world: World, *rows: Upsert) -> list[RowAnswer]:
    """The answers to one call."""
    return await upsert_contacts(await world.brand(), rows)


async def deleted(world: World, *keys: str) -> list[RowResult]:
    """What became of each key."""
    return [one.result for one in await delete_contacts(await world.brand(), keys)]


def fields_of(one: RowAnswer) -> list[str]:
    """What an answer finds fault with."""
    return [error.field for error in one.errors]


@pytest.mark.parametrize(
    ("said", "ambassador", "brand"),
    [
        (Said(), S.NEW, B.STORAGE_ONLY),
        (Said(True, True), S.OPT_IN_BRAND_IMPORT, B.BRAND_DATABASE),
        (Said(False, False), S.STORAGE_ONLY, B.STORAGE_ONLY),
        (Said(True, None), S.OPT_IN_BRAND_IMPORT, B.STORAGE_ONLY),
        (Said(None, True), S.NEW, B.BRAND_DATABASE),
        (Said(False, True), S.STORAGE_ONLY, B.BRAND_DATABASE),
    ],
)
@pytest.mark.rule("RET-6")
async def test_a_contact_comes_in_as_the_brand_says_and_lives_by_the_brands_own_clock(
    world: World, ada: str, said: Said, ambassador: AmbassadorOptIn, brand: BrandOptIn
) -> None:
    (one,) = await sent(world, row(ada, said=said, email=GRACE, first_name="Grace"))
    contact = await world.contact_of(GRACE)
    assert (one.result, one.contact) == (R.CREATED, contact.id)
    assert (contact.ambassador_opt_in, contact.brand_opt_in) == (ambassador, brand)
    assert contact.owned_by_brand_sync and contact.clock is None
    assert contact.proof and contact.proof.evidence.actor == "brand"
    assert await ledger_faults(world) == []


async def test_sent_again_changes_nothing_and_a_change_changes_what_it_says(world: World, ada: str) -> None:
    first = row(ada, said=True, email=GRACE, first_name="Grace", city="Paris", home_phone="1")
    assert [one.result for one in await sent(world, first)] == [R.CREATED]
    before = await world.contacts()
    world.clock.advance(days=1)
    assert [one.result for one in await sent(world, first)] == [R.UNCHANGED]
    assert await world.contacts() == before
    changed = row(ada, said=True, email=GRACE.upper(), first_name="Gracie", home_phone=None)
    assert [(one.result, one.contact) for one in await sent(world, changed)] == [(R.UPDATED, before[0].id)]
    after = await world.contact_of(GRACE)
    assert (after.first_name, after.city, after.home_phone) == ("Gracie", "Paris", None)
    assert [one.result for one in await sent(world, changed)] == [R.UNCHANGED]


async def test_keys_are_told_apart_to_the_letter_and_one_stands_for_one_contact(world: World, ada: str) -> None:
    rows = [row(ada, key, first_name=f"N{place}") for place, key in enumerate(("k", "K", " k", "ｋ", "k\0"))]
    made = await sent(world, *rows)
    assert len({one.contact for one in made}) == 5
    assert [one.contact for one in await sent(world, *rows)] == [one.contact for one in made]
    await rotated(world)
    assert {one.result for one in await sent(world, *rows)} == {R.UNCHANGED}


async def test_the_same_key_twice_in_one_call_is_done_in_turn(world: World, ada: str) -> None:
    rows = [
        row(ada, first_name="One"),
        row(ada, first_name="Two"),
        row(ada, first_name="Two"),
        row(ada, "K2", last_name="L"),
    ]
    assert [one.result for one in await sent(world, *rows)] == [R.CREATED, R.UPDATED, R.UNCHANGED, R.CREATED]


@pytest.mark.rule("CON-2")
async def test_two_keys_of_one_address_and_one_that_was_typed_before_are_one_record(world: World, ada: str) -> None:
    typed, _ = await contacts.enter(await world.brand(), ada, {"email": GRACE, "first_name": "G", "comments": "nice"})
    made = await sent(world, row(ada, "K1", True, email=GRACE, first_name="Grace"), row(ada, "K2", True, email=GRACE))
    assert [one.contact for one in made] == [typed.id, typed.id]
    (contact,) = await world.contacts()
    assert (contact.first_name, contact.comments, contact.owned_by_brand_sync) == ("Grace", "nice", True)
    again = await sent(world, row(ada, "K1", True, email=GRACE, first_name="Grace"), row(ada, "K2", True, email=GRACE))
    assert [one.result for one in again] == [R.UNCHANGED, R.UNCHANGED]
    assert await deleted(world, "K1", "K2") == [R.DELETED, R.UNCHANGED]


async def test_a_bad_row_loses_no_good_one(world: World, ada: str) -> None:
    rows = [
        row(ada, "a", email="not an address", first_name="A"),
        row("nobody", "b", email="b@example.org"),
        row(ada, "c", city="Paris"),
        row(ada, "d", email="d@example.org"),
    ]
    made = await sent(world, *rows)
    assert [one.result for one in made] == [R.REFUSED, R.REFUSED, R.REFUSED, R.CREATED]
    assert [fields_of(one) for one in made] == [["email"], ["ambassador"], [""], []]
    assert len(await world.contacts()) == len(await _keys(world)) == 1


async def test_another_ambassador_or_address_is_refused_until_the_key_is_deleted(world: World, ada: str) -> None:
    bob = (await world.ambassador(email="bob@example.org")).id
    await sent(world, row(ada, said=True, email=GRACE))
    (moved,) = await sent(world, row(bob, said=True, email=GRACE))
    assert (moved.result, fields_of(moved)) == (R.REFUSED, ["ambassador"])
    assert (await sent(world, row(ada, said=True, email="new@example.org")))[0].result is R.UPDATED
    await sent(world, row(ada, "K2", True, email="other@example.org"))
    (taken,) = await sent(world, row(ada, said=True, email="other@example.org"))
    assert (taken.result, fields_of(taken)) == (R.REFUSED, ["email"])
    await invited(world, ada, "hers@example.org")
    await answered(world, "hers@example.org", answer.Answer.ACCEPT)
    await sent(world, row(ada, "K3", email="hers@example.org"))
    (kept,) = await sent(world, row(ada, "K3", email="another@example.org"))
    assert (kept.result, fields_of(kept)) == (R.REFUSED, ["email"])
    assert await deleted(world, "K1") == [R.DELETED]
    (again,) = await sent(world, row(bob, said=True, email=GRACE))
    assert again.result is R.CREATED and (await world.contact_of(GRACE)).ambassador_id == bob


@pytest.mark.rule("CON-6")
@pytest.mark.parametrize("said", [None, True, False])
async def test_no_row_lifts_an_opt_out_or_weakens_what_a_person_agreed_to(
    world: World, ada: str, said: bool | None
) -> None:
    agreed, refused = "yes@example.org", "no@example.org"
    await invited(world, ada, agreed, refused)
    await answered(world, agreed, answer.Answer.ACCEPT)
    await opted_out(world, refused)
    made = await sent(
        world, row(ada, "K1", said, email=agreed, city="Paris"), row(ada, "K2", said, email=refused, city="Paris")
    )
    assert [one.result for one in made] == [R.UPDATED, R.OPTED_OUT]
    assert (await world.contact_of(agreed)).ambassador_opt_in is S.INVITATION_ACCEPTED
    left = await world.contact_of(refused)
    assert (left.ambassador_opt_in, left.city, left.brand_opt_in) == (S.OPT_OUT_EMAIL, None, B.NONE)


@pytest.mark.rule("CON-6")
async def test_of_someone_who_opted_out_the_brand_can_still_take_back_its_own(world: World, ada: str) -> None:
    await sent(world, row(ada, said=True, email=GRACE))
    await _opts_out(world, ada)
    for said, brand in ((True, B.BRAND_DATABASE), (False, B.STORAGE_ONLY), (True, B.STORAGE_ONLY)):
        (one,) = await sent(world, row(ada, said=said, email=GRACE, city="Paris"))
        contact = await world.contact_of(GRACE)
        assert (one.result, contact.brand_opt_in, contact.city) == (R.OPTED_OUT, brand, None)
    assert await ledger_faults(world) == []


@pytest.mark.rule("CON-6")
async def test_after_an_opt_out_of_all_too_the_brand_can_take_back_its_own(world: World, ada: str) -> None:
    await sent(world, row(ada, said=True, email=GRACE))
    acme = await world.brand()
    await suppress(acme, acme.hasher.ref(GRACE), SuppressionReason.GLOBAL_OPT_OUT, world.clock.now(), reach=True)
    await reach_records(acme, acme.hasher.ref(GRACE))
    (one,) = await sent(world, row(ada, said=False, email=GRACE, city="Paris"))
    contact = await world.contact_of(GRACE)
    assert (one.result, contact.brand_opt_in, contact.city) == (R.OPTED_OUT, B.STORAGE_ONLY, None)
    assert contact.ambassador_opt_in is S.OPT_OUT_GLOBAL
    assert await ledger_faults(world) == []


@pytest.mark.rule("SUP-2")
async def test_a_listed_address_is_neither_taken_in_nor_brought_up_to_date(world: World, ada: str) -> None:
    acme = await world.brand()
    await sent(world, row(ada, "K1", email=GRACE))
    for email in (GRACE, "listed@example.org"):
        await suppress(acme, acme.hasher.ref(email), SuppressionReason.HARD_BOUNCE, world.clock.now())
    before = await world.contacts(), await _keys(world)
    made = await sent(world, row(ada, "K1", email=GRACE, city="Paris"), row(ada, "K2", email="listed@example.org"))
    assert [one.result for one in made] == [R.SUPPRESSED, R.SUPPRESSED]
    assert (await world.contacts(), await _keys(world)) == before


@pytest.mark.rule("DEL-4")
async def test_a_deletion_hashes_the_record_and_forgets_the_key_once(world: World, ada: str) -> None:
    await sent(world, row(ada, "K1", True, email=GRACE, first_name="Grace"), row(ada, "K2", first_name="Stays"))
    assert await deleted(world, "K1", "unknown", "K1") == [R.DELETED, R.UNCHANGED, R.UNCHANGED]
    assert await deleted(world, "K1") == [R.UNCHANGED]
    (hashed,) = [contact for contact in await world.contacts() if contact.anonymised_at]
    assert (hashed.first_name, hashed.email, hashed.brand_opt_in) == (None, None, B.BRAND_DATABASE)
    assert hashed.email_hash == (await world.brand()).hasher.ref(GRACE)
    assert len(await _keys(world)) == 1
    assert [one.result for one in await sent(world, row(ada, "K1", True, email=GRACE))] == [R.CREATED]
    assert await ledger_faults(world) == []


@pytest.mark.rule("SUP-5")
async def test_deleting_and_sending_again_is_no_way_around_an_opt_out(world: World, ada: str) -> None:
    await sent(world, row(ada, said=True, email=GRACE))
    await _opts_out(world, ada)
    assert await deleted(world, "K1") == [R.DELETED]
    assert [one.result for one in await sent(world, row(ada, said=True, email=GRACE))] == [R.OPTED_OUT]
    assert await _keys(world) == []


@pytest.mark.rule("RET-14")
async def test_a_restricted_record_is_left_alone(world: World, ada: str) -> None:
    await sent(world, row(ada, email=GRACE))
    acme = await world.brand()
    (contact,) = await world.contacts()
    current = await acme.contacts.get(ada, contact.id)
    assert current
    await acme.contacts.replace(current, contact.changed(restricted_at=world.clock.now()))
    before = await world.contacts()
    (one,) = await sent(world, row(ada, email=GRACE, city="Paris"))
    assert one.result is R.REFUSED and await deleted(world, "K1") == [R.REFUSED]
    assert await world.contacts() == before and len(await _keys(world)) == 1


@pytest.mark.rule("BR-2")
async def test_only_where_the_brand_has_it_but_deletions_are_always_taken() -> None:
    async with fresh_world(brand_record("acme", features=Features(sync=False))) as world:
        ada = (await world.ambassador()).id
        with pytest.raises(FeatureOffError):
            await sent(world, row(ada, email=GRACE))
        assert await deleted(world, "K1") == [R.UNCHANGED]
        assert await world.contacts() == []


async def test_what_it_costs() -> None:
    """New and unchanged rows: two reads each; a write each; all in batches of a hundred, and a query an ambassador."""
    store = CountingStore(SqliteStore(None, inline=True))
    async with fresh_world(store=store) as world:
        ada = (await world.ambassador()).id
        rows = [row(ada, f"K{n}", True, email=f"c{n}@example.org") for n in range(N)]
        batches = N // 100 + 1
        store.counts.reset()
        assert {one.result for one in await sent(world, *rows)} == {R.CREATED}
        counts = store.counts
        assert counts.batch_reads["syncKeys"] == counts.batch_reads["suppressions"] == N
        assert counts.batch_reads.total() - counts.batch_reads["ambassadors"] - counts.batch_reads["claims"] == 2 * N
        assert counts.queries == {"contacts": batches} and counts.cross_partition_queries.total() == 0
        assert counts.writes == {"contacts": N, "syncKeys": N, "ledger": N}
        assert counts.write_batches == {"contacts": batches, "syncKeys": batches, "ledger": batches}
        store.counts.reset()
        assert {one.result for one in await sent(world, *rows)} == {R.UNCHANGED}
        assert counts.batch_reads["syncKeys"] == counts.batch_reads["contacts"] == N
        assert counts.writes.total() == counts.queries.total() == counts.batch_reads["suppressions"] == 0
        store.counts.reset()
        await delete_contacts(await world.brand(), [f"K{n}" for n in range(N)])
        assert counts.batch_reads["syncKeys"] == counts.batch_reads["contacts"] == N
        assert counts.writes == {"contacts": N, "syncKeys": N} and counts.queries.total() == 0


@pytest.mark.rule("DEL-8")
@pytest.mark.rule("RET-5")
async def test_DEL_8_once_a_contact_is_only_a_hash_no_key_of_the_brands_leads_to_it(world: World, ada: str) -> None:
    """Two keys that share an address are one record: both go."""
    said = Said(ambassador=True, brand=False)
    await sent(
        world, *(row(ada, key, said, email=email) for key, email in (("K1", GRACE), ("K2", GRACE), ("K3", ALAN)))
    )
    await _opts_out(world, ada)
    assert len(await _keys(world)) == 3
    world.clock.advance(days(366))
    await world.sweep()
    (kept,) = await _keys(world)
    assert kept == key_refs((await world.brand()).hasher, "K3")[0]
    assert (await sent(world, row(ada, "K1", email=GRACE)))[0].result == R.OPTED_OUT, "the hash shuts her address out"


@pytest.mark.rule("RET-16")
async def test_RET_16_who_acts_in_the_moment_of_a_sweep_keeps_the_brands_key(
    world: World, ada: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await sent(world, row(ada, said=Said(ambassador=True, brand=False), email=GRACE))
    await _opts_out(world, ada)
    keys = await _keys(world)
    world.clock.advance(days(366))

    async def somebody_was_faster(brand: Brand, edits: Sequence[Edit]) -> list[None]:
        return [None for _ in edits]

    monkeypatch.setattr(disposing, "save_many", somebody_was_faster)
    await world.sweep()
    assert await _keys(world) == keys
    assert (await world.contact_of(GRACE)).anonymised_at is None


async def _keys(world: World) -> list[str]:
    from shared.ports import Query

    acme = await world.brand()
    return [item.record.id async for page in acme.sync_keys.pages(Query()) for item in page]


async def _opts_out(world: World, ada: str) -> Contact:
    """Her opt-out by the link of a publication."""
    from shared.usecases import invite

    acme = await world.brand()
    await invite.publish(acme, ada, subject="News", body="Look", contents=[], contacts=None)
    await world.drain()
    return await opted_out(world, GRACE)
