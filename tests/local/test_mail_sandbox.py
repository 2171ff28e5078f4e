"""The mail sandbox answers as Mailjet does, keeps the mails, and makes events and faults happen."""

import asyncio
import json
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from local.mail_sandbox.app import Credentials, Settings, create_app
from local.mail_sandbox.links import links_of

Json = dict[str, Any]
UNREACHABLE = "http://127.0.0.1:9/api/webhooks/mailjet"
API = ("key", "secret")
FAULT_SECONDS = 0.05
NOW = 1935817200  # 2031-05-06T07:00:00Z, where the receiver's clock stands
A_WHILE = 600  # seconds that a slow machine may take for a test


def running(state: Path, webhook_url: str = UNREACHABLE) -> AbstractAsyncContextManager[httpx.AsyncClient]:
    """The sandbox over `state`, and a client that holds the API credentials."""

    @asynccontextmanager
    async def run() -> AsyncIterator[httpx.AsyncClient]:
        app = create_app(
            Settings(state, webhook_url, Credentials(*API), Credentials("hook", "word"), stopping=lambda: False)
        )
        transport = httpx.ASGITransport(app)
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1", auth=API) as client,
        ):
            yield client

    return run()


@pytest.fixture
async def sandbox(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    async with running(tmp_path) as client:
        yield client


def message(to: str = "ada@example.org", **changes: Any) -> Json:
    mail: Json = {
        "From": {"Email": "hello@acme.test", "Name": "Acme"},
        "To": [{"Email": to}],
        "Subject": "Hello",
        "TextPart": "Hello",
    }
    return {field: value for field, value in (mail | changes).items() if value is not None}


async def send(client: httpx.AsyncClient, *messages: Json, **root: Any) -> httpx.Response:
    return await client.post("/v3.1/send", json={"Messages": list(messages)} | root)


async def inbox(client: httpx.AsyncClient, query: str = "") -> list[Json]:
    mails: list[Json] = (await client.get(f"/api/messages{query}")).json()
    return mails


async def test_a_mail_is_accepted_with_ids_above_the_precision_of_a_float(sandbox: httpx.AsyncClient) -> None:
    answer = await send(sandbox, message(CustomID="invitation-1"))
    [result] = answer.json()["Messages"]
    assert (answer.status_code, result["Status"], result["CustomID"]) == (200, "success", "invitation-1")
    [recipient] = result["To"]
    assert recipient["Email"] == "ada@example.org"
    assert isinstance(recipient["MessageID"], int)
    assert recipient["MessageID"] > 2**53
    assert recipient["MessageUUID"]
    assert recipient["MessageHref"].endswith(str(recipient["MessageID"]))


async def test_the_inbox_shows_what_was_sent(sandbox: httpx.AsyncClient) -> None:
    html = '<a href="https://acme.test/i/x?a=1&amp;b=2">See</a> <a href="mailto:x@acme.test">Write</a>'
    text = "See https://acme.test/i/x?a=1&b=2, or (https://acme.test/u/y)."
    headers = {
        "List-Unsubscribe": "<https://acme.test/u/y>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }
    await send(
        sandbox,
        message(HTMLPart=html, TextPart=text, Headers=headers, CustomID="c", EventPayload="brand=acme"),
    )
    [mail] = await inbox(sandbox)
    assert (mail["to"], mail["from"], mail["subject"]) == ("ada@example.org", "hello@acme.test", "Hello")
    assert (mail["html"], mail["text"], mail["headers"]) == (html, text, headers)
    assert (mail["customId"], mail["eventPayload"]) == ("c", "brand=acme")
    assert mail["links"] == ["https://acme.test/i/x?a=1&b=2", "https://acme.test/u/y"]
    assert (await sandbox.get(f"/api/messages/{mail['id']}")).json() == mail
    assert (await sandbox.get("/api/messages/1")).status_code == 404


def test_links_lose_the_punctuation_of_a_sentence_but_no_bracket_of_their_own() -> None:
    text = "https://a.test/x. (https://b.test/y), https://c.test/z_(1)!"
    assert links_of("", text) == ["https://a.test/x", "https://b.test/y", "https://c.test/z_(1)"]


@pytest.mark.parametrize(
    ("changes", "code", "related"),
    [
        ({"From": None}, "mj-0003", "From"),
        ({"From": {"Email": "no address"}}, "mj-0013", "From.Email"),
        ({"To": None}, "mj-0003", "To"),
        ({"To": []}, "mj-0007", "To"),
        ({"To": "ada@example.org"}, "mj-0004", "To"),
        ({"To": ["ada@example.org"]}, "mj-0004", "To[0]"),
        ({"To": [{"Email": ""}]}, "mj-0012", "To[0].Email"),
        ({"To": [{"Email": "ada"}]}, "mj-0013", "To[0].Email"),
        ({"To": [{"Email": "ada..b@example.org"}]}, "mj-0013", "To[0].Email"),
        ({"Subject": "x" * 256}, "mj-0006", "Subject"),
        ({"Subject": 7}, "mj-0004", "Subject"),
        ({"TextPart": None}, "send-0003", "HTMLPart"),
        ({"TrackClicks": "never"}, "mj-0005", "TrackClicks"),
        ({"DeduplicateCampaign": True}, "send-0012", "CustomCampaign"),
        ({"Headers": {"List-Id": "x"}}, "send-0011", 'Headers["List-Id"]'),
        ({"Headers": {"Message-ID": "x"}}, "send-0011", 'Headers["Message-ID"]'),
        ({"Headers": {"X-MJ-CustomID": "x"}}, "send-0011", 'Headers["X-MJ-CustomID"]'),
        ({"Headers": {"X-Note": "a\r\nBcc: x@example.org"}}, "mj-0005", 'Headers["X-Note"]'),
        ({"Heeders": {}}, "mj-0004", "Heeders"),
    ],
)
async def test_a_wrong_message_is_refused_by_name(
    sandbox: httpx.AsyncClient, changes: Json, code: str, related: str
) -> None:
    answer = await send(sandbox, message(**changes))
    [result] = answer.json()["Messages"]
    assert answer.status_code == 400
    assert result.keys() == {"Status", "Errors"}
    assert [error["ErrorCode"] for error in result["Errors"]] == [code]
    assert result["Errors"][0]["ErrorRelatedTo"][0] == related
    assert await inbox(sandbox) == []


async def test_a_mixed_call_is_400_and_its_good_mails_are_delivered(sandbox: httpx.AsyncClient) -> None:
    answer = await send(sandbox, message("a@example.org"), message("wrong"), message("b@example.org"))
    assert answer.status_code == 400
    assert [result["Status"] for result in answer.json()["Messages"]] == ["success", "error", "success"]
    assert [mail["to"] for mail in await inbox(sandbox)] == ["b@example.org", "a@example.org"]


async def test_a_call_with_more_than_fifty_recipients_sends_nothing(sandbox: httpx.AsyncClient) -> None:
    full = [message(f"p{number}@example.org") for number in range(50)]
    assert (await send(sandbox, *full)).status_code == 200
    over = await send(sandbox, *full, message("one.more@example.org"))
    assert (over.status_code, over.json()["ErrorCode"]) == (400, "send-0015")
    assert "Messages" not in over.json()
    assert len(await inbox(sandbox)) == 50


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"{", "mj-0002"),
        (b"[]", "mj-0002"),
        (b"{}", "mj-0003"),
        (b'{"Messages": []}', "mj-0007"),
        (b'{"Messages": ["x"]}', "mj-0002"),
        (b'{"Messages": [], "Mode": 1}', "mj-0002"),
        (b"x" * (15 * 1024 * 1024 + 1), "mj-0011"),
    ],
)
async def test_a_call_of_another_shape_is_a_global_error(sandbox: httpx.AsyncClient, body: bytes, code: str) -> None:
    answer = await sandbox.post("/v3.1/send", content=body)
    assert (answer.status_code, answer.json()["ErrorCode"]) == (400, code)


