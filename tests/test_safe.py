"""What may stand in an attribute, a URL and a style."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jibe_like.errors import UnsafeValueError
from jibe_like.tree import safe


@pytest.mark.parametrize("name", ["a", "_x", "my-form_2", "W" * 128])
def test_identifiers(name: str) -> None:
    assert safe.identifier(name) == name


@pytest.mark.parametrize("name", ["", "1a", "a b", "a.b", "a#b", "é", "a\n", "x" * 129, None, 3])
def test_what_is_no_identifier(name: object) -> None:
    with pytest.raises(UnsafeValueError, match="identifier"):
        safe.identifier(name)


@pytest.mark.parametrize(
    "url",
    ["", "/a", "a/b?c=d#e", "../x", "#there", "?a=b:c", "./a:b", "//example.org/", "http://a", "HTTPS://a",
     "mailto:a@b", "tel:+33"],
)  # fmt: skip
def test_urls(url: str) -> None:
    assert safe.url(url) == url


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        " javascript:alert(1)",
        "\tjavascript:alert(1)",
        "java\nscript:alert(1)",
        "java\0script:alert(1)",
        "\x01javascript:alert(1)",
        "javascript\t:alert(1)",
        "\u200bjavascript:x",
        "vbscript:x",
        "data:text/html,<b>",
        "file:///etc/passwd",
        "blob:x",
        "view-source:x",
    ],
)
def test_urls_that_could_run_code(url: str) -> None:
    with pytest.raises(UnsafeValueError, match="relative or one of http, https, mailto, tel"):
        safe.url(url)


def test_a_url_is_a_str() -> None:
    bad: Any = b"/a"
    with pytest.raises(UnsafeValueError, match="str, not bytes"):
        safe.url(bad)


@pytest.mark.parametrize("kind", ["png", "jpeg", "gif", "webp", "avif", "bmp", "x-icon"])
def test_images_may_travel_in_the_url(kind: str) -> None:
    url = f"data:image/{kind};base64,iVBORw0KGgo="
    assert safe.image_url(url) == url
    with pytest.raises(UnsafeValueError):
        safe.url(url)


def test_the_url_of_an_image_may_be_any_other_harmless_one() -> None:
    assert safe.image_url("/cat.png") == "/cat.png"


@pytest.mark.parametrize(
    "url", ["data:text/html;base64,AAAA", "data:image/png;base64,<script>", "data:image/png,raw", "javascript:x"]
)
def test_what_is_no_image(url: str) -> None:
    with pytest.raises(UnsafeValueError):
        safe.image_url(url)


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("title", "a", "a"),
        ("title", "", ""),
        ("tabindex", 3, "3"),
        ("data-x", 1.5, "1.5"),
        ("disabled", True, ""),
        ("disabled", False, None),
        ("disabled", None, None),
        ("href", "/a", "/a"),
        ("src", "data:image/png;base64,AAAA", "data:image/png;base64,AAAA"),
        ("poster", "/a.png", "/a.png"),
        ("aria-label", 'a "b"', 'a "b"'),
        ("xlink:href", "#a", "#a"),
    ],
)
def test_attributes(name: str, value: object, text: str | None) -> None:
    assert safe.attribute(name, value) == text


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("onclick", "x", r"register\('click', handler\)"),
        ("ONLOAD", "x", "register"),
        ("style", "color:red", "css"),
        ("STYLE", "color:red", "css"),
        ("srcdoc", "<b>", "page of its own"),
        ("id", "x", "identifier="),
        ("data-on", "click", "register"),
        ("nonce", "x", "markup run"),
        ("srcset", "x", "src"),
        ("href", "javascript:x", "javascript"),
        ("formaction", "javascript:x", "javascript"),
        ("href", "data:image/png;base64,AAAA", "relative"),
        ("a b", "x", "not an attribute name"),
        ("a=b", "x", "not an attribute name"),
        ("a>", "x", "not an attribute name"),
        ("", "x", "not an attribute name"),
        (3, "x", "not an attribute name"),
        ("title", ["x"], "takes str, number, bool or None, not list"),
    ],
)
def test_attributes_that_are_refused(name: Any, value: object, why: str) -> None:
    with pytest.raises(UnsafeValueError, match=why):
        safe.attribute(name, value)


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("color", "red", "red"),
        ("margin", 0, "0"),
        ("opacity", 0.5, "0.5"),
        ("--x", "1px", "1px"),
        ("-webkit-box-flex", "1", "1"),
        ("width", "calc(100% - (2px + 3px))", "calc(100% - (2px + 3px))"),
        ("font-family", "\"A (b\", 'c'", "\"A (b\", 'c'"),
        ("color", "", None),
        ("color", None, None),
    ],
)
def test_styles(name: str, value: object, text: str | None) -> None:
    assert safe.style(name, value) == text


@pytest.mark.parametrize(
    "value",
    ["red;x:y", "red}", "{", "a<b", "</style>", "\\", "@import", "a/*", "*/", "a\nb", "\0", "(", ")", ")(", '"', "'a",
     "url(a"],
)  # fmt: skip
def test_styles_that_could_leave_their_declaration(value: str) -> None:
    with pytest.raises(UnsafeValueError, match="color"):
        safe.style("color", value)


@pytest.mark.parametrize(
    "value",
    [
        "url(javascript:x())",
        "URL('JavaScript:x()')",
        'url( "vbscript:x" )',
        "url(data:text/html,x)",
        "image-set('javascript:x()' 1x)",
        "image-set(url(javascript:x) 1x)",
        "src('filesystem:x')",
        "var(--x, url('blob:x'))",
        "calc(1px) url(javascript:x)",
    ],
)
def test_styles_that_load_what_no_link_may_lead_to(value: str) -> None:
    with pytest.raises(UnsafeValueError, match="style 'background' cannot be"):
        safe.style("background", value)


@pytest.mark.parametrize(
    "value",
    ["url(/a/b.png)", "url('https://example.org/a.png') no-repeat", "'note: well'", "min(1px, 2px)", "url(a?b=c:d)"],
)
def test_styles_that_may_load(value: str) -> None:
    assert safe.style("background", value) == value


@pytest.mark.parametrize("name", ["", "a b", "color:", "1a", "---x", "a;", None])
def test_what_is_no_style_property(name: Any) -> None:
    with pytest.raises(UnsafeValueError, match="not a style property"):
        safe.style(name, "red")


@pytest.mark.parametrize(("name", "right"), [("backgroundColor", "background-color"), ("zIndex", "z-index")])
def test_a_style_property_as_javascript_has_it(name: str, right: str) -> None:
    with pytest.raises(UnsafeValueError, match=f"'{name}' is not a style property: CSS has it as '{right}'"):
        safe.style(name, 1)
    assert safe.style(f"--{name}", 1) == "1"


def test_a_style_property_as_python_has_names() -> None:
    with pytest.raises(UnsafeValueError, match=r"'font_size' is not a style property: CSS has it as 'font-size'"):
        safe.style("font_size", "2rem")


@pytest.mark.parametrize("value", [True, ["red"], b"red"])
def test_what_is_no_style_value(value: object) -> None:
    with pytest.raises(UnsafeValueError, match="takes str or number"):
        safe.style("color", value)


@given(st.text())
def test_no_style_gets_out_of_its_rule(text: str) -> None:
    try:
        value = safe.style("color", text) or ""
    except UnsafeValueError:
        return
    assert not set(value) & set(";{}<>\\@\n\r\0")


@given(st.text(alphabet=st.sampled_from("javscript:JAVS \t\n\0\x01/#?&\u200b"), max_size=30))
def test_no_url_has_another_scheme(text: str) -> None:
    seen = "".join(char for char in text if char > " " and char != "\u200b").lower()
    if seen.startswith("javascript:"):
        with pytest.raises(UnsafeValueError):
            safe.url(text)
