"""The golden files of tests/contract, which the client's tests read too: both sides say and understand the same."""

import json
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from jibe_like.tree.node import style_rules, to_html
from jibe_like.wire.messages import (
    PONG,
    decode_event,
    encode,
    encode_got,
    encode_hello,
    encode_kept,
    encode_ops,
    encode_root,
    encode_token,
)
from tests.mirror import Page, PageElement, merged

FOLDER = Path(__file__).parent / "contract"
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}


def cases(name: str) -> list[Any]:
    found = json.loads((FOLDER / name).read_text())
    return [pytest.param(case, id=f"{number} {case['name']}") for number, case in enumerate(found)]


@pytest.mark.parametrize("case", [*cases("nodes.json"), *cases("nodes_first_html.json")])
def test_a_node_is_rendered_so(case: dict[str, Any]) -> None:
    assert to_html(case["node"]) == case["html"]
    assert style_rules(case["node"]) == case.get("style", "")


@pytest.mark.parametrize("case", cases("frames.json"))
def test_a_frame_is_written_so(case: dict[str, Any]) -> None:
    frame = case["frame"]
    got = frame.get("got", 0)
    if "hello" in frame:
        text = encode_hello(**frame["hello"])
    elif "root" in frame:
        text = encode_root(frame["seq"], frame["root"], got, frame.get("ops"))
    elif "ops" in frame:
        text = encode_ops(frame["seq"], frame["ops"], got)
    elif "kept" in frame:
        text = encode_kept(frame["kept"])
    elif "token" in frame:
        text = encode_token(frame["token"])
    elif "pong" in frame:
        text = PONG
    else:
        text = encode_got(got)
    assert text.decode() == case["text"]
    assert encode(frame) == text


@pytest.mark.parametrize("case", cases("events.json"))
def test_an_event_is_understood_so(case: dict[str, Any]) -> None:
    event = decode_event(case["text"])
    told = {name: getattr(event, name) for name in ("n", "ack", "ping", "id", "event", "data", "properties")}
    assert {name: value for name, value in told.items() if value not in (None, 0)} == case["event"]


class Reader(HTMLParser):
    """Reads HTML into the elements of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.top = self.current = PageElement("body")
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = PageElement(tag)
        element.attributes = {name: value or "" for name, value in attrs}
        style = element.attributes.pop("style", "")
        pairs = (each.split(":", 1) for each in style.split(";") if each.strip())
        element.style = {name.strip(): value.strip() for name, value in pairs}
        element.parent = self.current
        self.current.children.append(element)
        if tag not in VOID:
            self.current = element

    def handle_endtag(self, tag: str) -> None:
        assert self.current.parent is not None
        self.current = self.current.parent

    def handle_data(self, data: str) -> None:
        self.current.children.append(data)


def seen(element: PageElement) -> Any:
    """What HTML shows of an element."""
    inner = element.children if element.html is None else Reader(element.html).top.children
    return (
        element.tag,
        element.attributes,
        element.style,
        [child if isinstance(child, str) else seen(child) for child in merged(inner)],
    )


# Properties that show as attributes, and operations that fail: the page of the tests does not know these.
BEYOND = {
    "prop: one that an attribute shows",
    "prop: open details",
    "prop: a dialog opened and closed",
    "insert: an open dialog",
    "render: the user's details stay open",
    "call",
    "move: into itself fails alone",
    "one bad operation leaves the others",
}


@pytest.mark.parametrize("case", [case for case in cases("patches.json") if case.values[0]["name"] not in BEYOND])
def test_the_page_of_the_tests_does_what_the_client_does(case: dict[str, Any]) -> None:
    """The Python page proves what the server sends (test_coalescing); this proves the page."""
    page = Page(case["before"])
    page.apply([op for op in case["ops"] if hasattr(page, "_on_" + op[0])])
    assert seen(page.root) == seen(Reader(case["after"]).top)


def test_every_operation_of_the_protocol_has_a_case() -> None:
    kinds = {op[0] for case in json.loads((FOLDER / "patches.json").read_text()) for op in case["ops"]}
    assert kinds >= {
        "text",
        "prop",
        "attr",
        "style",
        "class",
        "html",
        "insert",
        "remove",
        "render",
        "call",
        "message",
        "go",
    }
