"""What a page's JavaScript asks of the server by name: `jibe.trigger` and `jibe.call` (docs/protocol.md)."""

import logging
from collections.abc import Callable
from inspect import isawaitable
from typing import Any, Final

from jibe_like.errors import ProtocolError, ServerError
from jibe_like.session.connection import Connection
from jibe_like.session.log import about
from jibe_like.session.page_events import page_event
from jibe_like.session.session import Session
from jibe_like.wire.messages import encode

logger = logging.getLogger("jibe_like")

_LONGEST_NAME: Final = 200


@page_event("trigger")
def on_trigger(session: Session, connection: Connection, data: dict[str, Any]) -> object:
    """The page calls a function that was given to `Server.trigger`."""
    call = Call(session, connection, data, "name")
    function = session.server.controller.trigger_fn(call.name) if session.server is not None else None
    if function is None:
        session.refuse("no such trigger", name=call.name)
        call.answer(None)
        return None
    return call.make(function)


@page_event("call")
def on_call(session: Session, connection: Connection, data: dict[str, Any]) -> object:
    """The page calls a procedure of the server's protocol."""
    call = Call(session, connection, data, "method")
    try:
        if session.server is None:
            raise ServerError(f"there is no procedure {call.name!r}")
        procedure = session.server.protocol.find(call.name)
    except ServerError as error:
        session.refuse(error, method=call.name)
        call.answer(None, str(error))
        return None
    return call.make(procedure)


class Call:
    """A call from a page. Raises ProtocolError for one that makes no sense."""

    def __init__(self, session: Session, connection: Connection, data: dict[str, Any], key: str) -> None:
        number, name = data.get("call"), data.get(key)
        args, kwargs = data.get("args", []), data.get("kwargs", {})
        if type(number) is not int or not 0 <= number < 2**53:
            raise ProtocolError("a call needs a number")
        if not isinstance(name, str) or not 0 < len(name) <= _LONGEST_NAME:
            raise ProtocolError("a call needs a name")
        if not isinstance(args, list) or not isinstance(kwargs, dict):
            raise ProtocolError("args must be a list and kwargs an object")
        self.number = number
        self.name = name
        self._args, self._kwargs = args, kwargs
        self._session, self._connection = session, connection

    def make(self, function: Callable[..., Any]) -> object:
        """Calls the function, plain or `async`, and answers."""
        try:
            result = function(*self._args, **self._kwargs)
        except Exception as error:
            self._fail(error)
            return None
        if isawaitable(result):
            return self._finish(result)
        self.answer(result)
        return None

    async def _finish(self, work: Any) -> None:
        try:
            result = await work
        except Exception as error:
            self._fail(error)
        else:
            self.answer(result)

    def answer(self, value: Any, error: str | None = None) -> None:
        """Tells the page what came of it, where it wants to know."""
        if not self.number:
            return
        try:
            encode(value)
        except Exception as problem:
            self._fail(problem)
            return
        self._session.page_call(["result", self.number, value, error], self._connection)

    def _fail(self, error: Exception) -> None:
        """What went wrong inside is for the log; the page hears of it in debug mode only."""
        logger.error(
            "session %s: the page's call of %r failed",
            self._session.id,
            self.name,
            exc_info=error,
            extra=about(self._session.id),
        )
        told = f"{type(error).__name__}: {error}" if self._session.settings.debug else f"{self.name} failed"
        self.answer(None, told)
