"""The same things with Tornado alone: what anybody would write by hand."""

import json
from secrets import token_urlsafe
from typing import Any, ClassVar

import tornado.template
import tornado.web
import tornado.websocket

from .pages import ROWS

PAGE = tornado.template.Template(
    '<!DOCTYPE html><html lang="en" dir="ltr"><head><meta charset="utf-8">'
    '<meta name="viewport" content="width=device-width,initial-scale=1"><title>{{title}}</title>'
    '<link rel="icon" href="data:,"><meta name="bare" content="{{config}}"></head><body>'
    '<main id="topwidget" class="widget vbox mainapp counter">'
    '<button id="w1" class="widget button" data-on="click">Add</button>'
    '<div id="w2" class="widget label" data-bench="label">count: 0</div><div id="w3" class="widget vbox">'
    '{% for number, text in rows %}<div id="w{{number}}" class="widget label">{{text}}</div>{% end %}'
    '</div></main><script nonce="{{nonce}}">{% raw script %}</script></body></html>',
    compress_whitespace=False,
)
SCRIPT = """
const socket = new WebSocket(`ws://${location.host}/websocket`), label = document.getElementById("w2");
let n = 0;
document.getElementById("w1").addEventListener("click", event => {
  const send = () => socket.send(JSON.stringify(
    {n: ++n, ack: n - 1, id: "w1", event: "click", data: {clientX: event.clientX, clientY: event.clientY}}));
  if (socket.readyState) send(); else socket.addEventListener("open", send);
});
socket.onmessage = event => { label.textContent = JSON.parse(event.data).ops[0][2]; };
"""


class Page(tornado.web.RequestHandler):
    """The page of the counter, rendered for each request by Tornado's own templates."""

    def get(self) -> None:
        nonce = token_urlsafe(16)
        self.set_header(
            "Content-Security-Policy",
            f"default-src 'self'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; img-src 'self' data: blob:; "
            "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'self'",
        )
        self.set_header("Cache-Control", "no-store")
        self.finish(PAGE.generate(**self.variables(nonce)))

    def variables(self, nonce: str) -> dict[str, Any]:
        """What the template asks for."""
        rows = [(number, f"row {number}") for number in range(ROWS)]
        return {"title": "Counter", "config": "", "rows": rows, "nonce": nonce, "script": SCRIPT}


class Socket(tornado.websocket.WebSocketHandler):
    """Parses a click and answers with the new text."""

    def open(self, *args: str, **kwargs: str) -> None:
        self.set_nodelay(True)
        self.n = 0

    def on_message(self, message: str | bytes) -> None:
        event = json.loads(message)
        if event.get("id") == "w1" and event["event"] == "click":
            self.n += 1
            self.write_message(answer(self.n, event["n"]))


class SharedSocket(Socket):
    """Tells everybody."""

    everybody: ClassVar[set["SharedSocket"]] = set()
    count: ClassVar[int] = 0

    def open(self, *args: str, **kwargs: str) -> None:
        super().open(*args, **kwargs)
        self.everybody.add(self)

    def on_close(self) -> None:
        self.everybody.discard(self)

    def on_message(self, message: str | bytes) -> None:
        event = json.loads(message)
        if event.get("id") == "w1" and event["event"] == "click":
            SharedSocket.count += 1
            text = answer(self.count, 0)
            for socket in self.everybody:
                socket.write_message(text)


def answer(count: int, got: int) -> str:
    """The frame that jibe_like sends too."""
    return json.dumps({"seq": count, "got": got, "ops": [["text", "w2", f"count: {count}"]]})
