"""Find the Chromium that the browser tests drive; run as a program, install it where that is possible."""

import os
import shutil
import sys

from tools import apt

NAMES = ("chromium", "chromium-browser", "google-chrome")
PACKAGES = ("chromium", "fonts-liberation")
MISSING = (
    f"The browser tests need Chromium, and none of {', '.join(NAMES)} is on the PATH. "
    "Install the package `chromium` or Google Chrome, or name the executable in the variable CHROMIUM."
)


def find() -> str | None:
    """The path of Chromium's executable, None where there is none."""
    return next(filter(None, map(shutil.which, (os.environ.get("CHROMIUM", ""), *NAMES))), None)


def main() -> int:
    """Install Chromium where it is missing. Returns the exit status."""
    if find() is None and not (apt.install(*PACKAGES) and find()):
        print(MISSING, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
