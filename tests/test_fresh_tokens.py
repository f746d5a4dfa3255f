"""New tokens where several processes share a store: one asks, the others take what it has got."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest

from jibe_like.errors import SignInError, StoreError
from jibe_like.session.auth.auth import Auth, SignIn, TokenSet
from jibe_like.session.auth.fresh_tokens import FreshTokens
from jibe_like.session.auth.lease import Lease
from jibe_like.session.auth.records import Records
from jibe_like.store.base import open_store
from jibe_like.store.memory import MemoryStore
from jibe_like.store.sqlite import SqliteStore
from tests.sessions import on_a_loop, until
from tests.test_sign_ins import Both, Provider, old_tokens

LEASE = "jibe_like.session.auth.lease"
TOKENS = "jibe_like.session.auth.fresh_tokens"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "jibe.db"


def asking(sign_in: SignIn) -> asyncio.Future[str | None]:
    return asyncio.ensure_future(Auth(sign_in).ensure_fresh_token())


def lease_until(path: Path) -> float:
    """When somebody's lease expires; 0 where nobody has one."""
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute("SELECT expires FROM snapshots WHERE session LIKE 'asks-%'").fetchall()
    return float(rows[0][0]) if rows else 0.0


@on_a_loop
async def test_of_two_that_ask_at_once_one_asks_the_provider(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    async with Both(path) as both:
        sign_ins = await both.shared(tokens=old_tokens())
        for provider in both.providers:
            provider.held.clear()
        asked = [asking(each) for each in sign_ins]
        await until(lambda: "another process" in caplog.text and any(provider.asked for provider in both.providers))
        assert sorted(provider.asked for provider in both.providers) == [0, 1]
        for provider in both.providers:
            provider.held.set()
        assert await asyncio.gather(*asked) == ["fresh 1"] * 2
        assert sorted(provider.asked for provider in both.providers) == [0, 1]
        assert sign_ins[0].tokens == sign_ins[1].tokens
        await both.here._store.flush()
        assert lease_until(path) == 0.0


@on_a_loop
async def test_after_one_has_failed_the_next_asks(path: Path) -> None:
    async with Both(path) as both:
        sign_in, same = await both.shared(tokens=old_tokens())
        both.providers[0].error = SignInError("down")
        with pytest.raises(SignInError, match="down"):
            await asking(sign_in)
        assert await asyncio.wait_for(asking(same), 5) == "fresh 1"


@on_a_loop
async def test_one_that_was_killed_is_waited_for_until_its_lease_is_over(path: Path) -> None:
    async with Both(path) as both:
        _, same = await both.shared(tokens=old_tokens())
        over = time.time() + 0.3
        assert await both.here._store.claim("jibe_like.sign-ins", f"asks-{same.id}", over)
        assert await asking(same) == "fresh 1"
        assert time.time() >= over


@on_a_loop
async def test_one_that_asks_for_long_keeps_its_lease(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(f"{LEASE}._SECONDS", 1.0)
    monkeypatch.setattr(f"{LEASE}._RENEWED", 0.05)
    async with Both(path) as both:
        sign_in, same = await both.shared(tokens=old_tokens())
        both.providers[0].held.clear()
        asked = asking(sign_in)
        await until(lambda: both.providers[0].asked)
        first = lease_until(path)
        late = asking(same)
        await until(lambda: time.time() > first)
        assert lease_until(path) > first
        both.providers[0].held.set()
        assert (await asked, await late) == ("fresh 1", "fresh 1")
        assert both.providers[1].asked == 0


@on_a_loop
async def test_a_lease_that_was_lost_is_not_given_back(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is another's by now."""
    store = SqliteStore(path)
    first, second, third = (Lease(store, "app", "name") for _ in range(3))
    monkeypatch.setattr(f"{LEASE}._SECONDS", 0.5)
    assert await first.take()
    assert not await third.take()
    monkeypatch.setattr(f"{LEASE}._SECONDS", 10.0)
    await until(lambda: not first._is_ours())
    assert await second.take()
    first.release()
    await store.flush()
    assert not await third.take()
    second.release()
    await store.flush()
    assert await third.take()
    third.release()
    await store.close()


@on_a_loop
async def test_nobody_is_waited_for_without_end(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(f"{TOKENS}._PATIENCE", 0.0)
    async with Both(path) as both:
        _, same = await both.shared(tokens=old_tokens())
        assert await both.here._store.claim("jibe_like.sign-ins", f"asks-{same.id}", time.time() + 1000)
        with pytest.raises(SignInError, match="another process"):
            await asking(same)
        # It may be there in a moment.
        assert same.is_valid


@on_a_loop
async def test_where_the_store_cannot_be_written_there_are_tokens_all_the_same(
    path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def claim(self: object, *args: object) -> bool:
        raise StoreError("the disk is full")

    monkeypatch.setattr(SqliteStore, "claim", claim)
    async with Both(path) as both:
        sign_in, _ = await both.shared(tokens=old_tokens())
        assert await asking(sign_in) == "fresh 1"
    assert "the disk is full" in caplog.text


@on_a_loop
async def test_tokens_of_which_nobody_says_when_they_expire_are_taken_too(path: Path) -> None:
    async with Both(path) as both:
        sign_in, same = await both.shared(tokens=old_tokens())
        # As a process stores what a provider has given it.
        sign_in.tokens = TokenSet("endless", "the next", None, 0.0)
        both.here._save(sign_in)
        assert await asking(same) == "endless"
        assert same.tokens.refresh_token == "the next"
        assert both.providers[1].asked == 0


@on_a_loop
async def test_a_server_that_stops_stores_what_it_has_asked_for(path: Path) -> None:
    """Else the next one would come with a refresh token that is of no use any more."""
    async with Both(path) as both:
        sign_in, _ = await both.shared(tokens=old_tokens())
        both.providers[0].held.clear()
        asked = asking(sign_in)
        await until(lambda: both.providers[0].asked)
        stopping = asyncio.ensure_future(both.here.close())
        assert await asyncio.wait([stopping], timeout=0.1) == (set(), {stopping})
        both.providers[0].held.set()
        await stopping
        records = both.there._records
        assert records is not None
        stored = await records.find(sign_in.id)
        assert stored is not None
        assert stored.tokens.access_token == "fresh 1"
        assert await asked == "fresh 1"


@on_a_loop
async def test_a_server_that_stops_asks_for_nothing_more(path: Path) -> None:
    provider = Provider()
    store = open_store(f"sqlite:///{path}")
    fresh = FreshTokens(provider, Records(["a secret"], store), lambda sign_in: None)
    sign_in = SignIn("issuer", "1", expires=time.time() + 3600, tokens=old_tokens())
    assert await store.claim("jibe_like.sign-ins", f"asks-{sign_in.id}", time.time() + 1000)
    waits = fresh.fresh(sign_in)
    await fresh.close()
    with pytest.raises(SignInError):
        await asyncio.wrap_future(waits)
    assert fresh.fresh(sign_in).result() is None
    assert provider.asked == 0
    await store.close()


@on_a_loop
async def test_without_a_store_there_is_nobody_else() -> None:
    assert await MemoryStore().claim("app", "name", time.time() + 1000)
    assert await MemoryStore().claim("app", "name", time.time() + 1000)
