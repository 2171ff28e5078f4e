"""The links of a mail, as a reader could follow them."""

import re
from html.parser import HTMLParser

_URL = re.compile(r"https?://[^\s<>\"'`]+", re.IGNORECASE)
_WEB = ("http://", "https://")


def links_of(html: str, text: str) -> list[str]:
    """Every http(s) address in an href of the HTML, then in the text, unescaped, each once, in order."""
    reader = _Hrefs()
    reader.feed(html)
    reader.close()
    return list(dict.fromkeys(reader.found + [_trimmed(match.group()) for match in _URL.finditer(text)]))


class _Hrefs(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name == "href" and value and value.strip().lower().startswith(_WEB):
                self.found.append(value.strip())


def _trimmed(url: str) -> str:
    # A sentence's own punctuation is no part of the address, a balanced bracket is.
    while url[-1] in ".,;:!?)]}":
        if url[-1] == ")" and url.count("(") >= url.count(")"):
            break
        url = url[:-1]
    return url
