"""The button."""

from typing import Any

from ..tree.binding import attr, or_none, text
from ..tree.property import Property
from ..tree.widget import Widget
from .field import one_of


class Button(Widget):
    """A button.

        save = Button("Save", variant="primary")
        save.register("click", lambda source, message: log(message["data"]["clientX"]))

    :param label: its text. A button that shows a symbol needs a name besides: `attributes={"aria-label": "Close"}`.
    :param kind: `submit` sends the `Form` that it is in, `reset` empties it, `button` does what its handlers do.
    :param variant: how it looks: `primary` for what is mostly wanted, `danger` for what cannot be undone, `quiet` for
        what should not stand out.
    :param options: `name`, `disabled`, and those of `Widget`.

    Properties: `label`, `kind`, `variant`, `name`, `disabled`. Events: `click`, whose `data` has `clientX` and
    `clientY`.
    """

    __slots__ = ()

    tagname = "button"
    default_event = "click"

    label = Property("button", bind=text())
    """The button's text."""
    kind = Property("button", bind=attr("type"), check=one_of("button", "submit", "reset"))
    """What the button does to the form around it: `button` (nothing), `submit` or `reset`."""
    variant = Property("", bind=attr("data-variant", or_none), check=one_of("", "primary", "danger", "quiet"))
    """How the button looks: empty, `primary`, `danger` or `quiet`."""
    name = Property("", bind=attr("name", or_none))
    """By which a query app knows the button (`q.args`)."""
    disabled = Property(False, bind=attr("disabled"))
    """Whether the button cannot be pressed."""

    def __init__(self, label: str = "button", kind: str = "button", variant: str = "", **options: Any) -> None:
        super().__init__(**options)
        self.label = label
        self.kind = kind
        self.variant = variant
