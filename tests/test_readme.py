"""Every code block of the README does what it says."""

import re
from pathlib import Path
from urllib.request import urlopen

import pytest

from tests.fenced import Block, blocks, save, serve
from tests.serving import ROOT, ServeScript

PYTHON = blocks("README.md", "python")

# For each block, in order: pages of the server that it starts, and what is on them.
PAGES = [
    {"": "count: 0"},
    {"": "Count something", "count": "count: 0"},
    {"welcome": "Welcome", "count": "count: 0"},
    {"": "★"},
]


@pytest.mark.parametrize(("block", "pages"), list(zip(PYTHON, PAGES, strict=True)), ids=str)
def test_python(block: Block, pages: dict[str, str], tmp_path: Path, serve_script: ServeScript) -> None:
    save(PYTHON[0], tmp_path, "counter.py")  # as the README says to do
    url = serve(block, tmp_path, serve_script)
    for path, text in pages.items():
        with urlopen(url + path) as response:
            assert text in response.read().decode()


def test_shell() -> None:
    makefile = (ROOT / "Makefile").read_text()
    commands = [line for block in blocks("README.md", "sh") for line in block.text.splitlines()]
    assert commands
    for command in commands:
        target = re.match(r"make (\w+)", command)
        assert target, command
        assert re.search(rf"^{target[1]}:", makefile, re.MULTILINE), command


def test_every_block_is_of_a_kind_that_is_tested() -> None:
    assert {block.language for block in blocks("README.md")} == {"python", "sh"}
