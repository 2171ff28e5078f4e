"""Whom a search looks for after an erasure (DEL-8), and every form in which bytes may still hold what was known of them.

A canary is somebody invented, who was put everywhere to see that an erasure reaches everything; or a person who asked to be
forgotten. Nothing here, and nothing that a search tells, repeats a value: it is named by its label.
"""

import base64
import html
import json
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, NamedTuple
from urllib.parse import quote, quote_plus

from pydantic import Field, field_validator

from shared.domain.records import Instant, Record

LEAST_BYTES = 6  # what is shorter stands somewhere by chance

Label = Annotated[str, Field(pattern=r"^[A-Za-z0-9 ._-]{1,60}$")]


class Canary(Record):
    """Somebody of whom nothing may be left in some brands since some time; `id` and labels stand in reports, values never.

    A field's value may be one text or several.
    """

    id: Label
    values: Mapping[Label, tuple[str, ...]] = Field(min_length=1)
    gone_from: Mapping[str, Instant] = Field(min_length=1)

    @field_validator("values", mode="before")
    @classmethod
    def _one_or_several(cls, given: object) -> object:
        if not isinstance(given, Mapping):
            return given
        return {label: (value,) if isinstance(value, str) else value for label, value in given.items()}

    @field_validator("values")
    @classmethod
    def _long_enough(cls, given: Mapping[str, tuple[str, ...]]) -> Mapping[str, tuple[str, ...]]:
        for label, values in given.items():
            if any(len(value.encode()) < LEAST_BYTES for value in values):
                raise ValueError(f"{label} is too short to be searched for: {LEAST_BYTES} bytes are the least")
        return given


class Canaries(Record):
    """The file that names them."""

    people: tuple[Canary, ...]

    @field_validator("people")
    @classmethod
    def _each_by_its_own_name(cls, given: tuple[Canary, ...]) -> tuple[Canary, ...]:
        if len({canary.id for canary in given}) < len(given):
            raise ValueError("must each have an id of their own")
        return given


class Match(NamedTuple):
    """Whose value stands there, which one, and in what form."""

    canary: str
    label: str
    form: str


@dataclass(frozen=True, slots=True)
class Sought:
    """The byte sequences to look for, what each of them means, and where that may not stand."""

    needles: Sequence[bytes]
    meanings: Sequence[Sequence[Match]]
    gone_from: Mapping[str, Mapping[str, datetime]]

    @property
    def longest(self) -> int:
        """The length of the longest, in bytes."""
        return max(map(len, self.needles), default=0)

    def is_wrong(self, match: Match, brand: str | None, written: datetime | None = None) -> bool:
        """Whether it may not stand in this brand's data, or (None) in what is of no brand; nor could when it was written."""
        if brand is None:
            return True
        since = self.gone_from[match.canary].get(brand)
        return since is not None and (written is None or since <= written)

    def is_past(self, brand: str, written: datetime) -> bool:
        """Whether what was written then may still hold all of them: it is older than each erasure in the brand."""
        return not any(brand in gone and gone[brand] <= written for gone in self.gone_from.values())


def sought(canaries: Sequence[Canary]) -> Sought:
    """Everything to look for; what stands for several values, or for several people, means all of them."""
    found: dict[bytes, list[Match]] = {}
    for canary in canaries:
        for label, values in canary.values.items():
            for value in values:
                for needle, form in forms(value).items():
                    found.setdefault(needle, []).append(Match(canary.id, label, form))
    gone_from = {canary.id: canary.gone_from for canary in canaries}
    return Sought(list(found), list(found.values()), gone_from)


def forms(value: str) -> dict[bytes, str]:
    """Every byte sequence that the value may stand as, and what that form is called.

    Upper and lower case and both ways of composing accents, each in the encodings of text, of links, of markup, of JSON
    (once more inside of JSON, too), of mails, and of what carries bytes as text.
    """
    found: dict[bytes, str] = {}
    for spelling in dict.fromkeys(_spellings(value)):
        plain = spelling.encode()
        for form, text in (("plain", spelling), *_escaped(spelling)):
            found.setdefault(text.encode(), form)
        found.setdefault(_quoted_printable(plain), "quoted-printable")
        for encoding in ("utf-16-le", "utf-16-be", "cp1252"):
            try:
                found.setdefault(spelling.encode(encoding), encoding)
            except UnicodeEncodeError:
                continue
        in_json = json.dumps(spelling)[1:-1].encode()
        for carried in dict.fromkeys((plain, in_json, quote(spelling, safe="").encode(), spelling.encode("utf-16-le"))):
            found.setdefault(carried.hex().encode(), "hex")
            found.setdefault(carried.hex().upper().encode(), "hex")
            for part in _base64(carried):
                found.setdefault(part, "base64")
    return found


def _spellings(value: str) -> Iterator[str]:
    """Bytes are also looked at with their ASCII letters made small: so each spelling comes with those small, too."""
    for text in (value, _small(value), value.lower(), value.upper(), _small(value.upper()), value.casefold()):
        for composition in ("NFC", "NFD"):
            yield text
            yield unicodedata.normalize(composition, text)


def _small(text: str) -> str:
    return text.encode().lower().decode()


def _escaped(text: str) -> Iterator[tuple[str, str]]:
    for link in (
        quote(text, safe=""),
        quote(text),
        quote(text, safe="@"),
        quote_plus(text),
        quote_plus(text, safe="@"),
    ):
        yield "url", link
        yield "url", _small_escapes(link)
    for markup in (html.escape(text), html.escape(text, quote=False), html.escape(text).replace("&#x27;", "&#39;")):
        yield "html", markup
        yield "html", markup.encode("ascii", "xmlcharrefreplace").decode()
    for escaped in (json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1]):
        yield "json", escaped
        yield "json", escaped.replace("/", "\\/")
        yield "json", json.dumps(escaped)[1:-1]
    yield "json", "".join(char if char.isascii() else f"\\u{ord(char):04X}" for char in text)
    yield "python", ascii(text)[1:-1]


def _small_escapes(link: str) -> str:
    """`%2B` as `%2b`: both are written."""
    head, *rest = link.split("%")
    return "%".join([head, *(part[:2].lower() + part[2:] for part in rest)])


def _quoted_printable(text: bytes) -> bytes:
    return b"".join(
        bytes([byte]) if (33 <= byte <= 126 and byte != 61) or byte == 32 else b"=%02X" % byte for byte in text
    )


def _base64(carried: bytes) -> Iterator[bytes]:
    """What is sure to stand in the base64 of any bytes around these: it begins at one of three places of a group."""
    for before, unsure in ((0, 0), (1, 2), (2, 3)):
        whole = (before + len(carried)) * 8 // 6
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            yield encode(bytes(before) + carried)[unsure:whole]
