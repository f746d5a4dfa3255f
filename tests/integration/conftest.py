"""Fixtures for tests against a Tornado server on the test's own event loop, which pytest-tornado runs."""

import logging
from collections.abc import Iterator
from typing import Any, Protocol
from weakref import WeakValueDictionary

import pytest
import tornado.web
from tornado.httpserver import HTTPServer
from tornado.ioloop import IOLoop

from jibe_like import MainApp
from jibe_like import server as server_module
from jibe_like.session.registry import Registry
from jibe_like.session.state.scopes import Scopes
from tests.integration.attack import Attack, Form


class Mounted(Protocol):
    """`mounted(MyApp, prefix="", **options) -> Registry`."""

    def __call__(self, main_app: type[MainApp], prefix: str = "", **options: Any) -> Registry: ...


@pytest.fixture(autouse=True)
def unshared(monkeypatch: pytest.MonkeyPatch) -> None:
    """A default server for each test: that of the process has what the sample applications share."""
    monkeypatch.setattr(server_module, "_servers", {})
    monkeypatch.setattr(server_module, "_all_servers", WeakValueDictionary())
    monkeypatch.setattr(Scopes, "_by_name", WeakValueDictionary())


@pytest.fixture
def app() -> tornado.web.Application:
    """What pytest-tornado serves at `base_url`: empty until something is mounted."""
    return tornado.web.Application()


@pytest.fixture
def mounted(app: tornado.web.Application, http_server: HTTPServer, io_loop: IOLoop) -> Iterator[Mounted]:
    """Mounts a `MainApp` class in `app`, with the options of `MainApp.handlers`, and gives its sessions."""
    registries: list[Registry] = []

    def mounted(main_app: type[MainApp], prefix: str = "", **options: Any) -> Registry:
        rules = main_app.handlers(prefix, **options)
        app.add_handlers(".*", rules)
        registry: Registry = rules[0][2]["mount"].registry
        registries.append(registry)
        return registry

    async def close() -> None:
        for registry in registries:
            await registry.close()

    yield mounted
    io_loop.run_sync(close)


@pytest.fixture(autouse=True)
def errors_logged(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """A test that logs an error fails, unless it has looked for it and cleared the log."""
    yield
    errors = [record for record in caplog.get_records("call") if record.levelno >= logging.ERROR]
    assert [record.getMessage() for record in errors if record.name != "tornado.access"] == []


@pytest.fixture
def attack(mounted: Mounted, io_loop: IOLoop, base_url: str, caplog: pytest.LogCaptureFixture) -> Iterator[Attack]:
    """A page that sends nonsense to a `Form`, and another one beside it."""
    attack = Attack(io_loop, base_url, mounted(Form).sessions, caplog)
    yield attack
    attack.end()
