"""Sign-ins: their cookies, their end, their tokens, and what the store knows of them."""

from __future__ import annotations

import asyncio
import gc
import pickle
import sqlite3
import threading
import time
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from jibe_like.errors import SignInError, SignInRefusedError, StoreError
from jibe_like.session.auth.auth import Auth, SignIn, TokenSet
from jibe_like.session.auth.sign_ins import LEFT, SignIns, attach
from jibe_like.session.connection import SIGN_IN_AGAIN, SIGNED_OUT, Connection, Visit
from jibe_like.store.base import Store, open_store
from jibe_like.store.shared import SharedSqliteStore
from tests.sessions import Tab, make_session, on_a_loop, until

SECRET = "a secret"


class Provider:
    """Gives tokens as it is told to."""

    def __init__(self) -> None:
        self.asked = 0
        self.error: Exception | None = None
        self.held = threading.Event()
        self.held.set()
        self.rejects: set[str] = set()

    async def refresh(self, sign_in: SignIn) -> TokenSet:
        self.asked += 1
        await asyncio.to_thread(self.held.wait, 10)
        if self.error is not None:
            raise self.error
        return TokenSet(f"fresh {self.asked}", sign_in.tokens.refresh_token, None, time.time() + 3600)

    async def accepts(self, sign_in: SignIn) -> bool:
        return sign_in.subject not in self.rejects


def ada(**options: Any) -> SignIn:
    defaults = {"issuer": "https://id.example", "subject": "1", "username": "ada", "expires": time.time() + 3600}
    return SignIn(**{**defaults, **options})


def make(provider: Provider | None = None, store: Store | None = None, *secrets: str) -> SignIns:
    return SignIns(secrets or [SECRET], store or open_store("memory://"), provider or Provider(), lambda page, _: page)


def cookie(sign_ins: SignIns, sign_in: SignIn) -> dict[str, str]:
    return {sign_ins.cookie_names(False)[0]: sign_ins.cookie_of(sign_in)}


# -- cookies


@on_a_loop
async def test_a_cookie_proves_a_sign_in() -> None:
    sign_ins, sign_in = make(), ada()
    sign_ins.add(sign_in)
    ticket = sign_ins.read(cookie(sign_ins, sign_in), False)
    assert ticket is not None
    assert await sign_ins.find(ticket) is sign_in


@on_a_loop
async def test_a_cookie_that_was_changed_proves_nothing() -> None:
    sign_ins, sign_in = make(), ada()
    sign_ins.add(sign_in)
    (name,) = sign_ins.cookie_names(False)
    value = sign_ins.cookie_of(sign_in)
    for changed in ["", ".", "..", "x" + value, value[:-1], value.replace(sign_in.id, ada().id), "é" * 10, LEFT]:
        assert sign_ins.read({name: changed}, False) is None
    assert make(None, None, "another secret").read({name: value}, False) is None


@on_a_loop
async def test_secrets_rotate() -> None:
    sign_in = ada()
    old = cookie(make(), sign_in)
    both = make(None, None, "a new secret", SECRET)
    assert both.read(old, False) is not None
    assert set(cookie(both, sign_in)) != set(old)
    assert make(None, None, "a new secret").read(old, False) is None


@on_a_loop
async def test_on_https_the_cookie_belongs_to_one_host() -> None:
    sign_ins, sign_in = make(), ada()
    (name,) = sign_ins.cookie_names(True)
    assert name.startswith("__Host-jibe_auth_")
    # One that another host of the domain, or an attacker without https, could have set.
    assert sign_ins.read(cookie(sign_ins, sign_in), True) is None


# -- identity


def test_an_identity_is_that_of_the_issuers_subject() -> None:
    assert ada().identity == ada(username="other name").identity
    assert len({ada().identity, ada(subject="2").identity, ada(issuer="https://other.example").identity}) == 3
    assert ada(issuer="a", subject="b\0c").identity != ada(issuer="a\0b", subject="c").identity
    assert ada().identity.startswith("~")


# -- the end


