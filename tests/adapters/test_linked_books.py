"""The address books of Google and Microsoft, whatever a provider answers (COL-2)."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from shared.adapters.entra import Entra
from shared.adapters.graph import GraphAddressBook
from shared.adapters.people import GoogleAddressBook, GoogleUrls
from shared.domain.address_book import Entry
from shared.domain.errors import LogInRefusedError, TryAgainError
from tests.support.scripted_http import Answer, ScriptedServer, scripted_server

pytestmark = pytest.mark.rule("COL-2")

Book = GraphAddressBook | GoogleAddressBook


@pytest.fixture
async def server() -> AsyncIterator[ScriptedServer]:
    """A provider that says what it is told to."""
    async with scripted_server() as serving:
        yield serving


@pytest.fixture(params=["outlook", "google"])
async def book(server: ScriptedServer, request: pytest.FixtureRequest) -> AsyncIterator[Book]:
    """Either address book."""
    made: Book = GoogleAddressBook("id", "secret", GoogleUrls(people=server.url))
    if request.param == "outlook":
        made = GraphAddressBook(Entra("https://login.test", "id", "secret"), server.url)
    yield made
    await made.aclose()


async def contacts(book: Book) -> list[Entry]:
    """All pages."""
    return [entry async for page in book.pages("the token") for entry in page]


async def test_the_token_goes_in_a_header_and_never_in_an_address(server: ScriptedServer, book: Book) -> None:
    server.script(Answer.of({}))
    assert await contacts(book) == []
    (asked,) = server.requests
    assert asked.headers["authorization"] == "Bearer the token"
    assert "token" not in asked.target.replace("pageToken", "")


@pytest.mark.parametrize(
    "content",
    [
        {"value": None, "connections": None},
        {"value": [None, 1, "x", []], "connections": [None, 1, "x", []]},
        {"value": {"a": 1}, "connections": {"a": 1}},
    ],
)
async def test_what_is_no_contact_is_passed_over(server: ScriptedServer, book: Book, content: Any) -> None:
    server.script(Answer.of(content))
    assert await contacts(book) == []


async def test_fields_of_strange_types_are_empty(server: ScriptedServer, book: Book) -> None:
    outlook = {
        "givenName": 1,
        "surname": [],
        "emailAddresses": "x",
        "homePhones": {},
        "homeAddress": 7,
        "categories": 3,
    }
    google = {
        "names": 3,
        "emailAddresses": [{"value": None}],
        "phoneNumbers": [{"type": 3}],
        "addresses": [{"city": 1}],
    }
    server.script(Answer.of({"value": [outlook], "connections": [google]}))
    assert await contacts(book) == [Entry(0)]


async def test_names_phones_and_places_are_found(server: ScriptedServer, book: Book) -> None:
    outlook = {
        "displayName": "Roux, Camille",
        "emailAddresses": [{"address": "no address"}, {"address": "c@example.org"}],
        "mobilePhone": " +33 6\u200f 1 ",
        "homePhones": [None, "+33 2"],
        "homeAddress": {"street": "1 rue X\n2e", "city": "Paris", "postalCode": "75001", "countryOrRegion": "FR"},
    }
    google = {
        "names": [{"displayName": "Roux, Camille"}],
        "emailAddresses": [{"value": "no address"}, {"value": "c@example.org"}],
        "phoneNumbers": [
            {"type": "workFax", "value": "9"},
            {"type": "mobile", "value": " +33 6\u200f 1 "},
            {"type": "home", "value": "+33 2"},
        ],
        "addresses": [{"streetAddress": "1 rue X\n2e", "city": "Paris", "postalCode": "75001", "countryCode": "FR"}],
    }
    server.script(Answer.of({"value": [outlook], "connections": [google]}))
    assert await contacts(book) == [
        Entry(0, "Camille", "Roux", "c@example.org", "+33 6 1", "+33 2", "1 rue X, 2e", "Paris", "75001", "FR")
    ]


@pytest.mark.parametrize(("status", "error"), [(401, LogInRefusedError), (403, LogInRefusedError), (404, LogInRefusedError),
                                               (429, TryAgainError), (500, TryAgainError), (503, TryAgainError)])  # fmt: skip
async def test_a_refusal_is_told_from_a_provider_that_is_busy(
    server: ScriptedServer, book: Book, status: int, error: type[Exception]
) -> None:
    server.script(Answer.of({"error": "the token"}, status))
    with pytest.raises(error) as raised:
        await contacts(book)
    assert "the token" not in str(raised.value)


@pytest.mark.parametrize("answer", [Answer(body=b"<html>"), Answer(hang_up_after=5)])
async def test_an_answer_that_is_none_is_asked_for_again(server: ScriptedServer, book: Book, answer: Answer) -> None:
    server.script(answer)
    with pytest.raises(TryAgainError):
        await contacts(book)


async def test_outlooks_next_page_is_microsofts_or_nobodys(server: ScriptedServer) -> None:
    book = GraphAddressBook(Entra("https://login.test", "id", "secret"), server.url)
    for elsewhere in ("https://elsewhere.example/v1.0/me", server.url + "/v1.0", 7):
        server.requests.clear()
        server.script(Answer.of({"value": [], "@odata.nextLink": elsewhere}))
        with pytest.raises(LogInRefusedError):
            await contacts(book)
        assert len(server.requests) == 1
    await book.aclose()
