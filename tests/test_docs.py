"""The documentation says what holds: its programs run, its tables are those of the code, its links lead somewhere."""

import re
from pathlib import Path
from urllib.request import urlopen

import pytest

from jibe_like import Settings, Widget, widgets
from jibe_like.tree.events import DOM_EVENTS
from tests.fenced import Block, blocks, run, save, serve
from tests.serving import ROOT, ServeScript
from tools import reference

PAGES = sorted(path.relative_to(ROOT).as_posix() for path in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")])
WITH_PROGRAMS = (
    "docs/tutorial.md",
    "docs/events.md",
    "docs/background.md",
    "docs/deployment.md",
    "docs/queries.md",
    "docs/server.md",
    "docs/sessions.md",
    "docs/session-functions.md",
    "docs/settings.md",
    "docs/sign-in.md",
    "docs/state.md",
    "docs/uploads.md",
)
PROGRAMS = [block for page in WITH_PROGRAMS for block in blocks(page, "python")]
SERVING = [block for block in PROGRAMS if block.serves and "ssl=" not in block.text and "OIDC(" not in block.text]
WIDGETS = [widget for widget in map(vars(widgets).get, widgets.__all__) if isinstance(widget, type)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the programs that others import."""
    save(blocks("README.md", "python")[0], tmp_path, "counter.py")
    save(blocks("docs/tutorial.md", "python")[-2], tmp_path, "todo.py")
    return tmp_path


@pytest.mark.parametrize("block", [block for block in PROGRAMS if not block.serves], ids=str)
def test_a_program_runs(block: Block, folder: Path) -> None:
    run(block, folder)


@pytest.mark.parametrize("block", SERVING, ids=str)
def test_a_program_serves(block: Block, folder: Path, serve_script: ServeScript) -> None:
    url = serve(block, folder, serve_script)
    with urlopen(url + ("todo" if "MultiApp(" in block.text else "")) as response:
        assert response.status == 200


def test_the_example_with_tls(folder: Path, serve_script: ServeScript) -> None:
    """Its certificate does not exist: that is as far as it gets, and no mistake of its own comes first."""
    (block,) = [block for block in PROGRAMS if "ssl=" in block.text]
    with pytest.raises(RuntimeError, match=r"ssl: No such file or directory: example\.org\.pem"):
        serve(block, folder, serve_script)


@pytest.mark.parametrize(
    ("page", "made"),
    [("widgets", reference.widgets_page), ("settings", reference.settings_page)],
    ids=["widgets", "settings"],
)
def test_reference_is_up_to_date(page: str, made: object) -> None:
    assert callable(made)
    assert (ROOT / "docs" / f"{page}.md").read_text() == made(), "run: python -m tools.reference"


@pytest.mark.parametrize("widget", [each for each in WIDGETS if issubclass(each, Widget)])
def test_reference_tells_the_events_of_a_widget(widget: type[Widget]) -> None:
    told = set(reference.events_of(widget))
    assert widget.events <= told
    assert {declared.event for declared in widget._properties.values() if declared.event} <= told
    assert told <= widget.events | DOM_EVENTS


@pytest.mark.parametrize("widget", [each for each in WIDGETS if issubclass(each, Widget)])
def test_reference_tells_the_properties_of_a_widget(widget: type[Widget]) -> None:
    told = widget.__doc__ or ""
    missing = [name for name in reference.own_properties(widget) if f"`{name}`" not in told]
    assert missing == []


def test_reference_has_every_setting_with_its_default() -> None:
    defaults = {name: eval(default, {}) for name, default, _ in reference.settings_table()}  # noqa: S307
    assert defaults == vars(Settings())


@pytest.mark.parametrize("page", PAGES)
def test_links(page: str) -> None:
    text = (ROOT / page).read_text()
    for target in re.findall(r"(?:\]\(|src=\")([^)\s\"]+)[)\"]", re.sub(r"```.*?```", "", text, flags=re.DOTALL)):
        if re.match(r"https?://", target):
            continue
        path, _, anchor = target.partition("#")
        there = (ROOT / page).parent / path if path else ROOT / page
        assert there.exists(), target
        assert not anchor or anchor in anchors(there.read_text()), target


def anchors(markdown: str) -> set[str]:
    """The anchors that its headings get."""
    headings = re.findall(r"^#+ (.*)$", markdown, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
