"""A page that loses its connection and comes back."""

import json
from base64 import urlsafe_b64decode

import pytest

from jibe_like import Button, Connection, Input, Label, MainApp, Settings
from jibe_like.session.registry import Registry
from jibe_like.session.token import Tokens
from tests.integration.conftest import Mounted
from tests.integration.visitor import Visitor, until


class Counter(MainApp):
    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self.n = 0
        self.label = Label("count: 0", identifier="label")
        self.add = Button("Add", identifier="add")
        self.add.register("click", self.on_add)
        self.entry = Input(identifier="entry")
        self.children = [self.add, self.label, self.entry]

    def on_add(self) -> None:
        self.n += 1
        self.label.value = f"count: {self.n}"


def counter_of(registry: Registry) -> Counter:
    [session] = registry.sessions.values()
    assert isinstance(session.document, Counter)
    return session.document


async def start(page: Visitor, clicks: int = 0) -> None:
    """The page is connected, shows the tree and has clicked."""
    await page.connect()
    await page.frame()
    for n in range(1, clicks + 1):
        page.click("add")
        await page.shows("label", f"count: {n}")


async def lose(page: Visitor, registry: Registry) -> None:
    """The page loses its connection, and the server has noticed."""
    await page.lose()
    [session] = registry.sessions.values()
    await until(lambda: session.connection_count == 0)


@pytest.mark.gen_test
async def test_it_goes_on_where_it_was(mounted: Mounted, base_url: str) -> None:
    registry = mounted(Counter)
    async with Visitor(base_url) as page:
        await start(page, clicks=2)
        await lose(page, registry)
        hello = await page.connect()
        assert (hello["got"], hello["resumed"]) == (2, True)
        assert await page.frame() == {"got": 2}
        page.click("add")
        assert await page.frame() == {"seq": 3, "got": 3, "ops": [["text", "label", "count: 3"]]}
        assert counter_of(registry).n == 3


@pytest.mark.gen_test
async def test_it_gets_the_frames_that_it_lacks_once_and_in_order(mounted: Mounted, base_url: str) -> None:
    registry = mounted(Counter)
    async with Visitor(base_url) as page:
        await start(page)
        sent = []
        for _ in range(4):
            # Without `ack`: the server does not know that they have come.
            page.post({"id": "add", "event": "click"})
            sent.append(await page.frame())
        await lose(page, registry)
        page.seq = 1
        assert (await page.connect())["resumed"] is True
        assert [await page.frame() for _ in range(3)] == sent[1:]
        page.click("add")
        assert (await page.frame())["seq"] == 5


@pytest.mark.gen_test
async def test_frames_that_were_written_into_a_dead_connection_are_sent_again(mounted: Mounted, base_url: str) -> None:
    registry = mounted(Counter)
    async with Visitor(base_url) as page:
        await start(page)
        for _ in range(3):
            page.post({"id": "add", "event": "click"})
        await until(lambda: counter_of(registry).n == 3)
        # They are on their way, and the page never reads them.
        await lose(page, registry)
        assert page.seq == 0
        await page.connect()
        assert [(await page.frame())["ops"] for _ in range(3)] == [
            [["text", "label", f"count: {n}"]] for n in (1, 2, 3)
        ]


@pytest.mark.gen_test
@pytest.mark.parametrize("settings", [Settings(outbox_frames=2), Settings(outbox_bytes=100)])
async def test_past_the_window_it_gets_the_whole_tree(mounted: Mounted, base_url: str, settings: Settings) -> None:
    registry = mounted(Counter, settings=settings)
    async with Visitor(base_url) as page:
        await start(page)
        for _ in range(5):
            page.post({"id": "add", "event": "click"})
        await page.shows("label", "count: 5")
        await lose(page, registry)
        page.seq, page.page = 2, None
        assert (await page.connect())["resumed"] is True
        frame = await page.frame()
        assert (frame["seq"], "root" in frame) == (5, True)
        assert page.text("label") == "count: 5"
        await lose(page, registry)
        page.seq = 3
        await page.connect()
        assert [(await page.frame())["seq"] for _ in range(2)] == [4, 5]


@pytest.mark.gen_test
@pytest.mark.parametrize("seq", [None, 99])
async def test_a_page_that_has_nothing_or_what_never_was_gets_the_whole_tree(
    mounted: Mounted, base_url: str, seq: int | None
) -> None:
    registry = mounted(Counter)
    async with Visitor(base_url) as page:
        await start(page, clicks=1)
        await lose(page, registry)
        page.seq, page.page = seq, None
        hello = await page.connect()
        # Without a number the page is a new one to the server, and yet the session the same.
        assert (hello["got"], hello["resumed"]) == ((0, False) if seq is None else (1, True))
        assert "root" in await page.frame()
        assert page.text("label") == "count: 1"
        page.click("add")
        await page.shows("label", "count: 2")


@pytest.mark.gen_test
@pytest.mark.parametrize("seq", ["-1", "1.5", "x", "٣", "1" * 30, ""])
async def test_a_number_that_is_none_counts_as_none(mounted: Mounted, base_url: str, seq: str) -> None:
    registry = mounted(Counter)
    async with Visitor(base_url) as page:
        await start(page, clicks=1)
        await lose(page, registry)
        page.seq, page.page = None, None
        page.socket_url += f"?seq={seq}"
        assert (await page.connect())["resumed"] is False
        assert "root" in await page.frame()


