"""Counting is reading without the reading: the total that a job shows is the number of its rows (COL-14)."""

from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.address_book import count_entries, read_entries

HEADER = "Given Name,Family Name,E-mail 1 - Value\n"
PIECES = ("Ada", "ada@example.org", ",", ",", '"', "\n", "\n", "\r\n", '"two\nlines"', " ", "x" * 10_001)


@pytest.mark.rule("COL-14")
@given(st.lists(st.sampled_from(PIECES), max_size=40).map("".join))
def test_of_any_csv_as_many_are_counted_as_read(text: str) -> None:
    content = (HEADER + text).encode()
    assert count_entries(BytesIO(content)) == len(list(read_entries(BytesIO(content))))


@pytest.mark.rule("COL-14")
def test_of_the_other_formats_too() -> None:
    cards = b"BEGIN:VCARD\r\nFN:Ada\r\nEND:VCARD\r\nBEGIN:VCARD\r\nFN:Eve\r\n"
    assert count_entries(BytesIO(cards)) == 2
    assert count_entries(BytesIO(b"ada@example.org; eve@example.org")) == 2
