"""Past a bound: a clear reason for the one who crossed it, and nothing for anybody else."""

import logging

import pytest
from tornado.httpclient import AsyncHTTPClient

from jibe_like import Button, Connection, Input, Label, MainApp, Settings
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
        self.entry.register("change", self.on_change_of_entry)
        self.children = [self.add, self.label, self.entry]

    def on_add(self) -> None:
        self.n += 1
        self.label.value = f"count: {self.n}"

    def on_change_of_entry(self) -> None:
        self.label.value = f"{len(self.entry.value)} characters"


async def start(*pages: Visitor) -> None:
    for page in pages:
        await page.connect()
        await page.frame()


def warnings_of(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.name.startswith("jibe_like")]


async def assert_unharmed(page: Visitor) -> None:
    """The page has heard nothing of what befell another, and goes on."""
    page.click("add")
    assert await page.frame() == {"seq": 1, "got": 1, "ops": [["text", "label", "count: 1"]]}


# -- the size of a message


def message_of(size: int) -> str:
    """A change of the entry whose message has so many bytes."""
    frame = '{"n":1,"id":"entry","event":"change","properties":{"value":"%s"}}'
    return frame % ("x" * (size - len(frame % "")))


@pytest.mark.gen_test
@pytest.mark.parametrize("most", [100, 1_000, 100_000, 300_000])
async def test_a_message_that_is_too_big(mounted: Mounted, base_url: str, most: int) -> None:
    registry = mounted(Counter, settings=Settings(max_message_bytes=most))
    async with Visitor(base_url) as page, Visitor(base_url) as other:
        await start(other, page)
        page.post(message_of(most))
        await page.frame()
        assert page.text("label").endswith(" characters")
        page.post(message_of(most + 1))
        assert await page.closed() == (1009, "message too big")
        assert (await page.connect())["resumed"] is True
        assert len(registry.sessions) == 2
        await assert_unharmed(other)


@pytest.mark.gen_test
@pytest.mark.parametrize("times", [2, 100])
async def test_one_that_is_far_too_big(mounted: Mounted, base_url: str, times: int) -> None:
    registry = mounted(Counter, settings=Settings(max_message_bytes=10_000))
    async with Visitor(base_url) as page, Visitor(base_url) as other:
        await start(other, page)
        [_, session] = registry.sessions.values()
        page.post(message_of(10_000 * times))
        assert await page.closed() == (1009, "message too big")
        assert isinstance(session.document, Counter)
        assert session.document.entry.value == ""
        await assert_unharmed(other)


@pytest.mark.gen_test
async def test_the_page_is_told_the_limit(mounted: Mounted, base_url: str) -> None:
    mounted(Counter, settings=Settings(max_message_bytes=777))
    assert b"&quot;limit&quot;:777" in (await Visitor(base_url).load()).body


# -- how many events


@pytest.mark.gen_test
async def test_too_many_events(mounted: Mounted, base_url: str, caplog: pytest.LogCaptureFixture) -> None:
    registry = mounted(Counter, settings=Settings(events_per_second=0, events_burst=5))
    async with Visitor(base_url) as page, Visitor(base_url) as other:
        await start(other, page)
        [_, session] = registry.sessions.values()
        for _ in range(8):
            page.click("add")
        assert await page.closed() == (1008, "too many events")
        assert isinstance(session.document, Counter)
        assert session.document.n == 5
        [connection] = session.connections.values()
        [warning] = warnings_of(caplog)
        assert warning == f"session {session.id}: {connection} sends too many events"
        await assert_unharmed(other)
        # Who comes back goes on where it was.
        await until(lambda: not connection.is_open)
        assert await page.connect() == {"token": page.token, "got": 5, "resumed": True}


