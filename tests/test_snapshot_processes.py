"""Snapshots from one process to the next: with other code, and with a script that is started in another way."""

import json
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from tests.children import python

# -- code that changes

BEFORE = """
class Page:
    def __init__(self):
        self.count = 5

    def stays(self):
        return "stays 1"

    def goes(self):
        return "goes 1"

    short = lambda self: "short 1"

    def handlers(self):
        step = 10
        return {
            "inserted before": lambda: ("save", self.count),
            "reworded": lambda: ("open", self.count),
            "stays": lambda: ("print", self.count, step),
            "taken out": lambda: ("delete", self.count),
            "moved": lambda: ("help", self.count, step),
            "reworded beside": lambda: ("quit", self.count),
            "one that goes": lambda: ("undo", self.count),
        }


def stays():
    return "function 1"


def goes():
    return "gone"


def made(count):
    def edited(by=1):
        nonlocal count
        count += by
        return count

    def renamed():
        return count

    def wants_more(*, factor=3):
        return count * factor

    return {"edited": edited, "renamed": renamed, "wants more": wants_more}


def one_becomes_two():
    return lambda: "one"


def in_a_comprehension(rows):
    return [lambda row=row: ("row", row) for row in rows]


def fewer_defaults(row):
    return lambda row=row, unused=2: ("default", row)


def more_defaults(row):
    return lambda row=row: ("default", row)


def keywords(row):
    return lambda *, row=row: ("keyword", row)


def deep():
    class Inner:
        def method(self):
            return lambda: [(lambda: ("deep 1", n)) for n in range(2)]

    return Inner().method()()


HANDLERS = [lambda: "first 1", lambda: "second"]
constant = 1
uses_globals = lambda: ("global", constant)


def make():
    page = Page()
    return {
        "method": page.stays,
        "method that goes": page.goes,
        "class lambda": page.short,
        "function": stays,
        "function that goes": goes,
        **page.handlers(),
        **made(40),
        "one becomes two": one_becomes_two(),
        "row": in_a_comprehension([1, 2])[1],
        "fewer defaults": fewer_defaults(7),
        "more defaults": more_defaults(7),
        "more keywords": keywords(7),
        "deep": deep()[1],
        "first": HANDLERS[0],
        "second": HANDLERS[1],
        "globals": uses_globals,
    }
"""

AFTER = '''
"""A new line, so that all else is moved."""


def new():
    return 0


HANDLERS = [lambda: "first 2", lambda: "second"]
constant = 2
uses_globals = lambda: ("global", constant)


class Page:
    def stays(self):
        return f"stays 2 with {self.count}"

    short = lambda self: "short 2"

    def handlers(self):
        step = 20
        return {
            "moved": lambda: ("help", self.count, step),
            "new": lambda: "never this",
            "inserted before": lambda: ("save", self.count),
            "reworded": lambda: ("open it", self.count),
            "stays": lambda: ("print", self.count, step),
            "reworded beside": lambda: ("leave", self.count),
        }


def stays():
    return "function 2"


def one_becomes_two():
    return lambda: "two", lambda: "three"


def made(count):
    other = 1

    def edited(by=1):
        nonlocal count
        count += 100 * by
        return count

    def wants_more(*, factor=3):
        return count * factor + other

    return edited, wants_more


def in_a_comprehension(rows):
    return [lambda row=row: ("the row", row) for row in rows]


def fewer_defaults(row):
    return lambda row=row: ("default", row)


def more_defaults(row):
    return lambda row=row, more=1: ("default", row)


def keywords(row):
    return lambda *, row=row, more=1: ("keyword", row)


def deep():
    class Inner:
        def method(self):
            return lambda: [(lambda: ("deep 2", n)) for n in range(2)]

    return Inner().method()()
'''

DUMP = """
import sys
from pathlib import Path
from jibe_like.session.snapshot.snapshot import Snapshots
import page
Path(sys.argv[1]).write_bytes(Snapshots(["a" * 40]).dump(page.make()))
"""

