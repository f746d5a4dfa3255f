"""A page that sends nonsense, and what must come of it."""

import logging
import re
from typing import Any

import pytest
from tornado.ioloop import IOLoop

from jibe_like import Button, CheckBox, Connection, Dropdown, Input, Label, MainApp, SelectMultiple, Session
from tests.integration.visitor import Visitor

LONGEST_WARNING = 700


class Form(MainApp):
    """One of each kind of input, one that is disabled, one that was removed; and a bell that says who was heard."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self.heard: list[str] = []
        self.rung = 0
        self.bell, self.sound = Button("Ring", identifier="bell"), Label("", identifier="sound")
        self.bell.register("click", self.ring)
        gone = Button("Gone", identifier="gone")
        self.inputs = [
            Button("Go", identifier="go"),
            Input("as it was", identifier="entry", maxlength=100),
            CheckBox(True, identifier="tick"),
            Dropdown("M", ["S", "M", "L"], identifier="size"),
            SelectMultiple(["a"], ["a", "b", "c"], identifier="toppings"),
            Label("plain", identifier="plain"),
            Input("off", identifier="off", disabled=True),
            gone,
        ]
        for widget in self.inputs:
            for event in ("click", "change"):
                widget.register(event, lambda source: self.heard.append(source.identifier))
        self.children = [self.bell, self.sound, *self.inputs]
        self.children.remove(gone)

    def ring(self) -> None:
        self.rung += 1
        self.sound.value = str(self.rung)

    def condition(self) -> Any:
        return [widget.node() for widget in self.inputs], list(self.heard), len(self.tree.index)


class Attack:
    """A page that sends nonsense, and another one beside it, on the same server."""

    def __init__(
        self, io_loop: IOLoop, url: str, sessions: dict[str, Session], caplog: pytest.LogCaptureFixture
    ) -> None:
        self._run, self._caplog = io_loop.run_sync, caplog
        self.page, self.bystander = Visitor(url), Visitor(url)
        for page in (self.page, self.bystander):
            self._run(page.connect)
            self._run(page.frame)
        self.session, self._other = sessions.values()
        self.form, self._unconcerned = self._form_of(self.session), self._form_of(self._other)
        self._before = self.form.condition(), self._unconcerned.condition()

    @staticmethod
    def _form_of(session: Session) -> Form:
        assert isinstance(session.document, Form)
        return session.document

    def send(self, message: str | bytes | dict[str, Any]) -> list[logging.LogRecord]:
        """Sends the message; what the server says of it in the log. Afterwards both pages work as before."""
        self._caplog.clear()
        self.page.post(message)
        self._run(lambda: self._ring(self.page, self.form))
        records = [record for record in self._caplog.records if record.name != "tornado.access"]
        self._run(lambda: self._ring(self.bystander, self._unconcerned))
        assert self._unconcerned.condition() == self._before[1]
        assert self._caplog.records[len(records) :] == []
        return records

    async def _ring(self, page: Visitor, form: Form) -> None:
        """All that the page has sent before was handled."""
        page.post({"id": "bell", "event": "click"})
        await page.shows("sound", str(form.rung + 1))

    def refused(self, message: str | bytes | dict[str, Any], reason: str, widget: str = "") -> None:
        """The message has no effect but one warning, which names the session, the widget and the reason."""
        [record] = self.send(message)
        text = record.getMessage()
        assert record.levelno == logging.WARNING
        assert text.startswith(f"session {self.session.id}: ignored a message (")
        assert re.search(reason, text.partition("): ")[2]), text
        assert len(text) < LONGEST_WARNING
        assert text.isprintable()
        if widget:
            assert f"(widget={widget!r:.80} " in text
        else:
            [connection] = self.session.connections
            assert f"(connection={connection!r})" in text
        assert self.form.condition() == self._before[0]

    def end(self) -> None:
        self._run(self.page.leave)
        self._run(self.bystander.leave)
