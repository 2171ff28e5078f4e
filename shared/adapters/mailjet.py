"""Mailjet's Send API v3.1 behind the Mailer port (MAIL-4)."""

import json
import logging
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from shared.adapters.mailjet_answers import read_send_answer, same_for_all
from shared.ports import Fate, OutgoingMail, SendResult

if TYPE_CHECKING:
    import httpx

MAILS_A_CALL = 50

_LONGEST_SUBJECT = 255
_BY_ADDRESS = "/v3/REST/contact/"


class _WithoutAddresses(logging.Filter):
    """Keeps what httpx logs of its requests out of the log where the path is an address: Mailjet asks for it there (VIS-8)."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the record may be written."""
        return _BY_ADDRESS not in record.getMessage()


class MailjetMailer:
    """Hands mails over, one Message each, because the recipients of one Message see each other.

    Nothing is tried again here: Mailjet does not recognise a repeat, so a retry that did not first write down
    what happened could mail somebody twice. The caller notes each fate, and its queue backs off.
    """

    def __init__(self, base_url: str, api_key: str, api_secret: str, *, timeout_seconds: float = 15) -> None:
        self._base_url = base_url.rstrip("/")
        self._credentials = (api_key, api_secret)
        self._timeout_seconds = timeout_seconds
        self._client: httpx.AsyncClient | None = None

    async def send(self, mails: Sequence[OutgoingMail]) -> list[SendResult]:
        """Hands over up to 50 mails in one call; the fates come in input order.

        Reasons are Mailjet's error codes or names of our own. Never raises for the provider's faults;
        ValueError for more than 50 mails.
        """
        if len(mails) > MAILS_A_CALL:
            raise ValueError("too many mails for one call")
        if not mails:
            return []
        import httpx

        # Escaped to ASCII, so that no character whatever can fail to be encoded.
        content = json.dumps({"Messages": [_message(mail) for mail in mails]}).encode()
        try:
            response = await self._http().post(
                "/v3.1/send", content=content, headers={"Content-Type": "application/json"}
            )
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol):
            return same_for_all(mails, Fate.RETRY, "not_connected")  # not a byte left
        except httpx.TimeoutException:
            return same_for_all(mails, Fate.UNKNOWN, "timed_out")
        except httpx.HTTPError:
            return same_for_all(mails, Fate.UNKNOWN, "connection_lost")
        return read_send_answer(response.status_code, response.content, mails)

    async def was_accepted(self, custom_id: str) -> bool | None:
        """Whether Mailjet knows a mail of this custom id; None when it cannot be asked now.

        A mail just accepted may take a moment to be found: let some time pass before believing a False.
        """
        import httpx

        question = {"CustomID": custom_id, "ShowCustomID": "true", "Limit": "10"}
        try:
            response = await self._http().get("/v3/REST/message", params=question)
            found = response.json()["Data"] if response.status_code == HTTPStatus.OK else None
        except (httpx.HTTPError, ValueError, KeyError, TypeError, RecursionError):
            return None
        if not isinstance(found, list):
            return None
        # A row that names another mail would mean that the filter was not understood.
        return any(isinstance(row, dict) and row.get("CustomID", custom_id) == custom_id for row in found)

    async def forget(self, address: str) -> bool:
        """Has Mailjet delete the contact of an address (RGT-6); True once there is none.

        What Mailjet says of a fault is not read: it may repeat the address.
        """
        import httpx

        try:
            found = await self._http().get(f"{_BY_ADDRESS}{quote(address, safe='@')}")
            if found.status_code == HTTPStatus.NOT_FOUND:
                return True
            if found.status_code != HTTPStatus.OK:
                return False
            contact = int(found.json()["Data"][0]["ID"])
            deleted = await self._http().delete(f"/v4/contacts/{contact}")
        except (httpx.HTTPError, ValueError, KeyError, IndexError, TypeError, RecursionError):
            return False
        return deleted.is_success or deleted.status_code == HTTPStatus.NOT_FOUND

    async def aclose(self) -> None:
        """Lets go of the connections."""
        if self._client:
            await self._client.aclose()
        self._client = None

    def _http(self) -> "httpx.AsyncClient":
        # Here and not above: httpx costs a cold start, and most requests mail nobody.
        import httpx

        if not self._client:
            logging.getLogger("httpx").addFilter(_NO_ADDRESSES)
            self._client = httpx.AsyncClient(
                base_url=self._base_url, auth=self._credentials, timeout=self._timeout_seconds
            )
        return self._client


_NO_ADDRESSES = _WithoutAddresses()  # one, so that it is added once


def _message(mail: OutgoingMail) -> Mapping[str, Any]:
    message: dict[str, Any] = {
        "From": _address(mail.sender_email, mail.sender_name),
        "To": [_address(mail.to_email, mail.to_name)],
        "Subject": mail.subject[:_LONGEST_SUBJECT],
        "TextPart": mail.text,
        "HTMLPart": mail.html,
        "CustomID": mail.custom_id,
        "TrackOpens": "account_default",
        "TrackClicks": "disabled",  # links hold tokens, which a tracker would read
    }
    if mail.headers:
        message["Headers"] = dict(mail.headers)
    if mail.reply_to:
        message["ReplyTo"] = _address(mail.reply_to, None)
    return message


def _address(email: str, name: str | None) -> Mapping[str, str]:
    return {"Email": email, "Name": name} if name else {"Email": email}
