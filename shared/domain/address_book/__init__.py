"""Address-book files, one record at a time: Google and Outlook CSV, vCard, pasted addresses (COL-2)."""

from shared.domain.address_book.entries import Entry, Unreadable, UnreadableFileError
from shared.domain.address_book.reading import FORMATS, count_entries, guess_format, read_entries

__all__ = ["FORMATS", "Entry", "Unreadable", "UnreadableFileError", "count_entries", "guess_format", "read_entries"]
