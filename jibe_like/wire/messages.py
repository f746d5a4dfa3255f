"""The shapes of messages, and how they are read and written."""

import json
from typing import Annotated, Any, Final

import msgspec

from jibe_like.errors import ProtocolError
from jibe_like.tree.binding import Operation
from jibe_like.tree.node import Element

SUBPROTOCOL: Final = "jibe-like.1"
MAX_DEPTH: Final = 16
"""Levels of lists and objects inside an event's `data` or `properties`."""

_Count = Annotated[int, msgspec.Meta(ge=0, le=2**53)]
_Name = Annotated[str, msgspec.Meta(min_length=1, max_length=256)]


class Event(msgspec.Struct, frozen=True, forbid_unknown_fields=False):
    """A message from a browser: an event of a widget or, without `id`, an acknowledgement or a ping alone."""

    n: _Count = 0
    ack: _Count = 0
    ping: _Count = 0
    id: _Name | None = None
    event: _Name | None = None
    data: dict[str, Any] | None = None
    properties: dict[str, Any] | None = None


_decoder = msgspec.json.Decoder(Event)
_encode = msgspec.json.encode


def decode_event(text: str | bytes) -> Event:
    """The event of a message. Raises ProtocolError with the reason for everything else."""
    if isinstance(text, bytes):
        raise ProtocolError("a binary frame")
    try:
        event = _decoder.decode(text)
    except (msgspec.MsgspecError, UnicodeError, RecursionError, ValueError) as error:
        raise ProtocolError(str(error)) from None
    if event.id is None:
        if event.event is not None or not (event.ack or event.ping):
            raise ProtocolError("no id")
    elif event.event is None:
        raise ProtocolError("no event")
    keys = (event.n != 0) + (event.ack != 0) + (event.ping != 0) + (event.id is not None) + (event.event is not None)
    for part in (event.data, event.properties):
        if part is not None:
            keys += 1 + len(part)
            for value in part.values():
                if value.__class__ in (dict, list):
                    keys += _count_keys(value, 2)
    # A colon follows each key. Where there are more: a key stands twice or is unknown, or a text has one.
    if text.count(":") != keys:
        _refuse_duplicates(text)
    return event


def _count_keys(value: Any, depth: int) -> int:
    if depth > MAX_DEPTH:
        raise ProtocolError(f"nested more than {MAX_DEPTH} levels deep")
    if isinstance(value, dict):
        return len(value) + sum(_count_keys(item, depth + 1) for item in value.values())
    if isinstance(value, list):
        return sum(_count_keys(item, depth + 1) for item in value)
    return 0


def _refuse_duplicates(text: str) -> None:
    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            raise ProtocolError("a key stands twice in one object")
        return found

    try:
        json.loads(text, object_pairs_hook=unique)
    except ProtocolError:
        raise
    except (RecursionError, ValueError) as error:
        # In a value of an unknown key, which was skipped so far.
        raise ProtocolError(str(error)) from None


def encode(message: Any) -> bytes:
    """JSON. Text that UTF-8 cannot say (a lone surrogate) has `?` in its place.

    Raises TypeError for what JSON cannot say.
    """
    try:
        return _encode(message)
    except UnicodeEncodeError:
        return _encode(_sayable(message))


def _sayable(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, (list, tuple)):
        return [_sayable(item) for item in value]
    if isinstance(value, dict):
        return {_sayable(key): _sayable(item) for key, item in value.items()}
    return value


def encode_ops(seq: int, ops: list[Operation], got: int = 0) -> bytes:
    """A numbered frame of operations; `got` is left out where it is 0."""
    return encode({"seq": seq, "got": got, "ops": ops} if got else {"seq": seq, "ops": ops})


def encode_root(seq: int, root: Element, got: int = 0, ops: list[Operation] | None = None) -> bytes:
    """The frame with the whole tree, and operations to follow it; `got` is left out where it is 0."""
    frame: dict[str, Any] = {"seq": seq, "got": got, "root": root} if got else {"seq": seq, "root": root}
    if ops:
        frame["ops"] = ops
    return encode(frame)


def encode_got(got: int) -> bytes:
    """Events up to this number have been handled, and nothing is to be shown for it."""
    return b'{"got":%d}' % got


def encode_kept(kept: int) -> bytes:
    """Events up to this number are in the store with their effects."""
    return b'{"kept":%d}' % kept


def encode_token(token: str) -> bytes:
    """From now on the page names its session by this token."""
    return encode({"token": token})


PONG: Final = b'{"pong":1}'
"""The answer to a ping."""


def encode_hello(token: str, got: int, resumed: bool, kept: int | None = None) -> bytes:
    """The first frame on every connection. `kept`: see `encode_kept`; None where the session is not durable."""
    hello = {"token": token, "got": got, "resumed": resumed}
    return encode({"hello": hello if kept is None else {**hello, "kept": kept}})
