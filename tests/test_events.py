"""Events: the options a browser is told, and how many arguments a handler takes."""

import functools
from collections.abc import Callable
from typing import Any

import pytest

from jibe_like.tree.events import DOM_EVENTS, arity, event_handler, listen_options


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({}, ""),
        ({"debounce": 0.3}, ",debounce=300"),
        ({"throttle": 0.0505}, ",throttle=50"),
        ({"keys": "Enter"}, ",keys=Enter"),
        ({"keys": ["Enter", "Escape", " ", "a"]}, ",keys=Enter|Escape|Space|a"),
        ({"prevent": True, "stop": True}, ",prevent,stop"),
        ({"debounce": 1, "throttle": 2, "keys": ["a"], "prevent": True}, ",debounce=1000,throttle=2000,keys=a,prevent"),
    ],
)
def test_options(options: dict[str, Any], text: str) -> None:
    assert listen_options(**options) == text


@pytest.mark.parametrize(
    "options",
    [{"debounce": -1}, {"throttle": -0.1}, {"keys": [""]}, {"keys": ["a,b"]}, {"keys": ["a|b"]}, {"keys": ["a b"]},
     {"keys": ['"']}],
)  # fmt: skip
def test_options_that_a_browser_could_not_read(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="seconds|keys"):
        listen_options(**options)


@pytest.mark.parametrize(("name", "value"), [("debounce", "1"), ("throttle", None)])
def test_times_that_are_no_numbers(name: str, value: object) -> None:
    options: dict[str, Any] = {name: value}
    with pytest.raises(TypeError, match=f"^{name} is a number of seconds, not {value!r}$"):
        listen_options(**options)


class Thing:
    def none(self) -> None: ...
    def one(self, source: object) -> None: ...
    def two(self, source: object, message: object) -> None: ...
    def three(self, source: object, message: object, more: object) -> None: ...
    def default(self, source: object, row: int = 3) -> None: ...
    def __call__(self, source: object) -> None: ...


def keyword(source: object, *, row: int = 3) -> None: ...
def needs_keyword(source: object, *, row: int) -> None: ...
def everything(*args: object) -> None: ...
async def waits(source: object, message: object) -> None: ...


HANDLERS: dict[str, tuple[Callable[..., Any], int]] = {
    "method of none": (Thing().none, 0),
    "method of one": (Thing().one, 1),
    "method of two": (Thing().two, 2),
    "method with a default": (Thing().default, 1),
    "object": (Thing(), 1),
    "lambda of none": (lambda: None, 0),
    "lambda with a default": (lambda row=3: None, 0),
    "function with a keyword": (keyword, 1),
    "function that takes all": (everything, 2),
    "async function": (waits, 2),
    "part of a function": (functools.partial(waits, 1), 1),
    "class": (list, 2),
    "built-in method": ([].append, 1),
    "built-in that does not tell": (dict, 2),
}


@pytest.mark.parametrize("name", HANDLERS)
def test_a_handler_is_given_what_it_asks_for(name: str) -> None:
    handler, takes = HANDLERS[name]
    if name == "class":
        assert arity(handler, 2) in (0, 2), "what a built-in tells differs between versions of Python"
    else:
        assert arity(handler, 2) == takes


@pytest.mark.parametrize("handler", [Thing().three, needs_keyword, 3, None, "text"])
def test_what_cannot_be_a_handler(handler: Any) -> None:
    with pytest.raises(TypeError, match="handler"):
        arity(handler, 2)


def test_event_handler_takes_names() -> None:
    @event_handler("click", "own")
    def method(self: object) -> None: ...

    assert method.event_register == ("click", "own")  # type: ignore[attr-defined]
    for bad in ((), (method,), ("",)):
        with pytest.raises(TypeError, match=r"@event_handler\('click'\)"):
            event_handler(*bad)


def test_names_of_browsers_events_are_in_lower_case() -> None:
    assert {"click", "change", "input", "keydown", "submit", "toggle"} <= DOM_EVENTS
    assert all(name.isalpha() and name.islower() for name in DOM_EVENTS)


def test_a_handler_that_was_called() -> None:
    async def wait() -> None: ...

    coroutine = wait()
    for result, name in ((None, "NoneType"), (coroutine, "coroutine")):
        wrong: Any = result
        with pytest.raises(TypeError, match=f"not {name}: give the function itself, without calling it$"):
            arity(wrong, 2)
    coroutine.close()
    with pytest.raises(TypeError, match="must be callable, not int$"):
        arity(3, 2)  # type: ignore[arg-type]
