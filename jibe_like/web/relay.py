"""A transport in front of another one, for whoever looks at what passes."""

from typing import Any

from jibe_like.session.connection import Transport


class Relay:
    """Passes on everything."""

    __slots__ = ("_transport",)

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    @property
    def protocol(self) -> str:
        return self._transport.protocol

    @property
    def request(self) -> Any:
        """The request that the transport came by, where it knows."""
        return getattr(self._transport, "request", None)

    @property
    def waiting_bytes(self) -> int:
        return self._transport.waiting_bytes

    def send(self, frame: bytes) -> None:
        self._transport.send(frame)

    def close(self, code: int, reason: str) -> None:
        self._transport.close(code, reason)
