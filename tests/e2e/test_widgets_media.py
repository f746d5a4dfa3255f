"""Image and Redirect in a real browser."""

import base64
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from jibe_like import Button, Connection, Image, MainApp, Redirect
from tests.serving import Serve

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="7" height="5"><script>parent.bad = true</script></svg>'


@pytest.fixture
def app(tmp_path: Path) -> type[MainApp]:
    (tmp_path / "dot.png").write_bytes(PNG)

    class ImageApp(MainApp):
        assets_path = {"from": str(tmp_path), "to": "/pictures"}

        def __init__(self, connection: Connection) -> None:
            super().__init__(connection)
            self.by_data = Image(alt="data")
            self.by_data.data = base64.b64encode(PNG).decode()
            self.changing = Image(alt="changing")
            change = Button("Change")
            change.register("click", lambda: setattr(self.changing, "source", SVG))
            self.children = [
                Image("/pictures/dot.png", "url"),
                Image(PNG, "bytes"),
                Image(tmp_path / "dot.png", "path"),
                self.by_data,
                self.changing,
                change,
            ]

    return ImageApp


def test_images(page: Page, serve: Serve, app: type[MainApp]) -> None:
    page.goto(serve(app))
    for name in ("url", "bytes", "path", "data"):
        expect(page.get_by_role("img", name=name)).to_have_js_property("naturalWidth", 1)
    page.get_by_role("button", name="Change").click()
    changing = page.get_by_role("img", name="changing")
    expect(changing).to_have_js_property("naturalWidth", 7)
    assert page.evaluate("window.bad") is None


class RedirectApp(MainApp):
    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self.leave = Redirect()
        button = Button("Leave")
        button.register("click", lambda: self.leave.redirect("/?elsewhere"))
        self.children = [self.leave, button]


def test_redirect(page: Page, serve: Serve) -> None:
    url = serve(RedirectApp)
    page.goto(url)
    page.get_by_role("button", name="Leave").click()
    page.wait_for_url(f"{url}?elsewhere")


class EarlyRedirectApp(MainApp):
    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        leave = Redirect()
        leave.redirect(TARGET[0])
        self.children = [leave]


TARGET = [""]


def test_redirect_from_the_constructor(page: Page, serve: Serve) -> None:
    TARGET[0] = serve(RedirectApp)
    page.goto(serve(EarlyRedirectApp))
    page.wait_for_url(TARGET[0])
    expect(page.get_by_role("button", name="Leave")).to_be_visible()
