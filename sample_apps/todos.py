"""Things to do: a form that adds, rows that are ticked and removed, and a line that counts what is left."""

import os

from jibe_like import Button, CheckBox, Connection, Div, Form, HBox, Heading, Input, Label, MainApp, VBox


class Item(HBox):
    """One thing to do."""

    def __init__(self, text: str, done: bool = False) -> None:
        super().__init__(style={"flex-wrap": "nowrap", "justify-content": "space-between"})
        self.box = CheckBox(done, text)
        self.line = Div([self.box])
        self.remove = Button("×", variant="quiet", attributes={"aria-label": f"Remove {text}"})
        self.children = [self.line, self.remove]
        self.show()

    def show(self) -> None:
        """Strikes it out once it is done."""
        done = self.box.checked
        self.line.css({"text-decoration": "line-through" if done else "", "color": "var(--jl-muted)" if done else ""})


class Todos(MainApp):
    title = "Things to do"

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self.entry = Input(label="What is to be done?", placeholder="Water the plants")
        self.items = VBox(style={"gap": "0"})
        self.left = Label(attributes={"role": "status"})
        self.clear = Button("Remove what is done", variant="quiet")
        self.clear.register("click", self.on_clear)
        add = Button("Add", kind="submit", variant="primary")
        form = Form([HBox([self.entry, add], style={"align-items": "end"})])
        form.register("submit", self.on_add)
        footer = HBox([self.left, self.clear], style={"justify-content": "space-between"})
        self.children = [Heading("Things to do", level=1), form, self.items, footer]
        self.add("Read the documentation", done=True)
        self.add("Write an application")

    def add(self, text: str, done: bool = False) -> None:
        item = Item(text, done)
        item.box.register("change", self.on_ticked)
        item.remove.register("click", lambda: self.on_remove(item))
        self.items.children.append(item)
        self.count()

    def count(self) -> None:
        done = [item for item in self.items.children if isinstance(item, Item) and item.box.checked]
        self.left.value = f"{len(self.items.children) - len(done)} left"
        self.clear.hidden = not done

    def on_add(self) -> None:
        if self.entry.value.strip():
            self.add(self.entry.value.strip())
            self.entry.value = ""

    def on_ticked(self) -> None:
        for item in self.items.children:
            if isinstance(item, Item):
                item.show()
        self.count()

    def on_remove(self, item: Item) -> None:
        self.items.children.remove(item)
        self.count()

    def on_clear(self) -> None:
        self.items.children = [i for i in self.items.children if isinstance(i, Item) and not i.box.checked]
        self.count()


if __name__ == "__main__":
    Todos.run(int(os.environ.get("PORT", "8881")))
