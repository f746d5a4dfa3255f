"""Handlers of every usual kind, after a server's death and with the code that they were made by."""

import asyncio
import functools
from collections.abc import Callable
from types import MethodType
from typing import Any

import pytest

from jibe_like.errors import LostFunctionError
from jibe_like.session.snapshot.snapshot import Restored, Snapshots
from jibe_like.tree.widget import Widget
from jibe_like.widgets.button import Button
from jibe_like.widgets.text import Label

snapshots = Snapshots(["a" * 40])
F = Callable[..., Any]


def restored(value: Any) -> Restored:
    return snapshots.load(snapshots.dump(value))


def again(value: Any) -> Any:
    back = restored(value)
    assert back.warnings == []
    return back.state


# -- functions that have a name


def plain(x: int = 1) -> int:
    return x + 1


def doubled(function: F) -> F:
    @functools.wraps(function)
    def wrapper(*args: Any) -> Any:
        return 2 * function(*args)

    return wrapper


def bare(function: F) -> F:
    def wrapper(*args: Any) -> Any:
        return 2 * function(*args)

    return wrapper


@doubled
def decorated(x: int) -> int:
    return x + 1


@bare
def hidden(x: int) -> int:
    return x + 1


@functools.lru_cache
def cached(x: int) -> int:
    return x + 1


class Page:
    """Has methods of every kind."""

    def __init__(self) -> None:
        self.count = 0

    def add(self, by: int = 1) -> int:
        self.count += by
        return self.count

    def __private(self) -> int:
        return -self.count

    def private(self) -> F:
        return self.__private

    @classmethod
    def make(cls) -> "Page":
        return cls()

    @staticmethod
    def fixed() -> str:
        return "fixed"

    @doubled
    def twice(self) -> int:
        return self.count

    @bare
    def unnamed(self) -> int:
        return self.count

    short = lambda self: self.count + 100  # noqa: E731
    several = [(lambda self, i=i: self.count + i) for i in range(3)]

    @property
    def reader(self) -> F:
        return lambda: ("read", self.count)

    @reader.setter
    def reader(self, box: list[F]) -> None:
        box.append(lambda: ("written", self.count))

    def with_super(self) -> F:
        return lambda: super(Page, self).__repr__()

    class Inner:
        """Nested."""

        def handler(self) -> F:
            return lambda: type(self).__qualname__


class SubPage(Page):
    """Overrides what it inherits."""

    def add(self, by: int = 1) -> int:
        return super().add(10 * by)

    def inherited(self) -> F:
        return super().add

    def implicit(self) -> F:
        return lambda: super(__class__, self).add()  # type: ignore[name-defined]


@pytest.mark.parametrize(
    "function", [plain, decorated, Page.add, Page.make, Page.fixed, Page.Inner.handler, len, cached]
)
def test_a_function_with_a_name_is_itself(function: F) -> None:
    assert again(function) == function


def test_partial() -> None:
    back = again(functools.partial(plain, x=41))
    assert back() == 42
    assert back.func is plain


def test_a_decorator_without_a_name() -> None:
    back = again(hidden)
    assert back is not hidden
    assert back(20) == 42


def test_what_a_decorator_hides() -> None:
    back = again(decorated.__wrapped__)  # type: ignore[attr-defined]
    assert back(41) == 42


# -- methods


def test_a_method_stays_with_its_object() -> None:
    page = Page()
    back, method = again((page, page.add))
    assert method() == 1
    assert (back.count, page.count) == (1, 0)
    assert method.__self__ is back


@pytest.mark.parametrize(
    ("kind", "of", "result"),
    [
        ("private", lambda page: page.private(), -3),
        ("wrapped", lambda page: page.twice, 6),
        ("wrapped, unnamed", lambda page: page.unnamed, 6),
        ("lambda of the class", lambda page: page.short, 103),
        ("lambda in a comprehension of the class", lambda page: MethodType(page.several[2], page), 5),
        ("static", lambda page: page.fixed, "fixed"),
        ("bound function", lambda page: MethodType(plain, 41), 42),
        ("bound partial", lambda page: MethodType(functools.partial(max, 1), 7), 7),
        ("built-in", lambda page: [3, 4].copy, [3, 4]),
        ("slot", lambda page: (5).__neg__, -5),
        ("lambda of a nested class", lambda page: page.Inner().handler(), "Page.Inner"),
        ("lambda of a property", lambda page: page.reader, ("read", 3)),
    ],
)
def test_methods_of_every_kind(kind: str, of: Callable[[Page], F], result: object) -> None:
    page = Page()
    page.count = 3
    assert of(page)() == result
    assert again(of(page))() == result, kind


