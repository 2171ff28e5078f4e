"""Importing an address book: every row counted once, whatever happens on the way."""

import asyncio
import itertools

import pytest

from shared.adapters.sqlite import SqliteStore
from shared.domain.anonymisation import anonymised_contact
from shared.domain.consent import AmbassadorOptIn
from shared.domain.errors import InvalidInputError, UnknownObjectError
from shared.domain.jobs import LISTED_REFUSALS, Job, JobState
from shared.domain.suppression import SuppressionReason
from shared.usecases import contacts, import_contacts, suppressing
from shared.usecases.brands import Brand
from tests.support.acts import entered, fresh_world, invited, opted_out, rotated
from tests.support.crashing import Crash, Crashes, CrashingStore, Side
from tests.support.world import World
from tests.usecases.test_contacts import in_state

S = AmbassadorOptIn
HEADER = "First Name,Last Name,E-mail 1 - Value,Phone 1 - Value\n"


def google(*rows: str) -> bytes:
    """An export of Google Contacts."""
    return (HEADER + "\n".join(rows) + "\n").encode()


async def imported(world: World, ambassador: str, file: bytes, file_format: str | None = None) -> Job:
    brand = await world.brand()
    job = await import_contacts.start_import(brand, ambassador, file, file_format)
    await world.drain()
    return await import_contacts.get_job(brand, ambassador, job.id)


def counts(job: Job) -> dict[str, object]:
    return {
        "state": job.state.value, "total": job.total, "done": job.done, "accepted": job.accepted,
        "updated": job.updated, "refused": dict(job.refused_by_reason),
    }  # fmt: skip


@pytest.mark.rule("COL-2")
@pytest.mark.rule("COL-14")
async def test_each_row_is_accepted_updated_or_refused_with_its_reason(world: World, acme: Brand, ada: str) -> None:
    await invited(world, ada, "out@example.org")
    await opted_out(world, "out@example.org")
    (known,) = await entered(world, ada, "known@example.org")
    ref = acme.hasher.ref("listed@example.org")
    await suppressing.suppress(acme, ref, SuppressionReason.SPAM, world.clock.now())
    job = await imported(
        world,
        ada,
        google(
            "Grace,Hopper,grace@example.org,",
            "Known,Person,KNOWN@example.org,",
            "Out,Person,Out@example.org,",
            "Listed,Person,Listed@example.org,",
            "Listed,Again,listed@example.org,",
            "Bad,Address,not-an-address,",
            f"{'x' * 201},Long,long@example.org,",
            "Nameless,Phone,,+33 1 23 45 67 89",
            "Amazing,Grace,GRACE@example.org,+1 212 555 0100",
        ),
    )
    assert counts(job) == {
        "state": JobState.DONE, "total": 9, "done": 9, "accepted": 2, "updated": 2,
        "refused": {"opted_out": 1, "suppressed": 2, "invalid_email": 1, "field_too_long": 1},
    }  # fmt: skip
    assert [refusal.row for refusal in job.refusals] == sorted(refusal.row for refusal in job.refusals)
    grace = await world.contact_of("grace@example.org")
    assert (grace.first_name, grace.last_name, grace.mobile_phone or grace.home_phone) == (
        "Grace", "Hopper", "+1 212 555 0100",
    )  # fmt: skip
    assert (grace.ambassador_opt_in, grace.created_by.job) == (S.NEW, job.id)
    assert (await world.contact_of("known@example.org")).id == known.id
    assert {contact.email for contact in await world.contacts()} == {
        "out@example.org", "known@example.org", "grace@example.org", None,
    }  # fmt: skip


@pytest.mark.rule("COL-14")
@pytest.mark.rule("CON-2")
async def test_the_same_file_again_updates_everybody_and_doubles_nobody(world: World, ada: str) -> None:
    file = google(*(f"First{n},Last{n},{f'c{n}@example.org' if n % 5 else ''}," for n in range(250)))
    first, again = await imported(world, ada, file), await imported(world, ada, file)
    assert (first.accepted, first.updated) == (250, 0)
    assert (again.accepted, again.updated) == (0, 250)
    assert len(await world.contacts()) == 250


