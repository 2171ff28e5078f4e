"""The local host as a process, with the tiny app: `python -m tests.local.serve_tiny FOLDER`."""

import asyncio
import signal
import sys
from pathlib import Path

from local.addresses import listen
from local.host import logs
from local.host.server import App, Host
from local.state import State


async def main(folder: Path) -> None:
    """Serves until SIGTERM on a port that it prints."""
    state = State(folder / "state")
    state.open()
    logs.set_up(state.logs / "functions.log")
    with listen(0) as listening:
        host = Host(App("tests.local.tiny_app", folder / "host.json"), state, listening)
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, host.stop)
        serving = asyncio.create_task(host.serve())
        await host.ready.wait()
        print(listening.getsockname()[1], flush=True)
        await serving


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
