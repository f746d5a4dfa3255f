"""Files from the user."""

import re
from collections.abc import Iterable, Sequence
from types import NoneType
from typing import Any, Final

from ..errors import ProtocolError
from ..tree.binding import redraw, redraw_part
from ..tree.events import Message
from ..tree.files import Incoming, Receiver, TakenFile, TakesFiles, stop_upload
from ..tree.node import Element, Node
from ..tree.property import Property
from ..tree.widget import Widget
from .button import Button
from .feedback import ProgressBar
from .field import Field
from .layout import HBox
from .text import Label

MOST_NOTES: Final = 50
"""Files that are listed though nothing of them is held, since they have failed or a receiver took them; the newest."""

_KIND: Final = re.compile(r"\.[\w.+-]+|[\w-]+/(?:\*|[\w.+-]+)")
_NAMING: Final = ("aria-label", "aria-labelledby")
_UNSEEN: Final = {
    "position": "absolute",
    "inline-size": "1px",
    "block-size": "1px",
    "overflow": "hidden",
    "clip-path": "inset(50%)",
}
"""For what is read out alone."""
# The hint stands at the end of the control's line, and what is dropped on it falls on the control.
_CONTROL: Final = {"grid-area": "1 / 1", "inline-size": "100%", "padding-block": "0.25rem", "color": "transparent"}
_HINT: Final = {"grid-area": "1 / 1", "place-self": "center end", "pointer-events": "none"}
_LIST: Final = {"list-style": "none", "margin": "0.25rem 0 0", "padding": "0"}
_ROW: Final = {"gap": "0 0.75rem", "padding-block": "0.25rem", "border-block-start": "1px solid var(--jl-line)"}


