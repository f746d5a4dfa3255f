"""A picture that is in no file: computed row by row while a bar shows how far it is, and sent within the page."""

import asyncio
import os
import struct
import zlib

from jibe_like import Button, Connection, HBox, Heading, Image, MainApp, ProgressBar, Slider

WIDTH, HEIGHT = 240, 160


def png(rows: list[bytes]) -> bytes:
    """A PNG image of rows of RGB pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", len(rows[0]) // 3, len(rows), 8, 2, 0, 0, 0)
    pixels = zlib.compress(b"".join(b"\0" + row for row in rows))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def mandelbrot_row(y: int, depth: int) -> bytes:
    """One row of pixels of the Mandelbrot set, with at most `depth` steps a pixel."""
    row = bytearray()
    for x in range(WIDTH):
        c = complex(3 * x / WIDTH - 2.15, 2 * y / HEIGHT - 1)
        z, steps = c, 0
        while abs(z) <= 2 and steps < depth:
            z, steps = z * z + c, steps + 1
        light = 0.0 if steps == depth else (steps / depth) ** 0.5
        row += bytes((int(60 + 195 * light), int(40 + 180 * light**2), int(140 * (1 - light) + 60)))
    return bytes(row)


class Picture(MainApp):
    title = "Picture"

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self.depth = Slider(24, 8, 64, 8, label="Depth")
        self.draw = Button("Draw", variant="primary")
        self.draw.register("click", self.on_draw)
        self.bar = ProgressBar(label="Drawing", hidden=True)
        self.image = Image(alt="The Mandelbrot set", hidden=True, style={"width": "30rem", "border-radius": "0.5rem"})
        self.children = [
            Heading("Picture", level=1),
            HBox([self.depth, self.draw], style={"align-items": "end"}),
            self.bar,
            self.image,
        ]

    async def on_draw(self) -> None:
        self.draw.disabled = True
        self.bar.hidden = False
        rows: list[bytes] = []
        for y in range(HEIGHT):
            rows.append(await asyncio.to_thread(mandelbrot_row, y, int(self.depth.value)))
            self.bar.value = 100 * (y + 1) / HEIGHT
        self.image.source = png(rows)
        self.image.hidden = False
        self.draw.disabled = False


if __name__ == "__main__":
    Picture.run(int(os.environ.get("PORT", "8881")))