async def test_wrong_credentials_are_a_global_error(sandbox: httpx.AsyncClient) -> None:
    for path, method in (("/v3.1/send", "POST"), ("/v3/REST/message", "GET")):
        for auth in (("key", "wrong"), ("é", "secret")):
            answer = await sandbox.request(method, path, auth=auth)
            assert (answer.status_code, answer.json()["ErrorCode"]) == (401, "mj-0015")
        bare = await sandbox.request(method, path, headers={"Authorization": "Basic !"}, auth=None)
        assert bare.status_code == 401


async def test_globals_hold_for_every_message(sandbox: httpx.AsyncClient) -> None:
    shared = {"From": {"Email": "shared@acme.test"}, "Subject": "Shared"}
    own = message("b@example.org", Subject="Own", From=None)
    await send(sandbox, message("a@example.org", From=None, Subject=None), own, Globals=shared)
    mails = await inbox(sandbox)
    assert [(mail["from"], mail["subject"]) for mail in mails] == [
        ("shared@acme.test", "Own"),
        ("shared@acme.test", "Shared"),
    ]


async def test_sandbox_mode_validates_and_delivers_nothing(sandbox: httpx.AsyncClient) -> None:
    answer = await send(sandbox, message(), message("wrong"), SandboxMode=True)
    good, bad = answer.json()["Messages"]
    assert (good["To"][0]["MessageID"], good["To"][0]["MessageUUID"], bad["Status"]) == (0, "", "error")
    assert await inbox(sandbox) == []


