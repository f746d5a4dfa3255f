"""Somebody signs in with a real browser, at a real OpenID provider."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from jibe_like import BasicAuth, Server, hash_password
from tests.e2e.axe import violations
from tests.e2e.conftest import NewPage
from tests.e2e.desk import Desk, Site, fill_in
from tests.e2e.outages import NO_WEBSOCKET
from tests.oidc.provider import OpenIDProvider
from tests.serving import Serve


@pytest.fixture
def site(serve: Serve, openid: OpenIDProvider) -> Site:
    return Site(serve, openid)


def test_a_user_signs_in_and_is_where_they_were_going(site: Site, page: Page) -> None:
    page.goto(f"{site.url}?page=7")
    fill_in(page)
    expect(page.locator("#who")).to_have_text("ada")
    assert page.url == f"{site.url}?page=7"
    page.locator("#count").click()
    expect(page.locator("#count")).to_have_text("1")


def test_what_the_browser_has_is_no_token(site: Site, page: Page) -> None:
    page.goto(site.url)
    fill_in(page)
    expect(page.locator("#who")).to_have_text("ada")
    (signed_in,) = site.sign_ins
    tokens = [signed_in.tokens.access_token, signed_in.tokens.refresh_token, signed_in.tokens.id_token]
    seen = page.content() + str(page.context.cookies()) + str(page.evaluate("({...localStorage, ...sessionStorage})"))
    assert all(tokens)
    assert not [token for token in tokens if token and token in seen]
    assert page.evaluate("document.cookie") == ""


def test_a_user_signs_out_and_another_one_signs_in(site: Site, page: Page) -> None:
    page.goto(site.url)
    fill_in(page)
    page.locator("#count").click()
    expect(page.locator("#count")).to_have_text("1")
    other_tab = page.context.new_page()
    other_tab.goto(site.url)
    expect(other_tab.locator("#who")).to_have_text("ada")
    page.locator("#leave").click()
    page.get_by_role("button", name="Yes").click()
    expect(page.get_by_role("heading")).to_have_text("You are signed out")
    # The other tab shows nothing of it any more, and signs nobody in by itself.
    expect(other_tab.get_by_role("heading")).to_have_text("You are signed out")
    page.go_back()
    expect(page.locator("#who")).to_have_count(0)
    page.goto(site.url)
    page.get_by_role("link", name="Sign in").click()
    fill_in(page, "grace")
    expect(page.locator("#who")).to_have_text("grace")
    expect(page.locator("#count")).to_have_text("0")


def test_an_expired_sign_in_leaves_the_page_as_it_is(site: Site, page: Page) -> None:
    page.goto(site.url)
    fill_in(page)
    page.locator("#count").click()
    expect(page.locator("#count")).to_have_text("1")
    page.locator("#entry").fill("half a sen")
    site.expire()
    expect(page.get_by_role("status")).to_have_text("Your sign-in has expired. Sign in again")
    # What happens meanwhile waits.
    page.locator("#entry").press_sequentially("tence")
    page.locator("#count").click()
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="Sign in again").click()
    # The provider remembers them.
    expect(opened.value.get_by_role("heading")).to_have_text("You are signed in")
    opened.value.close()
    expect(page.locator("#count")).to_have_text("2")
    expect(page.get_by_role("status")).to_have_text("")
    expect(page.locator("#entry")).to_have_value("half a sentence")
    page.locator("#count").click()
    expect(page.locator("#count")).to_have_text("3")


def test_when_another_user_signs_in_the_page_of_the_first_goes(site: Site, page: Page) -> None:
    page.goto(site.url)
    fill_in(page)
    page.locator("#entry").fill("secret")
    page.locator("#count").click()
    expect(page.locator("#count")).to_have_text("1")
    site.expire()
    expect(page.get_by_role("link", name="Sign in again")).to_be_visible()
    other = page.context.new_page()
    other.goto(f"{site.url}_auth/sign-in?again=1")
    fill_in(other, "grace")
    expect(other.locator("#who")).to_have_text("grace")
    page.bring_to_front()
    expect(page.locator("#who")).to_have_text("grace")
    expect(page.locator("#count")).to_have_text("0")
    expect(page.locator("#entry")).to_have_value("")


def test_by_polling_it_is_the_same(site: Site, new_page: NewPage) -> None:
    page = new_page()
    page.add_init_script(NO_WEBSOCKET)
    page.goto(site.url)
    fill_in(page)
    page.locator("#count").click()
    expect(page.locator("#count")).to_have_text("1")
    site.expire()
    expect(page.get_by_role("link", name="Sign in again")).to_be_visible()
    page.locator("#count").click()
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="Sign in again").click()
    expect(opened.value.get_by_role("heading")).to_have_text("You are signed in")
    opened.value.close()
    expect(page.locator("#count")).to_have_text("2")


def test_a_name_and_a_password(serve: Serve, page: Page) -> None:
    users = {"ada": hash_password("correct horse")}
    url = serve(Desk.make_tornado_app(server=Server("password"), auth=BasicAuth(users)))
    page.goto(f"{url}?page=7")
    assert violations(page) == []
    page.get_by_label("Name").fill("ada")
    page.get_by_label("Password").fill("wrong")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_have_text("Name or password is wrong.")
    assert violations(page) == []
    page.get_by_label("Name").fill("ada")
    page.get_by_label("Password").fill("correct horse")
    page.keyboard.press("Enter")
    expect(page.locator("#who")).to_have_text("ada")
    assert page.url == f"{url}?page=7"
    page.locator("#leave").click()
    expect(page.get_by_role("heading")).to_have_text("You are signed out")
    assert violations(page) == []
