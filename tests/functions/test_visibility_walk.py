"""Every role walks every route that reads, past contacts in every state of every brand: nothing beyond the policy leaves."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import product
from typing import Any

import pytest

import function_app  # noqa: F401  registers the operations
from functions.http import OPERATIONS, Operation
from shared.domain.anonymisation import anonymised_contact, detached_contact
from shared.domain.consent import AmbassadorOptIn, BrandOptIn
from shared.domain.contact import Contact, MailKind, Origin, Sale, SentMail
from shared.domain.ids import new_id
from shared.domain.policy import Durations
from shared.domain.staff import Role
from shared.domain.visibility import CONTACT, EXPORTED, Viewer, contact_standing, see_contact
from tests.functions.suite import SignedIn, Suite

pytestmark = [
    pytest.mark.rule("VIS-1"),
    pytest.mark.rule("VIS-2"),
    pytest.mark.rule("VIS-3"),
    pytest.mark.rule("VIS-6"),
    pytest.mark.rule("VIS-7"),
]

# A mark for each field of each contact: wherever it comes out, it says what got out of whom.
MARK = re.compile(r"zq(\d+)x([a-z]+)qz")
MARKED = {
    "first_name": "firstname", "last_name": "lastname", "email": "email", "facebook_id": "facebookid",
    "twitter_id": "twitterid", "instagram_id": "instagramid", "photo_url": "photourl", "customer_id": "customerid",
    "comments": "comments", "street": "street", "city": "city", "postal_code": "postalcode", "country": "country",
    "mobile_phone": "mobilephone", "home_phone": "homephone", "sales.products": "products", "tags": "tags",
}  # fmt: skip
# What these reads bring is no list of people: marks of other routes' own people have no part in this walk.
READS = [op for op in OPERATIONS if op.methods[0] == "GET" and op.auth in ("staff", "ambassador")]


@dataclass(frozen=True, slots=True)
class Person:
    """A contact, and the number in its marks."""

    number: int
    brand: str
    ambassador: str
    contact: Contact


def marked(number: int, ambassador: str, state: AmbassadorOptIn, opt_in: BrandOptIn, at: Any) -> Contact:
    """A contact whose every field tells whose it is."""
    fields: dict[str, Any] = {name: f"zq{number}x{mark}qz" for name, mark in MARKED.items() if "." not in name}
    fields["tags"] = (fields["tags"],)
    fields["email"] += "@people.example"
    return Contact(
        ambassador_id=ambassador,
        ambassador_opt_in=state,
        ambassador_opt_in_at=at,
        brand_opt_in=opt_in,
        created_at=at,
        created_by=Origin(mechanism="test"),
        modified_at=at,
        modified_by=Origin(mechanism="test"),
        mails=(SentMail(id=new_id(), kind=MailKind.INVITATION, at=at),),
        sales=(Sale(order="o", at=at, amount="1.00", currency="EUR", products=(f"zq{number}xproductsqz",)),),
        **fields,
    )


async def people(suite: Suite, accounts: dict[str, list[SignedIn]]) -> list[Person]:
    """A contact in every state, also left to the brand and anonymised, of every ambassador."""
    found: list[Person] = []
    for brand, ambassadors in accounts.items():
        opened = await suite.world.brand(brand)
        for me, (state, opt_in) in product(ambassadors, product(AmbassadorOptIn, BrandOptIn)):
            at = suite.world.clock.now() - timedelta(seconds=len(found))
            made = marked(len(found), me.account.id, state, opt_in, at)
            kinds = [made]
            if state is AmbassadorOptIn.OPT_IN_BLOG:
                kinds += [detached_contact(made, at, "RET-6"), anonymised_contact(made, at, "RET-6")]
            for kind in kinds:
                number = len(found)
                again = marked(number, me.account.id, state, opt_in, at)
                if kind is not made:
                    again = (detached_contact if kind.detached_at else anonymised_contact)(again, at, "RET-6")
                settled = again.settled(opened.hasher, 5)
                await opened.contacts.create(settled)
                found.append(Person(number, brand, me.account.id, settled))
    return found


def routes(operation: Operation, brand: str, ids: list[str]) -> Iterator[str]:
    """The addresses of a route at a brand: with each of the ids, where it takes a contact's, and else with a few."""
    names = set(re.findall(r"{(\w+)}", operation.path)) - {"brand"}
    if names:
        asked = ids if "/contacts/" in operation.path else ids[:2]
        yield from (operation.path.format(brand=brand, **dict.fromkeys(names, id)) for id in asked)
    else:
        yield operation.path.format(brand=brand)


async def everything(suite: Suite, path: str, headers: dict[str, str]) -> str:
    """All that a route says, over all its pages."""
    said, params = "", dict[str, str]()
    while True:
        answer = await suite.http.get(path, headers=headers, params=params)
        said += answer.text
        cursor = answer.headers.get("x-next-cursor")
        if answer.headers["content-type"] == "application/json":
            cursor = answer.json().get("nextCursor")
        if not cursor:
            return said
        params = {"cursor": cursor}


