"""Runs the benchmarks, prints one table, and writes results/<date>_<name>.json for each of them."""

import argparse
import os
import sys
from collections.abc import Callable

from . import broadcast, browser, clicks, first_response, memory, snapshot, state, tree_size
from .processes import CLIENT_CORE
from .report import Figure, table, write

BENCHMARKS: dict[str, Callable[[int], list[Figure]]] = {
    "clicks": clicks.measure,
    "memory": memory.measure,
    "first_response": first_response.measure,
    "tree_size": tree_size.measure,
    "broadcast": broadcast.measure,
    "browser": browser.measure,
    "snapshot": snapshot.measure,
    "state": state.measure,
}


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="name", help=f"all where none is named: {', '.join(BENCHMARKS)}")
    parser.add_argument("--rounds", type=int, default=3, help="how often each side is measured, in turn (default: 3)")
    options = parser.parse_args()
    unknown = [name for name in options.names if name not in BENCHMARKS]
    if unknown:
        parser.error(f"no such benchmark: {', '.join(unknown)}")
    if not sys.platform.startswith("linux") or (os.cpu_count() or 1) < 2:
        parser.error("Linux and two cores are needed: one for the server, one for the client")
    os.sched_setaffinity(0, {CLIENT_CORE})
    figures: list[Figure] = []
    for name in options.names or BENCHMARKS:
        print(f"# {name}", flush=True)
        found = BENCHMARKS[name](options.rounds)
        print(f"written: {write(name, found)}", flush=True)
        figures += found
    print(f"\n{table(figures)}")


if __name__ == "__main__":
    main()
