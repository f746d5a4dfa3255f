"""Two applications on one server, and a login: the cookie that every page has tells who has signed in."""

import hmac
import os

from tornado.web import RedirectHandler

from jibe_like import Button, Connection, Form, Heading, Input, Link, MainApp, MultiApp, Text

PASSWORDS = {"ada": "engine"}  # A real one is in a database, and hashed.
signed_in: dict[str, str] = {}
"""Who has signed in, by the `sessionid` cookie, which the server sets and no script can read."""


class Login(MainApp):
    title = "Sign in"

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self.visitor = connection.get_cookie("sessionid") or ""
        self.name = Input(label="Name", required=True, attributes={"autocomplete": "username"})
        self.password = Input(label="Password", type="password", required=True, help="Ada's is “engine”.")
        self.password.attr({"autocomplete": "current-password"})
        form = Form([self.name, self.password, Button("Sign in", kind="submit", variant="primary")])
        form.register("submit", self.on_submit)
        self.children = [Heading("Sign in", level=1), form]

    def on_submit(self) -> None:
        name = self.name.value.strip().lower()
        password = PASSWORDS.get(name)
        if password is not None and hmac.compare_digest(self.password.value.encode(), password.encode()):
            signed_in[self.visitor] = name
            self.redirect("members")
        else:
            self.password.value = ""
            self.password.error = "Name and password do not match."


class Members(MainApp):
    title = "Members"

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self.visitor = connection.get_cookie("sessionid") or ""
        name = signed_in.get(self.visitor)
        if name is None:
            self.children = [Heading("For members", level=1), Link("Please sign in", "login")]
        else:
            leave = Button("Sign out")
            leave.register("click", self.on_leave)
            self.children = [Heading(f"Hello, {name.title()}", level=1), Text("Only members read this."), leave]

    def on_leave(self) -> None:
        signed_in.pop(self.visitor, None)
        self.redirect("login")


if __name__ == "__main__":
    site = MultiApp(login=Login, members=Members)
    site.add_handlers(".*", [("/", RedirectHandler, {"url": "login", "permanent": False})])
    site.run(int(os.environ.get("PORT", "8881")))
