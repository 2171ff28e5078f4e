"""The floor of the webhook: an ASGI application that reads the JSON of a request and does nothing with it."""

import json
import sys

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route


async def count(request: Request) -> Response:
    """How many events came."""
    return JSONResponse({"accepted": len(json.loads(await request.body())), "quarantined": 0})


async def ready(_request: Request) -> Response:
    """An empty answer."""
    return Response()


if __name__ == "__main__":
    app = Starlette(routes=[Route("/", count, methods=["POST"]), Route("/", ready, methods=["GET"])])
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_config=None, access_log=False)
