"""What every store answers when it is asked: conditions, order, pages that hold while documents change, counts."""

from typing import Any

import pytest

from shared.domain.containers import AMBASSADORS, CONTACTS, JOBS, LEDGER, SUPPRESSIONS, Container
from shared.ports import Document, Key, Query, Store, Where
from tests.contracts.stores import contact, ids, key, pages, put

RULE = "clock.rule"
SINCE = "clock.since"


def timed(id: str, rule: str, since: str, ambassador: str = "ambassador-1") -> Document:
    return contact(id, ambassador, clock={"rule": rule, "since": since})


async def test_equality_and_a_bound_find_across_partitions_in_order(store: Store, the_brand: str) -> None:
    contacts = store.brand(the_brand, CONTACTS)
    await put(
        contacts,
        timed("d", "RET-1", "2026-01-04", "p1"),
        timed("b", "RET-1", "2026-01-02", "p2"),
        timed("c", "RET-1", "2026-01-03", "p1"),
        timed("a", "RET-2", "2026-01-01", "p1"),
        contact("none"),
    )
    due = (Where(RULE, "=", "RET-1"), Where(SINCE, "<=", "2026-01-03"))
    assert await ids(contacts, *due, order_by=SINCE) == ["b", "c"]
    assert await ids(contacts, *due, order_by=SINCE, descending=True) == ["c", "b"]
    assert sorted(await ids(contacts, *due)) == ["b", "c"]


@pytest.mark.parametrize(
    ("op", "value", "found"),
    [
        ("=", "2026-01-02", ["b"]),
        ("<", "2026-01-02", ["a"]),
        ("<=", "2026-01-02", ["a", "b"]),
        (">", "2026-01-02", ["c"]),
        (">=", "2026-01-02", ["b", "c"]),
        ("in", ("2026-01-03", "2026-01-01", "2030-01-01"), ["a", "c"]),
        ("in", (), []),
        ("=", "' OR 1=1 --", []),
        (">", 5, []),
        ("<", 5, []),
        ("=", True, []),
        (">=", False, []),
    ],
)
async def test_each_comparison_finds_its_own(
    store: Store, the_brand: str, op: Any, value: Any, found: list[str]
) -> None:
    contacts = store.brand(the_brand, CONTACTS)
    days = {"a": "2026-01-01", "b": "2026-01-02", "c": "2026-01-03"}
    dated = (contact(id, createdAt=day, proof={"at": day}) for id, day in days.items())
    await put(contacts, *dated, contact("none"))
    across, inside = Where("proof.at", op, value), Where("createdAt", op, value)
    assert sorted(await ids(contacts, across)) == found
    assert await ids(contacts, inside, partition="ambassador-1", order_by="createdAt") == found
    assert await ids(contacts, inside, partition="ambassador-2") == []
    assert await contacts.count((across,)) == len(found)


async def test_what_is_unique_is_looked_up_inside_its_partition(store: Store, the_brand: str) -> None:
    contacts = store.brand(the_brand, CONTACTS)
    await put(contacts, *(contact(f"id-{n % 9}", f"p{n // 9}", addressKey=f"key-{n % 9}") for n in range(18)))
    one, some = Where("addressKey", "=", "key-7"), Where("addressKey", "in", ("key-8", "key-1", "key-4", "none"))
    assert await ids(contacts, one, partition="p1") == ["id-7"]
    assert await ids(contacts, some, partition="p0", limit=2) == ["id-1", "id-4", "id-8"]
    assert await ids(contacts, one, Where("createdAt", "=", "x"), partition="p1") == []


@pytest.mark.parametrize("partition", [None, "p1"])
async def test_a_lookup_by_equality_finds_in_one_partition_and_in_all(
    store: Store, the_brand: str, partition: str | None
) -> None:
    contacts = store.brand(the_brand, CONTACTS)
    documents = [contact(f"id-{n:02}", f"p{n % 3}", emailHash=f"hash-{n % 5}") for n in range(30)]
    await put(contacts, *documents)

    def wanted(*hashes: str) -> list[str]:
        there = (d for d in documents if d["emailHash"] in hashes and partition in (None, d["ambassadorId"]))
        return [document["id"] for document in there]

    one, two = Where("emailHash", "=", "hash-1"), Where("emailHash", "in", ("hash-4", "hash-1"))
    for limit in (1, 3, 100):
        assert sorted(await ids(contacts, one, partition=partition, limit=limit)) == wanted("hash-1")
        assert sorted(await ids(contacts, two, partition=partition, limit=limit)) == wanted("hash-1", "hash-4")
    assert await contacts.count((one,)) == 6


