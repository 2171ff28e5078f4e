"""`infra/suite.json`: what the infrastructure has to know of the suite, made from the code that is the one source of it."""

import json
from collections.abc import Iterable
from typing import Any

from functions.catalogue import QUEUES
from local.project import ROOT
from shared.adapters.cosmos import database_name
from shared.adapters.cosmos_homes import physical
from shared.adapters.cosmos_indexing import indexing_policy, json_path, unique_key_policy
from shared.domain.backups import Kind
from shared.domain.containers import BRAND_CONTAINERS, PLATFORM_CONTAINERS, Container

DOCUMENT = ROOT / "infra" / "suite.json"
POISON = "-poison"


def document() -> str:
    """The file's text."""
    return json.dumps(described(), indent=2) + "\n"


def described() -> dict[str, Any]:
    """Databases, containers with their indexes, queues, and the days that backups are kept."""
    return {
        "platformDatabase": database_name(None),
        "platformContainers": _containers(PLATFORM_CONTAINERS),
        "brandContainers": _containers(BRAND_CONTAINERS),
        "queues": _queues(),
        "backupDays": {kind.value: kind.kept.days for kind in Kind},
    }


def _containers(containers: Iterable[Container]) -> list[dict[str, Any]]:
    """Each as the service takes it: its partition, its indexes and its unique values."""
    return [
        {
            "id": container.name,
            "partitionKey": {"paths": [json_path(container.partition)], "kind": "Hash", "version": 2},
            "indexingPolicy": indexing_policy(container),
            "uniqueKeyPolicy": unique_key_policy(container) or {"uniqueKeys": []},
        }
        for container in physical(containers)
    ]


def _queues() -> list[str]:
    """Every queue that a function listens to, and where its messages go after five failures."""
    named = sorted({messages.queue.removesuffix(POISON) for messages in QUEUES.values()})
    return [queue + end for queue in named for end in ("", POISON)]
