"""The Mailjet adapter against every answer that Mailjet, a gateway or the network may give."""

import base64
import json
import logging
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.adapters.mailjet import MailjetMailer
from shared.adapters.mailjet_answers import read_send_answer
from shared.ports import Fate, OutgoingMail, SendResult
from tests.support.scripted_http import Answer, ScriptedServer, scripted_server


def mail(custom_id: str = "mail-1", to: str = "contact@example.org") -> OutgoingMail:
    return OutgoingMail(
        custom_id=custom_id,
        sender_email="hello@acme.test",
        sender_name="Acme",
        to_email=to,
        to_name="Chloé",
        subject="An invitation",
        text="Hello",
        html="<p>Hello</p>",
    )


MAILS = [mail(f"mail-{number}", f"contact-{number}@example.org") for number in range(3)]


def success(sent: OutgoingMail) -> dict[str, Any]:
    to = {
        "Email": sent.to_email,
        "MessageUUID": "123",
        "MessageID": 456789123456789123,
        "MessageHref": "https://x.test",
    }
    return {"Status": "success", "CustomID": sent.custom_id, "To": [to], "Cc": [], "Bcc": []}


def error(code: str | None = "mj-0013", status: int | None = 400) -> dict[str, Any]:
    found = {
        "ErrorIdentifier": "88b5ca9f-5f1f-42e7-a45e-9ecbad0c285e",
        "ErrorCode": code,
        "StatusCode": status,
        "ErrorMessage": '"contact-1@example.org" is an invalid email address.',
        "ErrorRelatedTo": ["To[0].Email"],
    }
    return {"Status": "error", "Errors": [found]}


def answer(*messages: object, status: int = 200) -> Answer:
    return Answer.of({"Messages": list(messages)}, status)


def global_error(code: str, status: int) -> Answer:
    words = {
        "ErrorIdentifier": "06df1144",
        "ErrorCode": code,
        "StatusCode": status,
        "ErrorMessage": "hello@acme.test",
    }
    return Answer.of(words, status)


@pytest.fixture
async def server() -> AsyncIterator[ScriptedServer]:
    async with scripted_server() as scripted:
        yield scripted


@pytest.fixture
async def mailer(server: ScriptedServer) -> AsyncIterator[MailjetMailer]:
    adapter = MailjetMailer(server.url + "/", "a key", "a secret")
    yield adapter
    await adapter.aclose()


def fates(results: list[SendResult]) -> list[Fate]:
    return [result.fate for result in results]


@pytest.mark.rule("MAIL-4")
async def test_mails_go_in_one_call_one_message_a_person(server: ScriptedServer, mailer: MailjetMailer) -> None:
    server.script(answer(*map(success, MAILS)))
    assert await mailer.send(MAILS) == [SendResult(Fate.SENT)] * 3
    [request] = server.requests
    assert (request.method, request.target) == ("POST", "/v3.1/send")
    assert request.headers["authorization"] == "Basic " + base64.b64encode(b"a key:a secret").decode()
    messages = request.json()["Messages"]
    assert [message["To"] for message in messages] == [[{"Email": m.to_email, "Name": "Chloé"}] for m in MAILS]
    assert [message["CustomID"] for message in messages] == [m.custom_id for m in MAILS]


