"""The gallery: every widget of the package and every sample application, running, each with its source."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from jibe_like import (
    HTML,
    Card,
    Connection,
    Div,
    Heading,
    Link,
    MainApp,
    MainHandler,
    Markdown,
    RadioGroup,
    Text,
    Widget,
)

from .demos import Demo, Family
from .feedback import FEEDBACK
from .inputs import INPUTS
from .layout import LAYOUT
from .samples import SAMPLES, THEMES, Sample
from .source import source_code, source_of
from .text import TEXT

FAMILIES = [LAYOUT, TEXT, INPUTS, FEEDBACK]
STYLE = (Path(__file__).parent / "gallery.css").read_text()


class Section(Div):
    tagname = "section"


class Nav(Div):
    tagname = "nav"


class Page(MainHandler):
    def css(self) -> str:
        return STYLE

    def appname(self) -> str:
        return "jibe_like: widgets and sample applications"


class Gallery(MainApp):
    main_handler_class = Page

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        chosen = connection.get_argument("theme", "") or ""
        self.theme = RadioGroup(chosen if chosen in THEMES else "", THEMES, "Theme", classname="theme")
        self.theme.register("change", self.show_theme)
        self.first = HTML(trusted=True)
        self.frames = {sample: HTML(trusted=True) for sample in SAMPLES}
        self.show_theme()
        self.children = [self.navigation(), self.page()]

    @classmethod
    def handlers(cls, prefix: str = "", **options: Any) -> list[Any]:
        """The gallery's own rules, and those of the sample applications."""
        rules = super().handlers(prefix, **options)
        return [*rules, *(rule for sample in SAMPLES for rule in sample.handlers(prefix))]

    def show_theme(self) -> None:
        """Shows the gallery, and the sample applications in their frames, in the chosen theme."""
        theme = self.theme.value or ""
        self.attr({"data-theme": theme or None})
        self.first.value = SAMPLES[0].frame(theme)
        for sample, frame in self.frames.items():
            frame.value = sample.frame(theme)

    # -- what there is to see

    def navigation(self) -> Widget:
        nav = Nav([Link("jibe_like", "#top", classname="brand"), self.theme], attributes={"aria-label": "Contents"})
        links = Div(classname="links")
        for family in FAMILIES:
            links.children += [Link(family.title, f"#{family.anchor}", classname="family-link")]
            links.children += [Link(demo.title, f"#{demo.anchor}") for demo in family.demos]
        links.children += [Link("Sample applications", "#samples", classname="family-link")]
        links.children += [Link(sample.title, f"#{sample.anchor}") for sample in SAMPLES]
        nav.children.append(links)
        return nav

    def page(self) -> Widget:
        return Div([self.welcome(), *map(self.family, FAMILIES), self.samples()], classname="page")

    def welcome(self) -> Widget:
        widgets = sum(len(demo.widgets) for family in FAMILIES for demo in family.demos)
        counter = SAMPLES[0]
        return Section(
            [
                Heading("Web applications in pure Python", 1),
                Text(
                    "Subclass MainApp, compose widgets, call run. The server keeps the widgets, the browser shows "
                    f"them, and there is no JavaScript to write. On this page are all {widgets} widgets and "
                    f"{len(SAMPLES)} sample applications. They are running: try them, and unfold their source.",
                    classname="lead",
                ),
                Div(
                    [source_code("the counter", counter.source), Div([self.first], classname="running")],
                    classname="first",
                ),
            ],
            identifier="top",
            classname="welcome",
        )

    def family(self, family: Family) -> Widget:
        return self.section(family.anchor, family.title, family.about, map(self.demo, family.demos))

    def demo(self, demo: Demo) -> Widget:
        live = Div([demo.build()], classname="live")
        return self.exhibit(demo.anchor, demo.title, demo.explanation, [live, source_of(demo.title, demo.source)])

    def samples(self) -> Widget:
        about = "Whole programs, one idea in each. Run one with `python -m sample_apps.counter`."
        return self.section("samples", "Sample applications", about, map(self.sample, SAMPLES))

    def sample(self, sample: Sample) -> Widget:
        name = f"Open “{sample.title}” in a tab of its own"
        parts = [
            Link("Open", sample.path(), new_tab=True, classname="open", attributes={"aria-label": name}),
            Div([self.frames[sample]], classname="running"),
            source_of(sample.title, sample.source),
        ]
        return self.exhibit(sample.anchor, sample.title, sample.explanation, parts)

    @staticmethod
    def section(anchor: str, title: str, about: str, exhibits: Iterable[Widget]) -> Widget:
        return Section(
            [Heading(title), Markdown(about, classname="lead"), *exhibits], identifier=anchor, classname="family"
        )

    @staticmethod
    def exhibit(anchor: str, title: str, explanation: str, parts: Iterable[Widget]) -> Widget:
        return Card(title, [Markdown(explanation), *parts], level=3, identifier=anchor, classname="exhibit")
