"""A program that runs an application: how it starts, and how it ends."""

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from jibe_like import MainApp, MultiApp
from tests.integration.visitor import Visitor
from tests.serving import ROOT, ServeScript

COUNTER = """
import os
from jibe_like import Button, Label, MainApp, MultiApp

class Counter(MainApp):
    def __init__(self, connection):
        super().__init__(connection)
        self.label = Label("count: 0", identifier="label")
        self.add = Button("Add", identifier="add")
        self.add.register("click", self.on_add)
        self.children = [self.add, self.label]

    def on_add(self):
        self.label.value = "count: 1"

"""
RUN = COUNTER + "Counter.run(int(os.environ['PORT']))\n"
RUN_HERE = COUNTER + "Counter.run(int(os.environ['PORT']), address='127.0.0.1')\n"
RUN_SEVERAL = COUNTER + "MultiApp(counter=Counter).run(int(os.environ['PORT']))\n"

Start = Callable[[str, int], subprocess.Popen[str]]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """`start(source, port)` runs a program and reads what it writes to standard error."""
    processes: list[subprocess.Popen[str]] = []

    def start(source: str, port: int) -> subprocess.Popen[str]:
        path = tmp_path / f"program{len(processes)}.py"
        path.write_text(source)
        env = {**os.environ, "PYTHONPATH": str(ROOT), "PORT": str(port)}
        process = subprocess.Popen([sys.executable, str(path)], env=env, stderr=subprocess.PIPE, text=True)
        processes.append(process)
        return process

    yield start
    for process in processes:
        process.kill()
        process.communicate()


def url_of(process: subprocess.Popen[str]) -> str:
    """The address that the program says it serves at."""
    assert process.stderr is not None
    line = process.stderr.readline()
    found = re.search(r" INFO jibe_like: serving at (http://[a-z0-9.]+:\d+/)\w*$", line)
    assert found, line
    return found[1]


def read(url: str) -> str:
    with urlopen(url, timeout=5) as response:
        text: str = response.read().decode()
    return text


@pytest.mark.gen_test(timeout=100)
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_ends_it_cleanly(serve_script: ServeScript, tmp_path: Path, number: signal.Signals) -> None:
    path = tmp_path / "counter.py"
    path.write_text(RUN)
    script = serve_script(path)
    async with Visitor(script.url) as page:
        await page.load()
        await page.connect()
        page.click("add")
        assert (await page.frame())["ops"] == [["text", "label", "count: 1"]]
        # Neither a page nor a connection that says nothing keeps it from ending.
        idle = socket.create_connection(("127.0.0.1", int(script.url.split(":")[2].strip("/"))))
        script.process.send_signal(number)
        assert await page.closed() == (1012, "the server stops")
    assert script.process.wait(timeout=10) == 0
    idle.close()
    assert re.fullmatch(r"[-0-9: ,]+ INFO jibe_like: serving at http://localhost:\d+/\n", script.output())


@pytest.mark.gen_test(timeout=100)
async def test_a_page_finds_the_next_one_after_a_restart(serve_script: ServeScript, tmp_path: Path) -> None:
    path = tmp_path / "counter.py"
    path.write_text(RUN)
    script = serve_script(path)
    async with Visitor(script.url) as page:
        await page.connect()
        await page.frame()
        page.click("add")
        await page.shows("label", "count: 1")
        script.process.terminate()
        await page.closed()
        assert script.process.wait(timeout=10) == 0
        script.start()
        # The session has ended with the process; the page goes on with a new one.
        assert (await page.connect())["resumed"] is False
        await page.frame()
        page.click("add")
        await page.shows("label", "count: 1")


def test_a_port_in_use_is_one_clear_line(start: Start) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        for source in (RUN, RUN_HERE, RUN_SEVERAL):
            process = start(source, port)
            _, problems = process.communicate(timeout=30)
            assert problems == f"jibe_like: port {port} is in use\n"
            assert process.returncode == 1


def test_port_0_takes_a_free_one_and_says_which(start: Start) -> None:
    first, second = start(RUN, 0), start(RUN_SEVERAL, 0)
    urls = [url_of(first), url_of(second)]
    assert urls[0] != urls[1]
    assert all(url.startswith("http://localhost:") for url in urls)
    assert "count: 0<" in read(urls[0])
    assert "count: 0<" in read(urls[1] + "counter")
    for process in (first, second):
        process.terminate()
        assert process.wait(timeout=10) == 0


def test_what_tornado_says_looks_like_all_else(start: Start) -> None:
    process = start(RUN, 0)
    with pytest.raises(HTTPError, match="404"):
        read(url_of(process) + "nothing")
    assert process.stderr is not None
    assert re.match(r"[-0-9: ,]+ WARNING tornado\.access: 404 GET /nothing ", process.stderr.readline())


def test_an_address_limits_who_reaches_it(start: Start) -> None:
    url = url_of(start(RUN_HERE, 0))
    assert url.startswith("http://127.0.0.1:")
    assert "count: 0<" in read(url)
    port = int(url.split(":")[2].strip("/"))
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.2", port), timeout=5)


def test_an_application_that_cannot_be_served_does_not_start(start: Start) -> None:
    process = start(COUNTER + "Counter.assets_path = {'from': 'nowhere', 'to': '/files'}\nCounter.run(0)\n", 0)
    _, problems = process.communicate(timeout=30)
    assert re.search(r"AssetsPathError: Counter\.assets_path: .*nowhere", problems.splitlines()[-1])
    assert process.returncode == 1


@pytest.mark.gen_test
async def test_in_a_running_loop_it_says_what_to_do() -> None:
    for run in (MainApp.run, MultiApp(app=MainApp).run):
        with pytest.raises(RuntimeError, match=r"use mount\(\), or juprun\(\)"):
            run(0)