@on_a_loop
async def test_a_sign_in_expires() -> None:
    sign_ins, sign_in = make(), ada(expires=time.time() + 0.05)
    sign_ins.add(sign_in)
    assert Auth(sign_in).is_authenticated
    await until(lambda: not len(sign_ins))
    assert not Auth(sign_in).is_authenticated
    ticket = sign_ins.read(cookie(sign_ins, sign_in), False)
    assert ticket is not None
    assert await sign_ins.find(ticket) is None
    assert not sign_ins.has_signed_out(cookie(sign_ins, sign_in), False)


def page_of(sign_in: SignIn) -> Tab:
    tab = Tab(make_session()).open()
    attach(tab.connection, Auth(sign_in))
    return tab


@on_a_loop
async def test_the_pages_of_an_expired_sign_in_are_waited_for() -> None:
    sign_ins, sign_in = make(), ada()
    sign_ins.add(sign_in)
    tab = page_of(sign_in)
    sign_ins.end(sign_in, signed_out=False)
    assert tab.ended is not None
    assert tab.ended[0] == SIGN_IN_AGAIN
    assert not tab.connection.is_open
    assert tab.connection.lifetime == tab.session.settings.lost_lifetime


@on_a_loop
async def test_the_pages_of_somebody_who_has_signed_out_go() -> None:
    sign_ins, sign_in, other = make(), ada(), ada(subject="2")
    sign_ins.add(sign_in)
    sign_ins.add(other)
    tab, others = page_of(sign_in), page_of(other)
    sign_ins.end(sign_in, signed_out=True)
    assert tab.ended is not None
    assert tab.ended[0] == SIGNED_OUT
    assert tab.connection.lifetime == tab.session.settings.unused_lifetime
    assert sign_ins.has_signed_out(cookie(sign_ins, sign_in), False)
    assert others.ended is None
    assert not sign_ins.has_signed_out(cookie(sign_ins, other), False)


@on_a_loop
async def test_pages_go_on_when_their_user_signs_in_again() -> None:
    sign_ins, first, second = make(), ada(), ada()
    sign_ins.add(first)
    tab = page_of(first)
    sign_ins.add(second, instead_of=first)
    assert tab.ended is None
    assert tab.connection.auth.session_id == second.id
    assert list(sign_ins) == [second]
    sign_ins.end(second, signed_out=True)
    assert tab.ended is not None


@on_a_loop
async def test_pages_go_when_another_user_signs_in() -> None:
    sign_ins, first, second = make(), ada(), ada(subject="2")
    sign_ins.add(first)
    tab = page_of(first)
    sign_ins.add(second, instead_of=first)
    assert tab.ended is not None
    assert tab.ended[0] == SIGNED_OUT


@on_a_loop
async def test_one_user_has_so_many_sign_ins() -> None:
    sign_ins = make()
    first, other = ada(), ada(subject="2")
    sign_ins.add(first)
    sign_ins.add(other)
    for _ in range(100):
        sign_ins.add(ada())
    assert len(sign_ins) == 101
    assert not first.is_valid
    assert other.is_valid


@on_a_loop
async def test_an_ended_sign_in_leaves_nothing_in_memory() -> None:
    sign_ins, sign_in = make(), ada()
    sign_ins.add(sign_in)
    reference = weakref.ref(sign_in)
    sign_ins.end(sign_in, signed_out=True)
    del sign_in
    gc.collect()
    assert reference() is None


# -- what is told


def test_tokens_are_in_no_text() -> None:
    sign_in = ada(tokens=TokenSet("the access token", "the refresh token", "the id token"), claims={"secret": "claim"})
    for thing in (sign_in, sign_in.tokens, Auth(sign_in), Connection(Visit()), make()):
        assert "token" not in repr(thing) + str(thing)
        assert "claim" not in repr(thing)


def test_a_session_is_stored_without_its_tokens() -> None:
    sign_in = ada(tokens=TokenSet("the access token", "the refresh token", "the id token"), claims={"phone": "0123"})
    auth = Auth(sign_in)
    stored = pickle.dumps(auth)
    assert b"token" not in stored.replace(b"ensure_fresh_token", b"")
    assert b"0123" not in stored
    restored = pickle.loads(stored)
    assert restored.access_token == "the access token"
    assert (restored.username, restored.subject, restored.claims) == ("ada", "1", {"phone": "0123"})
    del sign_in, auth, restored
    gc.collect()
    elsewhere = pickle.loads(stored)
    assert (elsewhere.subject, elsewhere.username, elsewhere.access_token) == ("1", "", None)
    assert not elsewhere.is_authenticated


