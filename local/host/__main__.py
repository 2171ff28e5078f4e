"""Command line of the local host: `python -m local.host --port N --state DIR`."""

import argparse
import asyncio
import signal
import sys
from importlib import import_module
from pathlib import Path

from local.addresses import listen
from local.clock import ShiftedClock
from local.host import logs
from local.host.server import App, Host
from local.host.telemetry import telemetry_to
from local.project import ROOT
from local.state import State
from shared.adapters.telemetry import OpenTelemetry


def main() -> int:
    """Serves until SIGTERM or Ctrl-C, then finishes what runs and gives 0; 1 when it cannot start."""
    parser = argparse.ArgumentParser(prog="python -m local.host", description=__doc__)
    parser.add_argument("--port", type=int, required=True, help="port on 127.0.0.1")
    parser.add_argument("--state", type=Path, required=True, help="folder that holds all it writes")
    parser.add_argument("--app", default="function_app", help="module whose `app` is served")
    parser.add_argument("--instance", type=int, default=1, help="which of the hosts over one folder it is")
    arguments = parser.parse_args()
    state = State(arguments.state.resolve())
    state.open()
    logs.set_up(state.logs / logs.name_of("functions", arguments.instance))
    told = telemetry_to(state.logs / logs.name_of("telemetry", arguments.instance))
    try:
        return asyncio.run(_serve(arguments.port, state, arguments.app, told, arguments.instance))
    finally:
        told.shut_down()


async def _serve(port: int, state: State, module: str, told: OpenTelemetry, instance: int) -> int:
    demo = import_module("local.demo_brands")
    with listen(port) as listening:
        app = App(
            module,
            ROOT / "host.json",
            install=lambda clock: _install(clock, told),
            seed=demo.seed,
            describe=demo.describe,
            settle=_settle,
            close=_close,
        )
        host = Host(app, state, listening, instance)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, host.stop)
        await host.serve()
    return 0


async def _settle() -> None:
    await import_module("shared.app").scrub()


async def _close() -> None:
    await import_module("shared.app").close()


def _install(clock: ShiftedClock, told: OpenTelemetry) -> None:
    import_module("shared.app").override(clock=clock, telemetry=told)


if __name__ == "__main__":
    sys.exit(main())
