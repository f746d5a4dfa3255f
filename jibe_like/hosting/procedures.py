"""Procedures that a page's JavaScript may call by name: `jibe.call(method, …)`."""

from collections.abc import Callable
from typing import Any, TypeVar

from jibe_like.errors import ServerError

F = TypeVar("F", bound=Callable[..., Any])


def export_rpc(name: str) -> Callable[[F], F]:
    """Names a method for the page, of an object that is registered with `RootProtocol.registerLinkProtocol`.

        class Files:
            @export_rpc("files.list")
            def list(self, folder):
                return ["a.txt"]

        server.add_protocol_to_configure(lambda protocol: protocol.registerLinkProtocol(Files()))

    In the page: `await jibe.call("files.list", "/")`. A method may have several names.
    """
    if not isinstance(name, str) or not name:
        raise TypeError("export_rpc takes the procedure's name: @export_rpc('files.list')")

    def mark(function: F) -> F:
        names = (*getattr(function, "exported_as", ()), name)
        function.exported_as = names  # type: ignore[attr-defined]
        return function

    return mark


class RootProtocol:
    """The procedures of a server, by name. Nothing else can be called from a page."""

    def __init__(self) -> None:
        self._procedures: dict[str, Callable[..., Any]] = {}
        self._links: list[object] = []

    def __len__(self) -> int:
        return len(self._procedures)

    def __contains__(self, name: str) -> bool:
        return name in self._procedures

    def register(self, name: str, procedure: Callable[..., Any]) -> None:
        """A plain or `async` function that the page may call. Raises ServerError for a name that another one has."""
        if not callable(procedure):
            raise TypeError(f"{name} must be a function, not {type(procedure).__name__}")
        before = self._procedures.setdefault(name, procedure)
        if before != procedure:
            raise ServerError(f"there is another procedure {name!r}: {before!r}")

    def registerLinkProtocol(self, protocol: object) -> None:
        """All methods of the object that `export_rpc` names. Raises ServerError for a name that another one has."""
        self._links.append(protocol)
        for attribute in dir(type(protocol)):
            for name in getattr(getattr(type(protocol), attribute, None), "exported_as", ()):
                self.register(name, getattr(protocol, attribute))

    def getLinkProtocols(self) -> list[object]:
        """The objects that were registered."""
        return list(self._links)

    def find(self, name: str) -> Callable[..., Any]:
        """The procedure. Raises ServerError where there is none of that name."""
        procedure = self._procedures.get(name)
        if procedure is None:
            raise ServerError(f"there is no procedure {name!r:.80}")
        return procedure