def test_a_sign_in_itself_is_not_stored() -> None:
    with pytest.raises(TypeError, match="app.auth"):
        pickle.dumps(ada())


def test_an_anonymous_visitor() -> None:
    auth = Auth(subject="the browser")
    assert (auth.subject, auth.username, auth.email, auth.session_id) == ("the browser", "", "", "")
    assert auth.access_token is None
    assert auth.refresh_token is None
    assert not auth.is_authenticated
    assert not auth.claims
    assert auth.ensure_fresh_token_sync() is None
    assert asyncio.run(auth.ensure_fresh_token()) is None
    assert repr(auth) == "Auth(anonymous)"


def test_claims_are_read_only() -> None:
    auth: Any = Auth(ada(claims={"a": 1}))
    with pytest.raises(TypeError):
        auth.claims["a"] = 2


# -- tokens


def old_tokens(seconds: float = -1) -> TokenSet:
    return TokenSet("old", "refresh", None, time.time() + seconds)


@on_a_loop
async def test_all_who_ask_at_once_wait_for_one_answer() -> None:
    provider = Provider()
    sign_ins, sign_in = make(provider), ada(tokens=old_tokens())
    sign_ins.add(sign_in)
    provider.held.clear()
    asked = [asyncio.ensure_future(Auth(sign_in).ensure_fresh_token()) for _ in range(5)]
    asked.append(asyncio.ensure_future(asyncio.to_thread(Auth(sign_in).ensure_fresh_token_sync)))
    await until(lambda: provider.asked)
    # One that no longer wants it takes it from nobody else.
    asked.pop(0).cancel()
    provider.held.set()
    assert await asyncio.gather(*asked) == ["fresh 1"] * 5
    assert provider.asked == 1
    assert await Auth(sign_in).ensure_fresh_token() == "fresh 1"
    assert provider.asked == 1
    await sign_ins.close()


@on_a_loop
async def test_a_token_that_lasts_is_left_alone() -> None:
    provider = Provider()
    sign_ins = make(provider)
    for tokens in (TokenSet("lasts", "refresh", None, time.time() + 60), TokenSet("lasts", "refresh", None, 0.0)):
        sign_in = ada(tokens=tokens)
        sign_ins.add(sign_in)
        assert await Auth(sign_in).ensure_fresh_token() == "lasts"
    assert provider.asked == 0


@on_a_loop
async def test_a_failure_is_told_to_all_and_tried_again_by_the_next() -> None:
    provider = Provider()
    provider.error = SignInError("down")
    sign_ins, sign_in = make(provider), ada(tokens=old_tokens())
    sign_ins.add(sign_in)
    results = await asyncio.gather(*(Auth(sign_in).ensure_fresh_token() for _ in range(3)), return_exceptions=True)
    assert [str(result) for result in results] == ["down"] * 3
    assert provider.asked == 1
    assert sign_in.is_valid
    provider.error = None
    assert await Auth(sign_in).ensure_fresh_token() == "fresh 2"
    await sign_ins.close()


@on_a_loop
async def test_an_error_of_the_provider_is_no_dead_end() -> None:
    provider = Provider()
    provider.error = RuntimeError("a mistake")
    sign_ins, sign_in = make(provider), ada(tokens=old_tokens())
    sign_ins.add(sign_in)
    with pytest.raises(RuntimeError, match="a mistake"):
        await Auth(sign_in).ensure_fresh_token()
    provider.error = None
    assert await Auth(sign_in).ensure_fresh_token() == "fresh 2"
    await sign_ins.close()


@on_a_loop
async def test_who_is_refused_has_to_sign_in_again() -> None:
    provider = Provider()
    provider.error = SignInRefusedError("no")
    sign_ins, sign_in = make(provider), ada(tokens=old_tokens())
    sign_ins.add(sign_in)
    tab = page_of(sign_in)
    with pytest.raises(SignInRefusedError):
        await Auth(sign_in).ensure_fresh_token()
    await until(lambda: tab.ended)
    assert tab.ended is not None
    assert tab.ended[0] == SIGN_IN_AGAIN
    assert await Auth(sign_in).ensure_fresh_token() is None
    await sign_ins.close()


