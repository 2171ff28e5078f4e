"""A tiny HTTP server on loopback that answers as scripted, also by silence and by hanging up."""

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Request:
    """What the server was asked."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        """The body, read as JSON."""
        return json.loads(self.body)


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer; `hang_up_after` cuts it after so many bytes, `silent` never gives it."""

    status: int = 200
    body: bytes = b"{}"
    hang_up_after: int | None = None
    silent: bool = False

    @classmethod
    def of(cls, value: object, status: int = 200) -> "Answer":
        """An answer in JSON."""
        return cls(status, json.dumps(value).encode())


class ScriptedServer:
    """Keeps what it was asked, and answers as it was told to."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.url = ""
        self._answer: Callable[[Request], Answer] = lambda _: Answer()

    def script(self, *answers: Answer) -> None:
        """Answers each request from now on with the next of these, and with the last one for ever."""
        waiting = deque(answers)
        self.answer_by(lambda _: waiting.popleft() if len(waiting) > 1 else waiting[0])

    def answer_by(self, answer: Callable[[Request], Answer]) -> None:
        """Answers each request from now on as the function says."""
        self._answer = answer

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, kept open between requests as a real server would."""
        try:
            while request := await _request(reader):
                self.requests.append(request)
                answer = self._answer(request)
                if answer.silent:
                    await reader.read()  # until the client gives up
                    return
                writer.write(_wire(answer))
                await writer.drain()
                if answer.hang_up_after is not None:
                    return
        except ConnectionError:
            return
        finally:
            writer.close()


@asynccontextmanager
async def scripted_server() -> AsyncIterator[ScriptedServer]:
    """A server on a free port for the time of a test."""
    scripted = ScriptedServer()
    server = await asyncio.start_server(scripted.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    scripted.url = f"http://127.0.0.1:{port}"
    async with server:
        yield scripted


async def _request(reader: asyncio.StreamReader) -> Request | None:
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    except asyncio.IncompleteReadError:
        return None
    first, *lines = head.strip().split("\r\n")
    method, target, _ = first.split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    return Request(method, target, headers, body)


def _wire(answer: Answer) -> bytes:
    fields = ("Content-Type: application/json", f"Content-Length: {len(answer.body)}")
    head = "\r\n".join((f"HTTP/1.1 {answer.status} Scripted", *fields, "", ""))
    return (head.encode() + answer.body)[: answer.hang_up_after]
