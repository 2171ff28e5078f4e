"""The locks hold what they should without asking anybody, and the audit fails for a vulnerability alone."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from local import audit_dependencies
from local.audit_dependencies import Report, Vulnerability, audit, locked_packages
from local.lock import LOCKED
from local.project import ROOT

KNOWN = {"id": "PYSEC-2030-1", "fixed_in": ["1.1"], "withdrawn": None}
WITHDRAWN = {"id": "PYSEC-2030-2", "fixed_in": [], "withdrawn": "2030-01-01T00:00:00Z"}
TOLD = {"/pypi/good/1.0/json": [], "/pypi/bad/1.0/json": [KNOWN], "/pypi/taken-back/1.0/json": [WITHDRAWN]}


def requirements(lock: str) -> list[str]:
    """Each requirement of a lock with its hashes, on one line."""
    lines = (ROOT / lock).read_text().replace("\\\n", " ").splitlines()
    return [line for line in lines if line.strip() and not line.startswith("#")]


@pytest.mark.parametrize("lock", LOCKED.values())
def test_every_locked_requirement_is_one_version_with_its_hashes(lock: str) -> None:
    assert len(requirements(lock)) > 5
    for line in requirements(lock):
        assert re.match(r"[a-z0-9._-]+(\[[a-z,_-]+\])?==\S+", line), line
        assert "--hash=sha256:" in line, line


@pytest.mark.parametrize("source", LOCKED)
def test_what_is_asked_for_is_locked(source: str) -> None:
    asked = [line.partition("#")[0].strip() for line in (ROOT / source).read_text().splitlines()]
    names = {re.split(r"[\[<>=! ]", name)[0].lower().replace("_", "-") for name in asked if name and name[0] != "-"}
    locked = {re.split(r"[\[= ]", line)[0] for line in requirements(LOCKED[source])}
    assert names
    assert names <= locked, "run ./dev lock"


def test_tests_run_with_what_is_deployed() -> None:
    locks = (LOCKED["requirements.in"], LOCKED["requirements-dev.in"])
    deployed, tested = ({line.split()[0] for line in requirements(lock)} for lock in locks)
    assert deployed <= tested, "run ./dev lock"


@asynccontextmanager
async def an_index() -> AsyncIterator[str]:
    """One that knows three packages."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        path = (await reader.readuntil(b"\r\n\r\n")).split()[1].decode()
        body = json.dumps({"vulnerabilities": TOLD.get(path)}).encode() if path in TOLD else b"{}"
        head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        writer.write(head.encode() + body)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def test_a_known_vulnerability_is_told_and_a_withdrawn_one_is_not() -> None:
    async with an_index() as index:
        report = await audit({"good": "1.0", "bad": "1.0", "taken-back": "1.0", "unheard-of": "1.0"}, index)
    assert report == Report(3, ("unheard-of",), (Vulnerability("bad", "1.0", "PYSEC-2030-1", ("1.1",)),))


async def test_an_index_that_is_not_there_fails_nothing() -> None:
    async with an_index() as index:
        pass
    assert await audit({"good": "1.0"}, index) == Report(0, ("good",), ())


@pytest.mark.parametrize(
    ("report", "code", "says"),
    [
        (Report(3, (), ()), 0, "3 packages asked for, 0 known"),
        (Report(0, ("good",), ()), 0, "NOT ASKED"),
        (
            Report(2, ("good",), (Vulnerability("bad", "1.0", "PYSEC-2030-1", ("1.1",)),)),
            1,
            "PYSEC-2030-1, fixed in 1.1",
        ),
    ],
)
def test_the_command_fails_for_a_vulnerability_alone(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], report: Report, code: int, says: str
) -> None:
    async def said(packages: dict[str, str]) -> Report:
        assert packages == locked_packages()
        return report

    monkeypatch.setattr(audit_dependencies, "audit", said)
    assert audit_dependencies.main([]) == code
    assert says in capsys.readouterr().out
