"""The mail provider's callbacks (CON-3, SUP-1): queued before they are answered, applied from the queue."""

from collections.abc import Mapping
from typing import Any

import azure.functions as func

from functions.http import Answer, answer, operation
from functions.identity import mail_provider
from functions.work import queue_function
from shared import app
from shared.domain.mail_events import NotEventsError, parse_body
from shared.usecases import mail_events
from shared.usecases.mail_events import QueuedEvent
from shared.usecases.quarantining import put_aside

BODY_LIMIT = 8 << 20


class ReceivedAnswer(Answer):
    """How many events were taken in, and how many were kept aside."""

    accepted: int
    quarantined: int


@operation(
    auth="mail_provider",
    takes="application/json",
    up_to=BODY_LIMIT,
    answers={200: ReceivedAnswer},
)
async def receive_mail_events(req: func.HttpRequest) -> func.HttpResponse:
    """Takes events in: an array, a bare object or []; what is no event is kept aside and answered with 200 as well."""
    mail_provider(req, app.settings().webhook_credentials)
    body = req.get_body()
    try:
        raw = parse_body(body)
    except NotEventsError as error:
        await put_aside(app.quarantine(), app.ports_of_the_suite(), error.reason, body.hex())
        return answer(200, ReceivedAnswer(accepted=0, quarantined=1))
    received = await mail_events.receive_events(app.brands(), app.quarantine(), raw)
    return answer(200, ReceivedAnswer(accepted=received.accepted, quarantined=received.quarantined))


@queue_function(mail_events.QUEUE)
async def apply_mail_events(message: Mapping[str, Any]) -> None:
    """Applies queued events to their contacts."""
    events = [QueuedEvent.from_document(event) for event in message["events"]]
    await mail_events.apply_events(await app.brand(message["brand"]), app.quarantine(), events)


@queue_function(mail_events.QUEUE + "-poison")
async def return_mail_events(message: Mapping[str, Any]) -> None:
    """Events that could not be applied come back later and later: the provider was told that we have them (MAIL-4)."""
    await mail_events.try_later(app.ports_of_the_suite().queue, message)
