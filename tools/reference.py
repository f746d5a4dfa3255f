"""Writes docs/widgets.md and docs/settings.md from the code: `python -m tools.reference`."""

import ast
import inspect
import re
import textwrap
from collections.abc import Iterator
from itertools import groupby, pairwise
from pathlib import Path
from types import ModuleType

from jibe_like import settings, widgets
from jibe_like.tree.events import DOM_EVENTS
from jibe_like.tree.property import Property
from jibe_like.tree.widget import Widget
from jibe_like.widgets.field import Field

ROOT = Path(__file__).parent.parent

WIDGETS_HEAD = """\
# Widgets

All that `from jibe_like import …` gives to put into a page. The gallery (`make demo`) shows each of them running, with
its source. ⇄ marks a property that follows the user: what is typed, ticked or chosen in the browser is its value.

Every widget is a `Widget`, and takes these arguments besides its own: {options}.
All have the properties {common}, too; every input is a [Field](#field), and has its.
Every one can be asked for the browser's events (`click`, `keydown`, `focus`, …: see [events](events.md)), not only for
those in the table. Files have a page of their own: [uploads](uploads.md).

Every widget has these methods:

| | |
| --- | --- |
| `register(event, handler)` | calls the handler at each such event: see [events](events.md) |
| `focus()` | gives it the keyboard |
| `scroll_into_view()` | scrolls so that it is seen: the last line of a log, say |
| `css({{"color": "red"}})`, `attr({{"lang": "fr"}})` | changes its style, its attributes; None takes one away |
| `add_class("wide")`, `remove_class("wide")` | for style sheets of your own |
| `watch(property, function)` | calls the function with the new and the old value when a property has changed |

This page is made from the docstrings by `python -m tools.reference`.
"""

SETTINGS_HEAD = """\
# Settings

Every bound and switch of a server. Give them to an application class, or to `run`, `handlers`, `mount` or
`make_tornado_app`:

```python
from jibe_like import Label, MainApp, Settings


class Hello(MainApp):
    settings = Settings(theme="dark", language="de")

    def __init__(self, connection):
        super().__init__(connection)
        self.children = [Label("Guten Tag")]


if __name__ == "__main__":
    Hello.run(8881, settings=Settings(theme="light", max_message_bytes=64 * 1024))
```

A value of the wrong type, or below zero, raises `SettingsError`. Times are in seconds.
Past a bound, the one who crossed it hears of it, and nobody else.

This page is made from `jibe_like/settings.py` by `python -m tools.reference`.

| setting | default | meaning |
| --- | --- | --- |
"""


def main() -> None:
    """Writes the pages."""
    (ROOT / "docs" / "widgets.md").write_text(widgets_page())
    (ROOT / "docs" / "settings.md").write_text(settings_page())


# -- widgets


def widgets_page() -> str:
    """The page about the widgets."""
    head = WIDGETS_HEAD.format(
        options=", ".join(f"`{name}`" for name in _parameters(Widget) if name != "properties"),
        common=" and ".join(f"`{name}`" for name in own_properties(Widget)),
    )
    parts = [head]
    for module, classes in groupby(classes_in_order(), inspect.getmodule):
        assert module is not None
        parts.append(_family(module, list(classes)))
    return "\n".join(parts)


def classes_in_order() -> list[type]:
    """The public classes of the widget set, in the order in which their modules define them."""
    found = [getattr(widgets, name) for name in widgets.__all__]
    classes = [each for each in found if isinstance(each, type)]
    order = ["layout", "containers", "text", "button", "field", "inputs", "choices", "numbers", "dates", "uploads"]

    def place(each: type) -> tuple[int, str, int]:
        name = each.__module__.rpartition(".")[2]
        line = inspect.getsourcelines(each)[1]
        return order.index(name) if name in order else len(order), name, line

    return sorted(classes, key=place)


def own_properties(widget: type[Widget]) -> dict[str, Property[object]]:
    """The properties that the class adds to those of `Widget`, or of `Field` where it is one."""
    base = Field if issubclass(widget, Field) and widget is not Field else Widget if widget is not Widget else object
    common = getattr(base, "_properties", {})
    return {name: declared for name, declared in widget._properties.items() if name not in common}


