"""Whatever the bytes: entries or one kind of error, always the same, and never the whole file in memory."""

import io
import tracemalloc
from collections.abc import Iterator
from itertools import chain, islice, repeat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.samples import write_google_export, write_outlook_export
from shared.domain.address_book import (
    FORMATS,
    Entry,
    Unreadable,
    UnreadableFileError,
    guess_format,
    read_entries,
)

pytestmark = pytest.mark.rule("COL-14")

FRAGMENTS = [
    *(b"First Name,Last Name,E-mail 1 - Value,Labels\n", b"Nom;Adresse de messagerie\r\n", b"sep=;\n"),
    *(
        b"BEGIN:VCARD\n",
        b"END:VCARD\r\n",
        b"FN;CHARSET=x;ENCODING=QUOTED-PRINTABLE:=C3=\n",
        b"N:a;b\n",
        b"ADR:;;\\",
    ),
    *(b'"', b'""', b",", b";", b"\t", b"\n", b"\r", b" ", b"<", b">", b":::", b"=", b"\\", b"a@example.org"),
    *(
        b"\x00",
        b"\xff\xfe",
        b"\xfe\xff",
        b"\xef\xbb\xbf",
        b"\xc3",
        b"\xa9",
        b"\x81",
        b"* ",
        b"mailto:",
        b"sep=",
    ),
]
CONTENT = st.one_of(
    st.binary(max_size=300),
    st.lists(st.one_of(st.sampled_from(FRAGMENTS), st.binary(max_size=4)), max_size=40).map(b"".join),
    st.text(max_size=100).map(lambda text: text.encode("utf-16", "surrogatepass")),
)


class Trickle(io.RawIOBase):
    """A file that gives few bytes at a time, as a network does."""

    def __init__(self, content: bytes, step: int) -> None:
        self._content = io.BytesIO(content)
        self._step = step

    def read(self, size: int = -1) -> bytes:
        return self._content.read(min(size, self._step) if size >= 0 else self._step)


class Generated(io.RawIOBase):
    """A file of megabytes that is made while it is read, so that the reader alone needs memory."""

    def __init__(self, parts: Iterator[bytes]) -> None:
        self._parts = parts

    def read(self, size: int = -1) -> bytes:
        return next(self._parts, b"")


@given(content=CONTENT, format=st.sampled_from([None, *FORMATS]))
def test_any_bytes_give_entries_or_an_unreadable_file(content: bytes, format: str | None) -> None:
    guess_format(content)
    try:
        found = list(read_entries(io.BytesIO(content), format))
    except UnreadableFileError as error:
        assert error.reason in ("empty_file", "not_text", "unknown_format", "unknown_columns", "no_cards")
        return
    assert [entry.number for entry in found] == list(range(1, len(found) + 1))
    for entry in found:
        if isinstance(entry, Entry):
            texts = [getattr(entry, name) for name in entry.__slots__ if name not in ("number", "tags")]
            assert all(text is None or (text and text == text.strip()) for text in [*texts, *entry.tags])
            assert entry.is_someone()


@given(content=CONTENT, step=st.integers(1, 7), format=st.sampled_from(FORMATS))
def test_the_numbers_do_not_depend_on_how_the_bytes_arrive(content: bytes, step: int, format: str) -> None:
    def outcome(file: io.BytesIO | Trickle) -> list[Entry | Unreadable] | str:
        try:
            return list(read_entries(file, format))  # type: ignore[arg-type]  # a raw file reads as one
        except UnreadableFileError as error:
            return error.reason

    assert outcome(Trickle(content, step)) == outcome(io.BytesIO(content))


@pytest.mark.parametrize("step", [997, 65_536, 99_999, 1_000_000])
@pytest.mark.parametrize(
    "content",
    [
        b"First Name,Email\r\n" + b"a" * 250_000 + b",\r\nAnn,ann@example.org\r\n" * 9_000,
        b"a@example.org, " * 30_000 + b"x" * 250_000 + b" b@example.org\r\r\n",
        b"First Name\r" + b"x" * 99_999 + b"\r" + b"y" * 100_000 + b"\r\n" + b"z" * 100_001,
    ],
)
def test_long_lines_are_cut_at_the_same_places_however_they_arrive(content: bytes, step: int) -> None:
    file = Trickle(content, step)
    assert list(read_entries(file)) == list(read_entries(io.BytesIO(content)))  # type: ignore[arg-type]  # a raw file


@pytest.mark.parametrize(
    ("head", "part"),
    [
        (b"First Name,Email\n", b"Ann,ann@example.org\n"),
        (b"First Name,Email\n", b'"Ann,ann@example.org\n'),
        (b'First Name,Email\n"Ann,', b"Ann,ann@example.org\n"),
        (b"First Name,Email\n", b"x" * 1000),
        (b"", b"BEGIN:VCARD\nFN:Ann\nEND:VCARD\n"),
        (b"", b"BEGIN:VCARD\nFN:Ann\n"),
        (b"BEGIN:VCARD\n", b"EMAIL:a@example.org\n" * 100),
        (b"BEGIN:VCARD\nFN:", b" aaaaaaaa\n" * 100),
        (b"", b"ann@example.org, "),
        (b"a@example.org ", b"x" * 1000),
        (b"\xff\xfe", "ann@example.org\n".encode("utf-16-le")),
    ],
)
def test_memory_stays_small_however_long_the_file_is(head: bytes, part: bytes) -> None:
    file = Generated(chain([head + part], repeat(part * (4_000 // len(part) + 1), 500)))
    tracemalloc.start()
    try:
        entries = read_entries(file)  # type: ignore[arg-type]  # a raw file reads as one
        count = len([entry.number for entry in islice(entries, 4_000)])
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert count
    assert peak < 1_000_000


@pytest.mark.parametrize("language", ["google", "en", "fr"])
def test_a_generated_export_is_read_back_whole_and_goes_on_where_it_stopped(tmp_path: Path, language: str) -> None:
    path = tmp_path / "export.csv"
    if language == "google":
        write_google_export(path, 2_000)
    else:
        write_outlook_export(path, 2_000, language="fr" if language == "fr" else "en")
    with path.open("rb") as file:
        first = list(islice(read_entries(file), 1_234))
    with path.open("rb") as file:
        rest = list(islice(read_entries(file), 1_234, None))
    people = [entry for entry in first + rest if isinstance(entry, Entry)]
    assert [person.number for person in people] == list(range(1, 2_001))
    assert [person.email for person in people] == [f"person{n:06}@example.org" for n in range(1, 2_001)]
    assert all(person.first_name and person.last_name and person.mobile_phone for person in people)
    assert all(person.street and person.city and person.postal_code and person.tags for person in people)


def test_the_same_seed_writes_the_same_export(tmp_path: Path) -> None:
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        write_google_export(tmp_path / name, 50, seed=seed)
    a, b, c = ((tmp_path / name).read_bytes() for name in "abc")
    assert a == b != c