async def test_numbers_compare_with_numbers(store: Store, the_brand: str) -> None:
    ledger = store.brand(the_brand, LEDGER)
    for seq in (1, 2, 10, 2.5, "5", True):
        id = f"e{seq}"
        await ledger.create(Key("s", id), {"id": id, "subject": "s", "seq": seq})
    assert await ids(ledger, Where("seq", ">", 1), partition="s", order_by="seq") == ["e2", "e2.5", "e10"]
    assert await ids(ledger, Where("seq", "=", 1), partition="s") == ["e1"]
    assert await ids(ledger, Where("seq", "=", True), partition="s") == ["eTrue"]
    assert await ids(ledger, Where("seq", "in", ("5", 10)), partition="s") == ["e5", "e10"][::-1]


async def test_a_text_is_searched_in_inside_a_partition(store: Store, the_brand: str) -> None:
    contacts = store.brand(the_brand, CONTACTS)
    await put(
        contacts,
        contact("a", search="ann berg ann@example.org", createdAt="2026-01-01"),
        contact("b", search="bob 100%_sure", createdAt="2026-01-02"),
        contact("c", createdAt="2026-01-03"),
        contact("d", "ambassador-2", search="ann", createdAt="2026-01-04"),
    )

    async def search(text: str, *more: Where) -> list[str]:
        where = Where("search", "contains", text)
        return await ids(contacts, where, *more, partition="ambassador-1", order_by="createdAt", descending=True)

    assert await search("ann") == ["a"]
    assert await search("b") == ["b", "a"]
    assert await search("%_") == ["b"]
    assert await search("ANN") == []
    assert await search("b", Where("createdAt", "<", "2026-01-02")) == ["a"]
    assert await ids(contacts, Where("search", "contains", "ann"), partition="ambassador-1") == ["a"]


async def test_a_text_is_searched_in_where_an_index_leads_there(store: Store, the_brand: str) -> None:
    contacts = store.brand(the_brand, CONTACTS)
    await put(
        contacts,
        contact("a", "p1", brandSees=True, brandSearch="ann", createdAt="2026-01-01"),
        contact("b", "p2", brandSees=True, brandSearch="hannah", brandOptIn="blog", createdAt="2026-01-02"),
        contact("c", "p1", brandSees=True, brandSearch="bob", createdAt="2026-01-03"),
        contact("d", "p1", brandSearch="ann", createdAt="2026-01-04"),
    )
    shown = Where("brandSees", "=", True)
    ann = Where("brandSearch", "contains", "ann")
    assert await ids(contacts, shown, order_by="createdAt", descending=True) == ["c", "b", "a"]
    assert await ids(contacts, shown, ann, order_by="createdAt", descending=True) == ["b", "a"]
    assert await ids(contacts, shown, ann, Where("brandOptIn", "=", "blog"), order_by="createdAt") == ["b"]
    assert await ids(contacts, shown, order_by="createdAt", partition="p1", limit=1) == ["a", "c"]


async def test_an_id_is_found_in_whatever_partition(store: Store, the_brand: str) -> None:
    contacts = store.brand(the_brand, CONTACTS)
    await put(contacts, contact("a", "p1", brandSees=True), contact("b", "p2"), contact("b", "p3", brandSees=True))
    assert await ids(contacts, Where("id", "=", "a")) == ["a"]
    assert await ids(contacts, Where("id", "=", "b"), limit=1) == ["b", "b"]
    assert await ids(contacts, Where("id", "=", "b"), Where("brandSees", "=", True)) == ["b"]
    assert await ids(contacts, Where("id", "=", "b"), partition="p2") == ["b"]
    assert await ids(contacts, Where("id", "=", "x")) == []


