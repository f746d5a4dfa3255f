"""Ten thousand rows, each with a button of its own: what changes is all that is sent."""

import os

from jibe_like import Button, Connection, HBox, Heading, Label, MainApp, VBox

STYLE = """
.long { gap: 0; }
/* Rows that are out of sight cost the browser nothing. */
.row {
  justify-content: space-between;
  border-block-end: 1px solid var(--jl-line);
  content-visibility: auto;
  contain-intrinsic-block-size: auto 3rem;
}
"""


class Row(HBox):
    def __init__(self, number: int) -> None:
        super().__init__()
        self.remove = Button("Remove", variant="quiet", attributes={"aria-label": f"Remove row {number}"})
        self.children = [Label(f"Row {number:,}"), self.remove]


class Rows(MainApp):
    title = "Ten thousand rows"
    stylesheet = STYLE

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self.made = 0
        self.count = Label(attributes={"role": "status"})
        self.rows = VBox(classname="long")
        self.rows.children = [self.new() for _ in range(10_000)]
        actions = {
            "Add at the top": lambda: self.rows.children.insert(0, self.new()),
            "Add at the end": lambda: self.rows.children.append(self.new()),
            "Add 1,000": lambda: self.rows.children.extend([self.new() for _ in range(1_000)]),
            "Remove the first": lambda: self.rows.children.pop(0) if self.rows.children else None,
            "Remove every other": lambda: self.rows.children.__delitem__(slice(1, None, 2)),
            "Reverse": self.rows.children.reverse,
        }
        bar = HBox()
        for label, action in actions.items():
            button = Button(label)
            button.register("click", action)
            button.register("click", self.show)
            bar.children.append(button)
        self.children = [Heading("Ten thousand rows", level=1), bar, self.count, self.rows]
        self.show()

    def new(self) -> Row:
        self.made += 1
        row = Row(self.made)
        row.remove.register("click", self.on_remove)
        return row

    def on_remove(self, source: Button) -> None:
        if source.parent is not None:
            self.rows.children.remove(source.parent)
        self.show()

    def show(self) -> None:
        self.count.value = f"{len(self.rows.children):,} rows"


if __name__ == "__main__":
    Rows.run(int(os.environ.get("PORT", "8881")))
