"""The ambassador's book over HTTP: enter, find, edit, release, import, invite, publish (CON, COL, VIS-3)."""

from typing import Any

import pytest

from shared.domain.ids import new_id
from tests.functions.provider import Invited, post
from tests.functions.suite import SignedIn, Suite

CSV = b"First Name,Last Name,E-mail 1 - Value\nGrace,Hopper,grace@example.org\nNo,Body,not an address\n"
CONTACT = {
    "id", "ambassadorId", "firstName", "lastName", "email", "emailStatus", "customerId", "facebookId", "twitterId",
    "instagramId", "photoUrl", "ambassadorOptIn", "ambassadorOptInAt", "brandOptIn", "brandOptInAt", "partnersOptIn",
    "partnersOptInAt", "comments", "optInEvidence", "street", "city",
    "postalCode", "country", "mobilePhone", "homePhone", "language",
    "tags", "mails", "createdAt", "createdBy", "modifiedAt", "modifiedBy", "lastActivityAt", "retention", "type", "sales",
}  # fmt: skip


@pytest.fixture
async def ada(suite: Suite) -> SignedIn:
    """Signed in."""
    return await suite.sign_in("ada@example.org")


async def names(ada: SignedIn, **query: Any) -> list[str]:
    """The first names of a list, in its order."""
    found = await ada.call("GET", "/contacts", params=query)
    assert found.status_code == 200, found.text
    return [item["firstName"] for item in found.json()["items"]]


@pytest.mark.rule("COL-1")
async def test_a_new_contact_is_created_and_a_known_one_brought_up_to_date(ada: SignedIn) -> None:
    made = await ada.call("POST", "/contacts", json={"email": "grace@example.org", "firstName": "Grace"})
    assert made.status_code == 201
    contact = made.json()
    assert contact.keys() == CONTACT
    assert (contact["ambassadorOptIn"], contact["brandOptIn"], contact["emailStatus"]) == (
        "new",
        "none",
        "not_verified",
    )
    assert contact["retention"] == {"rule": "RET-1", "action": "delete", "at": "2030-01-31T00:00:00Z"}
    again = await ada.call("POST", "/contacts", json={"email": "GRACE@example.org", "lastName": "Hopper"})
    assert again.status_code == 200
    assert again.json() == {**contact, "lastName": "Hopper", "modifiedAt": again.json()["modifiedAt"]}
    assert (await ada.call("GET", f"/contacts/{contact['id']}")).json() == again.json()


@pytest.mark.rule("CON-1")
async def test_somebody_must_be_meant(ada: SignedIn) -> None:
    for body in ({}, {"comments": "nice"}, {"city": "Lyon"}, {"tags": ["a"]}):
        assert (await ada.call("POST", "/contacts", json=body)).status_code == 422
    for body in ({"firstName": "A"}, {"customerId": "7"}, {"mobilePhone": "+33600000000"}, {"twitterId": "@a"}):
        assert (await ada.call("POST", "/contacts", json=body)).status_code == 201
    (only,) = [c for c in (await ada.call("GET", "/contacts")).json()["items"] if c["firstName"] == "A"]
    assert (await ada.call("PATCH", f"/contacts/{only['id']}", json={"firstName": None})).status_code == 422


@pytest.mark.rule("SUP-5")
async def test_who_opted_out_of_this_ambassador_cannot_be_entered_again(suite: Suite, ada: SignedIn) -> None:
    invited = Invited(suite, ada)
    await invited.more("grace@example.org")
    await post(suite, invited.event("grace@example.org", "unsub"))
    await suite.world.drain()
    (hidden,) = (await ada.call("GET", "/contacts")).json()["items"]
    assert (hidden["ambassadorOptIn"], hidden["email"]) == ("opt_out_email", None)
    refused = await ada.call("POST", "/contacts", json={"email": "grace@example.org"})
    assert refused.status_code == 409
    assert refused.json()["type"] == "urn:popsell:problem:suppressed"
    bob = await suite.sign_in("bob@example.org")
    assert (await bob.call("POST", "/contacts", json={"email": "grace@example.org"})).status_code == 201


