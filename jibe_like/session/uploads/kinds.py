"""What a file is: by its first bytes, whatever its name and whoever sends it say."""

import re
from collections.abc import Sequence
from mimetypes import MimeTypes
from typing import Final

HEAD: Final = 4096
"""Bytes that are looked at."""
UNKNOWN: Final = "application/octet-stream"
HTML: Final = "text/html"
PLAIN: Final = "text/plain"

_NAMES: Final = MimeTypes()
"""Python's own table: that of the machine would have an application take other files elsewhere."""
for _type, _suffixes in {
    "application/gzip": ".gz",
    "application/json": ".geojson .ipynb .jsonl",
    "application/toml": ".toml",
    "application/vnd.oasis.opendocument.presentation": ".odp",
    "application/vnd.oasis.opendocument.spreadsheet": ".ods",
    "application/vnd.oasis.opendocument.text": ".odt",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": ".pptx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
    "application/vnd.rar": ".rar",
    "application/vnd.sqlite3": ".sqlite .sqlite3",
    "application/x-7z-compressed": ".7z",
    "application/x-bzip2": ".bz2",
    "application/x-xz": ".xz",
    "application/yaml": ".yaml .yml",
    "application/zstd": ".zst",
    "audio/aac": ".aac",
    "audio/flac": ".flac",
    "audio/midi": ".mid .midi",
    "audio/mp4": ".m4a",
    "audio/ogg": ".oga .ogg .opus",
    "audio/wav": ".wav",
    "font/otf": ".otf",
    "font/ttf": ".ttf",
    "font/woff": ".woff",
    "font/woff2": ".woff2",
    "image/avif": ".avif",
    "image/bmp": ".bmp",
    "image/heic": ".heic",
    "image/heif": ".heif",
    "image/jpeg": ".jfif",
    "image/jxl": ".jxl",
    "image/webp": ".webp",
    "image/x-icon": ".ico",
    "text/markdown": ".markdown .md",
    "text/plain": ".log .ini .cfg .conf .rst",
    "text/x-python": ".py",
    "video/ogg": ".ogv",
    "video/x-matroska": ".mkv",
    "video/x-msvideo": ".avi",
}.items():
    for _suffix in _suffixes.split():
        _NAMES.add_type(_type, _suffix)

_OFFICE: Final = (
    "application/zip application/vnd.openxmlformats-officedocument.wordprocessingml.document "
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet "
    "application/vnd.openxmlformats-officedocument.presentationml.presentation "
    "application/vnd.oasis.opendocument.text application/vnd.oasis.opendocument.spreadsheet "
    "application/vnd.oasis.opendocument.presentation application/epub+zip application/java-archive "
    "application/vnd.android.package-archive application/x-zip-compressed"
)
_OLE: Final = "application/x-ole-storage application/msword application/vnd.ms-excel application/vnd.ms-powerpoint"
_MP4: Final = "video/mp4 audio/mp4 video/quicktime video/3gpp audio/3gpp video/3gpp2 audio/3gpp2"
_HEIF: Final = "image/heif image/heic image/avif"

