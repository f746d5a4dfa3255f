"""docs/threat-model.md names a test for each threat, and each of them is there."""

import re

import pytest

from tests.serving import ROOT
from tests.test_vocabulary import names_of_tests

PAGE = (ROOT / "docs" / "threat-model.md").read_text()
NAMED = sorted(set(re.findall(r"`(tests/[^`]+)`", PAGE)))


def threats() -> list[list[str]]:
    """The cells of each row of the table of threats."""
    table = PAGE.partition("\n## Threats\n")[2]
    rows = [line.strip("|").split(" | ") for line in table.splitlines() if line.startswith("|")]
    return rows[2:]


def test_each_threat_has_a_defence_and_a_test() -> None:
    assert len(threats()) >= 30
    for threat, defence, test in threats():
        assert threat.strip()
        assert defence.strip()
        assert re.search(r"`tests/[\w/]+\.py::test_\w+`", test), threat


@pytest.mark.parametrize("named", NAMED)
def test_the_test_is_there(named: str) -> None:
    file, _, name = named.partition("::")
    assert name in names_of_tests(ROOT / file)
