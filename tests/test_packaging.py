"""What `pip install` puts on a machine."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from email.message import Message
from email.parser import Parser
from pathlib import Path
from zipfile import ZipFile

import pytest

import jibe_like

ROOT = Path(__file__).parent.parent
BUILD = "import sys; from setuptools.build_meta import build_wheel; build_wheel(sys.argv[1])"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ZipFile]:
    """The wheel, built from a copy, since a build leaves its files in the folder that it builds from."""
    source, built = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("built")
    for name in ("LICENSE", "README.md", "pyproject.toml", "setup.cfg"):
        shutil.copy(ROOT / name, source)
    shutil.copytree(ROOT / "jibe_like", source / "jibe_like", ignore=shutil.ignore_patterns("__pycache__"))
    done = subprocess.run([sys.executable, "-c", BUILD, built], cwd=source, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    with ZipFile(next(built.glob("*.whl"))) as opened:
        yield opened


@pytest.fixture(scope="module")
def metadata(wheel: ZipFile) -> Message:
    name = next(name for name in wheel.namelist() if name.endswith(".dist-info/METADATA"))
    return Parser().parsestr(wheel.read(name).decode())


def test_the_wheel_holds_the_whole_package_and_nothing_else(wheel: ZipFile) -> None:
    files = (path for path in (ROOT / "jibe_like").rglob("*") if path.is_file() and path.suffix != ".pyc")
    expected = {path.relative_to(ROOT).as_posix() for path in files}
    assert "jibe_like/py.typed" in expected
    assert {name for name in wheel.namelist() if ".dist-info/" not in name} == expected


def test_the_metadata(metadata: Message) -> None:
    assert metadata["Name"] == "jibe_like"
    assert metadata["Version"] == jibe_like.__version__
    assert metadata["Requires-Python"] == ">=3.11"
    assert metadata["License"] == "Apache-2.0"
    assert metadata["Description-Content-Type"] == "text/markdown"
    assert metadata.get_all("Provides-Extra") == ["auth", "metrics", "fast", "test", "dev"]


def test_it_asks_for_the_packages_that_it_imports(metadata: Message) -> None:
    needs = [str(need) for need in metadata.get_all("Requires-Dist", []) if "extra" not in str(need)]
    assert sorted(need.partition(">=")[0].lower() for need in needs) == [
        "markdown-it-py",
        "msgspec",
        "nh3",
        "pyjwt",
        "python-multipart",
        "tornado",
        "ua-parser",
    ]


def test_the_wheel_carries_the_licence(wheel: ZipFile) -> None:
    name = next(name for name in wheel.namelist() if name.endswith("LICENSE"))
    assert wheel.read(name).decode() == (ROOT / "LICENSE").read_text()
