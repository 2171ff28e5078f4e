"""What belongs to another brand, or to nobody, looks the same at every route (BR-1)."""

import base64
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

import function_app  # noqa: F401  registers the operations
from functions.http import OPERATIONS, Operation
from local.host.functions import HttpTrigger
from shared.domain import containers
from shared.domain.containers import Container
from shared.domain.custom_id import CustomId
from shared.domain.ids import new_id
from shared.domain.social import signature
from shared.domain.staff import Role
from shared.domain.tokens import Purpose
from shared.domain.vouchers import new_code
from tests.functions.suite import PASSWORD, Suite, functions
from tests.functions.tenants import EXTERNAL, FORM, Tenants, settle

pytestmark = pytest.mark.rule("BR-1")

COOKIE = "Popsell_remember_me"
NOWHERE = "initech"
NOT_A_TOKEN = "tbm90IGEgdG9rZW4.c2lnbmVkIGJ5IG5vYm9keQ"
UUID_1 = "00000000-0000-4000-8000-000000000001"
BODIES: dict[str, Callable[[str], Any]] = {
    "replay_poison": lambda _: {},
    "open_brand": lambda _: {},
    "use_own_right": lambda _: {"kind": "access"},
    "extend_request": lambda _: {"reason": "for a reason"},
    "erase_person": lambda _: {"email": "nobody@example.org"},
    "close_request": lambda _: {"state": "done", "note": "for a reason"},
    "enter_contact": lambda _: {"email": "new@example.org"},
    "edit_contact": lambda _: {"firstName": "Other"},
    "invite_contacts": lambda id: {"contactIds": [id]},
    "publish": lambda id: {"contactIds": [id], "subject": "News", "body": "Look"},
    "edit_account": lambda _: {"about": "Me"},
    "confirm_sweep": lambda _: {"plan": "0" * 64},
    "replace_policy": lambda _: {},
    "change_status": lambda _: {"action": "suspend", "reason": "for a reason"},
    "grant_user": lambda _: {"tenantId": UUID_1, "objectId": UUID_1, "displayName": "X", "role": "brand_admin"},
    "change_user": lambda _: {"role": "brand_admin"},
    "comment_publication": lambda _: {"text": "Nice"},
    "give_grant": lambda _: {"token": "t", "accountId": "7"},
    "agree_to_reuse": lambda _: {"contest": "summer", "textVersion": "x"},
    "define_contest": lambda _: {"title": "T", "usage": "U", "endsAt": "2031-01-01T00:00:00Z", "days": 9},
    "give_award": lambda _: {"title": "Best"},
    "send_newsletter": lambda _: {"subject": "News", "body": "Look"},
    "release_suppression": lambda _: {"email": "friend.of.gil@example.org", "reason": "for a reason"},
    "close_flag": lambda _: {"decision": "harmless", "reason": "for a reason"},
    "create_api_key": lambda _: {"scopes": ["sync"]},
    "receive_orders": lambda id: {
        "orders": [{"orderId": "7", "ambassador": id, "email": "new@example.org", "amount": "1", "currency": "EUR"}]
    },
    "put_form": lambda _: {"kind": "internal", "title": {"en": "Join us"}},
    "fill_in_external_form": lambda id: {"email": "new@example.org", "ambassador": id},
    "sync_ambassadors": lambda id: {"upserts": [{"key": id, "firstName": "Other"}], "deletes": [{"key": id}]},
    "migrate_contacts": lambda id: {"contacts": [{"ambassador": id, "email": "new@example.org"}]},
    "redeem_voucher": lambda _: {"amount": "1", "currency": "EUR"},
    "sync_contacts": lambda id: {"upserts": [{"key": "7", "ambassador": id, "email": "new@example.org"}]},
}
IDS_IN_BODY = ("invite_contacts", "publish")


