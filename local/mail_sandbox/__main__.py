"""Command line of the mail sandbox: `python -m local.mail_sandbox --port N --state DIR --webhook-url URL`."""

import argparse
import os
import signal
import sys
from pathlib import Path
from types import FrameType

import uvicorn

from local.mail_sandbox.app import Credentials, Settings, create_app

NEEDED = ("MAILJET_API_KEY", "MAILJET_API_SECRET", "MAILJET_WEBHOOK_USER", "MAILJET_WEBHOOK_PASSWORD")
GRACE_SECONDS = 5


def main() -> int:
    """Serve until SIGTERM or Ctrl-C, then exit 0; 2 when a setting is missing, 1 when the port is taken."""
    parser = argparse.ArgumentParser(prog="python -m local.mail_sandbox", description=__doc__)
    parser.add_argument("--port", type=int, required=True, help="port on 127.0.0.1")
    parser.add_argument("--state", type=Path, required=True, help="folder that holds the mails")
    parser.add_argument("--webhook-url", required=True, help="where the events are posted")
    arguments = parser.parse_args()
    missing = [name for name in NEEDED if not os.environ.get(name)]
    if missing:
        parser.error(f"missing in the environment: {', '.join(missing)}")
    key, secret, user, password = (os.environ[name] for name in NEEDED)

    # uvicorn raises a caught signal again once it has stopped; this turns that into a clean exit.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _leave)
    settings = Settings(
        state=arguments.state,
        webhook_url=arguments.webhook_url,
        api=Credentials(key, secret),
        webhook=Credentials(user, password),
        stopping=lambda: server.should_exit,
    )
    server = uvicorn.Server(
        uvicorn.Config(
            create_app(settings),
            host="127.0.0.1",
            port=arguments.port,
            access_log=False,
            log_level="warning",
            timeout_graceful_shutdown=GRACE_SECONDS,
        )
    )
    server.run()
    return 0 if server.started else 1


def _leave(_signal: int, _frame: FrameType | None) -> None:
    sys.exit(0)


if __name__ == "__main__":
    sys.exit(main())
