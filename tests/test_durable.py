"""The helper for users' tests: whether an application can be stored."""

import asyncio
import io
import os
from collections.abc import Iterable
from typing import Any

import pytest

from jibe_like import Button, Label, MainApp, VBox
from jibe_like.testing import assert_durable
from jibe_like.tree.node import Node


class Counter(MainApp):
    def __init__(self) -> None:
        super().__init__()
        step = 2
        self.label = Label("0")
        self.button = Button("+")
        self.button.register("click", lambda: setattr(self.label, "value", str(int(self.label.value) + step)))
        self.children = [VBox([self.label]), self.button]
        self.file: object = None


def test_what_can_be_stored_passes_as_it_was() -> None:
    app = Counter()
    assert_durable(app)
    app.button.emit("click")
    app.label.css({"color": "red"})
    before = app.node()
    assert_durable(app)
    assert app.node() == before
    assert app.label.value == "2"


def test_what_cannot_is_named_with_its_place_and_its_type() -> None:
    app = Counter()
    with io.FileIO(os.devnull) as file:
        app.file = [file]
        with pytest.raises(AssertionError, match=r"Counter cannot be stored: document\.file\[0\] .*_io\.FileIO"):
            assert_durable(app)


def test_a_class_that_is_defined_inside_a_function_is_named() -> None:
    class Inner(MainApp):
        pass

    with pytest.raises(AssertionError, match=r"Inner cannot be stored: .*defined inside a function"):
        assert_durable(Inner())


def changed(state: Any, **changes: Any) -> Any:
    """What a widget stores, with other attributes in it."""
    attributes, slots = state
    return {**(attributes or {}), **changes}, slots


class Forgetful(Label):
    """Leaves out what it shows."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.note = "as it was"

    def content(self) -> Iterable[Node]:
        return [self.note]

    def __getstate__(self) -> Any:
        return changed(super().__getstate__(), note="forgotten")


def test_what_comes_back_with_another_look_is_named() -> None:
    app = MainApp()
    app.children = [Label("the same"), VBox([Forgetful(identifier="note")])]
    with pytest.raises(AssertionError, match=r"MainApp comes back with another look: in note, 'as it was' became 'for"):
        assert_durable(app)


class Colours(MainApp):
    colour = "red"
    more = False

    def node(self) -> Any:
        tag, attributes, *children = super().node()
        return [tag, {**attributes, "title": self.colour}, *children, *(["more"] if self.more else [])]

    def __getstate__(self) -> Any:
        return changed(super().__getstate__(), colour="red", more=False)


def test_an_attribute_or_a_child_that_differs_is_named() -> None:
    app = Colours()
    app.colour = "blue"
    with pytest.raises(AssertionError, match=r"title of topwidget was 'blue' and became 'red'"):
        assert_durable(app)
    app = Colours()
    app.more = True
    with pytest.raises(AssertionError, match=r"topwidget had 1 children and has 0"):
        assert_durable(app)


class Broken(MainApp):
    def __setstate__(self, state: Any) -> None:
        raise LookupError("on purpose")


class Unshown(MainApp):
    fails = False

    def __getstate__(self) -> Any:
        return changed(super().__getstate__(), fails=True)

    def node(self) -> Any:
        if self.fails:
            raise LookupError("on purpose")
        return super().node()


def test_what_does_not_come_back_is_told() -> None:
    with pytest.raises(AssertionError, match=r"Broken does not come back: .*LookupError: on purpose"):
        assert_durable(Broken())
    with pytest.raises(AssertionError, match=r"Unshown comes back, and cannot be rendered: LookupError: on purpose"):
        assert_durable(Unshown())


class Closing(Counter):
    """Lets go of what cannot be stored."""

    def on_snapshot(self) -> None:
        self.file = None


class ClosingLater(Counter):
    async def on_snapshot(self) -> None:
        await asyncio.sleep(0)
        self.file = None


@pytest.mark.parametrize("kind", [Closing, ClosingLater])
def test_on_snapshot_is_called_first(kind: type[Counter]) -> None:
    app = kind()
    with io.FileIO(os.devnull) as file:
        app.file = file
        assert_durable(app)
    assert app.file is None


def test_within_a_running_loop_too() -> None:
    async def main() -> None:
        assert_durable(ClosingLater())

    asyncio.run(main())
