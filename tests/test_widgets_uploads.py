"""FileUpload: its control, its list, what it takes, and what it tells."""

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from jibe_like import Connection, MainApp
from jibe_like.errors import PropertyTypeError, PropertyValueError, ProtocolError
from jibe_like.session.uploads.uploaded_file import UploadedFile
from jibe_like.testing import assert_durable
from jibe_like.tree.files import Incoming, ReceivedFile, TakenFile
from jibe_like.tree.tree import Tree
from jibe_like.tree.widget import Widget
from jibe_like.widgets import Button, FileUpload, Form, Label, ProgressBar
from jibe_like.widgets.uploads import MOST_NOTES, size_text
from tests.live_tree import FakeHost, browser_says, copied, html, live, operations

Come = Callable[..., TakenFile]


class Sender:
    """What a session does with a page's files. `host` is that of the tree."""

    def __init__(self, field: FileUpload, folder: Path) -> None:
        self.field = field
        self.folder = folder
        self.host = FakeHost()
        self.tree: Tree = live(field)
        self.tree.go_live(self.host)
        self.count = 0

    def offer(self, name: str = "cat.png", size: int = 4_200_000) -> Incoming:
        """A file that the widget takes."""
        incoming = self.new(name, size)
        assert self.field.file_offered(incoming) == ""
        assert self.field.incoming[-1] is incoming
        return incoming

    def refusal(self, name: str = "cat.png") -> str:
        """What the widget says of a file that it does not take."""
        before = self.field.incoming
        reason = self.field.file_offered(self.new(name, 1))
        assert reason
        assert self.field.incoming == before
        return reason

    def new(self, name: str, size: int) -> Incoming:
        self.count += 1
        return Incoming("page", f"key{self.count}", name, size)

    def send(self, incoming: Incoming, received: int) -> None:
        incoming.state, incoming.received = "sending", received
        self.field.file_progress(incoming)

    def finish(self, incoming: Incoming, kept: bool = True) -> None:
        incoming.state, incoming.received, incoming.type = "done", incoming.size, "image/png"
        if kept:
            path = self.folder / incoming.key
            path.write_bytes(b"kept")
            incoming.file = UploadedFile(path, incoming.name, incoming.size, incoming.type)
        self.field.file_done(incoming)

    def fail(self, incoming: Incoming, error: str = "It is too large.") -> None:
        incoming.state, incoming.error = "failed", error
        self.field.file_failed(incoming)

    def come(self, name: str = "cat.png") -> TakenFile:
        """A file that has come, and is kept."""
        incoming = self.offer(name)
        self.finish(incoming)
        assert incoming.file is not None
        return incoming.file

    def press(self, index: int) -> None:
        """The user presses the button of a file in the list."""
        browser_says(rows(self.field)[index].descendants_of(Button)[0], "click", "c7")


class Row:
    """What is shown of a file."""

    def __init__(self, widget: Widget) -> None:
        self.widget = widget

    def descendants_of(self, kind: type[Any]) -> list[Any]:
        return [widget for widget in self.widget.descendants if isinstance(widget, kind)]

    @property
    def texts(self) -> list[str]:
        return [label.value for label in self.descendants_of(Label) if not label.hidden]

    @property
    def bar(self) -> float | None:
        """How far its bar is; None where it has none."""
        (bar,) = self.descendants_of(ProgressBar)
        assert isinstance(bar, ProgressBar)
        return None if bar.hidden else bar.value

    @property
    def button(self) -> str:
        (button,) = self.descendants_of(Button)
        return f"{button.label}: {button.attributes['aria-label']}"


def rows(field: FileUpload) -> list[Row]:
    found = [widget for widget in field.descendants if widget.tagname == "li"]
    assert html(field).count("<li ") == len(found)
    return [Row(widget) for widget in found]


@pytest.fixture
def sender(tmp_path: Path) -> Sender:
    return Sender(FileUpload("Pictures", multiple=True), tmp_path)


