"""Mail events over HTTP in batches of a hundred, through queue and functions, until the last one is applied."""

import asyncio
import json
import time
from collections.abc import Iterator, Sequence
from datetime import datetime
from random import Random
from typing import Any

import httpx

from local.addresses import LOOPBACK, free_port
from local.bench.embedded import BRAND, scratch_folder
from local.bench.measurement import Measurement, Progress, Target
from local.bench.seeding import Mailed, seed_mailed, seen_events
from local.bench.suites import running, running_suite

EVENTS = 20_000
A_BATCH = 100
CONNECTIONS = 4
TARGET = Target("value", "at least", 1000)
# What a hundred first events are; each delivered mail has a second one.
_FIRST = (("sent", 96), ("bounce", 3), ("blocked", 1))
_SECOND = (("open", 70), ("click", 25), ("spam", 1), ("unsub", 4))


def measure(rows: int | None, progress: Progress) -> Measurement:
    """Events a second that are accepted and applied."""
    count = rows or EVENTS
    with running_suite() as suite:
        suite.client.drain()
        progress("writing contacts with mails")
        mailed = asyncio.run(seed_mailed(suite.environment, BRAND, -(-count // 2)))
        bodies = _bodies(mailed, count, _unix(suite.client.now()))
        webhook = suite.client.call("GET", "/admin/demo", expect=200).json()["mailjetWebhook"]
        progress("posting events")
        began = time.perf_counter()
        url = f"{suite.ports.functions.url}/api/webhooks/mailjet"
        asyncio.run(_post(url, bodies, (webhook["user"], webhook["password"])))
        posted = time.perf_counter() - began
        progress("waiting until they are applied")
        suite.client.call("POST", "/admin/drain?timeout=600", expect=200)
        seconds = time.perf_counter() - began
        applied = asyncio.run(seen_events(suite.environment, BRAND))
        if applied != count:
            raise RuntimeError(f"{applied} events were applied, not {count}")
    progress("the same to an application that only parses")
    bare = _bare(bodies)
    conditions = {
        "events": count,
        "batch": A_BATCH,
        "connections": CONNECTIONS,
        "contacts": len(mailed),
        "acceptedPerSecond": round(count / posted),
        "suite": "local host, Azurite, SQLite files",
        "floorIs": "starlette on uvicorn that parses the JSON",
    }
    return Measurement("webhook", count / seconds, "events/s", count / bare, TARGET, conditions)


def _bodies(mailed: Sequence[Mailed], count: int, at: int) -> list[bytes]:
    """The events of all mails in an order that has nothing to do with them."""
    random = Random(1)
    events = list(_events(mailed, count, at, random))
    random.shuffle(events)
    return [json.dumps(events[start : start + A_BATCH]).encode() for start in range(0, count, A_BATCH)]


def _events(mailed: Sequence[Mailed], count: int, at: int, random: Random) -> Iterator[dict[str, Any]]:
    made = 0
    for number, mail in enumerate(mailed):
        for place, kinds in enumerate((_FIRST, _SECOND)):
            if made == count:
                return
            (name,) = random.choices([kind for kind, _ in kinds], [weight for _, weight in kinds])
            yield _event(name, mail, number, at - 600 + place * 300)
            made += 1


def _event(name: str, mail: Mailed, number: int, at: int) -> dict[str, Any]:
    event: dict[str, Any] = {
        "event": name,
        "time": at,
        "MessageID": 19421777835146490 + number,
        "Message_GUID": f"1ab23cd4-e567-8901-2345-{number:012}",
        "email": mail.email,
        "mj_campaign_id": 7257,
        "mj_contact_id": 4000 + number,
        "customcampaign": "",
        "CustomID": mail.custom_id,
        "Payload": "",
    }
    match name:
        case "bounce":
            event |= {"blocked": False, "hard_bounce": number % 2 == 0, "error_related_to": "recipient"}
            event |= {"error": "user unknown" if number % 2 == 0 else "mailbox inactive", "comment": ""}
        case "blocked":
            event |= {"error_related_to": "recipient", "error": "user unknown"}
        case "open" | "click":
            event |= {"ip": "192.0.2.7", "geo": "FR", "agent": "Mozilla/5.0", "url": "https://acme.example/"}
        case "spam":
            event |= {"source": "JMRPP"}
        case "unsub":
            event |= {"mj_list_id": 1, "ip": "192.0.2.7", "geo": "FR", "agent": "Mozilla/5.0"}
    return event


async def _post(url: str, bodies: Sequence[bytes], credentials: tuple[str, str] | None) -> None:
    waiting = iter(bodies)
    async with httpx.AsyncClient(timeout=600, trust_env=False, auth=credentials) as client:

        async def one_connection() -> None:
            for body in waiting:
                answer = await client.post(url, content=body, headers={"Content-Type": "application/json"})
                if answer.status_code != 200 or answer.json()["quarantined"]:
                    raise RuntimeError(f"the webhook answered {answer.status_code}")

        await asyncio.gather(*(one_connection() for _ in range(CONNECTIONS)))


def _bare(bodies: Sequence[bytes]) -> float:
    port = free_port()
    url = f"http://{LOOPBACK}:{port}/"
    with scratch_folder() as folder, running(["-m", "local.bench.bare_server", str(port)], url, folder / "log"):
        began = time.perf_counter()
        asyncio.run(_post(url, bodies, None))
        return time.perf_counter() - began


def _unix(stamp: str) -> int:
    return int(datetime.fromisoformat(stamp).timestamp())
