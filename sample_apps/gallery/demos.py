"""What a demonstration of a widget is, and how the gallery comes by its source."""

import ast
import inspect
from collections.abc import Callable
from dataclasses import dataclass

from jibe_like import Widget

Build = Callable[[], Widget]


@dataclass(frozen=True)
class Demo:
    """A function that builds something to try out, and the widget classes that it shows."""

    widgets: tuple[type[Widget], ...]
    build: Build

    @property
    def title(self) -> str:
        return ", ".join(widget.__name__ for widget in self.widgets)

    @property
    def anchor(self) -> str:
        """The identifier of its place in the page."""
        return self.widgets[0].__name__.lower() + "-demo"

    @property
    def explanation(self) -> str:
        """The function's docstring."""
        return inspect.getdoc(self.build) or ""

    @property
    def source(self) -> str:
        """The function's body, without its docstring."""
        source = inspect.getsource(self.build)
        function = ast.parse(source).body[0]
        assert isinstance(function, ast.FunctionDef)
        lines = source.splitlines()[function.body[1].lineno - 1 :]
        # Not `dedent`: the lines of a text may start at the left.
        return "".join(line.removeprefix("    ") + "\n" for line in lines)


class Family:
    """Demonstrations that belong together, in the order in which they are added."""

    def __init__(self, title: str, about: str) -> None:
        self.title = title
        self.about = about
        self.demos: list[Demo] = []

    @property
    def anchor(self) -> str:
        """The identifier of its place in the page."""
        return self.title.split()[0].lower()

    def shows(self, *widgets: type[Widget]) -> Callable[[Build], Build]:
        """Adds the decorated function. It builds a demonstration of these widgets, and its docstring explains them."""

        def add(build: Build) -> Build:
            self.demos.append(Demo(widgets, build))
            return build

        return add
