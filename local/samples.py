"""Address-book exports of invented persons, of any size, for the demo, the benchmarks and trials by hand."""

import csv
from collections.abc import Iterable, Iterator
from pathlib import Path
from random import Random
from typing import Literal, NamedTuple

_FIRST_NAMES = (
    "Alice",
    "Benoît",
    "Chloé",
    "David",
    "Élodie",
    "Farid",
    "Gaëlle",
    "Hugo",
    "Inès",
    "Jules",
    "Zoë",
)
_LAST_NAMES = ("Martin", "Lefèvre", "Garcia", "O'Neil", "Dupont-Ruiz", "Nguyen", "Müller", "Rossi", "Smith")
_STREETS = ("rue des Lilas", "avenue de la Gare", "chemin du Moulin", "Station Road")
_CITIES = (("Lyon", "69003"), ("Nantes", "44000"), ("Lille", "59000"), ("Grenoble", "38000"))
_GROUPS = ("Friends", "Yoga", "Choir", "Neighbours")

_GOOGLE_HEADER = [
    *("First Name", "Middle Name", "Last Name", "Phonetic First Name", "Phonetic Middle Name"),
    *("Phonetic Last Name", "Name Prefix", "Name Suffix", "Nickname", "File As", "Organization Name"),
    *("Organization Title", "Organization Department", "Birthday", "Notes", "Photo", "Labels"),
    *("E-mail 1 - Label", "E-mail 1 - Value", "Phone 1 - Label", "Phone 1 - Value"),
    *("Address 1 - Label", "Address 1 - Formatted", "Address 1 - Street", "Address 1 - City"),
    *("Address 1 - PO Box", "Address 1 - Region", "Address 1 - Postal Code", "Address 1 - Country"),
    "Address 1 - Extended Address",
]

_NAMES_ONLY = ("First Name", "Last Name", "E-mail 1 - Label", "E-mail 1 - Value")

# The columns of Outlook's export that matter here, as its English and its French edition head them.
_OUTLOOK_HEADERS = {
    "en": [
        *("Title", "First Name", "Middle Name", "Last Name", "Suffix", "Company", "Home Street"),
        *("Home Street 2", "Home City", "Home State", "Home Postal Code", "Home Country/Region"),
        *("Home Phone", "Mobile Phone", "Categories", "E-mail Address", "E-mail Type"),
        *("E-mail Display Name", "Notes"),
    ],
    "fr": [
        *("Titre", "Prénom", "Deuxième prénom", "Nom", "Suffixe", "Société", "Rue (domicile)"),
        *("Rue (domicile) 2", "Ville (domicile)", "Dép/Région (domicile)", "Code postal (domicile)"),
        *("Pays/Région (domicile)", "Téléphone (domicile)", "Tél. mobile", "Catégories"),
        *("Adresse de messagerie", "Type de messagerie", "Nom complet de l'adresse de messagerie", "Notes"),
    ],
}


class _Person(NamedTuple):
    first: str
    last: str
    email: str
    mobile: str
    street: str
    city: str
    postal_code: str
    group: str
    note: str


def _people(rows: int, seed: int) -> Iterator[_Person]:
    random = Random(seed)
    for number in range(1, rows + 1):
        city, postal_code = random.choice(_CITIES)
        yield _Person(
            first=random.choice(_FIRST_NAMES),
            last=random.choice(_LAST_NAMES),
            email=f"person{number:06}@example.org",
            # Numbers kept free for fiction by the French regulator.
            mobile=f"+33 6 39 98 {number // 100 % 100:02} {number % 100:02}",
            street=f"{random.randint(1, 99)} {random.choice(_STREETS)}",
            city=city,
            postal_code=postal_code,
            group=random.choice(_GROUPS),
            note='Said "hello",\nthen left' if number % 20 == 0 else "",
        )


def write_google_export(path: Path, rows: int, *, seed: int = 1, names_only: bool = False) -> None:
    """Write what Google Contacts exports since 2024: UTF-8, `rows` persons, the same ones for the same seed.

    Person n has the address `person<n, six digits>@example.org`; every twentieth has a note over two lines.
    `names_only` leaves the cells of the other columns empty, as in a book that was never kept.
    """
    cells = (
        {
            "First Name": person.first,
            "Last Name": person.last,
            "Notes": person.note,
            "Labels": f"{person.group} ::: * myContacts",
            "E-mail 1 - Label": "* ",
            "E-mail 1 - Value": person.email,
            "Phone 1 - Label": "Mobile",
            "Phone 1 - Value": person.mobile,
            "Address 1 - Label": "Home",
            "Address 1 - Formatted": f"{person.street}\n{person.postal_code} {person.city}\nFR",
            "Address 1 - Street": person.street,
            "Address 1 - City": person.city,
            "Address 1 - Postal Code": person.postal_code,
            "Address 1 - Country": "FR",
        }
        for person in _people(rows, seed)
    )
    if names_only:
        cells = ({name: row[name] for name in _NAMES_ONLY} for row in cells)
    _write(path, _GOOGLE_HEADER, cells, encoding="utf-8", delimiter=",", quoting=csv.QUOTE_MINIMAL, end="\n")


def write_outlook_export(path: Path, rows: int, *, seed: int = 1, language: Literal["en", "fr"] = "en") -> None:
    """Write what Outlook exports: Windows-1252, all quoted, French with semicolons; persons as for Google."""
    header = _OUTLOOK_HEADERS[language]
    cells = (
        dict(
            zip(
                header,
                (
                    "",
                    person.first,
                    "",
                    person.last,
                    "",
                    "",
                    person.street,
                    "",
                    person.city,
                    "",
                    person.postal_code,
                    "France",
                    "",
                    person.mobile,
                    person.group,
                    person.email,
                    "SMTP",
                    f"{person.first} {person.last} ({person.email})",
                    person.note,
                ),
                strict=True,
            )
        )
        for person in _people(rows, seed)
    )
    delimiter = ";" if language == "fr" else ","
    _write(path, header, cells, encoding="cp1252", delimiter=delimiter, quoting=csv.QUOTE_ALL, end="\r\n")


def _write(
    path: Path,
    header: list[str],
    cells: Iterable[dict[str, str]],
    *,
    encoding: str,
    delimiter: str,
    quoting: Literal[0, 1],
    end: str,
) -> None:
    with path.open("w", encoding=encoding, newline="") as file:
        writer = csv.DictWriter(file, header, delimiter=delimiter, quoting=quoting, lineterminator=end)
        writer.writeheader()
        writer.writerows(cells)