@on_a_loop
async def test_an_ended_sign_in_gets_no_tokens() -> None:
    provider = Provider()
    sign_ins, sign_in = make(provider), ada(tokens=old_tokens())
    sign_ins.add(sign_in)
    sign_ins.end(sign_in, signed_out=True)
    assert await Auth(sign_in).ensure_fresh_token() is None
    assert provider.asked == 0


# -- the store


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "jibe.db"


async def restarted(sign_ins: SignIns, store: Store, path: Path, provider: Provider | None = None) -> SignIns:
    """The sign-ins of the process that comes after this one."""
    await sign_ins.close()
    await store.flush()
    await store.close()
    return make(provider, open_store(f"sqlite:///{path}"))


async def found(sign_ins: SignIns, sign_in: SignIn) -> SignIn | None:
    ticket = sign_ins.read(cookie(sign_ins, sign_in), False)
    assert ticket is not None
    return await sign_ins.find(ticket)


@on_a_loop
async def test_sign_ins_survive_the_process(path: Path) -> None:
    store = open_store(f"sqlite:///{path}")
    sign_ins = make(None, store)
    sign_in = ada(tokens=TokenSet("access", "refresh", "id", 1.0), claims={"groups": ["staff"]}, issuer_session="s")
    sign_ins.add(sign_in)
    after = await restarted(sign_ins, store, path)
    same = await found(after, sign_in)
    assert same is not None
    assert same is not sign_in
    assert (same.id, same.identity, same.tokens, same.claims) == (
        sign_in.id,
        sign_in.identity,
        sign_in.tokens,
        sign_in.claims,
    )
    # All who ask get the same.
    assert await found(after, sign_in) is same
    await after._store.close()


@on_a_loop
async def test_two_who_come_at_once_after_a_restart_are_of_one_sign_in(path: Path) -> None:
    store = open_store(f"sqlite:///{path}")
    sign_ins, sign_in = make(None, store), ada()
    sign_ins.add(sign_in)
    after = await restarted(sign_ins, store, path)
    one, other = await asyncio.gather(found(after, sign_in), found(after, sign_in))
    assert one is other is not None
    await after._store.close()


@on_a_loop
async def test_what_is_stored_can_be_read_by_nobody_else(path: Path) -> None:
    store = open_store(f"sqlite:///{path}")
    sign_ins = make(None, store)
    sign_ins.add(ada(tokens=TokenSet("the-access", "the-refresh", "the-id"), claims={"email": "ada@example.org"}))
    await sign_ins.close()
    await store.close()
    content = b"".join(each.read_bytes() for each in path.parent.iterdir())
    for secret in (b"the-access", b"the-refresh", b"the-id", b"ada@example.org"):
        assert secret not in content


@on_a_loop
async def test_new_tokens_are_stored(path: Path) -> None:
    store = open_store(f"sqlite:///{path}")
    provider = Provider()
    sign_ins, sign_in = make(provider, store), ada(tokens=old_tokens())
    sign_ins.add(sign_in)
    assert await Auth(sign_in).ensure_fresh_token() == "fresh 1"
    await asyncio.sleep(0)
    after = await restarted(sign_ins, store, path)
    same = await found(after, sign_in)
    assert same is not None
    assert same.tokens.access_token == "fresh 1"
    await after._store.close()


@on_a_loop
async def test_a_record_in_the_place_of_anothers_is_of_no_use(path: Path) -> None:
    """Somebody who can write the file, and does not know the secret, does not become another user."""
    store = open_store(f"sqlite:///{path}")
    sign_ins, victim, mallory = make(None, store), ada(), ada(subject="mallory")
    sign_ins.add(victim)
    sign_ins.add(mallory)
    await sign_ins.close()
    await store.close()
    with sqlite3.connect(path) as database:
        (record,) = database.execute("SELECT record FROM snapshots WHERE session = ?", (victim.id,)).fetchone()
        database.execute("UPDATE snapshots SET record = ? WHERE session = ?", (record, mallory.id))
    database.close()
    after = make(None, open_store(f"sqlite:///{path}"))
    assert await found(after, mallory) is None
    assert await found(after, victim) is not None
    await after._store.close()


