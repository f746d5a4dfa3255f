"""One description renders to HTML; text is escaped in one place."""

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jibe_like.tree.node import Element, check_tag, escape, style_rules, to_html, walk


class Reader(HTMLParser):
    """Collects what a parser finds: tags with their attributes, and the text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def test_text_and_attributes_are_escaped() -> None:
    node: Element = ["p", {"title": "\"><b> & '", "hidden": True}, 'a < b & c > "d"']
    assert to_html(node) == ('<p title="&quot;&gt;&lt;b&gt; &amp; \'" hidden>a &lt; b &amp; c &gt; &quot;d&quot;</p>')


@given(st.text(), st.text())
def test_no_text_gets_out(text: str, value: str) -> None:
    html = to_html(["div", {"title": value}, ["b", {}, text]])
    read = Reader(html)
    assert [tag for tag, _ in read.tags] == ["div", "b"]
    assert html.count("<") == 4
    assert '"' not in escape(value)


def test_void_elements_have_no_end() -> None:
    assert to_html(["div", {}, ["br", {}], ["img", {"src": "a"}]]) == '<div><br><img src="a"></div>'


def test_properties_become_the_attributes_that_set_them_first() -> None:
    assert to_html(["input", {".value": 'a"', ".checked": True}]) == '<input value="a&quot;" checked>'
    assert to_html(["input", {".checked": False, ".value": None}]) == "<input>"
    assert to_html(["input", {".value": 2.5}]) == '<input value="2.5">'
    assert to_html(["button", {".disabled": True}, "x"]) == "<button disabled>x</button>"


def test_the_value_of_a_textarea_is_its_text() -> None:
    assert to_html(["textarea", {".value": "<b>"}]) == "<textarea>&lt;b&gt;</textarea>"
    assert to_html(["textarea", {".value": ""}]) == "<textarea></textarea>"


def test_a_first_newline_is_not_lost() -> None:
    assert to_html(["textarea", {".value": "\na"}]) == "<textarea>\n\na</textarea>"
    assert to_html(["pre", {}, "\na"]) == "<pre>\n\na</pre>"
    assert to_html(["pre", {}, "a\n"]) == "<pre>a\n</pre>"


def test_a_select_marks_the_option_of_its_value() -> None:
    options: list[Element] = [["option", {"value": "a"}, "A"], ["option", {"value": "b"}, "B"]]
    assert to_html(["select", {".value": "b"}, *options]) == (
        '<select><option value="a">A</option><option value="b" selected>B</option></select>'
    )
    assert to_html(["select", {".selected": ["a", "b"]}, *options]).count(" selected") == 2
    assert " selected" not in to_html(["select", {}, *options])
    grouped = to_html(["select", {".value": "a"}, ["optgroup", {"label": "g"}, *options], "text"])
    assert grouped == (
        '<select><optgroup label="g"><option value="a" selected>A</option><option value="b">B</option></optgroup>'
        "text</select>"
    )
    assert "selected" not in options[0][1], "the node itself stays as it is"


def test_sanitised_html_stands_in_place_of_children() -> None:
    assert to_html(["div", {"id": "w1", "html": "<b>x</b>"}, "not this"]) == '<div id="w1"><b>x</b></div>'


def test_inline_style_is_not_in_the_markup() -> None:
    assert to_html(["div", {"id": "w1", "style": {"color": "red"}}]) == '<div id="w1"></div>'


def test_elements_of_equal_style_share_a_rule() -> None:
    node: Element = [
        "div",
        {"id": "w1", "style": {"color": "red", "margin": "0"}},
        ["p", {"id": "w2.box", "style": {"color": "blue"}}],
        ["p", {"id": "w3", "style": {"color": "red", "margin": "0"}}],
        ["p", {"id": "w4", "style": {}}],
        "text",
    ]
    assert style_rules(node) == "#w1,#w3{color:red;margin:0}#w2\\.box{color:blue}"
    assert style_rules("text") == ""


def test_walk_is_in_document_order() -> None:
    node: Element = ["a", {}, ["b", {}, ["c", {}], "x"], ["d", {}]]
    assert [element[0] for element in walk(node)] == ["a", "b", "c", "d"]


@pytest.mark.parametrize(("tag", "checked"), [("div", "div"), ("H2", "h2"), ("my-element", "my-element")])
def test_tags(tag: str, checked: str) -> None:
    assert check_tag(tag) == checked


@pytest.mark.parametrize("tag", ["", "script", "Style", "iframe", "base", "a b", "a>", "1a", "-a", "a\n", "template"])
def test_tags_that_are_refused(tag: str) -> None:
    with pytest.raises(ValueError, match="tag"):
        check_tag(tag)