async def test_every_recipient_gets_a_mail_of_his_own_and_one_named_twice_only_one(
    sandbox: httpx.AsyncClient,
) -> None:
    both: Json = {"Cc": [{"Email": "bob@example.org"}], "Bcc": [{"Email": "ADA@example.org"}]}
    [result] = (await send(sandbox, message(**both))).json()["Messages"]
    assert (len(result["To"]), len(result["Cc"]), len(result["Bcc"])) == (1, 1, 0)
    assert len({mail["id"] for mail in await inbox(sandbox)}) == 2


async def test_a_custom_id_never_dedupes_and_can_be_looked_up(sandbox: httpx.AsyncClient) -> None:
    sent = [await send(sandbox, message(CustomID="twice")) for _ in range(2)]
    found = (await sandbox.get("/v3/REST/message", params={"CustomID": "twice"})).json()
    assert (found["Count"], found["Total"]) == (2, 2)
    assert [entry["ID"] for entry in found["Data"]] == [
        answer.json()["Messages"][0]["To"][0]["MessageID"] for answer in sent
    ]
    assert {(entry["CustomID"], entry["Status"]) for entry in found["Data"]} == {("twice", "sent")}
    one = (await sandbox.get("/v3/REST/message", params={"CustomID": "twice", "Limit": 1})).json()
    assert one["Count"] == 1
    none = (await sandbox.get("/v3/REST/message", params={"CustomID": "never"})).json()
    assert none == {"Count": 0, "Data": [], "Total": 0}


async def test_the_inbox_is_filtered_by_recipient_in_any_case_by_time_and_by_number(
    sandbox: httpx.AsyncClient,
) -> None:
    for name in ("Ada", "bob", "cleo"):
        await send(sandbox, message(f"{name}@example.org"))
    cleo, bob, ada = await inbox(sandbox)
    assert await inbox(sandbox, "?to=aDA@EXAMPLE.ORG") == [ada]
    assert await inbox(sandbox, "?to=da@example.org") == []
    assert await inbox(sandbox, f"?since={bob['at']}") == [cleo, bob]
    assert await inbox(sandbox, f"?since={bob['at'][:-1]}+00:00&to=bob@example.org") == [bob]
    assert await inbox(sandbox, "?limit=1") == [cleo]
    assert await inbox(sandbox, "?limit=0") == [cleo, bob, ada]
    for wrong in ("since=yesterday", "since=2026-01-01T00:00:00", "limit=-1", "limit=many"):
        answer = await sandbox.get(f"/api/messages?{wrong}")
        assert answer.status_code == 422
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["errors"][0]["field"] == wrong.partition("=")[0]


async def test_a_thousand_mails_come_unless_all_are_asked_for(sandbox: httpx.AsyncClient) -> None:
    for batch in range(21):
        await send(sandbox, *[message(f"p{batch}.{number}@example.org") for number in range(50)])
    assert len(await inbox(sandbox)) == 1000
    mails = await inbox(sandbox, "?limit=0")
    assert len({mail["id"] for mail in mails}) == 1050
    assert (mails[0]["to"], mails[-1]["to"]) == ("p20.49@example.org", "p0.0@example.org")


async def test_mails_survive_a_restart_until_they_are_deleted(tmp_path: Path) -> None:
    async with running(tmp_path) as client:
        await send(client, message())
        before = await inbox(client)
    async with running(tmp_path) as client:
        assert await inbox(client) == before
        assert (await client.delete("/api/messages")).status_code == 204
        assert await inbox(client) == []


