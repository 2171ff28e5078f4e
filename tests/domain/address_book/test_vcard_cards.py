"""vCards as phones and servers write them, and broken ones that cost themselves only."""

import io

import pytest

from shared.domain.address_book import Entry, Unreadable, read_entries

pytestmark = pytest.mark.rule("COL-2")


def read(*bodies: str | bytes) -> list[Entry | Unreadable]:
    """The entries of cards with these bodies."""
    cards = (body if isinstance(body, bytes) else body.encode() for body in bodies)
    return list(read_entries(io.BytesIO(b"".join(b"BEGIN:VCARD\n%s\nEND:VCARD\n" % card for card in cards)), "vcard"))


def test_a_fold_inside_a_letter_is_healed() -> None:
    letter = "é".encode()
    assert read(b"N:Lef" + letter[:1] + b"\r\n " + letter[1:] + b"vre;Zo\n\t" + "ë".encode()) == [
        Entry(1, "Zoë", "Lefèvre".replace("è", "é"))
    ]


def test_escaped_separators_belong_to_the_value() -> None:
    assert read(r"N:O\;Neil\\;Ann\, Mary,Jo") == [Entry(1, "Ann, Mary Jo", r"O;Neil" "\\")]


@pytest.mark.parametrize(
    ("lines", "email"),
    [
        (["EMAIL:a@example.org", "EMAIL:b@example.org"], "a@example.org"),
        (["EMAIL:a@example.org", "EMAIL;TYPE=PREF:b@example.org"], "b@example.org"),
        (["EMAIL:a@example.org", "EMAIL;PREF:b@example.org"], "b@example.org"),
        (["EMAIL;PREF=9:a@example.org", "EMAIL;PREF=2:b@example.org"], "b@example.org"),
        (["EMAIL;PREF=none:a@example.org", "EMAIL;PREF=100:b@example.org"], "b@example.org"),
        (["EMAIL:", 'a.email;X="q:;uo":b@example.org'], "b@example.org"),
        (["EMAIL:not an address", "EMAIL:b@example.org"], "b@example.org"),
        (["EMAIL;ENCODING=BASE64:YUBleGFtcGxlLm9yZw==", "EMAIL:b@example.org"], "b@example.org"),
        (["EMAIL:MAILTO:b@example.org?subject=x"], "b@example.org"),
    ],
)
def test_the_preferred_address_is_taken_else_the_first(lines: list[str], email: str) -> None:
    assert read("\n".join(lines)) == [Entry(1, email=email)]


def test_the_preferred_mobile_is_taken_and_faxes_are_not() -> None:
    lines = [
        "TEL;TYPE=CELL:01",
        "TEL;TYPE=CELL,PREF:02",
        "TEL;HOME;FAX:03",
        "TEL;TYPE=home:04",
        "TEL;WORK:05",
    ]
    assert read("\n".join(lines)) == [Entry(1, mobile_phone="02", home_phone="04")]


def test_a_whole_name_serves_when_there_are_no_parts() -> None:
    assert read("FN:Ann Mary Lee", "N:;;;;\nFN:Lee\\, Ann") == [
        Entry(1, "Ann", "Mary Lee"),
        Entry(2, "Ann", "Lee"),
    ]


def test_a_charset_that_a_card_names_is_used_and_an_unknown_one_is_not() -> None:
    assert read(b"N;CHARSET=ISO-8859-2:\xa3ukasz", "N;CHARSET=rot13:Élodie".encode(), b"N;CHARSET=x\x00y:Zo\xeb") == [
        Entry(1, last_name="Łukasz"),
        Entry(2, last_name="Élodie"),
        Entry(3, last_name="Zoë"),
    ]


def test_quoted_printable_goes_on_over_soft_breaks_but_not_over_the_cards_end() -> None:
    assert read(
        "FN;QUOTED-PRINTABLE:Ann=\n Lee", "FN;ENCODING=QUOTED-PRINTABLE:Bob =", "N;QUOTED-PRINTABLE:x=ZZ=;="
    ) == [Entry(1, "Ann", "Lee"), Entry(2, "Bob"), Entry(3, last_name="x=ZZ=")]


def test_an_address_without_a_home_is_the_first_that_says_something() -> None:
    lines = ["EMAIL:a@example.org", "ADR:;;;;;;", "ADR;TYPE=work:PO 5;Flat 2;1 Lane;York;;YO1;UK"]
    assert read("\n".join(lines)) == [
        Entry(
            1,
            email="a@example.org",
            street="1 Lane, Flat 2, PO 5",
            city="York",
            postal_code="YO1",
            country="UK",
        )
    ]


def test_a_photo_of_any_size_is_no_harm() -> None:
    folded = "\n ".join(["A" * 75] * 5_000)
    assert read(f"PHOTO;ENCODING=b:{folded}\nFN:Ann", f"PHOTO:data:image/png;base64,{'A' * 400_000}\nFN:Bob") == [
        Entry(1, "Ann"),
        Entry(2, "Bob"),
    ]


@pytest.mark.rule("COL-14")
@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("NOTE:nobody", "no_name_or_address"),
        (f"FN:{'a' * 10_001}", "field_too_long"),
        (f"FN:{'é' * 300_000}", "field_too_long"),
        (f"EMAIL;QUOTED-PRINTABLE:{'a' * 10_001}", "field_too_long"),
        (f"FN:Ann\nCATEGORIES:{',' * 20_000}", "field_too_long"),
        (f"FN:Ann\nADR:a;b;{'c' * 9_996}", "field_too_long"),
        ('FN;TYPE="x:Ann', "broken_record"),
        ("FN Ann", "broken_record"),
        ("EMAIL:a@example.org\n" * 600, "broken_record"),
        ("KIND:group\nFN:Choir", "not_a_person"),
    ],
)
def test_a_broken_card_is_one_refusal_and_the_next_is_read(body: str, reason: str) -> None:
    assert read("FN:Ann", body, "FN:Bob") == [Entry(1, "Ann"), Unreadable(2, reason), Entry(3, "Bob")]


@pytest.mark.rule("COL-14")
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{card}{open}{card}", [Entry(1, "Ann"), Unreadable(2, "broken_record"), Entry(3, "Ann")]),
        (
            "{card}FN:Lost\nEND:VCARD\n{card}",
            [Entry(1, "Ann"), Unreadable(2, "broken_record"), Entry(3, "Ann")],
        ),
        (
            "{card}junk\nmore junk\n\n{card}",
            [Entry(1, "Ann"), Unreadable(2, "broken_record"), Entry(3, "Ann")],
        ),
        ("{card}{open}", [Entry(1, "Ann"), Unreadable(2, "broken_record")]),
        ("{card}\n\n \n{card}\ufeff{card}", [Entry(1, "Ann"), Entry(2, "Ann"), Entry(3, "Ann")]),
    ],
)
def test_cards_that_are_not_closed_or_not_opened_lose_themselves_only(
    text: str, expected: list[Entry | Unreadable]
) -> None:
    content = text.format(card="BEGIN:VCARD\nFN:Ann\nEND:VCARD\n", open="BEGIN:VCARD\nFN:Open\n")
    assert list(read_entries(io.BytesIO(content.encode()))) == expected
