"""The Makefile's own tools, on a machine made of a folder of small scripts."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tools import apt, chromium, environment

Program = Callable[..., None]


@pytest.fixture
def calls(tmp_path: Path) -> Path:
    """The file in which the machine's programs write how they were called."""
    path = tmp_path / "calls"
    path.touch()
    return path


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, calls: Path) -> Program:
    """`program(name, script="")` adds a program to an otherwise empty PATH."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.delenv("CHROMIUM", raising=False)
    monkeypatch.setattr("os.geteuid", lambda: 0)

    def add(name: str, script: str = "") -> None:
        path = folder / name
        path.write_text(f'#!/bin/sh\necho "{name} $*" >> {calls}\n{script}\n')
        path.chmod(0o755)

    return add


@pytest.mark.parametrize("name", chromium.NAMES)
def test_chromium_is_found_by_each_of_its_names(program: Program, name: str) -> None:
    assert chromium.find() is None
    program(name)
    assert str(chromium.find()).endswith(f"/bin/{name}")


def test_chromium_can_be_named(program: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program("chromium")
    program("my-browser")
    path = str(tmp_path / "bin" / "my-browser")
    monkeypatch.setenv("CHROMIUM", path)
    assert chromium.find() == path


def test_chromium_that_is_there_is_left_alone(program: Program, calls: Path) -> None:
    program("chromium")
    program("apt-get")
    assert chromium.main() == 0
    assert calls.read_text() == ""


def test_chromium_is_installed(program: Program, tmp_path: Path, calls: Path) -> None:
    program("env", 'shift; exec "$@"')
    folder = tmp_path / "bin"
    program("apt-get", f'[ "$3" = update ] || {{ echo >> {folder}/chromium; /bin/chmod +x {folder}/chromium; }}')
    assert chromium.main() == 0
    assert calls.read_text().splitlines() == [
        "env DEBIAN_FRONTEND=noninteractive apt-get --quiet --yes update",
        "apt-get --quiet --yes update",
        "env DEBIAN_FRONTEND=noninteractive apt-get --quiet --yes install --no-install-recommends "
        "chromium fonts-liberation",
        "apt-get --quiet --yes install --no-install-recommends chromium fonts-liberation",
    ]


def test_without_apt_it_says_what_to_install(program: Program, capsys: pytest.CaptureFixture[str]) -> None:
    program("unrelated")
    assert chromium.main() == 1
    assert "Install the package `chromium`" in capsys.readouterr().err


def test_an_apt_that_fails_is_no_installation(program: Program, capsys: pytest.CaptureFixture[str]) -> None:
    program("env", 'shift; exec "$@"')
    program("apt-get", "exit 100")
    assert not apt.install("chromium")
    assert chromium.main() == 1
    assert "none of chromium, " in capsys.readouterr().err


@pytest.mark.parametrize(("status", "installed"), [(0, True), (1, False)])
def test_others_than_root_need_a_sudo_that_does_not_ask(
    program: Program, monkeypatch: pytest.MonkeyPatch, calls: Path, status: int, installed: bool
) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    program("apt-get")
    assert not apt.install("chromium")
    program("sudo", f'[ "$2" != true ] || exit {status}; shift; exec "$@"')
    program("env", 'shift; exec "$@"')
    assert apt.install("chromium") is installed
    assert ("install --no-install-recommends chromium" in calls.read_text()) is installed


def test_an_environment_without_ensurepip_names_the_package(
    program: Program, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    program("unrelated")
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert environment.main(str(tmp_path / "venv")) == 1
    assert "-venv" in capsys.readouterr().err
    assert not (tmp_path / "venv").exists()
