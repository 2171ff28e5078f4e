"""The inbox for people: the list of mails, and a mail with its parts and the buttons for its events."""

import json
import re
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from local.mail_sandbox.store import MailStore

PAGE_SIZE = 50
ASSETS = Path(__file__).parent / "assets"
EVENT_BUTTONS = (
    ("Delivered", {"event": "sent"}),
    ("Opened", {"event": "open"}),
    ("Clicked", {"event": "click"}),
    ("Hard bounce", {"event": "bounce", "hard_bounce": True}),
    ("Soft bounce", {"event": "bounce", "hard_bounce": False}),
    ("Blocked", {"event": "blocked"}),
    ("Spam", {"event": "spam"}),
    ("Unsubscribed", {"event": "unsub"}),
)
# A mail brings its own styles and pictures but never a script; the sandbox's own script stays a file.
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; connect-src 'self'; img-src * data:;"
    " style-src 'self' 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
}
# In front of the mail, so that its links open beside the inbox whatever the mail says of its own.
_BASE = '<base target="_blank">'


class InboxPages:
    """Pages rendered on the server; they read without JavaScript, which adds tabs and the event buttons."""

    def __init__(self, store: MailStore) -> None:
        self._store = store
        self._templates = Environment(
            loader=FileSystemLoader(Path(__file__).parent / "pages"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    async def inbox(self, request: Request) -> Response:
        """`GET /?to=&page=`: the mails whose recipient contains `to`, newest first, 50 a page."""
        wanted, asked = request.query_params.get("to", "").strip(), request.query_params.get("page", "1")
        number = int(asked) if re.fullmatch("[1-9][0-9]{0,8}", asked) else 1
        mails, total = await run_in_threadpool(
            self._store.page, part_of_recipient=wanted, offset=(number - 1) * PAGE_SIZE, size=PAGE_SIZE
        )
        held = await run_in_threadpool(self._store.count)
        last = max(1, -(-total // PAGE_SIZE))
        return self._page("inbox.html", mails=mails, wanted=wanted, number=number, last=last, total=total, held=held)

    async def mail(self, request: Request) -> Response:
        """`GET /messages/{id}`: the mail, its HTML in a frame that runs no script."""
        found = await run_in_threadpool(self._store.find, request.path_params["id"])
        if found is None:
            return self._page("missing.html", status=404)
        document = json.loads(found.document)
        return self._page(
            "mail.html",
            mail=document,
            status_word=found.status,
            framed=_BASE + document["html"],
            buttons=[(label, json.dumps(event)) for label, event in EVENT_BUTTONS],
        )

    def _page(self, name: str, *, status: int = 200, **values: object) -> Response:
        html = self._templates.get_template(name).render(**values)
        return HTMLResponse(html, status_code=status, headers=_HEADERS)
