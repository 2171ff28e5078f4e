"""Contacts by account link (COL-2): an ambassador lets Google or Outlook tell the own contacts, once."""

from collections.abc import Mapping
from typing import Any

import azure.functions as func

from functions.http import Answer, answer, operation
from functions.identity import ambassador, flow_cookie
from functions.work import queue_function
from shared import app
from shared.usecases import link_address_book

FLOW_PATH = "/login"


class LinkBegun(Answer):
    """Where the ambassador says yes, and the job to watch from then on (unknown before)."""

    authorize_url: str
    job_id: str


@operation(auth="ambassador", answers={200: LinkBegun})
async def link_address_book_of(req: func.HttpRequest) -> func.HttpResponse:
    """Begins the import of the contacts at `google` or `outlook`; the cookie binds it to this browser."""
    caller = await ambassador(req)
    linking = await link_address_book.begin(caller, req.route_params["provider"])
    content = LinkBegun(authorize_url=linking.sent.url, job_id=linking.job)
    return answer(200, content, headers={"Set-Cookie": flow_cookie(linking.sent.key, FLOW_PATH)})


@queue_function(link_address_book.QUEUE)
async def fetch_address_book(message: Mapping[str, Any]) -> None:
    """Fetches the contacts of a link."""
    await link_address_book.fetch(await app.brand(message["brand"]), message["job"])
