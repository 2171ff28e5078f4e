"""Cards of a vCard file: 3.0, 4.0, and 2.1 as phones write it (RFC 2426, RFC 6350).

Written by hand because vobject, the kept library, builds whole trees and stops at the first broken card.
"""

import quopri
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from shared.domain.address_book.entries import (
    FIELD_LIMIT,
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

_BEGIN = re.compile(rb"(?:\xef\xbb\xbf)?\s*BEGIN\s*:\s*VCARD\s*", re.IGNORECASE)
_END = re.compile(rb"\s*END\s*:\s*VCARD\s*", re.IGNORECASE)
_ANY_BEGIN = re.compile(rb"^(?:\xef\xbb\xbf)?[ \t]*BEGIN[ \t]*:[ \t]*VCARD", re.IGNORECASE | re.MULTILINE)
_NAME = re.compile(rb"(?:[\w-]+\.)?([\w-]+)")
_PARAMETERS = re.compile(rb'((?:;(?:"[^"]*"|[^":;])*)*):')
_PARAMETER = re.compile(r';((?:"[^"]*"|[^";])*)')
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)

_READ = frozenset({b"N", b"FN", b"EMAIL", b"TEL", b"ADR", b"CATEGORIES", b"KIND", b"X-ADDRESSBOOKSERVER-KIND"})
_PROPERTY_LIMIT = 500  # properties of one card that are read; a person has a dozen
_KEPT = FIELD_LIMIT * 5  # bytes of a line that are held: more than FIELD_LIMIT characters in any encoding
_NOT_PREFERRED = 101  # behind vCard 4.0's worst, PREF=100
# What a 2.1 card may name; an open list would let a file choose any codec of Python.
_CHARSETS = {
    "iso-8859-1": "cp1252",
    "windows-1252": "cp1252",
    "iso-8859-15": "iso-8859-15",
    "iso-8859-2": "iso-8859-2",
    "windows-1250": "cp1250",
}


@dataclass(slots=True)
class _Property:
    value: str
    preference: int = _NOT_PREFERRED
    types: str = ""


@dataclass(slots=True)
class _Card:
    properties: dict[str, list[_Property]] = field(default_factory=dict)
    count: int = 0
    reason: str = ""

    def of(self, name: str) -> list[_Property]:
        """The properties of a name, the preferred first."""
        return sorted(self.properties.get(name, ()), key=lambda found: found.preference)


def has_card(head: bytes) -> bool:
    """Whether a card begins in these bytes."""
    return bool(_ANY_BEGIN.search(head.replace(b"\r", b"\n")))


def read_cards(pieces: Iterable[bytes]) -> Iterator[Entry | Unreadable]:
    """Each card as an entry; one that is not closed, and lines outside of any card, are `broken_record`."""
    number = 0
    card: _Card | None = None
    stray = False
    for line in _unfolded(pieces):
        begins = bool(_BEGIN.fullmatch(line))
        ends = not begins and bool(_END.fullmatch(line))
        if begins or ends:
            if card is not None or stray or ends:
                number += 1
                yield _entry(number, card) if ends and card else Unreadable(number, "broken_record")
            card, stray = (_Card() if begins else None), False
        elif card is not None:
            _add(card, line)
        else:
            stray = stray or bool(line.strip())
    if card is not None or stray:
        yield Unreadable(number + 1, "broken_record")


