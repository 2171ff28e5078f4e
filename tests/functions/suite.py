"""The functions as a host serves them, in this process, over a whole suite of fakes: what their tests talk to."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any

import httpx
from azure.functions.queue import QueueMessage
from azure.functions.timer import TimerRequest

from local.host.functions import Function, QueueTrigger, load_functions
from local.host.http import HttpFunctions
from local.host.invocations import Context, Invocations
from local.host.routes import Routes, compile_routes
from shared import app
from shared.adapters.silent import Silent
from shared.adapters.sqlite import SqliteStore
from shared.domain import containers
from shared.domain.ambassador import Ambassador, Claim
from shared.domain.containers import Container
from shared.domain.ids import new_id
from shared.domain.passwords import hash_password
from shared.domain.staff import Role, StaffMember
from shared.ports import Query, Store, Telemetry
from shared.usecases.staff_sessions import open_staff_session
from tests.functions import every_answer
from tests.support.world import World, make_world

URL = "https://suite.example"
PASSWORD = "correct horse battery staple"
ENVIRONMENT = {
    "STORE_URL": "sqlite:///nowhere",
    "AzureWebJobsStorage": "UseDevelopmentStorage=true",
    "BACKUP_STORAGE": "UseDevelopmentStorage=true",
    "PUBLIC_URL": URL,
    "PRIVACY_POLICY_URL": "https://popsell.example/privacy",
    "MAILJET_URL": "http://127.0.0.1:9",
    "MAILJET_API_KEY": "key",
    "MAILJET_API_SECRET": "secret",
    "MAILJET_WEBHOOK_CREDENTIALS": "provider:new secret,provider:old secret",
    "MASTER_KEYS": "bW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tbW0=",
    "TOKEN_KEYS": "dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHR0dHQ=",
    "BCRYPT_COST": "4",
    "TWITTER_CONSUMER_SECRETS": "new secret,old secret",
}

Dump = dict[str, dict[str, Any]]


@cache
def functions() -> Mapping[str, Function]:
    """Every function of the app; it can be asked for them once in a process."""
    return {function.name: function for function in load_functions("function_app")}


@cache
def http_functions() -> HttpFunctions:
    """Those with a route, as the local host serves them."""
    return HttpFunctions(routes(), Invocations(timedelta(minutes=1)), function_key="unused")


@cache
def routes() -> Routes:
    """Which function answers what."""
    return compile_routes(list(functions().values()), "")


async def check_answer(response: httpx.Response) -> None:
    """Holds every answer that a test gets of a function against what holds for all."""
    request = response.request
    found = routes().find(request.method, request.url.raw_path.split(b"?")[0].decode("latin-1"))
    if found:
        await response.aread()
        every_answer.check(found[0].function.name, response)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """An ambassador with a session: over HTTP, signed in with the token."""

    suite: "Suite"
    brand: str
    account: Ambassador
    token: str
    csrf_token: str

    async def call(self, method: str, path: str, **request: Any) -> httpx.Response:
        """One request to the brand's API."""
        headers = {"Authorization": f"Bearer {self.token}", **request.pop("headers", {})}
        return await self.suite.http.request(method, f"/api/brands/{self.brand}{path}", headers=headers, **request)

    async def enter(self, email: str, **fields: Any) -> str:
        """Types a contact in; gives its id."""
        entered = await self.call("POST", "/contacts", json={"email": email, **fields})
        assert entered.status_code == 201, entered.text
        return str(entered.json()["id"])

    async def invite(self, *contacts: str) -> str:
        """Invites contacts, or all, and lets the mails go; gives the job's id."""
        asked = await self.call(
            "POST", "/contacts/invite", json={"contactIds": contacts} if contacts else {"all": True}
        )
        assert asked.status_code == 202, asked.text
        await self.suite.world.drain()
        return str(asked.json()["jobId"])


