"""A real browser without a screen, spoken to over its own pipe: what a page really stores, and not what its script says."""

import asyncio
import json
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
_FLAGS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--disable-extensions",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost", "--remote-debugging-pipe",
)  # fmt: skip


@dataclass(slots=True)
class Browser:
    """One page of one browser."""

    reader: asyncio.StreamReader
    writer: int
    session: str | None = None
    asked: list[str] = field(default_factory=list)  # every address that the page asked for
    _last: int = 0

    async def call(self, method: str, **params: Any) -> dict[str, Any]:
        """One command of the DevTools protocol."""
        self._last += 1
        message = {"id": self._last, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.writer, json.dumps(message).encode() + b"\0")
        while True:
            answer = json.loads((await self.reader.readuntil(b"\0"))[:-1])
            self._note(answer)
            if answer.get("id") == message["id"]:
                assert "error" not in answer, answer
                return dict(answer["result"])

    async def open(self, url: str) -> None:
        """Goes to an address and waits until its page has loaded."""
        await self.call("Page.navigate", url=url)
        for _ in range(500):
            state = await self.evaluate("location.href + ' ' + document.readyState")
            if state == f"{url} complete":
                return
            await asyncio.sleep(0.01)
        raise TimeoutError(url)

    async def evaluate(self, expression: str) -> Any:
        """What an expression gives on the page."""
        result = await self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        return result["result"].get("value")

    async def cookies(self) -> dict[str, dict[str, Any]]:
        """What the browser stores, by name, as the browser itself tells it."""
        found = (await self.call("Network.getAllCookies"))["cookies"]
        return {cookie["name"]: cookie for cookie in found}

    def _note(self, event: dict[str, Any]) -> None:
        if event.get("method") == "Network.requestWillBeSent":
            self.asked.append(event["params"]["request"]["url"])


@asynccontextmanager
async def browser(profile: Path) -> AsyncIterator[Browser]:
    """Starts a browser with an empty profile, and ends it; it resolves no name but localhost."""
    assert CHROMIUM
    commands, to_us = os.pipe(), os.pipe()
    read_end, write_end = commands[0], to_us[1]

    def as_pipe() -> None:
        # The browser reads commands from 3 and answers on 4, wherever these were before.
        high = os.dup(read_end), os.dup(write_end)
        os.dup2(high[0], 3)
        os.dup2(high[1], 4)

    process = await asyncio.create_subprocess_exec(
        CHROMIUM, *_FLAGS, f"--user-data-dir={profile}", "about:blank",
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL, close_fds=False, preexec_fn=as_pipe,
    )  # fmt: skip
    os.close(read_end)
    os.close(write_end)
    reader = asyncio.StreamReader(limit=1 << 24)
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(to_us[0], "rb")
    )
    page = Browser(reader, commands[1])
    try:
        targets = (await page.call("Target.getTargets"))["targetInfos"]
        target = next(one["targetId"] for one in targets if one["type"] == "page")
        page.session = (await page.call("Target.attachToTarget", targetId=target, flatten=True))["sessionId"]
        await page.call("Page.enable")
        await page.call("Network.enable")
        yield page
    finally:
        transport.close()
        os.close(commands[1])
        process.kill()
        await process.wait()
