"""Bytes that nobody would send, and what must hold whatever they are: `make fuzz`. See CONTRIBUTING.md."""