def said(field: FileUpload, event: str) -> list[dict[str, Any]]:
    """Collects the data of such events from now on."""
    heard: list[dict[str, Any]] = []
    field.register(event, lambda source, message: heard.append(message.get("data", {})))
    return heard


# -- the control


def test_html() -> None:
    shown = html(FileUpload("Pictures", ["image/*", ".CSV"], multiple=True, required=True, name="pictures"))
    assert '<label id="w1.label" for="w1.input">Pictures</label>' in shown
    assert '<fieldset id="w1" class="widget field fileupload" name="pictures">' in shown
    assert '<input id="w1.input" type="file" data-on="change,stop" accept="image/*,.csv" multiple required>' in shown
    assert ">or drop files here<" in shown
    assert '<ul id="w2" class="widget" hidden role="list"></ul>' in shown
    bare = html(FileUpload())
    assert '<input id="w1.input" type="file" data-on="change,stop">' in bare
    assert ">or drop a file here<" in bare
    assert ">Hier<" in html(FileUpload(hint="Hier"))


def test_what_is_said_of_the_field_is_about_its_control() -> None:
    shown = html(FileUpload("Letter", help="As PDF.", error="There is none."))
    assert 'type="file" data-on="change,stop" aria-invalid="true" aria-describedby="w1.help w1.error">' in shown
    assert 'class="widget field fileupload" aria-invalid="true">' in shown
    named = html(FileUpload(attributes={"aria-label": "Letter", "data-x": "1"}))
    assert '<fieldset id="w1" class="widget field fileupload" data-x="1">' in named
    assert 'data-on="change,stop" aria-label="Letter">' in named


def test_properties_that_change() -> None:
    field = FileUpload("Pictures")
    tree = live(field)
    field.accept.append("image/png")
    (op,) = operations(tree)
    assert op[:2] == ["render", "w1.input"]
    assert op[2][1]["accept"] == "image/png"
    field.multiple = True
    assert operations(tree)[0][:2] == ["render", "w1.box"]
    field.disabled = True
    assert operations(tree) == [["attr", "w1", "disabled", ""]]
    field.focus()
    assert operations(tree) == [["call", "w1.input", "focus", []]]


@pytest.mark.parametrize("kind", ["", "png", "image", "image/", "/png", "*/*", ".", "a b/c", "image/png,.exe", "*"])
def test_what_is_no_kind_of_files(kind: str) -> None:
    with pytest.raises(PropertyValueError, match="is no MIME type"):
        FileUpload(accept=[kind])


def test_arguments() -> None:
    assert FileUpload(accept="image/*").accept == ["image/*"]
    assert FileUpload(accept=(".CSV", ".csv", "application/vnd.ms-excel")).accept == [
        ".csv",
        "application/vnd.ms-excel",
    ]
    with pytest.raises(PropertyTypeError, match="a kind of files is a str"):
        FileUpload(accept=[1])  # type: ignore[list-item]
    with pytest.raises(PropertyValueError, match="a bound is at least 1"):
        FileUpload(max_bytes=0)
    with pytest.raises(PropertyValueError, match="a bound is at least 1"):
        FileUpload(max_files=-1)
    with pytest.raises(TypeError, match="it cannot be str"):
        FileUpload(receiver="no")  # type: ignore[arg-type]


def test_a_choice_has_its_page_offer_the_files() -> None:
    field = FileUpload()
    tree = live(field)
    heard = said(field, "change")
    operations(tree)
    browser_says(field, "change", "c7")
    assert operations(tree, "c7") == [["upload", "w1.input", "w1"]]
    browser_says(field, "change", "c7")
    assert operations(tree, "c8") == []
    assert heard == []


def test_a_page_is_asked_for_what_was_chosen_before_it_was_connected(sender: Sender) -> None:
    assert operations(sender.tree, "c1") == [["upload", "w1.input", "w1"]]


