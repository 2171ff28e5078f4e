"""What every store refuses, which index answers a query, how pages go on: one reading of the port for all."""

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any, Final

from pydantic_core import PydanticSerializationError, from_json, to_json

from shared.domain.containers import Container, Group
from shared.ports import CursorError, Document, Key, Query, Where, Write

BATCH: Final = 100
"""The most keys or writes that one call takes; also what a transactional batch of Cosmos DB holds."""

MAX_BYTES: Final = 2_000_000
"""The largest document, as it is sent: Cosmos DB takes 2 MB with its own fields."""

PLATFORM: Final = "platform"

WHOLE: Final = "whole"
"""The range of a store, or a kind of few documents, that is not shared out."""

_BRAND = re.compile(r"[a-z0-9][a-z0-9-]{1,62}")
_ID_FORBIDS = re.compile(r"[/\\?#\x00-\x1f]")  # Cosmos DB takes no id with these
_PLAIN = frozenset({str, int, float, bool, type(None)})
_TEXT = (str, type(None))
_SYSTEM_FIELDS = frozenset({"_etag", "_rid", "_self", "_ts", "_attachments"})


def check_brand(brand: str) -> str:
    """The brand's name if it may name a database; raises ValueError for a path, a reserved or odd name."""
    if brand == PLATFORM or not _BRAND.fullmatch(brand):
        raise ValueError("not a brand's name")
    return brand


def check_key(key: Key) -> Key:
    """The key if every store can hold it; raises ValueError."""
    if not (0 < len(key.id.encode()) <= 255 and 0 < len(key.partition.encode()) <= 255):
        raise ValueError("an id or partition is empty or longer than 255 bytes")
    if _ID_FORBIDS.search(key.id):
        raise ValueError("an id has / \\ ? # or a control character in it")
    return key


def check_keys(keys: Sequence[Key]) -> None:
    """Raises ValueError when one call asks for too much."""
    if len(keys) > BATCH:
        raise ValueError(f"at most {BATCH} documents a call")
    for key in keys:
        check_key(key)


def check_writes(writes: Sequence[Write]) -> None:
    """Raises ValueError for too many writes, two of one document, or a write that says nothing."""
    keys = [write.key for write in writes]
    check_keys(keys)
    if len(set(keys)) < len(keys):
        raise ValueError("two writes of one document in one call")
    if any(write.document is None and write.etag is None for write in writes):
        raise ValueError("a write without document and without ETag")


def field(document: Document, path: str) -> Any:
    """The value at a dotted path; None where there is none."""
    if "." not in path:
        return document.get(path)
    value: Any = document
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value


@dataclass(frozen=True, slots=True)
class Encoded:
    """A document as JSON, and what it says at each indexed and each unique path of its container."""

    body: bytes
    indexed: list[Any]
    unique: list[Any]


def encoded(container: Container, document: Document, body: bytes) -> Encoded:
    """The document, whose JSON this is, with what a store keeps beside it."""
    values = [(document.get(first), rest) for first, rest in _places(container)]
    indexed = [value if value is None or rest is None else _within(value, rest) for value, rest in values]
    return Encoded(body, indexed, [field(document, path) for path in container.unique])


def _within(value: Any, path: str) -> Any:
    return field(value, path) if isinstance(value, dict) else None


@cache
def _places(container: Container) -> tuple[tuple[str, str | None], ...]:
    """Each indexed path as its first name and the path from there, if it goes on."""
    parted = (path.partition(".") for path in indexed_paths(container))
    return tuple((first, rest or None) for first, _, rest in parted)


def encode(container: Container, key: Key, document: Document) -> Encoded:
    """The document ready to be written; raises ValueError when it does not fit its container or any store.

    Unique paths must be there: Cosmos DB holds one document a partition that lacks one, SQLite would hold many.
    """
    if document.get("id") != key.id or field(document, container.partition) != key.partition:
        raise ValueError("the document does not carry its own id and partition")
    if not _SYSTEM_FIELDS.isdisjoint(document):
        raise ValueError("the document carries fields that belong to the store")
    for path in container.contains:
        if not isinstance(field(document, path), _TEXT):
            raise ValueError(f"{path} is searched in, so it must be a string")
    try:
        body = to_json(document)
    except PydanticSerializationError:
        raise ValueError("the document is not JSON") from None
    if sent_bytes(body) > MAX_BYTES:
        raise ValueError("the document is larger than a store holds")
    new = encoded(container, document, body)
    if not _PLAIN.issuperset(map(type, new.indexed)):
        raise ValueError("what is indexed must be a plain value")
    if not all(isinstance(value, str) for value in new.unique):
        raise ValueError("what is unique must be there, as a string")
    return new


def sent_bytes(body: bytes) -> int:
    """The most that JSON takes when it is sent as ASCII, as the Cosmos DB SDK does: `\\u00e9` for two bytes."""
    return len(body) if body.isascii() else 3 * len(body)


def asks_nothing(where: tuple[Where, ...]) -> bool:
    """Whether a condition wants one of no values, so that nothing can match."""
    return any(condition.op == "in" and not condition.value for condition in where)


@cache
def groups(container: Container) -> tuple[Group, ...]:
    """Every index group of the container, once, in order; what is unique is kept so by an index of its own."""
    return tuple(dict.fromkeys((*container.indexes, *container.across, *container.inside, *container.equal)))


@cache
def indexed_paths(container: Container) -> tuple[str, ...]:
    """Every path of the container's index groups, once, in order."""
    return tuple(dict.fromkeys(path for group in groups(container) for path in group))


def is_inside(container: Container, partition: str | None) -> bool:
    """Whether a query of this partition has documents to sort; a partition of one document has none."""
    return partition is not None and container.partition != "id"


