"""What the Manager shows of people, over HTTP (VIS-1, VIS-2, VIS-6, VIS-7)."""

import csv
import io
from typing import Any

import httpx
import pytest

from shared.domain import containers
from shared.domain.ambassador import Ambassador
from shared.domain.consent import AmbassadorOptIn, BrandOptIn
from shared.domain.contact import Contact, Origin, Sale
from shared.domain.ids import new_id
from shared.domain.staff import Role
from shared.usecases.access_log import entries
from tests.functions.suite import Suite

MANAGED = "/api/manager/brands/acme"
BRAND_ROLES = (Role.BRAND_ADMIN, Role.BRAND_SUPPORT, Role.BRAND_COMMUNITY)
IBAN = "FR1420041010050500013M02606"
S = AmbassadorOptIn
B = BrandOptIn


async def keep(
    suite: Suite, brand: str, ambassador: str, name: str, state: AmbassadorOptIn, opt_in: BrandOptIn, **more: Any
) -> str:
    """Stores a contact as it is; gives its id."""
    opened = await suite.world.brand(brand)
    now = suite.world.clock.now()
    made = Contact(
        ambassador_id=ambassador,
        first_name=name,
        email=f"{name.casefold()}@people.example",
        ambassador_opt_in=state,
        ambassador_opt_in_at=now,
        brand_opt_in=opt_in,
        created_at=now,
        created_by=Origin(mechanism="test"),
        modified_at=now,
        modified_by=Origin(mechanism="test"),
        **more,
    ).settled(opened.hasher, 5)
    await opened.contacts.create(made)
    suite.world.clock.advance(seconds=1)
    return made.id


async def get(suite: Suite, path: str, headers: dict[str, str], **params: Any) -> httpx.Response:
    """What staff are shown."""
    return await suite.http.get(MANAGED + path, headers=headers, params=params)


async def names(suite: Suite, headers: dict[str, str], **params: Any) -> list[str]:
    """The first names of a list, over all its pages."""
    found: list[str] = []
    while True:
        answer = await get(suite, "/contacts", headers, **params)
        assert answer.status_code == 200, answer.text
        found += [item["firstName"] for item in answer.json()["items"]]
        params["cursor"] = answer.json()["nextCursor"]
        if params["cursor"] is None:
            return found


@pytest.fixture
async def ada(suite: Suite) -> Ambassador:
    """An ambassador with secrets."""
    account = (await suite.sign_in("ada@example.org")).account
    opened = await suite.world.brand()
    current = await opened.ambassadors.get(account.id, account.id)
    assert current
    full = current.record.changed(iban=IBAN, facebook_id="fb-of-ada", customer_id="C1").settled(opened.hasher)
    return (await opened.ambassadors.replace(current, full)).record


@pytest.mark.rule("VIS-2")
@pytest.mark.parametrize("role", BRAND_ROLES)
async def test_a_hidden_contact_looks_like_none(suite: Suite, ada: Ambassador, role: Role) -> None:
    """By answer, by id, in order, in search, in pages and in their cursors."""
    headers = await suite.staff(role, "acme")
    for number in range(5):
        await keep(suite, "acme", ada.id, f"Shown{number}", S.OPT_IN_BLOG, B.BLOG)
        hidden = await keep(suite, "acme", ada.id, f"Hidden{number}", S.OPT_IN_BLOG, B.NONE)
        pending = await keep(suite, "acme", ada.id, f"Pending{number}", S.BLOG_PENDING, B.BLOG)
    shown = [f"Shown{number}" for number in reversed(range(5))]
    assert await names(suite, headers) == await names(suite, headers, limit=2) == shown
    assert await names(suite, headers, ambassador=ada.id, limit=3) == shown
    assert await names(suite, headers, brandOptIn="blog") == shown
    assert await names(suite, headers, status="opt_in_blog", limit=1) == shown
    for nothing in ({"q": "hidden"}, {"q": "pending"}, {"status": "blog_pending"}):
        assert (await get(suite, "/contacts", headers, **nothing)).json() == {"items": [], "nextCursor": None}
    missing = await get(suite, f"/contacts/{new_id()}", headers)
    for id in (hidden, pending):
        answer = await get(suite, f"/contacts/{id}", headers)
        assert (answer.status_code, answer.content) == (missing.status_code, missing.content) == (404, missing.content)
    assert await names(suite, headers, q="shown3") == ["Shown3"]


