"""Asks axe-core, a checker of accessibility, about a page."""

from typing import Any

from playwright.sync_api import Page

from tests.serving import ROOT

SOURCE = ROOT / "js" / "node_modules" / "axe-core" / "axe.min.js"


def violations(page: Page) -> list[str]:
    """What axe-core finds wrong with the page as it is now; frames in it are left alone."""
    page.evaluate(SOURCE.read_text())
    found: list[dict[str, Any]] = page.evaluate("axe.run({ iframes: false }).then((results) => results.violations)")
    return [
        f"{violation['id']}: {violation['help']}: {node['html'][:200]}: {node['failureSummary']}"
        for violation in found
        for node in violation["nodes"]
    ]
