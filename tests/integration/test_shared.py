"""Pages that share one application: modes broadcast and multicast."""

import pytest

from jibe_like import Button, Connection, Input, Label, MainApp, Settings
from tests.integration.conftest import Mounted
from tests.integration.visitor import Visitor, until


class Board(MainApp):
    """A counter, an entry that keeps what is typed, and one whose handler writes it in capitals."""

    mode = "broadcast"

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self.n = 0
        self.label = Label("count: 0", identifier="label")
        self.add = Button("Add", identifier="add")
        self.add.register("click", self.on_add)
        self.plain = Input(identifier="plain")
        self.loud = Input(identifier="loud")
        self.loud.register("change", self.shout)
        self.children = [self.add, self.label, self.plain, self.loud]

    def on_add(self) -> None:
        self.n += 1
        self.label.value = f"count: {self.n}"

    def shout(self) -> None:
        self.loud.value = self.loud.value.upper()


async def start(*pages: Visitor) -> None:
    for page in pages:
        await page.connect()
        await page.frame()


@pytest.mark.gen_test
async def test_a_change_reaches_everybody(mounted: Mounted, base_url: str) -> None:
    registry = mounted(Board)
    async with Visitor(base_url) as first, Visitor(base_url) as second, Visitor(base_url) as third:
        await start(first, second, third)
        assert len(registry.sessions) == 1
        first.click("add")
        text = ["text", "label", "count: 1"]
        assert await first.frame() == {"seq": 1, "got": 1, "ops": [text]}
        assert await second.frame() == await third.frame() == {"seq": 1, "ops": [text]}
        second.click("add")
        assert await second.frame() == {"seq": 2, "got": 1, "ops": [["text", "label", "count: 2"]]}
        assert "got" not in await first.frame()


@pytest.mark.gen_test
async def test_a_value_reaches_everybody_but_the_one_it_came_from(mounted: Mounted, base_url: str) -> None:
    mounted(Board)
    async with Visitor(base_url) as first, Visitor(base_url) as second:
        await start(first, second)
        first.change("plain", "typed")
        assert await first.frame() == {"got": 1}
        assert await second.frame() == {"seq": 1, "ops": [["prop", "plain", "value", "typed"]]}
        # The numbers go on for both, though the first has seen no frame.
        first.click("add")
        assert (await first.frame())["seq"] == 2
        assert (await second.frame())["seq"] == 2


@pytest.mark.gen_test
async def test_a_value_that_the_handler_changes_reaches_the_one_it_came_from_too(
    mounted: Mounted, base_url: str
) -> None:
    mounted(Board)
    async with Visitor(base_url) as first, Visitor(base_url) as second:
        await start(first, second)
        first.change("loud", "hello")
        assert await first.frame() == {"seq": 1, "got": 1, "ops": [["prop", "loud", "value", "HELLO"]]}
        assert await second.frame() == {"seq": 1, "ops": [["prop", "loud", "value", "HELLO"]]}


@pytest.mark.gen_test
async def test_the_same_value_from_another_page_is_no_change(mounted: Mounted, base_url: str) -> None:
    mounted(Board)
    async with Visitor(base_url) as first, Visitor(base_url) as second:
        await start(first, second)
        first.change("plain", "typed")
        await first.frame()
        await second.frame()
        second.change("plain", "typed")
        assert await second.frame() == {"got": 1}


@pytest.mark.gen_test
async def test_a_newcomer_sees_what_is_and_disturbs_nobody(mounted: Mounted, base_url: str) -> None:
    registry = mounted(Board)
    async with Visitor(base_url) as first, Visitor(base_url) as late:
        await start(first)
        first.click("add")
        await first.shows("label", "count: 1")
        board = next(iter(registry.sessions.values())).document
        assert isinstance(board, Board)
        # The page is made while something waits to be sent.
        board.label.value = "waiting"
        response = await late.load()
        assert ">waiting<" in response.body.decode()
        assert late.seq == 2
        await first.shows("label", "waiting")
        assert (await late.connect())["resumed"] is True
        first.click("add")
        assert await late.frame() == {"seq": 3, "ops": [["text", "label", "count: 2"]]}
        assert (await first.frame())["seq"] == 3
        assert len(registry.sessions) == 1