@pytest.mark.gen_test
async def test_events_that_are_sent_again_are_not_handled_again(mounted: Mounted, base_url: str) -> None:
    registry = mounted(Counter)
    async with Visitor(base_url) as page:
        await start(page)
        events = [{"n": n, "id": "add", "event": "click"} for n in range(1, 6)]
        for event in events[:3]:
            page.post(event)
        await until(lambda: counter_of(registry).n == 3)
        # What the server says of the three never arrives.
        await lose(page, registry)
        assert (await page.connect())["got"] == 3
        for event in events:
            page.post(event)
        while (frame := await page.frame()).get("got") != 5:
            assert frame.get("seq", 0) <= 4
        assert counter_of(registry).n == 5
        assert frame["seq"] == 5


@pytest.mark.gen_test
async def test_what_changes_while_it_is_away_is_one_frame(mounted: Mounted, base_url: str) -> None:
    registry = mounted(Counter)
    async with Visitor(base_url) as page:
        await start(page, clicks=1)
        await lose(page, registry)
        counter = counter_of(registry)
        for n in range(1000):
            counter.label.value = f"away {n}"
            counter.children.append(Label(""))
            await turn_of_the_session(counter)
            counter.children.pop()
        counter.children.append(Label("new", identifier="new"))
        await page.connect()
        assert await page.frame() == {"got": 1}
        frame = await page.frame()
        assert frame["seq"] == 2
        assert sorted(op[0] for op in frame["ops"]) == ["insert", "text"]
        assert (page.text("label"), page.text("new")) == ("away 999", "new")
        assert counter.session is not None
        assert counter.session.seq == 2


async def turn_of_the_session(counter: Counter) -> None:
    """The session has had its chance to send what has changed."""
    session = counter.session
    assert session is not None
    done: list[bool] = []
    session.loop.call_soon(done.append, True)
    await until(lambda: done)


@pytest.mark.gen_test
async def test_after_its_lifetime_the_session_is_gone(mounted: Mounted, base_url: str) -> None:
    registry = mounted(Counter, settings=Settings(lost_lifetime=0, check_interval=0.001))
    async with Visitor(base_url) as page:
        await start(page, clicks=2)
        await page.lose()
        await until(lambda: not registry.sessions)
        assert (await page.connect())["resumed"] is False
        assert (await page.frame())["seq"] == 0
        assert page.text("label") == "count: 0"
        page.click("add")
        assert (await page.frame())["got"] == 1


@pytest.mark.gen_test
async def test_a_session_lives_for_as_long_as_its_page_is_there(mounted: Mounted, base_url: str) -> None:
    registry = mounted(
        Counter, settings=Settings(lost_lifetime=0, unused_lifetime=0, check_interval=0.001, prerendered_lifetime=0)
    )
    async with Visitor(base_url) as page:
        await start(page)
        [session] = registry.sessions.values()
        # Another one comes and goes: the sessions were looked at since.
        await Visitor(base_url).load()
        await until(lambda: len(registry.sessions) == 1)
        assert list(registry.sessions.values()) == [session]
        assert not session.destroyed
        page.click("add")
        await page.shows("label", "count: 1")


@pytest.mark.gen_test
async def test_the_newer_socket_of_a_page_replaces_the_older(mounted: Mounted, base_url: str) -> None:
    registry = mounted(Counter)
    async with Visitor(base_url) as page, Visitor(base_url) as again:
        await page.load()
        again.token, again.seq, again.cookies = page.token, page.seq, page.cookies
        await page.connect()
        page.click("add")
        await page.frame()
        hello = await again.connect()
        assert (hello["got"], hello["resumed"]) == (1, True)
        assert await page.closed() == (4000, "the page opened another connection")
        assert (await again.frame())["seq"] == 1
        assert await again.frame() == {"got": 1}
        [session] = registry.sessions.values()
        assert session.connection_count == 1
        again.sent = hello["got"]
        again.click("add")
        assert (await again.frame())["ops"] == [["text", "label", "count: 2"]]


@pytest.mark.gen_test
async def test_what_the_older_socket_still_sends_is_not_heard(mounted: Mounted, base_url: str) -> None:
    registry = mounted(Counter)
    async with Visitor(base_url) as page, Visitor(base_url) as again:
        await page.load()
        again.token, again.seq, again.cookies = page.token, page.seq, page.cookies
        await page.connect()
        for _ in range(3):
            page.click("add")
        await until(lambda: counter_of(registry).n == 3)
        await again.connect()
        # It has not read its frames, and so not that it was closed.
        page.post({"id": "add", "event": "click"})
        assert (await page.closed())[0] == 4000
        again.post({"n": 9, "id": "entry", "event": "click"})
        while "ops" in (frame := await again.frame()):
            assert frame["seq"] <= 3
        assert frame == {"got": 3}
        assert await again.frame() == {"got": 9}
        assert counter_of(registry).n == 3


@pytest.mark.gen_test
async def test_each_hello_renews_the_token(mounted: Mounted, base_url: str) -> None:
    secret = "a secret that is long enough for HMAC-SHA256"
    registry = mounted(Counter, settings=Settings(secret=secret, token_lifetime=1000))
    async with Visitor(base_url) as page:
        await start(page, clicks=1)
        await lose(page, registry)
        claims = registry.tokens.check(page.token)
        assert claims is not None
        page.token = Tokens([secret], registry.name, lifetime=10).issue(claims)
        almost_expired = page.token
        assert (await page.connect())["resumed"] is True
        assert registry.tokens.check(page.token) == claims
        assert expiry(page.token) >= expiry(almost_expired) + 990


def expiry(token: str) -> int:
    payload = token.split(".")[1]
    claims: dict[str, int] = json.loads(urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return claims["exp"]