@dataclass(frozen=True, slots=True)
class Ask:
    """One request, and the id in it that its answer may repeat."""

    method: str
    path: str
    headers: dict[str, str]
    content: Any = None
    id: str = ""

    async def send(self, suite: Suite) -> tuple[int, str, list[tuple[str, str]]]:
        """Status, body and headers of the answer, without the time and without the id that was asked for."""
        body: dict[str, Any] = {"json": self.content} if isinstance(self.content, dict | list) else {}
        if isinstance(self.content, bytes):
            body = {"content": self.content}
        response = await suite.http.request(self.method, self.path, headers=self.headers, **body)
        headers = [(name, value) for name, value in response.headers.items() if name != "date"]
        text = response.text
        if response.status_code == httpx.codes.ACCEPTED and "jobId" in text:
            answer = response.json()
            text = str({**answer, "jobId": "", "publicationId": ""})
            headers = [(name, value) for name, value in headers if name != "content-length"]
        return response.status_code, text.replace(self.id, "ID") if self.id else text, headers


Pair = tuple[str, Ask, Ask]


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def _cookie(token: str, csrf: str | None = None) -> dict[str, str]:
    return {"Cookie": f"{COOKIE}={token}", **({"X-CSRF-Token": csrf} if csrf else {})}


def _ask(operation: Operation, brand: str, thing: str, headers: dict[str, str]) -> Ask:
    form = EXTERNAL if "/external/" in operation.path else thing
    known = {"brand": brand, "provider": "google", "formId": form, "network": "twitter", "queue": "mails"}
    path = re.sub(r"{(\w+)}", lambda name: known.get(name[1], thing), operation.path)
    if operation.name == "list_changes":
        path += "?since=2030-01-01T00:00:00Z"
    content = BODIES[operation.name](thing) if operation.body else None
    return Ask(operation.methods[0], path, headers, content)


def of_ambassadors(operation: Operation, t: Tenants) -> Iterator[Pair]:
    """Whose session it is, at which brand, and whose things are asked for."""
    own, theirs, me = t.mine.thing(operation.path), t.foreign.thing(operation.path), _bearer(t.mine.me.token)
    forged = _ask(operation, "acme", own, _bearer(NOT_A_TOKEN))
    for what, headers in {
        "no session": {},
        "another brand's session": _bearer(t.foreign.me.token),
        "another brand's cookie": _cookie(t.foreign.me.token, t.foreign.me.csrf_token),
        "a CSRF token for a session": _bearer(t.mine.me.csrf_token),
        "an invitation for a session": _bearer(t.mine.invitation),
        "a staff session": t.mine.staff,
        "a cookie that is none": {"Cookie": "a=b; =;; \x7f"},
    }.items():
        yield what, _ask(operation, "acme", own, headers), forged
    yield "at another brand", _ask(operation, "globex", theirs, me), _ask(operation, NOWHERE, theirs, me)
    if operation.methods != ("GET",):
        without = _ask(operation, "acme", own, _cookie(t.mine.me.token))
        for what, csrf in {
            "another brand's CSRF token": t.foreign.me.csrf_token,
            "a neighbour's CSRF token": t.neighbour.me.csrf_token,
            "a session for a CSRF token": t.mine.me.token,
            "a forged CSRF token": NOT_A_TOKEN,
        }.items():
            yield what, _ask(operation, "acme", own, _cookie(t.mine.me.token, csrf)), without
    if "{id}" in operation.path or "{jobId}" in operation.path or operation.name in IDS_IN_BODY:
        nothing = new_id()
        unknown = _with_id(_ask(operation, "acme", nothing, me), nothing)
        others = (
            {"another brand's": t.foreign}
            if operation.name in OF_THE_COMMUNITY
            else {"another brand's": t.foreign, "a neighbour's": t.neighbour}
        )
        for what, tenant in others.items():
            id = tenant.thing(operation.path)
            yield f"{what} id", _with_id(_ask(operation, "acme", id, me), id), unknown
        for id in ("x", "a" * 300, "%00", "%2F", "a%3Fb", "é"):
            if operation.name not in IDS_IN_BODY:
                yield f"{id} for an id", _ask(operation, "acme", id, me), unknown


