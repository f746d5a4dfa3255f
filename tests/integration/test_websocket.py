"""The socket of a page: how it starts, what an event does, who may open one."""

import pytest
from tornado.httpclient import HTTPClientError

from jibe_like import Button, Connection, Input, Label, MainApp, Session, Settings
from jibe_like.session.registry import Registry
from jibe_like.session.token import Claims, Tokens
from tests.integration.conftest import Mounted
from tests.integration.visitor import SUBPROTOCOL, Visitor, until

SECRET = "a secret that is long enough for HMAC-SHA256"


class Counter(MainApp):
    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self.n = 0
        self.label = Label("count: 0", identifier="label")
        self.add = Button("Add", identifier="add")
        self.add.register("click", self.on_add)
        self.children = [self.add, self.label, Button("Nothing", identifier="nothing"), Input(identifier="entry")]

    def on_add(self) -> None:
        self.n += 1
        self.label.value = f"count: {self.n}"


def only(registry: Registry) -> Session:
    """The one session that there is."""
    [session] = registry.sessions.values()
    return session


# -- how it starts


@pytest.mark.gen_test
async def test_without_a_token_a_page_gets_an_application_of_its_own(mounted: Mounted, base_url: str) -> None:
    registry = mounted(Counter)
    async with Visitor(base_url) as page:
        hello = await page.connect()
        assert hello == {"token": hello["token"], "got": 0, "resumed": False}
        frame = await page.frame()
        assert frame == {"seq": 0, "root": only(registry).document.node()}
        assert frame["root"][:2] == ["main", {"id": "topwidget", "class": "widget vbox mainapp counter"}]
        assert page.text("label") == "count: 0"
        found = await registry.find(hello["token"], "")
        assert found is not None
        assert found[0] is only(registry)


@pytest.mark.gen_test
async def test_the_page_adopts_the_application_that_it_was_rendered_from(mounted: Mounted, base_url: str) -> None:
    registry = mounted(Counter)
    async with Visitor(base_url) as page:
        await page.load()
        rendered = only(registry).document
        hello = await page.connect()
        assert (hello["got"], hello["resumed"]) == (0, True)
        assert only(registry).document is rendered
        page.click("add")
        # No root before it: the page's HTML has the tree.
        assert await page.frame() == {"seq": 1, "got": 1, "ops": [["text", "label", "count: 1"]]}
        assert isinstance(rendered, Counter)
        assert rendered.n == 1


@pytest.mark.gen_test
async def test_what_changes_before_the_socket_opens_is_sent_when_it_does(mounted: Mounted, base_url: str) -> None:
    registry = mounted(Counter)
    async with Visitor(base_url) as page:
        await page.load()
        counter = only(registry).document
        assert isinstance(counter, Counter)
        counter.on_add()
        counter.on_add()
        await page.connect()
        assert await page.frame() == {"seq": 1, "ops": [["text", "label", "count: 2"]]}


@pytest.mark.gen_test
async def test_the_browser_is_answered_with_the_protocol_that_it_asked_for(mounted: Mounted, base_url: str) -> None:
    mounted(Counter)
    async with Visitor(base_url) as page:
        await page.connect()
        assert page.socket.selected_subprotocol == SUBPROTOCOL
        assert page.socket.headers is not None
        assert "Sec-WebSocket-Extensions" not in page.socket.headers


# -- tokens that name nothing here


async def assert_a_fresh_application(page: Visitor, registry: Registry, untouched: Session) -> None:
    """The page gets one, and the other is as it was, and still there for its own page."""
    before = dict(untouched.connections)
    sessions = len(registry.sessions)
    assert (await page.connect())["resumed"] is False
    assert "root" in await page.frame()
    assert len(registry.sessions) == sessions + 1
    page.click("add")
    await page.shows("label", "count: 1")
    assert isinstance(untouched.document, Counter)
    assert untouched.document.n == 0
    assert untouched.connections == before
    assert not untouched.used


