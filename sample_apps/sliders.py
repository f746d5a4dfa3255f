"""Sliders that everybody moves together: widgets tied to the state of the server."""

import os

from jibe_like import Card, Connection, Div, Grid, Heading, Label, MainApp, NumberInput, Slider, Text, get_server

server = get_server()
for name, value in {"hue": 250, "saturation": 60, "lightness": 55}.items():
    server.state.setdefault(name, value)


class Sliders(MainApp):
    title = "One colour for all"

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self.swatch = Div(style={"height": "8rem", "border-radius": "var(--jl-radius)"})
        self.children = [
            Heading(self.title, level=1),
            Text("Open this page in another window, or on your phone: whoever moves a slider moves it for everybody."),
            self.swatch,
            Card("Mix it", [self.row("Hue", 360), self.row("Saturation", 100), self.row("Lightness", 100)]),
            Label(server.state.bind("pages", to="{} open".format), attributes={"role": "status"}),
        ]
        server.state.change("hue", "saturation", "lightness")(self.paint)
        self.paint(**{name: server.state[name] for name in ("hue", "saturation", "lightness")})

    def row(self, label: str, most: int) -> Grid:
        name = label.lower()
        slider = Slider(server.state.bind(name), 0, most, label=label)
        # Reported while it moves, too, and not only when it is let go.
        slider.register("input", lambda: None, throttle=0.03)
        number = NumberInput(server.state.bind(name), 0, most, label=f"{label}, as a number")
        return Grid([slider, number], columns=2, style={"align-items": "end"})

    def paint(self, hue: float, saturation: float, lightness: float) -> None:
        self.swatch.style["background"] = f"hsl({hue:g} {saturation:g}% {lightness:g}%)"

    def connections_changed(self) -> None:
        super().connections_changed()
        pages = sum(session.connection_count for session in server.sessions)
        server.state.pages = "1 page" if pages == 1 else f"{pages} pages"


if __name__ == "__main__":
    Sliders.run(int(os.environ.get("PORT", "8881")))
