"""Pages that come, go, lose their connection, read slowly and come back: in the end each shows what the tree is."""

import asyncio

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from jibe_like.session.session import Session
from jibe_like.settings import Settings
from tests.sessions import App, Tab, Words, outbox_of

WHICH = st.integers(0, 3)
TEXTS = st.sampled_from(["a", "b", "c"])


class PagesMachine(RuleBasedStateMachine):
    """One session with a small window, and some pages."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.app = App()
        bounds = Settings(outbox_frames=4, outbox_bytes=2_000, transport_bytes=0)
        self.session = Session("s", self.app, self.loop, settings=bounds)
        self.tabs: list[Tab] = [Tab(self.session)]
        self.clicks = 0
        self.app.words.register("click", self.on_click)
        self.turn()

    def on_click(self) -> None:
        self.clicks += 1
        self.app.words.value = str(self.clicks)

    def tab(self, which: int) -> Tab:
        return self.tabs[which % len(self.tabs)]

    def turn(self) -> None:
        self.loop.run_until_complete(asyncio.sleep(0))

    # -- the tree changes

    @rule(text=TEXTS, turn=st.booleans())
    def set_value(self, text: str, turn: bool) -> None:
        self.app.words.value = text
        if turn:
            self.turn()

    @rule(text=TEXTS)
    def add(self, text: str) -> None:
        self.app.box.children.append(Words(value=text))
        self.turn()

    @rule()
    def remove_or_turn_round(self) -> None:
        if len(self.app.box.children) > 2:
            self.app.box.children.pop(0)
        else:
            self.app.box.children.reverse()

    # -- pages

    @precondition(lambda self: len(self.tabs) < 4)
    @rule()
    def load(self) -> None:
        self.tabs.append(Tab(self.session))

    @rule(which=WHICH, anew=st.booleans())
    def open(self, which: int, anew: bool) -> None:
        tab = self.tab(which)
        if not tab.connection.is_open:
            if anew:
                tab.seq = None
            tab.waiting_bytes = 0
            tab.open()

    @rule(which=WHICH)
    def lose(self, which: int) -> None:
        if self.tab(which).connection.is_open:
            self.tab(which).lose()

    @rule(which=WHICH)
    def stop_reading(self, which: int) -> None:
        self.tab(which).waiting_bytes = 1

    @rule(which=WHICH)
    def acknowledge(self, which: int) -> None:
        if self.tab(which).connection.is_open:
            self.tab(which).acknowledge()

    @rule(which=WHICH, number=st.integers(1, 5))
    def click(self, which: int, number: int) -> None:
        """Perhaps with a number that was used before."""
        tab = self.tab(which)
        if tab.connection.is_open:
            handled, clicks = tab.connection.handled, self.clicks
            tab.say("words", "click", number)
            assert self.clicks == clicks + (number > handled)

    @rule(which=WHICH, text=TEXTS)
    def type(self, which: int, text: str) -> None:
        tab = self.tab(which)
        if tab.connection.is_open and not tab.waiting_bytes:
            element = tab.page.element("entry")
            assert element is not None
            element.properties["value"] = text
            tab.say("entry", "change", tab.connection.handled + 1, value=text)

    @invariant()
    def is_bounded(self) -> None:
        assert len(outbox_of(self.session)) <= 4

    def teardown(self) -> None:
        for tab in self.tabs:
            tab.waiting_bytes = 0
            if not tab.connection.is_open:
                tab.open()
        while self.session._delivery._stale:
            self.loop.run_until_complete(asyncio.sleep(0.001))
        self.turn()
        shown = [tab.is_right for tab in self.tabs]
        self.session.destroy()
        self.turn()
        self.loop.close()
        assert all(shown)


PagesMachine.TestCase.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
test_all_pages_show_the_tree = PagesMachine.TestCase