@pytest.mark.parametrize(("kind", "status"), [("429", 429), ("500", 500), ("global_400", 400)])
async def test_a_failing_call_delivers_nothing_and_the_next_one_does(
    sandbox: httpx.AsyncClient, kind: str, status: int
) -> None:
    asked = await sandbox.post("/api/faults", json={"next": 2, "kind": kind})
    assert asked.json() == {"waiting": [{"kind": kind, "left": 2, "seconds": 30.0}]}
    for _ in range(2):
        failed = await send(sandbox, message())
        assert failed.status_code == status
        assert "Messages" not in failed.json()
        assert "retry-after" not in failed.headers
    assert await inbox(sandbox) == []
    assert (await sandbox.get("/api/faults")).json() == {"waiting": []}
    assert (await send(sandbox, message())).status_code == 200


async def test_a_mixed_fault_refuses_every_second_message(sandbox: httpx.AsyncClient) -> None:
    await sandbox.post("/api/faults", json={"next": 1, "kind": "mixed_400"})
    answer = await send(sandbox, *[message(f"{name}@example.org") for name in "abcd"])
    assert answer.status_code == 400
    assert [r["Status"] for r in answer.json()["Messages"]] == ["success", "error", "success", "error"]
    assert [mail["to"] for mail in await inbox(sandbox)] == ["c@example.org", "a@example.org"]


@pytest.mark.parametrize(("kind", "delivered"), [("timeout_after_accept", 1), ("timeout_before_accept", 0)])
async def test_a_call_that_times_out_was_accepted_or_not(sandbox: httpx.AsyncClient, kind: str, delivered: int) -> None:
    await sandbox.post("/api/faults", json={"next": 1, "kind": kind, "seconds": FAULT_SECONDS})
    await send(sandbox, message(CustomID="unsure"))
    found = (await sandbox.get("/v3/REST/message", params={"CustomID": "unsure"})).json()
    assert found["Count"] == delivered


async def test_faults_follow_one_another_and_can_be_cleared(sandbox: httpx.AsyncClient) -> None:
    await sandbox.post("/api/faults", json={"next": 1, "kind": "429"})
    await sandbox.post("/api/faults", json={"next": 5, "kind": "500"})
    assert [(await send(sandbox, message())).status_code for _ in range(2)] == [429, 500]
    assert [(fault["kind"], fault["left"]) for fault in (await sandbox.get("/api/faults")).json()["waiting"]] == [
        ("500", 4)
    ]
    assert (await sandbox.delete("/api/faults")).status_code == 204
    assert (await send(sandbox, message())).status_code == 200


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"next": 1, "kind": "418"}, "kind"),
        ({"next": 1, "kind": 429}, "kind"),
        ({"next": 0, "kind": "429"}, "next"),
        ({"next": "1", "kind": "429"}, "next"),
        ({"next": 1, "kind": "429", "seconds": "long"}, "seconds"),
        ({"next": 1, "kind": "429", "second": 1}, "second"),
        ([], ""),
    ],
)
async def test_a_wrong_fault_is_refused_by_name(sandbox: httpx.AsyncClient, body: Any, field: str) -> None:
    answer = await sandbox.post("/api/faults", json=body)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field)


async def test_calls_are_counted(sandbox: httpx.AsyncClient) -> None:
    await send(sandbox, message())
    await send(sandbox, message("wrong"))
    await sandbox.get("/v3/REST/message?CustomID=x")
    assert (await sandbox.get("/api/stats")).json() == {"sendCalls": 2, "messages": 1, "lookups": 1}


class Receiver:
    """A real server on loopback in the suite's place: it has a clock and a webhook."""

    def __init__(self) -> None:
        self.posts: list[tuple[str, Any]] = []
        self.now = "2031-05-06T07:00:00Z"
        self.status = 200

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[str]:
        server = await asyncio.start_server(self._answer, "127.0.0.1", 0)
        async with server:
            yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/api/webhooks/mailjet"

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().strip().split("\r\n")
        headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
        status, body = self.status, b"{}"
        if request.startswith("GET /admin/clock "):
            status, body = 200, json.dumps({"now": self.now}).encode()
        else:
            content = await reader.readexactly(int(headers["content-length"]))
            self.posts.append((headers["authorization"], json.loads(content)))
        head = f"HTTP/1.1 {status} X\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        writer.write(head.encode() + body)
        await writer.drain()
        writer.close()
        await writer.wait_closed()


@pytest.fixture
async def receiver() -> Receiver:
    return Receiver()


@pytest.fixture
async def posting(tmp_path: Path, receiver: Receiver) -> AsyncIterator[httpx.AsyncClient]:
    async with receiver.serving() as url, running(tmp_path, url) as client:
        yield client