@pytest.mark.rule("VIS-2")
async def test_a_cursor_tells_nothing_of_what_lies_between(suite: Suite, ada: Ambassador) -> None:
    headers = await suite.staff(Role.BRAND_ADMIN, "acme")
    await keep(suite, "acme", ada.id, "Shown0", S.OPT_IN_BLOG, B.BLOG)
    for number in range(12):
        await keep(suite, "acme", ada.id, f"Hidden{number}", S.NEW, B.NONE)
    await keep(suite, "acme", ada.id, "Shown1", S.OPT_IN_BLOG, B.BLOG)
    first = (await get(suite, "/contacts", headers, limit=1)).json()["nextCursor"]
    again = (await get(suite, "/contacts", headers, limit=1)).json()["nextCursor"]
    assert first != again, "encrypted anew each time"
    assert len(first) == len(again)
    for forged in ("x", "W10", first[:-4] + "AAAA", "é" * 20):
        answer = await get(suite, "/contacts", headers, cursor=forged)
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "cursor")
    elsewhere = await suite.http.get(
        "/api/manager/brands/globex/contacts",
        headers=await suite.staff(Role.BRAND_ADMIN, "globex"),
        params={"cursor": first},
    )
    assert elsewhere.status_code == 422, "a cursor is its brand's own"


@pytest.mark.rule("VIS-1")
@pytest.mark.parametrize("role", [Role.ACCOUNT_TEAM, Role.TECHNICAL_TEAM])
async def test_the_teams_see_every_contact_of_their_brands_and_find_it(
    suite: Suite, ada: Ambassador, role: Role
) -> None:
    headers = await suite.staff(role, "acme")
    shown = await keep(suite, "acme", ada.id, "Shown", S.OPT_IN_BLOG, B.BLOG)
    hidden = await keep(suite, "acme", ada.id, "Hidden", S.NEW, B.NONE, comments="shy")
    gone = await keep(suite, "acme", ada.id, "Optedout", S.OPT_OUT_EMAIL, B.NONE)
    assert await names(suite, headers) == await names(suite, headers, limit=1) == ["Optedout", "Hidden", "Shown"]
    assert await names(suite, headers, status="new") == ["Hidden"]
    assert await names(suite, headers, brandOptIn="blog") == ["Shown"]
    assert await names(suite, headers, q="hidd") == ["Hidden"]
    assert await names(suite, headers, q="Optedout@people.example") == ["Optedout"], (
        "whom the ambassador cannot find so"
    )
    assert await names(suite, headers, q="optedout@people.example", ambassador=ada.id) == ["Optedout"]
    for id in (shown, hidden, gone):
        assert (await get(suite, f"/contacts/{id}", headers)).json()["id"] == id
    assert (await get(suite, f"/contacts/{hidden}", headers)).json()["comments"] == "shy"
    elsewhere = await suite.staff(Role.ACCOUNT_TEAM, "globex")
    assert (await get(suite, "/contacts", elsewhere)).status_code == 404


