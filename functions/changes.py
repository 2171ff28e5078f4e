"""The feed that the brand's own database follows: who was corrected, restricted or erased (RGT-6)."""

import azure.functions as func

from functions.http import Answer, PageQuery, answer, operation, parse_query
from functions.identity import api_key
from functions.rows import Moment
from shared.domain.api_keys import ApiScope
from shared.domain.records import Instant
from shared.domain.rights import RightKind
from shared.usecases.changes import Changed, changes_since


class ChangesQuery(PageQuery):
    """From when on; a feed goes back 90 days."""

    since: Moment


class ChangedFields(Answer):
    """What stands in a corrected record now."""

    first_name: str | None
    last_name: str | None
    street: str | None
    postal_code: str | None
    city: str | None
    country: str | None
    mobile_phone: str | None
    home_phone: str | None


class ChangeAnswer(Answer):
    """One record, by the id that answers of the sync name, and by the brand's customer ID where it had one."""

    at: Instant
    kind: RightKind
    contact_id: str
    customer_id: str | None
    fields: ChangedFields | None


class ChangeList(Answer):
    """One page, oldest first; ask on with the cursor, and after the last page with the newest `at`: one may come twice."""

    items: list[ChangeAnswer]
    next_cursor: str | None


@operation(auth="api_key", query=ChangesQuery, answers={200: ChangeList})
async def list_changes(req: func.HttpRequest) -> func.HttpResponse:
    """What people had corrected, restricted or erased since a time, of the records that are the brand's too."""
    brand = await api_key(req, ApiScope.SYNC)
    query = parse_query(req, ChangesQuery)
    found, cursor = await changes_since(brand, query.since, query.limit, query.cursor)
    return answer(200, ChangeList(items=[_shown(change) for change in found], next_cursor=cursor))


def _shown(change: Changed) -> ChangeAnswer:
    fields = ChangedFields(**change.fields) if change.fields else None
    return ChangeAnswer(
        at=change.at, kind=change.kind, contact_id=change.contact, customer_id=change.key, fields=fields
    )
