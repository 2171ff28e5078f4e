"""How Azurite, the emulator of Azure Storage, is started and reached."""

from pathlib import Path

from local.addresses import LOOPBACK
from local.project import NODE_MODULES

# Published by Microsoft for every emulator; it opens nothing else.
ACCOUNT = "devstoreaccount1"
ACCOUNT_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="


def blob_command(port: int, location: Path) -> list[str]:
    """Serves blobs from the folder."""
    return _command("blob", port, location)


def queue_command(port: int, location: Path) -> list[str]:
    """Serves queues from the folder, in a process of their own: each has one thread."""
    return _command("queue", port, location)


def connection_string(blob_port: int, queue_port: int) -> str:
    """What `AzureWebJobsStorage` holds."""
    return (
        f"DefaultEndpointsProtocol=http;AccountName={ACCOUNT};AccountKey={ACCOUNT_KEY};"
        f"BlobEndpoint=http://{LOOPBACK}:{blob_port}/{ACCOUNT};"
        f"QueueEndpoint=http://{LOOPBACK}:{queue_port}/{ACCOUNT};"
    )


def _command(service: str, port: int, location: Path) -> list[str]:
    main = NODE_MODULES / "azurite" / "dist" / "src" / service / "main.js"
    # Today's SDKs speak newer API versions than Azurite knows by name.
    return [
        "node",
        str(main),
        f"--{service}Host={LOOPBACK}",
        f"--{service}Port={port}",
        f"--location={location}",
        "--skipApiVersionCheck",
        "--disableTelemetry",
        "--silent",
    ]
