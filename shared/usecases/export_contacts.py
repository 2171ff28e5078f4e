"""The brand's contacts as a file (VIS-6): page by page into one bounded answer, and a cursor for the rest."""

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic.alias_generators import to_camel

from shared.domain.records import stamp
from shared.domain.visibility import EXPORTED, Viewer, export_contact
from shared.usecases.brands import Brand
from shared.usecases.looking import Wanted, find_contacts

A_PAGE = 500
MOST = 20_000

# A spreadsheet takes a cell that begins so for a formula, which may send the sheet elsewhere (OWASP, CSV injection).
_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")
_CONTROL = ("\t", "\r", "\n")
_BOM = "\ufeff"


@dataclass(frozen=True, slots=True)
class Export:
    """A part of the file: complete when `cursor` is None; the next part begins with the column names again."""

    content: bytes
    rows: int
    cursor: str | None


async def export_contacts(brand: Brand, wanted: Wanted, limit: int, cursor: str | None) -> Export:
    """Up to `limit` contacts that brand users may see, newest first, whoever asks."""
    lines = io.BytesIO()
    text = io.TextIOWrapper(lines, encoding="utf-8", newline="", write_through=True)
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    text.write(_BOM)
    writer.writerow(map(to_camel, EXPORTED))
    rows = 0
    while True:
        page, cursor = await find_contacts(brand, Viewer.BRAND_SUPPORT, wanted, min(A_PAGE, limit - rows), cursor)
        shown = [fields for contact in page if (fields := export_contact(contact, brand.policy.durations))]
        writer.writerows(map(_cells, shown))
        rows += len(shown)
        if cursor is None or rows >= limit:
            return Export(lines.getvalue(), rows, cursor)


def _cells(fields: dict[str, Any]) -> Iterable[str]:
    return (cell(fields[name]) for name in EXPORTED)


def cell(value: Any) -> str:
    """The value as a spreadsheet shows it and never runs it."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return stamp(value)
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return "'" + text if text.startswith(_CONTROL) or text.lstrip().startswith(_FORMULA) else text
