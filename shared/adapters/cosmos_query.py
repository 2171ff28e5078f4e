"""The Cosmos DB text of a query: every value a parameter, sorted so that one composite index answers it."""

from dataclasses import dataclass, field
from typing import Any

from shared.adapters.store_contract import Plan, read_cursor
from shared.domain.containers import Container
from shared.ports import Query, Where


@dataclass(slots=True)
class Statement:
    """Conditions in the making, and their parameters."""

    conditions: list[str] = field(default_factory=list)
    parameters: list[dict[str, Any]] = field(default_factory=list)

    def value(self, value: Any) -> str:
        """The name of a new parameter."""
        name = f"@p{len(self.parameters)}"
        self.parameters.append({"name": name, "value": value})
        return name

    def text(self, what: str, order: str = "") -> str:
        """The whole query."""
        where = f" WHERE {' AND '.join(self.conditions)}" if self.conditions else ""
        return f"SELECT {what} FROM c{where}{order}"  # noqa: S608 - paths come from containers, values are parameters


def select(container: Container, query: Query, plan: Plan) -> tuple[str, list[dict[str, Any]]]:
    """One page and one document more, which tells whether there is another page."""
    statement = _conditions(query.where)
    if query.partition is not None:
        statement.conditions.append(f"{_path(container.partition)} = {statement.value(query.partition)}")
    if plan.order is not None:
        # An included path is indexed where it is missing or null, too.
        path = _path(plan.order)
        statement.conditions.append(f"IS_DEFINED({path}) AND NOT IS_NULL({path})")
    varying = keyset(container, query, plan)
    if query.cursor is not None:
        after = dict(zip(varying, read_cursor(query.cursor, len(varying)), strict=True))
        statement.conditions.append(_later(statement, after, "<" if query.descending else ">"))
    # A composite index answers an order that names all of its paths. The id alone has an index of its own.
    sort = varying if plan.group is None else [*plan.group, container.partition, "id"]
    direction = " DESC" if query.descending else ""
    order = ", ".join(f"{_path(path)}{direction}" for path in dict.fromkeys(sort))
    return statement.text(f"TOP {query.limit + 1} *", f" ORDER BY {order}"), statement.parameters


def keyset(container: Container, query: Query, plan: Plan) -> list[str]:
    """The paths whose values tell where a page ended: those of the order that are not the same in all of the answer."""
    partition = container.partition if query.partition is None else None
    return list(dict.fromkeys(path for path in (plan.order, partition, "id") if path is not None))


def count(where: tuple[Where, ...]) -> tuple[str, list[dict[str, Any]]]:
    """How many documents match."""
    statement = _conditions(where)
    return statement.text("VALUE COUNT(1)"), statement.parameters


def _conditions(where: tuple[Where, ...]) -> Statement:
    statement = Statement()
    for condition in where:
        path = _path(condition.field)
        if condition.op == "contains":
            statement.conditions.append(f"CONTAINS({path}, {statement.value(condition.value)})")
        elif condition.op == "in":
            names = ", ".join(statement.value(value) for value in condition.value)
            statement.conditions.append(f"{path} IN ({names})")
        else:
            statement.conditions.append(f"{path} {condition.op} {statement.value(condition.value)}")
    return statement


def _later(statement: Statement, after: dict[str, Any], op: str) -> str:
    """Later than the cursor in the order of the paths: a > x OR a = x AND b > y OR …, without nesting."""
    names = {_path(path): statement.value(value) for path, value in after.items()}
    equal = [f"{path} = {name}" for path, name in names.items()]
    further = [f"{path} {op} {name}" for path, name in names.items()]
    return f"({' OR '.join(' AND '.join([*equal[:i], further[i]]) for i in range(len(further)))})"


def _path(path: str) -> str:
    return "c" + "".join(f'["{name}"]' for name in path.split("."))