@pytest.mark.rule("VIS-2")
async def test_an_ambassador_is_shown_without_what_is_not_the_brands(suite: Suite, ada: Ambassador) -> None:
    for role in Role:
        headers = await suite.staff(role, "acme")
        listed = await get(suite, "/ambassadors", headers, q="ADA@")
        read = await get(suite, f"/ambassadors/{ada.id}", headers)
        (item,) = listed.json()["items"]
        assert item == read.json()
        assert (item["email"], item["customerId"]) == ("ada@example.org", "C1")
        assert (item["iban"] == IBAN) == (role is Role.BRAND_ADMIN), "masked for everybody else"
        assert ("facebookId" in item) == (role in (Role.ACCOUNT_TEAM, Role.TECHNICAL_TEAM))
        for secret in (ada.password_hash, ada.sessions[0].id if ada.sessions else None, ada.email_hash):
            assert secret is None or secret not in read.text
    assert (await get(suite, "/ambassadors", headers, q="nobody")).json()["items"] == []
    assert (await get(suite, f"/ambassadors/{new_id()}", headers)).status_code == 404


@pytest.mark.rule("VIS-2")
async def test_a_sign_up_that_was_not_confirmed_is_shown_to_the_teams_alone(suite: Suite, ada: Ambassador) -> None:
    form = {"email": "new@example.org", "password": "a long enough one", "gender": "other", "firstName": "Nina",
            "lastName": "New", "alias": "nina", "acceptTerms": True}  # fmt: skip
    await suite.http.post("/api/brands/acme/ambassadors", json=form)
    team = await suite.staff(Role.ACCOUNT_TEAM, "acme")
    (nina,) = (await get(suite, "/ambassadors", team, status="unconfirmed")).json()["items"]
    assert len((await get(suite, "/ambassadors", team)).json()["items"]) == 2
    support = await suite.staff(Role.BRAND_SUPPORT, "acme")
    assert [item["id"] for item in (await get(suite, "/ambassadors", support)).json()["items"]] == [ada.id]
    assert (await get(suite, "/ambassadors", support, status="unconfirmed")).json()["items"] == []
    assert (await get(suite, f"/ambassadors/{nina['id']}", support)).status_code == 404


@pytest.mark.rule("DEL-2")
@pytest.mark.rule("DEL-3")
async def test_an_administrator_removes_an_ambassador_and_takes_that_back(suite: Suite) -> None:
    ada = await suite.sign_in("ada@example.org")
    path = f"{MANAGED}/ambassadors/{ada.account.id}"
    for role in (Role.BRAND_SUPPORT, Role.BRAND_COMMUNITY, Role.TECHNICAL_TEAM):
        headers = await suite.staff(role, "acme")
        assert (await suite.http.delete(path, headers=headers)).status_code == 404
    admin = await suite.staff(Role.BRAND_ADMIN, "acme")
    for _ in range(2):
        removed = await suite.http.delete(path, headers=admin)
        assert (removed.status_code, removed.json()) == (202, {"erasureDueAt": "2030-01-08T00:00:00Z"})
    assert (await ada.call("GET", "/me")).status_code == 401
    shown = (await suite.http.get(path, headers=admin)).json()
    assert (shown["status"], shown["leftBecause"]) == ("leaving", "removed")
    back = await suite.http.post(path + "/restore", headers=admin)
    assert (back.status_code, back.json()["status"]) == (200, "active")
    nobody = f"{MANAGED}/ambassadors/{new_id()}"
    assert (await suite.http.delete(nobody, headers=admin)).status_code == 404
    assert (await suite.http.post(nobody + "/restore", headers=admin)).status_code == 404


@pytest.mark.rule("VIS-6")
@pytest.mark.parametrize("role", Role)
async def test_a_file_holds_what_brand_users_may_see_whoever_asks(suite: Suite, ada: Ambassador, role: Role) -> None:
    await keep(suite, "acme", ada.id, "Shown", S.OPT_IN_BLOG, B.BLOG, comments="not for files", partners_opt_in=True)
    await keep(suite, "acme", ada.id, "Hidden", S.OPT_IN_BLOG, B.NONE)
    await keep(suite, "acme", ada.id, "Pending", S.BLOG_PENDING, B.BLOG)
    answer = await get(suite, "/contacts.csv", await suite.staff(role, "acme"))
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/csv")
    assert answer.headers["content-disposition"] == 'attachment; filename="contacts.csv"'
    assert answer.content.startswith(b"\xef\xbb\xbf"), "a spreadsheet reads it as UTF-8"
    (row,) = rows(answer)
    assert (row["firstName"], row["email"], row["brandOptIn"]) == ("Shown", "shown@people.example", "blog")
    assert row["partnersOptIn"] == "true"
    assert "comments" not in row


