"""A widget's children: a list that keeps the tree in order whatever is done to it."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, SupportsIndex

from jibe_like.errors import NotWidgetError, TreeError

from .lock import changes_structure
from .widget_class import WidgetMeta

if TYPE_CHECKING:
    from .widget import Widget


class Children(list["Widget"]):
    """The observed list of a widget's children.

    A widget that is put in here leaves the parent it had, as in the DOM. What is no widget raises NotWidgetError; the
    same widget twice, a widget inside itself or one of another application raises TreeError. Nothing has changed then.
    Any thread may change it: each call is one step that no other thread comes between.
    """

    __slots__ = ("_parent",)

    def __init__(self, parent: "Widget") -> None:
        super().__init__()
        self._parent = parent

    def __reduce__(self) -> tuple[Any, ...]:
        return (_restore, (), (self._parent, list(self)), None, None, _set_state)

    # -- one child

    @changes_structure
    def append(self, child: "Widget") -> None:
        self._adopt([child], ())
        super().append(child)
        self._enter(child, len(self) - 1)

    @changes_structure
    def insert(self, index: SupportsIndex, child: "Widget") -> None:
        at = index.__index__()
        self._adopt([child], ())
        at = max(at + len(self), 0) if at < 0 else min(at, len(self))
        super().insert(at, child)
        self._enter(child, at)

    @changes_structure
    def remove(self, child: "Widget") -> None:
        try:
            index = -1 if self and self[-1] is child else self.index(child)
        except ValueError:
            raise ValueError(f"{child!r} is no child of {self._parent!r}") from None
        self._leave(super().pop(index))

    @changes_structure
    def pop(self, index: SupportsIndex = -1) -> "Widget":
        child = super().pop(index)
        self._leave(child)
        return child

    @changes_structure
    def move(self, child: "Widget", index: SupportsIndex) -> None:
        """Gives a child another place: `index` counts in the list without it."""
        super().pop(self.index(child))
        at = index.__index__()
        at = max(at + len(self), 0) if at < 0 else min(at, len(self))
        super().insert(at, child)
        self._place(child, at)

    # -- many children

    def extend(self, children: "Iterable[Widget]") -> None:
        self._extend(list(children))

    @changes_structure
    def _extend(self, new: "list[Widget]") -> None:
        self._add(new)

    def _add(self, new: "list[Widget]") -> None:
        self._adopt(new, ())
        start = len(self)
        super().extend(new)
        for at, child in enumerate(new, start):
            self._enter(child, at)

    def __iadd__(self, children: "Iterable[Widget]") -> "Children":  # type: ignore[override,misc]
        self.extend(children)
        return self

    def __imul__(self, count: SupportsIndex) -> "Children":
        raise TreeError(f"{self._parent!r}: a widget cannot be a child twice")

    @changes_structure
    def __setitem__(self, key: Any, value: Any) -> None:
        after = list(self)
        after[key] = value
        self._become(after)

    @changes_structure
    def __delitem__(self, key: SupportsIndex | slice) -> None:
        if isinstance(key, slice):
            gone = self[key]
            super().__delitem__(key)
            for child in gone:
                self._leave(child)
        else:
            self._leave(super().pop(key))

    def clear(self) -> None:
        del self[:]

    @changes_structure
    def sort(self, *, key: Callable[["Widget"], Any] | None = None, reverse: bool = False) -> None:
        self._reorder(sorted(self, key=key, reverse=reverse))

    @changes_structure
    def reverse(self) -> None:
        self._reorder(self[::-1])

    def replace(self, children: "Iterable[Widget]") -> None:
        """Makes this the list of children. Those that stay keep their elements in the browser."""
        self[:] = list(children)

    def _become(self, after: "list[Widget]") -> None:
        if not self:
            self._add(after)
            return
        self._check_widgets(after)
        before = dict.fromkeys(self)
        staying = set(after)
        leaving = [child for child in before if child not in staying]
        self._adopt([child for child in after if child not in before], after, leaving)
        kept = [child for child in before if child in staying]
        order_kept = kept == [child for child in after if child in before]
        super().__setitem__(slice(None), after)
        for child in leaving:
            self._leave(child)
        for at, child in enumerate(after):
            if child not in before:
                self._enter(child, at)
            elif not order_kept:
                self._place(child, at)

    # -- the tree

    def _check_widgets(self, new: "list[Widget]") -> None:
        for child in new:
            # Not of the child itself: a widget class that was not called has it too.
            if not hasattr(type(child), "_children"):
                given = f"{type(child).__name__} ({child!r:.60})"
                if isinstance(child, WidgetMeta):
                    given = f"the class {child.__name__}: write {child.__name__}(…)"
                raise NotWidgetError(f"a child of {self._parent!r} must be a widget, not {given}")

    def _adopt(self, new: "list[Widget]", among: "Iterable[Widget]", leaving: "Iterable[Widget]" = ()) -> None:
        """Checks the newcomers, then takes them from where they were. `among`: the whole list to be."""
        parent = self._parent
        above = _ancestors(parent)
        self._check_widgets(new)
        for child in new:
            if child in above:
                raise TreeError(f"{child!r} cannot be put into {parent!r}, which is inside of it")
            if child._parent is parent:
                raise TreeError(f"{child!r} is already a child of {parent!r}")
            if child._tree is not None and child._parent is None:
                raise TreeError(f"{child!r} is the root of an application")
            if child._tree is not None and parent._tree is not None and child._tree is not parent._tree:
                raise TreeError(f"{child!r} belongs to another application")
        for group in (new, among):
            twice = _first_repeated(group)
            if twice is not None:
                raise TreeError(f"{twice!r} cannot be a child of {parent!r} twice")
        if parent._tree is not None:
            parent._tree.check_identifiers(new, leaving)
        for child in new:
            if child._parent is not None:
                child._parent.children._release(child)

    def _release(self, child: "Widget") -> None:
        """The child goes to another parent of the same tree, or this widget is not in a tree."""
        super().pop(-1 if self[-1] is child else self.index(child))
        child._parent = None
        tree = self._parent._tree
        if tree is not None:
            tree.unplace(self._parent, child)

    def _enter(self, child: "Widget", index: int) -> None:
        parent = self._parent
        child._parent = parent
        tree = parent._tree
        if tree is not None:
            if child._tree is None:
                tree.attach(child)
            tree.place(parent, child, index)
        elif child._tree is not None:
            child._tree.detach(child)

    def _leave(self, child: "Widget") -> None:
        child._parent = None
        tree = self._parent._tree
        if tree is not None:
            tree.unplace(self._parent, child)
            tree.detach(child)

    def _place(self, child: "Widget", index: int) -> None:
        tree = self._parent._tree
        if tree is not None:
            tree.place(self._parent, child, index)

    def _reorder(self, after: "list[Widget]") -> None:
        before = list(self)
        super().__setitem__(slice(None), after)
        for at, child in enumerate(after):
            if before[at] is not child:
                self._place(child, at)


def _ancestors(widget: "Widget") -> "set[Widget]":
    found = {widget}
    above = widget._parent
    while above is not None:
        found.add(above)
        above = above._parent
    return found


def _first_repeated(widgets: "Iterable[Widget]") -> "Widget | None":
    seen: set[Widget] = set()
    for widget in widgets:
        if widget in seen:
            return widget
        seen.add(widget)
    return None


def _restore() -> Children:
    return Children.__new__(Children)


def _set_state(kept: Children, state: "tuple[Widget, list[Widget]]") -> None:
    kept._parent, items = state
    list.extend(kept, items)
