"""Events: their names, the options a browser is told, and the one place that calls a handler."""

import inspect
import math
from collections.abc import Callable, Iterable
from typing import Any, Final, TypeVar

Handler = Callable[..., Any]
Message = dict[str, Any]
F = TypeVar("F", bound=Callable[..., Any])

# fmt: off
DOM_EVENTS: Final = frozenset({
    "auxclick", "blur", "cancel", "change", "click", "close", "contextmenu", "copy", "cut", "dblclick", "drag",
    "dragend", "dragenter", "dragleave", "dragover", "dragstart", "drop", "ended", "error", "focus", "focusin",
    "focusout", "input", "invalid", "keydown", "keyup", "load", "mousedown", "mouseenter", "mouseleave",
    "mousemove", "mouseout", "mouseover", "mouseup", "paste", "pause", "play", "pointercancel", "pointerdown",
    "pointerenter", "pointerleave", "pointermove", "pointerout", "pointerover", "pointerup", "reset", "scroll",
    "scrollend", "select", "submit", "toggle", "touchcancel", "touchend", "touchmove", "touchstart",
    "transitionend", "animationend", "wheel",
})
# fmt: on
"""What a browser can be asked to report of any element."""


def event_handler(*events: str) -> Callable[[F], F]:
    """Marks a method of a widget class as the handler of events.

    The event becomes one that the class has: `register` accepts it. The method gets the message (or nothing, if it
    takes no parameter) and is all that is called: where others may subscribe, it calls `self.emit(event, message)`.

        class Search(Input):
            @event_handler("keydown")
            def on_key(self, message):
                ...
    """
    if not events or not all(isinstance(event, str) and event for event in events):
        raise TypeError("event_handler takes the names of the events: @event_handler('click')")

    def mark(function: F) -> F:
        function.event_register = events  # type: ignore[attr-defined]
        return function

    return mark


def listen_options(
    debounce: float = 0,
    throttle: float = 0,
    keys: Iterable[str] = (),
    prevent: bool = False,
    stop: bool = False,
) -> str:
    """What follows an event's name in `data-on`: see docs/protocol.md. Times in seconds."""
    for name, seconds in (("debounce", debounce), ("throttle", throttle)):
        check_seconds(f"{name} is", seconds)
    names = [keys] if isinstance(keys, str) else list(keys)
    if any(not name or any(char in name for char in '|,"') or (" " in name and name != " ") for name in names):
        raise ValueError(f"keys are names as KeyboardEvent.key has them, not {names!r}")
    parts = [
        f"debounce={round(debounce * 1000)}" if debounce else "",
        f"throttle={round(throttle * 1000)}" if throttle else "",
        "keys=" + "|".join("Space" if name == " " else name for name in names) if names else "",
        "prevent" if prevent else "",
        "stop" if stop else "",
    ]
    return "".join("," + part for part in parts if part)


def check_seconds(what_is: str, seconds: float) -> None:
    """Raises TypeError and ValueError, with these words, for what is no number of seconds."""
    try:
        fits = math.isfinite(seconds) and seconds >= 0
    except TypeError:
        raise TypeError(f"{what_is} a number of seconds, not {seconds!r:.60}") from None
    if not fits:
        raise ValueError(f"{what_is} a number of seconds, zero or more, not {seconds}")


def arity(handler: Handler, most: int) -> int:
    """How many of `most` positional arguments the handler asks for. A parameter with a default keeps its default, as in
    `lambda row=row: delete(row)`; `*args` asks for all. Raises TypeError for what cannot be called so.
    """
    if not callable(handler):
        was_called = handler is None or inspect.iscoroutine(handler)
        hint = ": give the function itself, without calling it" if was_called else ""
        raise TypeError(f"a handler must be callable, not {type(handler).__name__}{hint}")
    function = handler.__func__ if inspect.ismethod(handler) else handler
    code = getattr(function, "__code__", None)
    if code is not None and not code.co_flags & inspect.CO_VARARGS and not code.co_kwonlyargcount:
        needs = int(code.co_argcount) - len(function.__defaults__ or ()) - (function is not handler)
    else:
        needs = _needs(handler, most)
    if needs > most:
        raise TypeError(f"a handler is given at most {most} arguments, {handler!r} needs {needs}")
    return max(needs, 0)


def _needs(handler: Handler, most: int) -> int:
    try:
        parameters = inspect.signature(handler).parameters.values()
    except (TypeError, ValueError):  # a built-in that does not tell
        return most
    if any(p.kind is p.KEYWORD_ONLY and p.default is p.empty for p in parameters):
        raise TypeError(f"{handler!r} has a keyword-only parameter without default: it cannot be a handler")
    if any(p.kind is p.VAR_POSITIONAL for p in parameters):
        return most
    return sum(p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD) and p.default is p.empty for p in parameters)
