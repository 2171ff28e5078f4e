"""The host's logs: JSON lines in a file, one short line on the terminal for what is wrong.

An exception is logged by its type and place only: its message may hold what a person typed.
"""

import json
import logging
import sys
import traceback
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
# These log addresses of requests, and tokens are in paths.
_TALKATIVE = ("azure", "httpx", "httpcore", "aiohttp", "uvicorn", "asyncio")
_FRAMES = 6


class JsonLines(logging.Formatter):
    """A record as one JSON object, with its extra fields."""

    def format(self, record: logging.LogRecord) -> str:
        """Formats without the message of any exception."""
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        line |= {name: value for name, value in vars(record).items() if name not in _STANDARD}
        if record.exc_info and record.exc_info[1]:
            line |= _describe(record.exc_info[1])
        return json.dumps(line, default=str, ensure_ascii=False)


class OneLine(logging.Formatter):
    """A record for the eye."""

    def format(self, record: logging.LogRecord) -> str:
        """Level, message, and where an exception came from."""
        line = f"{record.levelname.lower()}: {record.name}: {record.getMessage()}"
        if record.exc_info and record.exc_info[1]:
            what = _describe(record.exc_info[1])
            line += f": {what['exception']} at {what['frames'][-1] if what['frames'] else 'an unknown place'}"
        return line


def name_of(log: str, instance: int) -> str:
    """The file of a host's log; each of several hosts has its own."""
    return f"{log}.log" if instance == 1 else f"{log}-{instance}.log"


def set_up(path: Path) -> None:
    """Sends every log record of the process to the file and its warnings to stderr."""
    logging.basicConfig(level=logging.INFO, handlers=[to_file(path), to_terminal()], force=True)
    quieten()


def quieten() -> None:
    """Leaves the warnings of libraries that log addresses."""
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)


def to_file(path: Path) -> logging.Handler:
    """Appends JSON lines."""
    handler = logging.FileHandler(path, encoding="utf-8")
    handler.setFormatter(JsonLines())
    return handler


def to_terminal() -> logging.Handler:
    """Shows warnings and worse."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(OneLine())
    handler.setLevel(logging.WARNING)
    return handler


def _describe(error: BaseException) -> dict[str, Any]:
    frames = traceback.extract_tb(error.__traceback__)[-_FRAMES:]
    return {
        "exception": type(error).__qualname__,
        "frames": [f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames],
    }
