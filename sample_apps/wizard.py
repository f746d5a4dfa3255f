"""A wizard in the style of H2O Wave: functions that answer queries, and state that knows how far each visitor is."""

import os

from jibe_like import Button, Card, Form, Grid, HBox, Heading, Input, Label, NumberInput, Query, RadioGroup, Text
from jibe_like.query import app, on, run_on

STEPS = ("Pizza", "Delivery", "Check")
SIZES = {"small": "Small", "medium": "Medium", "large": "Large"}


def show(q: Query, step: int) -> None:
    """Shows a step: how far one is, what is asked, and the buttons that lead on."""
    order, last = q.client, step == len(STEPS) - 1
    order.step = step
    marks = [Label(f"{number}. {title}") for number, title in enumerate(STEPS, 1)]
    for number, mark in enumerate(marks):
        mark.css({"border-top": f"4px solid var(--jl-{'accent' if number <= step else 'line'})"})
        mark.css({"padding-top": "0.5rem", "color": "" if number == step else "var(--jl-muted)"})
    marks[step].attr({"aria-current": "step"})
    form = Form()
    if step == 0:
        pizzas = NumberInput(order.number, 1, 20, label="How many?", name="number", required=True)
        form.children = [RadioGroup(order.size, SIZES, "Size", name="size"), pizzas]
    elif step == 1:
        name = Input(order.name, "Name", name="name", required=True, attributes={"autocomplete": "name"})
        form.children = [name, Input(order.address, "Address", name="address", required=True)]
    else:
        form.children = [Text(f"{order.number} × {SIZES[order.size]}"), Text(f"For {order.name}, {order.address}")]
    forward = Button("Order" if last else "Next", kind="submit", name="order" if last else "next", variant="primary")
    backward = Button("Back", name="back", disabled=step == 0)
    form.children.append(HBox([backward, forward], style={"justify-content": "space-between"}))
    card = Card(STEPS[step], [form], attributes={"tabindex": "-1"})
    q.page.children = [Heading("Order a pizza", level=1), Grid(marks, columns=len(STEPS)), card]


def turn(q: Query, steps: int) -> None:
    """Goes on or back. What was entered in this step came with the query."""
    q.client.update({name: q.args[name] for name in ("size", "number", "name", "address") if name in q.args})
    show(q, q.client.step + steps)
    q.page.children[-1].focus()


@on()
def next(q: Query) -> None:
    turn(q, 1)


@on()
def back(q: Query) -> None:
    turn(q, -1)


@on()
async def order(q: Query) -> None:
    q.page.children[-1].children = [Text("Just a moment …", attributes={"role": "status"})]
    await q.sleep(0.5)  # The kitchen is asked.
    q.app.orders = (q.app.orders or 0) + 1
    q.user.update(name=q.client.name, address=q.client.address)
    thanks = Text(f"Order no. {q.app.orders} is on its way to {q.client.address}.")
    card = Card(f"Thank you, {q.client.name}!", [thanks, Button("Order another one", name="again")])
    q.page.children = [Heading("Order a pizza", level=1), card]


@on()
def again(q: Query) -> None:
    q.client.update(size="medium", number=1, name=q.user.name or "", address=q.user.address or "")
    show(q, 0)


@app("/", title="Order a pizza")
async def serve(q: Query) -> None:
    if q.client.step is None:
        again(q)
    await run_on(q)


if __name__ == "__main__":
    app.run(int(os.environ.get("PORT", "8881")))
