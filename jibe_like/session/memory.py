"""Gives memory that is not needed any more back to the system."""

import ctypes
import gc
import sys
from collections.abc import Callable
from typing import Any, Final


def _find_trim() -> Callable[[int], object] | None:
    """The C library's way to give back what is free between what is not, where it has one: glibc."""
    try:
        trim: Callable[[int], object] = ctypes.CDLL(None).malloc_trim
    except (OSError, AttributeError, TypeError):
        return None
    return trim


_trim: Final = _find_trim()
# Python's cache of attributes keeps strings that were made to look one up; each holds the megabyte around it.
_clear_caches: Final[Any] = getattr(sys, "_clear_internal_caches", None) or getattr(sys, "_clear_type_cache", None)


def give_back() -> None:
    """Collects all garbage, and lets the system have what is free. It stops the process for a moment."""
    if _clear_caches is not None:
        _clear_caches()
    gc.collect()
    if _trim is not None:
        _trim(0)
