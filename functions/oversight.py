"""What the Manager shows of how the brand's data is treated: who looked at it (VIS-7)."""

import azure.functions as func

from functions.http import Answer, PageQuery, answer, operation, parse_query
from functions.identity import staff
from shared.domain.access_log import Act, Seen
from shared.domain.records import Instant
from shared.domain.staff import Role
from shared.usecases import access_log


class AccessAnswer(Answer):
    """One access of staff to personal data; `actor` is a pseudonym, the same for the same user."""

    at: Instant
    actor: str
    role: Role
    kind: Seen
    act: Act
    count: int


class AccessList(Answer):
    """One page of the access log, newest first."""

    items: list[AccessAnswer]
    next_cursor: str | None


@operation(auth="staff", query=PageQuery, answers={200: AccessList})
async def read_access_log(req: func.HttpRequest) -> func.HttpResponse:
    """Who of the staff looked at personal data, by pseudonym (VIS-7); for the technical team."""
    caller = await staff(req, {Role.TECHNICAL_TEAM})
    page = parse_query(req, PageQuery)
    found, cursor = await access_log.entries(caller.brand, page.limit, page.cursor)
    items = [AccessAnswer(**{name: getattr(entry, name) for name in AccessAnswer.model_fields}) for entry in found]
    return answer(200, AccessList(items=items, next_cursor=cursor))
