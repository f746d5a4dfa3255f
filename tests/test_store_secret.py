"""The secret that is kept beside a store."""

import os
import stat
from contextlib import ExitStack
from pathlib import Path

import pytest

from jibe_like.errors import StoreError
from jibe_like.store.secret import load_secret, secret_path
from tests.children import child


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return secret_path(tmp_path / "jibe.db")


def test_it_is_made_once(path: Path) -> None:
    secret = load_secret(path)
    assert path.name == "jibe.db.secret"
    assert len(secret) >= 43
    assert load_secret(path) == secret
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(path.parent.iterdir()) == [path], "no draft is left"


def test_each_is_another(tmp_path: Path) -> None:
    assert load_secret(tmp_path / "a") != load_secret(tmp_path / "b")


def test_one_of_your_own_will_do(path: Path) -> None:
    path.touch(0o600)
    path.write_text("  a-secret-of-forty-characters-or-so-1234567\n\n")
    assert load_secret(path) == "a-secret-of-forty-characters-or-so-1234567"
    path.chmod(0o400)
    assert load_secret(path) == "a-secret-of-forty-characters-or-so-1234567"


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o620, 0o602, 0o610, 0o601])
def test_open_to_others_it_is_refused(path: Path, mode: int) -> None:
    load_secret(path)
    path.chmod(mode)
    with pytest.raises(StoreError, match=f"open to others .*{mode:04o}.*chmod 600 {path}"):
        load_secret(path)


def test_another_users_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    load_secret(path)
    owner = path.stat().st_uid
    monkeypatch.setattr(os, "geteuid", lambda: owner + 1)
    with pytest.raises(StoreError, match=f"another user .uid {owner}"):
        load_secret(path)


@pytest.mark.parametrize("content", [b"", b"\n", b"short\n", b"\xff" * 64])
def test_what_is_no_secret_is_refused(path: Path, content: bytes) -> None:
    path.touch(0o600)
    path.write_bytes(content)
    with pytest.raises(StoreError, match="holds no secret"):
        load_secret(path)
    assert path.read_bytes() == content


def test_a_folder_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"missing/x\.secret: No such file or directory; or set JIBE_LIKE_SECRET"):
        load_secret(tmp_path / "missing" / "x.secret")


def test_a_folder_in_its_place_is_refused(path: Path) -> None:
    path.mkdir(0o700)
    with pytest.raises(StoreError, match=str(path)):
        load_secret(path)


def test_a_device_in_its_place_is_refused() -> None:
    with pytest.raises(StoreError, match="/dev/null is no file"):
        load_secret(Path(os.devnull))


def test_processes_that_start_at_once_agree(tmp_path: Path) -> None:
    code = """
import sys
from pathlib import Path
from jibe_like.store.secret import load_secret
input()
print(*(load_secret(Path(sys.argv[1]) / str(number)) for number in range(200)))
"""
    with ExitStack() as stack:
        children = [stack.enter_context(child(code, tmp_path)) for _ in range(3)]
        for each in children:
            each.go()
        lines = [each.line() for each in children]
    assert len(set(lines)) == 1
    assert len(set(lines[0].split())) == 200
    assert len(list(tmp_path.iterdir())) == 200
