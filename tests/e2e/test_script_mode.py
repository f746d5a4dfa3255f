"""Programs in script mode, as processes of their own: they open a page, and end with it."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Protocol
from urllib.request import urlopen

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import NewPage
from tests.serving import ROOT, Script, ServeScript

HEAD = """
import os
from jibe_like import Button, Input, Label, Settings, session

settings = Settings(unused_lifetime=1.0, check_interval=0.1)
page = session.script("A script", port=int(os.environ["PORT"]), settings=settings)
"""


class Start(Protocol):
    """`start(body, **env) -> Script`: a program that has its page and then does this."""

    def __call__(self, body: str, **env: str) -> Script: ...


@pytest.fixture
def start(serve_script: ServeScript, tmp_path: Path) -> Start:
    def start(body: str, **env: str) -> Script:
        path = tmp_path / "program.py"
        path.write_text(HEAD + body)
        return serve_script(path, **{"JIBE_LIKE_OPEN_BROWSER": "0", **env})

    return start


def ended(script: Script) -> int:
    """Waits for the program to end by itself; its exit status."""
    return script.process.wait(timeout=20)


def test_top_level_code_has_a_page_that_ends_with_it(page: Page, start: Start) -> None:
    script = start(
        """
session.local.width = session.eval_js("window.innerWidth")
page.children.append(Label(f"{session.local.width} at {session.info.user_ip}", identifier="label"))
name = Input(label="Name")
page.children.append(name)
session.run_js("document.title += '!'")
session.eval_js("new Promise(done => { window.finish = done })", timeout_=60)
session.defer_call(lambda: print("deferred", name.value, flush=True))
"""
    )
    page.set_viewport_size({"width": 777, "height": 600})
    page.goto(script.url)
    expect(page.locator("#label")).to_have_text("777 at 127.0.0.1")
    assert page.title() == "A script!"
    page.get_by_label("Name").fill("Ada")
    page.get_by_label("Name").blur()
    # A page that is loaded again is the same: it finds what is there, and the program goes on.
    page.reload()
    expect(page.get_by_label("Name")).to_have_value("Ada")
    assert script.process.poll() is None
    page.close()
    script.process.terminate()
    ended(script)


def test_it_says_that_it_has_ended(page: Page, start: Start) -> None:
    script = start(
        """
page.children.append(Label("there", identifier="label"))
session.defer_call(lambda: print("deferred", flush=True))
session.eval_js("new Promise(done => { window.finish = done })", timeout_=60)
"""
    )
    page.goto(script.url)
    expect(page.locator("#label")).to_have_text("there")
    for _ in range(500):
        if page.evaluate("'finish' in window"):
            break
        page.wait_for_timeout(20)
    page.evaluate("finish()")
    expect(page.get_by_role("status")).to_contain_text("This session has ended")
    assert ended(script) == 0
    assert "deferred" in script.output()
    assert "Traceback" not in script.output()


def test_it_holds_until_the_page_is_closed(page: Page, start: Start) -> None:
    script = start(
        """
button = Button("Count", identifier="count")
page.count = 0

def count():
    page.count += 1
    button.label = f"{page.count}"

button.register("click", count)
page.children.append(button)
session.hold()
print("held", page.count, flush=True)
session.run_js("too.late()")
print("never", flush=True)
"""
    )
    page.goto(script.url)
    page.locator("#count").click()
    expect(page.locator("#count")).to_have_text("1")
    page.close()
    assert ended(script) == 1
    assert "held 1" in script.output()
    assert "the page was closed: run_js needs a page" in script.output()
    assert "Traceback" not in script.output()
    assert "never" not in script.output()


def test_it_waits_for_who_stays(page: Page, serve_script: ServeScript, tmp_path: Path) -> None:
    path = tmp_path / "program.py"
    path.write_text(
        """
import os
from jibe_like import Label, Settings, session
settings = Settings(prerendered_sessions=0, unused_lifetime=1.0, check_interval=0.1)
page = session.script(port=int(os.environ["PORT"]), settings=settings)
page.children.append(Label("there", identifier="label"))
session.hold()
"""
    )
    script = serve_script(path, JIBE_LIKE_OPEN_BROWSER="0")
    for _ in range(2):
        # A preview of the page, say: it loads it and never connects. Its session ends with the response.
        with urlopen(script.url) as response:
            assert response.status == 200
    page.goto(script.url)
    expect(page.locator("#label")).to_have_text("there")
    page.close()
    assert ended(script) == 0


def test_who_comes_after_the_page_was_closed_is_told(new_page: NewPage, start: Start) -> None:
    script = start(
        """
import threading
session.eval_js("document.title = 'Connected'")
session.hold()
print("held", flush=True)
threading.Event().wait(60)
"""
    )
    page, late = new_page(), new_page()
    page.goto(script.url)
    # A page that goes before its socket is open was never there.
    expect(page).to_have_title("Connected")
    page.close()
    while "held" not in script.output():
        late.wait_for_timeout(50)
    late.goto(script.url)
    expect(late.get_by_text("This page was closed")).to_be_visible()
    script.process.terminate()
    ended(script)


def test_an_error_ends_it_as_any_program(page: Page, start: Start) -> None:
    script = start("raise ValueError('of the program')")
    page.goto(script.url)
    expect(page.get_by_role("status")).to_contain_text("This session has ended")
    assert ended(script) == 1
    assert "ValueError: of the program" in script.output()


def test_threads_and_a_second_page(page: Page, start: Start) -> None:
    script = start(
        """
import threading

def work():
    session.run_js("document.title = 'by a thread'")
    page.children.append(Label("thread", identifier="thread"))

thread = threading.Thread(target=work)
session.register_thread(thread)
thread.start()
thread.join()
try:
    session.script()
except RuntimeError as error:
    page.children.append(Label(str(error), identifier="second"))
session.hold()
"""
    )
    page.goto(script.url)
    expect(page.locator("#thread")).to_have_text("thread")
    expect(page.locator("#second")).to_have_text("session.script: this program has its page already")
    page.close()
    assert ended(script) == 0


def test_the_browser_is_opened_unless_it_is_not_wanted(page: Page, start: Start, tmp_path: Path) -> None:
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\necho "$1" > {tmp_path / "opened"}\n')
    browser.chmod(0o755)
    script = start("session.hold()", JIBE_LIKE_OPEN_BROWSER="", BROWSER=str(browser))
    for _ in range(200):
        if (tmp_path / "opened").exists():
            break
        page.wait_for_timeout(20)
    page.goto((tmp_path / "opened").read_text().strip())
    expect(page.get_by_role("main")).to_be_attached()
    page.close()
    assert ended(script) == 0
    (tmp_path / "opened").unlink()
    silent = start("session.hold()", BROWSER=str(browser))
    silent.process.kill()
    ended(silent)
    assert not (tmp_path / "opened").exists()


def test_in_a_thread_with_a_loop_it_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "program.py"
    path.write_text(
        """
import asyncio
from jibe_like import session

async def main():
    session.script()

asyncio.run(main())
"""
    )
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, str(path)], env=env, capture_output=True, text=True, timeout=60)
    assert "RuntimeError: session.script blocks, and an event loop is running in this thread" in done.stderr