async def sent_mail(client: httpx.AsyncClient) -> Json:
    await send(client, message(CustomID="inv", EventPayload="acme", TextPart="https://acme.test/i/x"))
    [mail] = await inbox(client)
    return mail


@pytest.mark.parametrize(
    ("partial", "more"),
    [
        ({"event": "sent"}, {"smtp_reply": "sent (250 2.0.0 OK)"}),
        ({"event": "open"}, {"geo": "FR", "ip": "192.0.2.1"}),
        ({"event": "click"}, {"url": "https://acme.test/i/x"}),
        ({"event": "bounce", "hard_bounce": True}, {"blocked": True, "error": "user unknown"}),
        ({"event": "bounce"}, {"hard_bounce": False, "blocked": False, "error": "quota exceeded"}),
        ({"event": "blocked"}, {"error_related_to": "mailjet", "error": "preblocked"}),
        ({"event": "spam"}, {"source": "JMRPP"}),
        ({"event": "unsub"}, {"mj_list_id": 0}),
    ],
)
async def test_an_event_is_posted_whole_as_an_array_with_credentials_and_the_suites_time(
    posting: httpx.AsyncClient, receiver: Receiver, partial: Json, more: Json
) -> None:
    mail = await sent_mail(posting)
    answer = await posting.post(f"/api/messages/{mail['id']}/events", json=partial)
    assert (answer.status_code, answer.json()["webhookStatus"]) == (200, 200)
    [(authorization, [event])] = receiver.posts
    assert authorization == "Basic " + b64encode(b"hook:word").decode()
    common = {
        "email": "ada@example.org",
        "MessageID": int(mail["id"]),
        "Message_GUID": mail["messageUuid"],
        "CustomID": "inv",
        "Payload": "acme",
        "customcampaign": "",
        "mj_campaign_id": 0,
    }
    assert event == event | common | partial | more
    assert isinstance(event["mj_contact_id"], int)
    assert event["time"] - NOW in range(A_WHILE)


async def test_mails_and_events_follow_the_suites_clock_when_it_is_moved(
    posting: httpx.AsyncClient, receiver: Receiver
) -> None:
    mail = await sent_mail(posting)
    assert mail["at"].startswith("2031-05-06T07:")
    assert mail["at"].endswith("Z")
    receiver.now = "2031-06-06T07:00:00.000+00:00"
    answer = await posting.post(f"/api/messages/{mail['id']}/events", json={"event": "open"})
    assert answer.json()["event"]["time"] - NOW - 31 * 86400 in range(A_WHILE)


async def test_what_the_caller_says_of_an_event_wins_over_every_default(
    posting: httpx.AsyncClient, receiver: Receiver
) -> None:
    mail = await sent_mail(posting)
    odd = {
        "event": "bounce",
        "hard_bounce": "true",
        "time": "1",
        "email": "other@example.org",
        "Payload": None,
    }
    await posting.post(f"/api/messages/{mail['id']}/events", json=odd)
    [(_, [event])] = receiver.posts
    assert event == event | odd | {"error": "user unknown"}


async def test_an_event_can_be_posted_bare_and_more_than_once(posting: httpx.AsyncClient, receiver: Receiver) -> None:
    mail = await sent_mail(posting)
    where = f"/api/messages/{mail['id']}/events?shape=object"
    await posting.post(where, json={"event": "open", "repeat": 3})
    bodies = [body for _, body in receiver.posts]
    assert len(bodies) == 3
    assert bodies[0]["event"] == "open"
    assert bodies[0] == bodies[1] == bodies[2]
    assert "repeat" not in bodies[0]


async def test_the_webhooks_refusal_is_told(posting: httpx.AsyncClient, receiver: Receiver) -> None:
    mail = await sent_mail(posting)
    receiver.status = 401
    answer = await posting.post(f"/api/messages/{mail['id']}/events", json={"event": "open"})
    assert (answer.status_code, answer.json()["webhookStatus"]) == (200, 401)


async def test_a_webhook_that_is_not_there_is_told(sandbox: httpx.AsyncClient) -> None:
    mail = await sent_mail(sandbox)
    answer = await sandbox.post(f"/api/messages/{mail['id']}/events", json={"event": "open"})
    assert answer.status_code == 502


