"""What is chosen when a server starts: in the code, on the command line, in the environment, by default."""

import argparse
import ast
import re
from pathlib import Path
from typing import Any

import pytest

from jibe_like import Connection, MainApp, Server, Settings, SettingsError
from jibe_like.hosting.options import OPTIONS, Choices, make_parser, read_command_line
from tests.serving import ROOT

FLAGS: dict[str, tuple[list[str], Any]] = {
    "port": (["--port", "5000"], 5000),
    "host": (["--host", "0.0.0.0"], "0.0.0.0"),
    "timeout": (["--timeout", "1.5"], 1.5),
    "open_browser": (["--open-browser"], True),
    "store": (["--store", "sqlite:///cli.db"], "sqlite:///cli.db"),
    "mode": (["--mode", "broadcast"], "broadcast"),
    "debug": (["--debug"], True),
    "log_network": (["--log-network", "cli.log"], "cli.log"),
}
TEXTS: dict[str, tuple[str, Any]] = {
    "port": ("6000", 6000),
    "host": ("", ""),
    "timeout": ("2", 2.0),
    "open_browser": ("yes", True),
    "store": ("sqlite:///env.db", "sqlite:///env.db"),
    "mode": ("multicast", "multicast"),
    "debug": ("1", True),
    "log_network": ("env.log", "env.log"),
    "backend": ("tornado", "tornado"),
    "ws_max_msg_size": ("1000", 1000),
    "ws_heart_beat": ("5", 5.0),
    "desktop_debug": ("on", True),
}


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch) -> None:
    for option in OPTIONS.values():
        monkeypatch.delenv(option.variable, raising=False)


def read(*arguments: str) -> dict[str, Any]:
    return read_command_line(make_parser("test"), arguments)


def test_the_tables_here_are_complete() -> None:
    assert list(TEXTS) == list(OPTIONS)
    assert list(FLAGS) == [option.name for option in OPTIONS.values() if option.flags]


@pytest.mark.parametrize("name", OPTIONS)
def test_precedence(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    text, from_environment = TEXTS[name]
    assert Choices()(name) == OPTIONS[name].default
    assert Choices()(name, default="other") == "other"
    monkeypatch.setenv(f"JIBE_LIKE_{name.upper()}", text)
    assert Choices()(name) == from_environment
    assert Choices()(name, "given") == "given"
    if name in FLAGS:
        arguments, from_command_line = FLAGS[name]
        choose = Choices(read(*arguments))
        assert choose(name) == from_command_line
        assert choose(name, "given") == "given"


def test_short_and_opposite_flags() -> None:
    assert read("-p", "0")["port"] == 0
    assert read("--server")["open_browser"] is False
    assert read("--app")["app"] is True
    nothing = read()
    assert {name for name, value in nothing.items() if value not in (None, False)} == set()


def test_arguments_of_others_are_left_alone() -> None:
    assert read("-x", "--por", "1", "file", "--unknown=3", "--port", "5")["port"] == 5


def test_a_command_line_of_one_s_own() -> None:
    server = Server("own command line")
    server.cli.add_argument("--data", default="none")
    assert isinstance(server.cli, argparse.ArgumentParser)
    assert server.cli.parse_known_args(["--data", "a.csv", "--port", "1"])[0].data == "a.csv"


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["--port", "http"], "jibe_like: argument -p/--port: must be a whole number from 0 to 65535, not 'http'"),
        (["-p", "65536"], "jibe_like: argument -p/--port: must be a whole number from 0 to 65535, not '65536'"),
        (["--timeout", "-1"], "jibe_like: argument --timeout: must be a number of seconds, zero or more, not '-1'"),
        (["--mode", "all"], "jibe_like: argument --mode: must be one of unicast, multicast, broadcast, not 'all'"),
        (["--store"], "jibe_like: argument --store: expected one argument"),
    ],
    ids=str,
)
def test_a_bad_argument_is_one_clear_line(arguments: list[str], line: str) -> None:
    with pytest.raises(SystemExit) as caught:
        read(*arguments)
    assert str(caught.value) == line


