"""Invitations and publications: asked for over HTTP, sent from the queue (MAIL)."""

from collections.abc import Mapping
from typing import Annotated, Any, Self

import azure.functions as func
from pydantic import Field, StringConstraints, model_validator

from functions.http import ID, ROWS_LIMIT, Answer, Body, answer, operation, parse
from functions.identity import ambassador
from functions.repeats import idempotency_key
from functions.work import queue_function
from shared import app
from shared.domain.errors import InProgressError, KeyReusedError
from shared.domain.publication import Channel, Content
from shared.usecases import invite
from shared.usecases.invite import Seed
from shared.usecases.repeating import once
from shared.usecases.send_mails import send_batch

PhotoId = Annotated[str, StringConstraints(pattern=f"^{ID}$")]
ContactId = Annotated[str, StringConstraints(pattern=f"^{ID}$")]


class Recipients(Body):
    """Either the contacts by id, or all that the mail is for."""

    contact_ids: list[ContactId] | None = Field(default=None, min_length=1, max_length=10_000)
    all: bool = False

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if self.by_mail and (self.contact_ids is None) != self.all:
            raise ValueError("needs either contactIds or all: true")
        if not self.by_mail and (self.contact_ids is not None or self.all):
            raise ValueError("only a mail has contacts")
        return self

    @property
    def by_mail(self) -> bool:
        """Whether it goes to contacts at all."""
        return True


class PublicationBody(Recipients):
    """A publication; by mail it says whom it is for, on a social network the network knows (ACT-1)."""

    channel: Channel = Field(default=Channel.EMAIL, strict=False)
    subject: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
    body: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=20_000)]
    contents: list[Content] = Field(default=[], max_length=20)
    photos: list[PhotoId] = Field(default=[], max_length=10)
    reshare_of: Annotated[str, StringConstraints(max_length=100)] | None = None

    @property
    def by_mail(self) -> bool:
        """Whether it goes to contacts at all."""
        return self.channel is Channel.EMAIL


class SkippedContact(Answer):
    """A contact that gets no mail, and why."""

    contact_id: str
    reason: str


class Invited(Answer):
    """What was queued, and what was not."""

    job_id: str
    queued: int
    skipped: list[SkippedContact]


class Published(Answer):
    """The same for a publication; one on a social network has no job."""

    publication_id: str
    job_id: str | None
    queued: int
    skipped: list[SkippedContact]


@operation(
    auth="ambassador",
    body=Recipients,
    up_to=ROWS_LIMIT,
    answers={202: Invited},
    problems=(InProgressError, KeyReusedError),
)
async def invite_contacts(req: func.HttpRequest) -> func.HttpResponse:
    """Queues invitations; once for each `Idempotency-Key`, and the same answer to the same request."""
    caller = await ambassador(req)
    body = parse(req, Recipients)

    async def ask(seed: str, again: bool) -> Mapping[str, Any]:
        asked = await invite.invite(caller.brand, caller.id, body.contact_ids, seed=Seed(seed, again))
        return Invited(job_id=asked.job, queued=asked.queued, skipped=_skipped(asked)).model_dump(mode="json")

    scope = f"invitations.{caller.id}"
    content = await once(caller.brand, scope, idempotency_key(req), req.get_body(), ask)
    return answer(202, Invited.model_validate(content))


@operation(
    auth="ambassador",
    body=PublicationBody,
    up_to=ROWS_LIMIT,
    answers={202: Published},
    problems=(InProgressError, KeyReusedError),
)
async def publish(req: func.HttpRequest) -> func.HttpResponse:
    """Queues a publication by mail to contacts that are opted in, or records one that is made on a social network.

    With an `Idempotency-Key` it is done once, and sent again gets the same answer for a week: 422 for another body under the
    key, 409 while the first request is still at it.
    """
    caller = await ambassador(req)
    body = parse(req, PublicationBody)
    said: dict[str, Any] = {
        "subject": body.subject,
        "body": body.body,
        "contents": body.contents,
        "photos": body.photos,
        "reshare_of": body.reshare_of,
    }

    async def make(id: str, again: bool) -> Mapping[str, Any]:
        seed = Seed(id, again)
        if body.channel is not Channel.EMAIL:
            shared = await invite.share(caller.brand, caller.id, body.channel, seed=seed, **said)
            made = Published(publication_id=shared.id, job_id=None, queued=0, skipped=[])
        else:
            publication, asked = await invite.publish(
                caller.brand, caller.id, contacts=body.contact_ids, seed=seed, **said
            )
            made = Published(
                publication_id=publication.id, job_id=asked.job, queued=asked.queued, skipped=_skipped(asked)
            )
        return made.model_dump(mode="json")

    scope = f"publications.{caller.id}"
    content = await once(caller.brand, scope, idempotency_key(req), req.get_body(), make)
    return answer(202, Published.model_validate(content))


@queue_function(invite.QUEUE)
async def send_mails(message: Mapping[str, Any]) -> None:
    """Sends one batch of mails to contacts."""
    await send_batch(await app.brand(message["brand"]), message["batch"])


def _skipped(asked: invite.Asked) -> list[SkippedContact]:
    return [SkippedContact(contact_id=skipped.contact, reason=skipped.reason) for skipped in asked.skipped]
