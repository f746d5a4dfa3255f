"""Tabs, Details, Dialog and Form in a real browser, by mouse and by keyboard."""

from playwright.sync_api import Page, expect

from jibe_like import (
    Button,
    CheckBox,
    Connection,
    Details,
    Dialog,
    Form,
    HBox,
    Input,
    Label,
    MainApp,
    Tabs,
    Text,
    VBox,
)
from jibe_like.tree.events import Message
from jibe_like.tree.widget import Widget
from tests.e2e.conftest import NewPage
from tests.serving import Serve


class TabsApp(MainApp):
    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self.log = Label("nothing yet")
        self.field = Input(label="Name")
        self.tabs = Tabs({"One": Text("first"), "Two": [self.field], "Three": Text("third")}, label="Pages")
        self.tabs.register("change", self.on_change_page)
        back, add, remove = Button("Back"), Button("Add"), Button("Remove")
        back.register("click", self.on_back)
        add.register("click", lambda: self.tabs.add("Four", Text("fourth")))
        remove.register("click", lambda: self.tabs.remove(str(self.tabs.value)))
        self.children = [self.tabs, HBox([back, add, remove]), self.log]

    def on_change_page(self, source: Widget, message: Message) -> None:
        self.log.value = f"{message['properties']['value']} {self.tabs.value}"

    def on_back(self) -> None:
        self.tabs.value = 0


def test_tabs_by_mouse(page: Page, serve: Serve) -> None:
    page.goto(serve(TabsApp))
    one, two = page.get_by_role("tab", name="One"), page.get_by_role("tab", name="Two")
    expect(page.get_by_role("tablist", name="Pages").get_by_role("tab")).to_have_text(["One", "Two", "Three"])
    expect(one).to_have_attribute("aria-selected", "true")
    expect(page.get_by_role("tabpanel", name="One")).to_have_text("first")
    expect(page.get_by_role("tabpanel")).to_have_count(1)
    two.click()
    expect(two).to_have_attribute("aria-selected", "true")
    expect(one).to_have_attribute("aria-selected", "false")
    expect(page.get_by_role("tabpanel", name="Two")).to_be_visible()
    expect(page.get_by_text("first")).to_be_hidden()
    expect(page.get_by_text("Two Two")).to_be_visible()
    page.get_by_role("button", name="Back").click()
    expect(page.get_by_text("first")).to_be_visible()
    expect(page.get_by_text("Two Two")).to_be_visible()


def test_tabs_by_keyboard(page: Page, serve: Serve) -> None:
    page.goto(serve(TabsApp))
    names = {name: page.get_by_role("tab", name=name) for name in ("One", "Two", "Three")}
    page.keyboard.press("Tab")
    for key, name in [
        ("ArrowRight", "Two"),
        ("ArrowRight", "Three"),
        ("ArrowRight", "One"),
        ("ArrowLeft", "Three"),
        ("Home", "One"),
        ("End", "Three"),
        ("ArrowLeft", "Two"),
    ]:
        page.keyboard.press(key)
        expect(names[name]).to_be_focused()
        expect(names[name]).to_have_attribute("aria-selected", "true")
        expect(page.get_by_role("tabpanel", name=name)).to_be_visible()
    # Only the chosen tab is in the tab order; after it come the page and what is on it.
    page.keyboard.press("Tab")
    expect(page.get_by_role("tabpanel", name="Two")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_label("Name")).to_be_focused()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Shift+Tab")
    expect(names["Two"]).to_be_focused()


def test_arrow_keys_follow_the_direction_of_writing(page: Page, serve: Serve) -> None:
    page.goto(serve(TabsApp))
    page.locator("html").evaluate("element => { element.dir = 'rtl' }")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowLeft")
    expect(page.get_by_role("tab", name="Two")).to_be_focused()


def test_what_is_typed_on_a_page_is_no_change_of_page(page: Page, serve: Serve) -> None:
    page.goto(serve(TabsApp))
    page.get_by_role("tab", name="Two").click()
    page.get_by_label("Name").fill("Ada")
    page.get_by_role("tab", name="Three").click()
    expect(page.get_by_text("Three Three")).to_be_visible()
    page.get_by_role("tab", name="Two").click()
    expect(page.get_by_label("Name")).to_have_value("Ada")


