"""Inputs that choose in a real browser, by mouse and by keyboard."""

import pytest
from playwright.sync_api import Page, expect

from jibe_like import (
    Button,
    CheckBox,
    Connection,
    Dropdown,
    Field,
    Label,
    MainApp,
    RadioGroup,
    SelectMultiple,
    Switch,
)
from tests.e2e.conftest import NewPage
from tests.serving import Serve

SIZES = {"s": "Small", "m": "Medium", "l": "Large"}


class ChoiceApp(MainApp):
    """One field, a label that tells its value after each `change`, and buttons for what the server may do."""

    def show(self, field: Field, name: str = "value") -> None:
        self.field = field
        self.name = name
        self.log = Label("no change yet")
        field.register("change", self.on_change_of)
        self.children = [field, self.log]

    def on_change_of(self, source: Field) -> None:
        self.log.value = f"now {source.properties[self.name]!r}"

    def offer(self, label: str, **properties: object) -> None:
        button = Button(label)
        button.register("click", lambda: self.field.properties.update(properties))
        self.children.append(button)


class CheckBoxApp(ChoiceApp):
    kind: type[CheckBox] = CheckBox

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self.show(self.kind(label="Accept", help="All of it"), "checked")
        self.offer("Tick", checked=True)
        self.offer("Clear", checked=False)


class SwitchApp(CheckBoxApp):
    kind = Switch


@pytest.mark.parametrize(("app", "role"), [(CheckBoxApp, "checkbox"), (SwitchApp, "switch")])
def test_checkbox_and_switch(page: Page, serve: Serve, app: type[CheckBoxApp], role: str) -> None:
    page.goto(serve(app))
    box = page.locator(f"input[role='{role}'], input[type='{role}']")
    expect(box).to_have_role(role)  # type: ignore[arg-type]
    expect(box).to_have_accessible_name("Accept")
    expect(box).to_have_accessible_description("All of it")
    expect(box).not_to_be_checked()
    page.get_by_text("Accept").click()
    expect(page.get_by_text("now True")).to_be_visible()
    expect(box).to_be_checked()
    box.focus()
    page.keyboard.press("Space")
    expect(page.get_by_text("now False")).to_be_visible()
    page.get_by_role("button", name="Tick").click()
    expect(box).to_be_checked()
    page.get_by_role("button", name="Clear").click()
    expect(box).not_to_be_checked()


class DropdownApp(ChoiceApp):
    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self.show(Dropdown("m", SIZES, label="Size"))
        self.offer("Choose s", value="s")
        self.offer("Choose none", value=None)
        self.offer("Other options", options=["x", "y"])
        more = Button("More options")
        more.register("click", lambda: self.field.properties["options"].append(("xl", "Extra large")))
        self.children.append(more)


def test_dropdown(page: Page, serve: Serve) -> None:
    page.goto(serve(DropdownApp))
    field = page.get_by_role("combobox", name="Size")
    expect(field).to_have_value("m")
    field.focus()
    page.keyboard.type("La")
    page.keyboard.press("Tab")
    expect(page.get_by_text("now 'l'")).to_be_visible()
    field.select_option("Small")
    expect(page.get_by_text("now 's'")).to_be_visible()


def test_the_server_changes_a_dropdown(page: Page, serve: Serve) -> None:
    page.goto(serve(DropdownApp))
    field = page.get_by_role("combobox", name="Size")
    field.evaluate("element => { element.mark = true }")
    page.get_by_role("button", name="Choose s").click()
    expect(field).to_have_value("s")
    page.get_by_role("button", name="More options").click()
    expect(field.get_by_role("option")).to_have_text(["Small", "Medium", "Large", "Extra large"])
    expect(field).to_have_value("s")
    field.select_option("xl")
    expect(page.get_by_text("now 'xl'")).to_be_visible()
    page.get_by_role("button", name="Other options").click()
    expect(field).to_have_value("x")
    page.get_by_role("button", name="Choose none").click()
    expect(field).to_have_value("")
    field.select_option("y")
    expect(page.get_by_text("now 'y'")).to_be_visible()
    assert field.evaluate("element => element.mark")


