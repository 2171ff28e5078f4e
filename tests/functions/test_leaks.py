"""No personal data and no token in any log, span, metric, exception, queue message, quarantine entry or address (VIS-8)."""

import json
import re
import traceback
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from shared import app
from shared.adapters.mailjet import MailjetMailer
from shared.adapters.storage_files import StorageFiles
from shared.adapters.storage_queue import StorageQueue
from shared.domain.api_keys import ApiScope
from shared.domain.forms import Form, FormField, FormKind
from shared.domain.policy import ConsentBox
from shared.domain.social import signature
from shared.domain.staff import Role
from shared.domain.tokens import Purpose
from shared.ports import Query
from shared.usecases.api_keys import create_key
from shared.usecases.forms import put as put_form
from tests.functions.leaks import AMBASSADOR, IP, PERSON, Faults, LeakingStore, Tee, every_log_record, found_in
from tests.functions.provider import basic
from tests.functions.suite import Suite, serving
from tests.functions.tenants import FORM
from tests.support.azurite import Azurite
from tests.support.fakes import Waiting
from tests.support.scripted_http import Answer, Request, ScriptedServer, scripted_server
from tests.support.telling import Told, telling

pytestmark = pytest.mark.rule("VIS-8")

FROM = {"X-Forwarded-For": IP, "User-Agent": "zqbody agent"}
QUEUES = ("account-mails", "newsletters", "imports", "mails", "mail-events", "sweeps", "suppression-reach", "rights")


class Provider:
    """A Mailjet that takes every mail, or refuses it with its address in the reason."""

    def __init__(self, server: ScriptedServer) -> None:
        self.refusing = False
        self.mails: list[dict[str, Any]] = []
        server.answer_by(self.answer)

    def answer(self, request: Request) -> Answer:
        if request.method == "GET":
            return Answer.of({"Count": 0, "Data": [], "Total": 0})
        messages = request.json()["Messages"]
        if self.refusing:
            reason = {"ErrorCode": "mj-0013", "StatusCode": 400, "ErrorMessage": f"{messages[0]['To']} zqbody"}
            return Answer.of({"Messages": [{"Status": "error", "Errors": [reason]} for _ in messages]}, 400)
        self.mails += messages
        taken = [
            {"Status": "success", "CustomID": m["CustomID"], "To": [{"Email": "x", "MessageID": 1}]} for m in messages
        ]
        return Answer.of({"Messages": taken})

    def link(self, part: str) -> str:
        """The token of the newest link of a kind."""
        found = [t for mail in self.mails for t in re.findall(rf"/{part}/([\w.~-]+)", mail["TextPart"])]
        return str(found[-1])


@dataclass
class Run:
    """A suite under watch, and everything it lets out."""

    suite: Suite
    provider: Provider
    server: ScriptedServer
    faults: Faults
    queue: Tee
    tokens: list[str] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)

    async def ask(self, method: str, path: str, *, fails: bool = True, **request: Any) -> Any:
        """Asks, first with the store failing at its first and at its second operation, then in earnest."""
        headers = {**FROM, **request.pop("headers", {})}
        for broken in (0, 1) if fails else ():
            self.faults.left = broken + 1
            answer = await self.suite.http.request(method, path, headers=headers, **request)
            self.faults.left = 0
            if answer.status_code >= 500:
                self.answers.append(answer.text)
        return await self.suite.http.request(method, path, headers=headers, **request)

    async def work(self) -> None:
        """Delivers every message, once in vain and then in earnest, until nothing waits."""
        clock = self.suite.world.clock
        while any(self.suite.world.queue.queues.values()):
            clock.advance(seconds=30)
            for queue in QUEUES:
                message = self.suite.world.queue.pop(queue)
                if message:
                    self.faults.left = 1
                    await self.suite.hand_over(queue, message)
                    self.faults.left = 0
                    await self.suite.hand_over(queue, message)


