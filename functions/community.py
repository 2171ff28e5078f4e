"""The community of a brand's ambassadors (ACT-3, VIS-4)."""

from collections.abc import Mapping
from typing import Annotated, Any

import azure.functions as func
from pydantic import Field, StringConstraints

from functions.http import Answer, Body, answer, object_id, operation, parse, parse_query
from functions.identity import ambassador
from shared.domain.errors import TooManyRequestsError
from shared.domain.publication import Channel, Content
from shared.domain.records import Instant
from shared.usecases import community, reacting
from shared.usecases.community import Comment, Shown


class Member(Answer):
    """An ambassador as the others see one (VIS-4): the name as the brand's policy says."""

    id: str
    name: str
    postal_code: str | None
    photo: bool
    score: int
    badges: tuple[str, ...]


class FlowItem(Answer):
    """A publication in the flow; what a mail says to its readers is theirs, so `body` is that of a public one.

    A photo is at `/r/{id}/photos/{photo}`.
    """

    id: str
    author: Member | None
    channel: Channel
    subject: str
    body: str | None
    contents: tuple[Content, ...]
    photos: tuple[str, ...]
    created_at: Instant
    likes: int
    comments: int
    liked: bool
    own: bool


class Flow(Answer):
    """A page of the flow, newest first."""

    items: list[FlowItem]
    next_cursor: str | None


class CommentAnswer(Answer):
    """A comment; `author` is null for one's own while hidden."""

    id: str
    author: Member | None
    text: str
    at: Instant
    own: bool


class CommentList(Answer):
    """Comments, oldest first."""

    items: list[CommentAnswer]
    next_cursor: str | None


class MemberList(Answer):
    """Members, newest first."""

    items: list[Member]
    next_cursor: str | None


class Commented(Answer):
    """The new comment's id."""

    id: str


class CommentBody(Body):
    """A comment."""

    text: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1000)]


class PageQuery(Body):
    """How a list is asked for."""

    limit: int = Field(default=20, ge=1, le=50)
    cursor: Annotated[str, StringConstraints(max_length=2000)] | None = None


@operation(auth="ambassador", query=PageQuery, answers={200: Flow})
async def read_flow(req: func.HttpRequest) -> func.HttpResponse:
    """The publications of the brand's ambassadors, newest first, but for those who hide theirs."""
    caller = await ambassador(req)
    page = parse_query(req, PageQuery)
    found, cursor = await community.flow(caller.brand, caller.id, page.limit, page.cursor)
    return answer(200, Flow(items=[_item(shown) for shown in found], next_cursor=cursor))


@operation(auth="ambassador", query=PageQuery, answers={200: MemberList})
async def list_members(req: func.HttpRequest) -> func.HttpResponse:
    """The brand's ambassadors, as far as each lets the others see."""
    caller = await ambassador(req)
    page = parse_query(req, PageQuery)
    found, cursor = await community.members(caller.brand, page.limit, page.cursor)
    return answer(200, MemberList(items=[Member(**_known(fields)) for fields in found], next_cursor=cursor))


@operation(auth="ambassador", query=PageQuery, answers={200: CommentList})
async def list_comments(req: func.HttpRequest) -> func.HttpResponse:
    """The comments of a publication in the flow, oldest first."""
    caller = await ambassador(req)
    page = parse_query(req, PageQuery)
    id = req.route_params["id"]
    found, cursor = await community.comments_of(caller.brand, caller.id, id, page.limit, page.cursor)
    return answer(200, CommentList(items=[_comment(comment) for comment in found], next_cursor=cursor))


@operation(auth="ambassador", body=CommentBody, answers={201: Commented}, problems=(TooManyRequestsError,))
async def comment_publication(req: func.HttpRequest) -> func.HttpResponse:
    """Comments a publication in the flow; its author is told by mail unless they turned that off."""
    caller = await ambassador(req)
    body = parse(req, CommentBody)
    said = await reacting.comment(caller.brand, caller.id, req.route_params["id"], body.text)
    return answer(201, Commented(id=said.id))


@operation(auth="ambassador", answers={204: None}, while_suspended=True)
async def remove_comment(req: func.HttpRequest) -> func.HttpResponse:
    """Deletes an own comment."""
    caller = await ambassador(req)
    await reacting.remove_comment(caller.brand, caller.id, req.route_params["id"], object_id(req, "commentId"))
    return answer(204)


@operation(auth="ambassador", answers={204: None})
async def like_publication(req: func.HttpRequest) -> func.HttpResponse:
    """Likes a publication; once each."""
    caller = await ambassador(req)
    await reacting.like(caller.brand, caller.id, req.route_params["id"])
    return answer(204)


@operation(auth="ambassador", answers={204: None})
async def unlike_publication(req: func.HttpRequest) -> func.HttpResponse:
    """Takes the own like back."""
    caller = await ambassador(req)
    await reacting.unlike(caller.brand, caller.id, req.route_params["id"])
    return answer(204)


def _item(shown: Shown) -> FlowItem:
    publication = shown.publication
    return FlowItem(
        id=publication.id,
        author=_member(shown.author),
        channel=publication.channel,
        subject=publication.subject,
        body=publication.body if shown.own or publication.channel is not Channel.EMAIL else None,
        contents=publication.contents,
        photos=publication.photos,
        created_at=publication.created_at,
        likes=shown.likes,
        comments=shown.comments,
        liked=shown.liked,
        own=shown.own,
    )


def _comment(comment: Comment) -> CommentAnswer:
    return CommentAnswer(
        id=comment.id, author=_member(comment.author), text=comment.text, at=comment.at, own=comment.own
    )


def _member(seen: Mapping[str, Any]) -> Member | None:
    return Member(**_known(seen)) if seen else None


def _known(seen: Mapping[str, Any]) -> dict[str, Any]:
    return {name: seen[name] for name in Member.model_fields}
