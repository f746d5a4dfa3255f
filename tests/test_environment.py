"""`set_env`: what is allowed, where it is kept, and who hears of it."""

import json
import pickle
from typing import Any

import pytest

from jibe_like.errors import NoSessionError, SessionEndedError
from jibe_like.session import set_env
from jibe_like.session.current import acting
from jibe_like.session.functions.environment import ATTRIBUTE, environment_of
from tests.sessions import App, Tab, make_session, on_a_loop, until

ALL: dict[str, Any] = {
    "title": "Title",
    "output_animation": True,
    "auto_scroll_bottom": True,
    "http_pull_interval": 500,
    "output_max_width": "80%",
    "input_panel_fixed": True,
    "input_panel_min_height": 100,
    "input_panel_init_height": 200,
    "input_auto_focus": True,
}


@on_a_loop
async def test_what_is_set_is_part_of_the_page() -> None:
    app = App()
    session = make_session(app)
    early = Tab(session).open()
    with acting(session):
        set_env(**ALL)
    await until(lambda: early.extras("env"))
    late = Tab(session)
    for tab in (early, late):
        root = tab.page.element("topwidget")
        assert root is not None
        assert json.loads(root.attributes[ATTRIBUTE]) == ALL
        assert root.style["max-inline-size"] == "80%"
    session.destroy()
    restored: App = pickle.loads(pickle.dumps(app))
    assert environment_of(restored) == ALL


@on_a_loop
async def test_what_was_set_before_stays_until_it_is_taken_back() -> None:
    app = App()
    session = make_session(app)
    assert environment_of(app) == {}
    with acting(session):
        set_env(title="A", output_max_width="10px")
        set_env(title="B", output_animation=False)
        assert environment_of(app) == {"title": "B", "output_animation": False, "output_max_width": "10px"}
        set_env(title=None, output_max_width=None)
        assert environment_of(app) == {"output_animation": False}
        assert "max-inline-size" not in app.style
        set_env(output_animation=None)
    assert ATTRIBUTE not in app.attributes
    session.destroy()


@pytest.mark.parametrize("name", ["titel", "colour", "_dict"])
@on_a_loop
async def test_another_name_is_an_error_that_lists_those_that_there_are(name: str) -> None:
    session = make_session()
    wrong: dict[str, Any] = {name: 1}
    with acting(session), pytest.raises(TypeError, match=f"there is no '{name}'; there are {', '.join(ALL)}"):
        set_env(**wrong)
    session.destroy()


@pytest.mark.parametrize(
    ("name", "value", "error"),
    [
        ("title", 1, TypeError),
        ("output_animation", 1, TypeError),
        ("auto_scroll_bottom", "yes", TypeError),
        ("http_pull_interval", 0.5, TypeError),
        ("http_pull_interval", True, TypeError),
        ("http_pull_interval", -1, ValueError),
        ("http_pull_interval", 10_001, ValueError),
        ("output_max_width", 880, TypeError),
        ("output_max_width", "wide", ValueError),
        ("output_max_width", "1px;color:red", ValueError),
        ("input_panel_min_height", 74, ValueError),
        ("input_panel_init_height", 174, ValueError),
        ("input_panel_fixed", 0, TypeError),
        ("input_auto_focus", "no", TypeError),
    ],
)
@on_a_loop
async def test_a_wrong_value_is_refused_by_name(name: str, value: Any, error: type[Exception]) -> None:
    app = App()
    session = make_session(app)
    with acting(session), pytest.raises(error, match=name):
        set_env(**{"title": "not set either", name: value})
    assert environment_of(app) == {}
    session.destroy()


@on_a_loop
async def test_an_ended_session_has_no_pages() -> None:
    session = make_session()
    session.destroy()
    with acting(session), pytest.raises(SessionEndedError, match="set_env"):
        set_env(title="x")


def test_outside_of_a_session() -> None:
    with pytest.raises(NoSessionError, match="set_env"):
        set_env(title="x")