@asynccontextmanager
async def watched(azurite: Azurite, told: Told) -> AsyncIterator[Run]:
    """A suite on the real adapters of queue, files and mails, over a store that can be told to fail."""
    async with scripted_server() as server, serving(telemetry=told.telemetry) as suite:
        faults = Faults()
        real = StorageQueue(azurite.connection)
        queue = Tee(suite.world.queue, real, faults)
        files, mailer = StorageFiles(azurite.connection), MailjetMailer(server.url, "key", "secret")
        app.override(store=LeakingStore(suite.store, faults), queue=queue, files=files, mailer=mailer)
        suite.world.brands = app.brands()
        try:
            yield Run(suite, Provider(server), server, faults, queue)
        finally:
            for adapter in (real, files, mailer):
                await adapter.aclose()


async def play(run: Run) -> None:
    """Sign-up to sweep, with everything going wrong on the way."""
    brand, post = "/api/brands/acme", run.suite.http.post
    form = {**FORM, **AMBASSADOR}
    await run.ask("POST", f"{brand}/ambassadors", json=form)
    await post(f"{brand}/ambassadors", content=json.dumps(form)[:-1].encode(), headers=FROM)
    await post(f"{brand}/ambassadors", json={**form, "iban": form["iban"] + "1", "gender": "zqbody"}, headers=FROM)
    await run.work()
    run.tokens.append(run.provider.link("c"))
    await run.ask("GET", f"/c/{run.tokens[-1]}")
    await run.ask("POST", f"/c/{run.tokens[-1]}", data={"confirm": "zqbody"})
    await run.ask("POST", f"{brand}/ambassadors/confirm", json={"token": run.tokens[-1]})
    credentials = {"email": AMBASSADOR["email"], "password": AMBASSADOR["password"]}
    await run.ask("POST", f"{brand}/session", json={**credentials, "password": "zqbody wrong"})
    session = (await run.ask("POST", f"{brand}/session", json=credentials)).json()
    run.tokens += [session["token"], session["csrfToken"]]
    signed_in = {"Authorization": f"Bearer {session['token']}"}
    own = {name: AMBASSADOR[name] for name in ("iban", "about", "dateOfBirth")}
    assert (await run.ask("PATCH", f"{brand}/me", json=own, headers=signed_in)).status_code == 200
    entered = await run.ask("POST", f"{brand}/contacts", json=PERSON, headers=signed_in)
    assert entered.status_code in (200, 201), entered.text
    await run.ask("GET", f"{brand}/contacts", params={"q": PERSON["email"]}, headers=signed_in)
    file = f"Zqfirstname zqlastname <{PERSON['email']}>, zqbody@@zq7, other.{PERSON['email']}".encode()
    for content in (file, b"\xff\xfezqbody", b"BEGIN:VCARD\nzqbody"):
        await run.ask("POST", f"{brand}/contacts/import", content=content, headers=signed_in)
    await run.work()
    run.provider.refusing = True
    await run.ask("POST", f"{brand}/contacts/invite", json={"all": True}, headers=signed_in)
    await run.work()
    run.provider.refusing = False
    await run.ask("POST", f"{brand}/contacts/invite", json={"all": True}, headers=signed_in)
    await run.work()
    for part in "iu":
        run.tokens.append(run.provider.link(part))
        await run.ask("GET", f"/{part}/{run.tokens[-1]}")
    await run.ask("POST", f"/i/{run.provider.link('i')}", data={"answer": "accept"})
    news = {"all": True, "subject": "zqbody", "body": "zqbody to all"}
    await run.ask("POST", f"{brand}/publications", json=news, headers=signed_in)
    await run.work()
    await machines(run)
    await forms(run)
    await staff(run)
    await webhook(run)
    await run.ask("POST", f"/u/{run.provider.link('u')}", data={"scope": "brand"})
    await run.work()
    await rights(run)
    await operations(run)
    await run.ask("POST", f"{brand}/contacts", json=PERSON, headers=signed_in)
    run.suite.world.clock.advance(days=40)
    for timer in ("sweep_retention", "sweep_lost_work", "watch"):
        for left in (1, 0):
            run.faults.left = left
            await run.suite.tick(timer)
    await run.work()