def of_staff(operation: Operation, t: Tenants, others: dict[str, dict[str, str]]) -> Iterator[Pair]:
    """Who manages the brand, in which role, and whose things are asked for."""
    own, theirs = t.mine.thing(operation.path), t.foreign.thing(operation.path)
    forged = _ask(operation, "acme", own, _bearer(NOT_A_TOKEN))
    yield "no session", _ask(operation, "acme", own, {}), forged
    yield "an ambassador's session", _ask(operation, "acme", own, _bearer(t.mine.me.token)), forged
    unknown_brand = _ask(operation, NOWHERE, own, t.mine.staff)
    yield "at another brand", _ask(operation, "globex", theirs, t.mine.staff), unknown_brand
    for role, headers in others.items():
        yield role, _ask(operation, "acme", own, headers), unknown_brand
        yield f"{role}, unknown brand", _ask(operation, NOWHERE, own, headers), unknown_brand
    if "{id}" in operation.path and operation.name not in MADE_BY_NAME:
        unknown = _ask(operation, "acme", new_id(), t.mine.staff)
        yield "another brand's id", _ask(operation, "acme", theirs, t.mine.staff), unknown
        yield "no id", _ask(operation, "acme", "a" * 300, t.mine.staff), unknown
    if "{formId}" in operation.path and operation.name != "put_form":  # a name that another brand uses is free
        unknown = _ask(operation, "acme", "nothing", t.mine.staff)
        for id in (theirs, "a" * 300, "%00", "A"):
            yield "another brand's form", _ask(operation, "acme", id, t.mine.staff), unknown


def of_staff_session(operation: Operation, t: Tenants) -> Iterator[Pair]:
    """A session that is at no brand."""
    forged = _ask(operation, "", "", _bearer(NOT_A_TOKEN))
    for what, headers in {
        "no session": {},
        "an ambassador's session": _bearer(t.mine.me.token),
        "an ambassador's cookie": _cookie(t.mine.me.token, t.mine.me.csrf_token),
        "an ambassador's session for a cookie": {"Cookie": f"Popsell_manager={t.mine.me.token}"},
    }.items():
        yield what, _ask(operation, "", "", headers), forged
    if operation.methods != ("GET",):
        cookie = {"Cookie": t.mine.staff["Authorization"].replace("Bearer ", "Popsell_manager=")}
        without = _ask(operation, "", "", cookie)
        for what, csrf in {"an ambassador's CSRF token": t.mine.me.csrf_token, "a session": t.mine.me.token}.items():
            yield what, _ask(operation, "", "", {**cookie, "X-CSRF-Token": csrf}), without


def of_callback(operation: Operation, t: Tenants, suite: Suite) -> Iterator[Pair]:
    """Log-ins that are under way in another browser, at another door, or not at all."""

    def ask(state: str, key: str | None) -> Ask:
        cookie = {"Cookie": f"Popsell_log_in={key}"} if key else {}
        return Ask("GET", f"{operation.path}?code=c&state={state}", cookie)

    nothing = ask(new_id(), None)
    yield "no browser's", ask(t.mine.flow, None), nothing
    yield "another's", ask(t.foreign.flow, t.mine.flow_key), nothing
    yield "an unknown one", ask(new_id(), t.mine.flow_key), nothing
    yield "a session for a key", ask(t.mine.flow, t.mine.me.token), nothing
    if operation.name == "finish_manager_log_in":
        yield "an ambassador's", ask(t.mine.flow, t.mine.flow_key), nothing


def of_machines(operation: Operation, t: Tenants) -> Iterator[Pair]:
    """Whose key it is, and whose things the rows name."""
    named = "{code}" in operation.path  # else the rows name an ambassador
    good, thing = {"X-Api-Key": t.mine.key}, t.mine.thing(operation.path) if named else t.mine.me.account.id
    forged = _ask(operation, "acme", thing, {"X-Api-Key": f"{t.mine.key[:-4]}aaaa"})
    for what, headers in {
        "no key": {},
        "another brand's key": {"X-Api-Key": t.foreign.key},
        "another brand's key under this one's name": {"X-Api-Key": t.foreign.key.replace("globex", "acme")},
        "the id of a key": {"X-Api-Key": t.mine.key_id},
        "an ambassador's session": _bearer(t.mine.me.token),
        "a staff session": t.mine.staff,
    }.items():
        yield what, _ask(operation, "acme", thing, headers), forged
    yield "at another brand", _ask(operation, "globex", thing, good), _ask(operation, NOWHERE, thing, good)
    nothing = new_code() if named else new_id()
    theirs = t.foreign.thing(operation.path) if named else t.foreign.me.account.id
    unknown = _with_id(_ask(operation, "acme", nothing, good), nothing)
    yield "what is another brand's", _with_id(_ask(operation, "acme", theirs, good), theirs), unknown


