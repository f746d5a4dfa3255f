"""What may stand in an attribute, a URL and a style. The one place that decides it."""

import re
from typing import Final

from jibe_like.errors import UnsafeValueError

NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,127}")
_ATTRIBUTE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.:-]{0,127}")
_STYLE_NAME: Final = re.compile(r"-{0,2}[A-Za-z][A-Za-z0-9-]{0,127}")
_CAMEL_CASE: Final = re.compile(r"[a-z]+[A-Z]")
_STYLE_FORBIDDEN: Final = re.compile(r"[;{}<>\\@\x00-\x1f]|/\*|\*/")
_SCHEME: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
# What browsers strip before they look for the scheme: "java\tscript:" is a script.
_IGNORED_IN_URL: Final = re.compile(r"[\x00-\x20\x7f-\xa0\u2000-\u200f\u2028-\u202f\ufeff]")
_IMAGE_DATA: Final = re.compile(r"data:image/(png|jpeg|gif|webp|avif|bmp|x-icon|svg\+xml);base64,[A-Za-z0-9+/=]*")

URL_SCHEMES: Final = frozenset({"http", "https", "mailto", "tel"})
URL_ATTRIBUTES: Final = frozenset(
    {
        "href",
        "src",
        "action",
        "formaction",
        "poster",
        "cite",
        "data",
        "background",
        "longdesc",
        "ping",
        "xlink:href",
    }
)
_REFUSED_ATTRIBUTES: Final = {
    "style": "use style= or css(...)",
    "srcdoc": "it would run as a page of its own",
    "id": "use identifier=",
    "data-on": "use register(...)",
    "nonce": "it would let markup run",
    "srcset": "use src",
}


def identifier(value: object) -> str:
    """The value if it can be an identifier: letters, digits, `_` and `-`, not starting with a digit; at most 128."""
    if isinstance(value, str) and NAME.fullmatch(value) is not None:
        return value
    raise UnsafeValueError(f"an identifier is letters, digits, '_' and '-', starting with a letter; not {value!r}")


def url(value: str) -> str:
    """The URL if it is relative or of a scheme in `URL_SCHEMES`."""
    if not isinstance(value, str):
        raise UnsafeValueError(f"a URL is a str, not {type(value).__name__}")
    if _has_other_scheme(value):
        raise UnsafeValueError(f"a URL is relative or one of {', '.join(sorted(URL_SCHEMES))}; not {value[:80]!r}")
    return value


def _has_other_scheme(value: str) -> bool:
    scheme = _SCHEME.match(_IGNORED_IN_URL.sub("", value))
    return scheme is not None and scheme[1].lower() not in URL_SCHEMES


def image_url(value: str) -> str:
    """As `url`, and base64 `data:` URLs of images: a browser runs no script of an SVG that it shows as an image."""
    if isinstance(value, str) and _IMAGE_DATA.fullmatch(value):
        return value
    return url(value)


def attribute(name: object, value: object) -> str | None:
    """The text of an attribute: None and False remove it, True is an attribute without value, numbers become text.

    Raises UnsafeValueError for names that could run code (`on…`, `srcdoc`), that the framework owns (`id`, `style`,
    `data-on`) and for URLs of other schemes.
    """
    if not isinstance(name, str) or not _ATTRIBUTE.fullmatch(name):
        raise UnsafeValueError(f"{name!r} is not an attribute name")
    lowered = name.lower()
    if lowered.startswith("on"):
        raise UnsafeValueError(f"attribute {name!r} would run code: use register({lowered[2:]!r}, handler)")
    if lowered in _REFUSED_ATTRIBUTES:
        raise UnsafeValueError(f"attribute {name!r} cannot be set: {_REFUSED_ATTRIBUTES[lowered]}")
    if value is None or value is False:
        return None
    if value is True:
        return ""
    if not isinstance(value, (str, int, float)):
        raise UnsafeValueError(f"attribute {name!r} takes str, number, bool or None, not {type(value).__name__}")
    text = str(value)
    if lowered in URL_ATTRIBUTES:
        return image_url(text) if lowered in ("src", "poster") else url(text)
    return text


def style(name: object, value: object) -> str | None:
    """The text of a style property; None and "" remove it.

    Raises UnsafeValueError for what could end the declaration or load code: `;{}<>\\@`, comments, control characters,
    unbalanced quotes or parentheses, and URLs of other schemes than those in `URL_SCHEMES`.
    """
    if not isinstance(name, str) or not _STYLE_NAME.fullmatch(name):
        spelt = name.replace("_", "-") if isinstance(name, str) else ""
        hint = f": CSS has it as {spelt!r}" if spelt != name and _STYLE_NAME.fullmatch(spelt) else ""
        raise UnsafeValueError(f"{name!r} is not a style property{hint}")
    if _CAMEL_CASE.match(name):
        spelt = re.sub("[A-Z]", lambda found: "-" + found[0].lower(), name)
        raise UnsafeValueError(f"{name!r} is not a style property: CSS has it as {spelt!r}")
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise UnsafeValueError(f"style {name!r} takes str or number, not {type(value).__name__}")
    text = str(value)
    arguments = _arguments(text)
    if _STYLE_FORBIDDEN.search(text) or arguments is None or any(map(_has_other_scheme, arguments)):
        raise UnsafeValueError(f"style {name!r} cannot be {text[:80]!r}")
    return text


def _arguments(text: str) -> list[str] | None:
    """What stands in parentheses, bare or in quotes; None where quotes or parentheses do not match."""
    depth, quote, found = 0, "", [""]
    for char in text:
        if char == quote:
            quote = ""
            found.append("")
        elif quote or char not in "\"'()":
            if depth:
                found[-1] += char
        elif char in "\"'":
            quote = char
            found.append("")
        else:
            depth += 1 if char == "(" else -1
            if depth < 0:
                return None
            found.append("")
    return None if depth or quote else found
