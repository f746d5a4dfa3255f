"""What the tests share in which a page loses its server."""

import re
from typing import Any, Final

from playwright.sync_api import Locator, Page

_NETWORK: Final = re.compile(r"^console: (WebSocket connection to \S+ failed: |Failed to load resource: )")

_START = """() => {
  const add = document.getElementById("add");
  window.clicks = 0;
  window.clicking = setInterval(() => { add.click(); window.clicks++; }, 100);
}"""

NO_WEBSOCKET: Final = """window.WebSocket = class {
  constructor() { setTimeout(() => this.onclose?.(new CloseEvent("close", { code: 1006 }))); }
  send() {}
  close() {}
};"""
"""A script for pages in a network where websockets are blocked."""


class Problems(list[str]):
    """A page's complaints, without those that Chromium itself makes of a server that is not there."""

    def append(self, problem: str) -> None:
        if not _NETWORK.match(problem):
            super().append(problem)


class Clicking:
    """The page clicks on `#add`, the element as it is now, ten times a second.

    :param count: an element that shows how many clicks the server has counted.
    """

    def __init__(self, page: Page, count: Locator) -> None:
        self._page = page
        self._count = count
        page.evaluate(_START)

    def go_on(self, clicks: int) -> None:
        """Returns after so many clicks more."""
        self._page.wait_for_function("goal => window.clicks >= goal", arg=self.clicks + clicks)

    def catch_up(self, within: float) -> None:
        """Returns when the server has counted all clicks until now; TimeoutError after so many seconds."""
        self._page.wait_for_function(
            "([count, goal]) => Number(count.textContent) >= goal",
            arg=[self._count.element_handle(), self.clicks],
            timeout=within * 1000,
        )

    def stop(self) -> int:
        """Ends it; gives the number of clicks."""
        total: int = self._page.evaluate("clearInterval(window.clicking), window.clicks")
        return total

    @property
    def clicks(self) -> int:
        """The clicks until now."""
        clicks: int = self._page.evaluate("window.clicks")
        return clicks


def mark(page: Page) -> None:
    """Leaves something in the page that a reload would take away."""
    page.evaluate("window.marked = document.getElementById('topwidget')")


def was_reloaded(page: Page) -> bool:
    """Whether the page is another than the one that was marked, or its elements are."""
    same, loads = page.evaluate(
        "[window.marked === document.getElementById('topwidget'), performance.getEntriesByType('navigation').length]"
    )
    # Where the test has set the page's clock, loads are not counted.
    return not same or loads > 1


def caret(field: Locator) -> Any:
    """Selection and text of the field where that has the focus; else None."""
    return field.evaluate("e => e === document.activeElement ? [e.selectionStart, e.selectionEnd, e.value] : null")
