"""The work behind rights: links to mail, requests to end (RGT-1, RGT-2)."""

from collections.abc import Mapping
from typing import Any

from functions.work import queue_function
from shared import app
from shared.usecases import rights, rights_links


@queue_function(rights_links.QUEUE)
async def handle_rights(message: Mapping[str, Any]) -> None:
    """Mails a link that was asked for, or takes a request up where it stands."""
    brand = await app.brand(message["brand"])
    if "link" in message:
        await rights_links.send_link(brand, message["link"])
    else:
        await rights.run_request(brand, message["request"])
