"""ProgressBar, Spinner and Notification in a real browser."""

from playwright.sync_api import Page, expect

from jibe_like import Button, Connection, Label, MainApp, Notifications, ProgressBar, Spinner
from tests.serving import Serve


class ProgressApp(MainApp):
    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self.bar = ProgressBar(label="Upload")
        self.busy = Spinner("Searching", hidden=True)
        step, unknown = Button("Step"), Button("Unknown")
        step.register("click", self.on_step)
        unknown.register("click", lambda: setattr(self.bar, "value", None))
        self.children = [self.bar, self.busy, step, unknown]

    def on_step(self) -> None:
        self.bar.value = (self.bar.value or 0) + 45
        self.busy.hidden = not self.busy.hidden


def test_progress_and_spinner(page: Page, serve: Serve) -> None:
    page.goto(serve(ProgressApp))
    bar = page.get_by_role("progressbar", name="Upload")
    expect(bar).to_have_js_property("value", 0)
    expect(bar).to_have_js_property("position", 0)
    expect(page.get_by_text("Searching")).to_be_hidden()
    step = page.get_by_role("button", name="Step")
    step.click()
    expect(bar).to_have_js_property("value", 45)
    expect(page.locator(".spinner")).to_have_role("status")
    expect(page.get_by_text("Searching")).to_be_visible()
    step.click()
    step.click()
    expect(bar).to_have_js_property("position", 1)
    page.get_by_role("button", name="Unknown").click()
    expect(bar).to_have_js_property("position", -1)


class NotificationApp(MainApp):
    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self.corner = Notifications()
        self.log = Label("0 dismissed")
        self.dismissed = 0
        stays, goes = Button("Stays"), Button("Goes")
        stays.register("click", self.on_stays)
        goes.register("click", lambda: self.corner.notify("Saved", "success", timeout=0.2))
        self.children = [self.corner, stays, goes, self.log]

    def on_stays(self) -> None:
        undo = Button("Undo")
        undo.register("click", lambda: setattr(self.log, "value", "undone"))
        notification = self.corner.notify("Deleted", "warning", None, children=[undo])
        notification.register("dismiss", self.on_dismissed)

    def on_dismissed(self) -> None:
        self.dismissed += 1
        self.log.value = f"{self.dismissed} dismissed"


def test_a_notification_is_dismissed(page: Page, serve: Serve) -> None:
    page.goto(serve(NotificationApp))
    corner = page.get_by_role("region", name="Notifications")
    stays = page.get_by_role("button", name="Stays")
    stays.click()
    expect(corner.get_by_role("alert")).to_contain_text("Deleted")
    stays.click()
    expect(corner.get_by_role("alert")).to_have_count(2)
    corner.get_by_role("button", name="Undo").first.click()
    expect(page.get_by_text("undone")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_text("1 dismissed")).to_be_visible()
    corner.get_by_role("button", name="Dismiss").press("Enter")
    expect(page.get_by_text("2 dismissed")).to_be_visible()
    expect(corner.get_by_role("alert")).to_have_count(0)


def test_a_notification_goes_by_itself(page: Page, serve: Serve) -> None:
    page.goto(serve(NotificationApp))
    status = page.get_by_role("region", name="Notifications").get_by_role("status")
    page.evaluate(
        """() => {
            window.seen = new Promise((resolve) => {
                new MutationObserver((records) => resolve(records[0].addedNodes[0]?.textContent))
                    .observe(document.querySelector(".notifications"), { childList: true });
            });
        }"""
    )
    page.get_by_role("button", name="Goes").click()
    assert page.evaluate("window.seen") == "Saved×"
    expect(status).to_have_count(0)


class Many(MainApp):
    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self.corner = Notifications()
        add = Button("Add")
        add.register("click", self.on_add)
        self.children = [self.corner, add, Label("below", style={"margin-top": "200vh"})]

    def on_add(self) -> None:
        for number in range(30):
            self.corner.notify(f"Message {number}", "error", timeout=None)


def test_more_messages_than_the_window_is_high_can_all_be_reached(page: Page, serve: Serve) -> None:
    page.goto(serve(Many))
    page.get_by_role("button", name="Add").click()
    expect(page.get_by_text("Message 29")).to_be_in_viewport()
    assert page.evaluate("scrollY") == 0
    page.get_by_text("Message 0", exact=True).scroll_into_view_if_needed()
    expect(page.get_by_text("Message 0", exact=True)).to_be_in_viewport()
    page.get_by_role("alert").first.get_by_role("button", name="Dismiss").click()
    expect(page.get_by_text("Message 0", exact=True)).to_have_count(0)