@pytest.mark.gen_test
@pytest.mark.parametrize("forgery", ["changed", "secret", "application", "algorithm", "rubbish"])
async def test_a_forged_token(mounted: Mounted, base_url: str, forgery: str) -> None:
    registry = mounted(Counter, settings=Settings(secret=SECRET))
    async with Visitor(base_url) as page, Visitor(base_url) as thief:
        await page.load()
        victim = only(registry)
        [connection] = victim.connections
        identity = victim.connections[connection].visit.identity
        claims = Claims(victim.id, connection, identity)
        thief.cookies = dict(page.cookies)
        header, payload, signature = page.token.split(".")
        thief.token = {
            "changed": f"{header}.{payload}.{signature[::-1]}",
            "secret": Tokens([SECRET[::-1]], registry.name, 60).issue(claims),
            "application": Tokens([SECRET], "another", 60).issue(claims),
            "algorithm": f"eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.{payload}.",
            "rubbish": "rubbish",
        }[forgery]
        assert thief.token != page.token
        thief.seq = 0
        await assert_a_fresh_application(thief, registry, victim)
        assert (await page.connect())["resumed"] is True


@pytest.mark.gen_test
async def test_an_expired_token(mounted: Mounted, base_url: str) -> None:
    registry = mounted(Counter, settings=Settings(token_lifetime=0))
    async with Visitor(base_url) as page:
        await page.load()
        assert page.token
        await assert_a_fresh_application(page, registry, only(registry))


@pytest.mark.gen_test
async def test_a_token_of_another_application_with_the_same_secret(mounted: Mounted, base_url: str) -> None:
    settings = Settings(secret=SECRET)
    first = mounted(Counter, "/first", settings=settings)
    second = mounted(Counter, "/second", settings=settings)
    async with Visitor(base_url + "/first") as page, Visitor(base_url + "/second") as other:
        await page.load()
        await other.load()
        victim = only(first)
        other.token, other.seq = page.token, 0
        await assert_a_fresh_application(other, second, only(second))
        assert list(first.sessions.values()) == [victim]
        assert not victim.used


@pytest.mark.gen_test
async def test_a_token_of_a_session_that_has_ended(mounted: Mounted, base_url: str) -> None:
    registry = mounted(Counter)
    async with Visitor(base_url) as page, Visitor(base_url) as other:
        await other.load()
        await page.load()
        ended = registry.tokens.check(page.token)
        assert ended is not None
        registry.discard(registry.sessions[ended.session])
        await assert_a_fresh_application(page, registry, only(registry))


# -- events


@pytest.mark.gen_test
async def test_an_event_is_answered_by_one_frame(mounted: Mounted, base_url: str) -> None:
    mounted(Counter)
    async with Visitor(base_url) as page:
        await page.connect()
        await page.frame()
        for n in (1, 2, 3):
            page.click("add")
            assert await page.frame() == {"seq": n, "got": n, "ops": [["text", "label", f"count: {n}"]]}


@pytest.mark.gen_test
async def test_an_event_without_effect_is_answered_by_its_number(mounted: Mounted, base_url: str) -> None:
    mounted(Counter)
    async with Visitor(base_url) as page:
        await page.connect()
        await page.frame()
        page.click("nothing")
        assert await page.frame() == {"got": 1}
        page.click("add")
        assert (await page.frame())["seq"] == 1


@pytest.mark.gen_test
async def test_a_value_is_not_echoed_to_the_page_that_it_came_from(mounted: Mounted, base_url: str) -> None:
    registry = mounted(Counter)
    async with Visitor(base_url) as page:
        await page.connect()
        await page.frame()
        page.change("entry", "typed")
        assert await page.frame() == {"got": 1}
        entry = only(registry).document.tree.index["entry"]
        assert isinstance(entry, Input)
        assert entry.value == "typed"
        entry.value = "set by the server"
        assert await page.frame() == {"seq": 2, "ops": [["prop", "entry", "value", "set by the server"]]}


@pytest.mark.gen_test
async def test_a_value_that_the_server_keeps_otherwise_is_sent_back(mounted: Mounted, base_url: str) -> None:
    mounted(Counter)
    async with Visitor(base_url) as page:
        await page.connect()
        await page.frame()
        page.change("entry", "one\nline")
        assert await page.frame() == {"seq": 1, "got": 1, "ops": [["prop", "entry", "value", "oneline"]]}