async def test_an_order_leaves_out_documents_that_lack_its_field(store: Store, the_brand: str) -> None:
    contacts = store.brand(the_brand, CONTACTS)
    await put(contacts, contact("a"), contact("b", createdAt=None), contact("c", createdAt="2026"))
    await put(contacts, contact("d", proof={"at": None}), contact("e", proof={"at": "2026"}))
    assert await ids(contacts, order_by="proof.at") == ["e"]
    assert await ids(contacts, partition="ambassador-1", order_by="createdAt", descending=True) == ["c"]
    assert await ids(contacts, partition="ambassador-1") == ["a", "b", "c", "d", "e"]
    assert sorted(await ids(contacts)) == ["a", "b", "c", "d", "e"]


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("limit", [7, 30, 60])
@pytest.mark.parametrize("partition", [None, "p1"])
async def test_pages_follow_each_other_without_gap_or_double(
    store: Store, the_brand: str, partition: str | None, limit: int, descending: bool
) -> None:
    contacts = store.brand(the_brand, CONTACTS)
    documents = [
        timed(f"id-{n % 30}", "RET-1", f"day-{n % 4}", f"p{n // 30}") | {"createdAt": f"day-{n % 4}"} for n in range(60)
    ]
    await put(contacts, *documents)
    where, order = ((), "createdAt") if partition else ((Where(RULE, "=", "RET-1"),), SINCE)
    found = await pages(contacts, *where, partition=partition, order_by=order, limit=limit, descending=descending)
    days = [stored.document["createdAt"] for stored in found]
    assert days == sorted(days, reverse=descending)
    wanted = {key(document) for document in documents if partition in (None, document["ambassadorId"])}
    assert {key(stored.document) for stored in found} == wanted
    assert len(found) == len(wanted)


async def test_a_full_last_page_says_that_it_is_the_last(store: Store, the_brand: str) -> None:
    contacts = store.brand(the_brand, CONTACTS)
    await put(contacts, *(contact(f"id-{n}") for n in range(4)))
    page = await contacts.query(Query(partition="ambassador-1", limit=4))
    assert (len(page.items), page.cursor) == (4, None)


