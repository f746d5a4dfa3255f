"""Writes down what pages and server say to each other, to find out what went wrong."""

import logging
import os
import re
import time
from io import TextIOWrapper
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Final

from jibe_like.errors import SettingsError
from jibe_like.session.connection import Transport

from .relay import Relay

MOST_BYTES: Final = 10 * 1024 * 1024
"""Size at which the file is put aside as `<file>.1`, in place of the last one."""
_LONGEST: Final = 10_000
"""Characters of a frame that are written."""
_TOKEN: Final = re.compile(r'("token":)"[^"]*"')


class _PrivateFile(RotatingFileHandler):
    """Nobody else may read it."""

    def _open(self) -> TextIOWrapper:
        file = open(  # noqa: SIM115
            self.baseFilename, self.mode, encoding=self.encoding, opener=lambda path, flags: os.open(path, flags, 0o600)
        )
        assert isinstance(file, TextIOWrapper)
        return file


class NetworkLog:
    """A file with a line for each frame: time, direction (`<` from the page, `>` to it), the connection, the frame.

    Tokens are left out. What visitors type is not: nobody else can read the file.

    Raises SettingsError where the file cannot be written.
    """

    def __init__(self, path: str | Path, most_bytes: int = MOST_BYTES) -> None:
        try:
            self._handler = _PrivateFile(path, maxBytes=most_bytes, backupCount=1, encoding="utf-8")
        except OSError as error:
            raise SettingsError(f"log_network: {path} cannot be written: {error.strerror}") from None

    def write(self, direction: str, connection_id: str, frame: str | bytes) -> None:
        """Adds a line."""
        text = frame.decode("utf-8", "replace") if isinstance(frame, bytes) else frame
        told = _TOKEN.sub(r'\1"…"', text[:_LONGEST]).replace("\n", " ")
        rest = f" … {len(text)} characters" if len(text) > _LONGEST else ""
        line = f"{time.time():.3f} {direction} {connection_id} {told}{rest}"
        self._handler.handle(logging.LogRecord("network", logging.INFO, "", 0, line, None, None))

    def close(self) -> None:
        """Closes the file."""
        self._handler.close()


class Tap(Relay):
    """A transport whose frames are written down as well."""

    def __init__(self, transport: Transport, log: NetworkLog) -> None:
        super().__init__(transport)
        self._log = log
        self.connection_id = "-"

    def heard(self, message: str | bytes) -> None:
        """The page has said this."""
        self._log.write("<", self.connection_id, message)

    def send(self, frame: bytes) -> None:
        self._log.write(">", self.connection_id, frame)
        super().send(frame)

    def close(self, code: int, reason: str) -> None:
        self._log.write(">", self.connection_id, f"close {code} {reason}")
        super().close(code, reason)
