"""The mail provider's callbacks: whatever comes, no failure, and no good event is lost (CON-3, SUP-1)."""

import json
from itertools import permutations
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.domain.contact import EmailStatus
from shared.usecases.mail_events import QUEUE
from tests.functions.provider import NEW, OLD, Invited, post
from tests.functions.suite import Suite, app_settings_changed

ODD: tuple[Any, ...] = (
    None, True, 0, -1, 1.5, 10**30, "text", "", [], [[]], {}, {"event": None}, {"event": "sent"},
    {"event": "dance", "time": 1, "email": "x@example.org", "CustomID": "y"},
    {"event": {"a": 1}}, {"event": ["bounce"]},
)  # fmt: skip


@pytest.fixture
async def invited(suite: Suite) -> Invited:
    """Grace and Henry were invited."""
    there = Invited(suite, await suite.sign_in())
    await there.more("grace@example.org", "henry@example.org")
    return there


async def test_an_array_a_bare_object_and_an_empty_array_are_taken(suite: Suite, invited: Invited) -> None:
    grace, henry = (invited.event(email, "sent") for email in ("grace@example.org", "henry@example.org"))
    for body, accepted in ([], 0), ([grace, henry], 2), (grace, 1):
        answer = await post(suite, body)
        assert (answer.status_code, answer.json()) == (200, {"accepted": accepted, "quarantined": 0})
    await suite.world.drain()
    assert await invited.status("grace@example.org") is EmailStatus.OK


@pytest.mark.rule("CON-3")
async def test_soft_is_not_hard(suite: Suite, invited: Invited) -> None:
    soft = invited.event("grace@example.org", "bounce", hard_bounce=False, blocked=False, error="quota exceeded")
    hard = invited.event("henry@example.org", "bounce", hard_bounce=True, blocked=True, error="user unknown")
    await post(suite, [soft, hard])
    await suite.world.drain()
    assert await invited.status("grace@example.org") is EmailStatus.SOFT_BOUNCE
    assert await invited.status("henry@example.org") is EmailStatus.HARD_BOUNCE
    assert (await invited.state("grace@example.org"))["listed"] is None
    assert (await invited.state("henry@example.org"))["listed"] is not None
    again = {email: await invited.me.call("POST", "/contacts", json={"email": email}) for email in invited.custom_ids}
    assert again["grace@example.org"].status_code == 200
    assert again["henry@example.org"].status_code == 409


@pytest.mark.parametrize("odd", ODD, ids=repr)
async def test_an_odd_event_never_loses_a_good_one(suite: Suite, invited: Invited, odd: Any) -> None:
    good = invited.event("grace@example.org", "bounce", hard_bounce=True)
    answer = await post(suite, [odd, good, odd])
    assert (answer.status_code, answer.json()) == (200, {"accepted": 1, "quarantined": 2})
    await suite.world.drain()
    assert await invited.status("grace@example.org") is EmailStatus.HARD_BOUNCE
    assert len((await suite.dump())["platform/quarantine"]) == 1, "the same bad event is kept once"


@pytest.mark.parametrize("depth", [100, *range(800, 1000, 15), 2000, 200_000])
async def test_an_event_nested_beyond_reading_never_loses_a_good_one(
    suite: Suite, invited: Invited, depth: int
) -> None:
    good = json.dumps(invited.event("grace@example.org", "bounce", hard_bounce=True)).encode()
    deep = b'{"event":"spam","x":' + b"[" * depth + b"]" * depth + b"}"
    answer = await post(suite, b"[" + deep + b', "a \\" ]}{[ text", ' + good + b"," + deep + b"]")
    assert (answer.status_code, answer.json()) == (200, {"accepted": 1, "quarantined": 3})
    await suite.world.drain()
    assert await invited.status("grace@example.org") is EmailStatus.HARD_BOUNCE