@pytest.mark.parametrize(
    ("partial", "word"),
    [
        ({"event": "click"}, "clicked"),
        ({"event": "bounce", "hard_bounce": True}, "hardbounced"),
        ({"event": "bounce"}, "softbounced"),
        ({"event": "spam"}, "spam"),
    ],
)
async def test_the_look_up_tells_what_became_of_a_mail(posting: httpx.AsyncClient, partial: Json, word: str) -> None:
    mail = await sent_mail(posting)
    await posting.post(f"/api/messages/{mail['id']}/events", json=partial)
    found = (await posting.get("/v3/REST/message?CustomID=inv")).json()
    assert found["Data"][0]["Status"] == word


@pytest.mark.parametrize(
    ("query", "body", "field"),
    [
        ("", {}, "event"),
        ("", {"event": "delivered"}, "event"),
        ("", {"event": ["open"]}, "event"),
        ("", {"event": "bounce", "hardBounce": True}, "hardBounce"),
        ("", {"event": "open", "repeat": 0}, "repeat"),
        ("?shape=list", {"event": "open"}, "shape"),
        ("", [{"event": "open"}], ""),
    ],
)
async def test_a_wrong_event_is_refused_by_name_and_not_posted(
    posting: httpx.AsyncClient, receiver: Receiver, query: str, body: Any, field: str
) -> None:
    mail = await sent_mail(posting)
    answer = await posting.post(f"/api/messages/{mail['id']}/events{query}", json=body)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field)
    assert receiver.posts == []


async def test_an_event_of_an_unknown_mail_is_404(posting: httpx.AsyncClient) -> None:
    answer = await posting.post("/api/messages/1/events", json={"event": "open"})
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


async def test_the_inbox_page_lists_searches_and_escapes(sandbox: httpx.AsyncClient) -> None:
    for number in range(52):
        await send(sandbox, message(f"p{number}@example.org", Subject="<b>bold</b>"))
    first, second = (await sandbox.get("/")).text, (await sandbox.get("/?page=2")).text
    assert "p51@example.org" in first
    assert "p1@example.org" not in first
    assert "p1@example.org" in second
    assert "<b>bold" not in first
    assert "&lt;b&gt;bold" in first
    found = (await sandbox.get("/?to=P7@")).text
    assert "p7@example.org" in found
    assert "p51@example.org" not in found


async def test_a_mail_is_shown_in_a_frame_that_runs_no_script(sandbox: httpx.AsyncClient) -> None:
    await send(sandbox, message(HTMLPart='<p>Hi</p></iframe>"><script>alert(1)</script>'))
    [mail] = await inbox(sandbox)
    page = await sandbox.get(f"/messages/{mail['id']}")
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in page.text
    assert "&lt;base target=&#34;_blank&#34;&gt;" in page.text
    assert "<script>alert" not in page.text
    assert "script-src 'self'" in page.headers["content-security-policy"]
    assert page.headers["referrer-policy"] == "no-referrer"
    assert page.text.count("data-event=") == 8
    for asset in ("/assets/inbox.css", "/assets/inbox.js"):
        assert asset in page.text
        assert (await sandbox.get(asset)).status_code == 200
    assert (await sandbox.get("/messages/1")).status_code == 404


async def test_a_page_under_another_host_name_reads_no_mail(sandbox: httpx.AsyncClient) -> None:
    answer = await sandbox.get("/api/messages", headers={"Host": "evil.example.com"})
    assert answer.status_code == 400


@pytest.mark.rule("RGT-6")
async def test_a_contact_is_found_by_its_address_and_deleted_and_its_mails_stay(sandbox: httpx.AsyncClient) -> None:
    assert (await sandbox.get("/v3/REST/contact/ada@example.org")).status_code == 404
    await send(sandbox, message("Ada@example.org"), message("bea@example.org"))
    found = await sandbox.get("/v3/REST/contact/ada@example.org")
    contact = found.json()["Data"][0]["ID"]
    assert (await sandbox.delete(f"/v4/contacts/{contact}", auth=("key", "wrong"))).status_code == 401
    assert (await sandbox.get("/v3/REST/contact/ada@example.org", auth=("key", "wrong"))).status_code == 401
    assert (await sandbox.delete(f"/v4/contacts/{contact}")).status_code == 200
    assert (await sandbox.delete(f"/v4/contacts/{contact}")).status_code == 404
    assert (await sandbox.get("/v3/REST/contact/ada@example.org")).status_code == 404
    assert (await sandbox.get("/v3/REST/contact/bea@example.org")).status_code == 200
    assert len((await sandbox.get("/api/messages?to=ada@example.org")).json()) == 1