async def test_a_contact_can_be_edited_and_removed(ada: SignedIn) -> None:
    id = await ada.enter("grace@example.org", firstName="Grace", tags=["a"])
    changes = {"firstName": None, "lastName": "Hopper", "tags": ["b", "b", "c"], "email": "hopper@example.org"}
    edited = (await ada.call("PATCH", f"/contacts/{id}", json=changes)).json()
    assert (edited["firstName"], edited["lastName"], edited["tags"]) == (None, "Hopper", ["b", "c"])
    assert edited["email"] == "hopper@example.org"
    await ada.enter("other@example.org")
    taken = await ada.call("PATCH", f"/contacts/{id}", json={"email": "other@example.org"})
    assert [error["field"] for error in taken.json()["errors"]] == ["email"]
    assert (await ada.call("DELETE", f"/contacts/{id}")).status_code == 204
    for method in ("GET", "DELETE", "PATCH"):
        assert (await ada.call(method, f"/contacts/{id}", json={"lastName": "x"})).status_code == 404


async def test_the_list_goes_on_page_by_page_newest_first(suite: Suite, ada: SignedIn) -> None:
    for number in range(7):
        suite.world.clock.advance(seconds=1)
        await ada.enter(f"p{number}@example.org", firstName=str(number))
    pages, cursor = [], None
    while True:
        params = {"limit": 3, **({"cursor": cursor} if cursor else {})}
        page = (await ada.call("GET", "/contacts", params=params)).json()
        pages.append([item["firstName"] for item in page["items"]])
        cursor = page["nextCursor"]
        if cursor is None:
            break
    assert pages == [["6", "5", "4"], ["3", "2", "1"], ["0"]]


async def test_the_list_can_be_filtered_and_searched(suite: Suite, ada: SignedIn) -> None:
    invited = await ada.enter("grace@example.org", firstName="Grace")
    await ada.invite(invited)
    await ada.enter("zoe@example.org", firstName="Zoë")
    assert await names(ada, status="new") == ["Zoë"]
    assert await names(ada, status="invitation_sent") == ["Grace"]
    assert await names(ada, status="opt_in_order") == []
    assert await names(ada, q="ZOË") == ["Zoë"]
    assert await names(ada, q="grace@example") == ["Grace"]
    assert await names(ada, q="%") == []
    assert await names(ada, q="_") == []
    assert await names(ada, q="example", status="new") == ["Zoë"]


@pytest.mark.parametrize(
    ("field", "value"),
    [("limit", "0"), ("limit", "201"), ("limit", "x"), ("limit", "1e3"), ("status", "x"), ("q", "x" * 201),
     ("other", "x"), ("cursor", "x"), ("cursor", "x" * 2001), ("cursor", "W10"), ("cursor", "WzEsMiwzXQ"),
     ("cursor", "WyJ4IiwieSIsInoiXQ%00"), ("cursor", "WzFlOTk5LCJhIiwiYiJd"),
     ("cursor", "WzEwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAsImEiLCJiIl0")],
)  # fmt: skip
async def test_a_list_that_cannot_be_is_refused(ada: SignedIn, field: str, value: str) -> None:
    refused = await ada.call("GET", "/contacts", params={field: value})
    assert refused.status_code == 422
    assert [error["field"] for error in refused.json()["errors"]] == [field]


@pytest.mark.rule("BR-1")
async def test_a_cursor_of_another_book_shows_nothing_of_it(suite: Suite, ada: SignedIn) -> None:
    gil = await suite.sign_in("gil@example.org", "globex")
    for number in range(3):
        await gil.enter(f"g{number}@example.org", firstName="Theirs")
        await ada.enter(f"a{number}@example.org", firstName="Mine")
    cursor = (await gil.call("GET", "/contacts", params={"limit": 1})).json()["nextCursor"]
    assert set(await names(ada, cursor=cursor)) <= {"Mine"}


@pytest.mark.rule("CON-3")
async def test_only_a_soft_bounce_can_be_released(suite: Suite, ada: SignedIn) -> None:
    invited = Invited(suite, ada)
    await invited.more("soft@example.org", "hard@example.org", "fine@example.org")
    bounces = [invited.event("soft@example.org", "bounce"), invited.event("hard@example.org", "bounce", hard_bounce=1)]
    await post(suite, bounces)
    await suite.world.drain()
    ids = {c["email"]: c["id"] for c in (await ada.call("GET", "/contacts")).json()["items"]}
    suite.world.clock.advance(minutes=5)
    for email, status in ("hard@example.org", 409), ("fine@example.org", 409), ("soft@example.org", 200):
        answer = await ada.call("POST", f"/contacts/{ids[email]}/release")
        assert answer.status_code == status, email
    assert answer.json()["emailStatus"] == "not_verified"
    again = await ada.call("POST", f"/contacts/{ids['soft@example.org']}/release")
    assert again.json()["type"] == "urn:popsell:problem:not-releasable"