def _unfolded(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Lines with their continuations, as bytes: a fold may stand inside a letter. Huge ones lose the end."""
    current = b""
    is_inside = False  # of a line that comes in pieces
    for piece in pieces:
        text = piece.rstrip(b"\r\n")
        if is_inside:
            continues = True
        elif _is_soft_break(current) and not _BEGIN.match(text) and not _END.match(text):
            continues, current = True, current[:-1]
        elif text[:1] in (b" ", b"\t"):
            continues, text = True, text[1:]
        else:
            continues = False
        if continues:
            current += text[: max(0, _KEPT - len(current))]
        else:
            yield current
            current = text[:_KEPT]
        is_inside = not has_end(piece)
    yield current


def _is_soft_break(line: bytes) -> bool:
    """Whether a quoted-printable line of 2.1 goes on in the next."""
    return line.endswith(b"=") and b"QUOTED-PRINTABLE" in line.partition(b":")[0].upper()


def _add(card: _Card, line: bytes) -> None:
    """Read a property into the card, or the reason why the card cannot be read."""
    name = _NAME.match(line)
    if name is None or name[1].upper() not in _READ:
        return
    parameters = _PARAMETERS.match(line, name.end())
    card.count += 1
    if parameters is None or card.count > _PROPERTY_LIMIT:
        card.reason = card.reason or "broken_record"
        return
    found = _property(parameters[1].decode("latin-1"), line[parameters.end() :])
    if found is None:
        return
    if len(found.value) > FIELD_LIMIT:
        card.reason = card.reason or "field_too_long"
        return
    card.properties.setdefault(name[1].decode().upper(), []).append(found)


def _property(parameters: str, raw: bytes) -> _Property | None:
    """A value with its types and preference; None when it is not text."""
    types: list[str] = []
    preference = _NOT_PREFERRED
    charset = ""
    for parameter in _PARAMETER.findall(parameters):
        key, equals, value = parameter.casefold().replace('"', "").partition("=")
        key = key.strip()
        value = (value if equals else key).strip()
        if value in ("b", "base64"):
            return None
        if value == "quoted-printable":
            raw = quopri.decodestring(raw)
        elif key == "charset":
            charset = _CHARSETS.get(value, "")
        elif key == "pref" and equals:
            preference = int(value) if re.fullmatch("[0-9]{1,3}", value) else preference
        elif key == "type" or not equals:
            types += value.split(",")
    if "pref" in types:
        preference = min(preference, 1)
    text = raw.decode(charset, "replace") if charset else decode(raw)
    return _Property(text, preference, " ".join(types))


def _split(text: str, separator: str) -> list[str]:
    """The parts between separators that are not escaped, still escaped."""
    parts: list[str] = []
    for part in text.split(separator):
        if parts and (len(parts[-1]) - len(parts[-1].rstrip("\\"))) % 2:
            parts[-1] += separator + part
        else:
            parts.append(part)
    return parts


def _plain(text: str) -> str:
    return _ESCAPED.sub(lambda found: "\n" if found[1] in "nN" else found[1], text)


def _components(value: str, count: int) -> list[list[str]]:
    """The parts of a structured value, each a list, as many as asked for."""
    parts = [[_plain(item) for item in _split(part, ",")] for part in _split(value, ";")]
    return (parts + [[""]] * count)[:count]


def _entry(number: int, card: _Card) -> Entry | Unreadable:
    if card.reason:
        return Unreadable(number, card.reason)
    kinds = card.of("KIND") + card.of("X-ADDRESSBOOKSERVER-KIND")
    if any(kind.value.strip().casefold() not in ("individual", "org", "") for kind in kinds):
        return Unreadable(number, "not_a_person")
    try:
        first, last = _name(card)
        mobile, home = _phones(card)
        street, city, postal_code, country = _address(card)
        tags = choose_tags(_plain(tag) for found in card.of("CATEGORIES") for tag in _split(found.value, ","))
        email = _email(card)
    except FieldTooLongError:
        return Unreadable(number, "field_too_long")
    entry = Entry(number, first, last, email, mobile, home, street, city, postal_code, country, tags)
    return entry if entry.is_someone() else Unreadable(number, "no_name_or_address")


def _name(card: _Card) -> tuple[str | None, str | None]:
    """Given and family name of N, else FN taken apart."""
    for found in card.of("N"):
        family, given = _components(found.value, 2)
        names = tidy(" ".join(given)), tidy(" ".join(family))
        if any(names):
            return names
    return next(
        (split_name(tidy(_plain(found.value))) for found in card.of("FN") if found.value.strip()),
        (None, None),
    )


def _without_scheme(value: str, scheme: str, end: str) -> str:
    """The value, or what a URI says between its scheme and its parameters."""
    value = _plain(value).strip()
    return value[len(scheme) :].partition(end)[0] if value[: len(scheme)].casefold() == scheme else value


def _email(card: _Card) -> str | None:
    """The preferred address, else the first with an @, else the first."""
    emails = [found for found in card.of("EMAIL") if found.value.strip()]
    emails.sort(key=lambda found: (found.preference, "@" not in found.value))
    return tidy(_without_scheme(emails[0].value, "mailto:", "?")) if emails else None


def _phones(card: _Card) -> tuple[str | None, str | None]:
    return choose_phones(
        (kind, _without_scheme(found.value, "tel:", ";"))
        for found in card.of("TEL")
        if (kind := phone_kind(found.types))
    )


def _address(card: _Card) -> tuple[str | None, str | None, str | None, str | None]:
    """The home's address, else the preferred, else the first: street, city, postal code, country."""
    for found in sorted(card.of("ADR"), key=lambda found: "home" not in found.types):
        box, extended, street, city, _region, postal_code, country = _components(found.value, 7)
        lines = tidy_lines(street + extended + box)
        rest = [tidy(", ".join(part)) for part in (city, postal_code, country)]
        if lines or any(rest):
            return lines, rest[0], rest[1], rest[2]
    return None, None, None, None