@pytest.mark.rule("COL-14")
@pytest.mark.rule("CON-2")
async def test_the_same_row_without_address_is_the_same_person_whenever_it_comes(
    world: World, acme: Brand, ada: str
) -> None:
    file = google(
        "Grace,Hopper,,+33 6 39 98 00 01", "Grace,Hopper,,+33 6 39 98 00 02", "grace,HOPPER,,+33 6 39 98 00 01"
    )
    first = await imported(world, ada, file)
    assert (first.accepted, first.updated) == (2, 1)
    ids = {contact.id for contact in await world.contacts()}
    for contact in await world.contacts():  # what is typed since makes nobody else of them
        await contacts.edit(acme, ada, contact.id, {"first_name": "Amazing", "street": "1 Navy Yard"})
    await rotated(world)
    again = await imported(world, ada, file)
    assert (again.accepted, again.updated) == (0, 3)
    assert {(contact.id, contact.first_name) for contact in await world.contacts()} == {(id, "Amazing") for id in ids}
    for id in ids:
        await contacts.remove(acme, ada, id)
    assert (await imported(world, ada, file)).accepted == 2


@pytest.mark.rule("DEL-4")
async def test_the_hash_of_an_imported_row_goes_with_its_fields(world: World, acme: Brand, ada: str) -> None:
    await imported(world, ada, google("Grace,Hopper,,+33 6 39 98 00 01"))
    (contact,) = await world.contacts()
    assert contact.address_key == contact.created_by.content
    left = anonymised_contact(contact, world.clock.now(), "RET-6").settled(acme.hasher, 3)
    assert contact.address_key not in left.model_dump_json()


@pytest.mark.rule("CON-2")
async def test_an_import_fills_gaps_and_never_overwrites_what_was_typed(world: World, acme: Brand, ada: str) -> None:
    await contacts.enter(acme, ada, {"email": "grace@example.org", "first_name": "Amazing", "tags": ("navy",)})
    await imported(world, ada, google("Grace,Hopper,grace@example.org,"))
    grace = await world.contact_of("grace@example.org")
    assert (grace.first_name, grace.last_name, grace.tags[0]) == ("Amazing", "Hopper", "navy")


@pytest.mark.rule("CON-8")
@pytest.mark.rule("COL-11")
async def test_an_import_leaves_a_pending_contact_as_it_is_however_often_it_is_listed(
    world: World, acme: Brand, ada: str
) -> None:
    (contact,) = await entered(world, ada, "grace@example.org")
    await in_state(acme, ada, contact.id, S.BLOG_PENDING)
    before = await world.contact_of("grace@example.org")
    job = await imported(world, ada, google("Grace,,grace@example.org,", "Amazing,Hopper,GRACE@example.org,"))
    assert (job.accepted, job.updated) == (0, 2)
    assert await world.contact_of("grace@example.org") == before


@pytest.mark.rule("DEL-10")
@pytest.mark.rule("SUP-5")
async def test_who_opted_out_before_a_key_rotation_stays_out_in_every_spelling(world: World, ada: str) -> None:
    await invited(world, ada, "grace@example.org", "listed@example.org")
    await opted_out(world, "grace@example.org")
    world.clock.advance(days=400)
    await world.sweep()
    before = await world.contacts()
    await rotated(world)
    job = await imported(
        world, ada, google("G,H,Grace@example.org,", "G,H,grace@example.org,", "G,H,GRACE@example.org,")
    )
    assert counts(job)["refused"] == {"opted_out": 3}
    assert await world.contacts() == before


@pytest.mark.rule("COL-14")
@pytest.mark.rule("DEL-8")
async def test_the_file_is_sealed_while_it_waits_and_gone_when_it_is_done(world: World, acme: Brand, ada: str) -> None:
    job = await import_contacts.start_import(acme, ada, google("Grace,Hopper,grace@example.org,"), "google-csv")
    (stored,) = world.files.files.values()
    assert b"grace" not in stored and b"Hopper" not in stored
    assert job.file_key and job.open_since
    await world.drain()
    done = await import_contacts.get_job(acme, ada, job.id)
    assert not world.files.files
    assert (done.file_key, done.open_since, done.finished_at) == (None, None, world.clock.now())
    await import_contacts.run_import(acme, job.id)
    await import_contacts.run_import(acme, "unknown")
    assert await import_contacts.get_job(acme, ada, job.id) == done


@pytest.mark.rule("COL-14")
async def test_an_empty_file_is_refused_at_once(acme: Brand, ada: str) -> None:
    with pytest.raises(InvalidInputError):
        await import_contacts.start_import(acme, ada, b" \n ", None)


@pytest.mark.rule("COL-14")
@pytest.mark.parametrize("how", ["missing", "cut"])
async def test_a_file_that_storage_lost_or_cut_fails_the_job_with_its_reason(
    world: World, acme: Brand, ada: str, how: str
) -> None:
    job = await import_contacts.start_import(acme, ada, google("Grace,Hopper,grace@example.org,"), None)
    ((path, content),) = world.files.files.items()
    world.files.files = {} if how == "missing" else {path: content[:-5]}
    await world.drain()
    failed = await import_contacts.get_job(acme, ada, job.id)
    assert (failed.state, failed.failure) == (JobState.FAILED, {"missing": "file_missing", "cut": "file_broken"}[how])
    assert not world.files.files and failed.file_key is None


