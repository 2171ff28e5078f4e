"""The provider's events in our words: every row of its vocabulary, and whatever else may come."""

import json
import string
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain.mail_events import (
    EventKind,
    NotEventsError,
    ProviderEvent,
    Unusable,
    parse_body,
    parse_event,
    severity,
)

NOW = datetime(2030, 6, 1, 12, tzinfo=UTC)
AT = int((NOW - timedelta(hours=1)).timestamp())
MONSTER = pytest.param(10**5000, id="a number too long to print")


def raw(event: str = "sent", **fields: Any) -> dict[str, Any]:
    """An event as the provider's documentation shows them."""
    return {
        "event": event,
        "time": AT,
        "email": "contact@example.org",
        "mj_campaign_id": 7173,
        "mj_contact_id": 320,
        "customcampaign": "",
        "MessageID": 19421777835146490,
        "Message_GUID": "1ab23cd4-e567-8901-2345-6789f0gh1i2j",
        "CustomID": "mail-1",
        "Payload": "",
    } | fields


def without(event: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in event.items() if name not in names}


def parsed(event: object) -> ProviderEvent:
    result = parse_event(event, NOW)
    assert isinstance(result, ProviderEvent), result
    return result


def reason(event: object) -> str:
    result = parse_event(event, NOW)
    assert isinstance(result, Unusable), result
    return result.reason


def test_an_event_says_which_mail_whom_and_when() -> None:
    assert parsed(raw("click", url="https://example.com/offer")) == ProviderEvent(
        kind=EventKind.CLICK,
        custom_id="mail-1",
        email="contact@example.org",
        at=datetime.fromtimestamp(AT, UTC),
        message_id="19421777835146490",
        url="https://example.com/offer",
        error=None,
    )


@pytest.mark.rule("CON-3")
@pytest.mark.parametrize(
    ("event", "kind"),
    [
        ("sent", EventKind.DELIVERED),
        ("open", EventKind.OPEN),
        ("click", EventKind.CLICK),
        ("spam", EventKind.SPAM),
        ("unsub", EventKind.UNSUBSCRIBE),
        ("bounce", EventKind.SOFT_BOUNCE),
        ("blocked", EventKind.BLOCKED),
        (" Bounce ", EventKind.SOFT_BOUNCE),
    ],
)
def test_an_event_without_an_error_means_what_its_name_says(event: str, kind: EventKind) -> None:
    assert parsed(raw(event)).kind is kind


@pytest.mark.rule("CON-3")
@pytest.mark.rule("SUP-1")
@pytest.mark.parametrize("event", ["bounce", "blocked"])
@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ("user unknown", EventKind.HARD_BOUNCE),
        ("invalid domain", EventKind.HARD_BOUNCE),
        ("typofix", EventKind.HARD_BOUNCE),
        ("preblocked", EventKind.HARD_BOUNCE),
        ("spam reporter", EventKind.SPAM),
        ("blacklisted", EventKind.SPAM),
        ("mailbox inactive", EventKind.SOFT_BOUNCE),
        ("quota exceeded", EventKind.SOFT_BOUNCE),
        ("no mail host", EventKind.SOFT_BOUNCE),
        ("relay/access denied", EventKind.SOFT_BOUNCE),
        ("greylisted", EventKind.NOT_THEIR_FAULT),
        ("bad or empty template", EventKind.NOT_THEIR_FAULT),
        ("error in template language", EventKind.NOT_THEIR_FAULT),
        ("sender blocked", EventKind.NOT_THEIR_FAULT),
        ("content blocked", EventKind.NOT_THEIR_FAULT),
        ("policy issue", EventKind.NOT_THEIR_FAULT),
        ("system issue", EventKind.NOT_THEIR_FAULT),
        ("protocol issue", EventKind.NOT_THEIR_FAULT),
        ("connection issue", EventKind.NOT_THEIR_FAULT),
        ("duplicate in campaign", EventKind.NOT_THEIR_FAULT),
    ],
)
def test_an_error_decides_what_a_failure_means(event: str, error: str, kind: EventKind) -> None:
    result = parsed(raw(event, error=error, hard_bounce=False))
    assert (result.kind, result.error) == (kind, error)


@pytest.mark.rule("CON-3")
@pytest.mark.parametrize("yes", [True, "true", "True", 1, "1"])
@pytest.mark.parametrize("error", ["mailbox inactive", "", "something new", None])
def test_a_hard_bounce_is_hard_whatever_its_error(yes: object, error: object) -> None:
    assert parsed(raw("bounce", hard_bounce=yes, error=error)).kind is EventKind.HARD_BOUNCE


