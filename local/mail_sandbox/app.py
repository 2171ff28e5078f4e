"""The mail sandbox put together: Mailjet's routes, the sandbox's own, and the inbox pages."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from local.mail_sandbox.clock import SuiteClock
from local.mail_sandbox.contacts_api import ContactsApi
from local.mail_sandbox.faults import Faults
from local.mail_sandbox.inbox_api import InboxApi
from local.mail_sandbox.inbox_pages import ASSETS, InboxPages
from local.mail_sandbox.problems import ProblemError, problem_answer
from local.mail_sandbox.send_api import Counts, Credentials, SendApi
from local.mail_sandbox.store import MailStore

__all__ = ["Credentials", "Settings", "create_app"]


@dataclass(frozen=True)
class Settings:
    """Where the mails are kept, who may send, where events go, and whether the process is about to stop."""

    state: Path
    webhook_url: str
    api: Credentials
    webhook: Credentials
    stopping: Callable[[], bool]


def create_app(settings: Settings) -> Starlette:
    """The sandbox as an ASGI application; it opens its file and its HTTP client in its lifespan."""

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        store = MailStore(settings.state)
        # No connection outlives its call: the host on the other side may be killed and started at any time.
        limits = httpx.Limits(max_keepalive_connections=0)
        try:
            async with httpx.AsyncClient(limits=limits, trust_env=False) as client:
                app.router.routes.extend(_routes(settings, store, client))
                yield
        finally:
            store.close()

    # A page on the web that points its own name at 127.0.0.1 reads no mail here.
    hosts = Middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost"])
    return Starlette(lifespan=lifespan, middleware=[hosts], exception_handlers={ProblemError: problem_answer})


def _routes(settings: Settings, store: MailStore, client: httpx.AsyncClient) -> list[BaseRoute]:
    clock, faults, counts = SuiteClock(client, settings.webhook_url), Faults(), Counts()
    mailjet = SendApi(store, clock, faults, counts, settings.api, settings.stopping)
    api = InboxApi(store, clock, faults, counts, (settings.webhook_url, settings.webhook), client)
    contacts, pages = ContactsApi(store, settings.api), InboxPages(store)
    return [
        Route("/v3.1/send", mailjet.send, methods=["POST"]),
        Route("/v3/REST/message", mailjet.look_up, methods=["GET"]),
        Route("/v3/REST/contact/{address}", contacts.look_up, methods=["GET"]),
        Route("/v4/contacts/{id:int}", contacts.delete, methods=["DELETE"]),
        Route("/api/messages", api.list, methods=["GET"]),
        Route("/api/messages", api.clear, methods=["DELETE"]),
        Route("/api/messages/{id}", api.read, methods=["GET"]),
        Route("/api/messages/{id}/events", api.post_event, methods=["POST"]),
        Route("/api/faults", api.show_faults, methods=["GET"]),
        Route("/api/faults", api.add_fault, methods=["POST"]),
        Route("/api/faults", api.clear_faults, methods=["DELETE"]),
        Route("/api/stats", api.stats, methods=["GET"]),
        Route("/", pages.inbox, methods=["GET"]),
        Route("/messages/{id}", pages.mail, methods=["GET"]),
        Mount("/assets", StaticFiles(directory=ASSETS)),
    ]
