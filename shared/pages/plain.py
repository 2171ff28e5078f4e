"""What people typed, made safe to stand in a subject, a sentence, a text mail or a link; escaping is the templates' part."""

import re
from unicodedata import category
from urllib.parse import urlsplit

SUBJECT_LIMIT = 255
_NAME_LIMIT = 120
_GREETED_LIMIT = 60
# What reorders the text around it: a name must not turn the sentence that follows it.
_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
# What mail programs would make a link of.
_LINK_START = re.compile(r"(?i)\b(?:https?:/*|www\.)|://")
_HOST_DOT = re.compile(r"(?<=\w\w)\.(?=\w\w)|(?<=\d)\.(?=\d)")
_BREAKS = re.compile(r"\r\n?|[\v\f\x85\u2028\u2029]")
_ADDRESS = re.compile(r"https?://[^\s<>\"'`{}|\\^\x00-\x1f\x7f]+", re.IGNORECASE)


def one_line(text: str) -> str:
    """The text on one line: no control characters, no breaks, single spaces, nothing that cannot be encoded."""
    return " ".join("".join(map(_visible, text)).split())


def _visible(char: str) -> str:
    kind = category(char)
    if kind == "Cs":
        return "\ufffd"
    if char in _BIDI:
        return ""
    return " " if kind in ("Cc", "Zl", "Zp") else char


def name_of(text: str, limit: int = _NAME_LIMIT) -> str:
    """A name as a sentence shows it: one line, short, and nothing that a mail program would make a link of."""
    name = one_line(_HOST_DOT.sub(". ", _LINK_START.sub(" ", one_line(text))))
    return name if len(name) <= limit else name[: limit - 1].rstrip() + "…"


def greeted_name(first_name: str | None) -> str | None:
    """The first name to greet with; None when none is known, or when what was typed is no name but a message.

    Anybody can sign up, or enter a contact, with another's address: the greeting must carry no advertising there.
    """
    if not first_name:
        return None
    line = one_line(first_name)
    if not line or len(line) > _GREETED_LIMIT or name_of(line) != line or "@" in line:
        return None
    return line


def subject_of(text: str, otherwise: str) -> str:
    """A subject: one line of at most 255 characters; `otherwise` when nothing is left."""
    line = one_line(text) or one_line(otherwise)
    return line if len(line) <= SUBJECT_LIMIT else line[: SUBJECT_LIMIT - 1].rstrip() + "…"


def paragraphs_of(text: str) -> list[list[str]]:
    """A free text as paragraphs of lines; empty lines part the paragraphs."""
    found: list[list[str]] = [[]]
    for raw in _BREAKS.sub("\n", text).split("\n"):
        line = one_line(raw)
        if line:
            found[-1].append(line)
        elif found[-1]:
            found.append([])
    return [lines for lines in found if lines]


def checked_url(url: str, field: str) -> str:
    """The address unchanged; raises ValueError that names the field, never the address, unless it is http or https."""
    if not _ADDRESS.fullmatch(url):
        raise ValueError(f"{field} must be an http or https address")
    try:
        host = urlsplit(url).hostname
    except ValueError:
        host = None
    if not host:
        raise ValueError(f"{field} must be an http or https address")
    return url
