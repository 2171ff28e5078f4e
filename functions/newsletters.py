"""What a brand's staff writes to all of its ambassadors (AMB-4)."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import azure.functions as func
from pydantic import StringConstraints

from functions.http import Answer, Body, answer, object_id, operation, parse
from functions.identity import staff
from functions.repeats import idempotency_key
from functions.work import queue_function
from shared import app
from shared.domain.errors import ForbiddenError, InProgressError, KeyReusedError
from shared.domain.newsletter import Newsletter, NewsletterKind
from shared.domain.records import Instant
from shared.domain.staff import MAY_WRITE_TO_AMBASSADORS
from shared.usecases import newsletters
from shared.usecases.repeating import once


class NewsletterBody(Body):
    """What is written; `kind` says which switch of the ambassadors it honours."""

    kind: Literal["newsletter", "event", "challenge"] = "newsletter"
    subject: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
    body: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=20_000)]


class NewsletterAnswer(Answer):
    """A newsletter and how far it is: how many mails were queued, how many ambassadors got none and why."""

    id: str
    kind: NewsletterKind
    subject: str
    started_at: Instant
    finished_at: Instant | None
    queued: int
    skipped: Mapping[str, int]


@operation(
    auth="staff",
    body=NewsletterBody,
    answers={202: NewsletterAnswer},
    problems=(ForbiddenError, InProgressError, KeyReusedError),
)
async def send_newsletter(req: func.HttpRequest) -> func.HttpResponse:
    """Queues a mail to every ambassador of the brand who wants that kind of mail; once for each `Idempotency-Key`."""
    caller = await staff(req, MAY_WRITE_TO_AMBASSADORS)
    body = parse(req, NewsletterBody)

    async def start(id: str, again: bool) -> Mapping[str, Any]:
        kind = NewsletterKind(body.kind)
        started = await newsletters.start_newsletter(caller.brand, kind, body.subject, body.body, caller.member.id, id)
        return _answer(started).model_dump(mode="json")

    scope = f"newsletters.{caller.member.id}"
    started = await once(caller.brand, scope, idempotency_key(req), req.get_body(), start)
    return answer(202, NewsletterAnswer.model_validate(started))


@operation(auth="staff", answers={200: NewsletterAnswer})
async def read_newsletter(req: func.HttpRequest) -> func.HttpResponse:
    """How far a newsletter is."""
    caller = await staff(req, MAY_WRITE_TO_AMBASSADORS)
    return answer(200, _answer(await newsletters.get_newsletter(caller.brand, object_id(req))))


@queue_function(newsletters.QUEUE)
async def run_newsletter(message: Mapping[str, Any]) -> None:
    """Goes on with a newsletter."""
    await newsletters.run_newsletter(await app.brand(message["brand"]), message["newsletter"])


def _answer(newsletter: Newsletter) -> NewsletterAnswer:
    return NewsletterAnswer(**{name: getattr(newsletter, name) for name in NewsletterAnswer.model_fields})
