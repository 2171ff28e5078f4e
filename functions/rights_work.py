"""The work behind rights: links to mail, requests to end (RGT-1, RGT-2)."""

from collections.abc import Mapping
from typing import Any

from functions.work import for_each, queue_function, timer_function
from shared import app
from shared.usecases import provider_forgets, rights, rights_desk, rights_links


@queue_function(rights_links.QUEUE)
async def handle_rights(message: Mapping[str, Any]) -> None:
    """Mails a link that was asked for, or what a person has to be told; takes a request up where it stands, or has
    the mail provider forget an address (RGT-6)."""
    brand = await app.brand(message["brand"])
    if "link" in message:
        await rights_links.send_link(brand, message["link"])
    elif "notice" in message:
        await rights_desk.send_notice(brand, message["notice"])
    elif "provider" in message:
        await provider_forgets.have_forgotten(brand, message["provider"])
    else:
        await rights.run_request(brand, message["request"])


@timer_function
async def warn_of_due_rights() -> None:
    """Tells each brand's rights team what is due within a week (RGT-5)."""
    await for_each(await app.brands().all(), _warn)


async def _warn(brand: str) -> None:
    await rights_desk.warn_of_due_rights(await app.brand(brand))
