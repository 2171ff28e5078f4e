"""`./dev audit-dependencies`: asks the package index whether what is locked has known vulnerabilities.

Apart from `./dev test`, since it needs the network: where the index cannot be reached it says so and fails nothing. Of a known
vulnerability it fails. What needs no network (hashes, pins, that the locks agree) the tests hold.
"""

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import httpx

from local.lock import LOCKED
from local.project import ROOT

INDEX = "https://pypi.org"
AT_ONCE = 8
SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Vulnerability:
    """A known one of a locked package."""

    package: str
    version: str
    id: str
    fixed_in: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """What the index said; `unasked` are the packages of which it said nothing."""

    asked: int
    unasked: tuple[str, ...]
    found: tuple[Vulnerability, ...]


def locked_packages() -> dict[str, str]:
    """Every package of both locks with its version."""
    text = "\n".join((ROOT / lock).read_text() for lock in LOCKED.values())
    return dict(re.findall(r"^([a-z0-9][a-z0-9._-]*)(?:\[[a-z0-9,_-]+\])?==([^ ;\\]+)", text, re.MULTILINE))


async def audit(packages: Mapping[str, str], index: str = INDEX) -> Report:
    """Asks for each package; an index that is not there leaves it unasked."""
    gate = asyncio.Semaphore(AT_ONCE)
    async with httpx.AsyncClient(base_url=index, timeout=SECONDS, follow_redirects=True) as client:

        async def ask(name: str, version: str) -> list[Vulnerability] | None:
            async with gate:
                try:
                    answer = await client.get(f"/pypi/{name}/{version}/json")
                    answer.raise_for_status()
                    told = answer.json()["vulnerabilities"]
                except (httpx.HTTPError, ValueError, KeyError):
                    return None
            return [
                Vulnerability(name, version, one["id"], tuple(one.get("fixed_in", ())))
                for one in told
                if not one.get("withdrawn")
            ]

        said = await asyncio.gather(*(ask(name, version) for name, version in packages.items()))
    by_name = dict(zip(packages, said, strict=True))
    unasked = tuple(name for name, one in by_name.items() if one is None)
    return Report(len(packages) - len(unasked), unasked, tuple(v for one in said for v in one or ()))


def main(argv: Sequence[str]) -> int:
    """1 for a known vulnerability, 0 otherwise, also where the index was not reached."""
    report = asyncio.run(audit(locked_packages()))
    for one in report.found:
        fixed = f"fixed in {', '.join(one.fixed_in)}" if one.fixed_in else "no fix yet"
        print(f"{one.package} {one.version}: {one.id}, {fixed}")
    if report.unasked:
        print(f"NOT ASKED, for {INDEX} did not say: {len(report.unasked)} packages ({', '.join(report.unasked[:5])} …)")
    print(f"{report.asked} packages asked for, {len(report.found)} known vulnerabilities.")
    return 1 if report.found else 0