def test_a_getter_and_a_setter_are_told_apart() -> None:
    page, box = Page(), list[F]()
    page.reader = box
    assert again(box[0])() == ("written", 0)


def test_a_class_method() -> None:
    assert type(again(SubPage.make)()) is SubPage


def test_super_is_not_what_overrides_it() -> None:
    page = SubPage()
    assert again(page.add)() == 10
    assert again(page.inherited())() == 1
    assert again(page.implicit())() == 1
    assert "Page object" in again(page.with_super())()


def test_a_private_name_of_a_private_class() -> None:
    assert again(_Hidden().private())() == 7


class _Hidden:
    def __secret(self) -> int:
        return 7

    def private(self) -> F:
        return self.__secret


# -- functions without a name

one, other = lambda: 1, lambda: 2
table = {"a": lambda: "A", "b": lambda x: ("B", x), "c": [(lambda: n) for n in range(3)]}  # noqa: B023


def test_lambdas_of_a_module() -> None:
    assert [again(f)() for f in (one, other, table["a"])] == [1, 2, "A"]
    assert again(table["b"])(3) == ("B", 3)
    assert [f() for f in again(table["c"])] == [2, 2, 2]


def test_lambdas_in_comprehensions() -> None:
    values = [5, 6]
    made = [(lambda i=i: (i, values)) for i in range(3)]
    keyed = {i: lambda: values for i in range(2)}
    drawn = list((lambda: i) for i in range(2))  # noqa: B023, C400
    inner = [[(lambda: lambda: (i, j)) for j in range(2)] for i in range(2)]  # noqa: B023
    back = again((made, keyed, drawn, inner, values))
    assert [f() for f in back[0]] == [(0, values), (1, values), (2, values)]
    assert back[1][1]() is back[4]
    assert [f() for f in back[2]] == [1, 1]
    assert back[3][0][1]()() == inner[0][1]()()


def test_two_on_a_line_are_told_apart() -> None:
    f, g, h = lambda: "f", lambda: "g", lambda: "f"
    assert [again(each)() for each in (f, g, h)] == ["f", "g", "f"]
    assert [each() for each in again((h, g, f))] == ["f", "g", "f"]


def test_defaults_attributes_and_names_come_along() -> None:
    def handler(a: int, b: int = 2, *rest: int, c: int, d: int = 4) -> tuple[Any, ...]:
        """What it does."""
        return a, b, rest, c, d

    handler.event_register = ("click",)  # type: ignore[attr-defined]
    back = again(handler)
    assert back(1, c=3) == (1, 2, (), 3, 4)
    assert back.event_register == ("click",)
    assert (back.__name__, back.__qualname__, back.__doc__) == ("handler", handler.__qualname__, "What it does.")
    assert back.__module__ == __name__
    assert back.__globals__ is globals()
    renamed = again(doubled(handler))
    assert (renamed.__name__, renamed.__wrapped__(1, c=3)) == ("handler", (1, 2, (), 3, 4))


def test_a_coroutine_function() -> None:
    async def handler() -> int:
        await asyncio.sleep(0)
        return plain()

    assert asyncio.run(again(handler)()) == 2


def test_a_generator_function() -> None:
    def handler() -> Any:
        yield from (1, 2)

    assert list(again(handler)()) == [1, 2]


def counter() -> tuple[F, F]:
    count = 0

    def add() -> int:
        nonlocal count
        count += 1
        return count

    return add, lambda: count


def test_a_cell_that_two_share_is_one_cell() -> None:
    add, read = counter()
    add()
    add_again, read_again = again([add, read])
    assert add_again() == 2
    assert (read_again(), read()) == (2, 1)
    assert add_again.__closure__[0] is read_again.__closure__[0]


