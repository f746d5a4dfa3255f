"""The secret that a server makes for itself where nobody gave it one, kept beside the sessions that it signs."""

import os
import stat
from pathlib import Path
from secrets import token_hex, token_urlsafe
from typing import Final

from jibe_like.errors import StoreError
from jibe_like.settings import SHORTEST_SECRET

_BYTES: Final = 32


def secret_path(database: Path) -> Path:
    """Where the secret of a SQLite store is kept: `jibe.db.secret` beside `jibe.db`."""
    return database.with_name(database.name + ".secret")


def load_secret(path: Path) -> str:
    """The secret in the file; a new one is written to it where there is none.

    Who reads it can forge sessions, and so run code in the server (see `session.snapshot`). The file must therefore be
    this user's own and readable by nobody else. Processes that start at once end up with the same secret.

    Raises StoreError where the file is readable by others or somebody else's, holds no secret, or cannot be made.
    """
    try:
        if not path.exists():
            _create(path)
        with path.open("rb") as file:
            _check_owner(path, os.fstat(file.fileno()))
            content = file.read(4096)
    except OSError as error:
        raise StoreError(f"{path}: {error.strerror or error}; or set JIBE_LIKE_SECRET") from error
    secret = content.strip()
    if len(secret) < SHORTEST_SECRET or not secret.isascii():
        raise StoreError(f"{path} holds no secret; delete it, and a new one is made (sessions stored before are lost)")
    return secret.decode("ascii")


def _create(path: Path) -> None:
    """Puts a complete file in place, or leaves the one that another process has put there meanwhile."""
    draft = path.with_name(f".{path.name}.{token_hex(8)}")
    descriptor = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(token_urlsafe(_BYTES) + "\n")
            file.flush()
            os.fsync(file.fileno())
        # A link never replaces what is there, and nobody ever sees half a secret.
        path.hardlink_to(draft)
    except FileExistsError:
        pass
    finally:
        draft.unlink()


def _check_owner(path: Path, status: os.stat_result) -> None:
    if not hasattr(os, "geteuid"):
        return  # Windows: the mode says nothing about who may read
    if not stat.S_ISREG(status.st_mode):
        raise StoreError(f"{path} is no file")
    if status.st_uid != os.geteuid():
        raise StoreError(f"{path} belongs to another user (uid {status.st_uid}): its owner knows the secret")
    if status.st_mode & 0o077:
        mode = stat.S_IMODE(status.st_mode)
        raise StoreError(f"{path} is open to others (mode {mode:04o}); run: chmod 600 {path}")
