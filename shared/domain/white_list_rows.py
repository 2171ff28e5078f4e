"""A white list as a brand sends it: CSV with a header, or JSON lines; read row by row, a bad row never costs a good one."""

import csv
import io
import json
from collections.abc import Iterator, Mapping
from typing import Any

from shared.domain.addresses import clean_address
from shared.domain.errors import FieldError, InvalidInputError
from shared.domain.white_list import Entitled

LONGEST_ID = 200
COLUMNS: Mapping[str, Entitled] = {
    "email": Entitled.EMAIL,
    "customerid": Entitled.CUSTOMER_ID,
}

Row = tuple[Entitled, str]


def read_csv(data: bytes) -> Iterator[Row | str]:
    """The entries of the columns `email` and `customerId`, in UTF-8; a text is the reason why a row is refused.

    Raises InvalidInputError when the header has neither column.
    """
    lines = io.TextIOWrapper(io.BytesIO(data), "utf-8-sig", errors="replace", newline="")
    first = lines.readline()
    columns = [_column(name) for name in next(csv.reader([first], delimiter=_delimiter(first)), [])]
    if not any(columns):
        raise InvalidInputError(errors=[FieldError("", "needs a header with email or customerId")])
    return _csv_rows(csv.reader(lines, delimiter=_delimiter(first)), columns)


def read_json_lines(data: bytes) -> Iterator[Row | str]:
    """The entries of objects with `email`, `customerId` or both, one a line; a text is the reason why a row is refused."""
    for line in io.BytesIO(data):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            yield "is not JSON"
            continue
        if not isinstance(row, dict) or {_column(name) for name in row} - set(Entitled):
            yield "is not an object of email and customerId alone"
        else:
            yield from _entries({kind: value for name, value in row.items() if (kind := _column(name))})


def _csv_rows(rows: Any, columns: list[Entitled | None]) -> Iterator[Row | str]:
    while True:
        try:
            cells = next(rows)
        except StopIteration:
            return
        except csv.Error:
            yield "is not CSV"
            continue
        if cells:
            yield from _entries({kind: cell for kind, cell in zip(columns, cells, strict=False) if kind})


def _entries(row: Mapping[Entitled, Any]) -> Iterator[Row | str]:
    said = {kind: value for kind, value in row.items() if value not in (None, "")}
    if not said:
        yield "says nothing"
    for kind, value in said.items():
        if not isinstance(value, str) or "\ufffd" in value:
            yield f"{kind} is not text in UTF-8"
        elif kind is Entitled.EMAIL:
            yield _address(value)
        else:
            yield (kind, value.strip()) if 0 < len(value.strip()) <= LONGEST_ID else f"{kind} is empty or too long"


def _address(value: str) -> Row | str:
    try:
        return Entitled.EMAIL, clean_address(value)
    except ValueError as error:
        return f"{Entitled.EMAIL} {error}"


def _column(name: str) -> Entitled | None:
    return COLUMNS.get(name.strip().casefold().replace("_", "").replace("-", "").replace(" ", ""))


def _delimiter(header: str) -> str:
    return ";" if header.count(";") > header.count(",") else ","