@on_a_loop
async def test_a_record_that_was_changed_is_none(path: Path) -> None:
    store = open_store(f"sqlite:///{path}")
    sign_ins, sign_in = make(None, store), ada()
    sign_ins.add(sign_in)
    await sign_ins.close()
    await store.close()
    with sqlite3.connect(path) as database:
        (record,) = database.execute("SELECT record FROM snapshots").fetchone()
        changed = record[:-1] + bytes([record[-1] ^ 1])
        database.execute("UPDATE snapshots SET record = ?", (changed,))
    database.close()
    after = make(None, open_store(f"sqlite:///{path}"))
    assert await found(after, sign_in) is None
    await after._store.close()


@on_a_loop
async def test_who_has_signed_out_is_so_after_a_restart(path: Path) -> None:
    store = open_store(f"sqlite:///{path}")
    sign_ins, sign_in = make(None, store), ada()
    sign_ins.add(sign_in)
    sign_ins.end(sign_in, signed_out=True)
    after = await restarted(sign_ins, store, path)
    assert await found(after, sign_in) is None
    await after._store.close()


@on_a_loop
@pytest.mark.parametrize(("subject", "session"), [("1", "s"), ("1", ""), ("", "s")])
async def test_a_sign_in_that_is_in_the_store_alone_can_be_ended_by_its_issuer(
    path: Path, subject: str, session: str
) -> None:
    store = open_store(f"sqlite:///{path}")
    sign_ins = make(None, store)
    sign_in, other = ada(issuer_session="s"), ada(subject="2", issuer_session="t")
    sign_ins.add(sign_in)
    sign_ins.add(other)
    after = await restarted(sign_ins, store, path)
    after.end_all(sign_in.issuer, subject, session, time.time() + 3600)
    assert await found(after, sign_in) is None
    assert await found(after, other) is not None
    # One that comes later is another matter.
    later = ada(issuer_session="s")
    after.add(later)
    again = await restarted(after, after._store, path)
    assert await found(again, later) is not None
    assert await found(again, sign_in) is None
    await again._store.close()


@on_a_loop
async def test_a_sign_in_that_the_settings_no_longer_allow_ends(path: Path) -> None:
    store = open_store(f"sqlite:///{path}")
    sign_ins, sign_in = make(None, store), ada()
    sign_ins.add(sign_in)
    provider = Provider()
    provider.rejects.add("1")
    after = await restarted(sign_ins, store, path, provider)
    assert await found(after, sign_in) is None
    await after._store.close()


# -- other processes with the same store


