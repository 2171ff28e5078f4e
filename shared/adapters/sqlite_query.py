"""The SQL of a query: parameters only, held to the index that the plan names."""

import re
from dataclasses import dataclass
from typing import Any

from shared.adapters.sqlite_schema import (
    column,
    fingerprint,
    index_name,
    key_index,
    scalar,
    unique_column,
    unique_index,
)
from shared.adapters.store_contract import Plan, is_inside, read_cursor
from shared.domain.containers import Container
from shared.ports import CursorError, Query, Where

Statement = tuple[str, list[Any]]


def select(container: Container, query: Query, plan: Plan, unique_key: bytes = b"") -> Statement:
    """One page and one document more: ETag and body, and the sort values that the next page goes on from.

    Rows that sort alike follow each other as they were made, which is how they lie in the file.
    """
    conditions, values = _conditions(container, query.where, unique_key)
    if query.partition is not None:
        conditions.append("t.partition = ?")
        values.append(query.partition)
    if plan.group is None:
        keyset = ["t.row"] if query.partition is None else ["t.id"]
    else:
        keyset = [f"t.{column(plan.order)}"] if plan.order is not None else []
        if plan.group in container.equal and not is_inside(container, query.partition):
            keyset.append("t.partition")  # which comes before the row in such an index
        keyset.append("t.row")
        conditions += [f"t.{column(path)} IS NOT NULL" for path in plan.group]  # or it would not be in the index
    if query.cursor is not None:
        after = "<" if query.descending else ">"
        conditions.append(f"({', '.join(keyset)}) {after} ({', '.join('?' * len(keyset))})")
        values += [scalar(value) for value in read_cursor(query.cursor, len(keyset))]
    order = ", ".join(f"{name} DESC" if query.descending else name for name in keyset)
    return (
        f"SELECT t.etag, s.body, {', '.join(keyset)} FROM {_source(container, plan, query.partition, query.where)}"  # noqa: S608 - names come from containers, values are parameters
        f" CROSS JOIN slots s ON s.slot = t.slot{_where(conditions)} ORDER BY {order} LIMIT ?",
        [*values, query.limit + 1],
    )


@dataclass(frozen=True, slots=True)
class Position:
    """Where a reader of changes stands: after a change; or within a walk over the rows that ends with another."""

    since: int
    upto: int | None = None
    row: int = 0


def read_position(text: str | None) -> Position:
    """The position that a page of changes gave; raises CursorError for anything else."""
    if text is None:
        return Position(-1)
    if not re.fullmatch(r"-?\d{1,18}(\.\d{1,18}\.\d{1,18})?", text):
        raise CursorError("not a position of this feed")
    return Position(*map(int, text.split(".")))


def count(container: Container, where: tuple[Where, ...], plan: Plan) -> Statement:
    """How many rows match, from the index; a text that is searched in is read from the bodies."""
    conditions, values = _conditions(container, where)
    join = " CROSS JOIN slots s ON s.slot = t.slot" if any(w.op == "contains" for w in where) else ""
    if plan.group is not None:
        conditions.append(f"t.{column(plan.group[0])} IS NOT NULL")
    source = _source(container, plan, None, where)
    return f"SELECT count(*) FROM {source}{join}{_where(conditions)}", values  # noqa: S608 - as above


def _source(container: Container, plan: Plan, partition: str | None, where: tuple[Where, ...]) -> str:
    for condition in where if plan.group is None else ():
        if condition.field in container.unique:  # which a plan lets pass inside a partition only
            return f'"{container.name}" t INDEXED BY {unique_index(container, condition.field)}'
    if plan.group is None:
        return f'"{container.name}" t {"NOT INDEXED" if partition is None else f"INDEXED BY {key_index(container)}"}'
    index = index_name(container, plan.group, inside=is_inside(container, partition))
    return f'"{container.name}" t INDEXED BY {index}'


def _where(conditions: list[str]) -> str:
    return f" WHERE {' AND '.join(conditions)}" if conditions else ""


def _conditions(container: Container, where: tuple[Where, ...], unique_key: bytes = b"") -> tuple[list[str], list[Any]]:
    conditions: list[str] = []
    values: list[Any] = []
    for condition in where:
        name = f"t.{column(condition.field)}"
        if condition.field in container.unique:
            wanted = condition.value if condition.op == "in" else (condition.value,)
            conditions.append(f"t.{unique_column(condition.field)} IN ({', '.join('?' * len(wanted))})")
            values += [fingerprint(value, unique_key) for value in wanted]
        elif condition.op == "contains":
            path = "$" + "".join(f'."{part}"' for part in condition.field.split("."))
            conditions.append("instr(json_extract(CAST(s.body AS TEXT), ?), ?) > 0")
            values += [path, condition.value]
        elif condition.op == "in":
            conditions.append(f"{name} IN ({', '.join('?' * len(condition.value))})")
            values += [scalar(value) for value in condition.value]
        else:
            conditions.append(f"{name} {condition.op} ?" + _same_type(name, condition))
            values.append(scalar(condition.value))
    return conditions, values


def _same_type(name: str, condition: Where) -> str:
    """SQLite sorts numbers before texts before truth values and would compare them; nothing else does."""
    if condition.op == "=":
        return ""
    if isinstance(condition.value, bool):
        return f" AND {name} >= x''"
    if isinstance(condition.value, str):
        return f" AND {name} >= ''" if condition.op in ("<", "<=") else f" AND {name} < x''"
    return f" AND {name} < ''" if condition.op in (">", ">=") else ""
