"""A page whose server died before the page was stored comes to another one."""

from pathlib import Path

import pytest

from jibe_like import Button, Connection, Label, MainApp, Settings
from jibe_like.session.connection import Visit
from jibe_like.web.mount import Mount
from tests.integration.conftest import Mounted
from tests.integration.visitor import Visitor


class Room(MainApp):
    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        room = connection.get_argument("room", "none")
        self.clicks = 0
        self.label = Label(f"room {room} of {connection.visit.path}: 0", identifier="label")
        add = Button("Add", identifier="add")
        add.register("click", self.add)
        self.children = [self.label, add]

    def add(self) -> None:
        self.clicks += 1
        self.label.value = f"{self.label.value.partition(':')[0]}: {self.clicks}"


async def token_of_the_dead(visitor: Visitor, registry_name: str, visit: Visit, settings: Settings) -> str:
    """A token by another process, for a page like the one that the visitor has loaded."""
    mount = Mount(Room, "/rooms", "Room", "unicast", settings)
    assert mount.registry.name == registry_name
    identity = mount.identities.find(visitor.cookies, False)
    connection = Connection(Visit(visit.cookies, visit.arguments, visit.headers, visit.address, visit.path, identity))
    session = await mount.registry.enter(connection)
    session.render()
    token = mount.registry.issue_token(connection)
    await mount.registry.close()
    await mount.store.close()
    return token


@pytest.mark.gen_test
@pytest.mark.parametrize("query", ["", "?room=a%26b&x&seq=7&poll=8"])
async def test_it_goes_on_with_the_application_of_its_own_url(
    mounted: Mounted, base_url: str, tmp_path: Path, query: str
) -> None:
    alive = Settings(secret="s" * 40, store=f"sqlite:///{tmp_path / 'alive.db'}")
    dead = Settings(secret="s" * 40, store=f"sqlite:///{tmp_path / 'dead.db'}")
    registry = mounted(Room, "/rooms", settings=alive)
    async with Visitor(f"{base_url}/rooms/{query}") as page:
        await page.load()
        [session] = registry.sessions.values()
        [connection] = session.connections.values()
        page.token = await token_of_the_dead(page, registry.name, connection.visit, dead)
        hello = await page.connect()
        assert (hello["resumed"], hello["got"], hello["kept"]) == (True, 0, 0)
        await page.until(lambda: page.page is not None)
        room = "a&b" if query else "none"
        assert page.text("label") == f"room {room} of /rooms/: 0"
        page.click("add")
        page.click("add")
        await page.shows("label", f"room {room} of /rooms/: 2")
        assert len(registry.sessions) == 2


@pytest.mark.gen_test
async def test_a_page_of_another_url_starts_anew(mounted: Mounted, base_url: str, tmp_path: Path) -> None:
    alive = Settings(secret="s" * 40, store=f"sqlite:///{tmp_path / 'alive.db'}")
    dead = Settings(secret="s" * 40, store=f"sqlite:///{tmp_path / 'dead.db'}")
    registry = mounted(Room, "/rooms", settings=alive)
    async with Visitor(f"{base_url}/rooms/?room=one") as page:
        await page.load()
        visit = Visit(arguments={"room": "two"}, path="/rooms/")
        page.token = await token_of_the_dead(page, registry.name, visit, dead)
        assert (await page.connect())["resumed"] is False
        await page.until(lambda: page.page is not None)
        assert page.text("label") == "room one of /rooms/: 0"