def test_a_cell_of_one_lives_on_in_the_other() -> None:
    add, read = counter()
    add()
    add_again, read_again = again(again((add, read)))
    add_again()
    assert read_again() == 2


def test_recursion() -> None:
    def factorial(n: int) -> int:
        return n * factorial(n - 1) if n else 1

    back = again(factorial)
    assert back(5) == 120
    assert back.__closure__[0].cell_contents is back


def test_mutual_recursion() -> None:
    def even(n: int) -> bool:
        return n == 0 or odd(n - 1)

    def odd(n: int) -> bool:
        return n != 0 and even(n - 1)

    back = again([even, odd])
    assert [f(7) for f in back] == [False, True]
    even_cell, odd_cell = back[1].__closure__[0], back[0].__closure__[0]
    assert (even_cell.cell_contents, odd_cell.cell_contents) == tuple(back)


def test_a_cell_that_is_still_empty() -> None:
    def handler() -> Any:
        return later

    back = again(handler)
    with pytest.raises(NameError):
        back()
    later = 1
    assert again(handler)() == 1


def test_a_cycle_through_a_default_and_a_partial() -> None:
    def handler(me: list[Any] = []) -> Any:  # noqa: B006
        return me

    handler.__defaults__[0].append(functools.partial(handler))  # type: ignore[index]
    back = again(handler)
    assert back()[0].func is back


def test_a_class_inside_a_function_has_methods_with_lambdas() -> None:
    class Local:
        @staticmethod
        def make(x: int) -> F:
            return lambda: x

    assert again(Local.make(4))() == 4


# -- on widgets


def page() -> Widget:
    root, total = Widget(), Label("0")
    for number in range(3):
        button = Button(f"{number}")

        def clicked(source: Button, number: int = number) -> None:
            total.value = f"{total.value}{number}{source.label}"

        button.register("click", clicked)
        root.children.append(button)
    root.children.append(total)
    root.watch("hidden", lambda new, old: setattr(total, "value", f"{old}→{new}"))
    return root


def test_a_page_of_closures() -> None:
    back = again(again(page()))
    for button in back.children[:3]:
        button.emit("click")
    assert back.children[3].value == "000112" + "2"
    back.hidden = True
    assert back.children[3].value == "False→True"


# -- what is gone


def test_a_name_that_is_gone_is_a_warning(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    page = Page()
    data = snapshots.dump([plain, page.add, page])
    monkeypatch.delattr(f"{__name__}.plain")
    monkeypatch.delattr(Page, "add")
    lines = [f"{__name__}.plain is not in the code any more", f"{__name__}.Page.add is not in the code any more"]
    for _ in range(3):
        back = snapshots.load(data)
        assert back.warnings == lines
    assert [record.message for record in caplog.records] == [f"restoring a session: {line}" for line in lines]
    for function, line in zip(back.state, lines, strict=False):
        with pytest.raises(LostFunctionError) as caught:
            function("source", message=1)
        assert str(caught.value) == line
        assert line in repr(function)


def test_what_was_lost_is_found_when_it_is_back(monkeypatch: pytest.MonkeyPatch) -> None:
    page = Page()
    data = snapshots.dump([plain, page.add, functools.partial(plain, 5)])
    with monkeypatch.context() as patch:
        patch.delattr(f"{__name__}.plain")
        patch.delattr(Page, "add")
        lost = snapshots.load(data)
        assert len(lost.warnings) == 2
        data = snapshots.dump(lost.state)
    back = snapshots.load(data)
    assert back.warnings == []
    assert [f() for f in back.state] == [2, 1, 6]


def test_a_name_that_means_something_else_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    data = snapshots.dump(plain)
    monkeypatch.setattr(f"{__name__}.plain", 3)
    assert snapshots.load(data).warnings == [f"{__name__}.plain is no function any more"]


def test_a_method_of_what_is_not_stored_is_a_warning() -> None:
    async def make() -> None:
        task = asyncio.get_running_loop().create_task(asyncio.sleep(0))
        back = restored([task.cancel, asyncio.Event().set])
        assert back.warnings == [
            "the method cancel belongs to an object that is not stored",
            "the method set belongs to an object that is not stored",
        ]
        with pytest.raises(LostFunctionError):
            back.state[0]()
        await task

    asyncio.run(make())
