"""`@app`: makes a function an application."""

import inspect
from collections.abc import Callable
from typing import Any, Final, TypeVar

from jibe_like.hosting.starting import DEFAULT_PORT
from jibe_like.server import Server, get_server
from jibe_like.session.registry import MODES
from jibe_like.session.snapshot.main_module import canonical_module
from jibe_like.settings import Settings
from jibe_like.web.auth.base import AuthProvider

from .application import make_class

F = TypeVar("F", bound=Callable[..., object])


class AppDecorator:
    """Makes a function an application: `@app("/")`. The one instance is `app`."""

    def __call__(
        self,
        route: str,
        mode: str | None = None,
        on_startup: Callable[[], object] | None = None,
        on_shutdown: Callable[[], object] | None = None,
        *,
        server: Server | None = None,
        title: str = "",
        stylesheet: str = "",
        assets_path: Any = None,
        settings: Settings | None = None,
        requires_auth: bool | None = None,
    ) -> Callable[[F], F]:
        """The function answers all queries of a page; plain or `async`. It stays what it is.

            @app("/")
            async def serve(q: Query):
                q.page.children = [Label(f"Hello {q.args.name or 'you'}"), Input(name="name")]

            app.run(8881)

        :param route: the path of the page. One function answers there.
        :param mode: who shares a page: `unicast` nobody, `multicast` all pages of a user, `broadcast` everybody. None:
            what command line or environment say (JIBE_LIKE_MODE), else `unicast`.
        :param on_startup: called, or awaited, when the server serves; without arguments.
        :param on_shutdown: the same when it has stopped.
        :param server: None for `get_server()`.
        :param title: the page's title; empty: the route.

        Further parameters: the attributes of `MainApp`. Raises ValueError for a route or mode that there cannot be,
        ServerError for a route that another function answers, TypeError for a function that does not take one argument.
        """
        if not isinstance(route, str) or not route.startswith("/"):
            raise ValueError(f"a route is a path such as '/' or '/about', not {route!r:.60}")
        if mode is not None and mode not in MODES:
            raise ValueError(f"mode must be one of {', '.join(MODES)}, not {mode!r}")
        place = "/" + route.strip("/")

        def mark(handler: F) -> F:
            _check(handler)
            host = server if server is not None else get_server()
            module = canonical_module(handler.__module__).partition(":")[0]
            made = make_class(
                handler,
                f"{module}.{handler.__qualname__} {place} {host.name}",
                route=place,
                startup=_static(on_startup),
                shutdown=_static(on_shutdown),
                title=title or place.strip("/") or handler.__name__,
                stylesheet=stylesheet,
                assets_path=assets_path,
                **({} if settings is None else {"settings": settings}),
            )
            host.mount(made, place, mode=mode, settings=settings, requires_auth=requires_auth)
            return handler

        return mark

    def run(
        self,
        port: int = DEFAULT_PORT,
        *,
        address: str | None = None,
        settings: Settings | None = None,
        store: str | None = None,
        server: Server | None = None,
        auth: AuthProvider | None = None,
        **options: Any,
    ) -> None:
        """Serves all functions with `@app` until the process is told to stop. Parameters as of `MainApp.run`.

        :param settings: for those that were given none.
        """
        host = server if server is not None else get_server()
        with host.preferring(settings=settings, store=store, auth=auth):
            host.run(port, address, **options)


app: Final = AppDecorator()


def _static(hook: Callable[[], object] | None) -> object:
    return None if hook is None else staticmethod(hook)


def _check(handler: Callable[..., object]) -> None:
    name = getattr(handler, "__qualname__", repr(handler))
    if not inspect.isroutine(handler):
        raise TypeError(f"@app is for functions, and {name} is none")
    parameters = inspect.signature(handler).parameters.values()
    if len(parameters) != 1 or any(p.kind in (p.KEYWORD_ONLY, p.VAR_KEYWORD) for p in parameters):
        raise TypeError(f"{name} must take exactly one argument, the query: def {handler.__name__}(q)")
