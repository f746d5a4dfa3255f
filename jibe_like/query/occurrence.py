"""What leads to a query, and what of the page goes with it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from jibe_like.tree.events import Message
from jibe_like.tree.widget import Widget
from jibe_like.widgets.button import Button
from jibe_like.widgets.containers import Form, value_of

HASH: Final = "#"
"""The argument that has what stands behind the `#` of the page's address."""

Happening: TypeAlias = tuple[Widget, str, Message]
"""A widget, its event, and the message that reported it."""


@dataclass(slots=True)
class Occurrence:
    """Something happened in a page. Plain data: those that wait for their turn are stored with the session."""

    connection: str
    """The id of the page's connection."""
    args: dict[str, Any]
    events: dict[str, dict[str, Any]] = field(default_factory=dict)
    used: tuple[str, ...] = ()
    """Names of what was used, for which `@on` may have functions."""

    def take(self, source: Widget, event: str, message: Message) -> None:
        """Adds what happened to a widget."""
        name, holder = name_of(source), value_of(source)
        if isinstance(source, Form):
            # Another form may have fields of the same names.
            self.args.update((key, _plain(value)) for key, value in source.values.items())
        if isinstance(source, Button):
            self.args[name] = True
        elif holder:
            self.args[name] = _plain(getattr(source, holder))
        data = message.get("data")
        self.events.setdefault(name, {})[event] = self.args.get(name, True) if data is None else data
        self.use(name)

    def use(self, name: str) -> None:
        """Adds a name of what was used."""
        self.args.setdefault(name, True)
        if name not in self.used:
            self.used = (*self.used, name)


def name_of(widget: Widget) -> str:
    """The name by which queries know a widget: its `name` where it has one, else its identifier."""
    name = getattr(widget, "name", "")
    return name if isinstance(name, str) and name else widget.identifier


def entered(widgets: Iterable[Widget]) -> dict[str, Any]:
    """What the inputs hold, by name, and False for each button."""
    values: dict[str, Any] = {}
    for widget in widgets:
        holder = value_of(widget)
        if holder:
            values[name_of(widget)] = _plain(getattr(widget, holder))
        elif isinstance(widget, Button):
            values[name_of(widget)] = False
    return values


def _plain(value: Any) -> Any:
    """A list as it is now: the widget's own goes on changing."""
    return list(value) if isinstance(value, list) else value


def form_of(widget: Widget) -> Form | None:
    """The form that the widget is in."""
    above = widget.parent
    while above is not None and not isinstance(above, Form):
        above = above.parent
    return above


def leads_to_query(source: Widget, event: str) -> bool:
    """Whether the event is one that the browser was asked for. What is in a form waits until that is sent."""
    if source._carried and event in source._carries:
        return form_of(source) is None
    if isinstance(source, Button) and source.kind == "submit" and form_of(source) is not None:
        return False
    return event in source.events or event == source.default_event or event in source.prevents or event in source._local