def test_what_a_browser_cannot_say() -> None:
    field = FileUpload()
    live(field)
    for event in ("upload", "fail"):
        with pytest.raises(ProtocolError, match="the event comes from the server"):
            browser_says(field, event)
    with pytest.raises(ProtocolError, match="no property"):
        browser_says(field, "input", value="x")
    field.disabled = True
    with pytest.raises(ProtocolError, match="disabled"):
        browser_says(field, "change")


# -- files that come


def test_a_file_from_its_offer_to_its_end(sender: Sender) -> None:
    heard, changes = said(sender.field, "upload"), said(sender.field, "change")
    incoming = sender.offer()
    (row,) = rows(sender.field)
    assert (row.texts, row.bar, row.button) == (["cat.png", "4.2 MB"], 0, "Cancel: Cancel cat.png")
    assert sender.field.uploading
    sender.send(incoming, 1_050_000)
    assert (row.texts, row.bar) == (["cat.png", "1.1 MB of 4.2 MB"], 25)
    assert (heard, sender.field.value, sender.field.file) == ([], [], None)
    sender.finish(incoming)
    assert (row.texts, row.bar, row.button) == (["cat.png", "4.2 MB"], None, "Remove: Remove cat.png")
    file = incoming.file
    assert heard == [{"file": file, "name": "cat.png", "size": 4_200_000, "type": "image/png"}]
    assert len(changes) == 1
    assert sender.field.value == [file]
    assert sender.field.file is file
    assert not sender.field.uploading
    assert 'role="status">cat.png has been uploaded.<' in html(sender.field)


def test_progress_is_a_few_small_operations(sender: Sender) -> None:
    incoming = sender.offer()
    sender.send(incoming, 1)
    operations(sender.tree)
    sender.send(incoming, 2_100_000)
    assert sorted(op[0] for op in operations(sender.tree)) == ["attr", "text"]


def test_a_file_that_starts_anew(sender: Sender) -> None:
    incoming = sender.offer()
    sender.send(incoming, 2_100_000)
    incoming.state, incoming.received = "waiting", 0
    sender.field.file_progress(incoming)
    (row,) = rows(sender.field)
    assert (row.texts, row.bar, row.button) == (["cat.png", "4.2 MB"], 0, "Cancel: Cancel cat.png")


def test_an_empty_file(sender: Sender) -> None:
    incoming = sender.offer(size=0)
    (row,) = rows(sender.field)
    assert (row.texts, row.bar) == (["cat.png", "0 bytes"], 0)
    sender.finish(incoming)
    assert row.bar is None


def test_several_files(sender: Sender) -> None:
    first, second = sender.offer("a"), sender.offer("b")
    sender.finish(second)
    sender.finish(first)
    assert [row.texts[0] for row in rows(sender.field)] == ["a", "b"]
    assert sender.field.value == [second.file, first.file]
    assert sender.field.file is first.file


def test_a_file_that_fails(sender: Sender) -> None:
    heard = said(sender.field, "fail")
    sender.fail(sender.offer())
    sender.fail(sender.new("never offered.png", 9), "There are too many.")
    assert [(row.texts, row.bar, row.button) for row in rows(sender.field)] == [
        (["cat.png", "4.2 MB", "It is too large."], None, "Remove: Remove cat.png"),
        (["never offered.png", "9 bytes", "There are too many."], None, "Remove: Remove never offered.png"),
    ]
    assert heard == [
        {"name": "cat.png", "error": "It is too large."},
        {"name": "never offered.png", "error": "There are too many."},
    ]
    assert sender.field.value == []


def test_those_that_failed_are_bounded(sender: Sender) -> None:
    kept, coming = sender.come("kept"), sender.offer("coming")
    for number in range(MOST_NOTES + 7):
        sender.fail(sender.new(f"{number}.png", 1))
    names = [row.texts[0] for row in rows(sender.field)]
    assert names == ["kept", "coming", *(f"{number}.png" for number in range(7, MOST_NOTES + 7))]
    assert sender.field.value == [kept]
    assert coming.is_active


