"""Somebody with a browser, but without the browser: follows redirects, keeps cookies, fills in forms."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html import unescape
from http.cookies import SimpleCookie
from urllib.parse import urlencode, urljoin, urlsplit

from tornado.httpclient import AsyncHTTPClient, HTTPRequest, HTTPResponse

from .provider import PASSWORD

_HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"')
_FORM = re.compile(r'<form[^>]*method="post"[^>]*>')
_ACTION = re.compile(r'action="([^"]*)"')


@dataclass
class Agent:
    """A visitor. Cookies are kept by host name: as in a browser, ports make no difference."""

    cookies: dict[str, dict[str, str]] = field(default_factory=dict)
    hops: list[str] = field(default_factory=list)
    """All URLs that were asked for."""
    set_cookies: list[str] = field(default_factory=list)
    """All `Set-Cookie` lines that came."""
    at: str = ""
    """The URL of the page that is shown."""

    async def get(self, url: str, *, follow: bool = True) -> HTTPResponse:
        """Gets a page; goes where it redirects to."""
        return await self._ask(url, None, follow, {})

    async def post(self, url: str, fields: dict[str, str], *, follow: bool = True, **headers: str) -> HTTPResponse:
        """Sends a form."""
        return await self._ask(url, urlencode(fields), follow, headers)

    async def _ask(self, url: str, body: str | None, follow: bool, headers: dict[str, str]) -> HTTPResponse:
        for _ in range(20):
            self.hops.append(url)
            host = urlsplit(url).hostname or ""
            jar = self.cookies.setdefault(host, {})
            sent = {**headers, **({"Cookie": "; ".join(f"{k}={v}" for k, v in jar.items())} if jar else {})}
            if body is not None:
                sent |= {"Content-Type": "application/x-www-form-urlencoded"}
            request = HTTPRequest(
                url, "GET" if body is None else "POST", sent, body, follow_redirects=False, request_timeout=30
            )
            response = await AsyncHTTPClient().fetch(request, raise_error=False)
            for line in response.headers.get_list("Set-Cookie"):
                self.set_cookies.append(line)
                for name, morsel in SimpleCookie(line).items():
                    if morsel.value:
                        jar[name] = morsel.value
                    else:
                        jar.pop(name, None)
            self.at = url
            if not follow or response.code not in (302, 303):
                return response
            url, body, headers = urljoin(url, response.headers["Location"]), None, {}
        raise AssertionError(f"redirected without end: {self.hops[-5:]}")

    async def fill_in(self, form: HTTPResponse, *, follow: bool = True, **fields: str) -> HTTPResponse:
        """Sends the form of the page that is shown."""
        text = form.body.decode()
        found = _FORM.search(text)
        assert found is not None, f"no form in {text}"
        hidden = {name: unescape(value) for name, value in _HIDDEN.findall(text)}
        origin = "{0.scheme}://{0.netloc}".format(urlsplit(self.at))
        action = _ACTION.search(found[0])
        url = urljoin(self.at, unescape(action[1])) if action else self.at
        return await self.post(url, hidden | fields, follow=follow, Origin=origin)

    async def sign_in(self, url: str, login: str = "ada") -> HTTPResponse:
        """Gets a page that one has to sign in for, and signs in at the provider, where that does not know them yet."""
        page = await self.get(url)
        if "/interaction/" not in self.at:
            return page
        return await self.fill_in(page, login=login, password=PASSWORD)

    async def until_callback(self, url: str, login: str = "ada") -> str:
        """As `sign_in`, up to the URL that the provider sends the browser back to."""
        response = await self.get(url)
        response = await self.fill_in(response, follow=False, login=login, password=PASSWORD)
        while True:
            target = urljoin(self.at, response.headers["Location"])
            if "/_auth/callback" in target:
                return target
            response = await self.get(target, follow=False)
