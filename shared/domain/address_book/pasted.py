"""Addresses pasted by hand, between any separators, with or without a name before them."""

import re
from collections.abc import Iterable, Iterator

from shared.domain.address_book.entries import Entry, FieldTooLongError, Unreadable, split_name, tidy
from shared.domain.address_book.lines import decode

# A part ends at a comma, semicolon, bar or tab that is neither quoted nor between angle brackets. Quotes
# are bounded, so that a stray one does not swallow the line.
_PART = re.compile(r'(?:[^,;|\t"<]+|"[^"]{0,200}"|<[^<>]{0,400}>|["<])+')
_WORD = re.compile(r'<([^<>]*)>|"([^"]*)"|[^\s<>"]+|[<>"]')
_AROUND = "'\"().,:;<>[]"


def read_addresses(lines: Iterable[bytes]) -> Iterator[Entry | Unreadable]:
    """Every address of the text with the name before its angle brackets; a part without any is `no_address`.

    `Doe, John <…>` is one person, quoted or not. Words around an address without brackets are not a name.
    """
    number = 0
    for line in lines:
        for reason, name, email in _people(decode(line)):
            number += 1
            yield Unreadable(number, reason) if reason else _entry(number, name, email)


def _entry(number: int, name: str, email: str) -> Entry | Unreadable:
    try:
        first, last = split_name(tidy(name))
        return Entry(number, first_name=first, last_name=last, email=tidy(email))
    except FieldTooLongError:
        return Unreadable(number, "field_too_long")


def _people(line: str) -> Iterator[tuple[str | None, str, str]]:
    """(reason why not, name, address) of everything on the line."""
    waiting = ""  # a part without an address: the `Doe` of `Doe, John <…>`, or nothing
    for part in _PART.finditer(line):
        text = part[0].strip()
        if not text:
            continue
        found = list(_addresses(text))
        if waiting:
            if found and found[0][0] and "," not in found[0][0] and line[part.start() - 1] == ",":
                found[0] = (f"{waiting}, {found[0][0]}", found[0][1])
            else:
                yield "no_address", "", ""
        waiting = "" if found else text
        for name, email in found:
            yield None, name, email
    if waiting:
        yield "no_address", "", ""


def _addresses(part: str) -> Iterator[tuple[str, str]]:
    """(name, address) of each address in a part; the name is empty without angle brackets."""
    words: list[str] = []
    bare = ""  # an address that may be the name of the bracketed one behind it, as in `a@b.c <a@b.c>`
    for word in _WORD.finditer(part):
        bracketed, quoted = word[1], word[2]
        text = bracketed if bracketed is not None else quoted if quoted is not None else word[0]
        email = _address(text)
        if bracketed is not None and email:
            if bare and bare.casefold() != email.casefold():
                yield "", bare
            yield " ".join(words), email
            words, bare = [], ""
        elif email:
            if bare:
                yield "", bare
            words, bare = [], email
        elif text.strip(_AROUND):
            words.append(text)
    if bare:
        yield "", bare


def _address(text: str) -> str:
    """The address in a word, without `mailto:` and the punctuation around it; empty when there is none."""
    text = text.strip().strip(_AROUND)
    if text[:7].casefold() == "mailto:":
        text = text[7:].partition("?")[0]
    return text if "@" in text.strip("@") and not any(character.isspace() for character in text) else ""
