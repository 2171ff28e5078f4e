"""Whether the indexes that a deployment makes answer a query that the Cosmos store sends."""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

_PATH = r'c(?:\["[^"]+"\])+'
_ORDER = re.compile(rf"^({_PATH})( DESC)?$")
# Cosmos DB indexes these by itself.
_ALWAYS = frozenset(("/id", "/_ts"))


def uncovered(sql: str, container: Mapping[str, Any]) -> Iterator[str]:
    """What of a query has no index in a container as the infrastructure declares it.

    Each path that filters needs an included path, each order over several a composite index of the same paths, all
    in the same direction or all in the other.
    """
    policy = container["indexingPolicy"]
    included = _ALWAYS | {path["path"].removesuffix("/?") for path in policy["includedPaths"]}
    filters, sort = _read(sql)
    for path in dict.fromkeys((*filters, *(path for path, _ in sort if len(sort) == 1))):
        if path not in included:
            yield f"{container['id']} does not index {path}"
    if len(sort) > 1 and not any(_answers(group, sort) for group in policy["compositeIndexes"]):
        yield f"{container['id']} has no composite index of {', '.join(path for path, _ in sort)}"


@lru_cache(maxsize=10_000)
def _read(sql: str) -> tuple[tuple[str, ...], tuple[tuple[str, bool], ...]]:
    """The paths that a query filters by, and those it sorts by with whether it does so downwards."""
    head, _, order = sql.partition(" ORDER BY ")
    filters = (_json_path(path) for path in re.findall(_PATH, head))
    return tuple(dict.fromkeys(filters)), tuple(_sorted(part) for part in order.split(", ") if part)


def _sorted(part: str) -> tuple[str, bool]:
    found = _ORDER.match(part)
    if found is None:
        raise ValueError(f"not an order that is understood: {part}")
    return _json_path(found[1]), found[2] is not None


def _answers(group: list[dict[str, str]], sort: tuple[tuple[str, bool], ...]) -> bool:
    forth = tuple((path["path"], path["order"] == "descending") for path in group)
    return sort in (forth, tuple((path, not down) for path, down in forth))


def _json_path(path: str) -> str:
    return "".join(f"/{name}" for name in re.findall(r'\["([^"]+)"\]', path))
