"""HTTP triggers: from a request on the wire to a function and back."""

import hmac
import io
import logging

import azure.functions as func
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from local.host.functions import HttpTrigger
from local.host.invocations import Invocations
from local.host.routes import Routes

LARGEST_BODY = 100 * 1024 * 1024  # bytes, the real host's limit
WITHOUT_BODY = (204, 304)

logger = logging.getLogger("host.http")


class BodyTooLargeError(Exception):
    """The request's body is over the host's limit."""


class HttpFunctions:
    """The ASGI application of all HTTP functions."""

    def __init__(self, routes: Routes, invocations: Invocations, function_key: str, largest_body: int = LARGEST_BODY):
        self._routes = routes
        self._invocations = invocations
        self._function_key = function_key
        self._largest_body = largest_body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request."""
        request = Request(scope, receive)
        try:
            response = await self._answer(request)
        except BodyTooLargeError:
            response = Response(status_code=413)
        except ClientDisconnect:
            return
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        raw_path: bytes = request.scope["raw_path"]
        found = self._routes.find(request.method, raw_path.split(b"?")[0].decode("latin-1"))
        if found is None:
            return Response(status_code=404)
        route, route_params = found
        assert isinstance(route.function.trigger, HttpTrigger)
        if route.function.trigger.auth_level != "ANONYMOUS" and not self._has_key(request):
            return Response(status_code=401)
        result = await self._invocations.run(route.function, await self._to_function(request, route_params))
        if not result.ok:
            return Response(status_code=500)
        try:
            return _from_function(result.value)
        except (TypeError, UnicodeEncodeError) as error:
            logger.error("%s gave no HTTP response", route.function.name, exc_info=error)
            return Response(status_code=500)

    def _has_key(self, request: Request) -> bool:
        given = request.headers.get("x-functions-key") or request.query_params.get("code") or ""
        return hmac.compare_digest(given.encode(), self._function_key.encode())

    async def _to_function(self, request: Request, route_params: dict[str, str]) -> func.HttpRequest:
        # The real host joins repeated headers and parameters with a comma and leaves out empty parameters.
        headers: dict[str, str] = {}
        for name, value in request.headers.items():
            headers[name] = f"{headers[name]},{value}" if name in headers else value
        params: dict[str, str] = {}
        for name, value in request.query_params.multi_items():
            if value:
                params[name] = f"{params[name]},{value}" if name in params else value
        return func.HttpRequest(
            request.method,
            _url(request),
            headers=headers,
            params=params,
            route_params=route_params,
            body=await self._body(request),
        )

    async def _body(self, request: Request) -> bytes:
        if int(request.headers.get("content-length", 0)) > self._largest_body:
            raise BodyTooLargeError
        # BytesIO gives its buffer away without a copy: a body of 100 MB must not cost 200.
        body = io.BytesIO()
        async for chunk in request.stream():
            if body.tell() + len(chunk) > self._largest_body:
                raise BodyTooLargeError
            body.write(chunk)
        return body.getvalue()


def _url(request: Request) -> str:
    """The address as it was sent: the library's own would lose what is escaped in the path."""
    host = request.headers.get("host", "")
    path: bytes = request.scope["raw_path"]
    query = f"?{request.url.query}" if request.url.query else ""
    return f"{request.url.scheme}://{host}{path.decode('latin-1')}{query}"


def _from_function(value: object) -> Response:
    """The answer on the wire; raises TypeError for what is no response, text, bytes or None."""
    if value is None:
        return Response(status_code=204)
    if isinstance(value, str | bytes):
        value = func.HttpResponse(value)
    if not isinstance(value, func.HttpResponse):
        raise TypeError(type(value).__name__)
    charset = f"; charset={value.charset}" if value.mimetype.startswith("text/") else ""
    single = {"content-type": f"{value.mimetype}{charset}"}
    cookies = []
    for name, text in value.headers.items():
        # Only cookies may repeat: the wire between the real host and its worker has one value a header.
        if name.lower() == "set-cookie":
            cookies.append(("set-cookie", text))
        else:
            single[name.lower()] = text
    body = b"" if value.status_code in WITHOUT_BODY else value.get_body()
    response = Response(body, status_code=value.status_code)
    length = [(name, text) for name, text in response.raw_headers if name == b"content-length"]
    own = [(name.encode("latin-1"), str(text).encode("latin-1")) for name, text in [*single.items(), *cookies]]
    response.raw_headers = [header for header in own if header[0] != b"content-length"] + length
    return response
