"""Google's contacts by the People API, with a permission got by Google's code flow with PKCE (COL-2)."""

import base64
import hashlib
import hmac
import secrets as random
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from shared.adapters.linked_books import PageReader, address_among, objects, said
from shared.domain.address_book import Entry
from shared.domain.address_book.entries import choose_phones, phone_kind, split_name, tidy_lines
from shared.domain.errors import LogInRefusedError
from shared.ports import Begun, Document

SCOPE = "https://www.googleapis.com/auth/contacts.readonly"
PAGE = "1000"
FIELDS = "names,emailAddresses,phoneNumbers,addresses"


@dataclass(frozen=True, slots=True)
class GoogleUrls:
    """Where Google is asked."""

    authorize: str = "https://accounts.google.com/o/oauth2/v2/auth"
    token: str = "https://oauth2.googleapis.com/token"  # noqa: S105  an address
    people: str = "https://people.googleapis.com"


class GoogleAddressBook:
    """The contacts of somebody's Google account."""

    def __init__(self, client_id: str, secret: str, urls: GoogleUrls) -> None:
        self._client_id = client_id
        self._secret = secret
        self._urls = urls
        self._reader = PageReader()

    async def begin(self, redirect_uri: str, state: str) -> Begun:
        """Begins the link: Google asks the person."""
        verifier = random.token_urlsafe(48)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
        asked = {
            "client_id": self._client_id,
            "redirect_uri": redirect_uri,
            "response_type": "code",
            "scope": SCOPE,
            "state": state,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
            "access_type": "online",  # no refresh token: the contacts are fetched once
        }
        kept = {"verifier": verifier, "redirect_uri": redirect_uri, "state": state}
        return Begun(f"{self._urls.authorize}?{urlencode(asked)}", kept)

    async def finish(self, secrets: Document, answer: Mapping[str, str]) -> str:
        """The token for the contacts."""
        if "error" in answer:
            raise LogInRefusedError("denied")
        if not hmac.compare_digest(answer.get("state", "").encode(), secrets["state"].encode()):
            raise LogInRefusedError("wrong_state")
        granted = await self._reader.post(
            self._urls.token,
            {
                "grant_type": "authorization_code",
                "client_id": self._client_id,
                "client_secret": self._secret,
                "redirect_uri": secrets["redirect_uri"],
                "code": answer.get("code", ""),
                "code_verifier": secrets["verifier"],
            },
        )
        return str(granted.get("access_token", ""))

    async def pages(self, token: str) -> AsyncIterator[list[Entry]]:
        """The contacts, page by page."""
        url, params = f"{self._urls.people}/v1/people/me/connections", {"personFields": FIELDS, "pageSize": PAGE}
        while True:
            asked = await self._reader.get(url, token, params)
            yield [_entry(one) for one in objects(asked.get("connections"))]
            following = asked.get("nextPageToken")
            if not following:
                return
            params = {**params, "pageToken": str(following)}

    async def aclose(self) -> None:
        """Lets go of connections."""
        await self._reader.aclose()


def _entry(one: dict[str, Any]) -> Entry:
    name = next(iter(objects(one.get("names"))), {})
    home = next(iter(objects(one.get("addresses"))), {})
    numbers = [
        (kind, text)
        for phone in objects(one.get("phoneNumbers"))
        if (kind := phone_kind(str(phone.get("type", "")))) and (text := said(phone.get("value")))
    ]
    mobile, at_home = choose_phones(numbers)
    first, last = said(name.get("givenName")), said(name.get("familyName"))
    if not first and not last:
        first, last = split_name(said(name.get("displayName")))
    return Entry(
        number=0,
        first_name=first,
        last_name=last,
        email=address_among(mail.get("value") for mail in objects(one.get("emailAddresses"))),
        mobile_phone=mobile,
        home_phone=at_home,
        street=tidy_lines([street]) if (street := home.get("streetAddress")) and isinstance(street, str) else None,
        city=said(home.get("city")),
        postal_code=said(home.get("postalCode")),
        country=said(home.get("countryCode") or home.get("country")),
    )
