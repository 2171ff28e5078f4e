"""The two routes of Mailjet that the product calls: send mails, and look one up by its CustomID."""

import asyncio
import hmac
import json
import re
from base64 import b64decode
from collections.abc import Callable
from dataclasses import dataclass
from math import ceil
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from local.mail_sandbox import answers
from local.mail_sandbox.answers import Json
from local.mail_sandbox.clock import SuiteClock
from local.mail_sandbox.delivery import as_looked_up, feigned_errors, mails_of, success
from local.mail_sandbox.faults import Fault, FaultKind, Faults
from local.mail_sandbox.send_rules import MAX_BODY_BYTES, MAX_RECIPIENTS, errors_of, recipients_of
from local.mail_sandbox.store import Mail, MailStore

HANG_STEP_SECONDS = 0.05
LOOKUP_DEFAULT_LIMIT = 10
_ROOT = {"Messages", "Globals", "SandboxMode", "AdvanceErrorHandling"}


@dataclass(frozen=True)
class Credentials:
    """A name and a secret, for HTTP basic authentication."""

    user: str
    secret: str

    def match(self, request: Request) -> bool:
        """Whether the request carries them, compared in constant time."""
        scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
        try:
            given = b64decode(encoded, validate=True) if scheme.lower() == "basic" else b""
        except ValueError:
            given = b""
        return hmac.compare_digest(given, f"{self.user}:{self.secret}".encode())


@dataclass
class Counts:
    """How often the product called, since the process began."""

    send_calls: int = 0
    lookups: int = 0


class SendApi:
    """Mailjet's Send API v3.1 and message look-up over the sandbox's store."""

    def __init__(
        self,
        store: MailStore,
        clock: SuiteClock,
        faults: Faults,
        counts: Counts,
        credentials: Credentials,
        stopping: Callable[[], bool],
    ) -> None:
        self._store = store
        self._clock = clock
        self._faults = faults
        self._counts = counts
        self._credentials = credentials
        self._stopping = stopping

    async def send(self, request: Request) -> Response:
        """`POST /v3.1/send`: the answer of Mailjet, or of the fault that is due."""
        self._counts.send_calls += 1
        if not self._credentials.match(request):
            return answers.unauthorised()
        body = await _capped_body(request)
        if body is None:
            return answers.global_error("mj-0011", "The payload size is over the limit.")
        fault = self._faults.take()
        if fault is None:
            return await self._accept(body)
        return await self._fail(fault, request, body)

    async def look_up(self, request: Request) -> Response:
        """`GET /v3/REST/message?CustomID=`: what was sent with that CustomID."""
        self._counts.lookups += 1
        if not self._credentials.match(request):
            return answers.unauthorised()
        custom_id, limit = request.query_params.get("CustomID", ""), request.query_params.get("Limit", "")
        most = int(limit) if re.fullmatch("[1-9][0-9]{0,5}", limit) else LOOKUP_DEFAULT_LIMIT
        mails = await run_in_threadpool(self._store.with_custom_id, custom_id, most) if custom_id else []
        found = [as_looked_up(mail) for mail in mails]
        return JSONResponse({"Count": len(found), "Data": found, "Total": len(found)})

    async def _fail(self, fault: Fault, request: Request, body: bytes) -> Response:
        match fault.kind:
            case FaultKind.TOO_MANY:
                return answers.too_many_requests()
            case FaultKind.INTERNAL:
                return answers.internal_error()
            case FaultKind.GLOBAL:
                return answers.malformed()
            case FaultKind.MIXED:
                return await self._accept(body, refuse_every_second=True)
            case FaultKind.TIMEOUT_AFTER_ACCEPT:
                answer = await self._accept(body)
                await self._hang(request, fault.seconds)
                return answer
            case FaultKind.TIMEOUT_BEFORE_ACCEPT:
                await self._hang(request, fault.seconds)
                return answers.global_error("mj-gateway", "Gateway Time-out", status=504)

    async def _hang(self, request: Request, seconds: float) -> None:
        # In small steps, so that neither a caller who left nor a stop of the sandbox waits for the rest.
        for _ in range(ceil(seconds / HANG_STEP_SECONDS)):
            if self._stopping() or await request.is_disconnected():
                return
            await asyncio.sleep(HANG_STEP_SECONDS)

    async def _accept(self, body: bytes, *, refuse_every_second: bool = False) -> Response:
        call = _call_of(body)
        if call is None:
            return answers.malformed()
        messages = call.get("Messages")
        if messages is None:
            text = "The Messages is mandatory but missing from the input"
            return answers.global_error("mj-0003", text, related=["Messages"])
        if not messages:
            return answers.global_error("mj-0007", "The Messages array cannot be empty.", related=["Messages"])
        if sum(len(recipients_of(message)) for message in messages) > MAX_RECIPIENTS:
            text = f"Total number of recipients exceeded. Max allowed - {MAX_RECIPIENTS}"
            return answers.global_error("send-0015", text, related=["To", "Cc", "Bcc"])
        now, validate_only = await self._clock.now(), bool(call.get("SandboxMode"))
        results: list[Json] = []
        mails: list[Mail] = []
        for place, message in enumerate(messages):
            errors = feigned_errors(message) if refuse_every_second and place % 2 else errors_of(message)
            if errors:
                results.append(answers.refused_message(errors))
                continue
            accepted = mails_of(message, now)
            mails.extend(accepted)
            results.append(success(message, accepted, validate_only=validate_only))
        if not validate_only:
            await run_in_threadpool(self._store.add, mails)
        refused = any(result["Status"] == "error" for result in results)
        return JSONResponse({"Messages": results}, status_code=400 if refused else 200)


async def _capped_body(request: Request) -> bytes | None:
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > MAX_BODY_BYTES:
            return None
    return bytes(body)


def _call_of(body: bytes) -> Json | None:
    """The call with `Globals` spread over its messages, or None when it is not of the API's shape."""
    try:
        call: Any = json.loads(body)
    except ValueError:
        return None
    if not isinstance(call, dict) or not call.keys() <= _ROOT:
        return None
    shared, messages = call.get("Globals") or {}, call.get("Messages")
    if not isinstance(shared, dict) or not isinstance(call.get("SandboxMode", False), bool):
        return None
    if messages is None:
        return call
    if not isinstance(messages, list) or not all(isinstance(message, dict) for message in messages):
        return None
    return call | {"Messages": [shared | message for message in messages]}
