"""The name of an ambassador in the address of the own blog page: made from the alias, plain letters only."""

import re
import unicodedata
from collections.abc import Iterator
from itertools import count

LONGEST = 40
# Letters that no decomposition takes apart, and that names in our languages have.
_PLAIN = str.maketrans({"œ": "oe", "æ": "ae", "ø": "o", "đ": "d", "ł": "l", "ð": "d", "þ": "th"})


def slug(alias: str) -> str:
    """The alias in lower-case ASCII letters, digits and hyphens; `ambassador` when nothing of it can be written so."""
    taken_apart = unicodedata.normalize("NFKD", alias.casefold()).translate(_PLAIN)
    plain = "".join(letter for letter in taken_apart if not unicodedata.combining(letter))
    return re.sub(r"[^a-z0-9]+", "-", plain)[:LONGEST].strip("-") or "ambassador"


def names(alias: str) -> Iterator[str]:
    """What the page of this alias may be called, in the order to try: `ada`, `ada-2`, `ada-3` …"""
    first = slug(alias)
    yield first
    for number in count(2):
        yield f"{first}-{number}"


def is_name(text: str) -> bool:
    """Whether a text can be such a name at all."""
    return re.fullmatch(r"[a-z0-9-]{1,60}", text) is not None