def test_with_a_receiver_nothing_is_kept(tmp_path: Path) -> None:
    async def receive(file: ReceivedFile) -> None: ...

    sender = Sender(FileUpload(receiver=receive, multiple=True, max_files=1), tmp_path)
    assert sender.field.receiver is receive
    heard = said(sender.field, "upload")
    for number in range(MOST_NOTES + 1):
        sender.finish(sender.offer(f"{number}", 7), kept=False)
    assert heard[0] == {"file": None, "name": "0", "size": 7, "type": "image/png"}
    assert sender.field.value == []
    assert len(rows(sender.field)) == MOST_NOTES
    sender.press(0)
    assert len(rows(sender.field)) == MOST_NOTES - 1


# -- what it takes


def test_no_more_than_it_holds(sender: Sender) -> None:
    sender.field.max_files = 2
    sender.come()
    sender.fail(sender.offer())
    coming = sender.offer()
    assert sender.refusal() == "At most 2 files."
    sender.fail(coming)
    sender.offer()
    sender.field.max_files = 1
    assert sender.refusal() == "At most 1 file."
    sender.field.disabled = True
    assert sender.refusal() == "This field is out of use."


def test_one_takes_the_place_of_the_one_before(tmp_path: Path) -> None:
    sender = Sender(FileUpload("Portrait", max_files=1), tmp_path)
    old = sender.come("old")
    sender.fail(sender.offer("failed"))
    given_up = sender.offer("given up")
    assert [row.texts[0] for row in rows(sender.field)] == ["old", "given up"]
    incoming = sender.offer("new")
    assert given_up.state == "stopped"
    assert sender.host.stopped == [given_up]
    # Until the new one is there, the old one is.
    assert [row.texts[0] for row in rows(sender.field)] == ["old", "new"]
    assert sender.field.value == [old]
    sender.finish(incoming)
    assert [row.texts[0] for row in rows(sender.field)] == ["new"]
    assert sender.field.value == [incoming.file]
    assert old.path is None


# -- files that go


def test_the_user_takes_a_file_back(sender: Sender) -> None:
    file, other = sender.come("a"), sender.come("b")
    path, changes = file.path, said(sender.field, "change")
    operations(sender.tree)
    sender.press(0)
    assert sender.field.value == [other]
    assert len(changes) == 1
    assert file.path is None
    assert path is not None
    assert not path.exists()
    assert sender.host.stopped == []
    ops = operations(sender.tree, "c7")
    assert ops[0][0] == "remove"
    # The button that had the focus is gone.
    assert ops[-1] == ["call", "w1.input", "focus", []]
    assert [row.texts[0] for row in rows(sender.field)] == ["b"]


def test_the_user_ends_a_transfer(sender: Sender) -> None:
    incoming, changes = sender.offer(), said(sender.field, "change")
    sender.press(0)
    assert incoming.state == "stopped"
    assert sender.host.stopped == [incoming]
    assert (rows(sender.field), changes) == ([], [])
    assert '<ul id="w2" class="widget" hidden' in html(sender.field)


def test_the_user_dismisses_what_has_failed(sender: Sender) -> None:
    incoming, changes = sender.offer(), said(sender.field, "change")
    sender.fail(incoming)
    sender.press(0)
    assert (rows(sender.field), changes, sender.host.stopped) == ([], [], [])
    assert incoming.state == "failed"


def test_a_field_that_is_out_of_use_keeps_its_files(sender: Sender) -> None:
    file = sender.come()
    sender.field.disabled = True
    sender.press(0)
    assert [type(error) for error in sender.host.errors] == [ProtocolError]
    assert sender.field.value == [file]


def test_the_program_takes_files_away(sender: Sender) -> None:
    files = [sender.come(name) for name in "abc"]
    changes = said(sender.field, "change")
    sender.field.value.remove(files[1])
    assert [file.path is None for file in files] == [False, True, False]
    assert [row.texts[0] for row in rows(sender.field)] == ["a", "c"]
    sender.field.value = []
    assert [file.path for file in files] == [None] * 3
    assert rows(sender.field) == []
    assert changes == []


