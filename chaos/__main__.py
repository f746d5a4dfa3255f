"""Runs the trials, prints one table, and ends with status 1 where a figure is wrong."""

import argparse
import sys
from collections.abc import Callable, Iterable

from . import drops, memory, page, restart, slow_reader
from .report import Outcome, table

TRIALS: dict[str, Callable[[argparse.Namespace], Iterable[Outcome]]] = {
    "page": lambda options: page.run(options.kills, options.seed),
    "drops": lambda options: drops.run(options.pages, options.seconds, options.seed),
    "memory": lambda options: memory.run(options.sessions),
    "slow_reader": lambda options: slow_reader.run(options.reading_seconds),
    "restart": lambda options: restart.run(options.stored),
}


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m chaos", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="trial", help=f"all where none is named: {', '.join(TRIALS)}")
    parser.add_argument("--seed", type=int, default=1, help="chance begins with it (default: 1)")
    parser.add_argument("--kills", type=int, default=20, help="page: how often the server is killed (default: 20)")
    parser.add_argument("--pages", type=int, default=200, help="drops: simulated pages (default: 200)")
    parser.add_argument("--seconds", type=float, default=60, help="drops: how long they click (default: 60)")
    parser.add_argument("--sessions", type=int, default=10_000, help="memory: sessions opened (default: 10000)")
    parser.add_argument("--reading-seconds", type=float, default=8, help="slow_reader: for each part (default: 8)")
    parser.add_argument("--stored", type=int, default=1_000, help="restart: sessions in the store (default: 1000)")
    options = parser.parse_args()
    unknown = [name for name in options.names if name not in TRIALS]
    if unknown:
        parser.error(f"no such trial: {', '.join(unknown)}")
    if not sys.platform.startswith("linux"):
        parser.error("Linux is needed: the memory of a process is read from /proc")
    outcomes: list[Outcome] = []
    for name in options.names or TRIALS:
        for outcome in TRIALS[name](options):
            print(f"{outcome.name}: {'WRONG' if outcome.faults else 'right'}", flush=True)
            outcomes.append(outcome)
    print(f"\n{table(outcomes)}")
    faults = [fault for outcome in outcomes for fault in outcome.faults]
    for fault in faults:
        print(f"WRONG: {fault}")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
