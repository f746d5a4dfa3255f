"""Files from the user: photographs, kept for as long as the page is there, and tables counted while they come."""

import os

from jibe_like import Connection, FileUpload, Grid, Heading, Image, Label, MainApp, ReceivedFile, UploadedFile

PICTURES = ["image/jpeg", "image/png", "image/gif", "image/webp"]
SQUARE = {"aspect-ratio": "1", "inline-size": "100%", "object-fit": "cover", "border-radius": "0.5rem"}


class Album(MainApp):
    title = "Album"

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self.photographs = FileUpload("Photographs", PICTURES, multiple=True, max_bytes=2_000_000, max_files=12)
        self.photographs.help = "Up to 12, of 2 MB at most. They are gone with the page."
        self.photographs.register("change", self.show)
        self.images: dict[UploadedFile, Image] = {}
        self.wall = Grid(columns="repeat(auto-fill, minmax(8rem, 1fr))", gap="0.5rem")
        tables = FileUpload("Tables", [".csv"], multiple=True, receiver=self.count)
        tables.help = "Their lines are counted as they come, and nothing is kept: they may be long."
        self.counted = Label("Nothing was counted yet.", attributes={"role": "status"})
        self.children = [Heading("Album", level=1), self.photographs, self.wall, tables, self.counted]

    def show(self) -> None:
        """One picture for each file that is there; those that are shown already stay as they are."""
        files = self.photographs.value
        self.images = {file: self.images.get(file) or self.picture(file) for file in files}
        self.wall.children = self.images.values()

    def picture(self, file: UploadedFile) -> Image:
        return Image(file.read_bytes(), alt=file.name, style=SQUARE)

    async def count(self, file: ReceivedFile) -> None:
        lines = 0
        async for chunk in file:
            lines += chunk.count(b"\n")
            self.counted.value = f"{file.name}: {lines:,} lines"


if __name__ == "__main__":
    Album.run(int(os.environ.get("PORT", "8881")))
