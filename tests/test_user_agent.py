"""What browsers say of themselves."""

import pytest

from jibe_like.session.functions.user_agent import MOST_CHARACTERS, UserAgent, parse_user_agent

IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 5_1 like Mac OS X) AppleWebKit/534.46 (KHTML, like Gecko) Version/5.1 "
    "Mobile/9B179 Safari/7534.48.3"
)
LINUX = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36"
WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:109.0) Gecko/20100101 Firefox/119.0"
MAC = (
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.1 "
    "Safari/605.1.15"
)
IPAD = (
    "Mozilla/5.0 (iPad; CPU OS 12_2 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/12.1 Mobile/15E148 "
    "Safari/604.1"
)
PHONE = (
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/119.0.0.0 Mobile Safari/537.36"
)
TABLET = "Mozilla/5.0 (Linux; Android 13; SM-X900) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/119.0 Safari/537.36"
BOT = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"


@pytest.mark.parametrize(
    ("text", "is_what", "touch", "shown"),
    [
        (IPHONE, "mobile", True, "iPhone / iOS 5.1 / Mobile Safari 5.1"),
        (LINUX, "pc", False, "PC / Linux / Chrome 120.0.0"),
        (WINDOWS, "pc", False, "PC / Windows 10 / Firefox 119.0"),
        (MAC, "pc", False, "PC / Mac OS X 10.15.7 / Safari 17.1"),
        (IPAD, "tablet", True, "iPad / iOS 12.2 / Mobile Safari 12.1"),
        (PHONE, "mobile", True, "K / Android 10 / Chrome Mobile 119.0.0"),
        (TABLET, "tablet", True, "SM-X900 / Android 13 / Chrome 119.0"),
        (BOT, "bot", False, "Spider / Other / Googlebot 2.1"),
        ("", "", False, "Other / Other / Other"),
        ("curl/8.5.0", "", False, "Other / Other / curl 8.5.0"),
    ],
)
def test_browsers(text: str, is_what: str, touch: bool, shown: str) -> None:
    agent = UserAgent(text)
    assert [kind for kind in ("mobile", "tablet", "pc", "bot") if getattr(agent, f"is_{kind}")] == [is_what][
        : bool(is_what)
    ]
    assert agent.is_touch_capable is touch
    assert str(agent) == shown


def test_parts() -> None:
    agent = UserAgent(IPHONE)
    assert (agent.browser.family, agent.browser.version, agent.browser.version_string) == (
        "Mobile Safari",
        (5, 1),
        "5.1",
    )
    assert (agent.os.family, agent.os.version, agent.os.version_string) == ("iOS", (5, 1), "5.1")
    assert (agent.device.family, agent.device.brand, agent.device.model) == ("iPhone", "Apple", "iPhone")
    assert UserAgent("Mozilla/5.0 (Windows NT 5.1) Firefox/3.0").os.version == ("XP",)


def test_equal_headers_are_one_object() -> None:
    assert parse_user_agent(LINUX) is parse_user_agent(LINUX)


def test_of_a_long_header_the_beginning_counts() -> None:
    agent = UserAgent(LINUX + " x" * 100_000)
    assert len(agent.ua_string) == MOST_CHARACTERS
    assert agent.browser.family == "Chrome"