async def operations(run: Run) -> None:
    """The technical team looks at messages kept aside, one of which should never have been, and puts them back."""
    headers, door = await run.suite.staff(Role.TECHNICAL_TEAM), "/api/manager/operations"
    run.tokens.append(headers["Authorization"].partition(" ")[2])
    kept = run.suite.world.queue.queues["mails-poison"]
    kept += [Waiting({"brand": brand, "batch": "a" * 24}, run.suite.world.clock.now()) for brand in ("acme", "initech")]
    kept.append(Waiting({"brand": "acme", "email": PERSON["email"]}, run.suite.world.clock.now()))
    for path in ("/health", "/poison"):
        run.answers.append((await run.ask("GET", door + path, headers=headers)).text)
    for queue, body in (("mails", {}), ("mails", {"message": "zqbody"}), ("zqbody", {}), ("mails", {"message": 7})):
        replayed = await run.ask("POST", f"{door}/poison/{queue}/replay", json=body, headers=headers)
        run.answers.append(replayed.text)
    run.suite.world.queue.queues["mails-poison"].clear()  # what is unfit stays there
    await run.work()


async def rights(run: Run) -> None:
    """A person asks for the link, corrects, asks a question and is answered, and has everything erased."""
    for email in (PERSON["email"], "zqbody@@zq7", "nobody.zq7@example.org"):
        await run.ask("POST", "/rights/acme", data={"email": email})
    await run.work()
    run.tokens.append(run.provider.link("rights"))
    path = f"/rights/{run.tokens[-1]}"
    await run.ask("GET", path)
    await run.ask("POST", path, data={"do": "rectify", "first_name": PERSON["firstName"], "zqbody": "zqbody"})
    await run.ask("POST", path, data={"do": "zqbody"})
    await run.ask("POST", path, data={"do": "json"})
    await run.ask("POST", path, data={"do": "ask", "words": "zqbody to you"})
    desk, headers = "/api/manager/brands/acme/rights", await run.suite.staff(Role.BRAND_ADMIN, "acme")
    (waiting,) = (await run.ask("GET", desk, headers=headers)).json()["items"]
    await run.ask("GET", f"{desk}/{waiting['id']}", headers=headers)
    closing = {"state": "done", "note": "told", "message": "zqbody to you"}
    await run.ask("POST", f"{desk}/{waiting['id']}/close", json={**closing, "note": "a@zq7"}, headers=headers)
    await run.ask("POST", f"{desk}/{waiting['id']}/close", json=closing, headers=headers)
    await run.work()
    await run.ask("POST", path, data={"do": "erase", "sure": "yes"})
    await run.work()


async def machines(run: Run) -> None:
    """A brand's database, shop and page, and a network, send what holds the person, well formed and not."""
    brand, names = "/api/brands/acme", ("email", "firstName", "lastName")
    who: dict[str, Any] = {name: PERSON[name] for name in names}
    (account,) = [i.record async for p in (await app.brand("acme")).ambassadors.pages(Query()) for i in p]
    run.suite.world.brands = app.brands()
    _, key = await create_key(await app.brand("acme"), set(ApiScope), "staff")
    run.tokens.append(key)
    keyed = {"X-Api-Key": key}
    row = {"key": PERSON["customerId"], "ambassador": account.id, "optIn": True, **who}
    rows = [row, {**row, "email": "zqbody@@zq7"}, {**row, "zqbody": "zqbody"}, "zqbody"]
    synced = await run.ask("POST", f"{brand}/sync/contacts", json={"upserts": rows}, headers=keyed)
    assert [one["result"] for one in synced.json()["items"]] == ["updated", "refused", "refused", "refused"]
    await run.ask("POST", f"{brand}/sync/contacts", content=b"zqbody zq7", headers=keyed)
    await run.ask("POST", f"{brand}/sync/contacts", json={"upserts": rows}, headers={"X-Api-Key": f"{key}zqbody"})
    order = {"orderId": "zqbody 1", "ambassador": account.id, "amount": "1", "currency": "EUR", **who}
    popin = {"message": "zqbody to you", "ambassadorOptIn": True}
    orders = [{**order, "popin": popin}, {**order, "orderId": "zqbody 2", "amount": "zqbody"}]
    sold = await run.ask("POST", f"{brand}/orders", json={"orders": orders}, headers=keyed)
    assert [one["result"] for one in sold.json()["items"]] == ["created", "refused"]
    consents = {"ambassador": True}
    for email in (PERSON["email"], f"another.{PERSON['email']}"):
        wanted = {**who, "email": email, "ambassador": account.id, "consents": consents}
        await run.ask("POST", f"{brand}/vouchers", json=wanted)
    await run.work()
    purchase = {"amount": "1", "currency": "EUR", "orderId": "zqbody 3"}
    await run.ask("POST", f"{brand}/vouchers/AAAA-BBBB-CCCC/redeem", json=purchase, headers=keyed)
    event = {
        "timestamp_ms": 1,
        "text": "zqbody",
        "user": {"id_str": "zq7", "screen_name": "zqbody", "name": "Zqfirstname"},
    }
    body = json.dumps({"for_user_id": "zq7", "favorite_events": [event]}).encode()
    signed = {"x-twitter-webhooks-signature": signature("new secret", body)}
    await run.ask("POST", f"{brand}/social/twitter", content=body, headers=signed)
    await run.ask("DELETE", f"{brand}/contacts/zqbody", headers=keyed)
    await run.ask("POST", f"{brand}/sync/contacts", json={"deletes": [{"key": PERSON["customerId"]}]}, headers=keyed)
    await run.work()