@pytest.mark.parametrize("order", [SINCE, None])
async def test_what_stays_unchanged_comes_once_while_others_change(
    store: Store, the_brand: str, order: str | None
) -> None:
    contacts = store.brand(the_brand, CONTACTS)
    stored = await put(contacts, *(timed(f"id-{n:02}", "RET-1", f"day-{n // 3:02}", f"p{n % 2}") for n in range(40)))
    stays = {s.document["id"] for n, s in enumerate(stored) if n % 4 not in (1, 2)}
    where = (Where(RULE, "=", "RET-1"), Where(SINCE, "<", "day-99"))
    query = Query(where, order_by=order, limit=5)
    found: list[str] = []
    changing = [s for n, s in enumerate(stored) if n % 4 in (1, 2)]
    while True:
        page = await contacts.query(query)
        found += [s.document["id"] for s in page.items]
        if page.cursor is None:
            break
        for _ in range(3):
            if changing:
                one = changing.pop(len(changing) // 2)
                if len(changing) % 2:
                    await contacts.delete(key(one.document), one.etag)
                else:
                    moved = one.document | {"clock": {"rule": "RET-1", "since": "day-00"}}
                    await contacts.replace(key(one.document), moved, one.etag)
        await put(contacts, timed(f"new-{len(found)}", "RET-1", "day-00"))
        query = Query(where, order_by=order, limit=5, cursor=page.cursor)
    assert sorted(id for id in found if id in stays) == sorted(stays)


async def test_items_come_with_etags_to_write_with(store: Store, the_brand: str) -> None:
    contacts = store.brand(the_brand, CONTACTS)
    (stored,) = await put(contacts, timed("a", "RET-1", "2026"))
    page = await contacts.query(Query((Where(RULE, "=", "RET-1"),), order_by=SINCE))
    assert page.items == [stored]
    await contacts.delete(key(stored.document), page.items[0].etag)


async def test_a_container_by_id_pages_by_its_fields(store: Store, the_brand: str) -> None:
    jobs = store.brand(the_brand, JOBS)
    for n in range(9):
        await jobs.create(Key(f"j{n}", f"j{n}"), {"id": f"j{n}", "startedAt": f"2026-01-0{n % 3 + 1}"})
    newest = await ids(jobs, order_by="startedAt", descending=True, limit=4)
    assert [int(id[1]) % 3 for id in newest] == [2, 2, 2, 1, 1, 1, 0, 0, 0]
    assert len(set(newest)) == 9
    assert sorted(await ids(jobs, limit=4)) == [f"j{n}" for n in range(9)]
    assert await ids(jobs, partition="j3") == ["j3"]


async def test_counts_are_over_all_partitions(store: Store, the_brand: str) -> None:
    contacts = store.brand(the_brand, CONTACTS)
    await put(contacts, *(timed(f"id-{n}", f"RET-{n % 2}", f"2026-0{n}", f"p{n}") for n in range(1, 8)))
    assert await contacts.count(()) == 7
    assert await contacts.count((Where(RULE, "=", "RET-1"),)) == 4
    assert await contacts.count((Where(RULE, "=", "RET-1"), Where(SINCE, ">", "2026-03"))) == 2
    assert await contacts.count((Where(RULE, "in", ("RET-0", "RET-1")), Where("createdAt", "=", "x"))) == 0


REFUSED: list[tuple[Container, Query]] = [
    (CONTACTS, Query((Where("email", "=", "a@example.org"),))),
    (CONTACTS, Query((Where("email", "=", "a@example.org"),), partition="p")),
    (CONTACTS, Query(order_by="lastName")),
    (CONTACTS, Query(order_by="lastName", partition="p")),
    (CONTACTS, Query((Where("search", "=", "ann"),), partition="p")),
    (CONTACTS, Query((Where("search", "contains", "ann"),))),
    (CONTACTS, Query((Where("createdAt", "contains", "2026"),), partition="p")),
    (CONTACTS, Query((Where("search", "contains", 1),), partition="p")),
    (CONTACTS, Query((Where("createdAt", "=", None),))),
    (CONTACTS, Query((Where("createdAt", "in", "2026"),))),
    (CONTACTS, Query((Where(SINCE, "<", "2026"),))),
    (CONTACTS, Query((Where(RULE, "=", "RET-1"),))),
    (CONTACTS, Query(order_by=SINCE)),
    (CONTACTS, Query((Where("emailHash", "=", "x"),), order_by="createdAt")),
    (CONTACTS, Query(limit=0)),
    (CONTACTS, Query(limit=1001)),
    (CONTACTS, Query(cursor="not one")),
    (CONTACTS, Query(cursor="WzEsMiwzLDRd")),
    (CONTACTS, Query(cursor="W251bGxd")),
    (CONTACTS, Query(cursor="W1tdLCAiYSIsICJiIl0", order_by="createdAt", partition="p")),
    (CONTACTS, Query(order_by="ambassadorOptIn")),
    (CONTACTS, Query(order_by="proof.at", partition="p")),
    (CONTACTS, Query((Where("ambassadorOptIn", "=", "2026"),))),
    (CONTACTS, Query((Where("emailHash", ">", "x"),))),
    (CONTACTS, Query(order_by="emailHash")),
    (CONTACTS, Query((Where("addressKey", "=", "x"),))),
    (CONTACTS, Query((Where("emailHash", "=", "x"), Where("addressKey", "=", "x")))),
    (CONTACTS, Query((Where("addressKey", ">", "x"),), partition="p")),
    (CONTACTS, Query((Where("addressKey", "=", 1),), partition="p")),
    (SUPPRESSIONS, Query((Where("id", ">", "x"),))),
    (SUPPRESSIONS, Query((Where("id", "in", ("x",)),))),
    (CONTACTS, Query((Where("id", "=", None),))),
    (CONTACTS, Query((Where("id", "=", "x"), Where("email", "=", "a@example.org")))),
    (CONTACTS, Query((Where("id", "=", "x"),), order_by="id")),
    (CONTACTS, Query((Where("brandSearch", "contains", "ann"),))),
    (AMBASSADORS, Query(order_by="email")),
]


@pytest.mark.parametrize(("container", "query"), REFUSED, ids=[str(number) for number in range(len(REFUSED))])
async def test_what_no_index_answers_is_refused(
    store: Store, the_brand: str, container: Container, query: Query
) -> None:
    with pytest.raises(ValueError):
        await store.brand(the_brand, container).query(query)


NOT_COUNTED = [
    Where("email", "=", "x"),
    Where(SINCE, "=", "x"),
    Where("ambassadorOptIn", "=", "x"),
    Where("search", "contains", "x"),
]


@pytest.mark.parametrize("where", NOT_COUNTED, ids=str)
async def test_what_no_index_counts_is_refused(store: Store, the_brand: str, where: Where) -> None:
    with pytest.raises(ValueError, match="no index"):
        await store.brand(the_brand, CONTACTS).count((where,))


async def test_every_document_lies_in_one_range(store: Store, the_brand: str) -> None:
    documents = store.brand(the_brand, CONTACTS)
    await put(
        documents, *(contact(ambassador=f"ambassador-{number}", createdAt=f"2030-{number:02}") for number in range(12))
    )
    ranges = await documents.ranges()
    by_range = [await ids(documents, order_by="createdAt", range=each, limit=5) for each in ranges]
    assert sorted(id for found in by_range for id in found) == sorted(await ids(documents, order_by="createdAt"))
    for each in ranges:
        dates = [
            stored.document["createdAt"] for stored in await pages(documents, order_by="createdAt", range=each, limit=5)
        ]
        assert dates == sorted(dates)
