"""Widgets as plain objects: no I/O, no event loop."""
