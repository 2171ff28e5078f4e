"""CSV in all its variants, and broken rows that cost themselves only."""

import io

import pytest

from shared.domain.address_book import Entry, Unreadable, UnreadableFileError, guess_format, read_entries

pytestmark = pytest.mark.rule("COL-14")

ANN = Entry(1, first_name="Ann", last_name="Lee", email="ann@example.org")


def read(text: str, encoding: str = "utf-8", format: str | None = None) -> list[Entry | Unreadable]:
    return list(read_entries(io.BytesIO(text.encode(encoding)), format))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_encoding_delimiter_and_line_end_gives_the_same_persons(encoding: str, delimiter: str, end: str) -> None:
    rows = [
        "Prénom,Nom,Adresse de messagerie",
        "Zoë,Müller,zoe@example.org",
        ",,",
        '"Éli\n",,eli@example.org',
    ]
    text = (end.join(rows) + end).replace(",", delimiter)
    assert read(text, encoding) == [
        Entry(1, first_name="Zoë", last_name="Müller", email="zoe@example.org"),
        Entry(2, first_name="Éli", email="eli@example.org"),
    ]


@pytest.mark.parametrize(
    "heading",
    [
        "First Name,Last Name,E-mail Address",
        " FIRST NAME , last name,E-Mail address",
        "PRENOM,NOM,ADRESSE DE MESSAGERIE",
        "Given Name,Family Name,E-mail 1 - Value",
        "Prénom,Nom,Courriel",
        "First name,Surname,Email,",
    ],
)
def test_headings_are_known_in_any_case_and_without_accents(heading: str) -> None:
    assert read(f"{heading}\nAnn,Lee,ann@example.org") == [ANN]


@pytest.mark.parametrize("first_line", ["sep=;", '"sep=;"', "SEP=;", "\n\nsep=;"])
def test_excels_separator_line_is_obeyed(first_line: str) -> None:
    assert read(f"{first_line}\nFirst Name;Last Name;Email\nAnn;Lee;ann@example.org\n") == [ANN]


def test_a_whole_name_is_taken_apart_and_an_address_is_no_name() -> None:
    names = ["Ann Lee", '"Lee, Ann"', "Ann", "ann@example.org"]
    found = read("Name,Email\n" + "".join(f"{name},ann@example.org\n" for name in names))
    assert [(entry.first_name, entry.last_name) for entry in found if isinstance(entry, Entry)] == [
        ("Ann", "Lee"),
        ("Ann", "Lee"),
        ("Ann", None),
        (None, None),
    ]


def test_old_french_outlook_heads_the_whole_name_like_the_family_name() -> None:
    assert read('"Nom","Titre","Prénom","Nom"\n"Ann Lee","","Ann","Lee"\n') == [Entry(1, "Ann", "Lee")]


def test_whitespace_and_invisible_characters_are_trimmed() -> None:
    assert read('First Name,Mobile Phone\n" \xa0Ann\x00 \xa0Mary\t\n",\u202a+33 6\u202c\n') == [
        Entry(1, first_name="Ann Mary", mobile_phone="+33 6")
    ]


def test_a_phone_without_a_telling_label_fills_an_empty_mobile_only() -> None:
    header = "Name,Phone 1 - Label,Phone 1 - Value,Phone 2 - Label,Phone 2 - Value\n"
    assert read(header + "Ann,,01,Domicile,02\nAnn,Main,01,Portable,02\nAnn,Work,01,Home Fax,02\n") == [
        Entry(1, "Ann", mobile_phone="01", home_phone="02"),
        Entry(2, "Ann", mobile_phone="02"),
        Entry(3, "Ann"),
    ]


def test_empty_rows_have_no_number_and_missing_cells_are_empty() -> None:
    assert read("First Name,Last Name,Email\n\n,,\n  , ,\nAnn\n,,,,\nBob,,\n") == [
        Entry(1, "Ann"),
        Entry(2, "Bob"),
    ]


def test_a_row_with_too_many_cells_is_refused_because_its_columns_are_shifted() -> None:
    assert read("First Name,Last Name,Email\nAnn,Lee,Jr,ann@example.org\nAnn,Lee,ann@example.org,,\n") == [
        Unreadable(1, "broken_record"),
        Entry(2, "Ann", "Lee", "ann@example.org"),
    ]


@pytest.mark.parametrize("closing", ["", 'Zed,"Z, Z",zed@example.org\n', '"Zed","Z",zed@example.org\n'])
def test_an_unclosed_quote_loses_its_own_row_only(closing: str) -> None:
    rows = "".join(f"Ann{n},Lee,ann{n}@example.org\n" for n in range(2, 1002))
    found = read(f'First Name,Last Name,Email\n"Ann,Lee,ann@example.org\n{rows}{closing}')
    assert found[0] == Unreadable(1, "broken_record")
    assert found[1:1001] == [Entry(n, f"Ann{n}", "Lee", f"ann{n}@example.org") for n in range(2, 1002)]
    assert len(found) == 1001 + bool(closing)
    assert all(isinstance(entry, Entry) for entry in found[1:])


