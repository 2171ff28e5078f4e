"""The processes of a local suite and how each is started."""

import sys
from pathlib import Path

from local import azurite
from local.addresses import Ports
from local.children import Spec
from local.cosmos_emulator import emulator_command
from local.environment import functions_environment, identity_environment, mail_environment
from local.project import ROOT
from local.state import State

# The host gives running functions five seconds, once for HTTP and once for the others.
HOST_GRACE_SECONDS = 12.0


def supporting_parts(ports: Ports, state: State) -> list[Spec]:
    """What the functions need around them; these start together."""
    mail, blobs, queues, identity = ports.mail, ports.blobs, ports.queues, ports.identity
    documents = (
        [Spec("documents", emulator_command(ports.documents.number), ports.documents.url)] if ports.cosmos else []
    )
    return [
        *documents,
        Spec("blobs", azurite.blob_command(blobs.number, state.azurite), blobs.url),
        Spec("queues", azurite.queue_command(queues.number, state.azurite), queues.url),
        Spec(
            "mail-sandbox",
            [
                *(
                    sys.executable,
                    "-m",
                    "local.mail_sandbox",
                    "--port",
                    str(mail.number),
                    "--state",
                    str(state.mail),
                ),
                *("--webhook-url", f"{ports.functions.url}/api/webhooks/mailjet"),
            ],
            f"{mail.url}/api/messages",
            environment=mail_environment(state),
            echo=True,
        ),
        Spec(
            "identity-sandbox",
            ["node", str(ROOT / "local" / "identity_sandbox" / "main.mjs"), "--port", str(identity.number)],
            f"{identity.url}/api/people",
            environment=identity_environment(),
        ),
    ]


def host_parts(ports: Ports, state: State, project: Path) -> list[Spec]:
    """The functions themselves, on each host; the first seeds what the others find."""
    command = [sys.executable, "-m", "local.host"]
    return [
        Spec(
            "functions-host" if place == 1 else f"functions-host-{place}",
            [*command, "--port", str(port.number), "--instance", str(place), "--state", str(state.root)],
            f"{port.url}/admin/functions",
            environment=functions_environment(project, ports, state),
            grace_seconds=HOST_GRACE_SECONDS,
            echo=True,
            again=ports.hosts > 1,
        )
        for place, port in enumerate((ports.functions, *ports.further_hosts), start=1)
    ]
