"""Rows of a CSV export, in which a broken row costs one row only (COL-14).

The standard csv module reads; strictly, so that an unclosed quote is seen. What a broken record had swallowed
is read again from its second line. From there to the first whole row behind it a row is only taken when it
has exactly the columns of the header, or a mail address in its place: the inside of a long note must not
become a person.
"""

import csv
import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from shared.domain.address_book.columns import Columns, Place, best_columns
from shared.domain.address_book.entries import (
    Entry,
    FieldTooLongError,
    Unreadable,
    choose_phones,
    choose_tags,
    phone_kind,
    split_name,
    tidy,
    tidy_lines,
)
from shared.domain.address_book.lines import decode, has_end

RECORD_LIMIT = 30_000
RECORD_LINES = 200
"""Characters and lines of a record over several lines; beyond, its quote is taken to be unclosed. They also
bound how often a line is read again."""

_SEPARATOR_LINE = re.compile(r'"?sep=([^\w\s"]|\t)"?', re.IGNORECASE)
_HOME_LABELS = ("home", "domicile", "maison")


@dataclass(frozen=True, slots=True)
class Header:
    """How the rows below the header are read."""

    delimiter: str
    columns: Columns


class _BrokenRecordError(Exception):
    """The record goes on for too long, or its cells are not those of the header."""


def find_header(lines: Iterator[bytes]) -> Header | None:
    """The header in the first line that is not blank (behind a line `sep=;`), which it takes from `lines`.

    None when its headings do not tell who a person is.
    """
    delimiters = ",;\t|"
    for piece in lines:
        line = decode(piece).strip("\ufeff\r\n ")
        separator = _SEPARATOR_LINE.fullmatch(line)
        if separator:
            delimiters = separator[1]
        elif line:
            # An address in the first line: a list, not a header.
            if "@" in line or not has_end(piece):
                return None
            candidates = ((delimiter, next(_reader(iter([line]), delimiter))) for delimiter in delimiters)
            found = best_columns(candidates)
            return Header(*found) if found else None
    return None


def _reader(lines: Iterator[str], delimiter: str, *, strict: bool = False) -> Iterator[list[str]]:
    return csv.reader(lines, delimiter=delimiter, skipinitialspace=True, strict=strict)


class _Lines(Iterator[str]):
    """Lines for csv.reader, which keeps those of the current record, to give them again if it is broken."""

    def __init__(self, source: Iterator[bytes]) -> None:
        self._source = source
        self._again: deque[str] = deque()
        self._taken: list[str] = []
        self._size = 0

    def start_record(self) -> None:
        self._taken.clear()
        self._size = 0

    @property
    def record_spans_lines(self) -> bool:
        return len(self._taken) > 1

    @property
    def has_taken_back(self) -> bool:
        return bool(self._again)

    def take_back(self) -> None:
        """Give all lines of the record but its first out again."""
        self._again.extendleft(reversed(self._taken[1:]))

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else self._next_line()
        taken = self._taken
        taken.append(line)
        self._size += len(line)
        if line[-1] not in "\r\n":
            raise _BrokenRecordError if len(taken) > 1 else FieldTooLongError
        if len(taken) > 1 and (self._size > RECORD_LIMIT or len(taken) > RECORD_LINES):
            raise _BrokenRecordError
        return line

    def _next_line(self) -> str:
        piece = next(self._source)
        if has_end(piece):
            return decode(piece)
        for rest in self._source:
            if has_end(rest):
                break
        return decode(piece)


