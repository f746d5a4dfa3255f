"""Widgets that show text."""

from collections.abc import Iterable
from typing import Any, Final

import nh3
from markdown_it import MarkdownIt

from ..errors import UnsafeValueError
from ..tree import safe
from ..tree.binding import attr, html, or_none, redraw, redraw_part, text
from ..tree.node import Element, Node
from ..tree.property import Property
from ..tree.widget import Widget
from .layout import heading_level


class Label(Widget):
    """A short text.

        label = Label("count: 0")
        label.value = "count: 1"

    :param value: the text.
    :param options: see `Widget`.

    Properties: `value`.
    """

    __slots__ = ()

    value = Property("", bind=text())
    """The text."""

    def __init__(self, value: str = "", **options: Any) -> None:
        super().__init__(**options)
        self.value = value


class Heading(Widget):
    """A heading, of the level that the page's outline asks for.

        Heading("Settings", level=1)

    :param value: the text.
    :param level: 1 for the page's own, to 6.
    :param options: see `Widget`.

    Properties: `value`, `level`.
    """

    __slots__ = ()

    value = Property("", bind=text())
    """The text."""
    level = Property(2, bind=redraw, check=heading_level)
    """The level in the page's outline, from 1 to 6."""

    def __init__(self, value: str = "", level: int = 2, **options: Any) -> None:
        super().__init__(**options)
        self.value = value
        self.level = level

    @property
    def tagname(self) -> str:  # type: ignore[override]
        """The element's tag: follows from the level."""
        return f"h{self.level}"


class Text(Widget):
    """A paragraph. A line break in the value is one on the page.

        Text("The first line.\\nThe second.")

    :param value: the text.
    :param options: see `Widget`.

    Properties: `value`.
    """

    __slots__ = ()

    tagname = "p"

    value = Property("", bind=text())
    """The text."""

    def __init__(self, value: str = "", **options: Any) -> None:
        super().__init__(**options)
        self.value = value


class Link(Widget):
    """A link to another page.

        Link("Documentation", "https://example.org/docs", new_tab=True)

    :param value: the text.
    :param url: where it leads: relative, or of the schemes http, https, mailto and tel; UnsafeValueError for others.
        Empty: nowhere yet. For what only does something there is `Button`.
    :param new_tab: whether it opens in a tab of its own.
    :param options: see `Widget`.

    Properties: `value`, `url`, `new_tab`. Events: `click`.
    """

    __slots__ = ()

    tagname = "a"

    value = Property("", bind=text())
    """The text."""
    url = Property("", bind=attr("href", or_none), check=lambda link, url: safe.url(url))
    """Where the link leads."""
    new_tab = Property(False, bind=attr("target", lambda new_tab: "_blank" if new_tab else None))
    """Whether it opens in a tab of its own."""

    def __init__(self, value: str = "", url: str = "", new_tab: bool = False, **options: Any) -> None:
        super().__init__(**options)
        self.value = value
        self.url = url
        self.new_tab = new_tab

    def frame(self, node: Element) -> Element:
        node[1].setdefault("rel", "noopener")
        return node


def _sanitise_attribute(tag: str, name: str, value: str) -> str | None:
    try:
        return safe.attribute(name, value)
    except UnsafeValueError:
        return None


def sanitise(markup: str) -> str:
    """The harmless part of HTML: no scripts, forms, frames, styles or ids; URLs as `safe.attribute` allows them."""
    return nh3.clean(
        markup.encode("utf-8", "replace").decode(),
        url_schemes={*safe.URL_SCHEMES, "data"},
        attribute_filter=_sanitise_attribute,
        link_rel="noopener",
    )


class HTML(Widget):
    """HTML of your own.

        HTML("Some <b>bold</b> text")

    What could do harm is taken out: scripts, forms, frames, inline styles, ids, URLs of odd schemes. What is `trusted`
    stays as it is; never trust what a user has written. Scripts do not run in either case.

    :param value: the HTML.
    :param trusted: whether to leave the value as it is.
    :param options: see `Widget`.

    Properties: `value`.
    """

    __slots__ = ("_trusted",)

    value = Property("", bind=html(), check=lambda widget, value: value if widget.trusted else sanitise(value))
    """The HTML that the page shows: reading it gives what was left of the HTML that was set."""

    def __init__(self, value: str = "", trusted: bool = False, **options: Any) -> None:
        super().__init__(**options)
        if not isinstance(trusted, bool):
            raise TypeError(f"{self!r}: trusted must be bool, not {type(trusted).__name__}")
        self._trusted = trusted
        self.value = value

    @property
    def trusted(self) -> bool:
        """Whether values are left as they are."""
        return self._trusted


_markdown: Final = MarkdownIt("js-default", {"html": False})


class Markdown(Widget):
    """Text in Markdown (CommonMark, with tables and ~~strikethrough~~).

        Markdown("## Hello\\n\\nA *list*:\\n\\n- one\\n- two")

    HTML in it is shown as text, and links lead only where `Link` would.

    :param value: the Markdown.
    :param options: see `Widget`.

    Properties: `value`.
    """

    __slots__ = ()

    value = Property("", bind=html(lambda value: sanitise(_markdown.render(value))))
    """The Markdown."""

    def __init__(self, value: str = "", **options: Any) -> None:
        super().__init__(**options)
        self.value = value


class Code(Widget):
    """Program text, with its spaces and line breaks. Long lines scroll, by keyboard too.

        Code("print('hello')", language="python")

    :param value: the text.
    :param language: what it is written in; becomes the class `language-…` of the inner `code` element.
    :param label: what it is called to those who do not see it; by default `code`, with its language.
    :param options: see `Widget`.

    Properties: `value`, `language`, `label`.
    """

    __slots__ = ()

    tagname = "pre"

    value = Property("", bind=redraw_part("text"))
    """The text."""
    language = Property("", bind=redraw)
    """What the text is written in."""
    label = Property("", bind=redraw)
    """What it is called to those who do not see it."""

    def __init__(self, value: str = "", language: str = "", *, label: str = "", **options: Any) -> None:
        super().__init__(**options)
        self.value = value
        self.language = language
        self.label = label

    def content(self) -> Iterable[Node]:
        attributes = {"id": f"{self.identifier}.text"}
        if self.language:
            attributes["class"] = f"language-{self.language}"
        return [["code", attributes, self.value]]

    def frame(self, node: Element) -> Element:
        # A box that scrolls can be reached by keyboard only if it takes the focus, and then it needs a name.
        node[1].setdefault("tabindex", "0")
        node[1].setdefault("role", "group")
        node[1].setdefault("aria-label", self.label or f"{self.language} code".strip())
        return node