@pytest.mark.parametrize(
    ("name", "text", "should"),
    [
        ("port", "", "a whole number from 0 to 65535"),
        ("port", "-1", "a whole number from 0 to 65535"),
        ("timeout", "soon", "a number of seconds, zero or more"),
        ("timeout", "inf", "a number of seconds, zero or more"),
        ("timeout", "nan", "a number of seconds, zero or more"),
        ("open_browser", "maybe", "1 or 0"),
        ("mode", "all", "one of unicast, multicast, broadcast"),
        ("ws_max_msg_size", "1e6", "a whole number of bytes"),
        ("backend", "aiohttp", "tornado"),
    ],
)
def test_a_bad_variable_is_named(name: str, text: str, should: str, monkeypatch: pytest.MonkeyPatch) -> None:
    variable = f"JIBE_LIKE_{name.upper()}"
    monkeypatch.setenv(variable, text)
    with pytest.raises(SettingsError) as caught:
        Choices()(name)
    assert str(caught.value) == f"{variable} must be {should}, not {text!r}"


@pytest.mark.parametrize("text", ["0", "false", "No", "off", ""])
def test_ways_to_say_no(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JIBE_LIKE_DEBUG", text)
    assert Choices()("debug") is False


# -- what they make of an application's settings


class App(MainApp):
    def __init__(self, connection: Connection | None = None) -> None:
        super().__init__(connection)


class Board(App):
    mode = "broadcast"
    settings = Settings(debug=True, theme="dark")


def mounted(app: type[MainApp], **options: Any) -> Any:
    return app.handlers(**options)[0][2]["mount"]


def test_settings_of_application_server_and_call() -> None:
    server = Server("settings", settings=Settings(theme="light"))
    assert server.settings.theme == "light"
    assert mounted(Board).settings == Settings(debug=True, theme="dark")
    assert mounted(Board, server=server).settings == Settings(theme="light")
    assert mounted(Board, server=server, settings=Settings(theme="dark")).settings == Settings(theme="dark")
    assert server.create_child_server().settings.theme == "light"


def test_what_the_code_says_comes_before_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    here, there = f"sqlite:///{tmp_path / 'here.db'}", f"sqlite:///{tmp_path / 'there.db'}"
    monkeypatch.setenv("JIBE_LIKE_STORE", there)
    monkeypatch.setenv("JIBE_LIKE_MODE", "multicast")
    monkeypatch.setenv("JIBE_LIKE_DEBUG", "0")
    assert mounted(App).settings.store == there
    assert mounted(App, store=here).settings.store == here
    assert mounted(App, settings=Settings(store=here)).settings.store == here
    assert (mounted(App).mode, mounted(App, mode="unicast").mode, mounted(Board).mode) == (
        "multicast",
        "unicast",
        "broadcast",
    )
    assert mounted(Board).settings.debug is True
    assert mounted(App).settings.debug is False
    monkeypatch.setenv("JIBE_LIKE_DEBUG", "1")
    assert mounted(App).settings.debug is True


def test_bounds_of_the_websocket(monkeypatch: pytest.MonkeyPatch) -> None:
    server = Server("bounds", ws_max_msg_size=1000, ws_heart_beat=5, mine="kept")
    assert server.options == {"ws_max_msg_size": 1000, "ws_heart_beat": 5, "mine": "kept"}
    settings = mounted(App, server=server).settings
    assert (settings.max_message_bytes, settings.ping_interval) == (1000, 5.0)
    monkeypatch.setenv("JIBE_LIKE_WS_MAX_MSG_SIZE", "2000")
    assert mounted(App, server=server).settings.max_message_bytes == 1000
    assert mounted(App).settings.max_message_bytes == 2000
    with pytest.raises(SettingsError, match="max_message_bytes must be int"):
        mounted(App, server=Server("bad bounds", ws_max_msg_size="many"))


# -- the documentation


def table() -> dict[str, list[str]]:
    """The table of docs/server.md: its cells by option."""
    text = (ROOT / "docs" / "server.md").read_text().partition("## Options")[2]
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line.startswith("| `")
    ]
    return {cells[0].strip("`"): cells[1:] for cells in rows[: len(OPTIONS) + 2]}


def test_the_documentation_has_every_option() -> None:
    assert set(table()) == {*OPTIONS, "exec_mode", "secret"}


@pytest.mark.parametrize("name", OPTIONS)
def test_the_documentation_says_what_holds(name: str) -> None:
    option, (code, command_line, environment, default) = OPTIONS[name], table()[name]
    assert code
    assert re.findall(r"`(-[^`]*)`", command_line.partition(";")[0]) == list(option.flags)
    assert environment == f"`{option.variable}`"
    known = {"store": "memory://", "mode": "unicast", "debug": False}.get(name, option.default)
    found = re.match(r"`([^`]+)`", default)
    if found:
        assert ast.literal_eval(found[1]) == known
    else:
        assert known in ("", None)