def of_voucher_page(operation: Operation, t: Tenants, suite: Suite) -> Iterator[Pair]:
    """Whose contact somebody would like to be."""

    def ask(brand: str, ambassador: str) -> Ask:
        body = {"email": "new@example.org", "ambassador": ambassador, "consents": {"ambassador": True}}
        return Ask("POST", operation.path.format(brand=brand), {}, body)

    nobody = ask("acme", new_id())
    yield "another brand's ambassador", ask("acme", t.foreign.me.account.id), nobody
    yield "at another brand", ask("globex", t.mine.me.account.id), nobody
    yield "at an unknown brand", ask(NOWHERE, t.mine.me.account.id), nobody


def of_social_network(operation: Operation, t: Tenants, suite: Suite) -> Iterator[Pair]:
    """What is not signed by the network, and whose account it is about."""
    body = json.dumps({"for_user_id": "77", "favorite_events": [{"user": {"id_str": "1", "screen_name": "grace"}}]})

    def ask(brand: str, signed: str | None, network: str = "twitter", text: str = body) -> Ask:
        path = operation.path.format(brand=brand, network=network)
        headers = {"x-twitter-webhooks-signature": signed} if signed else {}
        return Ask(operation.methods[0], path, headers, text.encode())

    good = signature("new secret", body.encode())
    nobody = ask(NOWHERE, good)
    yield "at an unknown network", ask("acme", good, "facebook"), nobody
    if operation.methods == ("POST",):
        unsigned = ask("acme", None)
        for what, signed in {
            "another's secret": signature("another secret", body.encode()),
            "another body's signature": signature("new secret", b"{}"),
            "no signature": "sha256=",
        }.items():
            yield what, ask("acme", signed), unsigned
        unknown = body.replace("77", "78")
        yield (
            "another brand's account",
            ask("acme", good),
            ask("acme", signature("new secret", unknown.encode()), text=unknown),
        )


def of_acceptance(operation: Operation, t: Tenants, suite: Suite) -> Iterator[Pair]:
    """Forms of another browser's, or of a log-in that is not that far."""

    def ask(key: str | None) -> Ask:
        return Ask("POST", operation.path, {"Cookie": f"Popsell_log_in={key}"} if key else {})

    for key in (t.mine.flow_key, t.foreign.flow_key, t.mine.me.token):
        yield "another's", ask(key), ask(None)


def of_providers(operation: Operation, t: Tenants, suite: Suite) -> Iterator[Pair]:
    """A brand without a directory, and an unknown one."""

    def ask(brand: str, provider: str, headers: dict[str, str]) -> Ask:
        return Ask("GET", operation.path.format(brand=brand, provider=provider), headers)

    nothing = ask(NOWHERE, "sso", {})
    for brand in ("acme", "globex"):
        for provider in ("sso", "facebook", "other", "%2F"):
            yield "a provider that it does not have", ask(brand, provider, _bearer(t.mine.me.token)), nothing


def of_brand_page(operation: Operation, t: Tenants, suite: Suite) -> Iterator[Pair]:
    """A brand's page says the same to everybody."""
    for headers in (_bearer(t.mine.me.token), _cookie(t.foreign.me.token), t.mine.staff):
        for brand in ("acme", NOWHERE):
            path = operation.path.format(brand=brand)
            yield "somebody's session", Ask("GET", path, headers), Ask("GET", path, {})


