"""The first response: a page that can be read before any script has run."""

import logging
import re
import traceback
from collections.abc import Iterable
from secrets import token_urlsafe
from typing import Any, Final
from urllib.parse import quote

import tornado.web
from tornado.httputil import HTTPServerRequest, RequestStartLine

from jibe_like.errors import ServerError, StoreError, TooManySessionsError
from jibe_like.session.functions.environment import environment_of
from jibe_like.settings import Settings
from jibe_like.tree.node import escape, style_rules, to_html
from jibe_like.wire.messages import encode

from .auth.guard import sign_in_of
from .client import PATH, client_file, serve_client
from .forwarded import believe_proxies
from .mount import PAGE, Mount, connection_for, identified
from .page_files import PageFiles, relative_url
from .security import new_nonce, set_security_headers
from .waiting import knock

logger = logging.getLogger("jibe_like.web")

_YEAR: Final = 365 * 24 * 3600
_SESSION_ID: Final = re.compile(r"[A-Za-z0-9_-]{10,128}")
_CLOSING_TAG: Final = re.compile(r"<(?=/(?:script|style))", re.IGNORECASE)


class PageTemplate:
    """The HTML document around an application."""

    def render(
        self,
        *,
        body: str = "",
        appname: str = "",
        scripts: Iterable[str] = (),
        cssfiles: Iterable[str] = (),
        presetup: str = "",
        css: str = "",
        nonce: str = "",
        client: str = "",
        extras: str = "",
        module_scripts: Iterable[str] = (),
        stylesheet: str = "",
        config: dict[str, Any] | None = None,
        inline_style: str = "",
        settings: Settings | None = None,
    ) -> str:
        """The page.

        `body`, `presetup` (JavaScript run before the client) and `css` are the application author's own text, put in as
        they are; everything else is escaped. `scripts` and `cssfiles` are URLs. `nonce` lets all of them run.
        """
        settings = settings or Settings()
        own = f' nonce="{nonce}"' if nonce else ""
        theme = f' data-theme="{settings.theme}"' if settings.theme else ""
        parts = [
            f'<!DOCTYPE html><html lang="{escape(settings.language)}" dir="{settings.direction}"{theme}><head>',
            '<meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">',
            f"<title>{escape(appname)}</title>",
            '<link rel="icon" href="data:,">',
        ]
        if config is not None:
            parts.append(f'<meta name="jibe-like" content="{escape(encode(config).decode())}">')
        if stylesheet:
            parts.append(f'<link rel="stylesheet" href="{escape(stylesheet)}"{own}>')
        parts += [f'<link rel="stylesheet" href="{escape(url)}"{own}>' for url in cssfiles]
        if css:
            parts.append(f"<style{own}>{_CLOSING_TAG.sub('<' + chr(92) * 2, css)}</style>")
        if inline_style:
            parts.append(f'<style id="jibe-style"{own}>{inline_style}</style>')
        parts += [f'<script src="{escape(url)}"{own}></script>' for url in scripts]
        if presetup:
            parts.append(f"<script{own}>{presetup}</script>")
        if client:
            parts.append(f'<script type="module" src="{escape(client)}"{own}></script>')
        if extras:
            parts.append(f'<script type="module" src="{escape(extras)}"{own}></script>')
        parts += [f'<script type="module" src="{escape(url)}"{own}></script>' for url in module_scripts]
        parts += ["</head><body>", body, "</body></html>"]
        return "".join(parts)


htmlt = PageTemplate()
"""The page's template (jibe's name)."""


