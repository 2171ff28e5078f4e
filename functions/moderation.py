"""The community's comments in the Manager: seen, and taken out (VIS-6, ACT-3)."""

from typing import Annotated

import azure.functions as func
from pydantic import StringConstraints

from functions.http import Answer, PageQuery, answer, object_id, operation, parse_query
from functions.identity import staff
from shared.domain.access_log import Act, Seen
from shared.domain.records import Instant
from shared.domain.staff import MAY_LOOK, MAY_MODERATE
from shared.usecases import moderating


class CommentQuery(PageQuery):
    """Which comments: of all publications, or of one."""

    publication_id: Annotated[str, StringConstraints(min_length=1, max_length=100)] | None = None


class ManagedComment(Answer):
    """A comment and who said it."""

    id: str
    publication_id: str
    ambassador_id: str
    author: str | None
    text: str
    at: Instant


class ManagedComments(Answer):
    """One page of comments, newest first."""

    items: list[ManagedComment]
    next_cursor: str | None


@operation(auth="staff", query=CommentQuery, answers={200: ManagedComments})
async def list_managed_comments(req: func.HttpRequest) -> func.HttpResponse:
    """The comments of the brand's community, newest first; there is no file of them (VIS-6)."""
    caller = await staff(req, MAY_LOOK)
    query = parse_query(req, CommentQuery)
    found, cursor = await moderating.find_comments(
        caller.brand, caller.viewer, query.publication_id, query.limit, query.cursor
    )
    await caller.sees(Seen.COMMENTS, len(found))
    items = [
        ManagedComment(
            id=said.comment.id,
            publication_id=said.comment.publication_id,
            ambassador_id=said.comment.ambassador_id,
            author=said.author,
            text=said.comment.text or "",
            at=said.comment.at,
        )
        for said in found
    ]
    return answer(200, ManagedComments(items=items, next_cursor=cursor))


@operation(auth="staff", answers={204: None})
async def remove_managed_comment(req: func.HttpRequest) -> func.HttpResponse:
    """Takes a comment out of the community, for good."""
    caller = await staff(req, MAY_MODERATE)
    await caller.sees(Seen.COMMENTS, 1, Act.CHANGED)
    await moderating.take_out(caller.brand, req.route_params["publicationId"], object_id(req, "commentId"))
    return answer(204)
