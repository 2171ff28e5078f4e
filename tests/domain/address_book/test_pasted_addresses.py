"""Addresses pasted by hand, as mail programs and people write them."""

import io

import pytest

from shared.domain.address_book import Entry, Unreadable, read_entries

pytestmark = pytest.mark.rule("COL-2")


def read(text: str) -> list[Entry | Unreadable]:
    return list(read_entries(io.BytesIO(text.encode()), "emails"))


@pytest.mark.parametrize("separator", [",", ";", "\n", "\r\n", " ", "\t", ", ", " ; ", "|", ",\n", "\n\n", ",,"])
@pytest.mark.parametrize("around", ["{}", "<{}>", "mailto:{}", '"{}"', "'{}'", "({})", "{0} <{0}>"])
def test_any_separator_and_any_brackets(separator: str, around: str) -> None:
    addresses = ["ann@example.org", "Bob.Lee+tag@example.com", "o'neil@example.test"]
    found = read(separator.join(around.format(address) for address in addresses))
    assert found == [Entry(number, email=address) for number, address in enumerate(addresses, 1)]


@pytest.mark.parametrize(
    "text",
    [
        "Ann Lee <ann@example.org>",
        '"Ann Lee" <ann@example.org>',
        '"Lee, Ann" <ann@example.org>',
        "Lee, Ann <ann@example.org>",
        "Ann Lee <mailto:ann@example.org>",
        ' "Ann"  Lee<ann@example.org>;',
    ],
)
def test_a_name_before_angle_brackets_is_the_persons(text: str) -> None:
    assert read(text) == [Entry(1, "Ann", "Lee", "ann@example.org")]


def test_words_around_a_bare_address_are_not_a_name() -> None:
    assert read("please add ann@example.org (from choir) bob@example.org Eve <eve@example.org>") == [
        Entry(1, email="ann@example.org"),
        Entry(2, email="bob@example.org"),
        Entry(3, "Eve", email="eve@example.org"),
    ]


@pytest.mark.rule("COL-14")
def test_a_part_without_an_address_is_refused_and_the_others_are_read() -> None:
    assert read('Ann; ann(at)example.org, "x, bob@example.org, <nobody>, @, Carl; carl@example.org') == [
        Unreadable(1, "no_address"),
        Unreadable(2, "no_address"),
        Unreadable(3, "no_address"),
        Entry(4, email="bob@example.org"),
        Unreadable(5, "no_address"),
        Unreadable(6, "no_address"),
        Unreadable(7, "no_address"),
        Entry(8, email="carl@example.org"),
    ]


@pytest.mark.parametrize("separator", [" ", ",", "; ", ">, <"])
def test_a_hundred_thousand_addresses_on_one_line(separator: str) -> None:
    found = read(separator.join(f"person{number}@example.org" for number in range(100_000)))
    assert [entry.email for entry in found if isinstance(entry, Entry)] == [
        f"person{number}@example.org" for number in range(100_000)
    ]


def test_quoted_names_with_commas_are_not_cut_where_a_long_line_is() -> None:
    found = read(", ".join(f'"Doe, John {n}" <j{n}@example.org>' for n in range(20_000)))
    assert found == [Entry(n + 1, f"John {n}", "Doe", f"j{n}@example.org") for n in range(20_000)]


@pytest.mark.rule("COL-14")
def test_an_endless_word_is_refused_and_the_next_address_is_read() -> None:
    found = read(f"ann@example.org {'a' * 20_000}@example.org bob@example.org\n{'b' * 20_000} <c@example.org>")
    assert found == [
        Entry(1, email="ann@example.org"),
        Unreadable(2, "field_too_long"),
        Entry(3, email="bob@example.org"),
        Unreadable(4, "field_too_long"),
    ]