def test_pages_come_and_go(page: Page, serve: Serve) -> None:
    page.goto(serve(TabsApp))
    page.get_by_role("tab", name="Two").click()
    page.get_by_label("Name").fill("Ada")
    page.get_by_role("button", name="Add").click()
    expect(page.get_by_role("tab")).to_have_text(["One", "Two", "Three", "Four"])
    expect(page.get_by_label("Name")).to_have_value("Ada")
    page.get_by_role("tab", name="Four").click()
    expect(page.get_by_text("fourth")).to_be_visible()
    page.get_by_role("button", name="Remove").click()
    expect(page.get_by_role("tab")).to_have_text(["One", "Two", "Three"])
    expect(page.get_by_role("tab", name="Three")).to_have_attribute("aria-selected", "true")
    expect(page.get_by_text("third")).to_be_visible()


class DetailsApp(MainApp):
    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self.log = Label("0 events")
        self.count = 0
        self.inner = Details("Inner", [Text("deep")])
        self.outer = Details("Outer", [Text("inside"), self.inner], open=True)
        self.outer.register("toggle", self.on_toggle)
        self.inner.register("toggle", self.on_toggle)
        switch = Button("Switch")
        switch.register("click", self.on_switch)
        self.children = [self.outer, switch, self.log]

    def on_toggle(self, source: Details) -> None:
        self.count += 1
        self.log.value = f"{self.count} events, {source.summary} {'open' if source.open else 'closed'}"

    def on_switch(self) -> None:
        self.outer.open = not self.outer.open
        self.log.value += "."


def test_details(page: Page, serve: Serve) -> None:
    page.goto(serve(DetailsApp))
    expect(page.get_by_text("inside")).to_be_visible()
    expect(page.get_by_text("deep")).to_be_hidden()
    page.get_by_text("Inner").click()
    expect(page.get_by_text("deep")).to_be_visible()
    expect(page.get_by_text("1 events, Inner open")).to_be_visible()
    page.get_by_text("Outer").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("inside")).to_be_hidden()
    expect(page.get_by_text("2 events, Outer closed")).to_be_visible()
    page.keyboard.press("Space")
    expect(page.get_by_text("3 events, Outer open")).to_be_visible()


def test_details_opened_by_the_server(page: Page, serve: Serve) -> None:
    page.goto(serve(DetailsApp))
    switch = page.get_by_role("button", name="Switch")
    switch.click()
    expect(page.get_by_text("inside")).to_be_hidden()
    switch.click()
    expect(page.get_by_text("inside")).to_be_visible()
    page.get_by_text("Inner").click()
    expect(page.get_by_text("1 events, Inner open")).to_be_visible()


class DialogApp(MainApp):
    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self.log = Label("log:")
        self.field = Input(label="Reason")
        done = Button("Done")
        self.dialog = Dialog("Are you sure?", [self.field, done])
        done.register("click", self.dialog.close)
        for event in ("cancel", "close"):
            self.dialog.register(event, self.on_event)
        ask, fresh = Button("Ask"), Button("Fresh")
        ask.register("click", self.dialog.show)
        fresh.register("click", lambda: self.children.append(Dialog("Fresh one", [Text("new")], open=True)))
        self.children = [ask, fresh, self.dialog, self.log]

    def on_event(self, source: Widget, message: Message) -> None:
        self.log.value += f" {message['event']} {'open' if self.dialog.open else 'closed'};"


def test_a_dialog_is_modal_and_closes_by_escape(page: Page, serve: Serve) -> None:
    page.goto(serve(DialogApp))
    expect(page.get_by_role("dialog")).to_have_count(0)
    for times in (1, 2):
        page.get_by_role("button", name="Ask").press("Enter")
        expect(page.get_by_role("dialog", name="Are you sure?")).to_be_visible()
        expect(page.locator("dialog:modal")).to_be_visible()
        expect(page.get_by_label("Reason")).to_be_focused()
        page.keyboard.press("Tab")
        page.keyboard.press("Tab")
        expect(page.get_by_role("button", name="Close")).to_be_focused()
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_have_count(0)
        expect(page.get_by_text("log:" + " cancel open; close closed;" * times)).to_be_visible()
        expect(page.get_by_role("button", name="Ask")).to_be_focused()


