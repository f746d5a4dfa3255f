"""Feeds a target for some time: with atheris, which is led by coverage, or else with Hypothesis."""

import importlib
import importlib.util
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple

from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

CORPUS: Final = Path(__file__).parent / "corpus"
ATHERIS: Final = "atheris"
HYPOTHESIS: Final = "hypothesis"

_LONGEST: Final = 8192
"""Bytes of an input."""


class Figures(NamedTuple):
    """What came of it."""

    executions: int
    found: str
    """What is new: inputs that reach other code, or examples that differ."""
    finding: str
    """What was raised, and by what; empty where nothing was."""


def engines() -> list[str]:
    """Those that there are, the better one first."""
    return [ATHERIS, HYPOTHESIS] if importlib.util.find_spec(ATHERIS) is not None else [HYPOTHESIS]


def corpus(target: str) -> list[bytes]:
    """The inputs that a target begins with."""
    return [path.read_bytes() for path in sorted((CORPUS / target).iterdir())]


def mutations(inputs: list[bytes]) -> st.SearchStrategy[bytes]:
    """The inputs with a piece replaced by another, by a piece of another input, or by nothing; and any bytes."""
    some = st.sampled_from(inputs)
    place = st.integers(0, 1024)
    piece = st.binary(max_size=16) | st.builds(lambda data, at, size: data[at : at + size], some, place, place)

    def spliced(data: bytes, at: int, gone: int, new: bytes) -> bytes:
        at %= len(data) + 1
        return data[:at] + new + data[at + gone :]

    return st.binary() | some.flatmap(
        lambda data: (
            st.builds(spliced, st.just(data), place, st.integers(0, 8), piece)
            | st.builds(
                lambda once, at, gone, new: spliced(once, at, gone, new),
                st.builds(spliced, st.just(data), place, st.integers(0, 8), piece),
                place,
                st.integers(0, 8),
                piece,
            )
        )
    )


def with_hypothesis(name: str, target: Callable[[bytes], None], seconds: float) -> Figures:
    """In this process."""
    seen: set[bytes] = set()
    count, end, number = 0, time.monotonic() + seconds, 0

    def run(data: bytes) -> None:
        nonlocal count
        if time.monotonic() < end:
            count += 1
            seen.add(data)
            target(data)

    strategy = mutations(corpus(name))
    while time.monotonic() < end:
        number += 1
        check = settings(max_examples=1_000, database=None, deadline=None, suppress_health_check=list(HealthCheck))(
            seed(number)(given(strategy)(run))
        )
        try:
            check()
        except Exception as error:
            notes = "\n".join(getattr(error, "__notes__", ()))
            return Figures(count, f"{len(seen)} different examples", f"{type(error).__name__}: {error}\n{notes}")
    return Figures(count, f"{len(seen)} different examples", "")


def with_atheris(name: str, seconds: float) -> Figures:
    """In a process of its own, since atheris ends the one that it runs in."""
    with tempfile.TemporaryDirectory() as folder:
        new = Path(folder, "new")
        new.mkdir()
        command = [
            *(sys.executable, "-m", "tests.fuzz.engine", name, str(new), str(CORPUS / name)),
            *(f"-max_total_time={max(round(seconds), 1)}", f"-max_len={_LONGEST}", "-print_final_stats=1"),
            *(f"-artifact_prefix={folder}/", "-timeout=10", "-rss_limit_mb=2048", "-verbosity=1"),
        ]
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=seconds + 120)
        culprits = [path.read_bytes() for path in Path(folder).iterdir() if path.is_file()]
    told = done.stderr + done.stdout
    executions = re.search(r"number_of_executed_units: (\d+)", told) or re.search(r"Done (\d+) runs", told)
    reached = re.findall(r"cov: (\d+)", told) or ["0"]
    found = re.search(r"new_units_added: +(\d+)", told)
    summary = f"{found[1] if found else 0} new inputs, coverage {reached[0]} → {reached[-1]}"
    finding = f"{told[-3_000:]}\n{culprits!r}" if done.returncode else ""
    return Figures(int(executions[1]) if executions else 0, summary, finding)


def fuzz(name: str, seconds: float, engine: str) -> Figures:
    """Feeds the target of this name for so many seconds."""
    if engine == ATHERIS:
        return with_atheris(name, seconds)
    return with_hypothesis(name, importlib.import_module("tests.fuzz.targets").TARGETS[name], seconds)


def main() -> None:
    """`engine.py target new-corpus corpus option…`: never returns."""
    atheris = importlib.import_module(ATHERIS)
    with atheris.instrument_imports(include=["jibe_like", "jwt", "tornado"]):
        targets = importlib.import_module("tests.fuzz.targets").TARGETS
    target = targets[sys.argv.pop(1)]
    atheris.Setup(sys.argv, target)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
