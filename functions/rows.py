"""Lists from machines, in which every row is judged by itself: a bad one gets its reasons, and the others go on."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ValidationError

from functions.http import Answer
from shared.domain.errors import FieldError
from shared.domain.records import Instant


def _moment(value: object) -> datetime:
    if not isinstance(value, str):
        raise ValueError("must be an RFC 3339 time, such as 2030-01-31T12:00:00Z")
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        raise ValueError("must be an RFC 3339 time, such as 2030-01-31T12:00:00Z") from None


# Rows are read from objects, in which a time is text still.
Moment = Annotated[Instant, BeforeValidator(_moment)]

M = TypeVar("M", bound=BaseModel)

ROWS_A_CALL = 1000


class RowError(Answer):
    """One field of a row that was refused, and why; never the value."""

    field: str
    reason: str


def read_rows(rows: Sequence[Any], model: type[M]) -> Iterator[M | tuple[FieldError, ...]]:
    """Each row as a model, or what is wrong with it."""
    for row in rows:
        try:
            yield model.model_validate(row, strict=True)
        except ValidationError as error:
            yield _reasons(error)


def key_of(row: Any, name: str, longest: int = 200) -> str | None:
    """What the sender calls a row, if it says so at all."""
    key = row.get(name) if isinstance(row, dict) else None
    return key if isinstance(key, str) and len(key) <= longest else None


def shown_errors(errors: Sequence[FieldError]) -> list[RowError]:
    """The reasons as the answer has them."""
    return [RowError(field=error.field, reason=error.reason) for error in errors]


def _reasons(error: ValidationError) -> tuple[FieldError, ...]:
    """One reason a field."""
    found: dict[str, str] = {}
    for detail in error.errors(include_url=False, include_context=False, include_input=False):
        found.setdefault(str(detail["loc"][0]) if detail["loc"] else "", detail["msg"].removeprefix("Value error, "))
    return tuple(FieldError(field, reason) for field, reason in found.items())
