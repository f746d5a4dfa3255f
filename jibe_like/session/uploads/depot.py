"""Where the files of sessions are: a folder for each session, below one for each application."""

import asyncio
import hashlib
import logging
import os
import shutil
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import suppress
from contextvars import Context
from pathlib import Path
from secrets import token_hex
from tempfile import mkdtemp
from typing import Any, BinaryIO, Final, NamedTuple
from urllib.parse import quote, unquote

from jibe_like.errors import StoreError
from jibe_like.settings import Settings
from jibe_like.store.base import Store

from ..connection import Visit

logger = logging.getLogger("jibe_like.session")

SWEEP_SECONDS: Final = 300.0
"""Between two looks for what nobody needs."""
YOUNG_SECONDS: Final = 3 * SWEEP_SECONDS
"""A folder that was in use so lately may be that of another process: each looks after those of its own."""
PART: Final = ".part"
"""What a file's name ends with that has not come as a whole."""
_LONGEST: Final = 200


class Held(NamedTuple):
    """What a session has in its folder."""

    files: int
    bytes: int


class Depot:
    """The files of all sessions of one application.

    A session's files go when it ends. Where a store brings sessions back, they are there when the process is not; those
    of sessions that have ended meanwhile are swept.

    :param name: the application's.
    :param store: where the sessions are kept; None where they are not.
    :param rejected: told why a file was refused.
    """

    def __init__(
        self,
        name: str,
        settings: Settings,
        store: Store | None = None,
        rejected: Callable[[str], object] = lambda _: None,
    ) -> None:
        self.settings = settings
        self.rejected = rejected
        """Told why a file was refused."""
        self.admits: Callable[[Visit], bool] = lambda visit: True
        """Asked for each file that is offered: whether its visitor has not offered too many."""
        self.ended: Callable[[str, int], object] = lambda outcome, received: None
        """Told what has become of a file (`done`, `failed`, `stopped`, `lost`, `refused`), and how many bytes came."""
        self._place = hashlib.sha256(name.encode()).hexdigest()[:16]
        self._root: Path | None = None
        self._name = name
        self._store = store if store is not None and store.durable else None
        beside = getattr(self._store, "path", None)
        self._is_temporary = not settings.upload_folder and beside is None
        if settings.upload_folder:
            self._root = Path(settings.upload_folder).absolute()
        elif beside is not None:
            self._root = beside.with_name(f"{beside.name}.uploads")
        self._live: Collection[str] = ()
        self._timer: asyncio.TimerHandle | None = None
        self._work: set[asyncio.Task[Any]] = set()

    @property
    def is_durable(self) -> bool:
        """Whether files are to be there after the process."""
        return self._store is not None

    def folder(self, session_id: str) -> Path | None:
        """The session's folder, whether it is there or not; None where there is none for any."""
        if self._root is None:
            return None
        return self._root / self._place / _folder_name(session_id)

    def held(self, session_id: str) -> Held:
        """What the session has, whatever is still to come left aside."""
        sizes = [entry.stat().st_size for entry in self._entries(session_id) if not entry.name.endswith(PART)]
        return Held(len(sizes), sum(sizes))

    def create(self, session_id: str) -> tuple[Path, BinaryIO]:
        """Where a new file of the session belongs once it is whole, and that file, under its name with `PART` so far.

        Raises OSError.
        """
        if self._root is None:
            self._root = Path(mkdtemp(prefix="jibe_like-uploads-"))
        folder = self.folder(session_id)
        assert folder is not None
        for each in (self._root, folder.parent, folder):
            each.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = folder / token_hex(16)
        descriptor = os.open(f"{path}{PART}", os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
        self._watch()
        return path, open(descriptor, "wb", buffering=0)  # noqa: PTH123

    def clear_halves(self, session_id: str) -> None:
        """The session has come back: what was on its way when its process died is gone."""
        for entry in list(self._entries(session_id)):
            if entry.name.endswith(PART):
                Path(entry.path).unlink(missing_ok=True)

    def discard(self, session_id: str) -> None:
        """The session has ended."""
        folder = self.folder(session_id)
        if folder is not None and folder.is_dir():
            # Out of the way at once: another session may begin under this name.
            gone = folder.with_name(f"gone-{token_hex(8)}")
            try:
                folder.rename(gone)
            except OSError as error:
                logger.error("session %s: its files cannot be deleted: %s", session_id, error)
                return
            self._do(asyncio.to_thread(_remove, gone))

    # -- those that nobody needs

    def open(self, live: Collection[str]) -> None:
        """The application serves.

        :param live: the ids of the sessions that are here.
        """
        self._live = live
        if self._root is not None and (self._root / self._place).is_dir():
            self._do(self.sweep())

    async def close(self) -> None:
        """The server stops; its sessions have ended."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        await self.come_to_rest()
        if self._root is not None and self._is_temporary:
            root, self._root = self._root, None
            await asyncio.to_thread(_remove, root)

    async def come_to_rest(self) -> None:
        """Returns when all is deleted that is to be."""
        while self._work:
            await asyncio.wait(self._work)

    async def sweep(self) -> None:
        """Deletes the files of sessions that have ended while no process was there to do it."""
        if self._root is None:
            return
        used = await asyncio.to_thread(_last_used, self._root / self._place)
        live = {_folder_name(session_id) for session_id in self._live} if used else set()
        for folder in used:
            if folder.name in live:
                await asyncio.to_thread(_touch, folder)
        # A young one may be that of another process, which touches it now and then.
        now = time.time()
        old = {folder for folder, at in used.items() if folder.name not in live and now - at >= YOUNG_SECONDS}
        for folder in old - await self._needed({folder: now - used[folder] for folder in old}):
            logger.info("files are deleted whose session has ended: %s", folder)
            await asyncio.to_thread(_remove, folder)
        if used:
            self._watch()

    async def _needed(self, folders: Mapping[Path, float]) -> set[Path]:
        """Those of folders whose sessions may come back. They come with the seconds since each was last in use."""
        if self._store is None or not folders:
            return set()
        ids = {folder: unquote(folder.name[2:]) for folder in folders if folder.name.startswith("s-")}
        hashed = {folder for folder in folders if folder.name.startswith("h-")}
        try:
            stored = await self._store.present(self._name, set(ids.values()))
        except StoreError:
            return set(folders)
        return {folder for folder, session_id in ids.items() if session_id in stored} | {
            folder for folder in hashed if folders[folder] < YOUNG_SECONDS + self.settings.lost_lifetime
        }

    def _watch(self) -> None:
        if self._timer is None:
            loop = asyncio.get_running_loop()
            # In no context: it would hold the session whose file it was.
            self._timer = loop.call_later(SWEEP_SECONDS, self._sweep_again, context=Context())

    def _sweep_again(self) -> None:
        self._timer = None
        self._do(self.sweep())

    def _do(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self._work.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: "asyncio.Task[Any]") -> None:
        self._work.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.error("files that nobody needs were not deleted", exc_info=error)

    def _entries(self, session_id: str) -> Iterator["os.DirEntry[str]"]:
        folder = self.folder(session_id)
        if folder is not None and folder.is_dir():
            with os.scandir(folder) as entries:
                yield from entries


def _folder_name(session_id: str) -> str:
    name = quote(session_id, safe="")
    # No id makes it ".." with that in front.
    return f"s-{name}" if len(name) <= _LONGEST else f"h-{hashlib.sha256(session_id.encode()).hexdigest()}"


def _last_used(place: Path) -> dict[Path, float]:
    """The folders, and when each was last in use: seconds since the epoch."""
    if not place.is_dir():
        return {}
    return {folder: max(_times(folder), default=0.0) for folder in place.iterdir() if folder.is_dir()}


def _times(folder: Path) -> Iterator[float]:
    with suppress(FileNotFoundError):
        for path in (folder, *folder.iterdir()):
            yield path.stat().st_mtime


def _touch(folder: Path) -> None:
    if folder.is_dir():
        os.utime(folder)


def _remove(folder: Path) -> None:
    if folder.exists():
        shutil.rmtree(folder, onerror=_complain)


def _complain(_: object, path: str, error: Any) -> None:
    # Somebody else may delete the same.
    if not issubclass(error[0], FileNotFoundError):
        logger.error("%s cannot be deleted: %s", path, error[1])
