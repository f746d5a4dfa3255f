"""Takes the README's pictures from the running programs: `python -m tools.pictures`."""

import sys
from pathlib import Path

from playwright.sync_api import Browser, expect, sync_playwright

from jibe_like import MainApp
from jibe_like.server import Server
from sample_apps.counter import Counter
from sample_apps.gallery import Gallery
from tools import chromium

IMAGES = Path(__file__).parent.parent / "docs" / "images"


def take(browser: Browser, app: type[MainApp], name: str, width: int, height: int, presses: int) -> None:
    """A picture of the application at twice its size, after its first button was pressed so many times."""
    host = Server("pictures")
    with host.hosting(app):
        server = host.in_background(0, "localhost")
    page = browser.new_page(viewport={"width": width, "height": height}, device_scale_factor=2, color_scheme="light")
    page.goto(server.url)
    frame = page.frame_locator("iframe").first if page.locator("iframe").count() else page
    for _ in range(presses):
        frame.get_by_role("button", name="Add", exact=True).click()
    expect(frame.get_by_text(f"count: {presses}")).to_be_visible()
    # Where the pointer rests or the focus is should not show.
    page.mouse.move(0, 0)
    page.evaluate("document.activeElement.blur()")
    page.screenshot(path=IMAGES / name, animations="disabled")
    page.close()
    server.stop()


def main() -> int:
    """Takes them all. Returns the exit status."""
    path = chromium.find()
    if path is None:
        print(chromium.MISSING, file=sys.stderr)
        return 1
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        take(browser, Counter, "counter.png", 400, 120, presses=3)
        take(browser, Gallery, "gallery.png", 1280, 800, presses=1)
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
