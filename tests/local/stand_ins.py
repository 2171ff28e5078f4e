"""A suite of tiny processes under the real supervisor: `python -m tests.local.stand_ins FOLDER KIND…`.

Each writes its process id into the folder, as `<number>.pid`, and answers on a port of its own.
"""

import asyncio
import signal
import sys
from pathlib import Path

from local.addresses import LOOPBACK, free_port
from local.children import Spec
from local.supervisor import Suite, SuiteError

SERVER = """
import http.server, os, pathlib, signal, subprocess, sys
kind, port, pid_file = sys.argv[1], int(sys.argv[2]), pathlib.Path(sys.argv[3])
if kind == "deaf":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
if kind == "parent":
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    pid_file.with_suffix(".child.pid").write_text(str(child.pid))
pid_file.write_text(str(os.getpid()))
if kind == "broken":
    sys.exit("it is broken")
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        if self.path == "/die":
            os._exit(3)
    def log_message(self, *_):
        pass
http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler).serve_forever()
"""


async def main(folder: Path, kinds: list[str]) -> int:
    """One stage a kind; 0 when asked to stop, 1 when one ended by itself."""
    stages = []
    for number, kind in enumerate(kinds):
        port = free_port()
        command = [sys.executable, "-c", SERVER, kind, str(port), str(folder / f"{number}.pid")]
        stages.append([Spec(f"{kind}-{number}", command, f"http://{LOOPBACK}:{port}/", grace_seconds=0.5)])
    suite = Suite(stages, folder)
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, suite.stop)
    loop.add_signal_handler(signal.SIGINT, suite.stop)
    last_url = stages[-1][0].ready_url
    try:
        await suite.run(lambda: print(f"Ready: {last_url}", flush=True))
    except SuiteError as error:
        print(error, flush=True)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main(Path(sys.argv[1]), sys.argv[2:])))
