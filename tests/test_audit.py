"""`make audit`, with programs in place of pip-audit and npm."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tools import audit

Program = Callable[..., None]

SAFE = {"name": "safe", "version": "1", "vulns": []}
UNSAFE = {"name": "unsafe", "version": "2", "vulns": [{"id": "PYSEC-1", "fix_versions": ["3"]}]}
UNKNOWN = {"name": "odd", "skip_reason": "Dependency not found on PyPI"}
FINE = {"vulnerabilities": {}, "metadata": {"dependencies": {"total": 7}}}


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Program:
    """`program(name, answer, complaint="", status=0)` is all that there is on the PATH."""
    monkeypatch.setenv("PATH", str(tmp_path))

    def add(name: str, answer: Any, complaint: str = "", status: int = 0) -> None:
        told = answer if isinstance(answer, str) else json.dumps(answer)
        path = tmp_path / name
        path.write_text(f"#!/bin/sh\necho '{complaint}' >&2\necho '{told}'\nexit {status}\n")
        path.chmod(0o755)

    return add


def test_nothing_is_known(program: Program, capsys: pytest.CaptureFixture[str]) -> None:
    program("pip-audit", {"dependencies": [SAFE, UNKNOWN]})
    program("npm", FINE)
    assert audit.main() == 0
    assert capsys.readouterr().out.splitlines() == [
        "pip-audit: 1 of 2 packages, no known vulnerabilities",
        "npm audit in js: 7 packages, no known vulnerabilities",
        "npm audit in tests/oidc: 7 packages, no known vulnerabilities",
    ]


def test_a_python_package_is_known(program: Program, capsys: pytest.CaptureFixture[str]) -> None:
    program("pip-audit", {"dependencies": [SAFE, UNSAFE]}, "Found 1 known vulnerability", 1)
    program("npm", FINE)
    assert audit.main() == 1
    assert "1 known vulnerabilities\n  unsafe 2: PYSEC-1, mended in 3\n" in capsys.readouterr().out


def test_a_node_package_is_known(program: Program, capsys: pytest.CaptureFixture[str]) -> None:
    program("pip-audit", {"dependencies": [SAFE]})
    program("npm", {**FINE, "vulnerabilities": {"left-pad": {"severity": "high"}}}, "", 1)
    assert audit.main() == 1
    assert "js: 7 packages, 1 known vulnerabilities\n  left-pad: high\n" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ({"dependencies": [UNKNOWN, UNKNOWN]}, "Dependency not found on PyPI"),
        ({"dependencies": []}, "no connection"),
        ({"message": "405 Method Not Allowed"}, "no connection"),
        ("", "no connection"),
        ("[]", "no connection"),
    ],
)
def test_nobody_can_be_asked_about_python(
    program: Program, capsys: pytest.CaptureFixture[str], answer: Any, reason: str
) -> None:
    program("pip-audit", answer, "no connection", 1)
    program("npm", FINE)
    assert audit.main() == 0
    first = capsys.readouterr().out.splitlines()[0]
    assert first == f"pip-audit: SKIPPED, no advisory database can be reached ({reason})"


def test_nobody_can_be_asked_about_node(program: Program, capsys: pytest.CaptureFixture[str]) -> None:
    program("pip-audit", {"dependencies": [SAFE]})
    program("npm", {"message": "405 Method Not Allowed"}, "npm error audit endpoint returned an error", 1)
    assert audit.main() == 0
    assert "js: SKIPPED, no advisory database can be reached (405 Method Not Allowed)\n" in capsys.readouterr().out


def test_where_a_program_is_missing_nobody_was_asked(program: Program, capsys: pytest.CaptureFixture[str]) -> None:
    assert audit.main() == 0
    assert capsys.readouterr().out.count(": SKIPPED, ") == 3
