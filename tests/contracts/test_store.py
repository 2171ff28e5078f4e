"""What every store does with documents: point reads, conditional writes and batches."""

import asyncio
from typing import Any

import pytest

from shared.domain.containers import AMBASSADORS, BRANDS, CONTACTS, LEDGER
from shared.ports import ConflictError, CursorError, Document, Documents, Key, Outcome, Result, StaleError, Store, Write
from tests.contracts.stores import contact, creation, ids, key, put


async def test_what_is_created_is_read_back_alike(store: Store, the_brand: str) -> None:
    contacts = store.brand(the_brand, CONTACTS)
    document = contact(firstName="Zoë", tags=["a", "b"], amount=12.5, n=7, done=True, gone=None, nested={"x": [{}]})
    etag = await contacts.create(key(document), document)
    stored = await contacts.read(key(document))
    assert stored
    assert stored.document == document
    assert stored.etag == etag


async def test_what_is_not_there_is_none(store: Store, the_brand: str) -> None:
    assert await store.brand(the_brand, CONTACTS).read(Key("nobody", "nothing")) is None


async def test_a_document_is_found_in_its_own_partition_only(store: Store, the_brand: str) -> None:
    contacts = store.brand(the_brand, CONTACTS)
    await put(contacts, contact("one", "here"))
    assert await contacts.read(Key("there", "one")) is None
    await contacts.create(Key("there", "one"), contact("one", "there"))


async def test_an_id_is_created_once(store: Store, the_brand: str) -> None:
    contacts = store.brand(the_brand, CONTACTS)
    await put(contacts, contact("one", firstName="first"))
    with pytest.raises(ConflictError):
        await contacts.create(Key("ambassador-1", "one"), contact("one", addressKey="another"))
    stored = await contacts.read(Key("ambassador-1", "one"))
    assert stored
    assert stored.document["firstName"] == "first"


async def test_a_replacement_needs_the_newest_etag(store: Store, the_brand: str) -> None:
    contacts = store.brand(the_brand, CONTACTS)
    (first,) = await put(contacts, contact("one", n=1))
    second = await contacts.replace(Key("ambassador-1", "one"), contact("one", n=2), first.etag)
    assert second != first.etag
    with pytest.raises(StaleError):
        await contacts.replace(Key("ambassador-1", "one"), contact("one", n=3), first.etag)
    stored = await contacts.read(Key("ambassador-1", "one"))
    assert stored
    assert (stored.document["n"], stored.etag) == (2, second)


async def test_a_replacement_forgets_what_it_leaves_out(store: Store, the_brand: str) -> None:
    contacts = store.brand(the_brand, CONTACTS)
    (first,) = await put(contacts, contact("one", email="ann@example.org", createdAt="2026-01-01"))
    await contacts.replace(Key("ambassador-1", "one"), contact("one"), first.etag)
    stored = await contacts.read(Key("ambassador-1", "one"))
    assert stored
    assert stored.document == contact("one")


async def test_a_deletion_needs_the_newest_etag_and_ends_the_document(store: Store, the_brand: str) -> None:
    contacts = store.brand(the_brand, CONTACTS)
    (first,) = await put(contacts, contact("one", n=1))
    second = await contacts.replace(Key("ambassador-1", "one"), contact("one", n=2), first.etag)
    with pytest.raises(StaleError):
        await contacts.delete(Key("ambassador-1", "one"), first.etag)
    await contacts.delete(Key("ambassador-1", "one"), second)
    assert await contacts.read(Key("ambassador-1", "one")) is None
    with pytest.raises(StaleError):
        await contacts.delete(Key("ambassador-1", "one"), second)
    with pytest.raises(StaleError):
        await contacts.replace(Key("ambassador-1", "one"), contact("one"), second)


async def test_an_etag_does_not_come_back_with_a_document_of_the_same_id(store: Store, the_brand: str) -> None:
    contacts = store.brand(the_brand, CONTACTS)
    (first,) = await put(contacts, contact("one"))
    await contacts.delete(Key("ambassador-1", "one"), first.etag)
    await put(contacts, contact("one"))
    with pytest.raises(StaleError):
        await contacts.delete(Key("ambassador-1", "one"), first.etag)


async def test_a_unique_value_is_taken_once_in_a_partition(store: Store, the_brand: str) -> None:
    contacts = store.brand(the_brand, CONTACTS)
    taken, other = contact(addressKey="a@b"), contact(addressKey="c@d")
    _, stored = await put(contacts, taken, other)
    with pytest.raises(ConflictError):
        await contacts.create(key(double := contact(addressKey="a@b")), double)
    with pytest.raises(ConflictError):
        await contacts.replace(key(other), other | {"addressKey": "a@b"}, stored.etag)
    await put(contacts, elsewhere := contact(ambassador="ambassador-2", addressKey="a@b"))
    assert await contacts.read(key(elsewhere))