def test_no_other_files_can_be_put_into_it(sender: Sender, tmp_path: Path) -> None:
    file = sender.come()
    with pytest.raises(PropertyValueError, match="was not uploaded here"):
        sender.field.value.append(UploadedFile(tmp_path, "x", 1, "x/y"))
    with pytest.raises(PropertyValueError, match="was not uploaded here"):
        sender.field.value = ["/etc/passwd"]  # type: ignore[list-item]
    sender.field.value = [file, file]
    assert sender.field.value == [file]


def test_a_widget_that_leaves_the_page_ends_its_transfers_and_keeps_its_files(sender: Sender) -> None:
    file, coming = sender.come(), sender.offer()
    sender.tree.root.children.remove(sender.field)
    sender.tree.call_due_hooks()
    assert coming.state == "stopped"
    assert sender.field.incoming == [sender.field.incoming[0]]
    assert sender.field.value == [file]


def test_the_end_of_the_page_is_none_of_its_transfers(sender: Sender) -> None:
    """It may come back from a store."""
    coming = sender.offer()
    sender.tree.close()
    assert coming.state == "waiting"


def test_it_comes_back_from_a_store(sender: Sender) -> None:
    sender.come("a")
    sender.send(sender.offer("b"), 10)
    sender.fail(sender.offer("c"))
    copy = copied(FileUpload("Pictures"))
    assert copy.value == []
    restored: Tree = pickle.loads(pickle.dumps(sender.tree))
    field = restored.root.children[0]
    assert isinstance(field, FileUpload)
    assert field.node() == sender.field.node()
    assert [incoming.state for incoming in field.incoming] == ["done", "sending", "failed"]
    assert field.value == [field.incoming[0].file]
    field.value.clear()
    assert [incoming.name for incoming in field.incoming] == ["b", "c"]


class Inbox(MainApp):
    def __init__(self, connection: Connection | None = None) -> None:
        super().__init__(connection)
        self.files = FileUpload("Files", multiple=True)
        self.files.register("upload", lambda: self.files.focus())
        self.children = [self.files, FileUpload("Lines", receiver=self.count)]

    async def count(self, file: ReceivedFile) -> None: ...


def test_an_application_with_it_is_durable(tmp_path: Path) -> None:
    app = Inbox()
    for name in ("a", "b"):
        incoming = Incoming("page", name, name, 1)
        assert app.files.file_offered(incoming) == ""
    incoming.state, incoming.file = "done", UploadedFile(tmp_path, "b", 1, "x/y")
    app.files.file_done(incoming)
    assert_durable(app)


# -- in a form


def test_in_a_form(sender: Sender) -> None:
    form = Form([FileUpload("Pictures", name="pictures")])
    assert form.values == {"pictures": []}
    sender.tree.root.children.remove(sender.field)
    sender.field.name = "files"
    form.children = [sender.field]
    file = sender.come()
    assert form.values == {"files": [file]}
    form.values = {"files": []}
    assert file.path is None


def test_a_file_that_is_required_is_required_until_there_is_one(sender: Sender) -> None:
    sender.field.required = True
    assert " required>" in html(sender.field)
    operations(sender.tree)
    incoming = sender.offer()
    assert "required" not in str(operations(sender.tree))
    sender.finish(incoming)
    assert required(sender) == [False]
    sender.press(0)
    assert required(sender) == [True]


def required(sender: Sender) -> list[bool]:
    """What the browser is told of the control since."""
    ops = operations(sender.tree)
    return ["required" in op[2][1] for op in ops if op[:2] == ["render", "w1.input"]]


# -- words


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 bytes"),
        (1, "1 byte"),
        (999, "999 bytes"),
        (1000, "1.0 kB"),
        (999_949, "999.9 kB"),
        (999_950, "1.0 MB"),
        (4_249_000, "4.2 MB"),
        (5 * 10**9, "5.0 GB"),
        (10**12, "1.0 TB"),
        (2**53, "9007.2 TB"),
    ],
)
def test_sizes(size: int, text: str) -> None:
    assert size_text(size) == text
