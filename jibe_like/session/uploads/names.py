"""File names that come from elsewhere, made harmless."""

import re
import unicodedata
from typing import Final

LONGEST: Final = 200
"""Characters; and bytes of UTF-8, of which most file systems take 255."""
_FALLBACK: Final = "file"
_LONGEST_SUFFIX: Final = 20
_FORBIDDEN: Final = re.compile(r'[<>:"|?*]')
_RESERVED: Final = re.compile(r"(?i)(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9¹²³])\s*(?:\.|$)")
"""What Windows takes for a device, whatever the suffix."""


def clean_name(name: str) -> str:
    """A name that fits any file system, and shows as what it is.

    It is the last part of a path, in NFC, without control, format and bidirectional characters, without what Windows
    forbids or reserves, and without dots and spaces at its ends.

        clean_name("../../etc/passwd") == "passwd"
        clean_name("report\\u202efdp.exe") == "reportfdp.exe"
        clean_name("con.txt") == "_con.txt"
    """
    name = "".join(filter(None, map(_shown, name.encode("utf-8", "replace").decode())))
    name = unicodedata.normalize("NFC", name).replace("\\", "/").rpartition("/")[2]
    name = _FORBIDDEN.sub("_", name).strip(" .")
    if _RESERVED.match(name):
        name = f"_{name}"
    return _shorten(name) or _FALLBACK


def _shown(char: str) -> str:
    """Nothing for what is not seen, a plain space for any other."""
    kind = unicodedata.category(char)[0]
    return "" if kind == "C" else " " if kind == "Z" else char


def _shorten(name: str) -> str:
    """Keeps the suffix, by which the name's kind is known."""
    stem, dot, suffix = name.rpartition(".")
    if not stem or len(suffix) > _LONGEST_SUFFIX:
        stem, dot, suffix = name, "", ""
    most = LONGEST - len((dot + suffix).encode())
    if len(stem.encode()) <= most:
        return name
    return stem.encode()[:most].decode("utf-8", "ignore").rstrip(" .") + dot + suffix
