"""Demonstrations of the widgets that show text."""

from jibe_like import HTML, Code, Heading, Label, Link, Markdown, Text, VBox, Widget

from .demos import Family

TEXT = Family("Text", "What there is to read. Text is text: nothing that a user writes becomes markup.")


@TEXT.shows(Label)
def label() -> Widget:
    """A short text, most often one that changes."""
    return Label("count: 0")


@TEXT.shows(Heading)
def heading() -> Widget:
    """A heading, of the level that the page's outline asks for, from 1 to 6."""
    return VBox([Heading("A part", level=4), Heading("A part of that part", level=5)])


@TEXT.shows(Text)
def text() -> Widget:
    """A paragraph. A line break in the value is one on the page."""
    return Text("The first line of the paragraph.\nThe second, and <b>no</b> bold word.")


@TEXT.shows(Link)
def link() -> Widget:
    """A link to another page, or to a place in this one. A URL that would run a script is refused."""
    return VBox([Link("To the top of this page", "#top"), Link("This page in a tab of its own", "?", new_tab=True)])


@TEXT.shows(Markdown)
def markdown() -> Widget:
    """Text in Markdown: CommonMark, with tables. HTML in it is shown as text."""
    return Markdown(
        """
Water, *hot*, and **leaves**:

| Tea   | Minutes |
| ----- | ------- |
| Green | 2       |
| Black | 4       |

> Patience is the third ingredient.
"""
    )


@TEXT.shows(HTML)
def html() -> Widget:
    """HTML of your own, from which everything that could do harm is taken out: here a script and an event handler."""
    return HTML(
        "H<sub>2</sub>O is <em>water</em>.<script>alert(1)</script> <b onclick='alert(2)'>Click me</b>: nothing."
    )


@TEXT.shows(Code)
def code() -> Widget:
    """Program text, with its spaces and line breaks. What is too long scrolls, by keyboard too."""
    return Code("def greet(name):\n    return f'Hello, {name}!'", language="python")
