"""The search for traces: whatever was put anywhere is found, told by its place, and not repeated (DEL-8)."""

import base64
import zlib
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import pytest

from local.needles import Needles
from shared.domain import containers as c
from shared.domain.auditing import Finding, FindingKind
from shared.domain.canaries import Canary, sought
from shared.domain.forgetting import Forgetting
from shared.domain.jobs import Job
from shared.domain.sealing import new_file_key, seal, seal_text
from shared.domain.ugc import Ugc
from shared.ports import Key
from shared.usecases import audit, back_up
from shared.usecases.brands import Brand
from shared.usecases.import_contacts import file_path
from shared.usecases.searching import Search
from tests.support.acts import entered
from tests.support.fakes import FakeFiles
from tests.support.world import World

SECRET = "Zqcanary.Person@zq7.example.org"
DEEP = Key("d" * 24, "d" * 24)


def canary(world: World, **gone_from: datetime) -> Canary:
    return Canary(id="one", values={"email": (SECRET,)}, gone_from=gone_from or {"acme": world.clock.now()})


async def searched(world: World, person: Canary) -> Search:
    wanted = sought([person])
    search = Search(world.ports, wanted, Needles(wanted), lambda _: None)
    for id in ("acme", "globex"):
        await search.brand(await world.brands.what_is_left(id))
    await search.platform(["acme", "globex"])
    await audit.audit_queues(world.queue, search)
    return search


Plant = Callable[[World, Brand], Awaitable[None]]


def sealed(content: str, key: str) -> bytes:
    return b"".join(seal([b"x" * 70_000 + content.encode()], key))


async def in_a_document(world: World, brand: Brand) -> None:
    documents = world.ports.store.brand("acme", c.SALES)
    await documents.create(DEEP, {"id": DEEP.id, "a": [{"b": f"to {SECRET.lower()}"}]})


async def in_the_name_of_a_field(world: World, brand: Brand) -> None:
    await world.ports.store.brand("acme", c.SALES).create(DEEP, {"id": DEEP.id, "a": {SECRET: 1}})


async def in_an_id(world: World, brand: Brand) -> None:
    await world.ports.store.brand("acme", c.SALES).create(Key(SECRET, SECRET), {"id": SECRET})


async def wrapped_in_a_document(world: World, brand: Brand) -> None:
    job = Job(
        kind="import", ambassador_id="a" * 24, started_at=brand.now(), grant=world.ports.vault.wrap(SECRET.encode())
    )
    await brand.jobs.create(job)


async def owed_to_the_provider(world: World, brand: Brand) -> None:
    key = new_file_key()
    wrapped = world.ports.vault.wrap(base64.urlsafe_b64decode(key))
    await brand.forgettings.create(
        Forgetting(id="f" * 24, sealed=seal_text(SECRET, key), key=wrapped, owed_since=brand.now())
    )


async def in_an_import(world: World, brand: Brand) -> None:
    job = Job(kind="import", ambassador_id="a" * 24, started_at=brand.now(), file_key=new_file_key())
    await brand.jobs.create(job)
    world.files.files[file_path(brand, job.id)] = sealed(SECRET, job.file_key or "")


async def in_a_photo(world: World, brand: Brand) -> None:
    photo = Ugc(id="u" * 24, ambassador_id="a" * 24, created_at=brand.now(), file="acme/ugc/u", key=new_file_key())
    await brand.ugc.create(photo)
    world.files.files["acme/ugc/u"] = sealed(SECRET, photo.key or "")


async def in_a_file(world: World, brand: Brand) -> None:
    world.files.files["acme/exports/all.csv"] = b"x" * 65_530 + SECRET.encode("utf-16-le")  # over the edge of a piece


async def in_the_path_of_a_file(world: World, brand: Brand) -> None:
    world.files.files[f"acme/exports/{SECRET}.csv"] = b""


async def in_nobodys_folder(world: World, brand: Brand) -> None:
    world.files.files["left/over"] = SECRET.encode()


async def in_a_tombstone(world: World, brand: Brand) -> None:
    tombstones = world.ports.tombstones
    await tombstones.write("acme/2030-01-01T000000Z.abcdefgh", [b'{"people": ["' + SECRET.encode() + b'"]}'])


async def in_a_backup(world: World, brand: Brand) -> None:
    packed = zlib.compress(b'["contacts", {"email": "' + SECRET.encode() + b'"}]\n')
    path = f"acme/parts/{brand.now():%Y-%m-%dT%H%M%SZ}.hourly.abc/00000.abcdefgh"
    await world.ports.backups.write(path, seal([packed], brand.backup_key))