async def test_a_unique_value_is_free_again_when_its_document_lets_go(store: Store, the_brand: str) -> None:
    contacts = store.brand(the_brand, CONTACTS)
    first, second = await put(contacts, contact("one", addressKey="a"), contact("two", addressKey="b"))
    await contacts.replace(key(first.document), contact("one", addressKey="c"), first.etag)
    await contacts.delete(key(second.document), second.etag)
    three = await put(contacts, contact("three", addressKey="a"), contact("four", addressKey="b"))
    assert len(three) == 2


async def test_brands_and_the_platform_see_nothing_of_each_other(
    store: Store, the_brand: str, other_brand: str
) -> None:
    mine, theirs = store.brand(the_brand, CONTACTS), store.brand(other_brand, CONTACTS)
    document = contact("same-id", firstName="mine")
    await mine.create(key(document), document)
    assert await theirs.read(key(document)) is None
    await theirs.create(key(document), document | {"firstName": "theirs"})
    stored = await mine.read(key(document))
    assert stored
    assert stored.document["firstName"] == "mine"
    assert (await mine.count(()), await theirs.count(())) == (1, 1)
    assert await store.platform(BRANDS).read(Key("same-id", "same-id")) is None


@pytest.mark.parametrize("name", ["", "a", "..", "../acme", "Acme", "acme/x", "acme.x", "-acme", "a" * 64, "platform"])
async def test_what_is_no_brands_name_is_refused(store: Store, name: str) -> None:
    with pytest.raises(ValueError, match="brand"):
        store.brand(name, CONTACTS)


async def test_the_platform_keeps_its_own(store: Store, the_brand: str) -> None:
    brands = store.platform(BRANDS)
    await brands.create(Key(the_brand, the_brand), {"id": the_brand, "status": "active"})
    assert await brands.read(Key(the_brand, the_brand))


async def test_many_reads_find_those_that_exist(store: Store, the_brand: str) -> None:
    contacts = store.brand(the_brand, CONTACTS)
    documents = [contact(f"id-{n}", f"ambassador-{n % 7}", n=n) for n in range(90)]
    await put(contacts, *documents, contact("id-1", "elsewhere"))
    wanted = [key(document) for document in documents] + [Key("ambassador-1", f"absent-{n}") for n in range(10)]
    found = await contacts.read_many(wanted)
    assert {k: stored.document for k, stored in found.items()} == {key(d): d for d in documents}
    assert found[wanted[3]] == await contacts.read(wanted[3])
    assert await contacts.read_many([]) == {}
    ambassadors = store.brand(the_brand, AMBASSADORS)
    await ambassadors.create(Key("x", "x"), {"id": "x"})
    assert list(await ambassadors.read_many([Key("x", "x"), Key("y", "y"), Key("x", "x")])) == [Key("x", "x")]


async def test_each_write_of_a_batch_has_its_own_outcome(store: Store, the_brand: str) -> None:
    contacts = store.brand(the_brand, CONTACTS)
    there = [contact(f"there-{n}") for n in range(6)]
    kept, changed, dropped, stale, gone, _ = await put(contacts, *there)
    newer = await contacts.replace(key(stale.document), stale.document | {"n": 1}, stale.etag)
    await contacts.delete(key(gone.document), gone.etag)
    writes = [
        creation(contact("new-1")),
        creation(contact("there-0", addressKey="x")),
        Write(key(changed.document), changed.document | {"n": 5}, changed.etag),
        Write(key(stale.document), stale.document | {"n": 9}, stale.etag),
        Write(key(dropped.document), None, dropped.etag),
        Write(key(gone.document), None, gone.etag),
        creation(contact("new-2", addressKey="own-there-5")),
        creation(contact("new-3")),
        creation(contact("new-4", "ambassador-2")),
    ]
    results = await contacts.write_many(writes)
    assert [result.outcome for result in results] == [
        Outcome.WRITTEN,
        Outcome.CONFLICT,
        Outcome.WRITTEN,
        Outcome.STALE,
        Outcome.WRITTEN,
        Outcome.STALE,
        Outcome.CONFLICT,
        Outcome.WRITTEN,
        Outcome.WRITTEN,
    ]
    found = await contacts.read_many([write.key for write in writes])
    assert [result.etag for result in results] == [
        found[write.key].etag if result.outcome is Outcome.WRITTEN and write.document else None
        for write, result in zip(writes, results, strict=True)
    ]
    assert found[key(kept.document)] == kept
    assert found[key(changed.document)].document["n"] == 5
    assert found[key(stale.document)].etag == newer
    assert await contacts.read(key(dropped.document)) is None
    assert await contacts.count(()) == 7


