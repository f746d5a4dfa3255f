"""The tests' own servers: what the fixtures `serve` and `serve_script` promise."""

import asyncio
import signal
import socket
import threading
from http.client import HTTPConnection
from pathlib import Path
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import urlopen

import pytest
from tornado.web import Application, RequestHandler
from tornado.websocket import WebSocketHandler, websocket_connect

from tests.serving import Serve, ServeScript

SCRIPT = """
import os, signal, sys
from http.server import BaseHTTPRequestHandler, HTTPServer

class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(os.environ["GREETING"].encode())

signal.signal(signal.SIGTERM, lambda *_: sys.exit(3))
print("hello from the script", flush=True)
HTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
"""


class Hello(RequestHandler):
    def get(self) -> None:
        self.write("hello")


class Socket(WebSocketHandler):
    def on_close(self) -> None:
        closed: threading.Event = self.settings["closed"]
        closed.set()


class Lonely(RequestHandler):
    def get(self) -> None:
        asyncio.get_running_loop().call_soon(self.fail)

    def fail(self) -> None:
        raise LookupError("nobody catches this")


def hello() -> Application:
    return Application([("/", Hello), ("/socket", Socket), ("/lonely", Lonely)], closed=threading.Event())


def read(url: str) -> str:
    with urlopen(url, timeout=10) as response:
        text: str = response.read().decode()
    return text


def test_several_servers_at_a_time(serve: Serve) -> None:
    urls = [serve(hello()), serve(hello())]
    assert [read(url) for url in urls] == ["hello", "hello"]
    assert len(set(urls)) == 2
    assert all(url.endswith("/") for url in urls)


def test_a_stopped_server_leaves_its_port_and_no_thread(serve: Serve) -> None:
    url = serve(hello())
    port = urlsplit(url).port
    assert port is not None
    serve.stop(url)
    assert "server under test" not in [thread.name for thread in threading.enumerate()]
    with pytest.raises(URLError):
        read(url)
    assert serve(hello(), port=port) == url
    assert read(url) == "hello"


def test_a_port_in_use_is_told_to_the_test(serve: Serve) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(OSError, match="in use"):
        serve(hello(), port=taken.getsockname()[1])


def test_call_runs_on_the_loop_of_the_server(serve: Serve) -> None:
    url = serve(hello())
    assert serve.call(url, asyncio.get_running_loop) is not None
    with pytest.raises(ZeroDivisionError):
        serve.call(url, divmod, 1, 0)


def test_a_dropped_connection_ends_and_the_server_goes_on(serve: Serve) -> None:
    url = serve(hello())
    parts = urlsplit(url)
    client = HTTPConnection(str(parts.hostname), parts.port, timeout=10)
    client.request("GET", "/")
    assert client.getresponse().read() == b"hello"
    serve.drop(url)
    assert client.sock is not None
    assert client.sock.recv(1) == b""
    client.close()
    assert read(url) == "hello"


@pytest.mark.gen_test
async def test_stopping_closes_websockets(serve: Serve) -> None:
    application = hello()
    url = serve(application)
    connection = await websocket_connect(url.replace("http", "ws") + "socket")
    serve.stop(url)
    assert await connection.read_message() is None
    connection.close()
    assert application.settings["closed"].is_set()


def test_an_error_in_the_loop_is_a_problem(serve: Serve) -> None:
    url = serve(hello())
    read(url + "lonely")
    serve.stop(url)
    assert len(serve.problems) == 1
    assert "nobody catches this" in serve.problems.pop()


def test_a_script_keeps_its_address_over_a_kill(serve_script: ServeScript, tmp_path: Path) -> None:
    path = tmp_path / "greeter.py"
    path.write_text(SCRIPT)
    script = serve_script(path, GREETING="good day")
    assert read(script.url) == "good day"
    first = script.process.pid
    script.kill()
    assert script.process.returncode == -signal.SIGKILL
    script.start()
    assert script.process.pid != first
    assert read(script.url) == "good day"
    assert script.stop() == 3
    assert script.output().count("hello from the script\n") == 2


def test_a_script_that_ends_early_tells_why(serve_script: ServeScript, tmp_path: Path) -> None:
    path = tmp_path / "broken.py"
    path.write_text("raise SystemExit('no such luck')")
    with pytest.raises(RuntimeError, match="no such luck"):
        serve_script(path)
