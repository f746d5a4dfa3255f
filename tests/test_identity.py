"""Who an anonymous visitor is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jibe_like.session.auth.identity import Identities, process_secret

NEW, OLD = "n" * 40, "o" * 40


def test_what_was_made_is_found() -> None:
    identities = Identities([NEW])
    identity, cookie = identities.make()
    assert identities.find({identities.cookie_name(False): cookie, "sessionid": "x"}, False) == identity
    assert len(identity) >= 20
    assert identities.find({}, False) == ""


def test_each_visitor_is_another() -> None:
    identities = Identities([NEW])
    assert len({identities.make()[0] for _ in range(100)}) == 100


def test_servers_of_one_secret_agree_and_others_leave_each_other_alone() -> None:
    mine, same, other = Identities([NEW]), Identities([NEW]), Identities([OLD])
    identity, cookie = mine.make()
    assert same.find({same.cookie_name(False): cookie}, False) == identity
    assert mine.cookie_name(False) != other.cookie_name(False)
    assert other.find({mine.cookie_name(False): cookie}, False) == ""
    assert other.find({other.cookie_name(False): cookie}, False) == "", "a cookie that was renamed proves nothing"


def test_the_name_of_the_cookie_tells_nothing_of_the_secret() -> None:
    assert Identities([NEW]).cookie_name(False).startswith("jibe_")
    assert NEW[:8] not in Identities([NEW]).cookie_name(False)


def test_keys_rotate() -> None:
    before = Identities([OLD])
    identity, cookie = before.make()
    after = Identities([NEW, OLD])
    assert after.find({before.cookie_name(False): cookie}, False) == identity
    assert after.cookie_name(False) == Identities([NEW]).cookie_name(False)
    assert Identities([NEW]).find({before.cookie_name(False): cookie}, False) == ""
    newer, its_cookie = after.make()
    assert after.find({before.cookie_name(False): cookie, after.cookie_name(False): its_cookie}, False) == newer


@pytest.mark.parametrize(
    "forge",
    [lambda c: c[:-1], lambda c: "x" + c, lambda c: c.partition(".")[0] + ".", lambda c: "." + c.partition(".")[2]],
    ids=["cut off", "another identity", "unsigned", "nobody"],
)
def test_a_forged_one_proves_nothing(forge: "object") -> None:
    assert callable(forge)
    identities = Identities([NEW])
    assert identities.find({identities.cookie_name(False): forge(identities.make()[1])}, False) == ""


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_nothing_that_a_browser_sends_raises(cookie: str) -> None:
    identities = Identities([NEW])
    assert identities.find({identities.cookie_name(False): cookie}, False) == ""


def test_a_process_without_a_secret_has_one_of_its_own() -> None:
    assert process_secret() == process_secret()
    assert len(process_secret()) >= 40
