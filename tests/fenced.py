"""Code blocks of Markdown pages, and running them."""

import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.serving import ROOT, ServeScript

_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_SERVES = re.compile(r"\.(?:run|listen|script)\(|\.start\(8881")


@dataclass(frozen=True)
class Block:
    """A fenced code block."""

    page: str
    number: int
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.page}-{self.number}"

    @property
    def serves(self) -> bool:
        """Whether it starts a server."""
        return _SERVES.search(self.text.replace("asyncio.run(", "")) is not None


def blocks(page: str, *languages: str) -> list[Block]:
    """The blocks of a page of the repository, those in one of the languages."""
    found = _BLOCK.findall((ROOT / page).read_text())
    numbered = [Block(page, number, language, text) for number, (language, text) in enumerate(found, start=1)]
    return [block for block in numbered if block.language in languages or not languages]


def save(block: Block, folder: Path, name: str) -> Path:
    """The block as a program in the folder; where it says 8881, it takes the port that PORT names."""
    path = folder / name
    text = block.text.replace("8881", "int(__import__('os').environ['PORT'])")
    path.write_text(text.replace("sqlite:///jibe.db", f"sqlite:///{folder}/jibe.db"))
    return path


def run(block: Block, folder: Path) -> None:
    """Runs a block that ends by itself. What goes wrong is raised, with what it wrote."""
    path = save(block, folder, f"block_{block.number}.py")
    done = subprocess.run(
        [sys.executable, "-W", "error", str(path)], cwd=ROOT, env=_environment(folder), capture_output=True, text=True
    )
    assert done.returncode == 0, f"{block}:\n{done.stdout}{done.stderr}"


def serve(block: Block, folder: Path, serve_script: ServeScript) -> str:
    """Starts a block that serves; its URL."""
    return serve_script(save(block, folder, f"block_{block.number}.py"), **_environment(folder)).url


def _environment(folder: Path) -> dict[str, str]:
    return {"PYTHONPATH": f"{ROOT}:{folder}", "JIBE_LIKE_OPEN_BROWSER": "0"}
