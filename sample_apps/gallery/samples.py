"""The sample applications that the gallery shows, each at a path of its own."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from jibe_like import Settings
from jibe_like.query import QueryApp

from .. import (
    accordion,
    album,
    chat,
    clock,
    computation,
    counter,
    dashboard,
    login,
    mounted,
    picture,
    rows,
    signup,
    sliders,
    todos,
    wave,
    wizard,
)

Rules = list[Any]

THEMES = {"": "System", "light": "Light", "dark": "Dark"}


@dataclass(frozen=True)
class Sample:
    """A sample application: its module, and the Tornado rules that serve it below a prefix (`MainApp.handlers`)."""

    title: str
    module: ModuleType
    rules: Callable[..., Rules]
    height: int
    """How high its frame is, in pixels."""
    start: str = ""
    """What follows the prefix in the URL of its first page."""

    @property
    def name(self) -> str:
        return self.module.__name__.rpartition(".")[2]

    def path(self, theme: str = "") -> str:
        """The URL of its first page, seen from the gallery."""
        return f"{self._folder(theme)}{self.start}"

    def frame(self, theme: str) -> str:
        """A frame in which it runs, as HTML."""
        return f'<iframe src="{self.path(theme)}" title="{self.title}" height="{self.height}" loading="lazy"></iframe>'

    def handlers(self, prefix: str) -> Rules:
        """Tornado rules that serve it in each theme, for a gallery at this prefix."""
        return [
            rule
            for theme in THEMES
            for rule in self.rules(f"{prefix}/{self._folder(theme)}", settings=Settings(theme=theme))
        ]

    def _folder(self, theme: str) -> str:
        return f"{theme or 'system'}/{self.name}"

    @property
    def anchor(self) -> str:
        """The identifier of its place in the page."""
        return f"{self.name}-sample"

    @property
    def explanation(self) -> str:
        """The module's docstring."""
        return inspect.getdoc(self.module) or ""

    @property
    def source(self) -> str:
        return inspect.getsource(self.module)


def login_rules(prefix: str, **options: Any) -> Rules:
    apps = {"/login": login.Login, "/members": login.Members}
    return [rule for path, app in apps.items() for rule in app.handlers(prefix + path, **options)]


def mounted_rules(prefix: str, **options: Any) -> Rules:
    return [(prefix + "/", mounted.Home), *mounted.Poll.handlers(prefix + "/poll", **options)]


SAMPLES = [
    Sample("Counter", counter, counter.Counter.handlers, 160),
    Sample("Things to do", todos, todos.Todos.handlers, 380),
    Sample("Form with validation", signup, signup.SignUp.handlers, 680),
    Sample("Wizard", wizard, QueryApp.of(wizard.serve).handlers, 500),
    Sample("Live clock", clock, clock.Clock.handlers, 320),
    Sample("Chat", chat, chat.Chat.handlers, 620),
    Sample("Accordion", accordion, accordion.Questions.handlers, 380),
    Sample("Album", album, album.Album.handlers, 620),
    Sample("Picture and progress", picture, picture.Picture.handlers, 560),
    Sample("Computation", computation, computation.Computation.handlers, 560),
    Sample("Dashboard", dashboard, dashboard.Dashboard.handlers, 700),
    Sample("A colour for all", sliders, sliders.Sliders.handlers, 780),
    Sample("Python and JavaScript", wave, wave.Wave.handlers, 620),
    Sample("Login", login, login_rules, 400, "/login"),
    Sample("Mounted", mounted, mounted_rules, 340, "/"),
    Sample("Ten thousand rows", rows, rows.Rows.handlers, 520),
]