async def test_a_mail_goes_as_it_was_written(server: ScriptedServer, mailer: MailjetMailer) -> None:
    headers = {
        "List-Unsubscribe": "<https://acme.test/u>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }
    await mailer.send([replace(mail(), headers=headers, reply_to="chloe@example.org", to_name=None)])
    assert server.requests[0].json()["Messages"] == [
        {
            "From": {"Email": "hello@acme.test", "Name": "Acme"},
            "To": [{"Email": "contact@example.org"}],
            "ReplyTo": {"Email": "chloe@example.org"},
            "Subject": "An invitation",
            "TextPart": "Hello",
            "HTMLPart": "<p>Hello</p>",
            "CustomID": "mail-1",
            "TrackOpens": "account_default",
            "TrackClicks": "disabled",
            "Headers": headers,
        }
    ]


async def test_no_mail_is_no_call_and_more_than_a_call_holds_is_an_error(
    server: ScriptedServer, mailer: MailjetMailer
) -> None:
    assert await mailer.send([]) == []
    with pytest.raises(ValueError, match="too many"):
        await mailer.send([mail()] * 51)
    assert server.requests == []


async def test_what_no_provider_could_read_still_goes(server: ScriptedServer, mailer: MailjetMailer) -> None:
    server.script(answer(success(mail())))
    assert fates(await mailer.send([replace(mail(), subject="\ud800" + "x" * 300)])) == [Fate.SENT]
    assert len(server.requests[0].json()["Messages"][0]["Subject"]) == 255


@pytest.mark.rule("MAIL-4")
@pytest.mark.parametrize("status", [200, 400, 500])
async def test_a_mixed_answer_is_read_mail_by_mail_whatever_its_status(
    server: ScriptedServer, mailer: MailjetMailer, status: int
) -> None:
    server.script(answer(success(MAILS[0]), error(), success(MAILS[2]), status=status))
    assert await mailer.send(MAILS) == [
        SendResult(Fate.SENT),
        SendResult(Fate.REFUSED, "mj-0013"),
        SendResult(Fate.SENT),
    ]


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (error("mj-0013", 400), SendResult(Fate.REFUSED, "mj-0013")),
        (error("send-0003", 400), SendResult(Fate.REFUSED, "send-0003")),
        (error("send-0006", 400), SendResult(Fate.RETRY, "send-0006")),
        (error("send-0007", 403), SendResult(Fate.RETRY, "send-0007")),
        (error("send-0008", 400), SendResult(Fate.RETRY, "send-0008")),
        (error("mj-0001", 401), SendResult(Fate.RETRY, "mj-0001")),
        (error("mj-0099", 429), SendResult(Fate.RETRY, "mj-0099")),
        (error("mj-0099", 500), SendResult(Fate.RETRY, "mj-0099")),
        (error(None, 400), SendResult(Fate.REFUSED, "error_without_code")),
        (error("contact@example.org", 400), SendResult(Fate.REFUSED, "error_without_code")),
        (error(None, None), SendResult(Fate.RETRY, "error_without_code")),
        ({"Status": "error"}, SendResult(Fate.RETRY, "error_without_code")),
        ({"Status": "error", "Errors": None}, SendResult(Fate.RETRY, "error_without_code")),
        ({"Status": "queued"}, SendResult(Fate.UNKNOWN, "unreadable_answer")),
        ({}, SendResult(Fate.UNKNOWN, "unreadable_answer")),
        (None, SendResult(Fate.UNKNOWN, "unreadable_answer")),
        (success(mail("another")), SendResult(Fate.UNKNOWN, "answer_of_another_mail")),
        ({"Status": "success"}, SendResult(Fate.SENT)),
    ],
)
async def test_what_is_said_of_one_mail_is_its_fate(
    server: ScriptedServer, mailer: MailjetMailer, raw: object, expected: SendResult
) -> None:
    server.script(answer(raw, status=400))
    assert await mailer.send([mail()]) == [expected]


@pytest.mark.rule("MAIL-4")
@pytest.mark.parametrize("status", [200, 400])
async def test_a_mail_that_the_answer_leaves_out_is_of_unknown_fate(
    server: ScriptedServer, mailer: MailjetMailer, status: int
) -> None:
    server.script(answer(success(MAILS[0]), status=status))
    unknown = SendResult(Fate.UNKNOWN, "not_answered")
    assert await mailer.send(MAILS) == [SendResult(Fate.SENT), unknown, unknown]


async def test_more_answers_than_mails_tell_nothing(server: ScriptedServer, mailer: MailjetMailer) -> None:
    server.script(answer(success(mail()), error()))
    assert await mailer.send([mail()]) == [SendResult(Fate.UNKNOWN, "too_many_answers")]


