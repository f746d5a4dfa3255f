"""Gives memory that is not needed any more back to the system."""

import ctypes
import gc
from collections.abc import Callable
from typing import Final


def _find_trim() -> Callable[[int], object] | None:
    """The C library's way to give back what is free between what is not, where it has one: glibc."""
    try:
        trim: Callable[[int], object] = ctypes.CDLL(None).malloc_trim
    except (OSError, AttributeError, TypeError):
        return None
    return trim


_trim: Final = _find_trim()


def give_back() -> None:
    """Collects all garbage, and lets the system have what is free. It stops the process for a moment."""
    gc.collect()
    if _trim is not None:
        _trim(0)
