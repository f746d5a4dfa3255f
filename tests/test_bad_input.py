"""Every widget, whatever a page says of it: one warning and no effect, or a value that it allows; never an error."""

import json
import logging
import math
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import jibe_like
from jibe_like import MainApp, Widget
from jibe_like.errors import ProtocolError
from jibe_like.session.session import Session
from jibe_like.tree.events import DOM_EVENTS
from jibe_like.widgets import __all__ as names
from jibe_like.wire.messages import decode_event
from tests.mirror import Page
from tests.sessions import Tab, on_a_loop

WITH_ARGUMENTS: dict[str, dict[str, Any]] = {
    "Dropdown": {"options": ["a", "b"], "placeholder": "Choose"},
    "RadioGroup": {"options": ["a", "b"], "value": "a"},
    "SelectMultiple": {"options": ["a", "b"], "value": ["a"]},
    "TabPanel": {"title": "t"},
    "Tabs": {"pages": {"a": (), "b": ()}},
    "Table": {"columns": ["x"], "rows": [[1], [2]]},
    "Input": {"maxlength": 5},
}

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
    | st.sampled_from(
        ["a", "1", "-0", "1e5", "nan", "inf", "2026-02-30", "12:00", "#ffffff", "\ud7ff", "x" * 10_000, 1e308]
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)
EVENTS = st.sampled_from(sorted(DOM_EVENTS)) | st.sampled_from(["change", "input", "click", "toggle", "close", "own"])
NAMES = st.sampled_from(["value", "checked", "open", "selected", "hidden", "disabled", "options", "label"]) | st.text()


class Gallery(MainApp):
    """One of each widget."""

    def __init__(self) -> None:
        super().__init__(None)
        self.errors: list[Exception] = []
        for name in names:
            kind = getattr(jibe_like, name)
            if isinstance(kind, type) and issubclass(kind, Widget) and name not in ("Field", "Timer", "Column"):
                self.children.append(kind(**WITH_ARGUMENTS.get(name, {})))

    def on_error(self, widget: Widget, event: str, error: Exception) -> None:
        self.errors.append(error)


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    yield caplog
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR] == []


def test_the_gallery_has_the_inputs() -> None:
    kinds = {type(child).__name__ for child in Gallery().children}
    assert kinds >= {"Input", "Dropdown", "SelectMultiple", "RadioGroup", "NumberInput", "DateInput", "Tabs", "Table"}


@given(
    messages=st.lists(st.tuples(st.integers(0, 80), EVENTS, st.dictionaries(NAMES, VALUES, max_size=2)), max_size=12)
)
@example(
    messages=[(which, "change", {"value": value}) for which in range(50) for value in ("", "x", "1", [], ["a"], 3)]
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@on_a_loop
async def test_whatever_a_page_says(
    log: pytest.LogCaptureFixture, messages: list[tuple[int, str, dict[str, Any]]]
) -> None:
    app = Gallery()
    tab = Tab(Session("s", app)).open()
    other = Tab(tab.session).open()
    widgets = list(app.descendants)
    for number, (which, event, properties) in enumerate(messages, 1):
        widget = widgets[which % len(widgets)]
        message = {"n": number, "id": widget.identifier, "event": event, "properties": properties}
        log.clear()
        before = Page(app.node()).shape()
        tab.session.receive(tab.connection, decode_event(json.dumps(message)))
        warned = [record.getMessage() for record in log.records if record.levelno == logging.WARNING]
        assert len(warned) <= 1
        if warned:
            assert warned[0].startswith(
                f"session s: ignored a message (widget='{widget.identifier}' event='{event}'): "
            )
            assert Page(app.node()).shape() == before
        assert app.errors == []
        assert tab.frames[-1].get("got") == number
    json.dumps(app.node(), allow_nan=False)
    # The page itself keeps what it sent until it is told otherwise; the other one is told of every change.
    assert other.is_right


@given(st.text(max_size=40) | VALUES.map(json.dumps))
def test_no_number_becomes_none(text: str) -> None:
    """What an input of numbers takes is a number that JSON can say."""
    field = jibe_like.NumberInput()
    MainApp(None).children = [field]
    try:
        field.on_message({"id": field.identifier, "event": "change", "properties": {"value": text}})
    except ProtocolError:
        return
    assert field.value is None or math.isfinite(field.value)