async def test_writes_of_a_batch_happen_in_their_order(store: Store, the_brand: str) -> None:
    contacts = store.brand(the_brand, CONTACTS)
    (first,) = await put(contacts, contact("old", addressKey="a"))
    moved = [Write(key(first.document), None, first.etag), creation(contact("new", addressKey="a"))]
    assert [r.outcome for r in await contacts.write_many(moved)] == [Outcome.WRITTEN, Outcome.WRITTEN]


async def test_a_hundred_refusals_leave_nothing_behind(store: Store, the_brand: str) -> None:
    contacts = store.brand(the_brand, CONTACTS)
    documents = [contact(f"id-{n}") for n in range(100)]
    assert {r.outcome for r in await contacts.write_many([creation(d) for d in documents])} == {Outcome.WRITTEN}
    again = await contacts.write_many([creation(d) for d in documents])
    assert again == [Result(Outcome.CONFLICT)] * 100
    assert await contacts.count(()) == 100
    assert await contacts.write_many([]) == []


async def test_of_two_writers_with_one_etag_one_wins(store: Store, the_brand: str) -> None:
    contacts = store.brand(the_brand, CONTACTS)
    (first,) = await put(contacts, contact("one"))

    async def attempt(n: int) -> int | None:
        try:
            await contacts.replace(key(first.document), contact("one", n=n), first.etag)
        except StaleError:
            return None
        return n

    winners = [n for n in await asyncio.gather(*(attempt(n) for n in range(8))) if n is not None]
    assert len(winners) == 1
    stored = await contacts.read(key(first.document))
    assert stored
    assert stored.document["n"] == winners[0]


async def test_of_two_with_one_unique_value_one_wins(store: Store, the_brand: str) -> None:
    contacts = store.brand(the_brand, CONTACTS)

    async def attempt(n: int) -> list[Result]:
        return await contacts.write_many([creation(contact(f"id-{n}", addressKey="same"))])

    results = [r for answer in await asyncio.gather(*(attempt(n) for n in range(8))) for r in answer]
    assert sorted(result.outcome for result in results) == [Outcome.CONFLICT] * 7 + [Outcome.WRITTEN]
    assert await contacts.count(()) == 1


@pytest.mark.parametrize(
    "text", ["Ünïcødé", "日本語", "🎂 👩‍👩‍👧", "\u0000\u001f", "quote ' \" \\", "مرحبا", "-- ; DROP"]
)
async def test_every_text_survives(store: Store, the_brand: str, text: str) -> None:
    contacts = store.brand(the_brand, CONTACTS)
    document = contact("id é-" + text[:1].strip("\0"), ambassador=text, addressKey=text, firstName=text)
    await contacts.create(key(document), document)
    assert [s.document for s in (await contacts.read_many([key(document)])).values()] == [document]


