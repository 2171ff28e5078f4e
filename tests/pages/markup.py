"""Reads markup back as a browser would, for tests that say something of its elements."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = frozenset({"br", "img", "input", "meta"})


@dataclass(frozen=True)
class Element:
    """One element: its name, attributes, the names of those around it, and the text in it."""

    name: str
    attributes: dict[str, str | None]
    within: tuple[str, ...]
    texts: list[str] = field(default_factory=list, compare=False)

    @property
    def text(self) -> str:
        """The text in it, of its descendants too."""
        return "".join(self.texts).strip()


class Markup(HTMLParser):
    """The elements of a document in their order."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[Element] = []
        self._open: list[Element] = []
        self.feed(html)
        self.close()
        assert not self._open, f"left open: {[e.name for e in self._open]}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len({name for name, _ in attrs}) == len(attrs), f"an attribute comes twice in {tag}"
        element = Element(tag, dict(attrs), tuple(e.name for e in self._open))
        self.elements.append(element)
        if tag not in VOID:
            self._open.append(element)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop().name == tag

    def handle_data(self, data: str) -> None:
        for element in self._open:
            element.texts.append(data)

    def all(self, name: str) -> list[Element]:
        """Every element of this name."""
        return [element for element in self.elements if element.name == name]

    def one(self, name: str) -> Element:
        """The only element of this name."""
        (element,) = self.all(name)
        return element

    def values(self, attribute: str) -> list[str]:
        """Every value of an attribute, over all elements."""
        return [value for e in self.elements if (value := e.attributes.get(attribute)) is not None]

    @property
    def skeleton(self) -> list[tuple[str, tuple[str, ...]]]:
        """What stays the same whatever the texts say."""
        return [(e.name, (*e.within, *sorted(e.attributes))) for e in self.elements]
