"""Every bound and switch of a server, in one place."""

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from ipaddress import ip_network
from typing import Any, Final, get_type_hints

from .errors import SettingsError

FEATURES: Final = (
    "camera",
    "display-capture",
    "geolocation",
    "microphone",
    "midi",
    "payment",
    "publickey-credentials-get",
    "screen-wake-lock",
    "serial",
    "usb",
)
"""Of a visitor's device; pages may ask for none of them that the settings do not name."""
_SECRET_VARIABLE: Final = "JIBE_LIKE_SECRET"
SHORTEST_SECRET: Final = 32
"""In characters: as many as HMAC-SHA256 is to have bytes (RFC 7518, 3.2)."""
_PATH: Final = re.compile(r"(?:/[A-Za-z0-9._~-]+)*")
UNIX: Final = "unix"
"""In place of an address: who comes by a Unix socket."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What an application's server allows. Pass one as `MyApp.run(settings=Settings(...))` or set `MyApp.settings`.

    Raises SettingsError for a value of the wrong type or below zero.
    """

    debug: bool = False
    """Show the traceback of an error in the page. Never on a server that strangers reach."""
    secret: str | Sequence[str] = field(default="", repr=False)
    """Signs tokens and snapshots: at least 32 random characters
    (`python -c "import secrets; print(secrets.token_urlsafe(32))"`). A list rotates keys: the first signs, all verify.
    Empty: the environment variable JIBE_LIKE_SECRET (several are separated by spaces), else a random one, kept beside a
    SQLite store or in memory."""
    store: str = "memory://"
    """Where sessions are kept: `memory://` loses them with the process, `sqlite:///jibe.db` does not."""
    snapshot_delay: float = 0.05
    """Seconds after a change before a session is written to the store; further changes within them go along. A new
    page's does not wait."""
    threads: int = 100
    """Most threads in which `app.run` works at once; what comes beyond waits for one of them."""
    snapshot_patience: float = 5.0
    """Seconds that a running `async` handler may hold the writing back; its event counts as handled after that."""

    max_message_bytes: int = 256 * 1024
    """Most bytes of one message from a browser; above, the connection is closed with code 1009."""
    events_per_second: float = 2_000.0
    """Events a connection may send for long; above, it is closed with code 1008."""
    events_burst: int = 100_000
    """Events a connection may send beyond that for a short time."""
    bytes_per_second: float = 4 * 1024 * 1024.0
    """Bytes of messages a connection may send for long; above, it is closed with code 1008."""
    bytes_burst: int = 64 * 1024 * 1024
    """Bytes a connection may send beyond that for a short time."""
    handshakes_per_second: float = 20.0
    """Pages that one visitor (by cookie or sign-in) may load, and connections they may open, for long; above, a
    page is refused with status 429, a connection with code 1013."""
    handshakes_burst: int = 500
    """The same beyond that for a short time."""
    files_per_second: float = 200.0
    """Files that one visitor may ask for, for long: those of `assets_path`, of modules, of the client. Above, they are
    refused with status 429."""
    files_burst: int = 5_000
    """The same beyond that for a short time."""
    downloads_per_second: float = 20.0
    """Downloads that one visitor may fetch, for long; above, they are refused with status 429."""
    downloads_burst: int = 500
    """The same beyond that for a short time."""
    sign_ins_per_second: float = 1.0
    """Pages of signing in and out that one visitor may ask for, for long; above, they are refused with status 429. Who
    has not signed in counts by their address."""
    sign_ins_burst: int = 50
    """The same beyond that for a short time."""
    connections_per_identity: int = 500
    """Most connections of one visitor; above, new ones are closed with code 1013."""
    identity_factor: float = 10.0
    """All connections of one visitor may send so many times as much as one of them."""
    address_factor: float = 10.0
    """An IP address (with IPv6: a network of 64 bits) may do so many times as much as one visitor. This machine's own
    may do all."""

    download_lifetime: float = 60.0
    """Seconds that a page has to fetch what `session.download` offers it."""
    downloads_per_session: int = 100
    """Most downloads of a session that were not fetched yet; beyond, the oldest is withdrawn."""

    upload_folder: str = ""
    """Where files are kept that pages send, as long as their session lives. Empty: beside a SQLite store
    (`jibe.db.uploads`), else a temporary folder that goes with the process."""
    upload_bytes: int = 100 * 1024 * 1024
    """Most bytes of one file that a page sends; above, it is refused with status 413."""
    upload_files: int = 100
    """Most files of a session, kept or on their way; above, further ones are refused."""
    upload_session_bytes: int = 1024 * 1024 * 1024
    """Most bytes of all of them together; above, further ones are refused."""
    uploads_at_once: int = 4
    """Files that are sent to a session at once; others wait for their turn."""
    upload_lifetime: float = 60.0
    """Seconds that a page has to begin with a file once it is its turn."""
    upload_timeout: float = 30.0
    """Seconds without a byte after which a file on its way is given up; its page tries again."""
    uploads_per_second: float = 10.0
    """Files that one visitor may offer, and begin to send, for long; above, they are refused, or get status 429 and try
    again later."""
    uploads_burst: int = 500
    """The same beyond that for a short time."""
    upload_bytes_per_second: float = 64 * 1024 * 1024.0
    """Bytes of files that one visitor may send for long; above, they are slowed down to it. 0: as fast as they can."""
    upload_bytes_burst: int = 256 * 1024 * 1024
    """Bytes beyond that for a short time."""

    outbox_frames: int = 1_000
    """Frames kept for a connection that has not acknowledged them; beyond, it gets the whole tree on its return."""
    outbox_bytes: int = 1024 * 1024
    """The same in bytes."""
    transport_bytes: int = 1024 * 1024
    """Bytes waiting in a connection's socket above which changes are held back, and coalesced, until it reads again."""

    sessions: int = 10_000
    """Most sessions; above, new visitors get status 503."""
    prerendered_sessions: int = 1_000
    """Most sessions that were rendered into a page whose socket is not open yet; above, the page is rendered and the
    session is made again when its socket opens."""
    connections_per_session: int = 10_000
    """Most pages that share one session."""

    users: int = 10_000
    """Most users whose state is kept in memory, where no store keeps it; beyond, the least recently used are lost."""
    user_lifetime: float = 30 * 24 * 3600.0
    """Seconds that a store keeps a user's state after the last visit or change."""

    prerendered_lifetime: float = 15.0
    """Seconds that a page has to open its socket before its session is dropped."""
    prerender_patience: float = 2.0
    """Seconds that a page's first response waits for the function of a query app; what comes later is shown then."""
    unused_lifetime: float = 15.0
    """Seconds that a session is kept whose last page said goodbye: closed, or left for another one."""
    lost_lifetime: float = 3_600.0
    """Seconds that a session is kept whose last page was lost: a network down, a laptop asleep, a server killed."""
    check_interval: float = 1.0
    """Seconds between two looks for sessions to drop."""
    token_lifetime: float = 7 * 24 * 3600.0
    """Seconds that a page's token is valid. It is renewed whenever the page connects."""
    ping_interval: float = 20.0
    """Seconds of silence after which either side asks whether the other is there; one that does not answer is given up.
    0: never."""
    stop_timeout: float = 3.0
    """Seconds that running handlers have to come to an end when the server stops."""

    allowed_origins: Sequence[str] = ()
    """Origins (`https://example.org`) that may open a socket beside the page's own."""
    frame_ancestors: str = "'self'"
    """Who may show the pages in a frame: the value of CSP's frame-ancestors."""
    image_sources: Sequence[str] = ()
    """Further sources of images (`https://images.example.org`) for the Content-Security-Policy."""
    permissions: Sequence[str] = ()
    """What of a visitor's device the pages may ask for (Permissions-Policy): `camera`, `display-capture`,
    `geolocation`, `microphone`, `midi`, `payment`, `publickey-credentials-get`, `screen-wake-lock`, `serial`, `usb`."""
    hsts_seconds: int = 365 * 24 * 3600
    """Seconds for which browsers that have come by https use nothing else for this host
    (Strict-Transport-Security). 0: they are not told so."""
    trusted_proxies: Sequence[str] = ()
    """Addresses or networks of the proxies in front of the server (`10.0.0.0/8`; `unix` for a Unix socket), which alone
    are believed in what `X-Forwarded-For`, `-Proto` and `-Host` say."""

    health_path: str = "/healthz"
    """Path from the server's root that answers 200 as long as the process is alive; empty: none."""
    ready_path: str = "/readyz"
    """The same for as long as it serves: its store can be written, and it is not stopping. Else it answers 503."""
    metrics: str = ""
    """Path that tells Prometheus what happens (`/metrics`; takes `pip install 'jibe_like[metrics]'`). Empty: none, and
    nothing is measured. Keep strangers from it."""

    theme: str = ""
    """`light` or `dark`; empty follows the visitor's system."""
    language: str = "en"
    """The pages' language, as an HTML `lang` value."""
    direction: str = "ltr"
    """`ltr` or `rtl`."""

    def __post_init__(self) -> None:
        hints = get_type_hints(Settings)
        for name in (each.name for each in fields(self)):
            value: Any = getattr(self, name)
            hint = hints[name]
            if hint is float and isinstance(value, int) and not isinstance(value, bool):
                value = float(value)
                object.__setattr__(self, name, value)
            if hint in (bool, int, float, str):
                if type(value) is not hint:
                    raise SettingsError(f"{name} must be {hint.__name__}, not {type(value).__name__} ({value!r:.40})")
            elif name == "secret":
                if not _holds_str([value] if isinstance(value, str) else value):
                    raise SettingsError(f"secret must be a str or a list of str, not {type(value).__name__}")
            elif isinstance(value, str) or not _holds_str(value):
                raise SettingsError(f"{name} must be a list of str, not {value!r:.60}")
            if hint in (int, float) and not value >= 0:
                raise SettingsError(f"{name} must not be below zero: {value!r}")
        if self.theme not in ("", "light", "dark"):
            raise SettingsError(f"theme must be 'light', 'dark' or empty, not {self.theme!r}")
        if self.direction not in ("ltr", "rtl"):
            raise SettingsError(f"direction must be 'ltr' or 'rtl', not {self.direction!r}")
        unknown = set(self.permissions) - set(FEATURES)
        if unknown:
            raise SettingsError(f"permissions must be of {', '.join(FEATURES)}, not {min(unknown)!r}")
        # A list could not be told apart from another one at once.
        object.__setattr__(self, "permissions", tuple(self.permissions))
        object.__setattr__(self, "trusted_proxies", tuple(self.trusted_proxies))
        for place in self.trusted_proxies:
            try:
                place == UNIX or ip_network(place)
            except ValueError as error:
                raise SettingsError(f"trusted_proxies: {error}") from None
        for name in ("health_path", "ready_path", "metrics"):
            if not _PATH.fullmatch(getattr(self, name)):
                raise SettingsError(f"{name} must be a path such as '/status' or empty, not {getattr(self, name)!r}")
        for name in ("frame_ancestors", "image_sources"):
            text = getattr(self, name)
            if any(char in part for part in ([text] if isinstance(text, str) else text) for char in ";,\r\n"):
                raise SettingsError(f"{name} must hold sources only: {text!r}")

    def find_secrets(self) -> list[str]:
        """The secrets set here or in the environment, the one that signs first; empty where there is none."""
        return self._own_secrets() or os.environ.get(_SECRET_VARIABLE, "").split()

    @property
    def guessable_secret(self) -> str:
        """What sets a secret that is shorter than it should be: `secret` or `JIBE_LIKE_SECRET`. Empty where none is."""
        if all(len(secret) >= SHORTEST_SECRET for secret in self.find_secrets()):
            return ""
        return "secret" if self._own_secrets() else _SECRET_VARIABLE

    def _own_secrets(self) -> list[str]:
        given = [self.secret] if isinstance(self.secret, str) else self.secret
        return [secret for secret in given if secret]


def _holds_str(value: object) -> bool:
    return isinstance(value, Sequence) and all(isinstance(item, str) for item in value)
