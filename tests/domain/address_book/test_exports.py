"""Exports of every address book that COL-2 names give the persons in them, and nothing that is not kept."""

import io
from pathlib import Path

import pytest

from shared.domain.address_book import Entry, Unreadable, guess_format, read_entries

FILES = Path(__file__).parent / "files"

pytestmark = pytest.mark.rule("COL-2")


def entries_of(name: str) -> list[Entry | Unreadable]:
    with (FILES / name).open("rb") as file:
        return list(read_entries(file))


ALICE_AT_HOME = Entry(
    1,
    first_name="Alice",
    last_name="Martin",
    email="alice@example.org",
    mobile_phone="+33 6 39 98 00 01",
    home_phone="+33 1 99 00 00 01",
    street="12 rue des Lilas, Bâtiment B",
    city="Lyon",
    postal_code="69003",
    country="FR",
    tags=("Friends", "Yoga"),
)

ELODIE_IN_OUTLOOK = Entry(
    1,
    first_name="Élodie",
    last_name="Lefèvre",
    email="elodie@example.org",
    mobile_phone="+33 6 39 98 00 01",
    home_phone="+33 1 99 00 00 01",
    street="12 rue des Lilas, Bât. B",
    city="Besançon",
    postal_code="25000",
    country="France",
    tags=("Amis", "Chœur"),
)


@pytest.mark.parametrize(
    ("name", "format"),
    [
        ("google_old.csv", "google-csv"),
        ("google_new.csv", "google-csv"),
        ("outlook_en.csv", "outlook-csv"),
        ("outlook_fr.csv", "outlook-csv"),
        ("outlook_fr_utf16.txt", "outlook-csv"),
        ("contacts_2_1.vcf", "vcard"),
        ("contacts_3_0.vcf", "vcard"),
        ("contacts_4_0.vcf", "vcard"),
        ("pasted.txt", "emails"),
    ],
)
def test_the_format_of_an_export_is_guessed_and_naming_it_changes_nothing(name: str, format: str) -> None:
    content = (FILES / name).read_bytes()
    assert guess_format(content) == format
    assert list(read_entries(io.BytesIO(content), format)) == entries_of(name)


def test_google_contacts_before_2024() -> None:
    assert entries_of("google_old.csv") == [
        ALICE_AT_HOME,
        # The second address is the starred one; faxes and the employer's number are not kept.
        Entry(2, first_name="Benoît", last_name="Lefèvre", email="benoit@example.org"),
        Entry(3, email="chloe@example.org"),
        Unreadable(4, "no_name_or_address"),
    ]


def test_google_contacts_since_2024() -> None:
    assert entries_of("google_new.csv") == [
        Entry(
            1,
            first_name="Alice",
            last_name="Martin",
            email="alice@example.org",
            mobile_phone="+33 6 39 98 00 01",
            street="12 rue des Lilas",
            city="Lyon",
            tags=("Friends",),
        ),
        Entry(
            2,
            first_name="Farid",
            last_name="Rossi",
            email="farid@example.org",
            mobile_phone="+33 6 39 98 00 05",
            street="7 chemin du Moulin, 38000 Grenoble",
        ),
    ]


def test_outlook_in_english() -> None:
    assert entries_of("outlook_en.csv") == [
        Entry(
            1,
            first_name="Alice",
            last_name="Martin",
            email="alice@example.org",
            mobile_phone="+44 7700 900001",
            home_phone="+44 113 496 0001",
            street="12 Station Road, Flat 2",
            city="Leeds",
            postal_code="LS1 4DY",
            country="United Kingdom",
            tags=("Friends", "Yoga"),
        ),
        # Exchange's own address is no mail address, the second one is; no home, so the office's address.
        Entry(2, "David", "O'Neil", "david@example.org", street="9 Work Lane", city="York"),
    ]


@pytest.mark.parametrize("name", ["outlook_fr.csv", "outlook_fr_utf16.txt"])
def test_outlook_in_french_with_semicolons_in_windows_1252_or_tabs_in_utf_16(name: str) -> None:
    assert entries_of(name) == [ELODIE_IN_OUTLOOK]


def test_vcard_3() -> None:
    assert entries_of("contacts_3_0.vcf") == [
        Entry(
            1,
            first_name="Alice",
            last_name="Martin",
            email="alice@example.org",
            mobile_phone="+33 6 39 98 00 01",
            home_phone="+33 1 99 00 00 01",
            street="12, rue des Lilas, Bât. B",
            city="Lyon",
            postal_code="69003",
            country="France",
            tags=("Friends", "Wine, cheese"),
        ),
        Unreadable(2, "broken_record"),
        Entry(3, first_name="Benoît", last_name="Lefèvre", email="benoit@example.org"),
        Unreadable(4, "not_a_person"),
    ]


def test_vcard_4() -> None:
    assert entries_of("contacts_4_0.vcf") == [
        Entry(
            1,
            first_name="Alice",
            last_name="Martin",
            email="alice@example.org",
            mobile_phone="+33-6-39-98-00-01",
            home_phone="+33-1-99-00-00-01",
            street="12 rue des Lilas",
            city="Lyon",
            postal_code="69003",
            country="France",
            tags=("Friends", "Yoga"),
        ),
        Entry(2, email="chloe@example.org"),
    ]


def test_vcard_2_1_of_an_old_phone() -> None:
    assert entries_of("contacts_2_1.vcf") == [
        Entry(
            1,
            first_name="Élodie",
            last_name="Lefèvre",
            email="elodie@example.org",
            mobile_phone="+33639980001",
            home_phone="+33199000001",
            street="12 rue des, Lilas",
            city="Besançon",
            postal_code="25000",
            country="France",
        ),
        Entry(2, first_name="Zoë", last_name="Müller", email="zoe@example.org"),
    ]


def test_pasted_addresses_between_any_separators() -> None:
    found = entries_of("pasted.txt")
    assert [entry.email for entry in found if isinstance(entry, Entry)] == [
        f"{name}@example.org"
        for name in (
            "alice",
            "bob",
            "carol",
            "dave",
            "erin",
            "frank",
            "grace",
            "john",
            "jane",
            "heidi",
            "ivan",
            "judy",
            "ken",
        )
    ]
    assert found[6:9] == [
        Entry(7, "Grace", "Hopper", "grace@example.org"),
        Entry(8, "John", "Doe", "john@example.org"),
        Entry(9, "Jane", "Roe", "jane@example.org"),
    ]
    assert found[11] == Unreadable(12, "no_address")


@pytest.mark.parametrize("name", [path.name for path in FILES.iterdir() if path.suffix in (".csv", ".vcf")])
def test_notes_birthdays_and_employers_are_never_read(name: str) -> None:
    kept = " ".join(map(repr, entries_of(name)))
    assert not any(word in kept for word in ("note", "1980", "Acme", "Société", "quai Neuf"))
