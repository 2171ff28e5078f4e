"""A function app with one of everything that the local host must do, and a memory of what was asked of it."""

import asyncio
from typing import Any

import azure.functions as func

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)
seen: list[dict[str, Any]] = []
fail_times: dict[str, int] = {}


def remember(function: str, **facts: Any) -> None:
    """Lets a test see a call."""
    seen.append({"function": function} | facts)


@app.route("things/{id}", methods=["GET", "HEAD"])
async def thing(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse(f"thing {req.route_params['id']}", headers={"ETag": '"1"'})


@app.route("things/import", methods=["GET", "POST"])
async def import_things(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse(str(len(req.get_body())))


@app.route("echo/{a}/{b?}", methods=["GET", "POST"])
def echo(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
    remember(
        "echo",
        method=req.method,
        url=req.url,
        params=dict(req.params),
        route_params=dict(req.route_params),
        headers=dict(req.headers),
        body=req.get_body(),
        name=context.function_name,
    )
    response = func.HttpResponse(b"\x00\x01", status_code=201, mimetype="application/octet-stream")
    response.headers.add("Set-Cookie", "a=1; Path=/")
    response.headers.add("Set-Cookie", "b=2; Path=/")
    return response


@app.route("t/{brand}.js", methods=["GET"])
async def tag(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse(req.route_params["brand"], mimetype="text/javascript")


@app.route("files/{*path}", methods=["GET"])
async def files(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse(req.route_params.get("path", "none"))


@app.route("guarded", methods=["GET"], auth_level=func.AuthLevel.FUNCTION)
async def guarded(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse("in")


@app.route("secrets/{token}", methods=["GET"])
async def broken(req: func.HttpRequest) -> func.HttpResponse:
    raise RuntimeError(f"bad token {req.route_params['token']}")


@app.route("nothing", methods=["DELETE"])
async def nothing(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse(status_code=204)


@app.queue_trigger("message", "work", "AzureWebJobsStorage")
async def do_work(message: func.QueueMessage) -> None:
    remember("do_work", body=message.get_json(), id=message.id, count=message.dequeue_count, message=message)


@app.queue_trigger("message", "shaky", "AzureWebJobsStorage")
async def do_shaky(message: func.QueueMessage) -> None:
    body = message.get_json()
    remember("do_shaky", body=body, count=message.dequeue_count)
    if fail_times.get(body["key"], 0) >= (message.dequeue_count or 0):
        raise ValueError("someone@example.com made this fail")


@app.queue_trigger("message", "slow", "AzureWebJobsStorage")
async def do_slow(message: func.QueueMessage) -> None:
    remember("do_slow", state="began", body=message.get_json())
    await asyncio.sleep(message.get_json()["seconds"])
    remember("do_slow", state="done", body=message.get_json())


@app.timer_trigger("timer", "0 30 4 * * *", run_on_startup=False)
async def sweep_daily(timer: func.TimerRequest) -> None:
    remember("sweep_daily", past_due=timer.past_due)


@app.timer_trigger("timer", "0 0 5 1 1 *")
def sweep_yearly(timer: func.TimerRequest) -> None:
    remember("sweep_yearly", past_due=timer.past_due)
