"""A controller and triggers in the style of trame: Python and the page's JavaScript call each other by name."""

import math
import os

from jibe_like import Button, Card, Connection, Grid, Heading, MainApp, Slider, Text, Widget, get_server, session

server = get_server()
state, controller = server.state, server.controller
state.update({"waves": 3, "strength": 70})

DRAW = """
const canvas = document.getElementById("wave");
const told = document.getElementById("told");
function draw() {
  const { width, height } = Object.assign(canvas, { width: canvas.clientWidth, height: canvas.clientHeight });
  const { waves, strength } = jibe.server.state;
  const pen = canvas.getContext("2d");
  pen.strokeStyle = getComputedStyle(told).color;
  pen.lineWidth = 2;
  for (let x = 0; x <= width; x++) {
    pen.lineTo(x, height * (0.5 - 0.45 * (strength / 100) * Math.sin((x / width) * waves * 2 * Math.PI)));
  }
  pen.stroke();
}
draw();
canvas.onpointermove = async ({ offsetX }) => {
  told.textContent = await jibe.trigger("height_at", [offsetX / canvas.clientWidth]);
};
document.addEventListener("jibe-state", draw);
"""


@controller.set("reset")
def reset() -> None:
    state.update({"waves": 3, "strength": 70})


@controller.trigger("height_at")
def height_at(x: float) -> str:
    return f"Python says: {state.strength / 100 * math.sin(x * state.waves * 2 * math.pi):+.2f}"


@state.change("waves", "strength")
def tell(waves: float, strength: float) -> None:
    state.told = f"{waves:g} waves at {strength:g} %"


class Canvas(Widget):
    tagname = "canvas"


class Wave(MainApp):
    title = "Waves"

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        again = Button("Reset")
        again.register("click", controller.reset)
        picture = Canvas(identifier="wave", attributes={"role": "img", "aria-label": "A sine wave"})
        picture.css({"width": "100%", "height": "12rem"})
        waves = Slider(state.bind("waves"), 1, 12, label="Waves")
        strength = Slider(state.bind("strength"), 0, 100, label="Strength")
        self.children = [
            Heading(self.title, level=1),
            Card("", [picture, Text("Point at the wave.", identifier="told")]),
            Grid([waves, strength], columns=2),
            Text(state.bind("told"), attributes={"role": "status"}),
            again,
        ]

    def wsopen(self) -> None:
        super().wsopen()
        session.run_js(f"{{{DRAW}}}")


if __name__ == "__main__":
    Wave.run(int(os.environ.get("PORT", "8881")))
