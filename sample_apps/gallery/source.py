"""Python source as HTML, with its keywords, strings and comments marked."""

import io
import keyword
import tokenize
from functools import cache
from html import escape

from jibe_like import HTML, Details


def kind(token: tokenize.TokenInfo, before: str) -> str:
    """The class of a token in the style sheet; empty for most. `before`: the text of the token before it."""
    if token.type == tokenize.COMMENT:
        return "comment"
    if token.type == tokenize.STRING or "FSTRING" in tokenize.tok_name[token.type]:
        return "string"
    if token.type == tokenize.NUMBER:
        return "number"
    if token.type == tokenize.NAME and keyword.iskeyword(token.string):
        return "keyword"
    return "name" if before in ("class", "def", "@") else ""


@cache
def highlight(source: str) -> str:
    """The source as escaped HTML."""
    lines = source.splitlines(keepends=True)
    parts: list[str] = []
    row, column, before = 1, 0, ""

    def text(end: tuple[int, int]) -> str:
        """What stands from where we are to there."""
        nonlocal row, column
        found = ""
        while row < end[0]:
            found, row, column = found + lines[row - 1][column:], row + 1, 0
        if row <= len(lines):
            found += lines[row - 1][column : end[1]]
        column = end[1]
        return escape(found)

    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        parts.append(text(token.start))
        shown, name = text(token.end), kind(token, before)
        parts.append(f'<span class="{name}">{shown}</span>' if name and shown else shown)
        before = token.string
    return "".join(parts)


def source_code(title: str, source: str) -> HTML:
    """Source in a box that scrolls: so it takes the focus, and has a name."""
    label = escape(f"Source of {title}")
    return HTML(
        f'<pre tabindex="0" role="group" aria-label="{label}"><code>{highlight(source)}</code></pre>', trusted=True
    )


def source_of(title: str, source: str) -> Details:
    """Source to unfold."""
    return Details("Source", [source_code(title, source)], classname="source")
