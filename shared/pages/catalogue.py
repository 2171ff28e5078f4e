"""The texts of pages and mails: one file a language, written for translators, and the version of what a person was shown.

The files hold plain sentences with `{placeholders}`. French spaces before ; : ! ? and inside « » are typed as ordinary
spaces and made unbreakable here, since nobody sees which is which in an editor.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, Literal

Kind = Literal["pages", "mails"]
Text = str | list[str]
# What every page, or every mail, shows besides its own texts.
SHARED = "every"
_TEXTS = Path(__file__).parent / "texts"
_NARROW = re.compile(r" ([;!?])")
_WIDE = re.compile(r" ([:»])|(«) ")


@cache
def catalogue(language: str) -> Mapping[str, Any]:
    """The whole file of a language; raises FileNotFoundError for one that we do not speak."""
    import tomllib

    with (_TEXTS / f"{language}.toml").open("rb") as file:
        texts = tomllib.load(file)
    return {name: _set_french(part) for name, part in texts.items()} if language == "fr" else texts


def _set_french(part: Any) -> Any:
    if isinstance(part, dict):
        return {key: _set_french(value) for key, value in part.items()}
    if isinstance(part, list):
        return [_set_french(value) for value in part]
    narrow = _NARROW.sub("\u202f\\1", part)
    return _WIDE.sub(lambda found: f"\u00a0{found[1]}" if found[1] else f"{found[2]}\u00a0", narrow)


def texts_of(kind: Kind, name: str, language: str, values: Mapping[str, str]) -> dict[str, Text]:
    """The texts of one page or mail with their placeholders filled; raises KeyError when a value is missing."""
    return {key: _filled(text, values) for key, text in _section(kind, name, language).items()}


def _filled(text: Text, values: Mapping[str, str]) -> Text:
    return text.format_map(values) if isinstance(text, str) else [line.format_map(values) for line in text]


def _section(kind: Kind, name: str, language: str) -> Mapping[str, Text]:
    texts = catalogue(language)[kind]
    return {**texts[SHARED], **texts[name]}


@cache
def text_version(kind: Kind, name: str, language: str) -> str:
    """The id of the texts that a page or mail shows, for the ledger (CON-7, art. 7(1)).

    It changes with any word of them and with nothing else; the file of that day, kept in version control, is its preimage.
    """
    words = json.dumps(_section(kind, name, language), sort_keys=True, ensure_ascii=False)
    return f"{kind}/{name}/{language}/{hashlib.sha256(words.encode()).hexdigest()[:8]}"


def day_text(day: date, language: str) -> str:
    """A day as the language writes it."""
    dates = catalogue(language)["dates"]
    number = dates["first"] if day.day == 1 else str(day.day)
    return str(dates["day"].format(day=number, month=dates["months"][day.month - 1], year=day.year))