@pytest.mark.parametrize(
    ("scripted", "reason"),
    [
        (global_error("mj-0002", 400), "mj-0002"),
        (global_error("mj-0015", 401), "mj-0015"),
        (global_error("hello@acme.test", 400), "error_without_code"),
        (Answer(401, b""), "http_401"),
        (Answer(403, b"<h1>Forbidden</h1>"), "http_403"),
        (Answer(413, b"{}"), "http_413"),
        (Answer(429, b""), "http_429"),
        (Answer.of({"ErrorMessage": "Too many requests", "StatusCode": 429}, 429), "http_429"),
        (Answer(500, b"oops"), "http_500"),
        (Answer(503, b""), "http_503"),
        (Answer(302, b""), "http_302"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_when_nothing_was_accepted_all_are_to_be_sent_again(
    server: ScriptedServer, mailer: MailjetMailer, scripted: Answer, reason: str
) -> None:
    server.script(scripted)
    assert await mailer.send(MAILS) == [SendResult(Fate.RETRY, reason)] * 3
    assert len(server.requests) == 1  # the queue backs off, not the adapter


@pytest.mark.rule("MAIL-4")
@pytest.mark.parametrize(
    ("code", "status", "fate"),
    [
        ("mj-0002", 400, Fate.REFUSED),
        ("mj-0015", 401, Fate.RETRY),
        ("mj-0015", 400, Fate.RETRY),
        ("send-0006", 400, Fate.RETRY),
        ("mj-0002", 429, Fate.RETRY),
        ("mj-0002", 500, Fate.RETRY),
    ],
)
async def test_a_call_of_one_mail_that_is_refused_as_a_whole_is_the_fault_of_that_mail(
    server: ScriptedServer, mailer: MailjetMailer, code: str, status: int, fate: Fate
) -> None:
    server.script(global_error(code, status))
    assert await mailer.send([mail()]) == [SendResult(fate, code)]


@pytest.mark.rule("MAIL-4")
@pytest.mark.parametrize(
    "scripted",
    [
        Answer(200, b""),
        Answer(200, b"not json"),
        Answer(200, b"{}"),
        Answer(200, b"[]"),
        Answer.of({"Messages": None}),
        Answer.of({"Messages": []}),
        Answer.of({"Messages": "none"}),
        Answer(200, b"[" * 100_000),
        Answer(400, b'{"Messages": [{"Status": "succ'),
        Answer(502, b"<h1>Bad gateway</h1>"),
        Answer(504, b""),
        Answer(200, b'{"Messages": []}', hang_up_after=0),
        Answer(200, b'{"Messages": []}', hang_up_after=20),
        Answer(200, b'{"Messages": []}', hang_up_after=70),
    ],
    ids=lambda scripted: f"{scripted.status} {scripted.body[:30]!r} {scripted.hang_up_after}",
)
async def test_when_the_answer_is_lost_the_fate_is_unknown(
    server: ScriptedServer, mailer: MailjetMailer, scripted: Answer
) -> None:
    server.script(scripted)
    assert fates(await mailer.send(MAILS)) == [Fate.UNKNOWN] * 3
    assert len(server.requests) == 1


@pytest.mark.rule("MAIL-4")
async def test_when_no_answer_comes_in_time_the_fate_is_unknown(server: ScriptedServer) -> None:
    server.script(Answer(silent=True))
    mailer = MailjetMailer(server.url, "a key", "a secret", timeout_seconds=0.2)
    assert await mailer.send(MAILS) == [SendResult(Fate.UNKNOWN, "timed_out")] * 3
    assert await mailer.was_accepted("mail-1") is None
    await mailer.aclose()


async def test_when_nobody_listens_nothing_was_sent() -> None:
    async with scripted_server() as gone:
        url = gone.url
    mailer = MailjetMailer(url, "a key", "a secret")
    assert await mailer.send(MAILS) == [SendResult(Fate.RETRY, "not_connected")] * 3
    assert await mailer.was_accepted("mail-1") is None
    await mailer.aclose()


async def test_an_address_that_is_none_is_no_fault_of_the_mails() -> None:
    mailer = MailjetMailer("mailjet", "a key", "a secret")
    assert fates(await mailer.send(MAILS)) == [Fate.RETRY] * 3
    await mailer.aclose()


async def test_after_a_fault_the_next_call_goes_through(server: ScriptedServer, mailer: MailjetMailer) -> None:
    server.script(Answer(hang_up_after=0), answer(success(mail())))
    assert fates(await mailer.send([mail()])) == [Fate.UNKNOWN]
    assert fates(await mailer.send([mail()])) == [Fate.SENT]
    await mailer.aclose()
    assert fates(await mailer.send([mail()])) == [Fate.SENT]


@pytest.mark.rule("MAIL-4")
@pytest.mark.parametrize(
    ("scripted", "accepted"),
    [
        (Answer.of({"Count": 1, "Data": [{"ID": 1, "CustomID": "mail-1"}], "Total": 1}), True),
        (Answer.of({"Count": 1, "Data": [{"ID": 1}], "Total": 1}), True),
        (Answer.of({"Count": 0, "Data": [], "Total": 0}), False),
        (Answer.of({"Count": 1, "Data": [{"ID": 1, "CustomID": "mail-2"}], "Total": 1}), False),
        (Answer.of({"Data": {"ID": 1}}), None),
        (Answer.of({"Count": 0}), None),
        (Answer.of([]), None),
        (Answer(200, b"not json"), None),
        (Answer(200, b"\xff\xfe"), None),
        (Answer(200, b"[" * 100_000), None),
        (Answer(401, b""), None),
        (Answer(404, b""), None),
        (Answer(429, b""), None),
        (Answer(500, b""), None),
        (Answer(hang_up_after=0), None),
    ],
    ids=lambda value: f"{value.status} {value.body[:40]!r}" if isinstance(value, Answer) else "",
)
async def test_a_mail_of_unknown_fate_is_looked_up(
    server: ScriptedServer, mailer: MailjetMailer, scripted: Answer, accepted: bool | None
) -> None:
    server.script(scripted)
    assert await mailer.was_accepted("mail-1") is accepted
    [request] = server.requests
    assert request.method == "GET"
    assert request.target.startswith("/v3/REST/message?CustomID=mail-1&")


@pytest.mark.rule("VIS-8")
async def test_nothing_personal_is_logged_or_given_as_a_reason(
    server: ScriptedServer, mailer: MailjetMailer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    said = []
    for scripted in (
        answer(error(), status=400),
        global_error("mj-0002", 400),
        Answer(500, b"contact@example.org"),
    ):
        server.script(scripted)
        said += [result.reason or "" for result in await mailer.send([mail()])]
    await mailer.was_accepted("mail-1")
    assert "@" not in "".join(said)
    assert "example.org" not in caplog.text
    assert "acme" not in caplog.text
    assert "a secret" not in caplog.text


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=10), inner),
    max_leaves=8,
)
fields = st.sampled_from(["Messages", "ErrorCode", "Status", "Errors", "StatusCode", "CustomID"])
messages = st.lists(st.dictionaries(fields, values | st.sampled_from(["success", "error"])) | values, max_size=5)


@settings(deadline=None)  # a busy machine is no failure
@given(st.integers(100, 599), st.binary() | values.map(json.dumps).map(str.encode))
def test_no_answer_breaks_the_reading(status: int, body: bytes) -> None:
    assert Fate.SENT not in fates(read_send_answer(status, body, MAILS))


@settings(deadline=None)  # a busy machine is no failure
@given(st.integers(100, 599), messages)
def test_every_mail_has_a_fate_whatever_is_answered(status: int, found: list[Any]) -> None:
    results = read_send_answer(status, json.dumps({"Messages": found}).encode(), MAILS)
    assert len(results) == len(MAILS)


FOUND = Answer.of({"Count": 1, "Data": [{"ID": 17, "Email": "ada+x@example.org"}], "Total": 1})


@pytest.mark.rule("RGT-6")
@pytest.mark.parametrize(
    ("scripted", "forgotten"),
    [
        ([FOUND, Answer(200)], True),
        ([FOUND, Answer(204, b"")], True),
        ([FOUND, Answer(404)], True),
        ([Answer(404)], True),
        ([FOUND, Answer(500)], False),
        ([FOUND, Answer(429)], False),
        ([FOUND, Answer(hang_up_after=0)], False),
        ([Answer(401)], False),
        ([Answer(500)], False),
        ([Answer.of({"Data": []})], False),
        ([Answer.of({"Data": [{"ID": "x"}]})], False),
        ([Answer(200, b"not json")], False),
        ([Answer(hang_up_after=0)], False),
    ],
)
async def test_an_address_is_forgotten_when_mailjet_says_so(
    server: ScriptedServer, mailer: MailjetMailer, scripted: list[Answer], forgotten: bool
) -> None:
    server.script(*scripted)
    assert await mailer.forget("ada+x@example.org") is forgotten
    assert [(r.method, r.target) for r in server.requests] == [
        ("GET", "/v3/REST/contact/ada%2Bx@example.org"),
        ("DELETE", "/v4/contacts/17"),
    ][: len(scripted)]


@pytest.mark.rule("VIS-8")
async def test_the_address_that_is_asked_for_stands_in_no_log(
    server: ScriptedServer, mailer: MailjetMailer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    server.script(FOUND, Answer(200))
    assert await mailer.forget("ada@example.org")
    assert [r.method for r in server.requests] == ["GET", "DELETE"]
    assert "/v4/contacts/17" in caplog.text  # httpx does log its requests
    assert "ada" not in caplog.text