async def forms(run: Run) -> None:
    """A visitor fills in what anybody can reach, well formed and not, and presses the button behind the mail."""
    brand, opened = "/api/brands/acme", await app.brand("acme")
    (account,) = [i.record async for p in opened.ambassadors.pages(Query()) for i in p]
    boxes: tuple[ConsentBox, ...] = ("ambassador", "brand", "partners")
    asks = (FormField(name="wish", label={"en": "A wish"}),)
    shown = Form(
        id="news", kind=FormKind.INTERNAL, title={"en": "News"}, fields=asks, boxes=boxes, changed_at=opened.now()
    )
    await put_form(opened, shown)
    who = {name: PERSON[name] for name in ("firstName", "lastName")}
    visitor = {**who, "email": f"visitor.{PERSON['email']}", "consents": dict.fromkeys(boxes, True)}
    blog, form = f"{brand}/collect/blog/{account.blog_alias}", f"{brand}/collect/forms/news"
    answered = {"ambassador": account.id, "fields": {"wish": "zqbody"}}
    for path, body in (
        (blog, {**visitor, "message": "zqbody to you"}),
        (blog, {**visitor, "email": "zqbody@@zq7"}),
        (form, {**visitor, **answered}),
        (form, {**visitor, **answered, "fields": {"zqbody": "zqbody"}}),
        (form, {**visitor, **answered, "ambassador": "zqbody"}),
    ):
        await run.ask("POST", path, json=body)
    await run.work()
    token = run.provider.link("c")
    run.tokens.append(token)
    await run.ask("GET", f"/c/{token}")
    assert (await run.ask("POST", f"/c/{token}", data={"confirm": "zqbody"})).status_code == 200
    await run.work()


