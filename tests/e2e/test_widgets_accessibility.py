"""What a checker of accessibility finds in the inputs and messages, in every state and both themes: nothing."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import expect

from jibe_like import (
    Button,
    CheckBox,
    ColorInput,
    Connection,
    DateInput,
    Dropdown,
    Field,
    HBox,
    Heading,
    Image,
    Input,
    MainApp,
    Notification,
    Notifications,
    NumberInput,
    ProgressBar,
    RadioGroup,
    SelectMultiple,
    Slider,
    Spinner,
    Switch,
    Table,
    TextArea,
    TimeInput,
    Timer,
)
from tests.e2e.axe import violations
from tests.e2e.conftest import NewPage
from tests.serving import Serve

STATES: list[dict[str, Any]] = [
    {},
    {"help": "What is expected", "required": True},
    {"error": "What is wrong"},
    {"disabled": True},
]
INPUTS: list[type[Field]] = [
    Input,
    TextArea,
    NumberInput,
    Slider,
    DateInput,
    TimeInput,
    ColorInput,
    CheckBox,
    Switch,
    Dropdown,
    SelectMultiple,
    RadioGroup,
]
CHOICES = (Dropdown, SelectMultiple, RadioGroup)


class EverythingApp(MainApp):
    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        corner = Notifications()
        for kind in ("info", "success", "warning", "error"):
            corner.notify(f"In the corner: {kind}", kind, timeout=None, children=[Button("Undo")])
        self.children = [
            Heading("Everything", 1),
            corner,
            *(Notification(f"In the page: {kind}", kind) for kind in ("info", "success", "warning", "error")),
            *(Button(variant or "plain", variant=variant) for variant in ("", "primary", "danger", "quiet")),
            Button("Off", "button", "primary", disabled=True),
            HBox([Input(attributes={"aria-label": "Bare"}, placeholder="Bare"), Button("Add")]),
            *self.inputs(),
            ProgressBar(30),
            ProgressBar(None, "How long will it take?"),
            Spinner(),
            Timer(3600),
            Image(alt="Nothing yet"),
            Table(["a", ("b", "B", "end")], [["1", 2]], caption="Plain", row_headers=True),
            Table(["a", "b"], [["1", 2], ["3", 4]], caption="Alive", sortable=True, selectable=True),
            Table(["a"]),
        ]
        alive = self.children[-2]
        assert isinstance(alive, Table)
        alive.sort("b")
        alive.selected = 1

    def inputs(self) -> Iterator[Field]:
        for kind in INPUTS:
            for number, state in enumerate(STATES):
                options = {"options": ["one", "two", "three"]} if kind in CHOICES else {}
                yield kind(label=f"{kind.__name__} {number}", **state, **options)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_violation(new_page: NewPage, serve: Serve, scheme: str) -> None:
    # What moves is between its colours.
    page = new_page(color_scheme=scheme, reduced_motion="reduce")
    page.goto(serve(EverythingApp))
    expect(page.get_by_role("radiogroup", name="RadioGroup 0")).to_be_visible()
    assert violations(page) == []


def test_it_fits_a_phone(new_page: NewPage, serve: Serve) -> None:
    page = new_page(viewport={"width": 320, "height": 640})
    page.goto(serve(EverythingApp))
    expect(page.get_by_role("radiogroup", name="RadioGroup 0")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == 320
