"""A file that a page has sent, and that its session keeps."""

import filecmp
import os
import shutil
from contextlib import suppress
from pathlib import Path
from secrets import token_hex
from typing import BinaryIO


class UploadedFile:
    """A file that has come from a page. It is there until it is deleted, or the session ends.

    It may be kept anywhere in the application, and is stored with it.
    """

    __slots__ = ("_path", "name", "size", "type")

    def __init__(self, path: Path, name: str, size: int, type: str) -> None:
        self._path: Path | None = path
        self.name = name
        """The user's name for it, made harmless: a name alone, fit for any file system."""
        self.size = size
        """In bytes."""
        self.type = type
        """Its MIME type by its content, whatever the browser says; `application/octet-stream` where nobody knows."""

    def __repr__(self) -> str:
        return f"UploadedFile({self.name!r}, {self.size} bytes, {self.type})"

    @property
    def path(self) -> Path | None:
        """Where it is, under a name that says nothing; None once it was deleted."""
        return self._path

    def open(self) -> BinaryIO:
        """Opens it for reading. Raises FileNotFoundError where it was deleted."""
        return self._existing().open("rb")

    def read_bytes(self) -> bytes:
        """All of it. Raises FileNotFoundError where it was deleted."""
        return self._existing().read_bytes()

    def save(self, to: str | Path) -> Path:
        """Keeps the file where it outlives the session: in a folder, by its `name`, or under the path of a file.

        Gives its path. Saving it there twice is doing it once. A file of other content is never replaced.

        Raises FileExistsError where there is one, FileNotFoundError where this file was deleted.
        """
        source, target = self._existing(), Path(to)
        if target.is_dir():
            target /= self.name
        with suppress(FileExistsError):
            if not _link(source, target):
                _copy(source, target)
        if not target.is_file() or not filecmp.cmp(source, target, shallow=False):
            raise FileExistsError(f"{target} is there, and is another file")
        return target

    def delete(self) -> None:
        """Deletes the file. Done already, it does nothing."""
        path, self._path = self._path, None
        if path is not None:
            path.unlink(missing_ok=True)

    def _existing(self) -> Path:
        if self._path is None:
            raise FileNotFoundError(f"{self!r} was deleted")
        return self._path


def _link(source: Path, target: Path) -> bool:
    """False where the file systems cannot. Raises FileExistsError."""
    try:
        os.link(source, target)
    except FileExistsError:
        raise
    except OSError:
        return False
    return True


def _copy(source: Path, target: Path) -> None:
    """To another file system, or within one without links. Nobody finds half a file, whenever the process ends."""
    half = target.with_name(f".{token_hex(8)}")
    try:
        shutil.copy(source, half)
        if not _link(half, target) and not os.path.lexists(target):
            half.replace(target)
    finally:
        half.unlink(missing_ok=True)
