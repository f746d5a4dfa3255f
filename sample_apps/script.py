"""A program in the style of PyWebIO: top-level code that has a page, asks, and goes on with the answer."""

import os
import platform
from queue import SimpleQueue

from jibe_like import Button, Card, Form, HBox, Heading, NumberInput, ProgressBar, Text, session

page = session.script("Factors", port=int(os.environ.get("PORT", "8881")))
session.set_env(input_auto_focus=True, auto_scroll_bottom=True)
answers: SimpleQueue[int | None] = SimpleQueue()
session.defer_call(lambda: answers.put(None))


def ask(question: str) -> int | None:
    """What the visitor enters; None when the visitor has left."""
    field = NumberInput(None, 2, 10**14, label=question, required=True)
    form = Form([HBox([field, Button("Go", kind="submit", variant="primary")], style={"align-items": "end"})])
    form.register("submit", lambda: answers.put(int(field.value or 2)))
    page.children.append(form)
    answer = answers.get()
    page.children.remove(form)
    return answer


def factors(number: int) -> list[int]:
    """The prime factors, found by trying; the page shows how far that is."""
    found, rest, divisor = [], number, 2
    bar = ProgressBar(label=f"Factors of {number}")
    page.children.append(bar)
    while divisor * divisor <= rest:
        while rest % divisor == 0:
            found.append(divisor)
            rest //= divisor
        divisor += 1
        if divisor % 20_000 == 0:
            bar.value = 100 * divisor / rest**0.5
    page.children.remove(bar)
    return [*found, rest] if rest > 1 else found


browser = session.info.user_agent.browser.family
page.children = [
    Heading("Factors", level=1),
    Text(f"{browser} on your side, Python {platform.python_version()} on mine."),
]
while (number := ask("A number")) is not None:
    text = " × ".join(map(str, factors(number)))
    page.children.append(Card(f"{number}", [Text("is a prime." if text == str(number) else f"= {text}")]))