@pytest.mark.gen_test
async def test_what_is_not_even_an_event_counts_too(
    mounted: Mounted, base_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    mounted(Counter, settings=Settings(events_per_second=0, events_burst=3))
    async with Visitor(base_url) as page:
        await start(page)
        for _ in range(5):
            page.post("rubbish")
        assert await page.closed() == (1008, "too many events")
    assert len(warnings_of(caplog)) == 4


@pytest.mark.gen_test
async def test_events_come_back_with_time(mounted: Mounted, base_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr("jibe_like.web.limits.time.monotonic", lambda: now)
    mounted(Counter, settings=Settings(events_per_second=2, events_burst=2))
    async with Visitor(base_url) as page:
        await start(page)
        for _ in range(3):
            for _ in range(2):
                page.click("add")
                await page.frame()
            now += 1
        for _ in range(3):
            page.click("add")
        assert await page.closed() == (1008, "too many events")


# -- how many sessions and connections


@pytest.mark.gen_test
async def test_too_many_sessions(mounted: Mounted, base_url: str, caplog: pytest.LogCaptureFixture) -> None:
    registry = mounted(Counter, settings=Settings(sessions=1, unused_lifetime=0, check_interval=0.001))
    async with Visitor(base_url) as page, Visitor(base_url) as other:
        await start(page)
        with pytest.raises(EOFError, match="1013 too many sessions"):
            await other.connect()
        assert len(registry.sessions) == 1
        [warning] = warnings_of(caplog)
        assert warning.endswith("1 sessions, and settings.sessions allows no more")
        await assert_unharmed(page)
        await page.leave()
        await until(lambda: not registry.sessions)
        await start(other)
        await assert_unharmed(other)


@pytest.mark.gen_test
async def test_too_many_connections_of_a_session(
    mounted: Mounted, base_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    settings = Settings(connections_per_session=2, unused_lifetime=0, check_interval=0.001)
    registry = mounted(Counter, mode="broadcast", settings=settings)
    async with Visitor(base_url) as first, Visitor(base_url) as second, Visitor(base_url) as third:
        await start(first, second)
        with pytest.raises(EOFError, match="1013 too many sessions"):
            await third.connect()
        assert (await third.load()).code == 503
        assert all(": Session(" in line and "has 2 connections already" in line for line in warnings_of(caplog))
        assert len(warnings_of(caplog)) == 2
        first.click("add")
        await first.shows("label", "count: 1")
        await second.shows("label", "count: 1")
        # When one leaves, there is room.
        await second.leave()
        [session] = registry.sessions.values()
        await until(lambda: len(session.connections) == 1)
        await start(third)
        assert third.text("label") == "count: 1"


@pytest.mark.gen_test
async def test_who_is_in_may_come_back(mounted: Mounted, base_url: str) -> None:
    registry = mounted(Counter, mode="broadcast", settings=Settings(connections_per_session=2))
    async with Visitor(base_url) as page, Visitor(base_url) as other:
        await start(page, other)
        await page.lose()
        [session] = registry.sessions.values()
        await until(lambda: session.connection_count == 1)
        assert (await page.connect())["resumed"] is True
        await assert_unharmed(page)


@pytest.mark.gen_test
async def test_a_place_that_was_given_up_cannot_be_taken_again_past_the_bound(mounted: Mounted, base_url: str) -> None:
    settings = Settings(connections_per_session=1, unused_lifetime=0, check_interval=0.001)
    registry = mounted(Counter, mode="broadcast", settings=settings)
    async with Visitor(base_url) as page, Visitor(base_url) as late:
        await start(late)
        await late.leave()
        await until(lambda: not registry.sessions)
        await start(page)
        with pytest.raises(EOFError, match="1013"):
            await late.connect()
        await assert_unharmed(page)


# -- an application that cannot be made


@pytest.mark.gen_test
async def test_an_application_that_cannot_be_made(
    mounted: Mounted, base_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken(MainApp):
        def __init__(self, connection: Connection) -> None:
            raise LookupError("nothing there")

    registry = mounted(Broken)
    async with Visitor(base_url) as page:
        with pytest.raises(EOFError, match="1011 the application could not be started"):
            await page.connect()
    assert registry.sessions == {}
    [error] = caplog.records
    assert (error.levelno, error.getMessage()) == (logging.ERROR, "Broken could not be started")
    caplog.clear()


# -- what a visitor and an address may do altogether

PROXY = ["127.0.0.1", "::1"]


def from_address(address: str) -> dict[str, str]:
    return {"X-Forwarded-For": address}


@pytest.mark.gen_test
async def test_too_many_pages(mounted: Mounted, base_url: str) -> None:
    settings = Settings(
        handshakes_per_second=0.0, handshakes_burst=2, address_factor=2.0, trusted_proxies=PROXY, metrics="/metrics"
    )
    registry = mounted(Counter, settings=settings)
    page = Visitor(base_url)
    # The first has no cookie yet, and counts for the address alone.
    assert [(await page.load(**from_address("1.2.3.4"))).code for _ in range(4)] == [200, 200, 200, 429]
    response = await page.load(**from_address("1.2.3.4"))
    assert (response.code, response.headers["Retry-After"]) == (429, "10")
    assert len(registry.sessions) == 3, "no application was made for it"
    assert [(await Visitor(base_url).load(**from_address("1.2.3.4"))).code for _ in range(2)] == [200, 429]
    assert (await Visitor(base_url).load(**from_address("1.2.3.5"))).code == 200
    assert (await page.load("HEAD", **from_address("1.2.3.4"))).code == 200


@pytest.mark.gen_test
async def test_too_many_connections(mounted: Mounted, base_url: str, http_client: AsyncHTTPClient) -> None:
    mounted(Counter, settings=Settings(connections_per_identity=1, address_factor=1.0, trusted_proxies=PROXY))
    async with Visitor(base_url) as page, Visitor(base_url) as another, Visitor(base_url) as other:
        await page.connect(**from_address("1.2.3.4"))
        await page.frame()
        with pytest.raises(EOFError, match="1013 too many connections_per_address"):
            await another.connect(**from_address("1.2.3.4"))
        headers = {"Content-Type": "application/json", **from_address("1.2.3.4")}
        response = await http_client.fetch(
            f"{base_url}/poll", method="POST", body="{}", headers=headers, raise_error=False
        )
        assert (response.code, response.headers["Retry-After"]) == (503, "10")
        assert response.body == b'{"error": "too many connections_per_address"}'
        await other.connect(**from_address("1.2.3.5"))
        await other.frame()
        await assert_unharmed(page)
        await assert_unharmed(other)
        await page.leave()
        await another.connect(**from_address("1.2.3.4"))


@pytest.mark.gen_test
@pytest.mark.parametrize("kind", ["connection", "address"])
async def test_too_many_bytes(mounted: Mounted, base_url: str, kind: str) -> None:
    most = {"bytes_per_second": 0.0, "bytes_burst": 10_000, "max_message_bytes": 6_000}
    factors = {"identity_factor": 1.0, "address_factor": 1.0} if kind == "address" else {}
    settings = Settings(**most, **factors, trusted_proxies=PROXY, metrics="/metrics")  # type: ignore[arg-type]
    registry = mounted(Counter, settings=settings)
    async with Visitor(base_url) as page, Visitor(base_url) as other:
        await page.connect(**from_address("1.2.3.4"))
        await page.frame()
        await other.connect(**from_address("1.2.3.5"))
        await other.frame()
        page.post(message_of(6_000))
        await page.frame()
        page.post(message_of(6_000))
        assert await page.closed() == (1008, "too many bytes")
        await assert_unharmed(other)
        if kind == "address":
            # A new connection of the same address has but what is left.
            await page.connect(**from_address("1.2.3.4"))
            page.post(message_of(6_000))
            assert await page.closed() == (1008, "too many bytes_per_address")
    assert len(registry.sessions) == 2
