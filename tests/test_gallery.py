"""How the gallery comes by the source that it shows."""

import re
from html import unescape

import pytest

from jibe_like import Label, Widget
from sample_apps.gallery.demos import Family
from sample_apps.gallery.samples import SAMPLES
from sample_apps.gallery.source import highlight

FAMILY = Family("Family", "about")


@FAMILY.shows(Label)
def label() -> Widget:
    """An explanation."""
    text = """
three
lines"""
    return Label(text)


def test_a_demonstration_knows_its_source() -> None:
    (demo,) = FAMILY.demos
    assert demo.explanation == "An explanation."
    assert demo.source == 'text = """\nthree\nlines"""\nreturn Label(text)\n'


@pytest.mark.parametrize("source", [sample.source for sample in SAMPLES], ids=[sample.name for sample in SAMPLES])
def test_highlighted_source_is_the_source(source: str) -> None:
    assert unescape(re.sub(r"</?span[^>]*>", "", highlight(source))) == source


def test_highlighting() -> None:
    assert highlight("def f():  # <b>\n    return '<' if x else 'a&b'\n") == (
        '<span class="keyword">def</span> <span class="name">f</span>():  <span class="comment"># &lt;b&gt;</span>\n'
        '    <span class="keyword">return</span> <span class="string">&#x27;&lt;&#x27;</span> '
        '<span class="keyword">if</span> x <span class="keyword">else</span> '
        '<span class="string">&#x27;a&amp;b&#x27;</span>\n'
    )