@dataclass(slots=True)
class Suite:
    """The HTTP functions, and the world behind them."""

    http: httpx.AsyncClient
    world: World
    store: Store
    failures: list[Exception] = field(default_factory=list)
    traceparent: str | None = None  # of the host's own span for queues and timers

    async def sign_in(self, email: str = "ada@example.org", brand: str = "acme") -> SignedIn:
        """An active ambassador with a session."""
        account = await self.world.ambassador(brand, email)
        opened = await self.world.brand(brand)
        current = await opened.ambassadors.get(account.id, account.id)
        assert current
        secured = account.changed(password_hash=hash_password(PASSWORD, 4)).settled(opened.hasher)
        await opened.ambassadors.replace(current, secured)
        await claim(self.world, brand, secured)
        session = await self.http.post(f"/api/brands/{brand}/session", json={"email": email, "password": PASSWORD})
        assert session.status_code == 200, session.text
        tokens = session.json()
        return SignedIn(self, brand, secured, tokens["token"], tokens["csrfToken"])

    async def staff(self, role: Role, *brands: str) -> dict[str, str]:
        """The headers of a member of staff with a session."""
        member = StaffMember(id=new_id(), role=role, brands=brands)
        token = await open_staff_session(app.ports_of_the_suite(), app.staff(), member)
        return {"Authorization": f"Bearer {token}"}

    async def hand_over(self, queue: str, message: Mapping[str, Any]) -> None:
        """Runs a queue's function with this message; what escapes it is kept in `failures`."""
        new_message: Any = QueueMessage
        (function,) = [
            f for f in functions().values() if isinstance(f.trigger, QueueTrigger) and f.trigger.queue == queue
        ]
        await self._run(function, new_message(id="1", body=json.dumps(message)))

    async def tick(self, name: str) -> None:
        """Runs a timer's function; what escapes it is kept in `failures`."""
        await self._run(functions()[name], TimerRequest())

    async def _run(self, function: Function, argument: object) -> None:
        try:
            await function.call(**{function.parameter: argument}, context=Context("1", function.name, self.traceparent))
        except Exception as error:
            self.failures.append(error)

    async def dump(self, *brands: str, but: tuple[Container, ...] = ()) -> Dump:
        """Every document of these brands, or of all and the platform, as it is stored."""
        found: Dump = {}
        for brand in brands or ("acme", "globex"):
            for container in containers.BRAND_CONTAINERS:
                if container not in but:
                    found[f"{brand}/{container.name}"] = await _documents(self.store.brand(brand, container))
        if not brands:
            for container in containers.PLATFORM_CONTAINERS:
                if container not in but:
                    found[f"platform/{container.name}"] = await _documents(self.store.platform(container))
        return found


@asynccontextmanager
async def serving(store: Store | None = None, telemetry: Telemetry | None = None, **ports: Any) -> AsyncIterator[Suite]:
    """A suite on a fresh store, or on this one, with single ports replaced."""
    store = store or SqliteStore(None, inline=True)
    world = await make_world(store, public_url=URL, **ports)
    given = world.ports
    app.override(
        store=given.store,
        queue=given.queue,
        files=given.files,
        tombstones=given.tombstones,
        backups=given.backups,
        mailer=given.mailer,
        clock=given.clock,
        vault=given.vault,
        tokens=given.tokens,
        public_url=given.public_url,
        bcrypt_cost=given.bcrypt_cost,
        networks=given.networks,
        telemetry=telemetry or Silent(),
    )
    world.brands = app.brands()
    transport = httpx.ASGITransport(app=http_functions())
    no_cookies = CookieJar(DefaultCookiePolicy(allowed_domains=[]))  # a test that wants one says so
    try:
        asked: dict[str, Any] = {"base_url": URL, "cookies": no_cookies, "event_hooks": {"response": [check_answer]}}
        async with httpx.AsyncClient(transport=transport, **asked) as client:
            yield Suite(client, world, given.store)
    finally:
        await store.close()


async def claim(world: World, brand: str, account: Ambassador) -> None:
    """Binds the address to the account, as a sign-up does, so that it can sign in."""
    opened = await world.brand(brand)
    await opened.claims.create(Claim(id=account.email_hash or "", ambassador_id=account.id))


async def _documents(documents: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    query = Query(limit=100)
    while True:
        page = await documents.query(query)
        for item in page.items:
            found[str(item.document["id"])] = {**item.document, "_etag": item.etag}
        if page.cursor is None:
            return found
        query = Query(limit=100, cursor=page.cursor)


def app_settings_changed() -> None:
    """Lets the functions read the environment again, as a restart does."""
    app.override()