def of_pages(*meant: Purpose) -> Callable[[Operation, Tenants, Suite], Iterator[Pair]]:
    """Tokens that open nothing, though some of them are genuine."""

    def pairs(operation: Operation, t: Tenants, suite: Suite) -> Iterator[Pair]:
        nothing = _ask(operation, "", NOT_A_TOKEN, {})
        expires = suite.world.clock.now().replace(year=2031)
        mine, theirs = t.mine, t.foreign

        def signed(purpose: Purpose, **claims: str) -> str:
            whole = {"b": "acme", "a": mine.me.account.id, "c": mine.contact, "m": "a" * 8, "s": "a" * 8, "r": "a" * 8}
            return suite.world.ports.tokens.issue(purpose, {**whole, **claims}, expires)

        purposes = {"i": mine.opt_out, **dict.fromkeys("ucpnrl", mine.invitation)}
        tokens = {
            "another purpose": purposes[operation.path[1]],
            "a session": mine.me.token,
            "a cut token": mine.invitation[:-1],
            "a very long token": "t." + "a" * 6000,
        }
        for purpose in meant:
            tokens |= {
                f"{purpose}: another brand's contact": signed(purpose, a=theirs.me.account.id, c=theirs.contact),
                f"{purpose}: a neighbour's contact": signed(purpose, c=t.neighbour.contact),
                f"{purpose}: a contact in another brand": signed(purpose, b="globex", c=mine.contact),
                f"{purpose}: an unknown brand": signed(purpose, b=NOWHERE),
                f"{purpose}: an unknown ambassador": signed(purpose, a=new_id()),
            }
        for what, token in tokens.items():
            yield what, _ask(operation, "", token, {}), nothing

    return pairs


def of_sign_up(operation: Operation, t: Tenants, suite: Suite) -> Iterator[Pair]:
    """Whoever has the address: the answer is that to a new one (AMB-6)."""

    def ask(email: str) -> Ask:
        return Ask("POST", operation.path.format(brand="acme"), {}, {**FORM, "email": email})

    for email in (t.mine.me.account.email, t.foreign.me.account.email, "newcomer.of.ada@example.org"):
        yield "a known address", ask(email), ask("nobody.yet@example.org")


def of_blog(operation: Operation, t: Tenants, suite: Suite) -> Iterator[Pair]:
    """Whose page it is, by the name of the page and by nothing else."""

    def ask(brand: str, alias: str) -> Ask:
        return Ask("POST", operation.path.format(brand=brand, alias=alias), {}, {"email": "new@example.org"})

    nothing = ask("acme", "nobody")
    for alias in (t.foreign.me.account.id, t.mine.me.account.id, t.foreign.page, "%00", "a" * 300):
        yield "no page of the brand", ask("acme", alias), nothing
    yield "at another brand", ask("globex", t.mine.page), nothing
    yield "at an unknown brand", ask(NOWHERE, t.mine.page), nothing


def of_form(operation: Operation, t: Tenants, suite: Suite) -> Iterator[Pair]:
    """Whose form it is, and into whose book."""

    def ask(brand: str, form: str, **more: str) -> Ask:
        path = operation.path.format(brand=brand, formId=form)
        return Ask("POST", path, {}, {"email": "new@example.org", **more})

    me, them = t.mine.me.account.id, t.foreign.me.account.id
    nothing = ask("acme", "nothing", ambassador=me)
    for form in (t.foreign.form, EXTERNAL, "%00", "a" * 300):
        yield "no form for everybody", ask("acme", form, ambassador=me), nothing
    yield "at another brand", ask("globex", t.mine.form, ambassador=me), nothing
    yield "at an unknown brand", ask(NOWHERE, t.mine.form, ambassador=me), nothing
    for ambassador in (them, t.foreign.page, new_id(), "nobody"):
        yield "another brand's ambassador", ask("acme", t.mine.form, ambassador=ambassador), nothing
    yield "another brand's publication", ask("acme", t.mine.form, publicationId=t.foreign.publication), nothing


