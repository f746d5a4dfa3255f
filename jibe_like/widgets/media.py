"""Images, and leaving for another page."""

import base64
import os
import re
from pathlib import Path
from typing import Any, Final

from ..errors import PropertyValueError
from ..tree import safe
from ..tree.binding import attr, or_none
from ..tree.node import Element
from ..tree.property import Property
from ..tree.widget import Widget

_SIGNATURES: Final = (
    (re.compile(rb"\x89PNG\r\n\x1a\n"), "png"),
    (re.compile(rb"\xff\xd8\xff"), "jpeg"),
    (re.compile(rb"GIF8[79]a"), "gif"),
    (re.compile(rb"RIFF....WEBP", re.DOTALL), "webp"),
    (re.compile(rb"....ftypavi[fs]", re.DOTALL), "avif"),
    (re.compile(rb"BM"), "bmp"),
    (re.compile(rb"\x00\x00\x01\x00"), "x-icon"),
    (
        re.compile(
            rb"(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]*>\s*)?(?:<!(?!--)[^>]*>\s*|<!--(?:[^-]|-(?!->))*-->\s*)*<svg[\s>]"
        ),
        "svg+xml",
    ),
)


def image_data_url(content: bytes) -> str:
    """The `data:` URL of an image; what kind it is shows in its first bytes. Raises ValueError where it is none."""
    for signature, kind in _SIGNATURES:
        if signature.match(content[:4096]):
            return f"data:image/{kind};base64,{base64.b64encode(content).decode()}"
    raise ValueError("this is no PNG, JPEG, GIF, WebP, AVIF, BMP, ICO or SVG image")


def _image_url(source: Any) -> str:
    if isinstance(source, os.PathLike):
        path = Path(source)
        try:
            source = path.read_bytes()
        except OSError as error:
            raise ValueError(f"the image {str(path)!r} cannot be read: {error.strerror}") from None
    return safe.image_url(source) if isinstance(source, str) else image_data_url(bytes(source))


class Image(Widget):
    """A picture.

        Image("/pictures/cat.jpg", alt="A cat")
        Image(Path("chart.png"), alt="Sales by month")
        chart = Image(alt="Sales by month")
        chart.source = figure_as_png_bytes

    :param source: a str is a URL: relative to the page, or http, https. The content of an image file (bytes), or the
        path of one on the server (`pathlib.Path`), travels within the page. A str is never taken for a path: what a
        user typed cannot become a file of the server.
    :param alt: what it shows, for those who do not see it; empty for what only decorates.
    :param options: see `Widget`.

    Properties: `source`: reading it gives the URL; `alt`. Events: `load`, `error`. Raises PropertyValueError for a file
    that cannot be read or is no image, UnsafeValueError for URLs of other schemes.
    """

    __slots__ = ()

    tagname = "img"

    source: Property[Any] = Property(
        "",
        accept=(str, bytes, bytearray, os.PathLike),
        bind=attr("src", or_none),
        check=lambda image, source: _image_url(source),
    )
    """URL of the picture. May be set to bytes or a path, too."""
    alt = Property("", bind=attr("alt"))
    """What the picture shows, for those who do not see it."""

    def __init__(
        self, source: "str | bytes | bytearray | os.PathLike[str]" = "", alt: str = "", **options: Any
    ) -> None:
        super().__init__(**options)
        self.source = source
        self.alt = alt

    @property
    def data(self) -> str:
        """The picture's content in base64; empty where the source is a URL. Raises PropertyValueError for no image."""
        return self.source.partition(";base64,")[2] if self.source.startswith("data:") else ""

    @data.setter
    def data(self, data: str) -> None:
        try:
            content = base64.b64decode("".join(data.split()), validate=True)
        except (AttributeError, TypeError, ValueError):
            raise PropertyValueError(f"{self!r}.data must be an image in base64, not {data!r:.60}") from None
        self.source = content or ""

    def frame(self, node: Element) -> Element:
        node[1].setdefault("alt", "")
        return node


class Redirect(Widget):
    """Sends the browser to another page. It does not show.

        leave = Redirect()
        leave.redirect("/login")

    :param options: see `Widget`.
    """

    __slots__ = ("_url",)

    tagname = "span"

    def __init__(self, **options: Any) -> None:
        super().__init__(hidden=True, **options)
        self._url = ""

    def redirect(self, url: str) -> None:
        """Leaves for the URL: at once, or as soon as the widget is part of the page.

        Raises UnsafeValueError for a URL that is neither relative nor of the schemes http, https, mailto, tel.
        """
        self._url = safe.url(url)
        self.on_attached()

    def on_attached(self) -> None:
        if self._url and self._tree is not None:
            self._tree.call(["go", self._url])
            self._url = ""
