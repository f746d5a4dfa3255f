"""What the style sheet promises: contrast in both themes, mirrored for writing from right to left, small."""

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
STYLES = ROOT / "js" / "styles"
TOKENS = (STYLES / "tokens.css").read_text()
THEMES = {"light": 0, "dark": 1}
TEXT, USABLE = 4.5, 3.0  # contrast that WCAG 2.2 AA asks of text, and of what bounds a control

Colour = tuple[float, float, float]


def token(name: str, theme: str) -> Colour:
    found = re.search(rf"--jl-{name}: light-dark\((#\w+), (#\w+)\)", TOKENS)
    assert found, name
    digits = found[1 + THEMES[theme]][1:]
    if len(digits) == 3:
        digits = "".join(digit * 2 for digit in digits)
    red, green, blue = (int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4))
    return red, green, blue


def tinted(ground: Colour, theme: str) -> Colour:
    """The ground below `--jl-tint`."""
    share = re.search(r"--jl-tint: color-mix\(in srgb, var\(--jl-text\) (\d+)%, transparent\)", TOKENS)
    assert share
    part = int(share[1]) / 100
    red, green, blue = (
        part * above + (1 - part) * below for above, below in zip(token("text", theme), ground, strict=True)
    )
    return red, green, blue


def luminance(colour: Colour) -> float:
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: Colour, other: Colour) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_contrast_is_measured_as_wcag_does() -> None:
    assert contrast((0, 0, 0), (1, 1, 1)) == pytest.approx(21)
    assert contrast((1, 1, 1), (1, 1, 1)) == 1
    grey = 0x76 / 255
    assert contrast((grey, grey, grey), (1, 1, 1)) == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("ground", ["page", "surface"])
@pytest.mark.parametrize("name", ["text", "muted", "accent", "danger", "success", "warning"])
def test_text_can_be_read(name: str, ground: str, theme: str) -> None:
    below = token(ground, theme)
    assert contrast(token(name, theme), below) >= TEXT
    assert contrast(token(name, theme), tinted(below, theme)) >= TEXT


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("ground", ["accent", "danger", "success", "warning"])
def test_text_on_a_colour_can_be_read(ground: str, theme: str) -> None:
    assert contrast(token("on-accent", theme), token(ground, theme)) >= TEXT


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("ground", ["page", "surface"])
def test_the_bounds_of_a_control_can_be_seen(ground: str, theme: str) -> None:
    assert contrast(token("border", theme), token(ground, theme)) >= USABLE


PHYSICAL = re.compile(
    r"(?<![-\w])(?:(?:margin|padding|border|inset)-(?:left|right|top|bottom)[-\w]*|left|right|top|bottom|width|height"
    r"|(?:min|max)-(?:width|height)|float|clear)\s*:|text-align:\s*(?:left|right)"
)


@pytest.mark.parametrize("sheet", sorted(STYLES.glob("*.css")), ids=lambda path: path.name)
def test_places_and_sizes_follow_the_direction_of_writing(sheet: Path) -> None:
    rules = re.sub(r"/\*.*?\*/", "", sheet.read_text(), flags=re.DOTALL)
    assert PHYSICAL.findall(rules) == []


def test_a_physical_place_would_be_found() -> None:
    assert PHYSICAL.search("a{margin-left:1px}")
    assert PHYSICAL.search("a { left: 0 }")
    assert PHYSICAL.search("a{text-align: right}")
    assert not PHYSICAL.search("a{margin-inline-start:1px;border-inline-end-width:2px}")


def test_every_token_that_is_used_is_there() -> None:
    used = {name for sheet in STYLES.glob("*.css") for name in re.findall(r"var\((--jl-[\w-]+)", sheet.read_text())}
    own = re.compile(r"(--jl-[\w-]+):")
    there = {name for sheet in STYLES.glob("*.css") for name in own.findall(sheet.read_text())}
    set_by_widgets = {
        name
        for path in (ROOT / "jibe_like" / "widgets").glob("*.py")
        for name in re.findall(r"--jl-[\w-]+", path.read_text())
    }
    assert used <= there | set_by_widgets


def test_a_page_loads_little() -> None:
    static = ROOT / "jibe_like" / "static"
    manifest: dict[str, str] = json.loads((static / "manifest.json").read_text())
    # The extras are loaded by those pages alone that need them.
    files = [name for key, name in manifest.items() if key != "extras.js"]
    assert sum((static / f"{name}.br").stat().st_size for name in files) < 10_000