def of_confirmation(operation: Operation, t: Tenants, suite: Suite) -> Iterator[Pair]:
    def ask(brand: str, token: str) -> Ask:
        return Ask("POST", operation.path.format(brand=brand), {}, {"token": token})

    nothing = ask("acme", NOT_A_TOKEN)
    yield "another brand's sign-up", ask("acme", t.foreign.sign_up), nothing
    yield "at another brand", ask("globex", t.mine.sign_up), nothing
    yield "at an unknown brand", ask(NOWHERE, t.mine.sign_up), nothing
    yield "another purpose", ask("acme", t.mine.invitation), nothing


def of_forgotten_password(operation: Operation, t: Tenants, suite: Suite) -> Iterator[Pair]:
    """Whoever has the address: the answer is that to nobody's (AMB-7)."""

    def ask(email: str) -> Ask:
        return Ask("POST", operation.path.format(brand="acme"), {}, {"email": email})

    for account in (t.mine.me.account, t.foreign.me.account):
        yield "a known address", ask(account.email), ask("nobody.yet@example.org")


def of_new_password(operation: Operation, t: Tenants, suite: Suite) -> Iterator[Pair]:
    def ask(brand: str, token: str) -> Ask:
        return Ask("POST", operation.path.format(brand=brand), {}, {"token": token, "password": PASSWORD})

    nothing = ask("acme", NOT_A_TOKEN)
    yield "another purpose", ask("acme", t.mine.sign_up), nothing
    yield "at another brand", ask("globex", t.mine.sign_up), nothing
    yield "at an unknown brand", ask(NOWHERE, t.mine.sign_up), nothing


def of_session(operation: Operation, t: Tenants, suite: Suite) -> Iterator[Pair]:
    def ask(brand: str, email: str, password: str = PASSWORD) -> Ask:
        return Ask("POST", operation.path.format(brand=brand), {}, {"email": email, "password": password})

    nobody = ask("acme", "nobody@example.org")
    yield "another brand's ambassador", ask("acme", t.foreign.me.account.email), nobody
    yield "at an unknown brand", ask(NOWHERE, t.mine.me.account.email), nobody
    yield "a wrong password", ask("acme", t.mine.me.account.email, "another password"), nobody
    yield "an account that is not confirmed", ask("acme", "newcomer.of.ada@example.org"), nobody
    yield "no address at all", ask("acme", "nobody"), nobody


def of_webhook(operation: Operation, t: Tenants, suite: Suite) -> Iterator[Pair]:
    def ask(custom_id: str, *, email: str = "friend.of.gil@example.org", headers: dict[str, str] | None = None) -> Ask:
        at = int(suite.world.clock.now().timestamp())
        event = {"event": "spam", "time": at, "email": email, "CustomID": custom_id, "MessageID": 1}
        good = _basic("provider", "new secret") if headers is None else headers
        return Ask("POST", operation.path, good, [event])

    parts = CustomId(*t.foreign.custom_id.split("."))
    unknown = ask(str(CustomId("acme", new_id(), new_id(), "a" * 8)))
    yield "another brand's ids", ask(str(CustomId("acme", parts.ambassador, parts.contact, parts.mail))), unknown
    yield "another's contact", ask(str(CustomId("acme", t.mine.me.account.id, parts.contact, parts.mail))), unknown
    yield "another address", ask(t.mine.custom_id), unknown
    yield "an unknown mail", ask(t.mine.custom_id[:-8] + "a" * 8, email="friend.of.ada@example.org"), unknown
    yield "no custom id of ours", ask("other"), ask(str(CustomId(NOWHERE, new_id(), new_id(), "a" * 8)))
    refused = ask(t.mine.custom_id, headers={})
    for headers in (
        _basic("provider", "wrong"),
        _basic("", ""),
        _bearer(t.mine.me.token),
        {"Authorization": "Basic %"},
    ):
        yield "no credentials", ask(t.mine.custom_id, headers=headers), refused


