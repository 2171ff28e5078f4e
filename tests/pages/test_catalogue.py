"""The texts: the same in each language, set by its rules, and named by a version that proves them (CON-7)."""

import subprocess
import sys
from datetime import date
from pathlib import Path
from string import Formatter
from typing import Any, get_args

import pytest

from shared.pages import catalogue as module
from shared.pages.catalogue import Kind, catalogue, day_text, text_version
from shared.pages.log_in_pages import LogInPageName
from shared.pages.persons_mails import MailName
from shared.pages.persons_pages import PageName
from shared.pages.render import LANGUAGES, mail_text_version, page_text_version

NAMED: list[tuple[Kind, str]] = [
    *(("pages", name) for name in (*get_args(PageName), *get_args(LogInPageName))),
    *(("mails", name) for name in get_args(MailName)),
]


def _shape(part: Any) -> Any:
    """A catalogue without its words: keys and placeholders."""
    if isinstance(part, dict):
        return {key: _shape(value) for key, value in part.items()}
    if isinstance(part, list):
        return [_shape(value) for value in part]
    return {name for _, name, _, _ in Formatter().parse(part) if name is not None}


def _sentences(part: Any) -> list[str]:
    if isinstance(part, str):
        return [part]
    return [text for value in (part.values() if isinstance(part, dict) else part) for text in _sentences(value)]


def test_both_languages_have_the_same_keys_and_placeholders() -> None:
    english, french = (_shape(catalogue(language)) for language in LANGUAGES)
    assert english == french


@pytest.mark.parametrize("language", LANGUAGES)
def test_texts_use_single_spaces_and_typographic_quotes(language: str) -> None:
    for text in _sentences(catalogue(language)):
        assert text == text.strip(" ")
        assert not any(slip in text for slip in ("  ", "\n", "'", '"'))


def test_french_spaces_do_not_break() -> None:
    for text in _sentences(catalogue("fr")):
        assert not any(broken in text for broken in (" ;", " !", " ?", " :", "« ", " »"))
    set_text = module._set_french("Quoi ? Non ; « oui » : si !")
    assert set_text == "Quoi\u202f? Non\u202f; «\u00a0oui\u00a0»\u00a0: si\u202f!"


def test_french_texts_do_not_put_an_elidable_word_before_a_name() -> None:
    for text in _sentences(catalogue("fr")):
        for name in ("{ambassador}", "{brand}", "{sender}", "{processor}"):
            assert not any(f" {word} {name}" in f" {text}" for word in ("de", "que", "le", "la"))


@pytest.mark.parametrize(
    ("day", "language", "text"),
    [
        (date(2030, 3, 1), "en", "1 March 2030"),
        (date(2030, 3, 1), "fr", "1er mars 2030"),
        (date(2030, 12, 25), "en", "25 December 2030"),
        (date(2030, 8, 25), "fr", "25 août 2030"),
    ],
)
def test_a_day_is_written_as_the_language_does(day: date, language: str, text: str) -> None:
    assert day_text(day, language) == text


@pytest.mark.rule("CON-7")
def test_every_text_has_a_version_of_its_own() -> None:
    versions = [text_version(kind, name, language) for kind, name in NAMED for language in LANGUAGES]
    assert len({version.rpartition("/")[2] for version in versions}) == len(versions)
    assert page_text_version("invitation", "en").startswith("pages/invitation/en/")
    assert mail_text_version("invitation", "fr").startswith("mails/invitation/fr/")


@pytest.fixture
def edited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Reads the catalogue of copies, after an edit of one."""

    def edit(old: str, new: str) -> None:
        for language in LANGUAGES:
            text = (Path(module.__file__).parent / "texts" / f"{language}.toml").read_text("utf-8")
            (tmp_path / f"{language}.toml").write_text(text.replace(old, new), "utf-8")
        monkeypatch.setattr(module, "_TEXTS", tmp_path)
        catalogue.cache_clear()
        text_version.cache_clear()

    yield edit
    monkeypatch.undo()
    catalogue.cache_clear()
    text_version.cache_clear()


def _versions() -> dict[tuple[str, str, str], str]:
    return {(kind, name, lang): text_version(kind, name, lang) for kind, name in NAMED for lang in LANGUAGES}


def _changed_by(edited: Any, old: str, new: str) -> set[tuple[str, str, str]]:
    before = _versions()
    edited(old, new)
    after = _versions()
    return {key for key in before if before[key] != after[key]}


@pytest.mark.rule("CON-7")
def test_a_changed_word_changes_the_version_of_its_text_alone(edited: Any) -> None:
    assert _changed_by(edited, '"Yes, I agree"', '"Yes, I do"') == {("pages", "invitation", "en")}


@pytest.mark.rule("CON-7")
def test_a_changed_word_of_the_footer_changes_all_that_show_it(edited: Any) -> None:
    every_french_mail = {("mails", name, "fr") for name in get_args(MailName)}
    assert _changed_by(edited, "Ne plus recevoir ces courriels", "Se désabonner") == every_french_mail


@pytest.mark.rule("CON-7")
def test_a_remark_or_another_order_changes_no_version(edited: Any) -> None:
    legend, change = 'legend = "Your answer"\n', 'change_legend = "Changed your mind?"\n'
    moved = f"# a remark\n{change}{legend}"
    english = (Path(module.__file__).parent / "texts" / "en.toml").read_text("utf-8")
    assert legend in english and change in english
    before = _versions()
    edited(change, "")
    edited_text = (module._TEXTS / "en.toml").read_text("utf-8").replace(legend, moved)
    (module._TEXTS / "en.toml").write_text(edited_text, "utf-8")
    assert _versions() == before


def test_the_template_engine_is_not_loaded_before_it_is_used() -> None:
    asked = "import sys; import shared.pages.render; print({'jinja2', 'tomllib'} & set(sys.modules))"
    root = Path(module.__file__).parents[2]
    run = subprocess.run([sys.executable, "-c", asked], cwd=root, capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "set()"