@pytest.mark.rule("CON-3")
@pytest.mark.parametrize("no", [False, "false", "False", 0, "0", None, "", [], {"true": True}])
def test_soft_is_not_hard(no: object) -> None:
    assert parsed(raw("bounce", hard_bounce=no, error="quota exceeded")).kind is EventKind.SOFT_BOUNCE
    assert parsed(raw("bounce", hard_bounce=no, error="")).kind is EventKind.SOFT_BOUNCE


@pytest.mark.rule("CON-3")
def test_a_bounce_over_a_complaint_is_spam_even_when_it_is_hard() -> None:
    assert parsed(raw("bounce", hard_bounce=True, error="spam reporter")).kind is EventKind.SPAM


@pytest.mark.parametrize("event", ["bounce", "blocked"])
@pytest.mark.parametrize("blamed", ["content", "spam", "system"])
def test_a_new_error_is_not_the_contacts_fault_when_something_else_is_blamed(event: str, blamed: str) -> None:
    result = parsed(raw(event, error="something new", error_related_to=blamed))
    assert (result.kind, result.error) == (EventKind.NOT_THEIR_FAULT, "other")


def test_an_error_that_is_not_known_is_not_repeated() -> None:
    assert parsed(raw("bounce", error="550 contact@example.org is gone")).error == "other"


@pytest.mark.parametrize("absent", ["Payload", "customcampaign", "comment", "hard_bounce", "error", "MessageID"])
@pytest.mark.parametrize("event", ["sent", "bounce", "blocked"])
def test_a_field_that_is_null_or_absent_does_no_harm(event: str, absent: str) -> None:
    expected = parsed(raw(event)).kind
    assert parsed(raw(event, **{absent: None})).kind is expected
    assert parsed(without(raw(event), absent)).kind is expected


@pytest.mark.parametrize("time", [AT, float(AT) + 0.9, str(AT), f" {AT} ", f"{AT}.75"])
def test_time_comes_as_a_number_or_as_text(time: object) -> None:
    assert parsed(raw(time=time)).at == datetime.fromtimestamp(AT, UTC)


@pytest.mark.parametrize("time", [None, "", "noon", True, [], {}, float("inf"), float("nan"), "1e9", "٣" * 10, -0.5e16])
def test_what_is_no_time_is_put_aside(time: object) -> None:
    assert reason(raw(time=time)) == "bad_time"


@pytest.mark.parametrize(
    "time",
    [0, -1, int(datetime(2014, 12, 31, 23, 59, 59, tzinfo=UTC).timestamp()), AT + 90_001, 10**14, MONSTER],
)
def test_a_time_that_cannot_be_is_put_aside(time: object) -> None:
    assert reason(raw(time=time)) == "insane_time"


def test_a_clock_that_is_a_day_ahead_is_believed() -> None:
    assert parsed(raw(time=int((NOW + timedelta(days=1)).timestamp()))).at == NOW + timedelta(days=1)


@pytest.mark.parametrize(
    ("event", "why"),
    [
        (None, "not_an_object"),
        ([], "not_an_object"),
        ("sent", "not_an_object"),
        ({}, "missing_event"),
        (raw("delivered"), "unknown_event"),
        (without(raw(), "CustomID"), "missing_custom_id"),
        (raw(CustomID=None), "missing_custom_id"),
        (raw(CustomID=["mail-1"]), "missing_custom_id"),
        (raw(CustomID="x" * 201), "bad_custom_id"),
        (raw(CustomID="\ud800"), "bad_custom_id"),
        (raw(CustomID="mail\x00"), "bad_custom_id"),
        (without(raw(), "email"), "missing_email"),
        (raw(email="  "), "missing_email"),
        (raw(email="nobody"), "bad_email"),
        (raw(email="\udfff@example.org"), "bad_email"),
        (raw(email="x" * 320 + "@example.org"), "bad_email"),
    ],
    ids=lambda value: ascii(value)[:40],
)
def test_an_event_that_cannot_be_used_says_why(event: object, why: str) -> None:
    assert reason(event) == why


def test_numbers_are_text_and_text_is_numbers() -> None:
    event = parsed(raw(CustomID=17, MessageID="19421777835146490", mj_contact_id="320"))
    assert (event.custom_id, event.message_id) == ("17", "19421777835146490")


def test_the_message_is_known_by_whatever_id_there_is() -> None:
    assert parsed(raw(MessageID=None, mj_message_id="18")).message_id == "18"
    assert parsed(raw(MessageID=None)).message_id == raw()["Message_GUID"]
    assert parsed(without(raw(), "MessageID", "Message_GUID")).message_id == ""
    assert parsed(raw(MessageID="\ud800")).message_id == ""
    assert parsed(raw(MessageID=10**5000)).message_id == raw()["Message_GUID"]


