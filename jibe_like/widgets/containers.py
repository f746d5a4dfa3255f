"""Widgets that show and hide what is inside them, and the form."""

from collections.abc import Iterable, Mapping
from typing import Any

from ..errors import PropertyTypeError
from ..tree.binding import prop, redraw, redraw_part
from ..tree.events import Message
from ..tree.node import Element, Node
from ..tree.property import Property
from ..tree.widget import Widget

Pages = Mapping[str, Widget | Iterable[Widget]]


def _panel_title(panel: "TabPanel", title: str) -> str:
    if not title:
        raise ValueError("a page needs a title")
    tabs = panel.parent
    if isinstance(tabs, Tabs) and tabs.pages.get(title, panel) is not panel:
        raise ValueError(f"{tabs!r} has a page {title!r} already")
    return title


class TabPanel(Widget):
    """One page of `Tabs`: a column of widgets. `Tabs.add` makes it.

    :param title: the text of its tab.
    :param children: the widgets on it.
    :param options: see `Widget`.

    Properties: `title`.
    """

    __slots__ = ()

    title = Property("", check=_panel_title)
    """The text of the page's tab."""

    def __init__(self, title: str, children: Iterable[Widget] = (), **options: Any) -> None:
        super().__init__(**options)
        self.title = title
        self.watch("title", self._renamed)
        self.children = children

    def _renamed(self, new: str, old: str) -> None:
        if isinstance(self.parent, Tabs):
            self.parent._renamed(new, old)

    @property
    def tab_identifier(self) -> str:
        """The `id` of the page's tab."""
        return f"{self.parent.identifier}.{self.identifier}" if self.parent is not None else ""

    def frame(self, node: Element) -> Element:
        node[1].update({"role": "tabpanel", "aria-labelledby": self.tab_identifier, "tabindex": "0"})
        return node


def _page_title(tabs: "Tabs", value: int | str) -> str:
    titles = list(tabs.pages)
    if isinstance(value, int) and -len(titles) <= value < len(titles):
        return titles[value]
    if value in titles or (not titles and not value):
        return str(value or "")
    raise ValueError(f"there is no page {value!r}; the pages are {', '.join(map(repr, titles)) or 'none'}")