@pytest.mark.parametrize(
    "body",
    [b"", b" ", b"{", b"[", b"nonsense", b"\xff\xfe\x00", b"<xml/>", b'"text"', b"1", b"null", b"[" * 300_000,
     b'{"a":' * 300_000, b"[1" + b"0" * 10_000 + b"]", b"[NaN]", b"event=bounce&email=x%40example.org"],
    ids=lambda body: repr(body[:12]),
)  # fmt: skip
async def test_what_is_no_event_at_all_is_answered_with_200_and_kept_aside(suite: Suite, body: bytes) -> None:
    for _ in range(2):
        answer = await post(suite, body)
        assert (answer.status_code, answer.json()) == (200, {"accepted": 0, "quarantined": 1})
    assert len((await suite.dump())["platform/quarantine"]) == 1


async def test_numbers_may_be_texts_and_texts_numbers(suite: Suite, invited: Invited) -> None:
    event = invited.event("grace@example.org", "bounce", hard_bounce="true", blocked="1", MessageID="19421777")
    answer = await post(suite, {**event, "time": str(event["time"]), "comment": 7, "error": "", "mj_contact_id": "5"})
    assert answer.json() == {"accepted": 1, "quarantined": 0}
    await suite.world.drain()
    assert await invited.status("grace@example.org") is EmailStatus.HARD_BOUNCE


@pytest.mark.parametrize("time", [10**40, -1, 0, 1e300, "soon", None, [], True, 4_000_000_000_000, "9" * 5000])
async def test_a_time_that_cannot_be_is_kept_aside(suite: Suite, invited: Invited, time: Any) -> None:
    event = invited.event("grace@example.org", "spam") | {"time": time}
    assert (await post(suite, [event])).json() == {"accepted": 0, "quarantined": 1}


@pytest.mark.rule("BR-1")
async def test_another_brand_another_address_and_another_mail_change_nothing(suite: Suite, invited: Invited) -> None:
    spam = invited.event("grace@example.org", "spam")
    own = spam["CustomID"]
    brand, ambassador, contact, _ = own.split(".")
    before = await suite.dump("acme", "globex")
    for custom_id in (own.replace(brand, "globex", 1), f"{brand}.{ambassador}.{contact}.aaaaaaaa"):
        assert (await post(suite, [spam | {"CustomID": custom_id}])).status_code == 200
    for email in ("henry@example.org", "GRACE@example.com", "grace@example.org.example.com"):
        assert (await post(suite, [spam | {"email": email}])).status_code == 200
    await suite.world.drain()
    assert await suite.dump("acme", "globex") == before
    reasons = {entry["reason"] for entry in (await suite.dump())["platform/quarantine"].values()}
    assert reasons <= {"unknown_contact", "unknown_mail"}
    await post(suite, [spam | {"email": " Grace@EXAMPLE.org "}])
    await suite.world.drain()
    assert await invited.status("grace@example.org") is EmailStatus.SPAM, "the case of an address says nothing"


async def test_five_megabytes_of_events_are_taken(suite: Suite, invited: Invited) -> None:
    good = invited.event("grace@example.org", "bounce", hard_bounce=True, comment="x" * 2000)
    opens = [invited.event("henry@example.org", "open", after=n, comment="x" * 2000) for n in range(2400)]
    body = json.dumps([*opens, good]).encode()
    assert len(body) > 5_000_000
    answer = await post(suite, body)
    assert (answer.status_code, answer.json()["accepted"]) == (200, 2401)
    await suite.world.drain()
    assert await invited.status("grace@example.org") is EmailStatus.HARD_BOUNCE
    junk = b"[" + b",".join(b'{"event":"x%d"}' % n for n in range(300_000)) + b"]"
    assert (await post(suite, junk)).json() == {"accepted": 0, "quarantined": 300_000}
    assert (await post(suite, b"[" + b"1," * 2_500_000 + b"1]")).status_code == 200
    assert (await post(suite, b" " * 20_000_000)).status_code == 413


