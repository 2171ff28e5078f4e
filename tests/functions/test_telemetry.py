"""What is told of each call: its function, brand, outcome and counts, in the caller's trace, and nothing of a person (VIS-8)."""

from collections.abc import AsyncIterator

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.trace import StatusCode

from shared.domain.telemetry import ATTRIBUTES
from shared.ports import Fate
from tests.functions.suite import Suite, serving
from tests.support.telling import Told, telling

pytestmark = pytest.mark.rule("VIS-8")


@pytest.fixture
async def told(suite_environment: None) -> AsyncIterator[tuple[Suite, Told]]:
    """A suite that tells of itself."""
    with telling() as told:
        async with serving(telemetry=told.telemetry) as suite:
            yield suite, told


def said(span: ReadableSpan) -> dict[str, object]:
    """Its attributes."""
    return dict(span.attributes or {})


async def test_a_call_is_told_with_its_brand_its_counts_and_its_callers_trace(told: tuple[Suite, Told]) -> None:
    suite, heard = told
    ada = await suite.sign_in()
    parent = {"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}
    entered = await ada.call("POST", "/contacts", json={"email": "grace@example.org"}, headers=parent)
    assert entered.status_code == 201
    span = heard.span("enter_contact")
    assert span.context and span.parent
    assert f"{span.context.trace_id:032x}" == "0af7651916cd43dd8448eb211c80319c"
    assert f"{span.parent.span_id:016x}" == "b7ad6b7169203331"
    attributes = said(span)
    assert {name: attributes[name] for name in ("function", "brand", "outcome", "status")} == {
        "function": "enter_contact",
        "brand": "acme",
        "outcome": "done",
        "status": 201,
    }
    assert int(str(attributes["store.reads"])) >= 2  # the session's account, and the black list
    assert int(str(attributes["store.writes"])) >= 1
    assert span.status.status_code is StatusCode.OK


async def test_a_message_and_a_timer_go_on_from_the_hosts_own_span(told: tuple[Suite, Told]) -> None:
    suite, heard = told
    suite.traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    await suite.tick("watch")
    await suite.hand_over("mails", {"brand": "acme", "batch": "a" * 24})
    for name in ("watch", "send_mails"):
        span = heard.span(name)
        assert span.context and span.parent
        assert f"{span.context.trace_id:032x}" == "0af7651916cd43dd8448eb211c80319c"
    suite.traceparent = None
    await suite.tick("sweep_old_backups")
    assert heard.span("sweep_old_backups").parent is None


async def test_no_caller_can_keep_a_call_from_being_told(told: tuple[Suite, Told]) -> None:
    suite, heard = told
    unsampled = {"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"}
    await suite.http.get("/health", headers=unsampled)
    span = heard.span("show_health")
    assert span.context and f"{span.context.trace_id:032x}" == "0af7651916cd43dd8448eb211c80319c"


async def test_a_message_is_told_with_what_it_sent_and_whom_the_provider_refused(told: tuple[Suite, Told]) -> None:
    suite, heard = told
    ada = await suite.sign_in()
    await ada.enter("grace@example.org")
    suite.world.mailer.next_call(Fate.REFUSED)
    await ada.call("POST", "/contacts/invite", json={"all": True})
    assert said(heard.span("invite_contacts"))["queue.messages"] == 1
    message = suite.world.queue.pop("mails")
    assert message
    await suite.hand_over("mails", message)
    sent = said(heard.span("send_mails"))
    assert (sent["brand"], sent["provider.calls"]) == ("acme", 1)
    points = heard.points()
    assert points["popsell.mail.refused"] == {(): 1}
    assert points["popsell.function.calls"]["send_mails", "done"] == 1
    assert points["popsell.function.duration"]["send_mails",] == 1


@pytest.mark.parametrize("brand", ["initech", "zoe-martin", "zoe@example.org"])
async def test_what_a_caller_writes_into_a_path_is_told_only_if_there_is_such_a_brand(
    told: tuple[Suite, Told], brand: str
) -> None:
    suite, heard = told
    asked = await suite.http.get(f"/api/brands/{brand}/me", headers={"traceparent": "zoe", "baggage": "who=zoe"})
    assert asked.status_code == 401
    span = heard.span("read_account")
    assert said(span).keys() <= ATTRIBUTES.keys() - {"brand"}
    assert (said(span)["outcome"], span.status.status_code) == ("refused", StatusCode.OK)
    assert span.parent is None
    assert "zoe" not in "".join(heard.everything())


async def test_a_failure_is_told_by_its_type_alone(told: tuple[Suite, Told]) -> None:
    suite, heard = told
    await suite.hand_over("mails", {"brand": "zoe@example.org", "batch": "none"})
    span = heard.span("send_mails")
    assert (said(span)["outcome"], said(span)["error"]) == ("failed", "UnknownObjectError")
    assert (span.status.status_code, span.status.description, span.events) == (StatusCode.ERROR, None, ())
    assert heard.points()["popsell.function.errors"] == {("send_mails",): 1}
    assert "zoe" not in "".join(heard.everything())


async def test_a_timers_call_belongs_to_no_brand(told: tuple[Suite, Told]) -> None:
    suite, heard = told
    await suite.tick("sweep_retention")
    attributes = said(heard.span("sweep_retention"))
    assert "brand" not in attributes
    assert attributes["queue.messages"] == 2
