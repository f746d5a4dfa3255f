"""How a property's value shows: one operation when it changes, one entry in the node at first."""

from typing import Any

import pytest

from jibe_like.tree import binding
from jibe_like.tree.binding import Binding
from jibe_like.tree.node import Element


def empty() -> Element:
    return ["div", {"class": "widget"}]


@pytest.mark.parametrize(
    ("bind", "value", "operation", "node"),
    [
        (binding.text(), "a", ["text", "w1", "a"], ["div", {"class": "widget"}, "a"]),
        (binding.text(), "", ["text", "w1", ""], ["div", {"class": "widget"}]),
        (binding.text(str.upper), "a", ["text", "w1", "A"], ["div", {"class": "widget"}, "A"]),
        (binding.prop("value"), "a", ["prop", "w1", "value", "a"], ["div", {"class": "widget", ".value": "a"}]),
        (binding.prop("value", str), 3, ["prop", "w1", "value", "3"], ["div", {"class": "widget", ".value": "3"}]),
        (binding.attr("lang"), "fr", ["attr", "w1", "lang", "fr"], ["div", {"class": "widget", "lang": "fr"}]),
        (binding.attr("hidden"), True, ["attr", "w1", "hidden", ""], ["div", {"class": "widget", "hidden": True}]),
        (binding.attr("hidden"), False, ["attr", "w1", "hidden", None], ["div", {"class": "widget"}]),
        (binding.attr("lang", binding.or_none), "", ["attr", "w1", "lang", None], ["div", {"class": "widget"}]),
        (binding.attr("max", binding.as_text), 3, ["attr", "w1", "max", "3"], ["div", {"class": "widget", "max": "3"}]),
        (binding.attr("max", binding.as_text), None, ["attr", "w1", "max", None], ["div", {"class": "widget"}]),
        (
            binding.style("--x"),
            "1px",
            ["style", "w1", "--x", "1px"],
            ["div", {"class": "widget", "style": {"--x": "1px"}}],
        ),
        (binding.style("--x", binding.or_none), "", ["style", "w1", "--x", None], ["div", {"class": "widget"}]),
        (binding.toggle("on"), True, ["class", "w1", "on", True], ["div", {"class": "widget on"}]),
        (binding.toggle("on"), 0, ["class", "w1", "on", False], ["div", {"class": "widget"}]),
        (binding.html(), "<b>", ["html", "w1", "<b>"], ["div", {"class": "widget", "html": "<b>"}]),
    ],
)
def test_bindings(bind: Binding, value: Any, operation: list[Any], node: Element) -> None:
    assert bind.operation("w1", value) == operation
    described = empty()
    bind.describe(described, value)
    assert described == node


def test_styles_are_added_to_those_that_are_there() -> None:
    node: Element = ["div", {"style": {"color": "red"}}]
    binding.style("--x").describe(node, "1")
    assert node[1]["style"] == {"color": "red", "--x": "1"}


def test_what_overwrites_the_same_thing_has_the_same_key() -> None:
    assert binding.attr("title").key == binding.attr("title", str).key
    assert len({bind.key for bind in (binding.text(), binding.html(), binding.prop("a"), binding.attr("a"))}) == 4
    assert binding.redraw_part("a").key != binding.redraw.key


def test_a_redraw_has_no_operation_of_its_own() -> None:
    node = empty()
    binding.redraw.describe(node, "a")
    assert node == empty()
    with pytest.raises(AssertionError):
        binding.redraw.operation("w1", "a")