def read_rows(source: Iterator[bytes], header: Header, *, numbers_only: bool = False) -> Iterator[Entry | Unreadable]:
    """Each row as an entry; empty rows have no number. Cells missing at the end of a row are empty ones.

    With `numbers_only` as many, but what they say is left out where nothing else depends on it.
    """
    lines = _Lines(source)
    rows = _reader(lines, header.delimiter, strict=True)
    columns, width = header.columns, header.columns.width
    of_one_line = columns.of_one_line()
    number = 0
    is_in_doubt = False  # whether this may be the inside of a broken record
    while True:
        lines.start_record()
        try:
            row = next(rows)
            if not any(row) or not any(map(str.strip, row)):
                continue
            is_whole = len(row) == width
            if any(row[width:]) or (lines.record_spans_lines and not is_whole):
                raise _BrokenRecordError
            row += [""] * (width - len(row) + 1)  # one cell more, so that column -1 is an empty one
            if lines.record_spans_lines and any(len(row[index].strip().splitlines()) > 1 for index in of_one_line):
                raise _BrokenRecordError
            if numbers_only and not is_in_doubt:
                yield Entry(number + 1)
                number += 1
                continue
            entry = _entry(number + 1, row, columns)
            if is_in_doubt and not is_whole and "@" not in (entry.email or ""):
                raise _BrokenRecordError
            is_in_doubt = is_in_doubt and (lines.has_taken_back or not is_whole)
            yield entry if entry.is_someone() else Unreadable(entry.number, "no_name_or_address")
        except StopIteration:
            return
        except FieldTooLongError:
            yield Unreadable(number + 1, "field_too_long")
        except (csv.Error, _BrokenRecordError):
            is_in_doubt = is_in_doubt or lines.record_spans_lines
            lines.take_back()
            yield Unreadable(number + 1, "broken_record")
        number += 1


def _entry(number: int, row: list[str], columns: Columns) -> Entry:
    first, last = tidy(row[columns.first]), tidy(row[columns.last])
    if first is None and last is None and columns.full >= 0:
        first, last = split_name(tidy(row[columns.full]))
    mobile, home = _phones(row, columns)
    street, city, postal_code, country = _address(row, columns.places)
    return Entry(
        number,
        first,
        last,
        _email(row, columns),
        mobile,
        home,
        street,
        city,
        postal_code,
        country,
        _tags(row, columns),
    )


def _email(row: list[str], columns: Columns) -> str | None:
    """The preferred address (Google marks it with an asterisk), else the first with an @, else the first."""
    chosen = ""
    for column in columns.emails:
        value = row[column.value]
        if not value or value.isspace():
            continue
        if row[column.label].startswith("*"):
            return tidy(_first(value))
        if not chosen or ("@" in value and "@" not in chosen):
            chosen = value
    return tidy(_first(chosen))


def _first(value: str) -> str:
    """The first of several values that Google put into one cell."""
    if ":::" not in value:
        return value
    return next(filter(str.strip, value.split(":::")), "")


def _phones(row: list[str], columns: Columns) -> tuple[str | None, str | None]:
    numbers = [
        (kind, _first(row[column.value]))
        for column in columns.phones
        if row[column.value] and (kind := column.kind or phone_kind(row[column.label]))
    ]
    return choose_phones(numbers) if numbers else (None, None)


def _address(row: list[str], places: list[Place]) -> tuple[str | None, str | None, str | None, str | None]:
    """The home's address, else the first that there is: street, city, postal code, country."""
    chosen: Place | None = None
    for place in places:
        lines = row[place.city] or row[place.postal_code] or row[place.formatted]
        if not lines and not any(row[index] for index in place.street):
            continue
        if any(word in row[place.label].casefold() for word in _HOME_LABELS):
            chosen = place
            break
        chosen = chosen or place
    if chosen is None:
        return None, None, None, None
    street = tidy_lines(_first(row[index]) for index in chosen.street)
    city, postal_code, country = (
        tidy(_first(row[index])) for index in (chosen.city, chosen.postal_code, chosen.country)
    )
    if not (street or city or postal_code):
        street = tidy_lines([_first(row[chosen.formatted])])
    return street, city, postal_code, country


def _tags(row: list[str], columns: Columns) -> tuple[str, ...]:
    """Google parts them by `:::`, Outlook by the semicolon or comma of its language."""
    values: list[str] = []
    for index in columns.tags:
        if row[index]:
            tidy(row[index])  # the limit holds for the cell
            values += row[index].split(":::") if columns.is_google else re.split("[;,]", row[index])
    return choose_tags(values) if values else ()
