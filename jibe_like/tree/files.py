"""Files that pages send to a widget: the widget's side of it. `session/uploads` is the other."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final, Literal, Protocol, TypeAlias

if TYPE_CHECKING:
    from .widget import Widget

State: TypeAlias = Literal["waiting", "sending", "done", "failed", "stopped"]
ACTIVE: Final[tuple[State, ...]] = ("waiting", "sending")
"""The states of a file that is still to come."""


class TakenFile(Protocol):
    """A file that has come, as `UploadedFile` is one. It is kept until it is deleted, or the session ends."""

    @property
    def name(self) -> str:
        """The user's name for it, made harmless: a name alone, fit for any file system."""

    @property
    def size(self) -> int:
        """In bytes."""

    @property
    def type(self) -> str:
        """Its MIME type, by its content."""

    @property
    def path(self) -> Path | None:
        """Where it is; None once it was deleted."""

    def open(self) -> BinaryIO:
        """Opens it for reading."""

    def read_bytes(self) -> bytes:
        """All of it."""

    def save(self, to: str | Path) -> Path:
        """Keeps a copy that stays."""

    def delete(self) -> None:
        """Deletes it; done already, it does nothing."""


@dataclass(eq=False, slots=True)
class Incoming:
    """A file that a page has offered to a widget: on its way, or what has become of it.

    It is stored with the session. A page that was cut off goes on by itself: its file is `waiting` again, and starts
    anew.
    """

    page: str
    """The id of the connection it comes from."""
    key: str
    """What that page calls it."""
    name: str
    """As of a TakenFile."""
    size: int
    """In bytes, as the page says. What does not keep to it fails."""
    type: str = ""
    """Its MIME type; empty until its first bytes have shown it."""
    received: int = 0
    """Bytes that have come so far."""
    state: State = "waiting"
    error: str = ""
    """Why it has `failed`, in words for the user."""
    file: TakenFile | None = None
    """What has come; None unless it is `done`, and where a receiver took it."""

    @property
    def is_active(self) -> bool:
        """Whether it is still to come."""
        return self.state in ACTIVE


class ReceivedFile(Protocol):
    """What a receiver is called with: a file on its way. `async for piece in file` gives its bytes as they come."""

    @property
    def name(self) -> str:
        """As of a TakenFile."""

    @property
    def size(self) -> int:
        """In bytes, as the page says; where fewer or more come, the iteration raises OSError."""

    @property
    def type(self) -> str:
        """As of a TakenFile."""

    def __aiter__(self) -> Any:
        """Its bytes, piece by piece. The page sends no faster than they are taken."""


Receiver: TypeAlias = Callable[[ReceivedFile], Awaitable[object]]


class TakesFiles:
    """Mixed into a widget that takes files.

    The page's side of it goes by what docs/protocol.md says of uploads. All methods are called on the event loop's
    thread, in the session, with the page as the one that acts. What they raise fails that file alone.
    """

    __slots__ = ()

    accept: Sequence[str] = ()
    """What may come: MIME types (`image/png`, `image/*`) and suffixes (`.csv`). Empty: anything."""
    max_bytes: int | None = None
    """Most bytes of one file; None: what the settings allow. It can only be less than that."""
    receiver: Receiver | None = None
    """Takes the files as they come, in place of the disk."""

    @property
    def incoming(self) -> Sequence[Incoming]:
        """All its files: those of `file_offered` and `file_failed`, until the widget drops them."""
        raise NotImplementedError

    def file_offered(self, incoming: Incoming) -> str:
        """Gives "" where it takes the file, which is in `incoming` from now on; else the reason for the user.

        Number, size and name are within what the settings, `max_bytes` and `accept` allow.
        """
        raise NotImplementedError

    def file_progress(self, incoming: Incoming) -> None:
        """`received` or `state` has changed: at most every 100 ms, and whenever it begins, or waits again."""
        raise NotImplementedError

    def file_done(self, incoming: Incoming) -> None:
        """It has come."""
        raise NotImplementedError

    def file_failed(self, incoming: Incoming) -> None:
        """It was refused, or has failed: `error` says why. Where it was never taken, this is the first of it.

        A page may offer as many as it likes: the widget keeps a bounded number of these.
        """
        raise NotImplementedError


def stop_upload(widget: "Widget", incoming: Incoming) -> None:
    """The widget does not want the file any more: where it is still to come, its page is told to forget it, and it is
    `stopped`. Neither `file_done` nor `file_failed` follows. From any thread."""
    if incoming.is_active:
        incoming.state = "stopped"
        tree = widget._tree
        if tree is not None and tree.host is not None:
            tree.host.stop_upload(incoming)