@pytest.mark.filterwarnings("ignore:Sending a large body:ResourceWarning")  # aiohttp's advice, over a megabyte
async def test_documents_of_a_megabyte_fit_in_one_batch(store: Store, the_brand: str) -> None:
    contacts = store.brand(the_brand, CONTACTS)
    documents = [contact(f"id-{n}", comments=c * (1_000_000 // len(c.encode()) // 2)) for n, c in enumerate("aé🎂")]
    documents.append(contact("large", comments="x" * 1_100_000))
    stored = await put(contacts, *documents)
    assert [found.document for found in stored] == documents
    await contacts.replace(key(documents[0]), contact("id-0"), stored[0].etag)
    small = await contacts.read(key(documents[0]))
    assert small
    assert small.document == contact("id-0")


@pytest.mark.parametrize(
    ("where", "document"),
    [
        (Key("ambassador-1", "one"), contact("two")),
        (Key("ambassador-1", "one"), contact("one", "ambassador-2")),
        (Key("ambassador-1", ""), contact("")),
        (Key("ambassador-1", "a/b"), contact("a/b")),
        (Key("ambassador-1", "x" * 256), contact("x" * 256)),
        (Key("ambassador-1", "one"), contact("one", addressKey=None)),
        (Key("ambassador-1", "one"), contact("one", createdAt=["2026"])),
        (Key("ambassador-1", "one"), contact("one", search=1)),
        (Key("ambassador-1", "one"), contact("one", _etag="x")),
        (Key("ambassador-1", "one"), contact("one", what=object())),
        (Key("ambassador-1", "one"), contact("one", comments="x" * 2_000_000)),
    ],
    ids=lambda value: "" if isinstance(value, dict) else str(value)[:40],
)
async def test_what_some_store_could_not_hold_no_store_takes(
    store: Store, the_brand: str, where: Key, document: Document
) -> None:
    contacts = store.brand(the_brand, CONTACTS)
    with pytest.raises(ValueError):
        await contacts.create(where, document)


async def test_a_call_takes_a_hundred_and_each_document_once(store: Store, the_brand: str) -> None:
    contacts = store.brand(the_brand, CONTACTS)
    many = [contact(f"id-{n}") for n in range(101)]
    wrong: list[list[Any]] = [many, [many[0], many[0]]]
    for documents in wrong:
        with pytest.raises(ValueError, match="call"):
            await contacts.write_many([creation(document) for document in documents])
    with pytest.raises(ValueError, match="call"):
        await contacts.read_many([key(document) for document in many])
    with pytest.raises(ValueError, match="without"):
        await contacts.write_many([Write(Key("a", "b"), None, None)])


async def test_numbers_keep_their_order_within_a_subject(store: Store, the_brand: str) -> None:
    ledger = store.brand(the_brand, LEDGER)
    for seq in (9, 10, 1):
        await ledger.create(Key("s", f"e{seq}"), {"id": f"e{seq}", "subject": "s", "seq": seq})
    assert await ids(ledger, partition="s", order_by="seq") == ["e1", "e9", "e10"]


async def changed(documents: Documents, since: str | None, limit: int = 3) -> tuple[list[Document], str]:
    """Every document of the feed from a position on, and where it ends."""
    found: list[Document] = []
    while True:
        page = await documents.changes(since, limit)
        found, since = [*found, *page.items], page.position
        if not page.more:
            return found, since


@pytest.mark.rule("BAK-1")
async def test_BAK_1_the_feed_of_changes_has_every_document_once_and_then_only_what_was_written_since(
    store: Store, the_brand: str
) -> None:
    contacts = store.brand(the_brand, CONTACTS)
    nothing, start = await changed(contacts, None)
    assert nothing == []
    await put(contacts, *(contact(f"c{n}", f"ambassador-{n % 3}", n=n) for n in range(8)))
    everything, position = await changed(contacts, None)
    assert sorted(found["id"] for found in everything) == [f"c{n}" for n in range(8)]
    assert [found for found in everything if found["id"] == "c7"] == [contact("c7", "ambassador-1", n=7)]
    assert len((await changed(contacts, start))[0]) == 8
    nothing, position = await changed(contacts, position)
    assert nothing == []
    stored = await contacts.read(Key("ambassador-1", "c1"))
    gone = await contacts.read(Key("ambassador-2", "c2"))
    assert stored and gone
    await contacts.replace(Key("ambassador-1", "c1"), contact("c1", "ambassador-1", n=100), stored.etag)
    await contacts.delete(Key("ambassador-2", "c2"), gone.etag)
    await put(contacts, contact("c9", "ambassador-0"))
    later, position = await changed(contacts, position)
    assert sorted((found["id"], found.get("n")) for found in later) == [("c1", 100), ("c9", None)]
    assert (await changed(contacts, position))[0] == []


@pytest.mark.rule("BAK-1")
async def test_BAK_1_what_is_written_while_the_feed_is_read_is_not_missed(store: Store, the_brand: str) -> None:
    contacts = store.brand(the_brand, CONTACTS)
    await put(contacts, *(contact(f"c{n}", n=0) for n in range(8)))
    page = await contacts.changes(None, 3)
    first = [found["id"] for found in page.items]
    for id in (first[0], next(f"c{n}" for n in range(8) if f"c{n}" not in first)):
        stored = await contacts.read(Key("ambassador-1", id))
        assert stored
        await contacts.replace(Key("ambassador-1", id), contact(id, n=1), stored.etag)
    rest, position = await changed(contacts, page.position)
    later, _ = await changed(contacts, position)
    newest = {found["id"]: found["n"] for found in [*page.items, *rest, *later]}
    assert len(newest) == 8
    assert sum(newest.values()) == 2


async def test_a_position_that_no_feed_gave_is_refused(store: Store, the_brand: str) -> None:
    with pytest.raises(CursorError):
        await store.brand(the_brand, CONTACTS).changes("not a position")
