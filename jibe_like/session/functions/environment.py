"""How the current session's pages behave around the application: what `set_env` sets."""

import json
import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final, TypedDict, Unpack

from ..work.on_loop import do_on_loop
from .ending import interactive_session

if TYPE_CHECKING:
    from jibe_like.tree.widget import Widget

ATTRIBUTE: Final = "data-jibe-env"
"""Of the application's element. So it is part of the tree, and comes to every page and into every snapshot with it."""

_WIDTH: Final = re.compile(r"(?:\d+(?:\.\d*)?|\.\d+)(?:px|%|[a-z]{2,4})")


class Environment(TypedDict, total=False):
    """What `set_env` takes."""

    title: str | None
    output_animation: bool | None
    auto_scroll_bottom: bool | None
    http_pull_interval: int | None
    output_max_width: str | None
    input_panel_fixed: bool | None
    input_panel_min_height: int | None
    input_panel_init_height: int | None
    input_auto_focus: bool | None


def set_env(**env_info: Unpack[Environment]) -> None:
    """Sets how the session's pages behave. What was set before stays; None takes it back.

    :param title: the page's title.
    :param output_animation: whether what is new in the page fades in, unless the visitor wants less motion. Default:
        False.
    :param auto_scroll_bottom: whether the page scrolls to its end when something is appended to the application
        itself. Default: False.
    :param http_pull_interval: milliseconds between two answers to a page that polls since it has no websocket; what
        happens meanwhile comes together. From 0 to 10000. Default: 0, each change at once.
    :param output_max_width: the application's width at most: `"880px"`, `"80%"`.
    :param input_panel_fixed: whether the application's last `Form` stays at the lower edge of the window. Default:
        False.
    :param input_panel_min_height: its height at least, in pixels, 75 or more.
    :param input_panel_init_height: its height, in pixels, 175 or more. Default: that of its content.
    :param input_auto_focus: whether the first field of what is new in the page gets the focus, unless the visitor is
        at another one. Default: False.

    Raises TypeError for another name, and for a value of the wrong type; ValueError for one out of its range.
    """
    session = interactive_session("set_env")
    given: dict[str, Any] = dict(env_info)
    for name, value in given.items():
        if name not in _CHECKS:
            raise TypeError(f"set_env: there is no {name!r}; there are {', '.join(_CHECKS)}")
        if value is not None:
            _CHECKS[name](name, value)

    def change() -> None:
        root = session.document.tree.root
        known = {**environment_of(root), **given}
        known = {name: value for name, value in known.items() if value is not None}
        root.attributes[ATTRIBUTE] = json.dumps(known) if known else None
        if "output_max_width" in given:
            root.style["max-inline-size"] = given["output_max_width"]
        session.page_call(["env"])

    do_on_loop(session, change)


def environment_of(root: "Widget") -> Mapping[str, Any]:
    """What is set for an application."""
    text = root._facets.get("attributes", {}).get(ATTRIBUTE) if root._facets is not None else None
    found: dict[str, Any] = json.loads(text) if text else {}
    return found


def _of_type(kind: type) -> Callable[[str, Any], None]:
    def check(name: str, value: Any) -> None:
        if type(value) is not kind:
            raise TypeError(f"set_env: {name} must be {kind.__name__}, not {type(value).__name__}")

    return check


def _between(least: int, most: int) -> Callable[[str, Any], None]:
    def check(name: str, value: Any) -> None:
        _of_type(int)(name, value)
        if not least <= value <= most:
            raise ValueError(f"set_env: {name} must be from {least} to {most}, not {value}")

    return check


def _is_width(name: str, value: Any) -> None:
    _of_type(str)(name, value)
    if not _WIDTH.fullmatch(value):
        raise ValueError(f"set_env: {name} must be a length as '880px' or '80%', not {value!r:.40}")


_CHECKS: Final[dict[str, Callable[[str, Any], None]]] = {
    "title": _of_type(str),
    "output_animation": _of_type(bool),
    "auto_scroll_bottom": _of_type(bool),
    "http_pull_interval": _between(0, 10_000),
    "output_max_width": _is_width,
    "input_panel_fixed": _of_type(bool),
    "input_panel_min_height": _between(75, 10_000),
    "input_panel_init_height": _between(175, 10_000),
    "input_auto_focus": _of_type(bool),
}
