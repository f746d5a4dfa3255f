"""Runs the side-by-side benchmark of Python web frameworks, which lies outside of this repository, with this checkout.

    python -m benchmarks.peers FOLDER run --only jibe_like,floor --rounds 3
    python -m benchmarks.peers FOLDER raw_ws --only tornado+uvloop,jibe_like --connections 50

FOLDER holds run.py (a browser drives each framework's page) and raw_ws.py (a load client speaks its websocket); what
follows are their own options. `Dialect` tells raw_ws.py what this project's protocol is.
"""

import asyncio
import datetime
import importlib
import inspect
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parent.parent
_FOLDER: Final = "JIBE_LIKE_PEERS"


class Dialect:
    """What a load client says to jibe_like: see docs/protocol.md.

    A socket without a token is greeted with `hello` and an application of its own, `root`. A click without `n` is
    handled each time that it comes; the frame that shows the new count answers it.
    """

    ready = False
    click = ""

    def start(self) -> list[str]:
        """Nothing need be said first."""
        return []

    def setup(self, payload: bytes, send: Callable[[str], None]) -> bool:
        """Whether the application is there; then `click` is what clicks its first button."""
        root = json.loads(payload).get("root")
        if root is None:
            return False
        button = next(node for node in root[2:] if node[0] == "button")
        self.click = json.dumps({"id": button[1]["id"], "event": "click"})
        return True

    def is_reply(self, payload: bytes) -> bool:
        """Whether the frame answers a click."""
        return b"count: " in payload


def load(folder: str, tool: str) -> ModuleType:
    """The module, with this project in its table."""
    sys.path.insert(0, folder)
    module = importlib.import_module(tool)
    if tool == "raw_ws":
        targets: dict[str, Any] = vars(module)["TARGETS"]
        targets["jibe_like"].dialect = Dialect
        # It starts its load client as a process of its own, by its file's name: that is to know the dialect too.
        module.__file__ = __file__
    return module


def main() -> None:
    """The command line, of this module and of the process that raw_ws.py starts."""
    if "--load" in sys.argv:
        folder, tool, options = os.environ[_FOLDER], "raw_ws", sys.argv[1:]
    elif len(sys.argv) > 2 and sys.argv[2] in ("run", "raw_ws"):
        folder, tool = str(Path(sys.argv[1]).resolve()), sys.argv[2]
        out = ROOT / "benchmarks" / "results" / f"{datetime.date.today()}_peers_{tool}.json"
        options = ["--out", str(out), *sys.argv[3:]]
        os.environ[_FOLDER] = folder
        os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    else:
        sys.exit(__doc__)
    sys.argv = [tool, *options]
    result = load(folder, tool).main()
    if inspect.iscoroutine(result):
        asyncio.run(result)


if __name__ == "__main__":
    main()
