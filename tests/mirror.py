"""A browser's page in plain Python: builds nodes and applies the operations of docs/protocol.md to them.

The ids of a page are unique: where a node is to be built whose id an element has already, that element is taken from
its place and made to agree with the node.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeAlias

Shape: TypeAlias = tuple[Any, ...]


class PageElement:
    """An element of the page."""

    def __init__(self, tag: str) -> None:
        self.tag = tag
        self.parent: PageElement | None = None
        self.attributes: dict[str, str] = {}
        self.style: dict[str, str] = {}
        self.properties: dict[str, Any] = {}
        self.html: str | None = None
        self.children: list[PageElement | str] = []

    @property
    def id(self) -> str:
        return self.attributes.get("id", "")

    def walk(self) -> Iterator[PageElement]:
        yield self
        for child in self.children:
            if isinstance(child, PageElement):
                yield from child.walk()

    def contains(self, other: PageElement) -> bool:
        inner: PageElement | None = other
        while inner is not None and inner is not self:
            inner = inner.parent
        return inner is self

    def leave(self) -> None:
        if self.parent is not None:
            self.parent.children = [child for child in self.parent.children if child is not self]
            self.parent = None

    def shape(self) -> Shape:
        """What can be seen of the element and all inside it, fit to be compared."""
        plain = {name: value for name, value in self.attributes.items() if name != "class"}
        classes = frozenset(self.attributes.get("class", "").split())
        inner = self.html if self.html is not None else [as_shape(child) for child in merged(self.children)]
        return self.tag, plain, classes, self.style, self.properties, inner


def as_shape(node: PageElement | str) -> Shape | str:
    return node if isinstance(node, str) else node.shape()


def merged(nodes: list[Any]) -> list[Any]:
    """Texts side by side are one in a page, and empty ones none."""
    found: list[Any] = []
    for node in nodes:
        if isinstance(node, str) and found and isinstance(found[-1], str):
            found[-1] += node
        elif node != "":
            found.append(node)
    return found


class Page:
    """A page that shows `root`, a node."""

    def __init__(self, root: list[Any]) -> None:
        self.root = PageElement("body")
        self.root.children = [self._make(root, self.root)]

    def shape(self) -> Shape:
        return self.root.shape()

    def element(self, identifier: str) -> PageElement | None:
        return next((found for found in self.root.walk() if identifier and found.id == identifier), None)

    def elements(self) -> dict[str, PageElement]:
        """All elements that have an id, by it. The ids are unique."""
        named = [element for element in self.root.walk() if element.id]
        found = {element.id: element for element in named}
        assert len(found) == len(named), f"an id stands twice: {sorted(element.id for element in named)}"
        return found

    def apply(self, ops: list[list[Any]]) -> None:
        for kind, target, *rest in ops:
            if kind in ("go", "message", "upload"):
                continue
            element = self.element(target)
            if element is not None:
                getattr(self, "_on_" + kind)(element, *rest)

    # -- small operations

    def _on_text(self, element: PageElement, text: str) -> None:
        self._empty(element)
        element.children = [text]

    def _on_prop(self, element: PageElement, name: str, value: Any) -> None:
        element.properties[name] = value

    def _on_attr(self, element: PageElement, name: str, value: str | None) -> None:
        if value is None:
            element.attributes.pop(name, None)
        else:
            element.attributes[name] = value

    def _on_style(self, element: PageElement, name: str, value: str | None) -> None:
        if value is None:
            element.style.pop(name, None)
        else:
            element.style[name] = value

    def _on_class(self, element: PageElement, name: str, wanted: bool) -> None:
        classes = [each for each in element.attributes.get("class", "").split() if each != name]
        element.attributes["class"] = " ".join([*classes, name] if wanted else classes)

    def _on_html(self, element: PageElement, html: str) -> None:
        self._empty(element)
        element.html = html

    def _on_call(self, element: PageElement, method: str, arguments: list[Any]) -> None:
        assert isinstance(method, str)
        assert isinstance(arguments, list)

    # -- structure

    def _on_remove(self, element: PageElement) -> None:
        element.leave()

    def _on_insert(self, parent: PageElement, before: str | None, nodes: list[Any]) -> None:
        doomed: dict[PageElement, None] = {}
        wanted: list[PageElement] = []
        fills: list[tuple[PageElement, list[Any]]] = []
        mark = self.element(before) if before is not None else None
        if mark is not None and mark.parent is not parent:
            mark = None
        for node in nodes:
            if isinstance(node, str):
                found = self.element(node)
                if found is not None:
                    assert not found.contains(parent), f"{node} is to be moved into itself"
                    wanted.append(found)
            else:
                wanted.append(self._take(node, parent, doomed, fills))
        for element in wanted:
            element.leave()
            element.parent = parent
        at = parent.children.index(mark) if mark is not None else len(parent.children)
        parent.children[at:at] = wanted
        self._fill(fills, doomed)
        self._remove(doomed)

    def _on_render(self, element: PageElement, node: list[Any]) -> None:
        doomed: dict[PageElement, None] = {}
        fills: list[tuple[PageElement, list[Any]]] = []
        if element.tag == node[0] and element.id == node[1].get("id", ""):
            fills.append((element, node))
        else:
            parent = element.parent
            assert parent is not None
            doomed[element] = None
            new = self._take(node, parent, doomed, fills)
            new.leave()
            new.parent = parent
            parent.children.insert(parent.children.index(element), new)
        self._fill(fills, doomed)
        self._remove(doomed)

    def _make(self, node: list[Any], parent: PageElement) -> PageElement:
        element = PageElement(node[0])
        element.parent = parent
        self._fill([(element, node)], {})
        return element

    def _take(
        self,
        node: list[Any],
        parent: PageElement,
        doomed: dict[PageElement, None],
        fills: list[tuple[PageElement, list[Any]]],
    ) -> PageElement:
        """The element for a node that goes into `parent`: the page's own, or a new one."""
        found = self.element(node[1].get("id", ""))
        if found is not None and found.tag == node[0] and not found.contains(parent):
            doomed.pop(found, None)
            element = found
        else:
            if found is not None:
                doomed[found] = None
            element = PageElement(node[0])
        fills.append((element, node))
        return element

    def _fill(self, fills: list[tuple[PageElement, list[Any]]], doomed: dict[PageElement, None]) -> None:
        for element, (_, attributes, *children) in fills:
            element.attributes = {
                name: "" if value is True else value
                for name, value in attributes.items()
                if name[0] != "." and name not in ("style", "html")
            }
            element.style = dict(attributes.get("style", {}))
            element.properties |= {name[1:]: value for name, value in attributes.items() if name[0] == "."}
            element.html = attributes.get("html")
            inner: list[tuple[PageElement, list[Any]]] = []
            wanted: list[PageElement | str] = [
                child if isinstance(child, str) else self._take(child, element, doomed, inner)
                for child in merged(children)
            ]
            for child in element.children:
                if isinstance(child, PageElement) and child not in wanted:
                    doomed[child] = None
            for child in wanted:
                if isinstance(child, PageElement):
                    child.leave()
                    child.parent = element
            # What is doomed stays in the page until the end: a later step may still want a part of it.
            leftover = [child for child in element.children if isinstance(child, PageElement) and child in doomed]
            element.children = [*wanted, *leftover]
            self._fill(inner, doomed)

    @staticmethod
    def _empty(element: PageElement) -> None:
        for child in list(element.children):
            if isinstance(child, PageElement):
                child.leave()
        element.children = []

    @staticmethod
    def _remove(doomed: dict[PageElement, None]) -> None:
        for element in doomed:
            element.leave()