@pytest.mark.gen_test
async def test_an_event_that_was_handled_is_not_handled_again(mounted: Mounted, base_url: str) -> None:
    registry = mounted(Counter)
    async with Visitor(base_url) as page:
        await page.connect()
        await page.frame()
        first = {"n": 1, "id": "add", "event": "click"}
        third = {"n": 3, "id": "add", "event": "click"}
        for message in (first, first, third, first, third):
            page.post(message)
        # Numbers may jump. What is a repetition is not even answered.
        page.post({"n": 4, "id": "nothing", "event": "click"})
        frames = [await page.frame() for _ in range(3)]
        assert [frame["got"] for frame in frames] == [1, 3, 4]
        counter = only(registry).document
        assert isinstance(counter, Counter)
        assert counter.n == 2


@pytest.mark.gen_test
async def test_an_event_without_a_number_is_handled_each_time_and_not_counted(mounted: Mounted, base_url: str) -> None:
    mounted(Counter)
    async with Visitor(base_url) as page:
        await page.connect()
        await page.frame()
        for n in (1, 2):
            page.post({"id": "add", "event": "click"})
            assert await page.frame() == {"seq": n, "ops": [["text", "label", f"count: {n}"]]}


@pytest.mark.gen_test
async def test_events_are_handled_in_the_order_sent(mounted: Mounted, base_url: str) -> None:
    class Log(MainApp):
        def __init__(self, connection: Connection) -> None:
            super().__init__(connection)
            self.entry, self.log = Input(identifier="entry"), Label("", identifier="log")
            self.entry.register("change", self.on_change_of_entry)
            self.children = [self.entry, self.log]

        def on_change_of_entry(self) -> None:
            self.log.value += self.entry.value

    mounted(Log)
    async with Visitor(base_url) as page:
        await page.connect()
        await page.frame()
        for letter in "abcdefghij":
            page.change("entry", letter)
        await page.until(lambda: len(page.text("log")) == 10)
        assert page.text("log") == "abcdefghij"


@pytest.mark.gen_test
async def test_what_is_acknowledged_is_not_kept(mounted: Mounted, base_url: str) -> None:
    registry = mounted(Counter)
    async with Visitor(base_url) as page:
        await page.connect()
        await page.frame()
        for _ in range(3):
            page.post({"id": "add", "event": "click"})
        await page.shows("label", "count: 3")
        assert len(only(registry)._delivery.outbox) == 3
        page.post({"ack": 2})
        page.click("nothing")
        await page.frame()
        # The event acknowledged all that had come.
        assert len(only(registry)._delivery.outbox) == 0


# -- who may open one


@pytest.mark.gen_test
@pytest.mark.parametrize("origin", ["http://evil.example", "https://evil.example:443", "null", ""])
async def test_another_origin_is_refused(mounted: Mounted, base_url: str, origin: str) -> None:
    registry = mounted(Counter)
    async with Visitor(base_url) as page:
        await page.load()
        with pytest.raises(HTTPClientError, match="403"):
            await page.connect(Origin=origin)
        assert not only(registry).used


@pytest.mark.gen_test
async def test_the_page_s_own_origin_and_those_allowed(mounted: Mounted, base_url: str) -> None:
    mounted(Counter, settings=Settings(allowed_origins=["https://friend.example"]))
    for origin in (base_url, "https://friend.example"):
        async with Visitor(base_url) as page:
            assert (await page.connect(Origin=origin))["got"] == 0
    for origin in ("http://friend.example", "https://friend.example.evil.example", "https://friend.example:1"):
        with pytest.raises(HTTPClientError, match="403"):
            await Visitor(base_url).connect(Origin=origin)


@pytest.mark.gen_test
async def test_a_page_in_a_frame_of_another_site_is_refused(mounted: Mounted, base_url: str) -> None:
    mounted(Counter)
    with pytest.raises(HTTPClientError, match="403"):
        await Visitor(base_url).connect(Origin="https://evil.example", **{"Sec-Fetch-Site": "cross-site"})


@pytest.mark.gen_test
async def test_a_plain_request_is_no_socket(mounted: Mounted, base_url: str) -> None:
    registry = mounted(Counter)
    response = await Visitor(base_url + "/websocket").load()
    assert response.code == 400
    assert registry.sessions == {}


@pytest.mark.gen_test
async def test_leaving_is_noticed(mounted: Mounted, base_url: str) -> None:
    registry = mounted(Counter)
    async with Visitor(base_url) as page:
        await page.connect()
        [connection] = only(registry).connections.values()
        assert connection.is_open
    await until(lambda: not connection.is_open)
    assert only(registry).connection_count == 0
