"""The floor of the load: the same host with one function that does nothing, for every path that the load asks for."""

import argparse
import asyncio
import signal
import sys
from pathlib import Path

import azure.functions as func

from local.addresses import listen
from local.host.server import App, Host
from local.project import ROOT
from local.state import State

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)


@app.route("{*path}", methods=["GET", "POST", "PATCH"])
async def nothing(req: func.HttpRequest) -> func.HttpResponse:
    """An empty answer."""
    return func.HttpResponse()


async def _serve(port: int, state: State) -> None:
    with listen(port) as listening:
        host = Host(App("local.bench.idle_app", ROOT / "host.json"), state, listening)
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, host.stop)
        await host.serve()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--state", type=Path, required=True)
    arguments = parser.parse_args()
    folder = State(arguments.state)
    folder.open()
    asyncio.run(_serve(arguments.port, folder))
    sys.exit(0)
