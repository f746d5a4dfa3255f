"""Fixtures for all tests, beside those of pytest-tornado: `http_client`, `base_url` and others, which serve `app`."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from tornado.ioloop import IOLoop

from tests.oidc.provider import OpenIDProvider
from tests.serving import Serve, ServeScript

# A deadline is a timed test: it fails on a busy machine, not on a fault.
settings.register_profile("jibe_like", deadline=None)
settings.load_profile("jibe_like")


# In place of pytest-tornado's, whose way to make a loop the current one is deprecated from Python 3.12 on.
@pytest.fixture
def io_loop() -> Iterator[IOLoop]:
    """The event loop of a `gen_test`."""
    io_loop = IOLoop(make_current=False)
    asyncio.set_event_loop(io_loop.asyncio_loop)
    yield io_loop
    asyncio.set_event_loop(None)
    io_loop.close(all_fds=True)


@pytest.fixture
def serve() -> Iterator[Serve]:
    """`serve(app) -> url`: serve a `MainApp` class or a Tornado application from a thread of this process."""
    serve = Serve()
    yield serve
    serve.close()
    assert not serve.problems


@pytest.fixture
def serve_script(tmp_path: Path) -> Iterator[ServeScript]:
    """`serve_script(path, **env) -> Script`: run a script that serves on `PORT` in a process of its own."""
    serve_script = ServeScript(tmp_path)
    yield serve_script
    serve_script.close()


@pytest.fixture
def openid(tmp_path: Path) -> Iterator[OpenIDProvider]:
    """A real OpenID provider."""
    provider = OpenIDProvider(tmp_path / "openid.log")
    yield provider
    provider.stop()
