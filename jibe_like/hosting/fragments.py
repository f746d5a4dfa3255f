"""A server's named parts of pages: defined once, shown in many places, and replaced while they are shown."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, TypeAlias
from weakref import WeakSet

from jibe_like.session.current import acting
from jibe_like.tree.widget import Widget
from jibe_like.widgets.layout import Div

if TYPE_CHECKING:
    from jibe_like.server import Server

Content: TypeAlias = Widget | Iterable[Widget]
Factory: TypeAlias = Callable[[], Content]


class Fragments:
    """The fragments of a server, by name.

        @server.ui.define("toolbar")
        def toolbar():
            return [Button("Save"), Button("Print")]

        class Editor(MainApp):
            def __init__(self, connection):
                super().__init__(connection)
                self.children = [server.ui.toolbar(), TextArea()]

    `server.ui.toolbar()`, or `server.ui["toolbar"]()`, is a widget; there may be many of one name. The function is
    called for each of them, and again for all that are shown when the name is defined again.
    """

    def __init__(self, server: "Server") -> None:
        self._server = server
        self._factories: dict[str, Factory] = {}
        self._shown: WeakSet[FragmentWidget] = WeakSet()

    def __reduce__(self) -> tuple[Any, ...]:
        return _fragments_of, (self._server,)

    def __contains__(self, name: str) -> bool:
        return name in self._factories

    def __getattr__(self, name: str) -> "Fragment":
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        return Fragment(self, name)

    def __getitem__(self, name: str) -> "Fragment":
        return Fragment(self, name)

    def define(self, name: str) -> Callable[[Factory], Factory]:
        """`@server.ui.define("toolbar")`: the function gives the fragment's widget, or widgets. From any thread."""

        def decorate(factory: Factory) -> Factory:
            if not callable(factory):
                raise TypeError(f"a fragment is defined by a function, not {type(factory).__name__}")
            self._factories[name] = factory
            self._renew(name)
            return factory

        return decorate

    def clear(self, name: str | None = None) -> None:
        """Nothing is shown under this name any more, or under any."""
        for gone in [name] if name is not None else list(self._factories):
            self._factories.pop(gone, None)
            self._renew(gone)

    def build(self, name: str) -> list[Widget]:
        """New widgets for one place."""
        factory = self._factories.get(name)
        made: Any = factory() if factory is not None else []
        return [made] if isinstance(made, Widget) else list(made)

    def shows(self, widget: "FragmentWidget") -> None:
        """The widget wants to hear when its fragment is defined again."""
        self._shown.add(widget)

    def _renew(self, name: str) -> None:
        for widget in list(self._shown):
            if widget.name == name:
                widget.renew_soon()


class Fragment:
    """A fragment's name: called, it gives a widget that shows it."""

    def __init__(self, fragments: Fragments, name: str) -> None:
        self.name = name
        self._fragments = fragments

    def __call__(self, **options: Any) -> "FragmentWidget":
        """A widget that shows the fragment, and nothing where it is not defined yet. Options as of `Widget`."""
        return FragmentWidget(self._fragments, self.name, **options)

    def clear(self) -> None:
        """Nothing is shown under this name any more."""
        self._fragments.clear(self.name)


class FragmentWidget(Div):
    """Shows what a fragment's name stands for now."""

    def __init__(self, fragments: Fragments, name: str, **options: Any) -> None:
        super().__init__(**options)
        self.name = name
        self._fragments = fragments
        fragments.shows(self)
        self.renew()

    def on_attached(self) -> None:
        """One that comes back from a store keeps what it showed then."""
        self._fragments.shows(self)

    def renew(self) -> None:
        """Shows what the name stands for now."""
        self.children = self._fragments.build(self.name)

    def renew_soon(self) -> None:
        """As `renew`, on the thread and in the session of the page."""
        host = self._tree.host if self._tree is not None else None
        if host is None:
            self.renew()
        else:
            host.call_threadsafe(self._renew_in_session)

    def _renew_in_session(self) -> None:
        if self._tree is None or self._tree.host is None:
            return
        root = self._tree.root
        with acting(getattr(root, "session", None)):
            try:
                self.renew()
            except Exception as error:
                self._tree.host.failed(self, "define", error)


def _fragments_of(server: "Server") -> Fragments:
    return server.ui
