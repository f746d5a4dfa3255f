"""`python -m tests.fuzz`: feeds every target for a minute; its figures. Status 1 where something was found."""

import argparse
import sys

from .engine import engines, fuzz
from .targets import TARGETS


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("targets", nargs="*", metavar="target", help=f"of {', '.join(TARGETS)}; all by default")
    parser.add_argument("--seconds", type=float, default=60, help="for each target (60)")
    parser.add_argument("--engine", choices=engines(), default=engines()[0])
    given = parser.parse_args()
    if unknown := set(given.targets) - set(TARGETS):
        parser.error(f"there is no target {', '.join(sorted(unknown))}")
    found = False
    for name in given.targets or TARGETS:
        figures = fuzz(name, given.seconds, given.engine)
        verdict = f"FOUND\n{figures.finding}" if figures.finding else "nothing found"
        sys.stdout.write(f"{name:10} {given.engine}: {figures.executions} executions, {figures.found}; {verdict}\n")
        sys.stdout.flush()
        found = found or bool(figures.finding)
    return int(found)


if __name__ == "__main__":
    sys.exit(main())
