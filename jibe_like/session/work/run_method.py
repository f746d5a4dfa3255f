"""`run`: on an application class it serves, on an instance it begins work."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Concatenate, Generic, ParamSpec, Protocol, TypeVar, overload

P = ParamSpec("P")
R_co = TypeVar("R_co", covariant=True)
T = TypeVar("T")


class RunsWork(Protocol):
    """What `run` is on an instance. `Background.run_in_thread` tells what it does."""

    @overload
    def __call__(
        self, func: Callable[..., Coroutine[Any, Any, T]], /, *args: Any, detach: bool = False, **kwargs: Any
    ) -> asyncio.Task[T]: ...
    @overload
    def __call__(
        self, func: Callable[..., T], /, *args: Any, detach: bool = False, **kwargs: Any
    ) -> asyncio.Task[T]: ...


class RunMethod(Generic[P, R_co]):
    """A class method that is another method on instances: their `run_in_thread`.

    :param serve: the class method.
    """

    def __init__(self, serve: Callable[Concatenate[Any, P], R_co]) -> None:
        self._serve: Any = serve
        self.__doc__ = serve.__doc__

    @overload
    def __get__(self, app: None, owner: type) -> Callable[P, R_co]: ...
    @overload
    def __get__(self, app: object, owner: type) -> RunsWork: ...
    def __get__(self, app: Any, owner: type) -> Any:
        return self._serve.__get__(None, owner) if app is None else app.run_in_thread