class FileUpload(TakesFiles, Field):
    """Files that the user chooses, or drops on the field. They are listed with how far each is.

        pictures = FileUpload("Pictures", accept=["image/*"], multiple=True, max_bytes=10_000_000)
        pictures.register("upload", lambda source, message: show(message["data"]["file"].path))

    A file is gone with the session, and when it leaves `value`; its `save` keeps it. See docs/uploads.md.

    :param label: the text above it.
    :param accept: what kinds of files are taken: MIME types (`image/png`, `image/*`) and suffixes (`.csv`), by content
        as well as by name. Empty: any.
    :param multiple: whether several are taken. Else the next one takes the place of the one before.
    :param max_bytes: most bytes of a file; None for what the settings allow.
    :param max_files: most files that it holds; None for what the settings allow.
    :param receiver: a coroutine function that is called with each file as it comes, in place of the disk:
        `async for chunk in file` gives its bytes; `file.name`, `file.size` and `file.type` are known.
    :param options: `help`, `error`, `name`, `disabled`, `required`, and those of `Widget`.

    Properties: `accept`, `multiple`, `max_bytes`, `max_files`; `value`, the files that have come, a list that notices
    what is done to it; `hint`, and the options. Events: `upload`, when a file has come (the message's `data` has
    `file`, which is None where a receiver took it, `name`, `size` and `type`); `change`, after the user has changed the
    list; `fail` (`data` has `name` and `error`).
    """

    __slots__ = ("_files", "_said", "receiver")

    tagname = "fieldset"
    events = frozenset({"change", "fail", "upload"})

    hint: Property[str | None] = Property(None, accept=(str, NoneType), bind=redraw_part("hint"))
    """What stands beside the control: that files can be dropped on it as well. None: in the usual words."""
    required = Property(False, bind=redraw_part("input"))
    """Whether a form can be sent only with a file here."""
    accept: Property[list[str]] = Property([], bind=redraw_part("input"), check=lambda field, kinds: _kinds(kinds))
    """What kinds of files are taken: MIME types and suffixes. Empty: any."""
    multiple = Property(False, bind=redraw)
    """Whether several files are taken."""
    max_bytes: Property[int | None] = Property(
        None, accept=(int, NoneType), check=lambda field, most: _at_least_one(most)
    )
    """Most bytes of a file; None for what the settings allow."""
    max_files: Property[int | None] = Property(
        None, accept=(int, NoneType), check=lambda field, most: _at_least_one(most)
    )
    """Most files that it holds; None for what the settings allow."""
    value: Property[list[TakenFile]] = Property(
        [], check=lambda field, files: field._known(files), settle=lambda field: field._drop_others()
    )
    """The files that have come. One that is taken from the list is deleted."""

    def __init__(
        self,
        label: str = "",
        accept: Sequence[str] = (),
        *,
        multiple: bool = False,
        max_bytes: int | None = None,
        max_files: int | None = None,
        receiver: Receiver | None = None,
        **options: Any,
    ) -> None:
        if receiver is not None and not callable(receiver):
            raise TypeError(f"a receiver is called with a file: it cannot be {type(receiver).__name__}")
        self._files = Widget(hidden=True, attributes={"role": "list"}, style=_LIST)
        self._files.tagname = "ul"
        self._said = Label(attributes={"role": "status"}, style=_UNSEEN)
        super().__init__(label, **options)
        self.style.setdefault("display", "grid")
        self.style.setdefault("border-style", "dashed")
        self.receiver = receiver
        self.accept = [accept] if isinstance(accept, str) else list(accept)
        self.multiple = multiple
        self.max_bytes = max_bytes
        self.max_files = max_files
        self.children = [self._files, self._said]

    @property
    def file(self) -> TakenFile | None:
        """The file that has come last; None without one."""
        return self.value[-1] if self.value else None

    @property
    def uploading(self) -> bool:
        """Whether files are on their way."""
        return any(incoming.is_active for incoming in self.incoming)

    def focus(self) -> None:
        """Gives the keyboard to the control."""
        self._focus("")

    def _focus(self, connection: str) -> None:
        if self._tree is not None:
            self._tree.call(["call", self._input, "focus", []], connection)

    # -- how files come

    @property
    def incoming(self) -> list[Incoming]:
        """All files that are listed, those included that are on their way or have failed."""
        return [row.incoming for row in self._rows]

    def file_offered(self, incoming: Incoming) -> str:
        if self.disabled:
            return "This field is out of use."
        if self.multiple:
            held = sum(other.is_active or other.file is not None for other in self.incoming)
            if self.max_files is not None and held >= self.max_files:
                return f"At most {self.max_files} {'file' if self.max_files == 1 else 'files'}."
        else:
            # The one that is there stays until this one is.
            self._remove(row for row in self._rows if row.incoming.file is None)
        self._row(incoming)
        return ""

    def file_progress(self, incoming: Incoming) -> None:
        self._row(incoming).show()

    def file_done(self, incoming: Incoming) -> None:
        self._row(incoming).show()
        self._said.value = f"{incoming.name} has been uploaded."
        if incoming.file is not None:
            self.value = [*(self.value if self.multiple else ()), incoming.file]
        self._shorten()
        self._tell("upload", file=incoming.file, name=incoming.name, size=incoming.received, type=incoming.type)
        self._tell("change")

    def file_failed(self, incoming: Incoming) -> None:
        self._row(incoming).show()
        self._shorten()
        self._tell("fail", name=incoming.name, error=incoming.error)

    def _tell(self, event: str, **data: Any) -> None:
        message: Message = {"id": self.identifier, "event": event}
        self.emit(event, {**message, "data": data} if data else message)

    # -- what is listed

    @property
    def _rows(self) -> "list[_Row]":
        return [row for row in self._files.children if isinstance(row, _Row)]

    def _row(self, incoming: Incoming) -> "_Row":
        """The file's place in the list, the last one where it has none."""
        row = next((row for row in self._rows if row.incoming is incoming), None)
        if row is None:
            row = _Row(self, incoming)
            self._files.children.append(row)
            self._files.hidden = False
        return row

    def _remove(self, rows: "Iterable[_Row]") -> None:
        for row in rows:
            stop_upload(self, row.incoming)
            self._files.children.remove(row)
        self._files.hidden = not self._files.children

    def _shorten(self) -> None:
        """Forgets the oldest files of which nothing is held."""
        notes = [row for row in self._rows if row.incoming.file is None and not row.incoming.is_active]
        self._remove(notes[: len(notes) - MOST_NOTES] if len(notes) > MOST_NOTES else ())
        self._show_required()

    def _dismiss(self, row: "_Row", connection: str) -> None:
        """The user does not want the file."""
        if self.disabled:
            raise ProtocolError("the widget is disabled")
        file = row.incoming.file
        if file is None:
            self._remove([row])
        else:
            self.value.remove(file)
            self._tell("change")
        self._show_required()
        # Its button was the place of the keyboard.
        self._focus(connection)

    def _known(self, files: list[TakenFile]) -> list[TakenFile]:
        known = [incoming.file for incoming in self.incoming]
        for file in files:
            if not any(file is other for other in known):
                raise ValueError(f"{file!r:.60} was not uploaded here")
        return list(dict.fromkeys(files))

    def _drop_others(self) -> None:
        """Files that are no longer in the value are deleted."""
        kept = {id(file) for file in self.value}
        rows = [row for row in self._rows if row.incoming.file is not None and id(row.incoming.file) not in kept]
        self._remove(rows)
        for row in rows:
            if row.incoming.file is not None:
                row.incoming.file.delete()
        self._show_required()

    # -- the control

    @property
    def _input(self) -> str:
        return f"{self.identifier}.input"

    @property
    def _needs_file(self) -> bool:
        return self.required and not any(incoming.state == "done" for incoming in self.incoming)

    def _show_required(self) -> None:
        # The control itself is always empty: it gives away what was chosen.
        if self.required and self._tree is not None:
            self._tree.redraw(self, "input")

    def content(self) -> Iterable[Node]:
        control: dict[str, Any] = {
            "id": self._input,
            "type": "file",
            # What is around it hears of files when they have come.
            "data-on": "change,stop",
            # What was chosen is in the list; the control is always empty, and its "no file chosen" not to be seen.
            "style": _CONTROL,
        }
        self._notes(control)
        control.update((name, text) for name, text in self.attributes.items() if name in _NAMING)
        if self.accept:
            control["accept"] = ",".join(self.accept)
        if self.multiple:
            control["multiple"] = True
        if self._needs_file:
            control["required"] = True
        yield ["input", control]
        hint = f"or drop {'files' if self.multiple else 'a file'} here" if self.hint is None else self.hint
        yield ["span", {"id": f"{self.identifier}.hint", "class": "field-help", "style": _HINT}, hint]

    def frame(self, node: Element) -> Element:
        box = super().frame(node)
        # All that is said of it is about the control inside.
        for name in ("aria-describedby", *_NAMING):
            node[1].pop(name, None)
        for part in box[2:]:
            if part[0] == "label":
                part[1]["for"] = self._input
        return box

    def on_message(self, message: Message) -> None:
        if message["event"] != "change":
            if message["event"] in self.events:
                raise ProtocolError("the event comes from the server")
            super().on_message(message)
        elif self.disabled:
            raise ProtocolError("the widget is disabled")
        else:
            self._ask(message.get("connection", ""))

    def _ask(self, connection: str = "") -> None:
        """Has the page offer what was chosen, and from then on at once whatever is."""
        if self._tree is not None:
            self._tree.call(["upload", self._input, self.identifier], connection)

    def on_attached(self) -> None:
        # Files may have been chosen before the page was connected.
        self._ask()

    def on_detached(self) -> None:
        if self._tree is None:
            self._remove([row for row in self._rows if row.incoming.is_active])


