"""A book that comes from no file is written as one that is read back row for row (COL-2)."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.address_book import Entry, Unreadable, read_entries, written
from shared.domain.address_book.entries import choose_tags, tidy

text = st.text(max_size=40).map(lambda value: tidy(value)) | st.none()
an_address = st.from_regex(r"\A[a-z.]{1,10}@[a-z]{1,10}\.example\Z") | st.none()
tags = st.lists(st.from_regex(r"\A[A-Za-z ,\"]{1,12}\Z"), max_size=3).map(lambda words: choose_tags(words))


def read(*entries: Entry) -> list[Entry | Unreadable]:
    """What comes back."""
    return list(read_entries(io.BytesIO(written.header() + written.rows(entries)), written.FORMAT))


@pytest.mark.rule("COL-2")
@given(first=text, last=text, email=an_address, mobile=text, home=text, city=text, labels=tags)
def test_every_field_comes_back(
    first: str | None,
    last: str | None,
    email: str | None,
    mobile: str | None,
    home: str | None,
    city: str | None,
    labels: tuple[str, ...],
) -> None:
    entry = Entry(1, first, last, email, mobile, home, city=city, tags=labels)
    if not entry.is_someone():
        return
    assert read(entry) == [entry]


@pytest.mark.rule("COL-2")
def test_rows_keep_their_order_and_who_is_nobody_is_told_by_number() -> None:
    found = read(Entry(0, first_name="A"), Entry(0, city="Nowhere"), Entry(0, email="b@example.org", street="1, rue X"))
    assert found == [
        Entry(1, first_name="A"),
        Unreadable(2, "no_name_or_address"),
        Entry(3, email="b@example.org", street="1, rue X"),
    ]