def events_of(widget: type[Widget]) -> list[str]:
    """The events that the class's docstring tells of."""
    found = re.search(r"\bEvents:\s(.*?)(?:\n\n|\Z)", inspect.getdoc(widget) or "", re.DOTALL)
    told = re.sub(r"\([^()]*\)|`data`|`data\[[^`]*`", "", found[1]) if found else ""
    return [name for name in re.findall(r"`(\w+)`", told) if name in widget.events | DOM_EVENTS]


def _family(module: ModuleType, classes: list[type]) -> str:
    title = (inspect.getdoc(module) or "").partition("\n")[0].rstrip(".")
    rows = [_row(each) for each in classes if issubclass(each, Widget)]
    table = ["| widget | constructor | properties | events |", "| --- | --- | --- | --- |", *rows] if rows else []
    return "\n".join([f"## {title}", "", *table, "", *(_entry(each) for each in classes)])


def _row(widget: type[Widget]) -> str:
    told = " ".join((inspect.getdoc(widget) or "").split())
    properties = [
        f"`{name}`" + (" ⇄" if declared.event or f"`{name}`, two-way" in told else "")
        for name, declared in own_properties(widget).items()
    ]
    cells = [
        f"[{widget.__name__}](#{widget.__name__.lower()})",
        f"`{_signature(widget)}`",
        ", ".join(properties),
        ", ".join(f"`{event}`" for event in events_of(widget)),
    ]
    return f"| {' | '.join(cells)} |".replace("  ", " ")


def _signature(each: type) -> str:
    parameters = inspect.signature(each).parameters.values()
    plain = [parameter.replace(annotation=inspect.Parameter.empty) for parameter in parameters]
    return f"{each.__name__}{inspect.Signature(plain)}"


def _parameters(each: type) -> list[str]:
    return list(inspect.signature(each).parameters)


def _entry(each: type) -> str:
    return f"### {each.__name__}\n\n{markdown(inspect.getdoc(each) or '')}\n"


def markdown(docstring: str) -> str:
    """A docstring in this project's style as Markdown: examples as code, `:param x:` as a list."""
    blocks = (_block(block) for block in _blocks(docstring))
    return "\n\n".join(block for block in blocks if block)


def _blocks(docstring: str) -> Iterator[str]:
    """Paragraphs; indented ones that follow each other are one."""
    paragraphs = docstring.split("\n\n")
    for indented, group in groupby(paragraphs, lambda paragraph: paragraph.startswith("    ")):
        if indented:
            yield "\n\n".join(group)
        else:
            yield from group


def _block(block: str) -> str:
    if block.startswith("    "):
        return f"```python\n{textwrap.dedent(block)}\n```"
    if block.startswith(":param"):
        joined = re.sub(r"\n\s+", " ", block)
        told = joined.replace(":param options: see `Widget`.", "")
        return re.sub(r":param (\w+): ", r"- `\1`: ", told).strip()
    return " ".join(block.split("\n"))


# -- settings


def settings_page() -> str:
    """The page about the settings."""
    rows = [f"| `{name}` | `{default}` | {meaning} |" for name, default, meaning in settings_table()]
    return SETTINGS_HEAD + "\n".join(rows) + "\n"


def settings_table() -> list[tuple[str, str, str]]:
    """Name, default and meaning of each field, as the source has them: meanings are no part of the class."""
    source = inspect.getsource(settings)
    tree = ast.parse(source)
    body = next(node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == "Settings").body
    found = []
    for field, about in pairwise(body):
        if isinstance(field, ast.AnnAssign) and isinstance(about, ast.Expr):
            value = field.value
            if isinstance(value, ast.Call):
                value = next(keyword.value for keyword in value.keywords if keyword.arg == "default")
            assert value is not None
            default = ast.get_source_segment(source, value) or ""
            found.append((ast.unparse(field.target), default, " ".join(ast.literal_eval(about.value).split())))
    return found


if __name__ == "__main__":
    main()