@pytest.mark.gen_test
async def test_one_that_was_away_gets_what_it_lacks(mounted: Mounted, base_url: str) -> None:
    registry = mounted(Board)
    async with Visitor(base_url) as first, Visitor(base_url) as away:
        await start(first, away)
        [session] = registry.sessions.values()
        await away.lose()
        await until(lambda: session.connection_count == 1)
        first.change("plain", "a")
        first.click("add")
        await first.shows("label", "count: 1")
        assert (await away.connect())["resumed"] is True
        await away.shows("label", "count: 1")
        assert away.prop("plain", "value") == "a"
        assert away.seq == 2


@pytest.mark.gen_test
async def test_its_own_values_are_not_replayed_to_a_page(mounted: Mounted, base_url: str) -> None:
    registry = mounted(Board)
    async with Visitor(base_url) as first, Visitor(base_url) as second:
        await start(first, second)
        first.change("plain", "typed")
        first.click("add")
        await second.shows("label", "count: 1")
        [session] = registry.sessions.values()
        await first.lose()
        await until(lambda: session.connection_count == 1)
        first.seq = 0
        assert (await first.connect())["got"] == 2
        assert await first.frame() == {"got": 1}
        assert (await first.frame())["ops"] == [["text", "label", "count: 1"]]


@pytest.mark.gen_test
async def test_the_session_stays_as_long_as_one_page_does(mounted: Mounted, base_url: str) -> None:
    registry = mounted(Board, settings=Settings(unused_lifetime=0, prerendered_lifetime=0, check_interval=0.001))
    async with Visitor(base_url) as stays:
        await start(stays)
        [session] = registry.sessions.values()
        async with Visitor(base_url) as leaves:
            await start(leaves)
            assert len(session.connections) == 2
        await until(lambda: len(session.connections) == 1)
        assert not session.destroyed
        stays.click("add")
        await stays.shows("label", "count: 1")
    await until(lambda: session.destroyed)
    assert registry.sessions == {}


@pytest.mark.gen_test
async def test_the_cap_of_prerendered_sessions_ends_none_that_others_wait_for(mounted: Mounted, base_url: str) -> None:
    registry = mounted(Board, settings=Settings(prerendered_sessions=1))
    async with Visitor(base_url) as first, Visitor(base_url) as second:
        await first.load()
        [session] = registry.sessions.values()
        await second.load()
        assert not session.destroyed
        for page in (first, second):
            assert (await page.connect())["resumed"] is True
        assert list(registry.sessions.values()) == [session]


@pytest.mark.gen_test
async def test_multicast_is_one_application_for_each_user(mounted: Mounted, base_url: str) -> None:
    registry = mounted(Board, mode="multicast")
    async with Visitor(base_url) as tab, Visitor(base_url) as other_tab, Visitor(base_url) as stranger:
        await tab.load()
        other_tab.cookies = tab.cookies
        await other_tab.load()
        await stranger.load()
        assert len(registry.sessions) == 2
        for page in (tab, other_tab, stranger):
            assert (await page.connect())["resumed"] is True
        tab.click("add")
        text = [["text", "label", "count: 1"]]
        assert (await tab.frame())["ops"] == (await other_tab.frame())["ops"] == text
        stranger.click("add")
        assert await stranger.frame() == {"seq": 1, "got": 1, "ops": text}


@pytest.mark.gen_test
async def test_multicast_without_a_cookie_shares_with_nobody(mounted: Mounted, base_url: str) -> None:
    registry = mounted(Board, mode="multicast")
    async with Visitor(base_url) as first, Visitor(base_url) as second:
        await start(first, second)
        assert len(registry.sessions) == 2


@pytest.mark.gen_test
async def test_unicast_shares_nothing(mounted: Mounted, base_url: str) -> None:
    registry = mounted(Board, mode="unicast")
    async with Visitor(base_url) as first, Visitor(base_url) as second:
        await first.load()
        second.cookies = first.cookies
        await second.load()
        assert len(registry.sessions) == 2
        for page in (first, second):
            await page.connect()
            page.click("add")
            assert (await page.frame())["ops"] == [["text", "label", "count: 1"]]


def test_a_mode_that_does_not_exist() -> None:
    with pytest.raises(ValueError, match="Board.*unicast, multicast, broadcast.*'all'"):
        Board.handlers(mode="all")