LOAD = """
import json, sys
from pathlib import Path
from jibe_like.errors import LostFunctionError
from jibe_like.session.snapshot.snapshot import Snapshots
import page
def call(function):
    try:
        return function()
    except LostFunctionError as error:
        return f"lost: {error}"
snapshots = Snapshots(["a" * 40])
restored = snapshots.load(Path(sys.argv[1]).read_bytes())
Path(sys.argv[1]).write_bytes(snapshots.dump(restored.state))
print(json.dumps([{name: call(function) for name, function in restored.state.items()}, restored.warnings]))
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("code")


def run(folder: Path, code: str) -> str:
    return python("-c", code, folder / "snapshot", path=folder)


@pytest.fixture(scope="module")
def results(folder: Path) -> dict[str, tuple[dict[str, Any], list[str]]]:
    """What the handlers answer, and the warnings: with the same code, with changed code, with the old code again."""
    source = folder / "page.py"
    source.write_text(BEFORE)
    run(folder, DUMP)
    same = json.loads(run(folder, LOAD))
    source.write_text(AFTER)
    changed = json.loads(run(folder, LOAD))
    source.write_text(BEFORE + "\n")
    back = json.loads(run(folder, LOAD))
    return {"same": same, "changed": changed, "back": back}


HANDLERS: list[tuple[str, Any, Any]] = [
    ("method", "stays 1", "stays 2 with 5"),
    ("method that goes", "goes 1", "lost: page.Page.goes is not in the code any more"),
    ("class lambda", "short 1", "short 2"),
    ("function", "function 1", "function 2"),
    ("function that goes", "gone", "lost: page.goes is not in the code any more"),
    ("inserted before", ["save", 5], ["save", 5]),
    ("reworded", ["open", 5], ["open it", 5]),
    ("stays", ["print", 5, 10], ["print", 5, 10]),
    ("taken out", ["delete", 5], "lost: page.Page.handlers.<locals>.<lambda> is not in the code any more"),
    ("moved", ["help", 5, 10], ["help", 5, 10]),
    # Either of the two could be what is there now.
    ("reworded beside", ["quit", 5], "lost: page.Page.handlers.<locals>.<lambda> is not in the code any more"),
    ("one that goes", ["undo", 5], "lost: page.Page.handlers.<locals>.<lambda> is not in the code any more"),
    ("edited", 41, 140),
    ("renamed", 41, "lost: page.made.<locals>.renamed is not in the code any more"),
    (
        "wants more",
        123,
        "lost: page.made.<locals>.wants_more has changed: it needs other now, which was not stored",
    ),
    ("one becomes two", "one", "lost: page.one_becomes_two.<locals>.<lambda> is not in the code any more"),
    ("row", ["row", 2], ["the row", 2]),
    ("fewer defaults", ["default", 7], ["default", 7]),
    (
        "more defaults",
        ["default", 7],
        "lost: page.more_defaults.<locals>.<lambda> has changed: it needs more now, which was not stored",
    ),
    (
        "more keywords",
        ["keyword", 7],
        "lost: page.keywords.<locals>.<lambda> has changed: it needs more now, which was not stored",
    ),
    ("deep", ["deep 1", 1], ["deep 2", 1]),
    ("first", "first 1", "first 2"),
    ("second", "second", "second"),
    ("globals", ["global", 1], ["global", 2]),
]


@pytest.mark.parametrize(("name", "before", "after"), HANDLERS, ids=[name for name, _, _ in HANDLERS])
def test_a_handler_meets_todays_code(results: dict[str, Any], name: str, before: Any, after: Any) -> None:
    assert results["same"][0][name] == before
    assert results["changed"][0][name] == after
    if name != "fewer defaults":
        assert results["back"][0][name] == before


def test_what_is_lost_is_told(results: dict[str, Any]) -> None:
    # The code in between had no use for that default, and did not store it again.
    (line,) = results["back"][1]
    assert line.startswith("page.fewer_defaults.<locals>.<lambda> has changed: it needs unused now")
    told = [answer for answer in results["changed"][0].values() if str(answer).startswith("lost: ")]
    assert set(results["changed"][1]) == {answer.removeprefix("lost: ") for answer in told}
    assert results["same"][1] == []
    assert set(results["same"][0]) == {name for name, _, _ in HANDLERS}


def test_the_file_may_change_before_the_last_snapshot(tmp_path: Path) -> None:
    source = tmp_path / "page.py"
    source.write_text(
        dedent("""
        HANDLERS = [lambda: "a", lambda: "b"]
        def make():
            return {"a": HANDLERS[0], "b": HANDLERS[1], "nested": nested()}
        def nested():
            return lambda: "nested"
        """)
    )
    new = dedent("""
        def make():
            pass
        HANDLERS = [lambda: "new", lambda: "a", lambda: "b"]
        def nested():
            return lambda: "never this", lambda: "nested"
        """)
    # A deploy: the new files are there when the old server is told to stop.
    python("-c", DUMP.replace("import page", f"import page\nPath(page.__file__).write_text({new!r})"), tmp_path / "s",
           path=tmp_path)  # fmt: skip
    assert json.loads(python("-c", LOAD, tmp_path / "s", path=tmp_path)) == [
        {"a": "a", "b": "b", "nested": "nested"},
        [],
    ]


# -- the script that was started

SCRIPT = """
import enum, functools, json, sys
from dataclasses import dataclass
from pathlib import Path
from jibe_like.session.snapshot.snapshot import Snapshots


