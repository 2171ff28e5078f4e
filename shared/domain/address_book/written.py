"""Entries as a file that `read_entries` reads back, row for row: Google's CSV, for books that come from no file (COL-2)."""

import csv
import io
from collections.abc import Iterable

from shared.domain.address_book.entries import Entry

FORMAT = "google-csv"
HEADER = (
    "First Name", "Last Name", "Labels", "E-mail 1 - Value", "Phone 1 - Label", "Phone 1 - Value", "Phone 2 - Label",
    "Phone 2 - Value", "Address 1 - Label", "Address 1 - Street", "Address 1 - City", "Address 1 - Postal Code",
    "Address 1 - Country",
)  # fmt: skip


def header() -> bytes:
    """The file's first line."""
    return _lines([HEADER])


def rows(entries: Iterable[Entry]) -> bytes:
    """A row for each entry."""
    return _lines(
        (
            *(entry.first_name, entry.last_name, " ::: ".join(entry.tags), entry.email),
            *("Mobile", entry.mobile_phone, "Home", entry.home_phone),
            *("Home", entry.street, entry.city, entry.postal_code, entry.country),
        )
        for entry in entries
    )


def _lines(lines: Iterable[Iterable[str | None]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(lines)
    return text.getvalue().encode()
