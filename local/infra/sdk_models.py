"""What Microsoft's management SDK says of the resources that the templates make; runs where that SDK is installed.

Its packages hold models of two generations: `_attribute_map` with paths and types as texts, and annotations with the
names that go over the wire.
"""

import enum
import importlib
import inspect
import json
import sys
import typing
from collections.abc import Iterator, Mapping
from typing import Any

from local.infra.models import DOCUMENT, unknown
from local.infra.offline import parsed, texts

COSMOS, STORAGE, WEB, NETWORK = "cosmosdb.models", "storage.models", "web.models", "network.models"
ROOTS: Mapping[str, tuple[str, str]] = {
    "Microsoft.DocumentDB/databaseAccounts": (COSMOS, "DatabaseAccountCreateUpdateParameters"),
    "Microsoft.DocumentDB/databaseAccounts/sqlDatabases": (COSMOS, "SqlDatabaseCreateUpdateParameters"),
    "Microsoft.DocumentDB/databaseAccounts/sqlDatabases/containers": (COSMOS, "SqlContainerCreateUpdateParameters"),
    "Microsoft.DocumentDB/databaseAccounts/sqlRoleDefinitions": (COSMOS, "SqlRoleDefinitionCreateUpdateParameters"),
    "Microsoft.DocumentDB/databaseAccounts/sqlRoleAssignments": (COSMOS, "SqlRoleAssignmentCreateUpdateParameters"),
    "Microsoft.Storage/storageAccounts": (STORAGE, "StorageAccountCreateParameters"),
    "Microsoft.Storage/storageAccounts/blobServices": (STORAGE, "BlobServiceProperties"),
    "Microsoft.Storage/storageAccounts/blobServices/containers": (STORAGE, "BlobContainer"),
    "Microsoft.Storage/storageAccounts/blobServices/containers/immutabilityPolicies": (STORAGE, "ImmutabilityPolicy"),
    "Microsoft.Storage/storageAccounts/managementPolicies": (STORAGE, "ManagementPolicy"),
    "Microsoft.Storage/storageAccounts/queueServices": (STORAGE, "QueueServiceProperties"),
    "Microsoft.Storage/storageAccounts/queueServices/queues": (STORAGE, "StorageQueue"),
    "Microsoft.Web/serverfarms": (WEB, "AppServicePlan"),
    "Microsoft.Web/sites": (WEB, "Site"),
    "Microsoft.Web/sites/basicPublishingCredentialsPolicies": (WEB, "CsmPublishingCredentialsPoliciesEntity"),
    "Microsoft.KeyVault/vaults": ("keyvault.models", "VaultCreateOrUpdateParameters"),
    "Microsoft.Network/virtualNetworks": (NETWORK, "VirtualNetwork"),
    "Microsoft.Network/networkSecurityGroups": (NETWORK, "NetworkSecurityGroup"),
    "Microsoft.Network/privateEndpoints": (NETWORK, "PrivateEndpoint"),
    "Microsoft.Network/privateEndpoints/privateDnsZoneGroups": (NETWORK, "PrivateDnsZoneGroup"),
    "Microsoft.Network/privateDnsZones": ("privatedns.models", "PrivateZone"),
    "Microsoft.Network/privateDnsZones/virtualNetworkLinks": ("privatedns.models", "VirtualNetworkLink"),
    "Microsoft.Authorization/roleAssignments": ("authorization.v2022_04_01.models", "RoleAssignmentCreateParameters"),
    "Microsoft.ManagedIdentity/userAssignedIdentities": ("msi.v2024_11_30.models", "Identity"),
    "Microsoft.OperationalInsights/workspaces": ("loganalytics.models", "Workspace"),
    "Microsoft.Insights/components": ("applicationinsights.v2020_02_02.models", "ApplicationInsightsComponent"),
    "Microsoft.Insights/workbooks": ("applicationinsights.v2022_04_01.models", "Workbook"),
    "Microsoft.Insights/actionGroups": ("monitor.models", "ActionGroupResource"),
    "Microsoft.Insights/scheduledQueryRules": ("monitor.models", "ScheduledQueryRuleResource"),
    "Microsoft.Consumption/budgets": ("consumption.models", "Budget"),
    "Microsoft.Resources/resourceGroups": ("resource.resources.models", "ResourceGroup"),
}
# The SDK has no diagnostic settings any more; these are of the service's own documents.
BY_HAND: Mapping[str, Mapping[str, str]] = {
    "Microsoft.Insights/diagnosticSettings": {"properties": "by hand:DiagnosticSettings"},
    "by hand:DiagnosticSettings": {
        "workspaceId": "string", "logs": "[]by hand:Category", "metrics": "[]by hand:Category",
    },
    "by hand:Category": {"category": "string", "enabled": "bool"},
}  # fmt: skip
_WORDS = {
    str: "string", int: "int", float: "number", bool: "bool", "str": "string", "int": "int", "long": "int",
    "float": "number", "bool": "bool", "duration": "string", "iso-8601": "string",
}  # fmt: skip
_TEXTS = ("Decimal", "datetime", "timedelta", "date")


