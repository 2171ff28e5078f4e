"""The Manager's page of a brand's white list: loaded, counted, never shown (REG-3)."""

from typing import Literal

import azure.functions as func

from functions.http import Answer, Body, answer, operation, parse_query
from functions.identity import staff
from shared.domain.errors import MalformedError
from shared.domain.policy import WhiteListMode
from shared.domain.records import Instant
from shared.domain.staff import MAY_MANAGE_KEYS
from shared.domain.white_list import Entitled
from shared.domain.white_list_rows import read_csv, read_json_lines
from shared.usecases import white_list

MAX_BYTES = 20 << 20
READERS = {
    "text/csv": read_csv,
    "application/jsonl": read_json_lines,
    "application/x-ndjson": read_json_lines,
    "application/json": read_json_lines,
}


class LoadQuery(Body):
    """Whether the list is in place of the one before, or adds to it."""

    mode: Literal["replace", "add"] = "replace"


class LoadedAnswer(Answer):
    """What came in, as counts."""

    emails: int
    customer_ids: int
    repeated: int
    refused: int
    refused_by_reason: dict[str, int]


class WhiteListAnswer(Answer):
    """How large the list is, and by what of it the policy goes."""

    mode: WhiteListMode
    emails: int
    customer_ids: int
    changed_at: Instant | None


@operation(
    auth="staff",
    query=LoadQuery,
    takes="text/csv",
    up_to=MAX_BYTES,
    answers={200: LoadedAnswer},
    problems=(MalformedError,),
)
async def load_white_list(req: func.HttpRequest) -> func.HttpResponse:
    """Takes in a list: CSV with a column email or customerId, or JSON lines (application/jsonl); up to 20 MB a call."""
    brand = (await staff(req, MAY_MANAGE_KEYS)).brand
    query = parse_query(req, LoadQuery)
    read = READERS.get(req.headers.get("Content-Type", "").partition(";")[0].strip().lower())
    if read is None:
        raise MalformedError("The body is neither text/csv nor application/jsonl")
    done = await white_list.load(brand, read(req.get_body()), replaces=query.mode == "replace")
    return answer(
        200,
        LoadedAnswer(
            emails=done.loaded[Entitled.EMAIL],
            customer_ids=done.loaded[Entitled.CUSTOMER_ID],
            repeated=done.repeated,
            refused=done.refused.total(),
            refused_by_reason=dict(done.refused),
        ),
    )


@operation(auth="staff", answers={200: WhiteListAnswer})
async def count_white_list(req: func.HttpRequest) -> func.HttpResponse:
    """How many entries the list has; what they are is not shown to anybody."""
    brand = (await staff(req, MAY_MANAGE_KEYS)).brand
    held = await white_list.counts(brand)
    mode = brand.policy.registration.white_list
    return answer(
        200,
        WhiteListAnswer(mode=mode, emails=held.emails, customer_ids=held.customer_ids, changed_at=held.changed_at),
    )
