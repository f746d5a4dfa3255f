"""The log of all frames."""

from pathlib import Path

import pytest

from jibe_like import SettingsError
from jibe_like.web.network_log import NetworkLog, Tap


class Wire:
    """A transport that keeps what it is given."""

    protocol = "websocket"
    waiting_bytes = 7

    def __init__(self) -> None:
        self.sent: list[bytes] = []
        self.closed: tuple[int, str] | None = None

    def send(self, frame: bytes) -> None:
        self.sent.append(frame)

    def close(self, code: int, reason: str) -> None:
        self.closed = (code, reason)


def lines(path: Path) -> list[str]:
    """The log without its times."""
    return [line.partition(" ")[2] for line in path.read_text().splitlines()]


def test_a_line_for_each_frame(tmp_path: Path) -> None:
    path = tmp_path / "log"
    log, wire = NetworkLog(path), Wire()
    tap = Tap(wire, log)
    tap.send(b'{"hello":{"token":"se.cr.et","got":0}}')
    tap.connection_id = "c1"
    tap.heard('{"id": "a",\n "event": "click"}')
    tap.heard(b"\xff")
    tap.send(b'{"token":"se.cr.et"}')
    tap.close(1000, "bye")
    log.close()
    assert lines(path) == [
        '> - {"hello":{"token":"…","got":0}}',
        '< c1 {"id": "a",  "event": "click"}',
        "< c1 \ufffd",
        '> c1 {"token":"…"}',
        "> c1 close 1000 bye",
    ]
    assert wire.sent == [b'{"hello":{"token":"se.cr.et","got":0}}', b'{"token":"se.cr.et"}']
    assert wire.closed == (1000, "bye")
    assert (tap.protocol, tap.waiting_bytes) == ("websocket", 7)
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_long_frame_is_cut(tmp_path: Path) -> None:
    log = NetworkLog(tmp_path / "log")
    log.write("<", "c1", "x" * 10_001)
    log.close()
    assert lines(tmp_path / "log") == [f"< c1 {'x' * 10_000} … 10001 characters"]


def test_it_does_not_grow_for_ever(tmp_path: Path) -> None:
    log = NetworkLog(tmp_path / "log", most_bytes=1000)
    for number in range(100):
        log.write(">", "c1", f"frame {number}")
    log.close()
    sizes = {path.name: path.stat().st_size for path in tmp_path.iterdir()}
    assert set(sizes) == {"log", "log.1"}
    assert max(sizes.values()) <= 1000
    assert lines(tmp_path / "log")[-1] == "> c1 frame 99"
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in tmp_path.iterdir())


def test_a_file_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="log_network: .* cannot be written: Is a directory"):
        NetworkLog(tmp_path)
