"""Ask the advisory databases of PyPI and npm about all that is installed here. Status 1 where something is known."""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
NODE_FOLDERS = ("js", "tests/oidc")
PATIENCE = 300.0  # seconds


def ask(command: Sequence[str], folder: Path) -> tuple[dict[str, Any], str]:
    """The JSON object that a program writes, and what it complains of; empty where it writes none."""
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=PATIENCE)
    except (OSError, subprocess.TimeoutExpired) as error:
        return {}, str(error)
    try:
        found = json.loads(done.stdout)
    except ValueError:
        found = None
    complaint = (done.stderr.strip().splitlines() or ["it says nothing"])[-1]
    return (found if isinstance(found, dict) else {}), complaint


def audit_python() -> bool:
    """Whether something is known of a Python package of this environment."""
    report, complaint = ask(
        ["pip-audit", "--local", "--skip-editable", "--progress-spinner=off", "--format=json"], ROOT
    )
    packages = report.get("dependencies", [])
    known = [package for package in packages if "skip_reason" not in package]
    if not known:
        # It takes a database that knows no package at all for good news.
        return skipped("pip-audit", packages[0].get("skip_reason", complaint) if packages else complaint)
    findings = [
        f"{package['name']} {package['version']}: {found['id']}, mended in {', '.join(found['fix_versions']) or 'none'}"
        for package in known
        for found in package["vulns"]
    ]
    return told("pip-audit", f"{len(known)} of {len(packages)} packages", findings)


def audit_node(folder: str) -> bool:
    """Whether something is known of a package in the lock file of this folder."""
    name = f"npm audit in {folder}"
    report, complaint = ask(["npm", "audit", "--json", "--package-lock-only"], ROOT / folder)
    if "vulnerabilities" not in report:
        return skipped(name, report.get("message") or complaint)
    findings = [f"{package}: {found['severity']}" for package, found in report["vulnerabilities"].items()]
    return told(name, f"{report['metadata']['dependencies']['total']} packages", findings)


def skipped(name: str, reason: str) -> bool:
    """Nothing is known, since nobody could be asked."""
    print(f"{name}: SKIPPED, no advisory database can be reached ({reason})")
    return False


def told(name: str, what: str, findings: list[str]) -> bool:
    """What is known."""
    print(f"{name}: {what}, {len(findings) or 'no'} known vulnerabilities", *findings, sep="\n  ")
    return bool(findings)


def main() -> int:
    """Ask all of them. Returns the exit status."""
    return int(any([audit_python(), *map(audit_node, NODE_FOLDERS)]))


if __name__ == "__main__":
    sys.exit(main())
