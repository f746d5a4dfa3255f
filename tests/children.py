"""Python processes beside the test's own."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

ROOT = Path(__file__).parent.parent


def python(*arguments: str | Path, path: Path | None = None, cwd: Path | None = None) -> str:
    """What a Python process printed. Raises where it fails. `path`: a folder to import from."""
    environment = _environment(path)
    done = subprocess.run(
        [sys.executable, *arguments], cwd=cwd, env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


class Child:
    """A Python process to talk to."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process

    @property
    def output(self) -> IO[str]:
        """What it prints."""
        assert self.process.stdout is not None
        return self.process.stdout

    def line(self) -> str:
        """The next line that it prints."""
        line = self.output.readline()
        assert line, f"it ended with status {self.process.wait()}"
        return line.rstrip("\n")

    def go(self) -> None:
        """Answers what it waits for with `input()`."""
        assert self.process.stdin is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()


@contextmanager
def child(code: str, *arguments: str | Path) -> Iterator[Child]:
    """Runs the code in a process of its own, killed (SIGKILL) at the end if need be."""
    process = subprocess.Popen(
        [sys.executable, "-u", "-c", code, *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=_environment(None),
    )
    with process:
        try:
            yield Child(process)
        finally:
            process.kill()


def _environment(path: Path | None) -> dict[str, str]:
    places = [str(ROOT), *([str(path)] if path else [])]
    return os.environ | {"PYTHONPATH": os.pathsep.join(places)}
