"""Which column of a CSV export holds what, by its heading: Google, Outlook, and lists made by hand."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

_NAMES = {
    "firstname": "first",
    "givenname": "first",
    "prenom": "first",
    "lastname": "last",
    "familyname": "last",
    "surname": "last",
    "nom": "last",
    "nomdefamille": "last",
    "name": "full",
    "fullname": "full",
    "displayname": "full",
    "nomcomplet": "full",
    "nometprenom": "full",
}
_TAGS = frozenset({"labels", "groupmembership", "categories", "tags", "etiquettes", "groupes"})
_PHONES = {
    "mobilephone": "mobile",
    "mobilenumber": "mobile",
    "mobile": "mobile",
    "telmobile": "mobile",
    "telephonemobile": "mobile",
    "portable": "mobile",
    "telportable": "mobile",
    "telephoneportable": "mobile",
    "homephone": "home",
    "homephone2": "home",
    "teldomicile": "home",
    "telephonedomicile": "home",
    "telephone2domicile": "home",
    "primaryphone": "other",
    "otherphone": "other",
    "phone": "other",
    "phonenumber": "other",
    "telephone": "other",
    "tel": "other",
    "telephoneprincipal": "other",
    "telephoneautre": "other",
}
_PARTS = {
    "street": "street",
    "address": "street",
    "rue": "street",
    "adresse": "street",
    "city": "city",
    "ville": "city",
    "postalcode": "postal_code",
    "zipcode": "postal_code",
    "zip": "postal_code",
    "codepostal": "postal_code",
    "country": "country",
    "countryregion": "country",
    "pays": "country",
    "paysregion": "country",
}
# The home's address first; an employer's only when there is no other.
_PLACES = {"home": 0, "domicile": 0, "": 1, "other": 2, "autre": 2, "business": 3, "bureau": 3}

_GOOGLE_ONLY = frozenset({"givenname", "familyname", "groupmembership", "labels"})
_GOOGLE = re.compile(
    r"(email|phone|address)(\d+)(label|type|value|street|extendedaddress|city|postalcode|country|formatted)"
)
_EMAIL = re.compile(
    r"(?:primary|secondary)?e?mail\d?(?:address)?\d?"
    r"|(?:adresse(?:de)?)?(?:messagerie|email|mail|courriel|courrierelectronique|electronique)\d?"
)
_PLACE = re.compile(f"(home|other|business|)({'|'.join(_PARTS)})(domicile|autre|bureau|)([23]?)")


@dataclass(slots=True)
class Labelled:
    """A column with a value, and what it is: by a column with its label, or always the same kind."""

    value: int = -1
    label: int = -1
    kind: str = ""


@dataclass(slots=True)
class Place:
    """The columns of one postal address, -1 where there is none."""

    label: int = -1
    street: list[int] = field(default_factory=list)
    city: int = -1
    postal_code: int = -1
    country: int = -1
    formatted: int = -1


@dataclass(slots=True)
class Columns:
    """The columns that are read, by position; notes, birthdays and employers are not among them (CON-1)."""

    width: int
    first: int = -1
    last: int = -1
    full: int = -1
    emails: list[Labelled] = field(default_factory=list)
    phones: list[Labelled] = field(default_factory=list)
    places: list[Place] = field(default_factory=list)
    tags: list[int] = field(default_factory=list)
    known: int = 0
    is_google: bool = False

    def of_one_line(self) -> list[int]:
        """The columns of names and addresses, in which a line break means a quote that was not closed."""
        return [self.first, self.last, self.full, *(email.value for email in self.emails)]

    def identify(self) -> bool:
        """Whether the columns can tell who a person is."""
        return max(self.first, self.last, self.full) >= 0 or bool(self.emails or self.phones)


def key_of(heading: str) -> str:
    """A heading without case, accents, blanks and punctuation, as exports differ in them."""
    letters = unicodedata.normalize("NFKD", heading).casefold()
    return "".join(letter for letter in letters if letter.isalnum() and letter.isascii())


def columns_of(headings: Sequence[str]) -> Columns:
    """The columns that the headings name; of two that name the same name the later counts.

    Old French exports of Outlook have two `Nom`: the first is the whole name.
    """
    columns = Columns(len(headings))
    numbered: dict[tuple[str, str], dict[str, int]] = {}
    places: dict[int, Place] = {}
    for index, key in enumerate(map(key_of, headings)):
        columns.known += 1
        columns.is_google = columns.is_google or key in _GOOGLE_ONLY
        if key in _NAMES:
            setattr(columns, _NAMES[key], index)
        elif key in _TAGS:
            columns.tags.append(index)
        elif key in _PHONES:
            columns.phones.append(Labelled(index, kind=_PHONES[key]))
        elif found := _GOOGLE.fullmatch(key):
            columns.is_google = True
            numbered.setdefault((found[1], found[2]), {})[found[3]] = index
        elif _EMAIL.fullmatch(key):
            columns.emails.append(Labelled(index))
        elif found := _PLACE.fullmatch(key):
            rank = _PLACES[found[1] or found[3]]
            _add_part(places.setdefault(rank, Place()), _PARTS[found[2]], index)
        else:
            columns.known -= 1
    columns.places = [places[rank] for rank in sorted(places)]
    _add_numbered(columns, numbered)
    return columns


def _add_numbered(columns: Columns, numbered: dict[tuple[str, str], dict[str, int]]) -> None:
    """The groups of Google's columns: `E-mail 1 - Label`, `E-mail 1 - Value` …"""
    for (what, _), parts in numbered.items():
        label = parts.get("label", parts.get("type", -1))
        if what == "address":
            columns.places.append(
                Place(
                    label=label,
                    street=_present(parts, "street", "extendedaddress"),
                    city=parts.get("city", -1),
                    postal_code=parts.get("postalcode", -1),
                    country=parts.get("country", -1),
                    formatted=parts.get("formatted", -1),
                )
            )
        elif "value" in parts:
            target = columns.emails if what == "email" else columns.phones
            target.append(Labelled(parts["value"], label))


def _present(parts: dict[str, int], *names: str) -> list[int]:
    return [parts[name] for name in names if name in parts]


def _add_part(place: Place, part: str, index: int) -> None:
    if part == "street":
        place.street.append(index)
    else:
        setattr(place, part, index)


def best_columns(candidates: Iterable[tuple[str, Sequence[str]]]) -> tuple[str, Columns] | None:
    """The delimiter whose headings say most, and its columns; None when none tells who a person is."""
    best: tuple[str, Columns] | None = None
    for delimiter, headings in candidates:
        columns = columns_of(headings)
        if columns.identify() and (best is None or columns.known > best[1].known):
            best = delimiter, columns
    return best
