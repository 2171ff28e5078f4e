"""What goes over the wire to Application Insights, by the real exporters; and that nothing of it delays a cold start."""

import asyncio
import gzip
import json
import subprocess
import sys
from typing import Any

import pytest

from local.project import ROOT
from shared.adapters.azure_monitor import QUIET, to_azure_monitor
from tests.support.scripted_http import Answer, ScriptedServer, scripted_server

# It closes each connection, since the exporters keep theirs open beyond their end, and would be waited for.
ACCEPTED = Answer(200, b'{"itemsReceived": 1, "itemsAccepted": 1, "errors": []}', hang_up_after=10_000)


def items(server: ScriptedServer) -> list[dict[str, Any]]:
    """What was told, item by item."""
    found = []
    for request in server.requests:
        body = gzip.decompress(request.body) if request.body[:2] == b"\x1f\x8b" else request.body
        found += [item["data"]["baseData"] for item in json.loads(body)]
    return found


@pytest.mark.rule("VIS-8")
async def test_spans_and_metrics_arrive_with_what_the_table_allows_and_no_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in QUIET:
        monkeypatch.setenv(name, "")  # so that it is as before afterwards
    async with scripted_server() as server:
        server.script(ACCEPTED)
        key = "00000000-0000-4000-8000-000000000001"
        told = to_azure_monitor(f"InstrumentationKey={key};IngestionEndpoint={server.url}/")
        with told.calling("send_mails") as call:
            call.brands.add("acme")
            call.provider_calls += 1
        told.record("popsell.poison.messages", 3, queue="mails", brand="zoe@example.org")
        told.add("popsell.heartbeat")
        await asyncio.to_thread(told.flush)
        await asyncio.to_thread(told.shut_down)
        arrived = items(server)
    (span,) = [item for item in arrived if item.get("name") == "send_mails"]
    assert span["properties"] == {
        "function": "send_mails",
        "brand": "acme",
        "outcome": "done",
        "provider.calls": "1",
    }
    metrics = {m["name"]: (m["value"], i["properties"]) for i in arrived for m in i.get("metrics", ())}
    assert metrics["popsell.poison.messages"] == (3, {"queue": "mails"})
    assert metrics["popsell.heartbeat"] == (1, {})
    assert metrics["popsell.function.calls"] == (1, {"function": "send_mails", "outcome": "done"})
    assert metrics["popsell.function.duration"][1] == {"function": "send_mails"}
    assert "zoe" not in json.dumps(arrived)


def test_importing_the_functions_and_their_ports_brings_none_of_it() -> None:
    asked = (
        "import sys, function_app, shared.app, functions.http\n"
        "print([name for name in sys.modules if name.startswith(('opentelemetry', 'azure.monitor'))])"
    )
    answer = subprocess.run([sys.executable, "-c", asked], cwd=ROOT, capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"