def of_redirects(operation: Operation, t: Tenants, suite: Suite) -> Iterator[Pair]:
    """A publication leads to its content whoever asks; what is none, or another brand's under this one's name, to nothing."""
    _, ambassador, id = t.foreign.publication.split(".")
    unknown = _ask(operation, "", f"{NOWHERE}.{new_id()}.{new_id()}", {})
    for what, asked in {
        "another brand's under this one's name": f"acme.{ambassador}.{id}",
        "a neighbour's under one's own": f"acme.{t.mine.me.account.id}.{t.neighbour.publication.rpartition('.')[2]}",
        "a contact's id": t.mine.contact,
        "no content of that place": f"{t.mine.publication}?l=7",
        "no place at all": f"{t.mine.publication}?l=x",
        "rubbish": "%00",
    }.items():
        yield what, _ask(operation, "", asked, {}), unknown


def of_shared_photos(operation: Operation, t: Tenants, suite: Suite) -> Iterator[Pair]:
    """A photo is shown by the publication that names it, and by no other."""

    def ask(publication: str, photo: str) -> Ask:
        return Ask("GET", f"/r/{publication}/photos/{photo}", {})

    unknown = ask(f"acme.{new_id()}.{new_id()}", new_id())
    yield "a photo that no publication names", ask(t.mine.publication, t.mine.photo), unknown
    yield "another brand's photo", ask(t.mine.publication, t.foreign.photo), unknown
    yield "a neighbour's photo", ask(t.mine.publication, t.neighbour.photo), unknown
    yield "rubbish", ask("%00", "%00"), unknown


def of_documents(operation: Operation, t: Tenants, suite: Suite) -> Iterator[Pair]:
    """What is public says the same to everybody."""
    nobody = _ask(operation, "acme", "", {})
    for headers in (_bearer(t.mine.me.token), _cookie(t.foreign.me.token), t.mine.staff):
        yield "somebody's session", _ask(operation, "acme", "", headers), nobody