@pytest.mark.rule("VIS-6")
async def test_a_long_file_comes_in_parts_and_says_so(suite: Suite, ada: Ambassador) -> None:
    headers = await suite.staff(Role.BRAND_ADMIN, "acme")
    for number in range(5):
        await keep(suite, "acme", ada.id, f"Shown{number}", S.OPT_IN_BLOG, B.BLOG)
    first = await get(suite, "/contacts.csv", headers, limit=3)
    rest = await get(suite, "/contacts.csv", headers, cursor=first.headers["x-next-cursor"])
    assert [row["firstName"] for row in (*rows(first), *rows(rest))] == [f"Shown{n}" for n in (4, 3, 2, 1, 0)]
    assert "x-next-cursor" not in rest.headers


@pytest.mark.rule("VIS-6")
async def test_no_cell_of_a_file_is_run_as_a_formula(suite: Suite, ada: Ambassador) -> None:
    cells = ("=1+1", "+33", "-2", "@SUM(A1)", "\t=1", "\r=1", "  =1", "＝1", 'plain, "quoted"\nname')
    for number, name in enumerate(cells):
        await keep(suite, "acme", ada.id, f"Eve{number}", S.OPT_IN_BLOG, B.BLOG, last_name=name)
    found = [
        row["lastName"] for row in rows(await get(suite, "/contacts.csv", await suite.staff(Role.BRAND_ADMIN, "acme")))
    ]
    assert found == ['plain, "quoted"\nname', "'＝1", "'  =1", "'\r=1", "'\t=1", "'@SUM(A1)", "'-2", "'+33", "'=1+1"]


@pytest.mark.rule("CON-1")
async def test_the_products_of_a_sale_are_shown_in_the_manager(suite: Suite, ada: Ambassador) -> None:
    sale = Sale(order="o1", at=suite.world.clock.now(), amount="12.00", currency="EUR", products=("soap",))
    id = await keep(suite, "acme", ada.id, "Buyer", S.OPT_IN_ORDER, B.BRAND_DATABASE, sales=(sale,))
    (sold,) = (await get(suite, f"/contacts/{id}", await suite.staff(Role.BRAND_SUPPORT, "acme"))).json()["sales"]
    assert (sold["order"], sold["products"]) == ("o1", ["soap"])


@pytest.mark.rule("VIS-7")
async def test_each_look_is_written_down_before_it_is_answered(suite: Suite, ada: Ambassador) -> None:
    id = await keep(suite, "acme", ada.id, "Shown", S.OPT_IN_BLOG, B.BLOG)
    headers = await suite.staff(Role.BRAND_SUPPORT, "acme")
    for path in ("/contacts", f"/contacts/{id}", "/contacts.csv", "/ambassadors", f"/ambassadors/{ada.id}"):
        assert (await get(suite, path, headers)).status_code == 200
        suite.world.clock.advance(seconds=1)
    found, _ = await entries(await suite.world.brand(), 10, None)
    assert [(entry.kind, entry.act, entry.count) for entry in reversed(found)] == [
        ("contacts", "listed", 1), ("contacts", "read", 1), ("contacts", "exported", 1), ("ambassadors", "listed", 1),
        ("ambassadors", "read", 1),
    ]  # fmt: skip
    assert {entry.role for entry in found} == {Role.BRAND_SUPPORT}
    log = str(
        await suite.dump("acme", but=tuple(c for c in containers.BRAND_CONTAINERS if c is not containers.ACCESS_LOG))
    )
    for personal in ("shown@people.example", "Shown", ada.email, id):
        assert personal not in log


def rows(answer: httpx.Response) -> list[dict[str, str]]:
    """A file as a spreadsheet reads it."""
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))
