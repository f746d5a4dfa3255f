"""What stands in the log: whom a record is about, and no secret."""

import asyncio
import logging
import sys
from pathlib import Path

import pytest
from tornado.httpclient import AsyncHTTPClient

from jibe_like import Button, Connection, Label, MainApp, Server, Settings
from jibe_like.session import download
from jibe_like.session.log import FIELDS, LOGGERS
from tests.integration.conftest import Mounted
from tests.integration.visitor import Visitor

SECRET = "the-secret-of-this-server-0123456789"


class Fragile(MainApp):
    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self.label = Label("", identifier="label")
        fail, wait, offer = (Button(name, identifier=name) for name in ("fail", "wait", "offer"))
        fail.register("click", self.on_fail)
        wait.register("click", self.on_wait)
        offer.register("click", self.on_offer)
        self.children = [self.label, fail, wait, offer]

    def on_fail(self) -> None:
        self.label.value = "failed"
        raise RuntimeError("on purpose")

    async def on_wait(self) -> None:
        await asyncio.sleep(0)
        self.label.value = "waited"
        raise RuntimeError("later")

    def on_offer(self) -> None:
        self.label.value = "offered"
        download("x.txt", b"content")


def fields_of(record: logging.LogRecord) -> tuple[str, ...]:
    return tuple(getattr(record, name) for name in FIELDS)


@pytest.mark.gen_test
async def test_a_record_says_what_it_is_about(
    mounted: Mounted, base_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    registry = mounted(Fragile, settings=Settings(events_burst=4, events_per_second=0.0))
    async with Visitor(base_url) as page:
        await page.load()
        await page.connect()
        [session] = registry.sessions.values()
        [connection] = session.connections.values()
        user = connection.visit.identity
        page.click("fail")
        await page.until(lambda: bool(caplog.records))
        page.click("wait")
        await page.until(lambda: len(caplog.records) == 2)
        page.click("nobody")
        page.post("nonsense")
        page.click("fail")
        await page.closed()
    sync, later, unknown, nonsense, rate = caplog.records
    assert user
    assert fields_of(sync) == (session.id, user, "fail", "click")
    assert fields_of(later) == (session.id, user, "wait", "click")
    assert fields_of(unknown) == (session.id, user, "nobody", "click")
    assert fields_of(nonsense)[0] == session.id
    assert fields_of(rate) == (session.id, user, "", "")
    caplog.clear()


def test_all_loggers_say_it() -> None:
    made = {name for name in logging.root.manager.loggerDict if name == "jibe_like" or name.startswith("jibe_like.")}
    assert made - set(LOGGERS) == set()
    for name in LOGGERS:
        record = logging.getLogger(name).makeRecord(name, logging.INFO, "", 0, "x", (), None)
        assert logging.getLogger(name).filter(record)
        assert fields_of(record) == ("", "", "", "")


@pytest.mark.gen_test
async def test_no_secret_is_in_the_log_of_a_whole_run(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    for name in (*LOGGERS, "tornado.access", "tornado.general", "tornado.application", "asyncio"):
        caplog.set_level(logging.DEBUG, name)
    settings = Settings(
        secret=SECRET, store=f"sqlite:///{tmp_path}/jibe.db", snapshot_delay=0.0, debug=True, metrics="/metrics"
    )
    server = Server("log", settings=settings, log_network=str(tmp_path / "network.log"))
    server.mount(Fragile)
    server.start(port=0, exec_mode="task")
    await server.ready
    url = server.url
    secrets = {SECRET}
    loaded = Visitor(url)
    await loaded.load()
    async with Visitor(url) as page:
        page.cookies |= loaded.cookies
        secrets |= {*page.cookies.values(), loaded.token, (await page.connect())["token"]}
        await page.frame()
        page.click("fail")
        await page.shows("label", "failed")
        page.click("wait")
        await page.shows("label", "waited")
        page.click("offer")
        await page.shows("label", "offered")
        page.post("nonsense")
        # Another visitor shows the token, and one that was tampered with.
        for token in (page.token, page.token[:-2] + "xx"):
            async with Visitor(url) as thief:
                thief.token, thief.seq = token, 1
                assert (await thief.connect())["resumed"] is False
                secrets.add(thief.token)
        headers = {"Content-Type": "application/json"}
        opened = await AsyncHTTPClient().fetch(f"{url}poll", method="POST", body="{}", headers=headers)
        poll = opened.body.decode().split('"')[3]
        await AsyncHTTPClient().fetch(f"{url}poll?poll={poll}", method="POST", body='{"events":[]}', headers=headers)
        secrets.add(poll)
    await server.stop()
    formatter = logging.Formatter(
        "%(message)s %(session)s %(user)s %(widget)s %(event)s", defaults=dict.fromkeys(FIELDS)
    )
    written = "\n".join(formatter.format(record) for record in caplog.records)
    written += (tmp_path / "network.log").read_text() + "".join(capfd.readouterr())
    assert "on purpose" in written
    assert "/poll" in written
    assert len(secrets) >= 6
    for secret in secrets:
        assert len(secret) > 10
        assert secret not in written
        assert secret.rpartition(".")[2] not in written, "nor the signature alone"
    caplog.clear()


def test_there_is_no_other_logger_and_no_print() -> None:
    package = Path(sys.modules["jibe_like"].__file__ or "").parent
    for path in package.rglob("*.py"):
        assert "sys.stdout" not in path.read_text(), path
