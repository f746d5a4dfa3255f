"""What a browser's User-Agent header says, read by ua-parser."""

from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import ua_parser

MOST_CHARACTERS: Final = 1024
"""Of a header that are looked at. Matching takes time, and browsers send a fifth of it."""

_OTHER: Final = "Other"
_PHONES: Final = frozenset(
    ("iPhone", "iPod", "iOS-Device", "Generic Smartphone", "Generic Feature Phone", "PlayStation Vita")
)
_PHONE_SYSTEMS: Final = frozenset(
    ("BlackBerry OS", "Windows Phone", "Symbian OS", "Bada", "Windows CE", "Windows Mobile", "Maemo", "KaiOS")
)
_PHONE_BROWSERS: Final = frozenset(
    ("IE Mobile", "Opera Mobile", "Opera Mini", "Chrome Mobile", "Chrome Mobile WebView", "Chrome Mobile iOS")
)
_TABLETS: Final = frozenset(
    ("iPad", "BlackBerry Playbook", "Kindle", "Kindle Fire", "Kindle Fire HD", "Galaxy Tab", "Xoom", "Dell Streak")
)
_TOUCH_SYSTEMS: Final = frozenset(
    ("iOS", "iPadOS", "Android", "Windows Phone", "Windows CE", "Windows Mobile", "Firefox OS", "MeeGo", "HarmonyOS")
)
_DESKTOPS: Final = frozenset(
    ("Windows", "Mac OS X", "Chrome OS", "Solaris", "FreeBSD", "OpenBSD", "NetBSD", "Ubuntu", "Fedora", "Debian")
)


@dataclass(frozen=True, slots=True)
class Software:
    """A browser or an operating system. `version` holds a number where a part is one, else its text."""

    family: str = _OTHER
    version: tuple[int | str, ...] = ()

    @property
    def version_string(self) -> str:
        """As it is written: `5.1`."""
        return ".".join(map(str, self.version))

    def __str__(self) -> str:
        return f"{self.family} {self.version_string}".rstrip()


@dataclass(frozen=True, slots=True)
class Device:
    """The visitor's device; brand and model are None where the browser does not tell."""

    family: str = _OTHER
    brand: str | None = None
    model: str | None = None


class UserAgent:
    """What a browser says of itself: `browser`, `os`, `device`, and what that means. It may be untrue.

    :param text: the User-Agent header.
    """

    def __init__(self, text: str) -> None:
        self.ua_string = text[:MOST_CHARACTERS]
        found = _parser().parse(self.ua_string)
        self.browser = _software(found.user_agent)
        self.os = _software(found.os)
        told = found.device
        self.device = Device(told.family, told.brand, told.model) if told is not None else Device()

    def __str__(self) -> str:
        return f"{'PC' if self.is_pc else self.device.family} / {self.os} / {self.browser}"

    @property
    def is_mobile(self) -> bool:
        """Whether it is a phone."""
        return not self.is_tablet and (
            self.device.family in _PHONES
            or self.browser.family in _PHONE_BROWSERS
            or self.os.family in _PHONE_SYSTEMS
            or self.os.family in ("Android", "Firefox OS")
            or any(word in self.ua_string for word in ("J2ME", "MIDP", "iPhone;", "Googlebot-Mobile"))
            or ("Mobile" in self.browser.family and self.is_bot)
        )

    @cached_property
    def is_tablet(self) -> bool:
        """Whether it is a tablet."""
        if self.device.family in _TABLETS:
            return True
        if self.os.family == "Android":
            # Phones say so.
            return "Mobile" not in self.ua_string
        if self.os.family == "Firefox OS":
            return "Mobile" not in self.browser.family
        return self.os.family == "Windows" and self.os.version[:1] == ("RT",)

    @property
    def is_touch_capable(self) -> bool:
        """Whether it is a system that is used by touch."""
        return (
            self.os.family in _TOUCH_SYSTEMS
            or self.is_tablet
            or (self.os.family == "Windows" and "Touch" in self.ua_string)
        )

    @property
    def is_pc(self) -> bool:
        """Whether it is a desktop or laptop computer."""
        if self.is_mobile or self.is_tablet or self.is_bot:
            return False
        return self.os.family in _DESKTOPS or ("Linux" in self.ua_string and "X11" in self.ua_string)

    @property
    def is_bot(self) -> bool:
        """Whether it is a program that reads pages."""
        return self.device.family == "Spider"


@lru_cache(maxsize=256)
def parse_user_agent(text: str) -> UserAgent:
    """What the header says. Thousands of visitors have a few browsers: one object for all of one kind."""
    return UserAgent(text)


@cache
def _parser() -> "ua_parser.Parser":
    from ua_parser import Parser
    from ua_parser.basic import Resolver
    from ua_parser.loaders import load_lazy_builtins

    # It compiles its many patterns one by one when they are first needed: all at once would stop the server for long.
    return Parser(Resolver(load_lazy_builtins()))


def _software(told: "ua_parser.UserAgent | ua_parser.OS | None") -> Software:
    if told is None:
        return Software()
    parts = (told.major, told.minor, told.patch)
    return Software(told.family, tuple(int(part) if part.isdigit() else part for part in parts if part is not None))
