"""The values of a mirrored state: what JSON can say, and the types that it has a text or a list for.

A page has strings, numbers, booleans, null, lists and objects. Dates and times, decimals, UUIDs, bytes (base64), enums
and dataclasses travel as msgspec writes them, scalars and arrays of NumPy as what their `tolist()` gives. NaN and the
infinities, which JSON does not have, are null in the page.
"""

import sys
from datetime import date, datetime, time
from enum import Enum
from types import NoneType
from typing import Any, Final

import msgspec

from .messages import encode

PLAIN: Final = frozenset({str, int, float, bool, NoneType})
"""Types that need no second look."""
_TIMES: Final = frozenset({datetime, date, time})
_AS_THEY_COME: Final = PLAIN - {float} | {list, dict}


def to_wire(value: Any) -> Any:
    """The value as a page has it: a copy, of strings, numbers, booleans, None, lists and dicts.

    Raises TypeError for what a page cannot have.
    """
    return value if value.__class__ in PLAIN else msgspec.json.decode(_encoded(value))


def check_sayable(value: Any) -> None:
    """Raises TypeError for what a page cannot have."""
    _encoded(value)


def _encoded(value: Any) -> bytes:
    try:
        try:
            return _encoder.encode(value)
        except UnicodeEncodeError:
            # Text that UTF-8 cannot say has `?` in its place, as everywhere.
            return encode(msgspec.to_builtins(value, str_keys=True, enc_hook=_plainer))
    except RecursionError:
        raise TypeError("it is nested too deeply, or within itself") from None
    except (ValueError, OverflowError) as error:
        raise TypeError(str(error)) from None


def _plainer(value: Any) -> Any:
    """What msgspec can encode in place of what it cannot."""
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, (int, float)) and not isinstance(value, (bool, Enum)):
        return int(value) if isinstance(value, int) else float(value)
    if _is_numpy(value):
        return value.tolist()
    kind = type(value)
    name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
    raise TypeError(f"a page cannot have a value of type {name}")


_encoder: Final = msgspec.json.Encoder(enc_hook=_plainer)


def from_wire(raw: Any, present: Any) -> Any:
    """What a page says, as a value of the type of the present one.

    Where that is text, a number, a boolean, None, a list or a dict, the page's own value is taken as it is, but for an
    integer in the place of a float, since JSON does not tell them apart. Raises an error of some kind for a misfit.
    """
    kind = type(present)
    if kind in _AS_THEY_COME:
        return raw
    if kind is float:
        return float(raw) if type(raw) is int else raw
    if _is_numpy(present):
        converted = sys.modules["numpy"].asarray(raw, dtype=present.dtype)
        return converted if hasattr(present, "__len__") else converted[()]
    if kind in _TIMES and isinstance(raw, str):
        return kind.fromisoformat(raw)  # without seconds, too, as inputs of a page have it
    return msgspec.convert(raw, kind, strict=False, dec_hook=_construct)


def _construct(kind: type, raw: Any) -> Any:
    return kind(raw)


def _is_numpy(value: object) -> bool:
    return type(value).__module__.partition(".")[0] == "numpy" and hasattr(value, "tolist")


def is_same(old: Any, new: Any) -> bool:
    """Whether two of one type make no difference."""
    try:
        return bool(old == new)
    except Exception:
        # Arrays compare item by item, and there are worse.
        return False