def test_a_url_is_kept_of_a_click_only_and_can_always_be_stored() -> None:
    assert parsed(raw("open", url="https://example.com")).url is None
    assert parsed(raw("click")).url is None
    assert parsed(raw("click", url="https://example.com/\ud800")).url == "https://example.com/?"
    assert len(parsed(raw("click", url="x" * 100_000)).url or "") == 2048


@pytest.mark.rule("VIS-8")
def test_what_is_printed_of_an_event_shows_nobody() -> None:
    event = parsed(raw("click", url="https://example.com/?who=contact@example.org"))
    assert "contact@" not in repr(event)


def test_a_body_is_an_array_or_a_bare_event_or_empty() -> None:
    assert parse_body(json.dumps([raw(), raw("open")]).encode()) == [raw(), raw("open")]
    assert parse_body(json.dumps(raw()).encode()) == [raw()]
    assert parse_body(b"\xef\xbb\xbf []") == []


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "not_json"),
        (b"event=sent", "not_json"),
        (b"[{]", "not_json"),
        (b"null", "not_events"),
        (b"17", "not_events"),
        (b'"sent"', "not_events"),
        (b"[" * 2_000_000, "too_deep"),
        (b'[{"a":' * 500_000, "too_deep"),
    ],
    ids=lambda value: ascii(value)[:20],
)
def test_a_body_without_events_says_why(body: bytes, why: str) -> None:
    with pytest.raises(NotEventsError, match=why) as caught:
        parse_body(body)
    assert caught.value.reason == why


@pytest.mark.parametrize(
    "spoiled",
    [
        b'{"event": "open", "agent": "Mozilla \xe9\xff"}',
        b'{"event": "open", "agent": "\\ud800"}',
        b'{"event": "open", "mj_contact_id": ' + b"9" * 5000 + b"}",
        b'{"event": "open", "mj_contact_id": NaN, "time": -Infinity}',
        b'{"event": "open", "time": 1e999}',
        b"[[[[1]]]]",
        b"null",
    ],
    ids=lambda value: ascii(value)[:40],
)
def test_a_spoiled_event_never_loses_the_good_ones(spoiled: bytes) -> None:
    good = json.dumps(raw()).encode()
    results = [parse_event(event, NOW) for event in parse_body(b"[" + good + b"," + spoiled + b"," + good + b"]")]
    assert [type(result) for result in results] == [ProviderEvent, Unusable, ProviderEvent]


@pytest.mark.rule("CON-3")
def test_what_is_definitive_outweighs_what_is_not() -> None:
    by_weight = sorted(EventKind, key=severity, reverse=True)
    assert by_weight[:3] == [EventKind.SPAM, EventKind.HARD_BOUNCE, EventKind.BLOCKED]
    assert by_weight[-1] is EventKind.NOT_THEIR_FAULT
    assert len({severity(kind) for kind in EventKind}) == len(EventKind)


texts = st.text(alphabet=st.characters() | st.characters(categories=["Cs"]), max_size=20)
scalars = st.none() | st.booleans() | st.integers() | st.just(10**4000) | st.floats() | texts
values = st.recursive(scalars, lambda inner: st.lists(inner) | st.dictionaries(texts, inner), max_leaves=10)
names = st.sampled_from(sorted(raw() | {"error": 0, "error_related_to": 0, "hard_bounce": 0, "url": 0}))
events = st.sampled_from(["sent", "open", "click", "bounce", "blocked", "spam", "unsub"])


@settings(deadline=None)  # a busy machine is no failure
@given(values)
def test_no_value_breaks_the_reading(value: object) -> None:
    parse_event(value, NOW)


@settings(deadline=None)  # a busy machine is no failure
@given(events, st.dictionaries(names, values))
def test_no_field_breaks_the_reading_and_what_is_read_can_be_stored(event: str, fields: dict[str, Any]) -> None:
    result = parse_event(raw(event) | fields, NOW)
    if isinstance(result, ProviderEvent):
        "".join((result.custom_id, result.email, result.message_id, result.url or "", result.error or "")).encode()
        assert result.at <= NOW + timedelta(days=1)
        assert result.at.microsecond == 0


@settings(deadline=None)  # a busy machine is no failure
@given(st.binary() | st.text(alphabet=string.printable).map(str.encode) | values.map(json.dumps).map(str.encode))
def test_no_body_breaks_the_reading(body: bytes) -> None:
    try:
        found = parse_body(body)
    except NotEventsError as error:
        assert error.reason in ("not_json", "not_events", "too_deep")
    else:
        for event in found:
            parse_event(event, NOW)
