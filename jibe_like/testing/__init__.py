"""Helpers for the tests of your own applications."""

from .durable import assert_durable

__all__ = ["assert_durable"]