@pytest.mark.parametrize("auth", [None, ("", ""), ("provider", ""), ("provider", "new secret "), ("x", "new secret")])
async def test_without_the_credentials_nothing_is_taken(
    suite: Suite, invited: Invited, auth: tuple[str, str] | None
) -> None:
    before = await suite.dump()
    answer = await post(suite, [invited.event("grace@example.org", "spam")], auth)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Basic")
    assert not suite.world.queue.queues[QUEUE]
    assert await suite.dump() == before


async def test_two_credentials_hold_while_they_are_rotated(
    suite: Suite, invited: Invited, monkeypatch: pytest.MonkeyPatch
) -> None:
    event = invited.event("grace@example.org", "sent")
    assert [(await post(suite, event, auth)).status_code for auth in (NEW, OLD)] == [200, 200]
    monkeypatch.setenv("MAILJET_WEBHOOK_CREDENTIALS", "provider:new secret")
    app_settings_changed()
    assert [(await post(suite, event, auth)).status_code for auth in (NEW, OLD)] == [200, 401]


async def test_a_repeated_event_counts_once(suite: Suite, invited: Invited) -> None:
    event = invited.event("grace@example.org", "open")
    await post(suite, [event, event])
    await suite.world.drain()
    once = await invited.contact("grace@example.org")
    for body in ([event], event, [event] * 150):
        await post(suite, body)
        await suite.world.drain()
    assert await invited.contact("grace@example.org") == once


STORY: tuple[tuple[str, int, dict[str, Any]], ...] = (
    ("sent", 1, {}),
    ("click", 31, {"url": "https://acme.example/"}),
    ("bounce", 60, {"hard_bounce": False}),
    ("unsub", 90, {}),
)


@pytest.mark.rule("CON-3")
@pytest.mark.parametrize(
    "story",
    [
        (*STORY, ("unsub", 20, {})),
        (*STORY[:3], ("bounce", 61, {"hard_bounce": True})),
        (*STORY[1:], ("spam", 5, {})),
    ],
)
async def test_every_order_of_one_contacts_events_ends_the_same(
    suite: Suite, invited: Invited, story: tuple[tuple[str, int, dict[str, Any]], ...]
) -> None:
    orders = list(permutations(story))
    emails = [f"p{number}@example.org" for number in range(len(orders))]
    await invited.more(*emails)
    for place in range(len(orders[0])):
        events = []
        for email, order in zip(emails, orders, strict=True):
            name, after, more = order[place]
            events.append(invited.event(email, name, after, **more))
        assert (await post(suite, events)).json()["accepted"] == len(orders)
        await suite.world.drain()
    ends = [await invited.state(email) for email in emails]
    assert all(end == ends[0] for end in ends)


kinds = st.sampled_from(
    (
        *STORY,
        ("open", 30, {}),
        ("bounce", 0, {"hard_bounce": True}),
        ("bounce", 0, {"error": "x"}),
        ("bounce", 0, {"error": "greylisted"}),
        ("blocked", 0, {}),
        ("blocked", 0, {"error": "preblocked"}),
        ("spam", 0, {}),
    )
)
happenings = st.lists(st.tuples(kinds, st.integers(0, 40)), min_size=2, max_size=12)


@given(happened=happenings, data=st.data())
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_any_order_batch_and_repeat_of_any_events_ends_the_same(
    suite: Suite, invited: Invited, happened: list[Any], data: st.DataObject
) -> None:
    number = len(invited.custom_ids)
    emails = [f"a{number}@example.org", f"b{number}@example.org"]
    await invited.more(*emails)
    shuffled = data.draw(st.permutations(happened))
    repeats = data.draw(st.lists(st.sampled_from(happened), max_size=3))
    for email, order in zip(emails, (happened, [*repeats, *shuffled]), strict=True):
        events = [invited.event(email, name, after, **more) for (name, _, more), after in order]
        size = data.draw(st.integers(1, len(events)))
        for start in range(0, len(events), size):
            await post(suite, events[start : start + size])
            await suite.world.drain()
    first, second = [await invited.state(email) for email in emails]
    assert first == second