@pytest.mark.rule("COL-14")
async def test_a_file_that_is_no_address_book_fails_with_a_reason_and_is_deleted(world: World, ada: str) -> None:
    job = await imported(world, ada, b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0", "google-csv")
    assert job.state is JobState.FAILED and job.failure
    assert not world.files.files and await world.contacts() == []


@pytest.mark.rule("COL-14")
async def test_many_refusals_are_all_counted_and_the_first_are_listed(world: World, ada: str) -> None:
    job = await imported(world, ada, google(*(f"Bad,Row,bad{n}," for n in range(LISTED_REFUSALS + 50))))
    assert job.refused == LISTED_REFUSALS + 50
    assert [refusal.row for refusal in job.refusals] == sorted(refusal.row for refusal in job.refusals)
    assert len(job.refusals) == LISTED_REFUSALS


@pytest.mark.rule("COL-14")
async def test_a_long_file_goes_on_by_another_message(world: World, ada: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_contacts, "ROWS_A_CHECKPOINT", 20)
    monkeypatch.setattr(import_contacts, "ROWS_A_MESSAGE", 40)
    job = await imported(world, ada, google(*(f"F,L,c{n}@example.org," for n in range(105))))
    assert (job.accepted, job.done, len(await world.contacts())) == (105, 105, 105)


@pytest.mark.rule("BR-1")
async def test_anybody_elses_job_is_unknown(world: World, acme: Brand, ada: str) -> None:
    job = await imported(world, ada, google("Grace,Hopper,grace@example.org,"))
    bob = (await world.ambassador(email="bob@example.org")).id
    for brand, ambassador, id in ((acme, bob, job.id), (await world.brand("globex"), ada, job.id), (acme, ada, "x")):
        with pytest.raises(UnknownObjectError):
            await import_contacts.get_job(brand, ambassador, id)


@pytest.mark.rule("COL-14")
async def test_two_workers_at_one_import_count_and_store_each_row_once(
    world: World, acme: Brand, ada: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_contacts, "ROWS_A_CHECKPOINT", 20)
    file = google(*(f"F,L,c{n}@example.org," for n in range(90)), *(f"No,Address{n},," for n in range(10)))
    job = await import_contacts.start_import(acme, ada, file, None)
    await asyncio.gather(*(import_contacts.run_import(acme, job.id) for _ in range(2)))
    await world.drain()
    done = await import_contacts.get_job(acme, ada, job.id)
    assert (done.state, done.done, done.refused) == (JobState.DONE, 100, 0)
    assert len(await world.contacts()) == 100


CRASH_FILE = google(
    "Grace,Hopper,grace@example.org,",
    "Known,Person,known@example.org,",
    "No,Address,,+33123456789",
    "Bad,Row,bad,",
    "Grace,Again,GRACE@example.org,",
    "Ada,Lovelace,lovelace@example.org,",
)


@pytest.mark.rule("COL-14")
@pytest.mark.parametrize("side", Side)
async def test_a_crash_at_any_write_changes_neither_the_counts_nor_the_contacts(
    side: Side, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_contacts, "ROWS_A_CHECKPOINT", 2)
    for place in itertools.count(1):
        crashes = Crashes(side=side)
        async with fresh_world(store=CrashingStore(SqliteStore(None, inline=True), crashes)) as world:
            ada = (await world.ambassador()).id
            await entered(world, ada, "known@example.org")
            brand = await world.brand()
            job = await import_contacts.start_import(brand, ada, CRASH_FILE, None)
            crashes.stop_at = len(crashes.trace) + place
            stopped = False
            try:
                await import_contacts.run_import(brand, job.id)
            except Crash:
                stopped = True
                await import_contacts.run_import(brand, job.id)
            found = counts(await import_contacts.get_job(brand, ada, job.id))
            people = sorted((c.email or "", c.first_name or "", c.last_name or "") for c in await world.contacts())
            assert found == {
                "state": "done", "total": 6, "done": 6, "accepted": 3, "updated": 2, "refused": {"invalid_email": 1},
            }  # fmt: skip
            assert [name for _, name, _ in people] == ["No", "Grace", "Known", "Ada"]
            assert not world.files.files
            if not stopped:
                break
    assert place > 5