class Tabs(Widget):
    """Pages of which one is shown, with a strip of tabs to choose it: by click, or with the arrow keys, Home and End.

        tabs = Tabs({"Profile": [name, email], "Orders": table})
        tabs.value = "Orders"
        tabs.register("change", lambda source, message: log(source.value))
        tabs.add("Log", [Code(text)])

    :param pages: by title, a widget or the widgets of each page.
    :param value: the page that is shown: its title, or its index.
    :param label: what the strip is called to those who do not see it.
    :param options: see `Widget`.

    Properties: `value`, two-way: the title of the page that is shown; set it to a title or an index. `label`. Events:
    `change`, after the user has chosen another page. Raises PropertyValueError for a page that is not there.
    """

    __slots__ = ()

    events = frozenset({"change"})
    children_part = "tabs"

    value: Property[int | str] = Property("", bind=redraw_part("tabs"), accept=(str, int), check=_page_title)
    """The title of the page that is shown."""
    label = Property("", bind=redraw_part("tabs"))
    """What the strip of tabs is called to those who do not see it."""

    def __init__(self, pages: Pages | None = None, value: int | str = 0, *, label: str = "", **options: Any) -> None:
        super().__init__(**options)
        self.watch("value", self._shown)
        self.label = label
        if pages is not None and not isinstance(pages, Mapping):
            raise PropertyTypeError(f"{self!r}: pages are a mapping of titles to widgets, not {pages!r:.60}")
        for title, widgets in (pages or {}).items():
            self.add(title, widgets)
        self.value = value

    @property
    def pages(self) -> dict[str, TabPanel]:
        """The pages by title, in order."""
        return {page.title: page for page in self.children if isinstance(page, TabPanel)}

    @property
    def index(self) -> int:
        """The index of the page that is shown, -1 without pages."""
        titles: list[int | str] = list(self.pages)
        return titles.index(self.value) if self.value in titles else -1

    def add(self, title: str, widgets: Widget | Iterable[Widget] = ()) -> TabPanel:
        """Adds a page at the end. Raises ValueError for a title that another page has."""
        if title in self.pages:
            raise ValueError(f"{self!r} has a page {title!r} already")
        page = TabPanel(title, [widgets] if isinstance(widgets, Widget) else widgets)
        page.hidden = bool(self.value)
        self.children.append(page)
        if not self.value:
            self.value = title
        return page

    def remove(self, title: str) -> TabPanel:
        """Takes a page away; its neighbour is shown where it was. Raises KeyError where there is no such page."""
        pages = self.pages
        page, index = pages.pop(title), list(self.pages).index(title)
        self.children.remove(page)
        page.hidden = False
        if title == self.value:
            self.value = list(pages)[min(index, len(pages) - 1)] if pages else ""
        return page

    def _shown(self, new: str, old: str) -> None:
        for title, page in self.pages.items():
            page.hidden = title != new

    def _renamed(self, new: str, old: str) -> None:
        if self.value == old:
            self.value = new
        elif self._tree is not None:
            self._tree.redraw(self, "tabs")

    def content(self) -> Iterable[Node]:
        strip: Element = ["div", {"id": f"{self.identifier}.tabs", "class": "tablist", "role": "tablist"}]
        if self.label:
            strip[1]["aria-label"] = self.label
        pages = self.pages
        # One tab is in the tab order, whatever has happened to the pages.
        stop = self.value if self.value in pages else next(iter(pages), "")
        for title, page in pages.items():
            attributes = {
                "id": page.tab_identifier,
                "type": "button",
                "role": "tab",
                "value": title,
                "aria-controls": page.identifier,
                "aria-selected": "true" if title == self.value else "false",
                "data-on": "click:value",
            }
            if title != stop:
                attributes["tabindex"] = "-1"
            strip.append(["button", attributes, title])
        return [strip]

    def on_message(self, message: Message) -> None:
        properties = message.get("properties")
        if message["event"] != "click" or not properties or "value" not in properties:
            super().on_message(message)
            return
        before = self.value
        type(self).value.carry_back(self, properties["value"], message.get("connection"))
        if self.value != before:
            self.dispatch("change", {**message, "event": "change"})

    def _listening(self) -> str:
        # `change` is emitted here. Asked for it, the browser would report the changes of every field on the pages.
        return " ".join(entry for entry in super()._listening().split() if not entry.startswith("change"))


class _Openable(Widget):
    """What has an `open` that the browser reports whenever it changes, also when it was told to change it."""

    __slots__ = ()

    open: Property[bool]

    def on_message(self, message: Message) -> None:
        if (message.get("properties") or {}).get("open") is not self.open:
            super().on_message(message)


class Details(_Openable):
    """A summary that shows and hides what is below it.

        Details("More", [Text("The small print.")])

    :param summary: the text that is always seen.
    :param children: the widgets that are shown and hidden.
    :param open: whether they are shown.
    :param options: see `Widget`.

    Properties: `summary`; `open`, two-way. Events: `toggle`, after the user has opened or closed it.
    """

    __slots__ = ()

    tagname = "details"

    summary = Property("", bind=redraw_part("summary"))
    """The text that is always seen."""
    open = Property(False, bind=prop("open"), event="toggle", reads="open")
    """Whether the children are shown."""

    def __init__(self, summary: str = "", children: Iterable[Widget] = (), open: bool = False, **options: Any) -> None:
        super().__init__(**options)
        self.summary = summary
        self.open = open
        self.children = children

    def content(self) -> Iterable[Node]:
        return [["summary", {"id": f"{self.identifier}.summary"}, self.summary]]