def _open_groups(container: Container, *, inside: bool) -> tuple[Group, ...]:
    """The groups that a query may be answered by, there where it asks."""
    where = container.inside if inside else container.across
    return (*container.indexes, *where, *container.equal)


Asked = tuple[tuple[str, str], ...]
"""What a query holds, without the values: each field and how."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The index group that answers, None being the primary key; its first `fixed` paths are held by equality."""

    group: Group | None
    fixed: int

    @property
    def order(self) -> str | None:
        """The path that the answer is sorted by, before partition and id; None when those alone sort it."""
        return self.group[self.fixed] if self.group is not None and self.fixed < len(self.group) else None


_PRIMARY = Plan(None, 0)


def plan(container: Container, query: Query) -> Plan:
    """The one way to answer without reading what is not asked for; raises ValueError when no index can.

    Across partitions a query needs a group that it holds by equality up to the last path, which it may hold in
    any way or sort by, if the group is not one of equality alone; more fields may filter then. Inside a partition
    any indexed field may filter, and a unique one. One id may be asked for without an order: Cosmos DB indexes ids by itself, the
    embedded store reads its short rows.
    """
    if not 1 <= query.limit <= 1000:
        raise ValueError("a page has 1 to 1000 documents")
    crosses = query.partition is None
    inside = is_inside(container, query.partition)
    _check_values(container, query.where, inside=inside)
    return _planned(container, _asked_of(query.where), query.order_by, inside, crosses)


def plan_count(container: Container, where: tuple[Where, ...]) -> Plan:
    """The index group to count by, over all partitions; raises ValueError when none starts with a field asked for."""
    _check_values(container, where, inside=False)
    return _planned_count(container, _asked_of(where))


@lru_cache(maxsize=1024)  # the suite's own questions, a few hundred, are asked again and again
def _planned(container: Container, asked: Asked, order_by: str | None, inside: bool, crosses: bool) -> Plan:
    _check_fields(container, asked, inside=inside)
    equal = {field for field, op in asked if op == "="}
    ranged = {field for field, op in asked if op not in ("=", "contains")}
    listed = {field for field, op in asked if op == "in"}
    best = _PRIMARY
    for group in _open_groups(container, inside=inside):
        by_equality = group in container.equal
        held = next((i for i, path in enumerate(group) if path not in equal), len(group))
        if order_by is not None:
            if order_by == group[-1] and held >= len(group) - 1 and not by_equality:
                best = max(best, Plan(group, len(group) - 1), key=_reach)
        elif held == len(group) or (held == len(group) - 1 and group[-1] in (listed if by_equality else ranged)):
            best = max(best, Plan(group, held), key=_reach)
    if order_by is not None and best.group is None:
        raise ValueError(f"no index of {container.name} sorts by {order_by} here")
    if order_by is None and any(field == "id" for field, _ in asked):
        return _PRIMARY
    if crosses and asked and (best.group is None or not _starts(best.group, asked)):
        raise ValueError(f"no index of {container.name} answers this across partitions")
    return best


@lru_cache(maxsize=256)
def _planned_count(container: Container, asked: Asked) -> Plan:
    _check_fields(container, asked, inside=False)
    if not asked:
        return _PRIMARY
    equal = {field for field, op in asked if op == "="}
    best = _PRIMARY
    for group in _open_groups(container, inside=False):
        if _starts(group, asked):
            held = next((i for i, path in enumerate(group) if path not in equal), len(group))
            best = max(best, Plan(group, held), key=_reach)
    if best.group is None:
        raise ValueError(f"no index of {container.name} counts this")
    return best


def _reach(candidate: Plan) -> tuple[int, int]:
    return (candidate.fixed, 0 if candidate.group is None else 1)


def _starts(group: Group, asked: Asked) -> bool:
    return any(field == group[0] and op != "contains" for field, op in asked)


def _asked_of(where: tuple[Where, ...]) -> Asked:
    return tuple((condition.field, condition.op) for condition in where)


def _check_fields(container: Container, asked: Asked, *, inside: bool) -> None:
    indexed = indexed_paths(container)
    for field, op in asked:
        answers = container.contains if op == "contains" else indexed
        if field not in answers and not _looks_up(container, field, op, inside=inside) and (field, op) != ("id", "="):
            raise ValueError(f"{container.name} has no index of {field} for {op}")


def _check_values(container: Container, where: tuple[Where, ...], *, inside: bool) -> None:
    for condition in where:
        values = condition.value if condition.op == "in" else (condition.value,)
        looks_up = _looks_up(container, condition.field, condition.op, inside=inside)
        plain = str if condition.op == "contains" or looks_up else str | int | float
        if isinstance(values, str) or not all(isinstance(value, plain) for value in values):
            raise ValueError("a condition compares with plain values, a search with a text")


def _looks_up(container: Container, field: str, op: str, *, inside: bool) -> bool:
    return inside and field in container.unique and op in ("=", "in")


def next_cursor(values: Sequence[Any]) -> str:
    """Where a page ended: the sort values of its last document, so that changes elsewhere move nothing."""
    return base64.urlsafe_b64encode(to_json(values)).decode().rstrip("=")


def read_cursor(cursor: str, width: int) -> list[Any]:
    """What `next_cursor` wrote; raises CursorError for anything else."""
    try:
        values = from_json(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except ValueError:
        values = None
    if not isinstance(values, list) or len(values) != width:
        raise CursorError("not a cursor of this query")
    if not all(isinstance(v, str | float) or (isinstance(v, int) and abs(v) < 1 << 63) for v in values):
        raise CursorError("not a cursor of this query")
    return values