@pytest.mark.rule("COL-14")
async def test_an_import_tells_each_row_and_forgets_the_file(suite: Suite, ada: SignedIn) -> None:
    await ada.enter("grace@example.org")
    asked = await ada.call("POST", "/contacts/import", params={"format": "google-csv"}, content=CSV)
    assert asked.status_code == 202
    path = f"/jobs/{asked.json()['jobId']}"
    waiting = (await ada.call("GET", path)).json()
    assert (waiting["state"], waiting["total"], waiting["done"]) == ("queued", None, 0)
    assert suite.world.files.files
    assert all(b"grace" not in content for content in suite.world.files.files.values())
    await suite.world.drain()
    done = (await ada.call("GET", path)).json()
    assert (done["state"], done["total"], done["done"]) == ("done", 2, 2)
    assert (done["accepted"], done["updated"], done["refused"]) == (0, 1, 1)
    assert done["refusals"] == [{"row": 2, "reason": "invalid_email"}]
    assert not suite.world.files.files


@pytest.mark.parametrize(
    "content", [b"", b" \r\n ", b"\x00" * 50, b"\xff\xfe", b"PK\x03\x04" + bytes(range(256)), b","]
)
async def test_a_file_that_is_none_is_refused_or_ends_as_a_failed_job(
    suite: Suite, ada: SignedIn, content: bytes
) -> None:
    asked = await ada.call("POST", "/contacts/import", content=content)
    if asked.status_code == 422:
        assert [error["field"] for error in asked.json()["errors"]] == ["body"]
        return
    await suite.world.drain()
    job = (await ada.call("GET", f"/jobs/{asked.json()['jobId']}")).json()
    assert job["accepted"] == job["updated"] == 0
    assert job["state"] in ("done", "failed")
    assert not suite.world.files.files


async def test_a_format_that_nobody_reads_is_refused(ada: SignedIn) -> None:
    refused = await ada.call("POST", "/contacts/import", params={"format": "docx"}, content=CSV)
    assert [error["field"] for error in refused.json()["errors"]] == ["format"]


@pytest.mark.rule("MAIL-1")
async def test_an_invitation_says_whom_it_skips_and_why(suite: Suite, ada: SignedIn) -> None:
    grace, henry = await ada.enter("grace@example.org"), await ada.enter("henry@example.org")
    nameless = (await ada.call("POST", "/contacts", json={"firstName": "Zoë"})).json()["id"]
    await ada.invite(henry)
    unknown = new_id()
    asked = await ada.call("POST", "/contacts/invite", json={"contactIds": [grace, henry, nameless, unknown, grace]})
    assert (asked.status_code, asked.json()["queued"]) == (202, 1)
    assert {skip["contactId"]: skip["reason"] for skip in asked.json()["skipped"]} == {
        henry: "already_invited",
        nameless: "no_address",
        unknown: "not_found",
    }
    await suite.world.drain()
    job = (await ada.call("GET", f"/jobs/{asked.json()['jobId']}")).json()
    assert (job["kind"], job["state"], job["total"], job["done"]) == ("mail", "done", 1, 1)
    assert len(suite.world.mailer.sent_to("grace@example.org")) == 1
    shown = (await ada.call("GET", f"/contacts/{grace}")).json()
    assert shown["mails"] == [{"kind": "invitation", "sentAt": shown["ambassadorOptInAt"], "opens": 0, "clicks": 0}]


@pytest.mark.rule("MAIL-1")
async def test_a_publication_goes_to_nobody_who_has_not_said_yes(suite: Suite, ada: SignedIn) -> None:
    grace = await ada.enter("grace@example.org")
    await ada.invite()
    body = {"subject": "News", "body": "Look", "contents": [{"title": "New", "url": "https://acme.example/new"}]}
    asked = await ada.call("POST", "/publications", json={**body, "contactIds": [grace]})
    assert (asked.status_code, asked.json()["queued"]) == (202, 0)
    assert asked.json()["skipped"] == [{"contactId": grace, "reason": "not_opted_in"}]
    everyone = await ada.call("POST", "/publications", json={**body, "all": True})
    assert (everyone.status_code, everyone.json()["queued"]) == (202, 0)
    await suite.world.drain()
    assert len(suite.world.mailer.outbox) == 1


@pytest.mark.parametrize("whom", [{}, {"all": False}, {"all": True, "contactIds": []}, {"contactIds": []},
                                  {"contactIds": ["x"]}, {"contactIds": ["../" * 8]}])  # fmt: skip
async def test_recipients_that_cannot_be_are_refused(ada: SignedIn, whom: dict[str, Any]) -> None:
    assert (await ada.call("POST", "/contacts/invite", json=whom)).status_code == 422