def _basic(user: str, password: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


def _with_id(ask: Ask, id: str) -> Ask:
    return Ask(ask.method, ask.path, ask.headers, ask.content, id)


PUBLIC: dict[str, Callable[[Operation, Tenants, Suite], Iterator[Pair]]] = {
    "sign_up_ambassador": of_sign_up,
    "ask_for_voucher": of_voucher_page,
    "answer_social_network": of_social_network,
    "receive_social_events": of_social_network,
    "confirm_ambassador": of_confirmation,
    "open_session": of_session,
    "forget_password": of_forgotten_password,
    "reset_password": of_new_password,
    "show_new_password": of_pages(Purpose.RESET_PASSWORD),
    "save_new_password": of_pages(Purpose.RESET_PASSWORD),
    "receive_mail_events": of_webhook,
    "follow_publication": of_redirects,
    "show_shared_photo": of_shared_photos,
    "begin_log_in": of_providers,
    "finish_log_in": of_callback,
    "accept_terms": of_acceptance,
    "show_signed_in": of_brand_page,
    "show_linked": of_brand_page,
    "begin_manager_log_in": of_documents,
    "finish_manager_log_in": of_callback,
    "show_manager_welcome": of_documents,
    "serve_site_tag": of_documents,
    "list_cookies": of_documents,
    "show_health": of_documents,
    "show_readiness": of_documents,
    "read_contract": of_documents,
    "show_contract": of_documents,
    "show_invitation": of_pages(Purpose.INVITATION),
    "answer_invitation": of_pages(Purpose.INVITATION),
    "show_opt_out": of_pages(Purpose.OPT_OUT),
    "opt_out": of_pages(Purpose.OPT_OUT),
    "fill_in_blog": of_blog,
    "fill_in_form": of_form,
    "show_confirmation": of_pages(Purpose.CONFIRM_SIGN_UP, Purpose.CONFIRM_CONTACT),
    "confirm_address": of_pages(Purpose.CONFIRM_SIGN_UP, Purpose.CONFIRM_CONTACT),
    "show_rights": of_pages(Purpose.RIGHTS),
    "use_rights": of_pages(Purpose.RIGHTS),
    "show_leaving": of_pages(Purpose.LEAVE),
    "leave_by_link": of_pages(Purpose.LEAVE),
    "show_notices": of_pages(Purpose.STOP_NOTICES),
    "stop_notices": of_pages(Purpose.STOP_NOTICES),
}
LEFT_BEHIND: dict[str, tuple[Container, ...]] = {  # the caller's own, whoever else was asked for
    "sign_up_ambassador": (containers.AMBASSADORS, containers.CLAIMS),
    "forget_password": (containers.AMBASSADORS,),
    "receive_mail_events": (containers.QUARANTINE,),
    "sync_ambassadors": (containers.API_KEYS,),
    "sync_contacts": (containers.API_KEYS,),
    "list_changes": (containers.API_KEYS,),
    "redeem_voucher": (containers.API_KEYS,),
    "receive_orders": (containers.API_KEYS,),
    "fill_in_external_form": (containers.API_KEYS,),
    "invite_contacts": (containers.JOBS,),
    "publish": (containers.JOBS, containers.ACTIVITY, containers.FEED),
}
EVERYBODYS = {  # the staff routes that are every role's: each sees what `visibility` lets through
    "list_managed_contacts", "export_managed_contacts", "read_managed_contact", "list_managed_ambassadors",
    "read_managed_ambassador", "read_managed_photo", "read_policy", "list_contests", "read_contest",
    "list_contest_photos", "show_contest_photo", "count_suppressions", "list_flags", "close_flag",
    "list_managed_comments",
}  # fmt: skip
MADE_BY_NAME = ("define_contest",)  # what is unknown is made
OF_THE_COMMUNITY = ("list_comments", "comment_publication", "like_publication", "unlike_publication")
COMMUNITYS = {
    "send_newsletter",
    "read_newsletter",
    "define_contest",
    "give_award",
    "remove_managed_comment",
}  # those that are the community manager's too
REFUSED = (401, 403, 404)
ANSWERED = {
    "show_manager_welcome": 200,
    "serve_site_tag": 200,
    "list_cookies": 200,
    "show_signed_in": 200,
    "show_linked": 200,
    "show_health": 200,
    "show_readiness": 200,
    "read_contract": 200,
    "show_contract": 200,
    "sign_up_ambassador": 202,
    "forget_password": 202,
    "receive_mail_events": 200,
    "sync_ambassadors": 200,
    "sync_contacts": 200,
    "list_changes": 200,
    "receive_orders": 200,
    "receive_social_events": 200,
    "invite_contacts": 202,
    "publish": 202,
}


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
async def test_what_is_not_ones_own_looks_like_what_there_is_not(suite: Suite, operation: Operation) -> None:
    tenants = await settle(suite)
    if operation.auth == "ambassador":
        pairs = of_ambassadors(operation, tenants)
    elif operation.auth == "api_key":
        pairs = of_machines(operation, tenants)
    elif operation.auth == "staff" and "{brand}" not in operation.path:
        pairs = of_staff_session(operation, tenants)
    elif operation.auth == "staff":
        barred = set() if operation.name in EVERYBODYS else {Role.BRAND_SUPPORT, Role.BRAND_COMMUNITY}
        if operation.name in COMMUNITYS:
            barred -= {Role.BRAND_COMMUNITY}
        roles = {role.value: await suite.staff(role, "acme") for role in barred}
        others = {role.value: await suite.staff(role, "globex") for role in (Role.ACCOUNT_TEAM, Role.BRAND_ADMIN)}
        pairs = of_staff(operation, tenants, {**roles, **{f"another brand's {r}": h for r, h in others.items()}})
    else:
        assert operation.name in PUBLIC, "a new public operation: say here what a stranger may send it"
        pairs = PUBLIC[operation.name](operation, tenants, suite)
    own = (containers.LIMITS, *LEFT_BEHIND.get(operation.name, ()))
    before = await suite.dump(but=own)
    for what, strange, unknown in pairs:
        answer = await strange.send(suite)
        assert answer[0] in REFUSED or answer[0] == ANSWERED.get(operation.name), f"{what}: {answer}"
        assert answer == await unknown.send(suite), what
        await suite.world.drain()
        assert await suite.dump(but=own) == before, f"{what} changed something"


async def test_no_operation_is_left_out_of_the_contract() -> None:
    served = {name for name, function in functions().items() if isinstance(function.trigger, HttpTrigger)}
    assert served == {operation.name for operation in OPERATIONS}
