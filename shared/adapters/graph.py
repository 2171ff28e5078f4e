"""Outlook's contacts by Microsoft Graph, with a permission got through MSAL (COL-2)."""

from collections.abc import AsyncIterator, Mapping
from typing import Any

from shared.adapters.entra import Entra
from shared.adapters.linked_books import PageReader, address_among, objects, said
from shared.domain.address_book import Entry
from shared.domain.address_book.entries import choose_tags, split_name, tidy_lines
from shared.domain.errors import LogInRefusedError
from shared.ports import Begun, Document

SCOPES = ["Contacts.Read"]
TENANT = "common"  # people's own accounts, and those of any organisation
PAGE = "500"
FIELDS = "givenName,surname,displayName,emailAddresses,mobilePhone,homePhones,homeAddress,categories"


class GraphAddressBook:
    """The contacts of somebody's Outlook."""

    def __init__(self, entra: Entra, graph: str) -> None:
        self._entra = entra
        self._graph = f"{graph}/v1.0/"
        self._reader = PageReader()

    async def begin(self, redirect_uri: str, state: str) -> Begun:
        """Begins the link: Entra ID asks the person."""
        return await self._entra.begin(redirect_uri, state, TENANT, SCOPES)

    async def finish(self, secrets: Document, answer: Mapping[str, str]) -> str:
        """The token for the contacts."""
        _, token = await self._entra.finish(secrets, answer)
        return token

    async def pages(self, token: str) -> AsyncIterator[list[Entry]]:
        """The contacts, page by page."""
        url, params = f"{self._graph}me/contacts", {"$top": PAGE, "$select": FIELDS}
        asked = await self._reader.get(url, token, params)
        while True:
            yield [_entry(one) for one in objects(asked.get("value"))]
            following = asked.get("@odata.nextLink")
            if not following:
                return
            if not isinstance(following, str) or not following.startswith(self._graph):
                raise LogInRefusedError("strange_page")  # the token goes to nobody else
            asked = await self._reader.get(following, token)

    async def aclose(self) -> None:
        """Lets go of connections."""
        await self._reader.aclose()
        await self._entra.aclose()


def _entry(one: dict[str, Any]) -> Entry:
    home = one["homeAddress"] if isinstance(one.get("homeAddress"), dict) else {}
    phones = one["homePhones"] if isinstance(one.get("homePhones"), list) else []
    tags = one["categories"] if isinstance(one.get("categories"), list) else []
    first, last = said(one.get("givenName")), said(one.get("surname"))
    if not first and not last:
        first, last = split_name(said(one.get("displayName")))
    return Entry(
        number=0,
        first_name=first,
        last_name=last,
        email=address_among(mail.get("address") for mail in objects(one.get("emailAddresses"))),
        mobile_phone=said(one.get("mobilePhone")),
        home_phone=next((phone for phone in map(said, phones) if phone), None),
        street=tidy_lines([street]) if (street := home.get("street")) and isinstance(street, str) else None,
        city=said(home.get("city")),
        postal_code=said(home.get("postalCode")),
        country=said(home.get("countryOrRegion")),
        tags=choose_tags(tag for tag in map(said, tags) if tag),
    )
