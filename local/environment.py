"""The settings of a local run's functions: the developer's file, overridden by what the run decides."""

import json
import os
from collections.abc import Mapping
from pathlib import Path

from local.addresses import Ports
from local.azurite import connection_string
from local.cosmos_emulator import KEY
from local.state import State
from shared.adapters.identity_http import SANDBOX_AUTHORITY

# What the identity sandbox knows the suite by, and the settings that hold it.
CLIENT = "cccccccc-0000-4000-8000-000000000001"
CLIENT_SECRET = "the sandbox keeps no secrets"
CLIENTS = ("ENTRA_CLIENT", "FACEBOOK_APP", "GOOGLE_CLIENT")
TWITTER_SECRET = "signs for nobody but this machine"
SETTINGS = "local.settings.json"
EXAMPLE = "local.settings.example.json"


def functions_environment(folder: Path, ports: Ports, state: State) -> dict[str, str]:
    """What the functions host finds in its environment."""
    values = read_values(folder)
    secrets = state.secrets()
    return values | {
        **_store(values, ports, state, os.environ),
        "AzureWebJobsStorage": connection_string(ports.blobs.number, ports.queues.number),
        "BACKUP_STORAGE": connection_string(ports.blobs.number, ports.queues.number),
        "PUBLIC_URL": f"http://localhost:{ports.first}",
        "MAILJET_URL": ports.mail.url,
        "MAILJET_API_KEY": secrets.mailjet_api_key,
        "MAILJET_API_SECRET": secrets.mailjet_api_secret,
        "MAILJET_WEBHOOK_CREDENTIALS": f"{secrets.webhook_user}:{secrets.webhook_password}",
        "MASTER_KEYS": secrets.master_keys,
        "TOKEN_KEYS": secrets.token_keys,
        "TWITTER_CONSUMER_SECRETS": TWITTER_SECRET,
        "FUNCTIONS_WORKER_RUNTIME": "python",
        **identity_settings(ports.identity.url),
    }


def identity_environment() -> dict[str, str]:
    """What the identity sandbox finds in its environment."""
    return {"IDENTITY_CLIENT_ID": CLIENT, "IDENTITY_CLIENT_SECRET": CLIENT_SECRET}


def identity_settings(sandbox: str) -> dict[str, str]:
    """The settings of functions that know the sandbox in place of every identity provider."""
    return {
        **{f"{name}_ID": CLIENT for name in CLIENTS},
        **{f"{name}_SECRET": CLIENT_SECRET for name in CLIENTS},
        "ENTRA_AUTHORITY": SANDBOX_AUTHORITY,
        "MANAGER_TENANT": "organizations",
        "IDENTITY_SANDBOX_URL": sandbox,
    }


def mail_environment(state: State) -> dict[str, str]:
    """What the mail sandbox finds in its environment."""
    secrets = state.secrets()
    return {
        "MAILJET_API_KEY": secrets.mailjet_api_key,
        "MAILJET_API_SECRET": secrets.mailjet_api_secret,
        "MAILJET_WEBHOOK_USER": secrets.webhook_user,
        "MAILJET_WEBHOOK_PASSWORD": secrets.webhook_password,
    }


def read_values(folder: Path) -> dict[str, str]:
    """The `Values` that `func start` would read: those of the developer's file, else of the example."""
    path = folder / SETTINGS
    if not path.exists():
        path = folder / EXAMPLE
    values: dict[str, str] = json.loads(path.read_text())["Values"]
    return values


def _store(values: Mapping[str, str], ports: Ports, state: State, environment: Mapping[str, str]) -> dict[str, str]:
    """The run's emulator; else the caller's own wish, an account that the settings name, or the folder's embedded store."""
    if ports.cosmos:
        return {"STORE_URL": ports.documents.url, "COSMOS_KEY": KEY}
    key = environment.get("COSMOS_KEY") or values.get("COSMOS_KEY", "")
    wished = environment.get("STORE_URL") or values.get("STORE_URL", "")
    if environment.get("STORE_URL") or wished.startswith("https:"):
        return {"STORE_URL": wished, "COSMOS_KEY": key}
    return {"STORE_URL": f"sqlite://{state.store}", "COSMOS_KEY": ""}