class MainHandler(tornado.web.RequestHandler):
    """Serves an application's page. Subclass it and override the hooks, and name it as `MyApp.main_handler_class`."""

    mount: Mount | None = None

    def initialize(self, mount: Mount | None = None) -> None:
        self.mount = mount
        self._title = ""
        self._guarded_by = mount
        if mount is not None:
            believe_proxies(self.request, mount.settings)
        else:
            serve_client(self.application)

    def body(self) -> str:
        """HTML that stands before the application in the page's body. Your own text: it is not escaped."""
        return ""

    def appname(self) -> str:
        """The page's title: by default the application's `title`, or the name of its class."""
        return self.mount.title if self.mount is not None else ""

    def scripts(self) -> list[str]:
        """URLs of scripts to load before the client."""
        return []

    def cssfiles(self) -> list[str]:
        """URLs of style sheets to load after the built-in one."""
        return []

    def presetup(self) -> str:
        """JavaScript to run before the client starts."""
        return ""

    def css(self) -> str:
        """CSS of your own: by default the application's `stylesheet`."""
        return str(getattr(self.mount.app_class, "stylesheet", "")) if self.mount is not None else ""

    async def get(self, *args: str) -> None:
        nonce = new_nonce()
        guarded_by = self._guarded_by
        if guarded_by is None:
            guarded_by = self._guarded_by = self._mount_by_hand()
        settings = guarded_by.settings if guarded_by is not None else Settings()
        set_security_headers(self, nonce, settings)
        if guarded_by is not None and not await self._may_be_seen(guarded_by, nonce):
            return
        cookies = self._identify()
        root, style, config = "", "", self._config()
        if guarded_by is not None and self.request.method != "HEAD":
            crossed = knock(self, guarded_by)
            if crossed:
                self._say_later(TooManySessionsError(f"too many {crossed}"), nonce, settings, 429)
                return
        if self.mount is not None and self.request.method != "HEAD":
            try:
                root, style, config = await self._prerender(self.mount, cookies)
            except (TooManySessionsError, StoreError, ServerError) as error:
                logger.warning("%s", error)
                self.mount.rejected(_reason_of(error))
                self._say_later(error, nonce, settings)
                return
            except Exception:
                logger.exception("%s could not be started", self.mount.title)
                self.set_status(500)
                detail = traceback.format_exc() if settings.debug else ""
                self._apologise(
                    "Something went wrong",
                    "The page could not be made. Please try again.",
                    nonce,
                    settings,
                    detail,
                )
                return
        files = self._module_files()
        page = htmlt.render(
            body=self.body() + root,
            appname=self._title or self.appname(),
            scripts=[*files.scripts, *self.scripts()],
            cssfiles=[*files.styles, *self.cssfiles()],
            presetup=self.presetup(),
            css=self.css(),
            nonce=nonce,
            client=self._client_url("client.js"),
            extras=self._client_url("extras.js") if config.get("api") else "",
            module_scripts=files.module_scripts,
            stylesheet=self._client_url("style.css"),
            config=config,
            inline_style=style,
            settings=settings,
        )
        self.finish(page.encode("utf-8", "replace"))

    async def head(self, *args: str) -> None:
        """The headers alone: no application is made for it."""
        await self.get(*args)

    async def _may_be_seen(self, mount: Mount, nonce: str) -> bool:
        """Whether the page may be shown; else the visitor is sent to sign in."""
        if mount.guard is None:
            return True
        await identified(self, mount)
        try:
            nobody = sign_in_of(self) is None
        except (StoreError, ServerError) as error:
            logger.warning("%s", error)
            mount.rejected(_reason_of(error))
            self._say_later(error, nonce, mount.settings)
            return False
        if nobody and mount.requires_auth:
            self.redirect(mount.guard.way_in(self.request))
            return False
        return True

    def _say_later(self, error: Exception, nonce: str, settings: Settings, status: int = 503) -> None:
        self.set_status(status)
        self.set_header("Retry-After", "10")
        title = "Too many visitors" if isinstance(error, TooManySessionsError) else "Just a moment"
        self._apologise(title, "Please try again in a moment.", nonce, settings)

    async def _prerender(self, mount: Mount, cookies: dict[str, str]) -> tuple[str, str, dict[str, Any]]:
        """The tree as HTML, its inline styles, and what the client has to know."""
        registry = mount.registry
        kept = registry.may_prerender()
        connection = connection_for(self, mount, cookies)
        session = await registry.enter(connection)
        node = session.render()
        self._title = environment_of(session.document.tree.root).get("title", "")
        config = self._config() | {"seq": session.seq}
        states = session.document.page_state()
        if states:
            config["states"] = states
        if session.document.uses_page_api or (mount.server is not None and mount.server.uses_page_api):
            config["api"] = True
        if kept or session.used or len(session.connections) > 1:
            config["token"] = registry.issue_token(connection)
        else:
            registry.discard(session)
        return to_html(node), style_rules(node), config

    def _identify(self) -> dict[str, str]:
        """The visitor's `sessionid` and identity, made and set where the request has none."""
        cookies: dict[str, str] = {}
        if not _SESSION_ID.fullmatch(self.get_cookie("sessionid") or ""):
            cookies["sessionid"] = token_urlsafe(16)
        secure = self.request.protocol == "https" if self.mount is None else self.mount.is_secure(self.request)
        if self.mount is not None:
            identities = self.mount.identities
            if not identities.find({name: morsel.value for name, morsel in self.request.cookies.items()}, secure):
                cookies[identities.cookie_name(secure)] = identities.make()[1]
        for name, value in cookies.items():
            # The one is for the browser's session, as in jibe, and proves nothing; the other is who it is. Neither has
            # a domain or a path of its own: browsers take a `__Host-` cookie in no other way.
            age = None if name == "sessionid" else _YEAR
            self.set_cookie(name, value, httponly=True, samesite="Lax", secure=secure, path="/", max_age=age)
        return cookies

    def _mount_by_hand(self) -> Mount | None:
        """Where the rules were made by hand: that of the application whose socket the page is going to open."""
        line = RequestStartLine("GET", f"{self._place()}/websocket", self.request.version)
        found = self.application.find_handler(HTTPServerRequest(start_line=line, headers=self.request.headers))
        main_app = getattr(getattr(found, "handler_class", None), "mainApp", None)
        mount: Mount | None = main_app.mount_in(self.application) if main_app is not None else None
        if mount is not None:
            believe_proxies(self.request, mount.settings)
        return mount

    def _config(self) -> dict[str, Any]:
        """What the client is told in `<meta name="jibe-like">`."""
        guard = self._guarded_by.guard if self._guarded_by is not None else None
        return self._place_of_client() | ({"signin": guard.way_again(self.request)} if guard is not None else {})

    def _place_of_client(self) -> dict[str, Any]:
        if self.mount is None:
            return {
                "token": "",
                "seq": 0,
                "socket": relative_url(self.request.path, f"{self._place()}/websocket"),
                "limit": 0,
                "extras": f"./{client_file('extras.js')}",
            }
        page = self.request.path + (f"?{self.request.query}" if self.request.query else "")
        # An application that is made when the socket opens is made for the same page.
        here = "" if page == f"{self.mount.prefix}/" else f"?{PAGE}={quote(page, safe='/')}"
        return {
            "token": "",
            "seq": 0,
            "socket": self.mount.url(self, "websocket") + here,
            "poll": self.mount.url(self, "poll") + here,
            "ping": self.mount.settings.ping_interval,
            "limit": self.mount.settings.max_message_bytes,
            "extras": f"./{client_file('extras.js')}",
        }

    def _module_files(self) -> PageFiles:
        """What the modules of the server bring, as this page has to ask for it."""
        server = self.mount.server if self.mount is not None else None
        return server.page_files.seen_from(self.request.path) if server is not None else PageFiles()

    def _place(self) -> str:
        """Below which path the socket is, where the rules were made by hand."""
        return ""

    def _client_url(self, name: str) -> str:
        path = f"{PATH}/{client_file(name)}"
        return self.mount.url(self, path) if self.mount is not None else relative_url(self.request.path, "/" + path)

    def _apologise(self, title: str, text: str, nonce: str, settings: Settings, detail: str = "") -> None:
        body = f'<main class="widget vbox apology"><h1>{escape(title)}</h1><p>{escape(text)}</p>'
        if detail:
            body += f'<pre tabindex="0">{escape(detail)}</pre>'
        page = htmlt.render(
            body=body + "</main>",
            appname=title,
            nonce=nonce,
            stylesheet=self._client_url("style.css"),
            settings=settings,
        )
        self.finish(page.encode("utf-8", "replace"))

    def data_received(self, chunk: bytes) -> None:
        """A page takes no streamed body."""


def _reason_of(error: Exception) -> str:
    """By which it is counted that somebody got no page."""
    if isinstance(error, TooManySessionsError):
        return "sessions"
    return "store" if isinstance(error, StoreError) else "stopping"
