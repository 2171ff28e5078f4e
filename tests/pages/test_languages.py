"""The language of a person: a known one, else the browser's, else English."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.pages.render import LANGUAGES, language_of


@pytest.mark.parametrize(
    ("preferred", "header", "language"),
    [
        (None, None, "en"),
        ("fr", "en", "fr"),
        ("fr_CA", None, "fr"),
        ("FR-be", None, "fr"),
        ("de", "fr-FR,fr;q=0.9,en;q=0.8", "fr"),
        ("", "de-DE, en;q=0.4, fr;q=0.7", "fr"),
        (None, "fr;q=0, en;q=0.1", "en"),
        (None, "de, *;q=0.5", "en"),
        (None, "fr;q=much, en;q=0.1", "en"),
        (None, "fr;q=7, en;q=0.1", "en"),
        (None, "frisian, fry", "en"),
    ],
)
def test_the_language_is_the_first_that_we_speak(preferred: str | None, header: str | None, language: str) -> None:
    assert language_of(preferred, header) == language


@given(st.text(), st.text())
def test_any_header_gives_a_language(preferred: str, header: str) -> None:
    assert language_of(preferred, header) in LANGUAGES