def test_the_lines_of_an_endless_note_do_not_become_persons() -> None:
    note = "a line, of a note\n" * 400
    found = read(f'First Name,Notes,Email\nAnn,"{note}",ann@example.org\nBob,,bob@example.org\n')
    assert [entry for entry in found if isinstance(entry, Entry)] == [Entry(len(found), "Bob", email="bob@example.org")]


def test_an_unclosed_quote_that_a_later_one_closes_loses_its_own_row_only() -> None:
    rows = "".join(f"Ann{n},,ann{n}@example.org\n" for n in range(2, 50))
    found = read(f'First Name,Notes,Email\n"Ann,,ann@example.org\n{rows}Zed",,zed@example.org\nBob,,bob@example.org\n')
    assert found == [
        Unreadable(1, "broken_record"),
        *(Entry(n, f"Ann{n}", email=f"ann{n}@example.org") for n in range(2, 50)),
        Entry(50, 'Zed"', email="zed@example.org"),
        Entry(51, "Bob", email="bob@example.org"),
    ]


def test_short_rows_after_an_unclosed_quote_are_taken_when_they_have_an_address() -> None:
    found = read('Name,Email,City\n"Ann,ann@example.org\nBob,bob@example.org\nCid\nDan,dan@example.org,Lille\nEve\n')
    assert found == [
        Unreadable(1, "broken_record"),
        Entry(2, "Bob", email="bob@example.org"),
        Unreadable(3, "broken_record"),
        Entry(4, "Dan", email="dan@example.org", city="Lille"),
        Unreadable(5, "broken_record"),
    ]


def test_a_note_over_many_lines_is_no_harm() -> None:
    note = 'a line, of a ""note""\n' * 100
    assert read(f'First Name,Notes,Email\nAnn,"{note}",ann@example.org\n') == [Entry(1, "Ann", email="ann@example.org")]


@pytest.mark.parametrize(("length", "is_read"), [(10_000, True), (10_001, False), (99_000, False), (500_000, False)])
def test_a_giant_field_is_one_refused_row(length: int, is_read: bool) -> None:
    found = read(f"First Name,Email\n{'a' * length},ann@example.org\nBob,bob@example.org\n")
    assert isinstance(found[0], Entry) is is_read
    assert is_read or found[0] == Unreadable(1, "field_too_long")
    assert found[1] == Entry(2, "Bob", email="bob@example.org")


def test_a_giant_line_after_an_unclosed_quote_is_refused_too() -> None:
    found = read(f'First Name,Email\n"Ann,ann@example.org\n{"a" * 200_000},b@example.org\nBob,bob@example.org\n')
    assert found == [
        Unreadable(1, "broken_record"),
        Unreadable(2, "field_too_long"),
        Entry(3, "Bob", email="bob@example.org"),
    ]


def test_a_late_byte_that_is_not_utf_8_changes_its_own_line_only() -> None:
    content = "First Name\nÉlodie\n".encode() + b"Zo\xeb\n" + b"a\x81b\n" + "Chloé\n".encode()
    assert list(read_entries(io.BytesIO(content))) == [
        Entry(1, "Élodie"),
        Entry(2, "Zoë"),
        Entry(3, "a\ufffdb"),
        Entry(4, "Chloé"),
    ]


@pytest.mark.parametrize(
    ("content", "format", "reason"),
    [
        (b"", None, "empty_file"),
        (b"\xef\xbb\xbf \r\n", "google-csv", "empty_file"),
        (b"PK\x03\x04rest of a workbook", None, "not_text"),
        (bytes(range(256)) * 20, "vcard", "not_text"),
        ("spreadsheet".encode("utf-32"), "emails", "not_text"),
        (b"nothing of the kind", None, "unknown_format"),
        (b"\n" * 70_000, None, "unknown_format"),
        (b"Product,Price\nTea,3\n", "outlook-csv", "unknown_columns"),
        (b"ann@example.org,bob@example.org\n", "google-csv", "unknown_columns"),
        (b"\n\n \n" + b"\n" * 70_000, "google-csv", "unknown_columns"),
        (b"First Name\nAnn\n", "vcard", "no_cards"),
    ],
)
def test_a_file_of_which_nothing_can_be_made_says_why_at_once(content: bytes, format: str | None, reason: str) -> None:
    with pytest.raises(UnreadableFileError) as raised:
        read_entries(io.BytesIO(content), format)
    assert raised.value.reason == reason


def test_a_format_that_does_not_exist_is_the_callers_mistake() -> None:
    with pytest.raises(ValueError, match="not an address-book format"):
        read_entries(io.BytesIO(b"a@example.org"), "excel")


@pytest.mark.parametrize("head", [b"", b"just words", b"\x89PNG\r\n", bytes(range(32)) * 9])
def test_the_format_of_something_else_is_not_guessed(head: bytes) -> None:
    assert guess_format(head) is None