async def staff(run: Run) -> None:
    """The Manager looks for people, names users, releases addresses, and is asked badly."""
    managed, uuid = "/api/manager/brands/acme", "00000000-0000-4000-8000-000000000007"
    admin = await run.suite.staff(Role.BRAND_ADMIN, "acme")
    team = await run.suite.staff(Role.ACCOUNT_TEAM, "acme")
    run.tokens += [headers["Authorization"].partition(" ")[2] for headers in (admin, team)]
    for path in ("/contacts", "/contacts.csv", "/ambassadors"):
        for headers in (admin, team):
            found = await run.ask("GET", managed + path, params={"q": PERSON["email"]}, headers=headers)
            assert found.status_code == 200
            await run.ask("GET", managed + path, params={"cursor": "zqbody", "zqbody": "zq7"}, headers=headers)
    await run.ask("GET", f"{managed}/contacts/zqbody", headers=admin)
    named = {"tenantId": uuid, "objectId": uuid, "displayName": "Zqfirstname Zqlastname", "role": "brand_support"}
    assert (await run.ask("POST", f"{managed}/users", json=named, headers=admin)).status_code == 201
    await run.ask("POST", f"{managed}/users", json={**named, "role": "zqbody"}, headers=admin)
    await run.ask("DELETE", f"{managed}/users/zqbody", headers=admin)
    release = {"email": PERSON["email"], "reason": "zqbody asked for it"}
    for body in (release, {**release, "email": "zqbody@@zq7"}, {**release, "reason": f"for {PERSON['email']}"}):
        await run.ask("POST", f"{managed}/suppressions/release", json=body, headers=team)
    policy = (await run.ask("GET", managed, headers=admin)).json()
    version = {**admin, "If-Match": '"zqbody"'}
    await run.ask("PUT", managed, json={**policy, "primaryColour": "zqbody"}, headers=version)
    for action in ("suspend", "resume", "zqbody"):
        await run.ask("POST", f"{managed}/status", json={"action": action, "reason": "zqbody said so"}, headers=team)
    await run.work()


async def webhook(run: Run) -> None:
    """Events that quote the person, in every shape."""
    mail = run.provider.mails[-1]
    at = int(run.suite.world.clock.now().timestamp())
    whole = {
        "event": "bounce",
        "time": at,
        "email": mail["To"][0]["Email"],
        "CustomID": mail["CustomID"],
        "ip": IP,
        "comment": "zqbody said no",
        "agent": "zqbody",
        "Payload": "zqbody",
    }
    strange = (
        {"event": "zqbody"},
        {"CustomID": "zqbody"},
        {"email": "zqbody@zq7"},
        {"time": "zqbody"},
        {"error": "zqbody"},
    )
    for body in (whole, *({**whole, **other} for other in strange), "zqbody", {**whole, "event": "open"}):
        await run.ask("POST", "/api/webhooks/mailjet", json=body, headers=basic("provider", "new secret"))
    await run.ask("POST", "/api/webhooks/mailjet", content=b"zqbody zq7", headers=basic("provider", "new secret"))
    await run.ask("POST", "/api/webhooks/mailjet", json=whole, headers=basic("provider", "zqbody"))
    await run.work()


def claims(run: Run, link: str) -> dict[str, str]:
    """What the token of a link says."""
    tokens, start = run.suite.world.ports.tokens, datetime.fromtimestamp(0, UTC)
    read = [tokens.read(purpose, link.rsplit("/", 1)[1], start) for purpose in Purpose]
    (said,) = [claims for claims in read if claims]
    return said


async def test_nothing_of_a_person_is_let_out(azurite: Azurite, suite_environment: None) -> None:
    with every_log_record() as said, telling() as told:
        async with watched(azurite, told) as run:
            await play(run)
            telemetry = told.everything()
            quarantine = repr((await run.suite.dump())["platform/quarantine"])
            files = [name for name in said if "canary-" in name]
    failures = ["".join(traceback.format_exception(error)) for error in run.suite.failures]
    contexts = [repr(getattr(error, "__context__", None)) for error in run.suite.failures]
    links = [token for mail in run.provider.mails for token in re.findall(r"https://suite\S+", mail["TextPart"])]
    run.tokens += [link.rsplit("/", 1)[1] for link in links]
    # By its address is the one way in which Mailjet lets a contact be asked for, to be deleted; no log holds it.
    asked = [r.target for r in run.server.requests if not r.target.startswith("/v3/REST/contact/")]
    assert len(asked) < len(run.server.requests)
    assert len(said) > 200
    assert len(failures) > 10
    assert set(contexts) == {"None"}
    assert len(run.answers) > 30
    assert files, "the storage client logs its calls"
    assert '"reason"' in quarantine or "'reason'" in quarantine
    assert len(telemetry) > 200
    for texts in (said, failures, run.answers, run.queue.sent, [quarantine], asked, telemetry):
        assert found_in(texts, run.tokens) == []
    assert found_in([repr(claims(run, link)) for link in links], []) == []
    assert found_in([link.rsplit("/", 1)[0] for link in links], []) == []
