"""Session functions against a real server: who the visitor is, `main()` over a restart, pauses between polls."""

import asyncio
import json
import time
from pathlib import Path
from typing import Any

import pytest
from tornado.httpclient import AsyncHTTPClient, HTTPRequest
from tornado.httputil import HTTPServerRequest

from jibe_like import Button, Connection, Label, MainApp, session
from tests.integration.conftest import Mounted
from tests.integration.visitor import Visitor
from tests.serving import ServeScript

AGENT = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:109.0) Gecko/20100101 Firefox/119.0"


def known() -> dict[str, Any]:
    request = session.info.request
    return {
        "browser": session.info.user_agent.browser.family,
        "language": session.info.user_language,
        "host": session.info.server_host,
        "origin": session.info.origin,
        "ip": session.info.user_ip,
        "backend": session.info.backend,
        "protocol": session.info.protocol,
        "request": f"{request.method} {request.path}" if isinstance(request, HTTPServerRequest) else None,
    }


class Known(MainApp):
    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self.first = known()
        self.now = Label("", identifier="now")
        button = Button("Show", identifier="show")
        button.register("click", self.show)
        self.children = [button, self.now]

    def show(self) -> None:
        self.now.value = json.dumps(known())


@pytest.mark.gen_test
async def test_the_visitor(mounted: Mounted, base_url: str) -> None:
    registry = mounted(Known)
    host = base_url.removeprefix("http://")
    expected = {
        "browser": "Firefox",
        "language": "de-CH",
        "host": host,
        "origin": f"http://{host}",
        "ip": "127.0.0.1",
        "backend": "tornado",
        "protocol": "http",
        "request": "GET /",
    }
    headers = {"User-Agent": AGENT, "Accept-Language": "de-CH, de;q=0.9"}
    async with Visitor(base_url) as page:
        await page.load(**headers)
        [found] = registry.sessions.values()
        app = found.document
        assert isinstance(app, Known)
        assert app.first == expected
        assert session.info is not None
        await page.connect(Origin=base_url)
        page.click("show")
        await page.frame()
        expected |= {"protocol": "websocket", "request": "GET /websocket"}
        assert json.loads(app.now.value) == expected


@pytest.mark.gen_test
async def test_a_page_without_prerendering(mounted: Mounted, base_url: str) -> None:
    registry = mounted(Known)
    async with Visitor(base_url) as page:
        await page.connect(**{"User-Agent": AGENT})
        [found] = registry.sessions.values()
        app = found.document
        assert isinstance(app, Known)
        assert (app.first["browser"], app.first["request"]) == ("Firefox", "GET /websocket")


class Poll:
    """A page that polls."""

    def __init__(self, base_url: str) -> None:
        self._url = base_url + "/poll"

    async def open(self) -> list[Any]:
        opened = await self._post("", {})
        self._url += f"?poll={opened['poll']}"
        return list(opened["frames"])

    async def frames(self) -> list[Any]:
        return list((await self._post("", {}))["frames"])

    async def click(self, identifier: str, n: int) -> None:
        await self._post("", {"events": [{"n": n, "id": identifier, "event": "click"}]})

    async def _post(self, query: str, body: dict[str, Any]) -> Any:
        request = HTTPRequest(
            self._url + query, "POST", body=json.dumps(body), headers={"Content-Type": "application/json"}
        )
        return json.loads((await AsyncHTTPClient().fetch(request)).body or "null")


@pytest.mark.gen_test
async def test_by_polling(mounted: Mounted, base_url: str) -> None:
    registry = mounted(Known)
    poll = Poll(base_url)
    await poll.open()
    await poll.click("show", 1)
    [found] = registry.sessions.values()
    app = found.document
    assert isinstance(app, Known)
    told = json.loads(app.now.value)
    assert (told["protocol"], told["request"]) == ("http", "POST /poll")


class Counting(MainApp):
    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self.label = Label("0", identifier="label")
        self.children = [self.label]

    def on_session_created(self) -> None:
        session.set_env(http_pull_interval=300)


@pytest.mark.gen_test
async def test_answers_to_a_poll_keep_their_distance_and_bring_all_that_came_meanwhile(
    mounted: Mounted, base_url: str
) -> None:
    registry = mounted(Counting)
    poll = Poll(base_url)
    await poll.open()
    [found] = registry.sessions.values()
    app = found.document
    assert isinstance(app, Counting)
    app.label.value = "first"
    await poll.frames()
    since = time.monotonic()
    asking = asyncio.ensure_future(poll.frames())
    for number in range(5):
        app.label.value = str(number)
        await asyncio.sleep(0.01)
    frames = await asking
    # The clocks of both ends are one; what the answer takes to arrive is a part of both distances.
    assert time.monotonic() - since > 0.25
    assert [op for frame in frames for op in frame.get("ops", ())][-1] == ["text", "label", "4"]


@pytest.mark.gen_test
async def test_the_title_is_in_the_first_response(mounted: Mounted, base_url: str) -> None:
    class Titled(MainApp):
        def on_session_created(self) -> None:
            session.set_env(title="<Set>")

    mounted(Titled)
    async with Visitor(base_url) as page:
        html = (await page.load()).body.decode()
        assert "<title>&lt;Set&gt;</title>" in html
        # What else is set needs the extras, at once.
        assert "/extras-" in html


PROGRAM = """
import asyncio, os
from jibe_like import Button, Label, MainApp, session

class Main(MainApp):
    def __init__(self, connection):
        super().__init__(connection)
        self.starts = 0
        self.label = Label("", identifier="label")
        button = Button("Let it return", identifier="finish")
        button.register("click", self.finish)
        self.children = [self.label, button]
        self.finished = False

    def finish(self):
        self.finished = True

    async def main(self):
        self.starts += 1
        self.label.value = f"start {self.starts}"
        while not self.finished:
            await asyncio.sleep(0.01)
        self.label.value = "returned"

Main.run(int(os.environ["PORT"]), address="127.0.0.1", store=os.environ["STORE"])
"""


@pytest.mark.gen_test(timeout=100)
async def test_after_a_restart_main_starts_again_unless_it_had_returned(
    serve_script: ServeScript, tmp_path: Path
) -> None:
    path = tmp_path / "main_program.py"
    path.write_text(PROGRAM)
    script = serve_script(path, STORE=f"sqlite:///{tmp_path / 'main.db'}")

    async def restart() -> None:
        await asyncio.to_thread(script.stop)
        await page.closed()
        await asyncio.to_thread(script.start)
        await page.connect()
        await page.frame()

    async with Visitor(script.url) as page:
        await page.connect()
        await page.frame()
        await page.shows("label", "start 1")
        await restart()
        await page.shows("label", "start 2")
        page.click("finish")
        await page.shows("label", "returned")
        await restart()
        assert page.text("label") == "returned"
