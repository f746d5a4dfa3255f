"""Create the virtual environment that the Makefile works in.

Debian keeps `ensurepip`, without which an environment has no pip, in a package of its own: it is installed
first where that is possible.
"""

import importlib.util
import sys
import venv

from tools import apt


def main(folder: str) -> int:
    """Create the environment in `folder`. Returns the exit status."""
    package = f"python3.{sys.version_info.minor}-venv"
    if importlib.util.find_spec("ensurepip") is None and not apt.install(package):
        print(f"A virtual environment needs ensurepip. Install the package {package}.", file=sys.stderr)
        return 1
    venv.create(folder, clear=True, symlinks=True, with_pip=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
