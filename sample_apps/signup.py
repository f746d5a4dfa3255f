"""A form with validation: an error stands beside its field, and goes as soon as it is put right."""

import os
from collections.abc import Callable

from jibe_like import Button, Card, CheckBox, Connection, Form, Heading, Input, MainApp, RadioGroup, Text


class SignUp(MainApp):
    title = "Sign up"

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self.name = Input(label="Name", name="name", required=True)
        self.email = Input(label="E-mail", name="email", type="email", required=True)
        self.password = Input(label="Password", name="password", type="password", required=True)
        self.password.help = "At least 8 characters."
        self.password.attr({"autocomplete": "new-password"})
        self.plan = RadioGroup("free", {"free": "Free", "team": "Team"}, "Plan", name="plan")
        self.terms = CheckBox(label="I have read the terms", name="terms", required=True)
        self.problems: dict[Input | CheckBox, Callable[[], str]] = {
            self.name: self.name_problem,
            self.email: self.email_problem,
            self.password: self.password_problem,
            self.terms: lambda: "" if self.terms.checked else "Please read them, and tick the box.",
        }
        for field in self.problems:
            field.register("change", self.check)
        send = Button("Sign up", kind="submit", variant="primary")
        # The server says what is wrong, in place of the browser.
        self.form = Form(
            [self.name, self.email, self.password, self.plan, self.terms, send], attributes={"novalidate": True}
        )
        self.form.register("submit", self.on_submit)
        self.children = [Heading("Sign up", level=1), self.form]

    def name_problem(self) -> str:
        return "" if self.name.value.strip() else "Please tell us your name."

    def email_problem(self) -> str:
        before, _, after = self.email.value.partition("@")
        return "" if before and "." in after.strip(".") else "This does not look like an e-mail address."

    def password_problem(self) -> str:
        missing = 8 - len(self.password.value)
        return f"{missing} more character{'s' * (missing > 1)}, please." if missing > 0 else ""

    def check(self, field: Input | CheckBox) -> bool:
        field.error = self.problems[field]()
        return not field.error

    def on_submit(self) -> None:
        wrong = [field for field in self.problems if not self.check(field)]
        if wrong:
            wrong[0].focus()
            return
        values = self.form.values
        welcome = Text(f"We write to {values['email']}. Your plan is {values['plan']}.")
        self.children = [Card(f"Welcome, {values['name']}!", [welcome], level=1, attributes={"role": "status"})]


if __name__ == "__main__":
    SignUp.run(int(os.environ.get("PORT", "8881")))