_SIGNATURES: Final = [
    (re.compile(pattern, re.DOTALL), types.split())
    for pattern, types in (
        (rb"\x89PNG\r\n\x1a\n", "image/png image/apng image/vnd.mozilla.apng"),
        (rb"\xff\xd8\xff", "image/jpeg"),
        (rb"GIF8[79]a", "image/gif"),
        (rb"RIFF....WEBP", "image/webp"),
        (rb"RIFF....WAVE", "audio/wav audio/x-wav"),
        (rb"RIFF....AVI ", "video/x-msvideo"),
        (rb"BM....\0\0\0\0", "image/bmp image/x-ms-bmp"),
        (rb"II\*\0|MM\0\*|II\+\0|MM\0\+", "image/tiff"),
        (rb"\0\0\x01\0[^\0]\0", "image/x-icon image/vnd.microsoft.icon"),
        (rb"8BPS\0", "image/vnd.adobe.photoshop"),
        (rb"\xff\x0a|\0\0\0\x0cJXL ", "image/jxl"),
        (rb"....ftyp(?:avif|avis)", "image/avif"),
        (rb"....ftyp(?:hei[cxms]|hev[cxms])", "image/heic image/heif"),
        (rb"....ftyp(?:mif1|msf1|mif2)", _HEIF),
        (rb"....ftypM4[ABP] ", "audio/mp4 video/mp4"),
        (rb"....ftypqt  ", "video/quicktime"),
        (rb"....ftyp", _MP4),
        (rb"....(?:moov|mdat|wide|free)", "video/quicktime"),
        (rb"\x1aE\xdf\xa3", "video/webm audio/webm video/x-matroska audio/x-matroska"),
        (rb"\0\0\x01[\xb3\xba]", "video/mpeg"),
        (rb"ID3[\x02-\x04]|\xff[\xe2\xe3\xf2\xf3\xfa\xfb][^\xff]", "audio/mpeg"),
        (rb"\xff[\xf0\xf1\xf8\xf9]", "audio/aac audio/x-aac"),
        (rb"OggS\0", "audio/ogg video/ogg application/ogg audio/opus"),
        (rb"fLaC", "audio/flac audio/x-flac"),
        (rb"MThd\0\0\0\x06", "audio/midi audio/x-midi"),
        (rb"FORM....AIF[FC]", "audio/x-aiff audio/aiff"),
        (rb"%PDF-", "application/pdf"),
        (rb"%!PS", "application/postscript"),
        (rb"{\\rtf", "application/rtf text/rtf"),
        (rb"PK(?:\x03\x04|\x05\x06|\x07\x08)", _OFFICE),
        (rb"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", _OLE),
        (rb"\x1f\x8b\x08", "application/gzip application/x-gzip"),
        (rb"BZh[1-9]1AY&SY|BZh[1-9]\x17rE8P\x90", "application/x-bzip2"),
        (rb"\xfd7zXZ\0", "application/x-xz"),
        (rb"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
        (rb"Rar!\x1a\x07", "application/vnd.rar"),
        (rb"\x28\xb5\x2f\xfd", "application/zstd"),
        (rb".{257}ustar", "application/x-tar"),
        (rb"wOFF", "font/woff"),
        (rb"wOF2", "font/woff2"),
        (rb"\0\x01\0\0\0|true\0", "font/ttf"),
        (rb"OTTO\0", "font/otf"),
        (rb"SQLite format 3\0", "application/vnd.sqlite3"),
        (rb"\0asm", "application/wasm"),
        (rb"MZ(?=.*[\0-\x08])", "application/vnd.microsoft.portable-executable application/x-msdownload"),
        (rb"\x7fELF", "application/x-executable application/x-sharedlib"),
        (rb"\xca\xfe\xba\xbe|\xfe\xed\xfa[\xce\xcf]|[\xce\xcf]\xfa\xed\xfe", "application/x-mach-binary"),
    )
]
"""Beginnings, each with what it may be: of several, a name that is one of them decides, else the first counts."""
_SIGNED: Final = {name for _, types in _SIGNATURES for name in types}

_TEXTS: Final = {
    "application/javascript",
    "application/json",
    "application/sql",
    "application/toml",
    "application/x-sh",
    "application/xml",
    "application/yaml",
}
_MARKUP: Final = {HTML, "text/markdown", "text/xml", "application/xml", "application/xhtml+xml", "image/svg+xml"}
"""Texts that may begin as HTML does."""
_BINARY: Final = re.compile(rb"[\0-\x07\x0e-\x1a\x1c-\x1f\x7f]")
_WIDE: Final = (b"\xff\xfe", b"\xfe\xff")
"""UTF-16 and UTF-32."""
_BEGINS_AS_HTML: Final = re.compile(
    r"\s*(?:<!doctype html|<!--|<(?:html|head|script|iframe|h1|div|font|table|a|style|title|b|body|br|p|img|svg)\b)",
    re.IGNORECASE,
)
"""What browsers take for HTML where nobody says what it is."""


def type_of_name(name: str) -> str:
    """The MIME type that a name's suffix stands for; empty where it has none, or one that is not known."""
    suffix = suffix_of(name)
    return _NAMES.types_map[True].get(suffix, "") or _NAMES.types_map[False].get(suffix, "")


def suffix_of(name: str) -> str:
    """`.png`, in lower case; empty where the name has none."""
    stem, dot, suffix = name.rpartition(".")
    return f".{suffix.lower()}" if dot and stem and suffix else ""


def type_of(head: bytes, name: str) -> str:
    """The MIME type of a file that begins so. Its name only chooses among those that the content may be."""
    named = type_of_name(name)
    for pattern, types in _SIGNATURES:
        if pattern.match(head):
            return named if named in types else types[0]
    if not _is_text(head):
        return UNKNOWN
    text = _decode(head)
    if named == "image/svg+xml":
        return named if re.search(r"<(?:\w+:)?svg\b", text) else "text/xml"
    if _BEGINS_AS_HTML.match(text) and named not in _MARKUP:
        return HTML
    return named if _is_of_text(named) else PLAIN


def accepts_name(accept: Sequence[str], name: str) -> bool:
    """Whether a file of this name may be one of those that are accepted, as far as can be told by it."""
    return not accept or any(_name_fits(entry.strip().lower(), name) for entry in accept)


def accepts(accept: Sequence[str], name: str, found: str) -> bool:
    """Whether a file of this name, and of the type that was found, is one of those that are accepted.

    :param accept: MIME types (`image/*`, `image/png`) and suffixes (`.csv`); empty: anything.
    """
    if not accept:
        return True
    named = type_of_name(name)
    # Of other types nobody knows how they begin: at least they must not be what begins otherwise.
    is_known = named in _SIGNED or _is_of_text(named)
    fits = found == named if is_known else not named or found in (UNKNOWN, PLAIN)
    if suffix_of(name):
        return fits and accepts_name(accept, name)
    return any(_matches(entry.strip().lower(), found) for entry in accept)


def _name_fits(entry: str, name: str) -> bool:
    if entry.startswith("."):
        return name.lower().endswith(entry) and len(name) > len(entry)
    return not suffix_of(name) or _matches(entry, type_of_name(name))


def _matches(entry: str, name: str) -> bool:
    """Whether a MIME type is that of the entry."""
    if entry in ("*", "*/*"):
        return True
    return name == entry or (entry.endswith("/*") and name.startswith(entry[:-1]))


def _is_of_text(name: str) -> bool:
    return (name.startswith("text/") or name in _TEXTS or name.endswith(("+xml", "+json"))) and name not in _SIGNED


def _is_text(head: bytes) -> bool:
    return head.startswith(_WIDE) or _BINARY.search(head) is None


def _decode(head: bytes) -> str:
    encoding = "utf-16" if head.startswith(_WIDE) else "utf-8-sig"
    return head.decode(encoding, "replace")