class PlaceholderApp(ChoiceApp):
    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self.show(Dropdown(options=SIZES, placeholder="Choose one", label="Size", required=True))


def test_the_placeholder_of_a_dropdown(page: Page, serve: Serve) -> None:
    page.goto(serve(PlaceholderApp))
    field = page.get_by_role("combobox", name="Size")
    expect(field.locator("option:checked")).to_have_text("Choose one")
    assert field.evaluate("element => element.validity.valueMissing")
    field.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    field.select_option("m")
    expect(page.get_by_text("now 'm'")).to_be_visible()


class SelectMultipleApp(ChoiceApp):
    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self.show(SelectMultiple(["s"], SIZES, label="Sizes", rows=3))
        self.offer("Choose two", value=["m", "l"])


def test_select_multiple(page: Page, serve: Serve) -> None:
    page.goto(serve(SelectMultipleApp))
    field = page.get_by_role("listbox", name="Sizes")
    expect(field).to_have_values(["s"])
    field.focus()
    page.keyboard.press("Home")
    page.keyboard.press("Shift+ArrowDown")
    expect(page.get_by_text("now ['s', 'm']")).to_be_visible()
    field.get_by_role("option", name="Large").click(modifiers=["Control"])
    expect(page.get_by_text("now ['s', 'm', 'l']")).to_be_visible()
    page.get_by_role("button", name="Choose two").click()
    expect(field).to_have_values(["m", "l"])


class RadioGroupApp(ChoiceApp):
    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self.show(RadioGroup(None, SIZES, "Size", help="How large"))
        self.offer("Choose s", value="s")
        self.offer("Choose none", value=None)
        self.offer("Other options", options=["x y", "é"], error="Choose again")
        self.offer("Off", disabled=True)
        focus = Button("Focus")
        focus.register("click", lambda: self.field.focus())
        self.children.append(focus)


def test_radio_group(page: Page, serve: Serve) -> None:
    page.goto(serve(RadioGroupApp))
    group = page.get_by_role("radiogroup", name="Size")
    expect(group).to_have_accessible_description("How large")
    expect(group.get_by_role("radio", checked=True)).to_have_count(0)
    page.get_by_text("Medium").click()
    expect(page.get_by_text("now 'm'")).to_be_visible()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_text("now 'l'")).to_be_visible()
    expect(group.get_by_role("radio", name="Large")).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_text("now 's'")).to_be_visible()
    expect(group.get_by_role("radio", name="Small")).to_be_checked()


def test_the_server_changes_a_radio_group(page: Page, serve: Serve) -> None:
    page.goto(serve(RadioGroupApp))
    group = page.get_by_role("radiogroup", name="Size")
    page.get_by_role("button", name="Choose s").click()
    expect(group.get_by_role("radio", name="Small")).to_be_checked()
    page.get_by_role("button", name="Focus").click()
    expect(group.get_by_role("radio", name="Small")).to_be_focused()
    page.get_by_role("button", name="Choose none").click()
    expect(group.get_by_role("radio", checked=True)).to_have_count(0)
    page.get_by_role("button", name="Other options").click()
    expect(group.get_by_role("radio")).to_have_count(2)
    expect(group).to_have_accessible_description("How large Choose again")
    page.get_by_text("x y").click()
    expect(page.get_by_text("now 'x y'")).to_be_visible()
    page.get_by_role("button", name="Off").click()
    expect(group.get_by_role("radio", name="é")).to_be_disabled()


class Dark(MainApp):
    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self.children = [Switch(label="Dark")]


def test_where_the_system_chooses_the_colours_it_draws_the_switch(new_page: NewPage, serve: Serve) -> None:
    page = new_page(forced_colors="active")
    page.goto(serve(Dark))
    looks = "(e, part) => [getComputedStyle(e).appearance, getComputedStyle(e, part).display]"
    assert page.get_by_role("switch").evaluate(looks, "::before") == ["auto", "none"]