async def ids_listed(suite: Suite, headers: dict[str, str]) -> list[str]:
    """Whom the list of contacts holds, over all its pages."""
    found: list[str] = []
    params = dict[str, str]()
    while True:
        page = (await suite.http.get("/api/manager/brands/acme/contacts", headers=headers, params=params)).json()
        found += [item["id"] for item in page["items"]]
        if page["nextCursor"] is None:
            return found
        params = {"cursor": page["nextCursor"]}


def check(
    said: str, viewer: Viewer, people: list[Person], *, brand: str, me: str | None, file: bool, where: str
) -> int:
    """Asserts that what was said is within the policy; gives how many marks it held."""
    found = MARK.findall(said)
    by_mark = {mark: name for name, mark in MARKED.items()}
    for number, mark in found:
        person = people[int(number)]
        looks = Viewer.OTHER_AMBASSADOR if me and person.ambassador != me else viewer
        sees = CONTACT[looks].get(contact_standing(person.contact, looks), frozenset())
        if file:
            sees &= frozenset(EXPORTED) if person.contact.brand_sees else frozenset()
        assert person.brand == brand, f"{where}: another brand's"
        assert by_mark[mark] in sees, f"{where}: {mark} of {person.contact.ambassador_opt_in}"
    for person in people:
        looks = Viewer.OTHER_AMBASSADOR if me and person.ambassador != me else viewer
        if not see_contact(person.contact, looks, Durations()) or person.brand != brand:
            assert person.contact.id not in said, f"{where}: the id of a hidden contact"
    return len(found)


@pytest.fixture
async def accounts(suite: Suite) -> dict[str, list[SignedIn]]:
    """Two ambassadors of one brand and one of the other."""
    return {
        "acme": [await suite.sign_in("ada@example.org"), await suite.sign_in("bob@example.org")],
        "globex": [await suite.sign_in("gil@example.org", "globex")],
    }


@pytest.mark.parametrize("role", Role)
async def test_staff_walk_every_route(suite: Suite, accounts: dict[str, list[SignedIn]], role: Role) -> None:
    known = await people(suite, accounts)
    headers, brand = await suite.staff(role, "acme"), await suite.world.brand()
    some = [person.contact.id for person in known if person.number % 5 == 0]
    marks = dict[str, int]()
    for operation in (op for op in READS if op.auth == "staff"):
        for path in routes(operation, "acme", some):
            where = f"{role} at {path}"
            looks = await brand.access_log.count()
            said = await everything(suite, path, headers)
            file = path.endswith(".csv")
            held = check(said, Viewer(role), known, brand="acme", me=None, file=file, where=where)
            assert not held or await brand.access_log.count() > looks, (
                f"{where}: nobody wrote down that he looked (VIS-7)"
            )
            marks[operation.name] = marks.get(operation.name, 0) + held
        if role is not Role.TECHNICAL_TEAM and "{brand}" in operation.path:
            for path in routes(operation, "globex", some[:2]):
                answer = await suite.http.get(path, headers=headers)
                assert answer.status_code == 404, f"{role} at {path}"
    for seen in ("list_managed_contacts", "read_managed_contact", "export_managed_contacts"):
        assert marks[seen] > 100, f"{seen}: the walk saw nothing"
    shown = [
        person for person in known if person.brand == "acme" and see_contact(person.contact, Viewer(role), Durations())
    ]
    listed = await ids_listed(suite, headers)
    assert sorted(listed) == sorted(person.contact.id for person in shown), (
        "all that the policy shows, and no place for more"
    )


async def test_ambassadors_walk_every_route(suite: Suite, accounts: dict[str, list[SignedIn]]) -> None:
    known = await people(suite, accounts)
    some = [person.contact.id for person in known if person.number % 5 == 0]
    for me in (accounts["acme"][0], accounts["globex"][0]):
        headers = {"Authorization": f"Bearer {me.token}"}
        marks = 0
        for operation in (op for op in READS if op.auth == "ambassador"):
            for path in routes(operation, me.brand, some):
                said = await everything(suite, path, headers)
                marks += check(
                    said, Viewer.OWN_AMBASSADOR, known, brand=me.brand, me=me.account.id, file=False, where=path
                )
        assert marks > 100


@pytest.mark.parametrize("role", [Role.BRAND_ADMIN, Role.BRAND_SUPPORT, Role.BRAND_COMMUNITY])
async def test_a_search_finds_nobody_whom_the_searcher_may_not_see(
    suite: Suite, accounts: dict[str, list[SignedIn]], role: Role
) -> None:
    known = await people(suite, accounts)
    headers = await suite.staff(role, "acme")
    for person in known[::5]:
        asked = {"q": f"zq{person.number}xfirstname"}
        answer = await suite.http.get("/api/manager/brands/acme/contacts", headers=headers, params=asked)
        found = [item["id"] for item in answer.json()["items"]]
        shown = person.brand == "acme" and person.contact.brand_sees
        assert found == ([person.contact.id] if shown else []), person.contact.ambassador_opt_in
