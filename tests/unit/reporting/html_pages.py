"""Reads a page as a browser would: elements, attributes and texts, with every element closed in its place."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"meta", "br", "link", "img", "hr"}


@dataclass
class Page(HTMLParser):
    """What a page holds; reading fails where an element is not closed in its place."""

    source: str
    elements: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    path: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.feed(self.source)
        self.close()
        assert self.path == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self.path.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self.path.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.path and self.path[-1] != "style":
            self.texts.append(data)

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data}")

    @property
    def text(self) -> str:
        """All texts, one after the other."""
        return "".join(self.texts)

    def tags(self) -> list[str]:
        """The elements' names, in their order."""
        return [tag for tag, _ in self.elements]

    def values(self, attribute: str) -> list[str]:
        """The values of an attribute wherever it stands."""
        return [attributes[attribute] for _, attributes in self.elements if attribute in attributes]
