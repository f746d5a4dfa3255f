"""Image and Redirect."""

import base64
from pathlib import Path
from typing import Any

import pytest

from jibe_like.errors import PropertyTypeError, PropertyValueError, UnsafeValueError
from jibe_like.widgets import Image, Redirect

from .live_tree import FakeHost, copied, html, live, operations

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
KINDS = {
    "png": PNG,
    "jpeg": b"\xff\xd8\xff\xe0\0\x10JFIF",
    "gif": b"GIF89a\1\0",
    "webp": b"RIFF\x24\0\0\0WEBPVP8 ",
    "avif": b"\0\0\0\x20ftypavif",
    "bmp": b"BM\x46\0",
    "x-icon": b"\0\0\1\0\1\0",
    "svg+xml": b'<?xml version="1.0"?>\n<!-- a - b -->\n<!DOCTYPE svg PUBLIC "x">\n<svg xmlns="http://www.w3.org/2000/svg"/>',
}


class TestImage:
    def test_html(self) -> None:
        assert html(Image("/cat.png", "A cat")) == '<img id="w1" class="widget image" src="/cat.png" alt="A cat">'
        assert html(Image()) == '<img id="w1" class="widget image" alt="">'

    def test_changes(self) -> None:
        image = Image()
        tree = live(image)
        image.source = "https://example.org/cat.png"
        image.alt = "A cat"
        assert operations(tree) == [
            ["attr", "w1", "src", "https://example.org/cat.png"],
            ["attr", "w1", "alt", "A cat"],
        ]
        image.source = ""
        assert operations(tree) == [["attr", "w1", "src", None]]

    @pytest.mark.parametrize("kind", KINDS)
    def test_bytes_say_what_they_are(self, kind: str) -> None:
        url = f"data:image/{kind};base64,{base64.b64encode(KINDS[kind]).decode()}"
        assert Image(KINDS[kind]).source == url
        assert Image(bytearray(KINDS[kind])).source == url

    @pytest.mark.parametrize(
        "content",
        [b"", b"hello", b"<html><svg></svg></html>", b"<svgx>", b"RIFF\0\0\0\0WAVE", b"<!-- <svg> -->" * 300],
        ids=range(6),
    )
    def test_bytes_that_are_no_image(self, content: bytes) -> None:
        with pytest.raises(PropertyValueError, match=r"Image.*source: this is no PNG, JPEG"):
            Image(content)

    def test_a_file(self, tmp_path: Path) -> None:
        path = tmp_path / "dot.txt"
        path.write_bytes(PNG)
        assert Image(path).source == Image(PNG).source

    def test_a_file_that_is_not_there(self, tmp_path: Path) -> None:
        with pytest.raises(PropertyValueError, match=r"Image.*the image '.*nothing\.png' cannot be read: No such file"):
            Image(tmp_path / "nothing.png")

    def test_a_text_is_never_a_path(self, tmp_path: Path) -> None:
        path = tmp_path / "dot.png"
        path.write_bytes(PNG)
        assert Image(str(path)).source == str(path)

    @pytest.mark.parametrize(
        "url", ["javascript:alert(1)", "data:text/html,x", " java\tscript:x", "file:///etc/passwd"]
    )
    def test_unsafe_urls(self, url: str) -> None:
        image = Image("/cat.png")
        with pytest.raises(UnsafeValueError, match=r"Image.*source"):
            image.source = url
        assert image.source == "/cat.png"

    def test_wrong_type(self) -> None:
        wrong: Any = 5
        with pytest.raises(PropertyTypeError, match=r"Image.*source must be str or bytes"):
            Image(wrong)

    def test_data_as_in_jibe(self) -> None:
        image = Image()
        tree = live(image)
        assert image.data == ""
        text = base64.b64encode(PNG).decode()
        image.data = text
        assert operations(tree) == [["attr", "w1", "src", f"data:image/png;base64,{text}"]]
        assert image.data == text
        image.data = base64.encodebytes(PNG).decode()
        assert image.data == text
        assert operations(tree) == []
        image.data = ""
        assert image.source == ""
        image.source = "/cat.png"
        assert image.data == ""

    @pytest.mark.parametrize("data", ["???", 5, None, b"abcd"], ids=repr)
    def test_data_that_is_no_base64(self, data: Any) -> None:
        with pytest.raises(PropertyValueError, match=r"Image\(\)\.data must be an image in base64"):
            Image().data = data

    def test_data_that_is_no_image(self) -> None:
        with pytest.raises(PropertyValueError, match="this is no PNG"):
            Image().data = "aGVsbG8="

    def test_snapshot(self) -> None:
        assert copied(Image(PNG, "A dot")).source.startswith("data:image/png;base64,")


class TestRedirect:
    def test_html(self) -> None:
        assert html(Redirect()) == '<span id="w1" class="widget redirect" hidden></span>'

    def test_redirect(self) -> None:
        leave = Redirect()
        tree = live(leave)
        leave.redirect("/login?next=%2F")
        assert operations(tree) == [["go", "/login?next=%2F"]]
        assert operations(tree) == []

    def test_as_soon_as_it_is_attached(self) -> None:
        leave = Redirect()
        leave.redirect("/first")
        leave.redirect("/login")
        tree = live(leave)
        tree.go_live(FakeHost())
        assert operations(tree) == [["go", "/login"]]
        tree.root.children.clear()
        tree.root.children.append(leave)
        assert ["go", "/login"] not in operations(tree)

    @pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,x", "\tjavascript:x"])
    def test_unsafe_urls(self, url: str) -> None:
        leave = Redirect()
        tree = live(leave)
        with pytest.raises(UnsafeValueError):
            leave.redirect(url)
        assert operations(tree) == []
