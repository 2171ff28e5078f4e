"""How a container is set up in Cosmos DB, derived from its declaration; the infrastructure must say the same."""

from typing import Any

from shared.adapters.store_contract import groups, indexed_paths
from shared.domain.containers import Container


def indexing_policy(container: Container) -> dict[str, Any]:
    """The indexing policy: what queries ask and nothing else, for each further path costs at every write.

    Pages are cut by sort value, partition and id, so each index group is a composite index that ends with these.
    """
    tail = ("id",) if container.partition == "id" else (container.partition, "id")
    paths = dict.fromkeys((*indexed_paths(container), *container.unique, *container.contains, *tail[:-1]))
    composites = [(*group, *tail) for group in groups(container)]
    if len(tail) > 1:
        composites.append(tail)
    return {
        "indexingMode": "consistent",
        "automatic": True,
        "includedPaths": [{"path": f"{json_path(path)}/?"} for path in paths],
        "excludedPaths": [{"path": "/*"}, {"path": '/"_etag"/?'}],
        "compositeIndexes": [
            [{"path": json_path(path), "order": "ascending"} for path in dict.fromkeys(group)] for group in composites
        ],
    }


def unique_key_policy(container: Container) -> dict[str, Any] | None:
    """The unique keys, each alone and each within its partition; None when there are none."""
    if not container.unique:
        return None
    return {"uniqueKeys": [{"paths": [json_path(path)]} for path in container.unique]}


def json_path(path: str) -> str:
    """A dotted path as Cosmos DB writes it in policies."""
    return "/" + path.replace(".", "/")