def test_a_dialog_closes_by_its_button_and_by_the_server(page: Page, serve: Serve) -> None:
    page.goto(serve(DialogApp))
    page.get_by_role("button", name="Ask").click()
    page.get_by_role("button", name="Close").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_text("log: close closed;")).to_be_visible()
    page.get_by_role("button", name="Ask").click()
    page.get_by_role("button", name="Done").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.get_by_role("button", name="Ask").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_text("log: close closed; cancel open; close closed;")).to_be_visible()


def test_a_dialog_that_comes_open(page: Page, serve: Serve) -> None:
    page.goto(serve(DialogApp))
    page.get_by_role("button", name="Fresh").click()
    expect(page.get_by_role("dialog", name="Fresh one")).to_be_visible()
    expect(page.locator("dialog:modal")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)


class WelcomeApp(MainApp):
    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self.children = [Dialog("Welcome", [Text("hello")], open=True), Label("behind")]


def test_a_dialog_that_is_open_from_the_start(page: Page, serve: Serve, new_page: NewPage) -> None:
    url = serve(WelcomeApp)
    page.goto(url)
    expect(page.get_by_role("dialog", name="Welcome")).to_be_visible()
    expect(page.locator("dialog:modal")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_text("hello")).to_be_hidden()
    without = new_page(java_script_enabled=False)
    without.goto(url)
    expect(without.get_by_text("hello")).to_be_visible()


class FormApp(MainApp):
    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self.log = Label("nothing sent")
        self.form = Form(
            [
                Input(label="E-mail", name="email", type="email", required=True),
                VBox([Input(label="City", name="city"), CheckBox(label="Agreed", name="agreed")]),
                Button("Send", kind="submit"),
            ]
        )
        self.form.register("submit", self.on_submit)
        fill = Button("Fill")
        fill.register("click", self.on_fill)
        self.children = [self.form, fill, self.log]

    def on_submit(self, source: Form) -> None:
        self.log.value = f"sent {source.values}"

    def on_fill(self) -> None:
        self.form.values = {"email": "grace@example.org", "agreed": True}


def test_a_form_is_sent_by_its_button(page: Page, serve: Serve) -> None:
    url = serve(FormApp)
    page.goto(url)
    page.get_by_label("E-mail").fill("ada@example.org")
    page.get_by_label("Agreed").check()
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_text("sent {'email': 'ada@example.org', 'city': '', 'agreed': True}")).to_be_visible()
    assert page.url == url


def test_a_form_is_sent_by_enter_with_what_is_just_typed(page: Page, serve: Serve) -> None:
    url = serve(FormApp)
    page.goto(url)
    page.get_by_label("E-mail").fill("ada@example.org")
    page.get_by_label("City").press_sequentially("London")
    page.keyboard.press("Enter")
    expect(page.get_by_text("sent {'email': 'ada@example.org', 'city': 'London', 'agreed': False}")).to_be_visible()
    assert page.url == url


def test_a_form_that_is_not_valid_is_not_sent(page: Page, serve: Serve) -> None:
    page.goto(serve(FormApp))
    email = page.get_by_label("E-mail")
    for value in ("", "nonsense"):
        email.fill(value)
        page.get_by_role("button", name="Send").click()
        # The browser gives the focus to the field at fault, and says what is wrong.
        expect(email).to_be_focused()
        assert email.evaluate("field => field.validationMessage")
    expect(page.get_by_text("nothing sent")).to_be_visible()
    email.fill("ada@example.org")
    page.keyboard.press("Enter")
    expect(page.get_by_text("sent {'email': 'ada@example.org'")).to_be_visible()


def test_a_form_is_filled_by_the_server(page: Page, serve: Serve) -> None:
    page.goto(serve(FormApp))
    page.get_by_role("button", name="Fill").click()
    expect(page.get_by_label("E-mail")).to_have_value("grace@example.org")
    expect(page.get_by_label("Agreed")).to_be_checked()
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_text("sent {'email': 'grace@example.org', 'city': '', 'agreed': True}")).to_be_visible()
