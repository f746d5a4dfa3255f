"""Names of a child server's own, for what it shares with its parent."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

RESERVED: Final = frozenset(
    {"on_server_start", "on_server_ready", "on_client_connected", "on_client_exited", "on_server_exited"}
)
"""Entries of the controller that the server itself calls."""


class Translator:
    """Translates the names of a child server to those of its root.

        Translator(prefix="left_")("color")  # "left_color"

    Names that begin with `trame__` or `trigger__`, and what the server itself calls in the controller
    (`on_server_ready`, …), stay as they are.

    :param prefix: put before every name that has no translation of its own.
    """

    def __init__(self, prefix: str | None = None) -> None:
        self._prefix = prefix or ""
        self._there: dict[str, str] = {}
        self._back: dict[str, str] = {}

    def set_prefix(self, prefix: str | None) -> None:
        """Another prefix."""
        self._prefix = prefix or ""

    def add_translation(self, key: str, translated_key: str) -> None:
        """This name is translated so, and gets no prefix."""
        self._there[key] = translated_key
        self._back[translated_key] = key

    def translate_key(self, key: str) -> str:
        """The root's name for the child's."""
        if _is_reserved(key):
            return key
        return self._there.get(key, f"{self._prefix}{key}")

    def reverse_translate_key(self, translated_key: str) -> str:
        """The child's name for the root's."""
        if _is_reserved(translated_key):
            return translated_key
        return self._back.get(translated_key, translated_key.removeprefix(self._prefix))

    def is_own(self, translated_key: str) -> bool:
        """Whether the child has a name for what the root calls so."""
        return self.translate_key(self.reverse_translate_key(translated_key)) == translated_key

    def translate_list(self, keys: Iterable[str]) -> list[str]:
        """The root's names."""
        return [self.translate_key(key) for key in keys]

    def translate_dict(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """The values by the root's names."""
        return {self.translate_key(key): value for key, value in values.items()}

    def reverse_translate_list(self, keys: Iterable[str]) -> list[str]:
        """The child's names."""
        return [self.reverse_translate_key(key) for key in keys]

    def reverse_translate_dict(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """The values by the child's names, without those for which it has none."""
        return {self.reverse_translate_key(key): value for key, value in values.items() if self.is_own(key)}

    def __call__(self, key: str) -> str:
        return self.translate_key(key)


def _is_reserved(key: str) -> bool:
    return key.startswith(("trame__", "trigger__")) or key in RESERVED
