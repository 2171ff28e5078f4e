"""The sandbox's own API for people and scripts: read the mails, make their events happen, ask for faults."""

import json
import math
import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import httpx
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from local.mail_sandbox.clock import SuiteClock, rfc3339
from local.mail_sandbox.events import FIELDS, full_event, status_after
from local.mail_sandbox.faults import Fault, FaultKind, Faults
from local.mail_sandbox.problems import ProblemError, invalid, json_object, refuse_unknown, whole_number
from local.mail_sandbox.send_api import Counts, Credentials
from local.mail_sandbox.store import Mail, MailStore

DEFAULT_LIMIT = 1000
MAX_REPEAT = 1000
MAX_FAULTS = 100_000
MAX_HANG_SECONDS = 600
DEFAULT_HANG_SECONDS = 30
WEBHOOK_TIMEOUT_SECONDS = 30


class InboxApi:
    """Routes under `/api/` over the sandbox's store."""

    def __init__(
        self,
        store: MailStore,
        clock: SuiteClock,
        faults: Faults,
        counts: Counts,
        webhook: tuple[str, Credentials],
        client: httpx.AsyncClient,
    ) -> None:
        self._store = store
        self._clock = clock
        self._faults = faults
        self._counts = counts
        self._webhook_url, self._webhook_credentials = webhook
        self._client = client

    async def list(self, request: Request) -> Response:
        """`GET /api/messages?to=&since=&limit=`: newest first; `limit=0` is all, `since` is included."""
        query = request.query_params
        limit = query.get("limit", str(DEFAULT_LIMIT))
        if not re.fullmatch("[0-9]{1,9}", limit):
            raise invalid("limit", "a whole number, 0 for all")
        chunks = self._store.documents(to=query.get("to") or None, since=_moment(query.get("since")), limit=int(limit))
        return StreamingResponse(_json_array(chunks), media_type="application/json")

    async def read(self, request: Request) -> Response:
        """`GET /api/messages/{id}`. Raises ProblemError 404."""
        return Response((await self._mail(request)).document, media_type="application/json")

    async def clear(self, _request: Request) -> Response:
        """`DELETE /api/messages`: forgets every mail."""
        await run_in_threadpool(self._store.clear)
        return Response(status_code=204)

    async def post_event(self, request: Request) -> Response:
        """`POST /api/messages/{id}/events`: posts the event to the webhook as Mailjet would.

        The body is part of an event; `repeat` posts it so many times, `?shape=object` without the array.
        Answers the webhook's status, the first that is not 200 if there are several. Raises ProblemError
        404 for an unknown mail, 422 naming the wrong field, 502 when the webhook cannot be reached.
        """
        mail = await self._mail(request)
        body = await json_object(request)
        refuse_unknown(body, FIELDS | {"repeat"})
        repeat = whole_number(body, "repeat", default=1, most=MAX_REPEAT)
        shape = request.query_params.get("shape", "array")
        if shape not in ("array", "object"):
            raise invalid("shape", "array or object")
        partial = {field: value for field, value in body.items() if field != "repeat"}
        event = full_event(partial, json.loads(mail.document), await self._clock.now(fresh=True))
        posted = event if shape == "object" else [event]
        statuses = [await self._post(posted) for _ in range(repeat)]
        await run_in_threadpool(self._store.set_status, mail.id, status_after(event))
        failed = [status for status in statuses if status != 200]
        return JSONResponse({"webhookStatus": failed[0] if failed else 200, "event": event})

    async def add_fault(self, request: Request) -> Response:
        """`POST /api/faults`: lets the next calls of the Send API fail. Raises ProblemError 422."""
        body = await json_object(request)
        refuse_unknown(body, {"next", "kind", "seconds"})
        kinds = {str(kind): kind for kind in FaultKind}
        kind = body.get("kind")
        if not isinstance(kind, str) or kind not in kinds:
            raise invalid("kind", f"one of {', '.join(kinds)}")
        left = whole_number(body, "next", default=1, most=MAX_FAULTS)
        self._faults.add(Fault(kinds[kind], left, _seconds(body)))
        return await self.show_faults(request)

    async def show_faults(self, _request: Request) -> Response:
        """`GET /api/faults`: what is still to go wrong, next first."""
        return JSONResponse({"waiting": self._faults.waiting()})

    async def clear_faults(self, _request: Request) -> Response:
        """`DELETE /api/faults`: all coming calls succeed."""
        self._faults.clear()
        return Response(status_code=204)

    async def stats(self, _request: Request) -> Response:
        """`GET /api/stats`: calls since the process began, and the mails held."""
        held = await run_in_threadpool(self._store.count)
        return JSONResponse({"sendCalls": self._counts.send_calls, "messages": held, "lookups": self._counts.lookups})

    async def _mail(self, request: Request) -> Mail:
        mail = await run_in_threadpool(self._store.find, request.path_params["id"])
        if mail is None:
            raise ProblemError(404, "There is no such mail")
        return mail

    async def _post(self, body: Any) -> int:
        credentials = self._webhook_credentials
        try:
            answer = await self._client.post(
                self._webhook_url,
                json=body,
                auth=(credentials.user, credentials.secret),
                timeout=WEBHOOK_TIMEOUT_SECONDS,
            )
        except httpx.HTTPError as error:
            reason = f"{type(error).__name__} at {self._webhook_url}"
            raise ProblemError(502, "The webhook cannot be reached", reason=reason) from error
        return answer.status_code


def _json_array(chunks: Iterator[list[str]]) -> Iterator[str]:
    opening = "["
    for chunk in chunks:
        yield opening + ",".join(chunk)
        opening = ","
    yield "]" if opening == "," else "[]"


def _moment(text: str | None) -> str | None:
    if not text:
        return None
    try:
        # A "+" that the caller did not escape arrives as a blank.
        moment = datetime.fromisoformat(text.replace(" ", "+"))
    except ValueError as error:
        raise invalid("since", "an RFC 3339 time") from error
    if moment.tzinfo is None:
        raise invalid("since", "an RFC 3339 time with its offset")
    return rfc3339(moment)


def _seconds(body: dict[str, Any]) -> float:
    value = body.get("seconds", DEFAULT_HANG_SECONDS)
    good = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    if not good or not 0 <= value <= MAX_HANG_SECONDS:
        raise invalid("seconds", f"a number from 0 to {MAX_HANG_SECONDS}")
    return float(value)