async def wrapped_in_a_backup(world: World, brand: Brand) -> None:
    wrapped = world.ports.vault.wrap(SECRET.encode())
    packed = zlib.compress(b'["jobs", {"grant": "' + wrapped.encode() + b'"}]\n["jobs", "gone", "gone"]\n')
    path = f"acme/parts/{brand.now():%Y-%m-%dT%H%M%SZ}.hourly.abc/00000.abcdefgh"
    await world.ports.backups.write(path, seal([packed], brand.backup_key))


async def in_the_platforms_store(world: World, brand: Brand) -> None:
    await world.ports.store.platform(c.QUARANTINE).create(Key("q", "q"), {"id": "q", "reason": SECRET})


async def on_a_queue(world: World, brand: Brand) -> None:
    await world.queue.send("sweeps", [{"brand": "acme", "run": "a" * 24}])
    world.queue.queues["sweeps"][0].message["run"] = SECRET


async def on_a_poison_queue(world: World, brand: Brand) -> None:
    await on_a_queue(world, brand)
    world.queue.queues["mails-poison"] = world.queue.queues.pop("sweeps")


PLANTS: dict[str, Plant] = {
    f"{place}: {plant.__name__}": plant
    for place, plants in {
        "store: sales": [in_a_document, in_the_name_of_a_field, in_an_id],
        "store: jobs": [wrapped_in_a_document],
        "store: forgettings": [owed_to_the_provider],
        "store: quarantine": [in_the_platforms_store],
        "files": [in_an_import, in_a_photo, in_a_file, in_the_path_of_a_file, in_nobodys_folder],
        "tombstones": [in_a_tombstone],
        "backups": [in_a_backup, wrapped_in_a_backup],
        "queues": [on_a_queue, on_a_poison_queue],
    }.items()
    for plant in plants
}


@pytest.mark.rule("DEL-8")
@pytest.mark.parametrize("place", PLANTS)
async def test_DEL_8_what_was_left_anywhere_is_found_and_not_repeated(world: World, acme: Brand, place: str) -> None:
    assert (await searched(world, canary(world))).findings == []
    await PLANTS[place](world, acme)
    found = (await searched(world, canary(world))).findings
    assert found
    for finding in found:
        assert (finding.kind, finding.canary, finding.value) == (FindingKind.TRACE, "one", "email")
        assert place.startswith(f"{finding.place}: ")
        assert "zq7" not in finding.model_dump_json().lower()


@pytest.mark.rule("DEL-8")
async def test_DEL_8_a_find_says_where_and_in_what_form(world: World, acme: Brand) -> None:
    await in_a_document(world, acme)
    (found,) = (await searched(world, canary(world))).findings
    assert (found.brand, found.what, found.form) == ("acme", f"{DEEP.id}: a[].b", "plain")


@pytest.mark.rule("BR-1")
async def test_BR_1_another_brand_may_hold_what_one_may_not(world: World, acme: Brand) -> None:
    ada = await world.ambassador("globex")
    await entered(world, ada.id, SECRET, brand="globex")
    assert (await searched(world, canary(world))).findings == []
    elsewhere = canary(world, globex=world.clock.now())
    assert {finding.place for finding in (await searched(world, elsewhere)).findings} == {"store: contacts"}


@pytest.mark.rule("BAK-3")
async def test_BAK_3_a_backup_from_before_the_erasure_may_hold_what_a_later_one_may_not(
    world: World, acme: Brand, ada: str
) -> None:
    await entered(world, ada, SECRET)
    await back_up.start_backup(world.brands, "acme")
    await world.drain()
    at = world.clock.now()

    def in_backups(search: Search) -> list[Finding]:
        return [finding for finding in search.findings if finding.place == "backups"]

    later = await searched(world, canary(world, acme=at + timedelta(hours=1)))
    assert in_backups(later) == []
    (row,) = [row for row in later.searched if (row.brand, row.place) == ("acme", "backups")]
    assert row.skipped > 1
    assert in_backups(await searched(world, canary(world, acme=at)))


@pytest.mark.rule("BAK-1")
async def test_BAK_1_a_backup_that_cannot_be_read_is_a_finding(world: World, acme: Brand) -> None:
    await back_up.start_backup(world.brands, "acme")
    await world.drain()
    backups = world.ports.backups
    assert isinstance(backups, FakeFiles)
    path = next(path for path in backups.files if "/manifests/" in path)
    backups.files[path] = backups.files[path][:-1]
    (found,) = (await searched(world, canary(world))).findings
    assert (found.kind, found.what) == (FindingKind.UNREADABLE, path)
