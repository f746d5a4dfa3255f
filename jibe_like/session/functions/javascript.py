"""JavaScript of the application's own, run in its pages, and what it gives."""

import asyncio
import logging
import re
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from functools import partial
from itertools import count
from secrets import randbits
from typing import TYPE_CHECKING, Any, Final

import msgspec

from jibe_like.errors import ProtocolError, SessionEndedError
from jibe_like.wire.messages import encode

from ..connection import Connection
from ..current import current_connection
from ..log import about
from ..page_events import one_line, page_event
from ..work.on_loop import call_on_loop, do_on_loop, must_not_block, wait_for
from .ending import at_end, interactive_session, not_at_end
from .pages import newest_page

if TYPE_CHECKING:
    from ..session import Session

logger = logging.getLogger("jibe_like.session")

NO_ANSWER: Final = 0
"""In place of a call's number: nobody waits for what it gives."""

_RESERVED: Final = re.compile(
    "await|break|case|catch|class|const|continue|debugger|default|delete|do|else|enum|export|extends|false|finally|for|"
    "function|if|implements|import|in|instanceof|interface|let|new|null|package|private|protected|public|return|static|"
    "super|switch|this|throw|true|try|typeof|var|void|while|with|yield"
)

# Numbers of a server that was restarted are not used again: an answer to its last question may still be on its way.
_numbers: Final = count(randbits(44) + 1)
_calls: dict[int, "_Call"] = {}


class _Call:
    """A question to a page, until it is answered."""

    def __init__(self, session: "Session", code: str) -> None:
        self.number = next(_numbers)
        self.session = session
        self.code = code
        self.asked: str | None = None
        """The connection that may answer; None for any: none was open."""
        self.answer: Future[Any] = Future()

    def begin(self, args: msgspec.Raw, page: Connection | None) -> None:
        """Asks the page, or one that is there. On the session's event loop's thread."""
        if self.session.ending:
            self.end()
            return
        page = page or newest_page(self.session)
        self.asked = page.id if page is not None else None
        _calls[self.number] = self
        at_end(self.session, self.end)
        self.session.page_call(["js", self.number, self.code, args], page)

    def settle(self, value: Any) -> None:
        """It is answered. On the session's event loop's thread."""
        self.forget()
        if self.answer.set_running_or_notify_cancel():
            self.answer.set_result(value)

    def end(self) -> None:
        """It will not be answered any more."""
        self.forget()
        if self.answer.set_running_or_notify_cancel():
            self.answer.set_exception(SessionEndedError(f"eval_js: {self.session!r} has ended"))

    def forget(self) -> None:
        """An answer is of no use any more. On the session's event loop's thread."""
        if _calls.pop(self.number, None) is not None:
            not_at_end(self.session, self.end)


def run_js(code_: str, **args: Any) -> None:
    """Runs JavaScript in the page that acts, or in all pages of the session where none does, as in `main()`.

        run_js("document.body.style.zoom = factor", factor=1.5)

    It runs in the global scope: what `var` and `function` declare is there afterwards, what `let` and `const` declare
    is not. Does not wait. What the code throws is told in the browser's console and in the log.

    :param args: variables of the code, of what JSON can say. Raises ValueError for a name that JavaScript does not
        take, TypeError for a value that JSON cannot say.
    """
    session = interactive_session("run_js")
    session.page_call(["js", NO_ANSWER, code_, _variables("run_js", args)], current_connection())


def eval_js(expression_: str, timeout_: float = 10.0, **args: Any) -> Any:
    """The value of a JavaScript expression in the page that acts: `await eval_js(…)`, or `eval_js(…)` in a thread.

        width = await eval_js("window.innerWidth")

    A promise is waited for. The value is what JSON can say of it; it is None where it cannot, where the expression
    throws, and where the promise is rejected: what the browser says of that is in the log. Where no page acts, as in
    `main()`, the newest one that is open is asked or, where none is, the first to come.

    :param timeout_: seconds to wait, which a page may use to find its connection again. Raises TimeoutError after that.
    :param args: variables of the expression, as in `run_js`.

    Raises SessionEndedError where the session ends meanwhile.
    """
    session = interactive_session("eval_js")
    call = _Call(session, expression_.rstrip().removesuffix(";"))
    begin = partial(call.begin, _variables("eval_js", args), current_connection())
    return _wait(call, begin, timeout_) if must_not_block() else _block(call, begin, timeout_)


async def _wait(call: _Call, begin: Callable[[], None], seconds: float) -> Any:
    do_on_loop(call.session, begin)
    try:
        async with asyncio.timeout(seconds):
            return await asyncio.wrap_future(call.answer)
    except TimeoutError:
        raise _late(call, seconds) from None
    finally:
        call_on_loop(call.session, call.forget)


# What Python says of a call that was forgotten to be awaited.
_wait.__name__ = _wait.__qualname__ = "eval_js"


def _block(call: _Call, begin: Callable[[], None], seconds: float) -> Any:
    do_on_loop(call.session, begin)
    try:
        return wait_for(call.session, call.answer, seconds)
    except TimeoutError:
        raise _late(call, seconds) from None
    finally:
        call_on_loop(call.session, call.forget)


def _late(call: _Call, seconds: float) -> TimeoutError:
    return TimeoutError(f"eval_js: no page has answered {call.code!r:.80} within {seconds:g} s")


def _variables(what: str, args: Mapping[str, Any]) -> msgspec.Raw:
    """The arguments as they are now."""
    for name in args:
        if not name.isidentifier() or _RESERVED.fullmatch(name):
            raise ValueError(f"{what}: {name!r} is no name of a variable in JavaScript")
    try:
        return msgspec.Raw(encode(args))
    except (TypeError, OverflowError, RecursionError) as error:
        raise TypeError(f"{what}: its arguments must be what JSON can say: {error}") from None


@page_event("answer")
def take_answer(session: "Session", connection: Connection, data: dict[str, Any]) -> None:
    """What a page says of what it was asked to run: its `value` as JSON, or the `error`."""
    number, value, error = data.get("call"), data.get("value"), data.get("error")
    if type(number) is not int or type(error if value is None else value) is not str:
        raise ProtocolError("an answer has a call, and a value or an error")
    call = _calls.get(number)
    if call is None and number != NO_ANSWER:
        return  # it comes late
    if call is not None and (call.session is not session or call.asked not in (None, connection.id)):
        raise ProtocolError("an answer to what another page was asked")
    if value is None:
        code = f" of {call.code!r:.80}" if call is not None else ""
        logger.warning(
            "session %s: JavaScript%s failed in the page: %s",
            session.id,
            code,
            one_line(error),
            extra=about(session.id),
        )
    if call is not None:
        call.settle(None if value is None else _decode(value))


def _decode(text: str) -> Any:
    try:
        return msgspec.json.decode(text)
    except (msgspec.MsgspecError, RecursionError, UnicodeError) as error:
        raise ProtocolError(f"an answer that is no JSON: {error}") from None
