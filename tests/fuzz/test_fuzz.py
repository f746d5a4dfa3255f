"""The targets of `make fuzz` hold for their corpus and for what is near it, and the engine finds what does not hold."""

import subprocess
import sys

import pytest
from hypothesis import HealthCheck, given, settings
from tornado.httputil import parse_cookie

from jibe_like.errors import SnapshotError
from tests.fuzz import targets
from tests.fuzz.engine import CORPUS, HYPOTHESIS, corpus, fuzz, mutations
from tests.fuzz.targets import TARGETS
from tests.serving import ROOT


def test_each_target_has_a_corpus() -> None:
    assert {path.name for path in CORPUS.iterdir()} == set(TARGETS)
    assert all(corpus(name) for name in TARGETS)
    assert sum(len(data) for name in TARGETS for data in corpus(name)) < 100_000


@pytest.mark.parametrize("name", TARGETS)
def test_it_holds_for_the_corpus(name: str) -> None:
    for data in corpus(name):
        TARGETS[name](data)


@pytest.mark.parametrize("name", TARGETS)
def test_it_holds_for_what_is_near(name: str) -> None:
    @settings(max_examples=100, suppress_health_check=list(HealthCheck))
    @given(mutations(corpus(name)))
    def check(data: bytes) -> None:
        TARGETS[name](data)

    check()


@pytest.mark.parametrize("name", ["tokens", "snapshots", "seals", "cookies"])
def test_the_corpus_has_what_was_signed(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else no mutation would ever come near to something that is accepted."""
    for secret in ("_CLAIMS", "_STATE", "_SEALED"):
        monkeypatch.setattr(targets, secret, None)
    signed = (CORPUS / name / "signed").read_bytes()
    if name == "cookies":
        cookies = parse_cookie(signed.decode())
        assert targets._identities.find(cookies, secure=False) == "ada"
        return
    with pytest.raises(AssertionError):
        TARGETS[name](signed)


def test_what_does_not_hold_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def careless(data: bytes, context: str) -> None:
        if b"\x02" in data:
            raise KeyError("version")
        raise SnapshotError("not a snapshot")

    monkeypatch.setattr(targets._snapshots, "load", careless)
    figures = fuzz("snapshots", 10, HYPOTHESIS)
    assert figures.finding.startswith("KeyError: 'version'")
    assert figures.executions > 0


def test_figures_are_printed() -> None:
    command = [sys.executable, "-m", "tests.fuzz", "--seconds", "0.5", "--engine", HYPOTHESIS, "decoder", "http"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    assert [line.split()[0] for line in lines] == ["decoder", "http"]
    assert all("executions, " in line and line.endswith("nothing found") for line in lines)
