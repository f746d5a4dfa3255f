"""Widgets that say how things stand."""

import math
from collections.abc import Iterable
from types import NoneType
from typing import Any

from ..errors import ProtocolError
from ..tree.alarm import Alarm
from ..tree.binding import attr, or_none, redraw, redraw_part, text
from ..tree.events import Message
from ..tree.node import Element, Node
from ..tree.property import Property
from ..tree.widget import Widget
from .field import one_of
from .numbers import number_text
from .timer import positive


def _percent(value: float | None) -> float | None:
    if value is None:
        return None
    if math.isnan(value):
        raise ValueError("progress is a number from 0 to 100")
    return min(max(value, 0), 100)


class ProgressBar(Widget):
    """How far something is.

        bar = ProgressBar(label="Upload")
        bar.value = 42

    :param value: from 0 to 100; what is beyond is cut. None where nobody knows.
    :param label: what it is called to those who do not see it.
    :param options: see `Widget`.

    Properties: `value`, `label`.
    """

    __slots__ = ()

    tagname = "progress"

    value: Property[float | None] = Property(
        None, accept=(float, NoneType), bind=attr("value", number_text), check=lambda bar, value: _percent(value)
    )
    """How far it is, from 0 to 100; None where nobody knows."""
    label = Property("Progress", bind=attr("aria-label", or_none))
    """What it is called to those who do not see it."""

    def __init__(self, value: float | None = 0, label: str = "Progress", **options: Any) -> None:
        super().__init__(**options)
        self.value = value
        self.label = label

    def frame(self, node: Element) -> Element:
        node[1]["max"] = "100"
        return node


class Spinner(Widget):
    """Says that something is going on.

        busy = Spinner("Searching …", hidden=True)

    :param label: the text beside it.
    :param options: see `Widget`.

    Properties: `label`.
    """

    __slots__ = ()

    label = Property("Loading …", bind=text())
    """The text beside it."""

    def __init__(self, label: str = "Loading …", **options: Any) -> None:
        super().__init__(**options)
        self.label = label

    def frame(self, node: Element) -> Element:
        node[1].setdefault("role", "status")
        return node


class Notification(Widget):
    """A message that stays until it is dismissed, by its button or the Escape key, or its time is over.

        app.children.append(Notification("Saved", kind="success", timeout=5))

    It stands where it is put. `Notifications` gives messages a corner of the window. Its time stands still when the
    pointer or the focus comes to it, and starts anew when it leaves. What is dismissed leaves its parent.

    :param text: the message.
    :param kind: `info`, `success`, `warning` or `error`. Warnings and errors are read out at once.
    :param timeout: seconds until it goes by itself; None to stay.
    :param children: further widgets in it, such as a button that takes back what was done.
    :param dismiss_label: what its button is called to those who do not see it; empty for no button.
    :param options: see `Widget`.

    Properties: `text`, `kind`, `timeout`, `dismiss_label`. Events: `dismiss`, just before it goes.
    """

    __slots__ = ("_alarm",)

    events = frozenset({"dismiss"})

    text = Property("", bind=redraw_part("text"))
    """The message."""
    kind = Property("info", bind=redraw, check=one_of("info", "success", "warning", "error"))
    """What kind of message it is: `info`, `success`, `warning` or `error`."""
    timeout: Property[float | None] = Property(
        None,
        accept=(float, NoneType),
        check=lambda widget, seconds: None if seconds is None else positive(widget, seconds),
        settle=lambda notification: notification._hold_and_go_on(),
    )
    """Seconds until it goes by itself; None to stay."""
    dismiss_label = Property("Dismiss", bind=redraw)
    """What the button is called to those who do not see it; empty for no button."""

    def __init__(
        self,
        text: str = "",
        kind: str = "info",
        timeout: float | None = None,
        children: Iterable[Widget] = (),
        *,
        dismiss_label: str = "Dismiss",
        **options: Any,
    ) -> None:
        self._alarm = Alarm()
        super().__init__(**options)
        self.text = text
        self.kind = kind
        self.timeout = timeout
        self.dismiss_label = dismiss_label
        self.children = children
        self.register("keydown", self.dismiss, keys=["Escape"])

    def dismiss(self) -> None:
        """Takes it from the page."""
        if self.parent is not None:
            self.emit("dismiss")
        if self.parent is not None:
            self.parent.children.remove(self)

    def on_attached(self) -> None:
        self._start()

    def on_detached(self) -> None:
        self._alarm.clear()

    def _hold_and_go_on(self) -> None:
        for event in ("mouseover", "focusin"):
            self.register(event, self._alarm.clear)
        for event in ("mouseout", "focusout"):
            self.register(event, self._start)
        self._start()

    def _start(self) -> None:
        self._alarm.clear()
        if self.timeout is not None and self._tree is not None and self._tree.host is not None:
            self._alarm.set(self._tree.host, self.timeout, self.dismiss)

    def on_message(self, message: Message) -> None:
        if message["event"] in self.events:
            raise ProtocolError("the event comes from the server")
        if message["event"] == "click" and message.get("properties") == {"value": "dismiss"}:
            self.dismiss()
        else:
            super().on_message(message)

    def content(self) -> Iterable[Node]:
        name = self.identifier
        yield ["p", {"id": f"{name}.text"}, self.text]
        if self.dismiss_label:
            button = {
                "id": f"{name}.dismiss",
                "type": "button",
                "class": "close",
                "value": "dismiss",
                "aria-label": self.dismiss_label,
                "data-on": "click:value",
            }
            yield ["button", button, "×"]

    def frame(self, node: Element) -> Element:
        node[1]["data-kind"] = self.kind
        node[1].setdefault("role", "alert" if self.kind in ("warning", "error") else "status")
        return node


class Notifications(Widget):
    """The corner of the window where messages come and go, the newest below.

        self.messages = Notifications()
        self.children = [self.messages, ...]
        self.messages.notify("Saved", "success")

    :param label: what the corner is called to those who do not see it.
    :param options: see `Widget`.

    Properties: `label`.
    """

    __slots__ = ()

    tagname = "section"

    label = Property("Notifications", bind=attr("aria-label", or_none))
    """What the corner is called to those who do not see it."""

    def __init__(self, label: str = "Notifications", **options: Any) -> None:
        super().__init__(**options)
        self.label = label

    def notify(self, text: str, kind: str = "info", timeout: float | None = 5, **options: Any) -> Notification:
        """Shows a message; the arguments are those of `Notification`."""
        notification = Notification(text, kind, timeout, **options)
        self.children.append(notification)
        notification.scroll_into_view()
        return notification

    def frame(self, node: Element) -> Element:
        node[1].setdefault("aria-live", "polite")
        return node
