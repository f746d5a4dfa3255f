"""Programs that start a server: command line, environment, signals, and what they say when that makes no sense."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from tests.serving import ROOT

HERE = "127.0.0.1"

PROGRAM = """
import sys
from jibe_like import Label, MainApp, get_server

class Hello(MainApp):
    def __init__(self, connection):
        super().__init__(connection)
        self.children = [Label(f"Hello {self.session} {sys.argv[1:]}")]

class Bye(MainApp):
    def __init__(self, connection):
        super().__init__(connection)
        self.children = [Label("Bye")]

"""
RUN = PROGRAM + "Hello.run()\n"
START = PROGRAM + "get_server().mount(Hello)\nget_server().mount(Bye, '/bye')\nget_server().start()\n"
TWICE = PROGRAM + "get_server().mount(Bye, '/')\nHello.run()\n"
BESIDE = PROGRAM + "get_server().mount(Bye, '/bye')\nHello.run(8881, argv=[], timeout=0)\n"

Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """`start(source, *arguments, **environment)` runs a program."""
    processes: list[subprocess.Popen[str]] = []

    def start(source: str, *arguments: str, **env: str) -> subprocess.Popen[str]:
        path = tmp_path / "program.py"
        path.write_text(source)
        environment = {**os.environ, "PYTHONPATH": str(ROOT), **env}
        command = [sys.executable, str(path), *arguments]
        process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True, cwd=tmp_path)
        processes.append(process)
        return process

    yield start
    for process in processes:
        process.kill()
        process.communicate()


def read(url: str) -> str:
    with urlopen(url, timeout=5) as response:
        text: str = response.read().decode()
    return text


def url_of(process: subprocess.Popen[str]) -> str:
    assert process.stderr is not None
    line = process.stderr.readline()
    assert " INFO jibe_like: serving at " in line, line + process.stderr.read()
    return line.rstrip().rpartition(" ")[2]


def problem_of(process: subprocess.Popen[str]) -> str:
    _, problem = process.communicate(timeout=30)
    assert process.returncode == 1
    return problem


@pytest.mark.parametrize("source", [RUN, START], ids=["run", "start"])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_program_reads_its_command_line(start: Start, source: str, number: signal.Signals) -> None:
    process = start(source, "--port", "0", "--host", HERE, "--mine", JIBE_LIKE_PORT="1")
    url = url_of(process)
    assert url.startswith(f"http://{HERE}:")
    assert "--mine" in read(url)
    process.send_signal(number)
    assert process.wait(timeout=10) == 0


def test_a_program_reads_its_environment(start: Start) -> None:
    process = start(START, JIBE_LIKE_PORT="0", JIBE_LIKE_STORE="sqlite:///from_environment.db", JIBE_LIKE_TIMEOUT="0.3")
    url = url_of(process)
    assert "Bye<" in read(url + "bye")
    # Nobody opens a connection: it stops by itself.
    assert process.wait(timeout=20) == 0


def test_by_default_run_listens_everywhere_and_start_here(start: Start) -> None:
    everywhere, here = url_of(start(RUN, "-p0")), url_of(start(START, "-p0"))
    assert "Hello" in read(everywhere.replace("localhost", "127.0.0.2"))
    assert "Hello" in read(here)
    with pytest.raises(URLError, match="refused"):
        read(here.replace("localhost", "127.0.0.2"))


@pytest.mark.parametrize(
    ("arguments", "env", "line"),
    [
        (["--port", "http"], {}, "argument -p/--port: must be a whole number from 0 to 65535, not 'http'"),
        ([], {"JIBE_LIKE_PORT": "http"}, "JIBE_LIKE_PORT must be a whole number from 0 to 65535, not 'http'"),
        (["-p0"], {"JIBE_LIKE_MODE": "all"}, "JIBE_LIKE_MODE must be one of unicast, multicast, broadcast, not 'all'"),
        (["-p0", "--store", "mysql://x"], {}, "store must be 'memory://' or 'sqlite:///<path>', not 'mysql://x'"),
        (["-p0", "--host", "192.0.2.1"], {}, "cannot listen at 192.0.2.1:0: Cannot assign requested address"),
    ],
)
def test_what_makes_no_sense_is_one_clear_line(
    start: Start, arguments: list[str], env: dict[str, str], line: str
) -> None:
    problem = problem_of(start(START, *arguments, **env))
    assert problem.startswith(f"jibe_like: {line}")
    assert problem.count("\n") == 1


def test_run_where_another_application_is(start: Start) -> None:
    problem = problem_of(start(TWICE, "-p0"))
    assert problem.endswith("ServerError: /: Bye is mounted there, Hello cannot be as well\n")


def test_help_tells_the_options(start: Start, capfd: pytest.CaptureFixture[str]) -> None:
    assert start(START, "--help").wait(timeout=30) == 0
    told = capfd.readouterr().out
    for flag in ("-p PORT, --port PORT", "--host", "--timeout", "--open-browser", "--server", "--app", "--store"):
        assert flag in told