class Dialog(_Openable):
    """A window over the page, which waits until it is closed: by Escape, by its close button, or by `close()`.

        self.confirm = Dialog("Delete it?", [HBox([yes, no])])
        no.register("click", self.confirm.close)
        self.children = [table, delete, self.confirm]
        delete.register("click", self.confirm.show)

    It is shown where it is part of the page, so put it among the children of the application. `show()` and `close()`
    are `open = True` and `open = False`.

    :param title: its heading.
    :param children: the widgets in it.
    :param open: whether it is shown.
    :param close_label: what the close button is called to those who do not see it.
    :param options: see `Widget`.

    Properties: `title`, `close_label`; `open`, two-way. Events: `close`, after the user has closed it; before that,
    where it was by Escape, `cancel`.
    """

    __slots__ = ()

    tagname = "dialog"
    tail_part = "close"

    title = Property("", bind=redraw_part("title"))
    """The dialog's heading."""
    close_label = Property("Close", bind=redraw)
    """What the close button is called to those who do not see it."""
    open = Property(False, bind=prop("open"), event="close", reads="open")
    """Whether the dialog is shown."""

    def __init__(
        self,
        title: str = "",
        children: Iterable[Widget] = (),
        open: bool = False,
        *,
        close_label: str = "Close",
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.title = title
        self.close_label = close_label
        self.open = open
        self.children = children

    def show(self) -> None:
        """Opens the dialog."""
        self.open = True

    def close(self) -> None:
        """Closes the dialog."""
        self.open = False

    def content(self) -> Iterable[Node]:
        return [["h2", {"id": f"{self.identifier}.title", "class": "title"}, self.title]]

    def frame(self, node: Element) -> Element:
        node[1].setdefault("aria-labelledby", f"{self.identifier}.title")
        # Last, so that a dialog that opens gives the focus to what it asks. A command needs no way to the server.
        close = {
            "id": f"{self.identifier}.close",
            "type": "button",
            "class": "close",
            "command": "close",
            "commandfor": self.identifier,
            "aria-label": self.close_label,
        }
        return [*node, ["button", close, "×"]]


class Form(Widget):
    """Fields that are sent together, by a `Button("Send", kind="submit")` inside it or the Enter key in a field.

        form = Form([Input(name="email", label="E-mail", required=True), Button("Sign up", kind="submit")])
        form.register("submit", lambda source, message: sign_up(**source.values))

    The browser checks the fields first (`required`, …) and says what is wrong with them. `values` are those of the
    inputs that have a `name`, wherever they are in it: a dict by name, which can be assigned, too. What the server
    finds wrong, a field's `error` says.

    :param children: the widgets inside it.
    :param options: see `Widget`.

    Events: `submit`.
    """

    __slots__ = ()

    tagname = "form"
    prevents = frozenset({"submit"})

    def __init__(self, children: Iterable[Widget] = (), **options: Any) -> None:
        super().__init__(**options)
        self.children = children

    @property
    def fields(self) -> dict[str, Widget]:
        """The inputs below the form that have a `name`, by name. Of several with the same name, the last."""
        inputs = [widget for widget in self.descendants if value_of(widget)]
        return {name: widget for widget in inputs if isinstance(name := getattr(widget, "name", ""), str) and name}

    @property
    def values(self) -> dict[str, Any]:
        """The values of the named inputs by name. Assigning sets those that the mapping names; KeyError for others."""
        return {name: getattr(field, value_of(field)) for name, field in self.fields.items()}

    @values.setter
    def values(self, values: Mapping[str, Any]) -> None:
        fields = self.fields
        for name in values:
            if name not in fields:
                raise KeyError(f"{self!r} has no field {name!r}; its fields are {', '.join(fields) or 'none'}")
        for name, value in values.items():
            setattr(fields[name], value_of(fields[name]), value)


def value_of(widget: Widget) -> str:
    """The property that holds what the user enters or chooses; empty where there is none."""
    if widget._carried:
        return next(iter(widget._carried))
    return "value" if "change" in widget.events and "value" in widget._properties else ""