class SdkModels:
    """The SDK's models, with a note of which were asked for."""

    def __init__(self) -> None:
        self.resources: dict[str, str] = {}
        self.models: dict[str, Mapping[str, str]] = {}

    def root(self, resource: str) -> str | None:
        """The model of a type of resources."""
        if resource in BY_HAND:
            self.resources[resource] = resource
        elif resource in ROOTS:
            module, name = ROOTS[resource]
            self.resources[resource] = f"{module}:{name}"
        return self.resources.get(resource)

    def fields(self, model: str) -> Mapping[str, str] | None:
        """What a model has."""
        if model not in self.models:
            found = BY_HAND.get(model) or self._read(model)
            if found is None:
                return None
            self.models[model] = dict(sorted(found.items()))
        return self.models[model]

    def _read(self, model: str) -> dict[str, str] | None:
        name, _, path = model.partition(":")
        if not path:
            return None
        module = importlib.import_module(f"azure.mgmt.{name}")
        first, *rest = path.split("/")
        found = getattr(module, first)
        known = dict(_old(found, name, rest) if hasattr(found, "_attribute_map") else _new(found, module, name))
        for narrower in found.__subclasses__():
            more = _old(narrower, name, rest) if hasattr(found, "_attribute_map") else _new(narrower, module, name)
            known = {**dict(more), **known}
        return known


def _old(model: Any, module: str, inside: list[str]) -> Iterator[tuple[str, str]]:
    """The fields of a model whose map flattens what is nested; `inside` is where in it."""
    for field in model._attribute_map.values():
        path = field["key"].replace("\\.", "\0").split(".")
        if path[: len(inside)] == inside and len(path) > len(inside):
            name = path[len(inside)].replace("\0", ".")
            nested = len(path) > len(inside) + 1
            inner = "/".join((model.__name__, *inside, name))
            yield name, f"{module}:{inner}" if nested else _old_type(field["type"], module)


def _old_type(type: str, module: str) -> str:
    if type.startswith("["):
        return f"[]{_old_type(type[1:-1], module)}"
    if type.startswith("{"):
        return f"{{}}{_old_type(type[1:-1], module)}"
    if type in _WORDS:
        return _WORDS[type]
    found = getattr(importlib.import_module(f"azure.mgmt.{module}"), type, None)
    return f"{module}:{type}" if hasattr(found, "_attribute_map") else _one_of(found) if found else "any"


def _new(model: Any, module: Any, name: str) -> Iterator[tuple[str, str]]:
    """The fields of a model that is annotated."""
    for one in reversed(model.__mro__):
        for attribute, type in inspect.get_annotations(one).items():
            if not attribute.startswith("_"):
                wire = getattr(vars(one).get(attribute), "_rest_name_input", None)
                yield wire or attribute, _new_type(type, module, name)


def _new_type(type: Any, module: Any, name: str) -> str:
    if isinstance(type, typing.ForwardRef):
        type = type.__forward_arg__
    if isinstance(type, str):
        type = getattr(module, type.rpartition(".")[2], None)
    origin, arguments = typing.get_origin(type), [a for a in typing.get_args(type) if a is not _NOTHING]
    if origin is list:
        return f"[]{_new_type(arguments[0], module, name)}"
    if origin is dict:
        return f"{{}}{_new_type(arguments[1], module, name)}"
    if origin is typing.Literal:
        return "=" + "|".join(map(str, arguments))
    if origin is typing.Union:
        found = [_new_type(argument, module, name) for argument in arguments]
        return next((one for one in found if one.startswith("=")), found[0])
    if type in _WORDS:
        return _WORDS[type]
    if getattr(type, "__name__", "") in _TEXTS:
        return "number" if type.__name__ == "Decimal" else "string"
    if isinstance(type, enum.EnumMeta):
        return _one_of(type)
    return f"{name}:{type.__name__}" if hasattr(type, "__annotations__") else "any"


_NOTHING = type(None)


def _one_of(type: Any) -> str:
    return "=" + "|".join(str(one.value) for one in list[Any](type)) if isinstance(type, enum.EnumMeta) else "any"


def main() -> int:
    """Writes what the templates ask for; 0 when they fit it."""
    models = SdkModels()
    findings = [
        finding
        for path, file in parsed(texts()).items()
        if path.suffix == ".bicep"
        for finding in unknown(file, models)
    ]
    known = {"resources": dict(sorted(models.resources.items())), "models": dict(sorted(models.models.items()))}
    DOCUMENT.write_text(json.dumps(known, indent=1) + "\n", encoding="utf-8")
    print("\n".join(map(str, findings)) or f"{len(models.models)} models; the templates fit them.")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
