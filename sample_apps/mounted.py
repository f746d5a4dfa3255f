"""An application inside a Tornado application that has pages of its own."""

import asyncio
import os

import tornado.web

from jibe_like import Button, Connection, Heading, Label, Link, MainApp

votes = {"tea": 0, "coffee": 0}


class Home(tornado.web.RequestHandler):
    """An ordinary handler, which reads what the application changes."""

    def get(self) -> None:
        self.write(
            "<!DOCTYPE html><html lang=en><meta name=viewport content='width=device-width'>"
            "<meta name=color-scheme content='light dark'><title>Home</title>"
            "<style>body { font: 1rem/1.5 system-ui; margin: 2rem }</style>"
            f"<h1>A Tornado page</h1><p>Tea {votes['tea']}, coffee {votes['coffee']}. <a href=poll/>Vote</a>"
        )


class Poll(MainApp):
    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self.said = Label(attributes={"role": "status"})
        self.children = [Heading("Tea or coffee?", level=1)]
        for drink in votes:
            button = Button(drink.title())
            button.register("click", lambda drink=drink: self.vote(drink))
            self.children.append(button)
        self.children += [self.said, Link("Back to the Tornado page", "../")]

    def vote(self, drink: str) -> None:
        votes[drink] += 1
        self.said.value = f"Thank you. {drink.title()} has {votes[drink]} now."


def make_app() -> tornado.web.Application:
    application = tornado.web.Application([("/", Home)])
    Poll.mount(application, "/poll")
    return application


async def main(port: int) -> None:
    make_app().listen(port)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(int(os.environ.get("PORT", "8881"))))
