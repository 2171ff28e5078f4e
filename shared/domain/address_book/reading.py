"""The door to an address-book file: which format it is, and its entries one by one."""

from collections.abc import Iterator
from typing import BinaryIO

from shared.domain.address_book import pasted, vcard
from shared.domain.address_book.entries import Entry, Unreadable, UnreadableFileError
from shared.domain.address_book.lines import HEAD_SIZE, as_utf8, is_binary, pieces, read_head
from shared.domain.address_book.separated import find_header, read_rows

FORMATS = ("google-csv", "outlook-csv", "vcard", "emails")


def guess_format(head: bytes) -> str | None:
    """The format of a file by its first bytes (64 KiB suffice); None when it is none of FORMATS (COL-2)."""
    head = head[:HEAD_SIZE]
    if is_binary(head):
        return None
    text = b"".join(as_utf8(head))
    if vcard.has_card(text):
        return "vcard"
    header = find_header(pieces([text]))
    if header:
        return "google-csv" if header.columns.is_google else "outlook-csv"
    return "emails" if b"@" in text else None


def read_entries(file: BinaryIO, format: str | None = None) -> Iterator[Entry | Unreadable]:
    """Every record of the file, numbered from 1 without a gap; the format is guessed if not given (COL-2).

    The same bytes always give the same numbers, so that an import goes on where it stopped (COL-14). Headers,
    blank lines and rows of empty fields have no number. Memory does not grow with the file. Both CSV formats
    are read alike, by their columns. Of several addresses of a person the preferred one is taken, else the
    first with an @. Addresses are not validated.

    Raises UnreadableFileError at once, before any entry, when nothing can be made of the file, and ValueError
    for a format that is not in FORMATS.
    """
    return _records(file, format, numbers_only=False)


def count_entries(file: BinaryIO, format: str | None = None) -> int:
    """How many records `read_entries` gives, in less time; raises what it raises."""
    return sum(1 for _ in _records(file, format, numbers_only=True))


def _records(file: BinaryIO, format: str | None, *, numbers_only: bool) -> Iterator[Entry | Unreadable]:
    if format is not None and format not in FORMATS:
        raise ValueError("not an address-book format")
    head = read_head(file)
    text = b"".join(as_utf8(head))
    if not text.strip() and len(head) < HEAD_SIZE:
        raise UnreadableFileError("empty_file")
    if is_binary(head):
        raise UnreadableFileError("not_text")
    format = format or guess_format(head)
    lines = pieces(as_utf8(head, file))
    if format == "vcard":
        if not vcard.has_card(text):
            raise UnreadableFileError("no_cards")
        return vcard.read_cards(lines)
    if format == "emails":
        return pasted.read_addresses(lines)
    if format is None:
        raise UnreadableFileError("unknown_format")
    header = find_header(lines)
    if header is None:
        raise UnreadableFileError("unknown_columns")
    return read_rows(lines, header, numbers_only=numbers_only)