class _Row(HBox):
    """One file in the list."""

    __slots__ = ("_bar", "_button", "_error", "_field", "_size", "incoming")

    tagname = "li"

    def __init__(self, field: FileUpload, incoming: Incoming) -> None:
        self._field = field
        self.incoming = incoming
        self._size = Label(style={"color": "var(--jl-muted)", "font-variant-numeric": "tabular-nums"})
        self._button = Button(variant="quiet", style={"margin-inline": "auto -0.75rem"})
        self._button.register("click", self._press)
        self._bar = ProgressBar(label=f"Upload of {incoming.name}", style={"margin-block-end": "0.4rem"})
        self._error = Label(classname="field-error", attributes={"role": "alert"}, style={"flex-basis": "100%"})
        name = Label(incoming.name, style={"flex": "1 1 6rem", "overflow-wrap": "anywhere"})
        super().__init__([name, self._size, self._button, self._bar, self._error], style=_ROW)
        self.show()

    def show(self) -> None:
        """Shows how the file stands."""
        incoming = self.incoming
        total, coming = max(incoming.size, incoming.received), incoming.is_active
        so_far = incoming.state == "sending"
        self._size.value = f"{size_text(incoming.received)} of {size_text(total)}" if so_far else size_text(total)
        self._bar.hidden = not coming
        self._bar.value = 100 * incoming.received / total if total else 0
        self._error.hidden = not incoming.error
        self._error.value = incoming.error
        action = "Cancel" if coming else "Remove"
        if action != self._button.label:
            self._button.label = action
            self._button.attributes["aria-label"] = f"{action} {incoming.name}"

    def _press(self, source: Widget, message: Message) -> None:
        self._field._dismiss(self, message.get("connection", ""))


def size_text(size: int) -> str:
    """A number of bytes for people: `812 bytes`, `4.2 MB`."""
    if size < 1000:
        return "1 byte" if size == 1 else f"{size} bytes"
    amount = float(size)
    for unit in ("kB", "MB", "GB"):
        amount /= 1000
        # What would be rounded to 1000 is 1.0 of the next.
        if amount < 999.95:
            return f"{amount:.1f} {unit}"
    return f"{amount / 1000:.1f} TB"


def _kinds(kinds: list[str]) -> list[str]:
    for kind in kinds:
        if not isinstance(kind, str):
            raise TypeError(f"a kind of files is a str, not {kind!r:.60}")
        if not _KIND.fullmatch(kind):
            raise ValueError(f"{kind!r:.60} is no MIME type (image/png, image/*) and no suffix (.csv)")
    return list(dict.fromkeys(kind.lower() for kind in kinds))


def _at_least_one(most: int | None) -> int | None:
    if most is not None and most < 1:
        raise ValueError(f"a bound is at least 1, or None; not {most}")
    return most
