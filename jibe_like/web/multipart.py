"""A form with one file, as it comes."""

import logging
import re
from collections.abc import Mapping
from typing import Final

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser

MOST_AROUND: Final = 16 * 1024
"""Bytes of a form beside those of its file: boundaries and the part's headers."""
_KIND: Final = re.compile(r'(?i)\s*multipart/form-data\s*;\s*boundary=(?:"([^"]{1,70})"|([^\s";,]{1,70}))\s*')
"""As browsers say it; boundaries have 70 characters at the most (RFC 2046)."""
_FILE: Final = re.compile(r"(?i)\s*form-data\s*;(?:.*;)?\s*filename\*?=.*", re.DOTALL)
_PLAIN: Final = ("binary", "8bit", "7bit")
"""Encodings that are none."""
_SILENT: Final = logging.Logger("silent", logging.CRITICAL + 1)  # noqa: LOG001
"""For a parser that warns of whatever a visitor sends."""


class BadForm(Exception):
    """It is not `multipart/form-data` with one file as its only part. The text is the reason."""


class FileForm:
    """Takes a form in pieces of any size, and gives the content of its file in pieces. Holds none of it.

    :param content_type: the request's header.

    Raises BadForm where that is of another kind.
    """

    def __init__(self, content_type: str) -> None:
        kind = _KIND.fullmatch(content_type)
        if kind is None:
            raise BadForm("multipart/form-data is wanted")
        self.is_whole = False
        """Whether its end has come."""
        self._around = 0
        self._has_part = False
        self._name = self._value = b""
        self._headers: dict[str, str] = {}
        self._pieces: list[bytes] = []
        boundary = (kind[1] or kind[2]).encode("latin-1", "replace")
        self._opening = b"--" + boundary
        """What is still to come before all else."""
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._part_begins,
                "on_header_field": self._take_name,
                "on_header_value": self._take_value,
                "on_header_end": self._header_ends,
                "on_headers_finished": self._headers_end,
                "on_part_data": self._take_data,
                "on_end": self._end,
            },
        )
        self._parser.logger = _SILENT

    def feed(self, data: bytes) -> list[bytes]:
        """Takes the next bytes of the form. Gives what of them is the file's. Raises BadForm."""
        self._pieces = []
        # What stands before the first boundary, the parser takes differently in pieces; browsers send nothing there.
        beginning = data[: len(self._opening)]
        if not self._opening.startswith(beginning):
            raise BadForm("it does not begin with its boundary")
        self._opening = self._opening[len(beginning) :]
        try:
            taken = self._parser.write(data)
        except FormParserError as error:
            raise BadForm(str(error)) from None
        pieces, self._pieces = self._pieces, []
        self._around += len(data) - sum(map(len, pieces))
        if taken != len(data) or self._around > MOST_AROUND:
            raise BadForm("there is too much around the file")
        return pieces

    def _part_begins(self) -> None:
        if self._has_part:
            raise FormParserError("there is more than one part")
        self._has_part = True

    def _take_name(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]

    def _take_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _header_ends(self) -> None:
        self._headers[self._name.decode("latin-1").lower()] = self._value.decode("latin-1")
        self._name = self._value = b""

    def _headers_end(self) -> None:
        if not _is_file(self._headers):
            raise FormParserError("its part is no file")

    def _take_data(self, data: bytes, start: int, end: int) -> None:
        self._pieces.append(data[start:end])

    def _end(self) -> None:
        self.is_whole = True


def _is_file(headers: Mapping[str, str]) -> bool:
    encoding = headers.get("content-transfer-encoding", "binary").strip().lower()
    return _FILE.fullmatch(headers.get("content-disposition", "")) is not None and encoding in _PLAIN