@contextmanager
def soon(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What has ended elsewhere is looked for all the time."""
    with monkeypatch.context() as patched:
        patched.setattr("jibe_like.session.auth.sign_ins._LOOK_SECONDS", 0.005)
        yield


class Both:
    """The sign-ins of two processes, which share a file."""

    def __init__(self, path: Path) -> None:
        self.providers = Provider(), Provider()
        self.here, self.there = (make(each, open_store(f"sqlite:///{path}")) for each in self.providers)

    async def __aenter__(self) -> Both:
        return self

    async def __aexit__(self, *_: object) -> None:
        for each in (self.here, self.there):
            await each.close()
            await each._store.close()

    async def shared(self, **options: Any) -> tuple[SignIn, SignIn]:
        """One sign-in, as each of the two has it."""
        sign_in = ada(**options)
        self.here.add(sign_in)
        same = await found(self.there, sign_in)
        assert same is not None
        assert same is not sign_in
        return sign_in, same


@on_a_loop
@pytest.mark.parametrize(("signed_out", "code"), [(True, SIGNED_OUT), (False, SIGN_IN_AGAIN)])
async def test_what_ends_here_ends_there(
    path: Path, monkeypatch: pytest.MonkeyPatch, signed_out: bool, code: int
) -> None:
    with soon(monkeypatch):
        async with Both(path) as both:
            sign_in, same = await both.shared()
            _, other = await both.shared(subject="2")
            tab, others = page_of(same), page_of(other)
            both.here.end(sign_in, signed_out=signed_out)
            await until(lambda: tab.ended)
            assert tab.ended is not None
            assert tab.ended[0] == code
            assert list(both.there) == [other]
            assert others.ended is None
            assert both.there.has_signed_out(cookie(both.there, same), False) is signed_out
            assert await found(both.there, sign_in) is None


@on_a_loop
@pytest.mark.parametrize(("subject", "session"), [("1", "s"), ("1", ""), ("", "s")])
async def test_what_the_issuer_ends_here_ends_there(
    path: Path, monkeypatch: pytest.MonkeyPatch, subject: str, session: str
) -> None:
    with soon(monkeypatch):
        async with Both(path) as both:
            _, same = await both.shared(issuer_session="s")
            _, other = await both.shared(subject="2", issuer_session="t")
            tab = page_of(same)
            both.here.end_all(same.issuer, subject, session, time.time() + 3600)
            await until(lambda: tab.ended)
            assert tab.ended is not None
            assert tab.ended[0] == SIGNED_OUT
            assert list(both.there) == [other]
            # Who comes back goes on, here and there.
            later = ada(issuer_session="s")
            both.there.add(later)
            await both.there._look_elsewhere(both.there._records)  # type: ignore[arg-type]
            assert later.is_valid


@on_a_loop
async def test_new_tokens_bring_nobody_back(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The one process stores new tokens while somebody signs out at the other."""
    with soon(monkeypatch):
        async with Both(path) as both:
            sign_in, same = await both.shared(tokens=old_tokens())
            both.providers[1].held.clear()
            asked = asyncio.ensure_future(Auth(same).ensure_fresh_token())
            await until(lambda: both.providers[1].asked)
            both.here.end(sign_in, signed_out=True)
            both.there._save(same)
            both.providers[1].held.set()
            await asked
            await until(lambda: same.ended)
            assert await found(both.here, sign_in) is None
            assert await found(both.there, sign_in) is None


@on_a_loop
async def test_tokens_that_another_process_has_got_are_taken(path: Path) -> None:
    """Else the provider would be shown a refresh token for the second time, and may take that for a theft."""
    async with Both(path) as both:
        sign_in, same = await both.shared(tokens=old_tokens())
        assert await Auth(sign_in).ensure_fresh_token() == "fresh 1"
        await asyncio.sleep(0)
        assert await Auth(same).ensure_fresh_token() == "fresh 1"
        assert [provider.asked for provider in both.providers] == [1, 0]


@on_a_loop
async def test_a_forged_end_is_none(path: Path) -> None:
    """Who can write the store, and does not know the secret, signs nobody out."""
    async with Both(path) as both:
        sign_in, same = await both.shared()
        both.here._store.put("jibe_like.sign-ins", f"over-{sign_in.id}", b"x", time.time() + 9, lambda error: None)
        assert both.there._records is not None
        await both.there._look_elsewhere(both.there._records)
        assert same.is_valid


@on_a_loop
async def test_a_store_that_cannot_be_read_ends_nothing_and_is_told_of_once(
    path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    asked = 0

    async def present(self: object, app: str, session_ids: object) -> set[str]:
        nonlocal asked
        asked += 1
        raise StoreError("the file is locked")

    with soon(monkeypatch):
        async with Both(path) as both:
            sign_in, same = await both.shared()
            with monkeypatch.context() as patched:
                patched.setattr(SharedSqliteStore, "present", present)
                await until(lambda: asked > 5)
            assert same.is_valid
            warnings = [record.getMessage() for record in caplog.records if "locked" in record.getMessage()]
            assert len(warnings) == 2, "one of each"
            both.here.end(sign_in, signed_out=True)
            await until(lambda: same.ended)


@on_a_loop
async def test_whoever_decides_and_fails_lets_nobody_in(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    class Failing(Provider):
        async def accepts(self, sign_in: SignIn) -> bool:
            raise KeyError("groups")

    store = open_store(f"sqlite:///{path}")
    sign_ins, sign_in = make(None, store), ada()
    sign_ins.add(sign_in)
    after = await restarted(sign_ins, store, path, Failing())
    assert await found(after, sign_in) is None
    assert "KeyError" in caplog.text
    await after._store.close()
