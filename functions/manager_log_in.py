"""The Manager's door: log-in at Entra ID, the session and its end (VIS-5)."""

import azure.functions as func

from functions.http import Answer, answer, operation
from functions.identity import flow_cookie, flow_key, staff_cookie, staff_user
from functions.log_in_pages import answer_of, door, page, says, to
from shared import app
from shared.domain.flows import FlowPurpose
from shared.domain.records import Instant
from shared.usecases import flows, staff_log_in, staff_sessions

CALLBACK = "/manager/callback"


class StaffSession(Answer):
    """The session in force; `csrfToken` goes as X-CSRF-Token with every change asked for by cookie."""

    csrf_token: str
    expires_at: Instant


@door(302)
async def begin_manager_log_in(req: func.HttpRequest) -> func.HttpResponse:
    """Sends to the identity provider."""
    ports, tenant = app.ports_of_the_suite(), app.settings().manager_tenant
    sent = await flows.send(ports, FlowPurpose.MANAGER, "sso", tenant=tenant)
    return to(sent.url, flow_cookie(sent.key, CALLBACK), status=302)


@door(303)
async def finish_manager_log_in(req: func.HttpRequest) -> func.HttpResponse:
    """Takes whom the provider sent back: a listed user gets a session, anybody else none."""
    ports = app.ports_of_the_suite()
    signed_in = await staff_log_in.finish(ports, app.staff(), flow_key(req), answer_of(req))
    seconds = int((signed_in.expires_at - ports.clock.now()).total_seconds())
    return to(
        app.settings().manager_url or "/manager/welcome",
        staff_cookie(signed_in.token, seconds),
        flow_cookie("", CALLBACK),
    )


@door(200)
async def show_manager_welcome(req: func.HttpRequest) -> func.HttpResponse:
    """Where a log-in ends as long as no other page is set."""
    return page(says(req, "manager_welcome"))


@operation(auth="staff", answers={200: StaffSession})
async def read_staff_session(req: func.HttpRequest) -> func.HttpResponse:
    """The session, and the token that changes by cookie need."""
    member = (await staff_user(req)).record
    token = staff_sessions.csrf_token(app.ports_of_the_suite(), member)
    return answer(200, StaffSession(csrf_token=token, expires_at=member.session_expires_at))


@operation(auth="staff", answers={204: None})
async def close_staff_session(req: func.HttpRequest) -> func.HttpResponse:
    """Ends the session."""
    await staff_sessions.sign_out(app.staff(), await staff_user(req))
    return answer(204, headers={"Set-Cookie": staff_cookie("", 0)})
