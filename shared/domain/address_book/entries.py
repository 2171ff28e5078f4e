"""What is read from an address book: persons, and records that could not be read."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from shared.domain.errors import DomainError

FIELD_LIMIT = 10_000
"""Characters a field may have; a longer one is a broken file, not a person."""

# Controls, and the direction marks that phones wrap around numbers. Joiners stay: names need them.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]"
)
_BLANKS = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Entry:
    """One person of the file; what the product does not keep, as notes and birthdays, is not read (CON-1)."""

    number: int
    first_name: str | None = None
    last_name: str | None = None
    email: str | None = None
    mobile_phone: str | None = None
    home_phone: str | None = None
    street: str | None = None
    city: str | None = None
    postal_code: str | None = None
    country: str | None = None
    tags: tuple[str, ...] = ()

    def is_someone(self) -> bool:
        """Whether a name, an address or a phone tells who this is (CON-1)."""
        return bool(self.email or self.first_name or self.last_name or self.mobile_phone or self.home_phone)


@dataclass(frozen=True, slots=True)
class Unreadable:
    """One record that could not be read, and why; never what it says.

    Reasons: `no_name_or_address`, `no_address` (pasted text), `field_too_long`, `broken_record`,
    `not_a_person`.
    """

    number: int
    reason: str


class UnreadableFileError(DomainError):
    """Nothing can be made of the file; `reason` says why.

    Reasons: `empty_file`, `not_text`, `unknown_format`, `unknown_columns`, `no_cards`.
    """

    status, kind, title = 422, "unreadable-file", "The file could not be read"

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class FieldTooLongError(Exception):
    """A field is over FIELD_LIMIT; the record becomes an Unreadable."""


def tidy(value: str) -> str | None:
    """The value on one line, trimmed and without invisible characters; None when nothing is left.

    Raises FieldTooLongError over FIELD_LIMIT characters.
    """
    if not value:
        return None
    if len(value) > FIELD_LIMIT:
        raise FieldTooLongError
    if not value.isprintable():
        value = _BLANKS.sub(" ", _INVISIBLE.sub("", value))
    return value.strip() or None


def tidy_lines(values: Iterable[str]) -> str | None:
    """Lines of a street, from several fields or from one, as one line with commas."""
    return tidy(", ".join(line.strip(" ,") for value in values for line in value.splitlines() if line.strip(" ,")))


def split_name(full: str | None) -> tuple[str | None, str | None]:
    """First and last name of a name written as one: `Last, First`, else the first word and the rest."""
    if not full or "@" in full:
        return None, None
    if "," in full:
        last, _, first = full.partition(",")
    else:
        first, _, last = full.partition(" ")
    return first.strip() or None, last.strip() or None


# The first row whose word is in the label decides. A fax or an employer's line is not kept (CON-1).
_PHONE_LABELS = (
    ("fax", None),
    ("télécopie", None),
    ("pager", None),
    ("mobile", "mobile"),
    ("cell", "mobile"),
    ("portable", "mobile"),
    ("iphone", "mobile"),
    ("work", None),
    ("bureau", None),
    ("travail", None),
    ("profession", None),
    ("home", "home"),
    ("domicile", "home"),
    ("maison", "home"),
)


def phone_kind(label: str) -> str | None:
    """`mobile`, `home` or `other` by the label of a phone number; None for one that is not kept."""
    label = label.casefold()
    return next((kind for word, kind in _PHONE_LABELS if word in label), "other")


def choose_phones(numbers: Iterable[tuple[str, str]]) -> tuple[str | None, str | None]:
    """Mobile and home phone of (kind, number) pairs: the first of each; `other` fills an empty mobile."""
    first: dict[str, str] = {}
    for kind, number in numbers:
        tidied = tidy(number)
        if tidied:
            first.setdefault(kind, tidied)
    return first.get("mobile") or first.get("other"), first.get("home")


# Groups that Google Contacts puts everybody in; in its CSV they carry an asterisk.
_SYSTEM_GROUPS = frozenset({"mycontacts", "my contacts", "starred"})


def choose_tags(values: Iterable[str]) -> tuple[str, ...]:
    """The groups that the ambassador made, each once, in the file's order; groups of the system left out."""
    tags: dict[str, None] = {}
    for value in values:
        tag = tidy(value)
        if tag and not tag.startswith("*") and tag.casefold() not in _SYSTEM_GROUPS:
            tags[tag] = None
    return tuple(tags)