class Color(enum.Enum):
    RED = 1


@dataclass
class Item:
    name: str


class App:
    def __init__(self):
        self.items = [Item("a")]
        self.color = Color.RED
        self.handlers = [self.method, function, lambda: self.items, LAMBDA, cached, Color, App.nested()]

    def method(self):
        return "method"

    @staticmethod
    def nested():
        return [(lambda: i) for i in range(2)][1]


def function():
    return "function"


@functools.lru_cache
def cached():
    return "cached"


LAMBDA = lambda: "lambda"


def main(step, *paths):
    snapshots = Snapshots(["a" * 40])
    for path in paths:
        if step == "dump":
            Path(path).write_bytes(snapshots.dump(App()))
        check(snapshots.load(Path(path).read_bytes()))
    print(len(paths), App.__module__)


def check(restored):
    app = restored.state
    assert restored.warnings == []
    assert type(app) is App, type(app).__module__
    assert app.items == [Item("a")]
    assert app.color is Color.RED
    method, named, closure, module_lambda, memo, color, nested = app.handlers
    assert method.__func__ is App.method
    assert named is function
    assert closure() is app.items
    assert module_lambda() == "lambda"
    assert module_lambda.__globals__ is globals()
    assert memo is cached
    assert color is Color
    assert nested() == 1


if __name__ == "__main__":
    main(*sys.argv[1:])
"""

LAUNCHER = "import sys; from shop.app import main; main(*sys.argv[1:])"
RUNPY = "import runpy, sys; runpy.run_path('{script}', run_name='__main__')"


WAYS = {"script": "__main__", "-m": "__main__", "launcher": "shop.app", "runpy": "__main__"}
"""How the script may be started, and what Python calls its module then."""


def start(root: Path, way: str, *arguments: str | Path) -> list[str]:
    """Starts the script; what it says."""
    if not root.exists():
        (root / "shop").mkdir(parents=True)
        (root / "shop" / "app.py").write_text(SCRIPT)
        (root / "launch.py").write_text(LAUNCHER)
        (root / "run.py").write_text(RUNPY.format(script=root / "shop" / "app.py"))
    script = {"script": "shop/app.py", "launcher": "launch.py", "runpy": "run.py"}
    command = [root / script[way]] if way in script else ["-m", "shop.app"]
    return python(*command, *arguments, path=root).split()


@pytest.fixture(scope="module")
def dumped(folder: Path) -> list[Path]:
    """Snapshots of the script, started in each way."""
    paths = [folder / f"dumped by {way}" for way in WAYS]
    for way, path in zip(WAYS, paths, strict=True):
        assert start(folder / "release 1", way, "dump", path) == ["1", WAYS[way]]
    return paths


@pytest.mark.parametrize("release", ["release 1", "release 2"])
@pytest.mark.parametrize("way", WAYS)
def test_the_started_script_is_found_again(folder: Path, dumped: list[Path], way: str, release: str) -> None:
    assert start(folder / release, way, "load", *dumped) == ["4", WAYS[way]]


def test_a_script_without_a_file(tmp_path: Path) -> None:
    code = SCRIPT.replace('LAMBDA = lambda: "lambda"', "def LAMBDA(): return 'lambda'")
    dumped = tmp_path / "snapshot"
    assert python("-c", code, "dump", dumped).split() == ["1", "__main__"]
    assert python("-c", code, "load", dumped).split() == ["1", "__main__"]


def test_a_script_that_is_imported_as_well_keeps_both_apart(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(
        dedent("""
        import sys
        from pathlib import Path
        from jibe_like.session.snapshot.snapshot import Snapshots

        class Thing:
            pass

        if __name__ == "__main__":
            import app
            both = [Thing(), app.Thing()]
            snapshots = Snapshots(["a" * 40])
            if sys.argv[1] == "dump":
                Path(sys.argv[2]).write_bytes(snapshots.dump(both))
            print(*(type(thing).__module__ for thing in snapshots.load(Path(sys.argv[2]).read_bytes()).state))
        """)
    )
    for step in ("dump", "load"):
        assert python(tmp_path / "app.py", step, tmp_path / "snapshot").split() == ["__main__", "app"]
