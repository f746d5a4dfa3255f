"""A dashboard that changes 60 times a second: one schedule serves every page, and only what has changed is sent."""

import math
import os
from collections import deque

from jibe_like import Card, Connection, Grid, Heading, Label, MainApp, Widget

RATE, POINTS = 60, 90
COLUMNS = "repeat(auto-fit, minmax(min(24rem, 100%), 1fr))"
STYLE = """
.card .label { font-size: 2.25rem; line-height: 1.2; font-variant-numeric: tabular-nums; }
.curve { display: block; inline-size: 100%; block-size: 6rem; overflow: visible; }
.line { fill: none; stroke: var(--jl-accent); stroke-width: 2; vector-effect: non-scaling-stroke; }
"""


class Line(Widget):
    tagname = "polyline"


class Curve(Widget):
    """The last values, from 0 to 1, as a line that grows to the right."""

    tagname = "svg"

    def __init__(self) -> None:
        box = f"0 0 {POINTS - 1} 100"
        super().__init__(attributes={"viewBox": box, "preserveAspectRatio": "none", "aria-hidden": "true"})
        self.values: deque[int] = deque([50] * POINTS, POINTS)
        self.line = Line()
        self.children = [self.line]

    def add(self, value: float) -> None:
        self.values.append(round(100 - 100 * value))
        self.line.attributes["points"] = " ".join(f"{x},{y}" for x, y in enumerate(self.values))


class Gauge(Card):
    def __init__(self, title: str, unit: str, most: float, speed: float) -> None:
        super().__init__(title, level=2)
        self.unit, self.most, self.speed = unit, most, speed
        self.figure, self.curve = Label(), Curve()
        self.children = [self.figure, self.curve]

    def show(self, seconds: float) -> None:
        waves = ((0.25, 1.0), (0.15, 2.7), (0.07, 9.1))
        value = 0.5 + sum(height * math.sin(speed * self.speed * seconds) for height, speed in waves)
        self.figure.value = f"{self.most * value:,.1f} {self.unit}"
        self.curve.add(value)


class Dashboard(MainApp):
    title = "Dashboard"
    stylesheet = STYLE
    mode = "broadcast"

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self.updates = 0
        self.count = Label()
        self.gauges = [
            Gauge("Wind", "m/s", 30, 1.4),
            Gauge("Power", "kW", 2_000, 2.2),
            Gauge("Rotor", "rpm", 18, 3.2),
            Gauge("Pitch", "°", 30, 0.8),
        ]
        self.children = [Heading("Wind turbine", level=1), self.count, Grid(self.gauges, columns=COLUMNS)]
        self.update()
        self.every(1 / RATE, self.update)

    def update(self) -> None:
        self.updates += 1
        self.count.value = f"{self.updates:,} updates, {RATE} a second"
        for gauge in self.gauges:
            gauge.show(self.updates / RATE)


if __name__ == "__main__":
    Dashboard.run(int(os.environ.get("PORT", "8881")))
