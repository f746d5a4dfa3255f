"""The description of an element that renders both to HTML (first response) and to JSON (patches).

A node is a text or a list `[tag, {attributes}, child, ...]`. In the attributes `".name"` is a DOM property, `"style"` a
dict of style properties, `"html"` sanitised HTML in place of the children, and True an attribute without a value.
docs/protocol.md has the same for the wire.
"""

from collections.abc import Iterator
from typing import Any, Final, TypeAlias

Element: TypeAlias = list[Any]
Node: TypeAlias = str | Element

VOID: Final = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
)
_NEWLINE_EATING: Final = frozenset({"textarea", "pre", "listing"})
_FORBIDDEN_TAGS: Final = frozenset({"script", "style", "iframe", "object", "embed", "base", "meta", "link", "template"})


def escape(text: str) -> str:
    """Text as HTML, fit for content and for a double-quoted attribute."""
    if "&" in text:
        text = text.replace("&", "&amp;")
    if "<" in text:
        text = text.replace("<", "&lt;")
    if ">" in text:
        text = text.replace(">", "&gt;")
    if '"' in text:
        text = text.replace('"', "&quot;")
    return text


def check_tag(tag: str) -> str:
    """The tag name if an element of it is harmless. Raises ValueError."""
    lowered = tag.lower()
    if not lowered.replace("-", "").isalnum() or not lowered[0].isalpha() or lowered in _FORBIDDEN_TAGS:
        raise ValueError(f"{tag!r} cannot be the tag of a widget")
    return lowered


def to_html(node: Node) -> str:
    """The node as HTML. Inline styles are left out: see `style_rules`."""
    parts: list[str] = []
    _write(node, parts.append)
    return "".join(parts)


def _write(node: Node, put: Any) -> None:
    if isinstance(node, str):
        put(escape(node))
        return
    tag: str = node[0]
    attributes: dict[str, Any] = node[1]
    put(f"<{tag}")
    text: str | None = None
    for name, value in attributes.items():
        if value.__class__ is str and name[0] != ".":
            if name != "html":
                put(f' {name}="{escape(value)}"')
        elif value is True and name[0] != ".":
            put(f" {name}")
        elif name[0] == ".":
            text = _write_property(tag, name[1:], value, put) or text
    put(">")
    if tag in VOID:
        return
    if "html" in attributes:
        put(attributes["html"])
    elif text is not None:
        # A parser drops the first newline of these elements.
        put(("\n" if tag in _NEWLINE_EATING and text.startswith("\n") else "") + escape(text))
    elif tag == "select":
        chosen = _chosen(attributes)
        for child in node[2:]:
            _write(_with_selection(child, chosen), put)
    else:
        if tag in _NEWLINE_EATING and len(node) > 2 and isinstance(node[2], str) and node[2].startswith("\n"):
            put("\n")
        for child in node[2:]:
            _write(child, put)
    put(f"</{tag}>")


def _write_property(tag: str, name: str, value: Any, put: Any) -> str | None:
    """Writes the attribute that gives the property its first value; a textarea's value is its text, and returned."""
    if name == "value" and tag == "textarea":
        return str(value)
    if tag == "select" and name in ("value", "selected"):
        return None  # stands on its options
    if value is True:
        put(f" {name.lower()}")
    elif value is not False and value is not None:
        put(f' {name.lower()}="{escape(str(value))}"')
    return None


def _chosen(attributes: dict[str, Any]) -> frozenset[str] | None:
    if ".selected" in attributes:
        return frozenset(attributes[".selected"])
    if ".value" in attributes:
        return frozenset({attributes[".value"]})
    return None


def _with_selection(option: Node, chosen: frozenset[str] | None) -> Node:
    if chosen is None or isinstance(option, str):
        return option
    if option[0] == "optgroup":
        return [option[0], option[1], *(_with_selection(child, chosen) for child in option[2:])]
    if option[1].get("value") not in chosen:
        return option
    return [option[0], {**option[1], "selected": True}, *option[2:]]


def walk(node: Node) -> Iterator[Element]:
    """The node and all elements below it, in document order."""
    if isinstance(node, str):
        return
    yield node
    for child in node[2:]:
        yield from walk(child)


def style_rules(node: Node) -> str:
    """The inline styles of the node and all below it as a style sheet; elements of equal style share a rule.

    A strict Content-Security-Policy does not apply `style="..."` in markup. A nonced style element does.
    """
    groups: dict[str, list[str]] = {}
    for element in walk(node):
        style = element[1].get("style")
        if style:
            body = ";".join(f"{name}:{value}" for name, value in style.items())
            groups.setdefault(body, []).append("#" + element[1]["id"].replace(".", "\\."))
    return "".join(f"{','.join(ids)}{{{body}}}" for body, ids in groups.items())
