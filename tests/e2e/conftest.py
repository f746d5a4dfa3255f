"""Fixtures of the browser tests.

A page that breaks its content security policy, leaves an error uncaught or logs one fails its test.
"""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Error,
    Page,
    WebError,
    expect,
    sync_playwright,
)

from tests.serving import Serve, ServeScript
from tools import chromium as system_chromium

TIMEOUT = 10_000  # ms; far above what any step takes, so that a busy machine does not fail a test

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

# In the capture phase on the window, which is there before the first byte of the document.
REPORT_VIOLATIONS = """
addEventListener("securitypolicyviolation", (event) => {
  const { effectiveDirective, blockedURI, sourceFile, lineNumber, sample } = event;
  reportProblem(`CSP: ${effectiveDirective} blocked ${blockedURI} at ${sourceFile}:${lineNumber} ${sample}`);
}, true);
"""

expect.set_options(timeout=TIMEOUT)


class NewPage:
    """Opens pages, each in a browser context (cookies, storage) of its own: the fixture `new_page`."""

    def __init__(self, browser: Browser, problems: list[str]) -> None:
        self._browser = browser
        self._problems = problems
        self._contexts: list[BrowserContext] = []

    def __call__(self, **options: Any) -> Page:
        """A new page. `options` are those of Playwright's `Browser.new_context`.

        More tabs of the same browser: `page.context.new_page()`.
        """
        context = self._browser.new_context(**options)
        self._contexts.append(context)
        context.set_default_timeout(TIMEOUT)
        context.expose_binding("reportProblem", lambda _, text: self._problems.append(text))
        context.add_init_script(REPORT_VIOLATIONS)
        context.on("weberror", self._on_error)
        context.on("console", self._on_console)
        return context.new_page()

    def close(self) -> None:
        """Close all pages, after what they have yet to report has come."""
        for context in self._contexts:
            for page in context.pages:
                # One that is on its way to another document has no context to evaluate in.
                with suppress(Error):
                    page.evaluate("0")
            context.close()

    def _on_error(self, error: WebError) -> None:
        self._problems.append(f"uncaught: {error.error}")

    def _on_console(self, message: ConsoleMessage) -> None:
        # Chromium asks for an icon by itself; a server that has none is no fault of the page.
        if message.type == "error" and not message.location["url"].endswith("/favicon.ico"):
            self._problems.append(f"console: {message.text}")


# For the package, not the session: while Playwright runs, its event loop counts as the running one of this
# thread, and a test of pytest-tornado that comes later in the same process could not run its own.
@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """The system's Chromium, without a window."""
    path = system_chromium.find()
    if path is None:
        pytest.fail(system_chromium.MISSING)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def page_problems() -> list[str]:
    """What the pages of this test complained of so far. A test that expects this asserts and clears it."""
    return []


# Asks for the servers so that pages are closed before them: a page whose server goes away logs that.
@pytest.fixture
def new_page(chromium: Browser, page_problems: list[str], serve: Serve, serve_script: ServeScript) -> Iterator[NewPage]:
    """`new_page(**options) -> Page`: more pages, or one with options. `page_problems` must end empty."""
    new_page = NewPage(chromium, page_problems)
    yield new_page
    new_page.close()
    assert not page_problems


@pytest.fixture
def page(new_page: NewPage) -> Page:
    """A fresh page."""
    return new_page()
