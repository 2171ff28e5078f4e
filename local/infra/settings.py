"""Whether the settings are the same set everywhere: in code, documents, on a developer's machine, and in Azure."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import NamedTuple

from local.infra.bicep import Bicep, Finding, literal, properties, within
from shared.settings import read_settings

DOCUMENTS = "docs/operations.md"
EXAMPLE = "local.settings.example.json"

# Where a setting does not stand, and why.
NOT_IN_AZURE: Mapping[str, str] = {
    "AzureWebJobsStorage": "a connection string holds a key; there the identity is used",
    "BACKUP_STORAGE": "the same",
    "COSMOS_KEY": "the account takes no keys",
    "IDENTITY_SANDBOX_URL": "lets anybody in as anybody",
}
NOT_LOCAL: Mapping[str, str] = {
    "AzureWebJobsStorage__blobServiceUri": "the local storage has a connection string, and the host takes one or the other",
    "AzureWebJobsStorage__queueServiceUri": "the same",
    "AzureWebJobsStorage__clientId": "the same",
    "BACKUP_STORAGE__blobServiceUri": "the same",
}
NOT_READ: Mapping[str, str] = {
    "FUNCTIONS_WORKER_RUNTIME": "the host's; Flex Consumption has it as a property of the app",
    "AzureWebJobsStorage__credential": "the host's: by which kind of identity",
    "AZURE_CLIENT_ID": "the Azure SDK's: which identity",
    "APPLICATIONINSIGHTS_AUTHENTICATION_STRING": "the host's and the exporter's: who tells",
}


class Sets(NamedTuple):
    """The names of the settings, by where they stand."""

    read: frozenset[str]
    documented: frozenset[str]
    example: frozenset[str]
    azure: frozenset[str]


def sets(bicep: Mapping[PurePosixPath, Bicep], documents: str, example: str) -> Sets:
    """Every setting, by where it stands."""
    values: dict[str, str] = json.loads(example)["Values"]
    return Sets(read_by_code(values), documented(documents), frozenset(values), in_azure(bicep))


def compare(found: Sets) -> Iterator[Finding]:
    """Settings that are missing somewhere, or stand where nobody reads them."""
    for name in sorted(found.read - found.documented):
        yield Finding(DOCUMENTS, 0, f"{name} has no line")
    for name in sorted((found.example | found.azure) - found.read - found.documented):
        yield Finding(DOCUMENTS, 0, f"{name} has no line")
    for name in sorted(found.documented - found.read - NOT_READ.keys()):
        yield Finding(DOCUMENTS, 0, f"{name} is read by nobody")
    for name in sorted(found.read - found.example - NOT_LOCAL.keys()):
        yield Finding(EXAMPLE, 0, f"{name} is missing")
    for name in sorted(found.example - found.read - NOT_READ.keys()):
        yield Finding(EXAMPLE, 0, f"{name} is read by nobody")
    for name in sorted(found.read - found.azure - NOT_IN_AZURE.keys()):
        yield Finding("infra", 0, f"{name} is missing")
    for name in sorted(found.azure - found.read - NOT_READ.keys()):
        yield Finding("infra", 0, f"{name} is read by nobody")
    for name in sorted(found.azure & NOT_IN_AZURE.keys()):
        yield Finding("infra", 0, f"{name} must not be there: {NOT_IN_AZURE[name]}")
    for name in sorted(found.example & NOT_LOCAL.keys()):
        yield Finding(EXAMPLE, 0, f"{name} must not be there: {NOT_LOCAL[name]}")


def read_by_code(example: Mapping[str, str]) -> frozenset[str]:
    """Every name that is asked for while the settings are read from the example, where every provider is used."""
    asked = _Asked(example)
    read_settings(asked)
    return frozenset(asked.names)


def documented(text: str) -> frozenset[str]:
    """The names in the first column of the table of settings."""
    table = text.partition("## Settings\n")[2].partition("\n## ")[0]
    rows = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    return frozenset(name for row in rows for name in re.findall(r"`(\w+)`", row))


def in_azure(bicep: Mapping[PurePosixPath, Bicep]) -> frozenset[str]:
    """The names of the function app's settings."""
    names = [
        literal(properties(entry).get("name"))
        for file in bicep.values()
        for pair in within(file.root, "object_property")
        if len(pair.named_children) == 2 and pair.named_children[0].text == b"appSettings"
        for entry in pair.named_children[1].named_children
    ]
    return frozenset(name for name in names if name)


class _Asked(dict[str, str]):
    """An environment that remembers what it was asked for."""

    def __init__(self, values: Mapping[str, str]) -> None:
        super().__init__(values)
        self.names: set[str] = set()

    def get(self, name: str, default: str | None = None) -> str | None:  # type: ignore[override]  # of text alone
        self.names.add(name)
        return super().get(name, default)
