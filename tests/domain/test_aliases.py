"""Names of blog pages."""

from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.aliases import is_name, names, slug


@pytest.mark.parametrize(
    ("alias", "expected"),
    [
        ("Ada Lovelace", "ada-lovelace"),
        ("  Zoé  d'Œuf! ", "zoe-d-oeuf"),
        ("Straße", "strasse"),
        ("ＡＤＡ", "ada"),
        ("Ада", "ambassador"),
        ("-", "ambassador"),
        ("a" * 39 + " b", "a" * 39),
    ],
)
def test_an_alias_becomes_plain_letters(alias: str, expected: str) -> None:
    assert slug(alias) == expected


@given(st.text(max_size=200))
def test_whatever_the_alias_every_name_is_one_and_differs_from_those_before_it(alias: str) -> None:
    first = list(islice(names(alias), 12))
    assert all(is_name(name) for name in first)
    assert len(set(first)) == 12
