"""What may be chosen when a server starts: in the code, on the command line or in the environment, in this order.

The options stand in one table, from which the command line is made and which docs/server.md repeats.
"""

import argparse
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, NoReturn

from jibe_like.errors import SettingsError
from jibe_like.session.registry import MODES
from jibe_like.settings import Settings

_YES: Final = ("1", "true", "yes", "on")
_NO: Final = ("0", "false", "no", "off", "")


def _flag(text: str) -> bool:
    word = text.strip().lower()
    if word not in _YES + _NO:
        raise ValueError("1 or 0")
    return word in _YES


def _port(text: str) -> int:
    if not (text.strip().isdecimal() and int(text) < 65536):
        raise ValueError("a whole number from 0 to 65535")
    return int(text)


def port_given(port: object) -> int | None:
    """The port that somebody has given in the code. Raises SettingsError for what is none."""
    if port is None or (isinstance(port, int) and 0 <= port < 65536):
        return port
    raise SettingsError(f"port must be a whole number from 0 to 65535, not {port!r:.60}")


def _seconds(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 <= number < float("inf"):
        raise ValueError("a number of seconds, zero or more")
    return number


def _bytes(text: str) -> int:
    if not (text.strip().isdecimal() and len(text) < 16):
        raise ValueError("a whole number of bytes")
    return int(text)


def _mode(text: str) -> str:
    if text not in MODES:
        raise ValueError(f"one of {', '.join(MODES)}")
    return text


def _backend(text: str) -> str:
    if text != "tornado":
        raise ValueError("tornado")
    return text


def _text(text: str) -> str:
    return text


@dataclass(frozen=True)
class Option:
    """One thing that may be chosen."""

    name: str
    read: Callable[[str], Any]
    """Makes a value of a text. Raises ValueError that says what it should have been."""
    default: Any = None
    """None: as the application's class or settings say."""
    flags: tuple[str, ...] = ()
    """On the command line; none: it cannot be chosen there."""
    help: str = ""
    metavar: str = ""
    """What stands for the value in the help; empty: the option takes none."""

    @property
    def variable(self) -> str:
        """In the environment."""
        return f"JIBE_LIKE_{self.name.upper()}"


OPTIONS: Final = {
    option.name: option
    for option in (
        Option("port", _port, 8881, ("-p", "--port"), "listen at this port; 0 takes a free one", "PORT"),
        Option("host", _text, "localhost", ("--host",), "listen at this interface; empty for all", "HOST"),
        Option(
            "timeout", _seconds, 0.0, ("--timeout",), "stop when no page was there for so long; 0: never", "SECONDS"
        ),
        Option("open_browser", _flag, False, ("--open-browser",), "show the application in the browser"),
        Option("store", _text, None, ("--store",), "where sessions are kept: sqlite:///jibe.db", "URL"),
        Option("mode", _mode, None, ("--mode",), f"who shares a session: {', '.join(MODES)}", "MODE"),
        Option("debug", _flag, None, ("--debug",), "show errors in the page"),
        Option("log_network", _text, "", ("--log-network",), "write all frames to this file", "FILE"),
        Option("backend", _backend, "tornado"),
        Option("ws_max_msg_size", _bytes),
        Option("ws_heart_beat", _seconds),
        Option("desktop_debug", _flag, False),
    )
}


class CommandLine(argparse.ArgumentParser):
    """Says in one line what is wrong."""

    def error(self, message: str) -> NoReturn:
        """Ends the program."""
        raise SystemExit(f"jibe_like: {message}")


def make_parser(name: str) -> CommandLine:
    """The command line of a server. The user may add arguments."""
    parser = CommandLine(description=f"Serves {name}.", allow_abbrev=False)
    for option in OPTIONS.values():
        if option.flags and option.metavar:
            parser.add_argument(*option.flags, metavar=option.metavar, help=option.help, type=_for_argparse(option))
        elif option.flags:
            parser.add_argument(*option.flags, action="store_const", const=True, help=option.help)
    parser.add_argument(
        "--server", dest="open_browser", action="store_const", const=False, help="leave the browser alone"
    )
    parser.add_argument("--app", action="store_true", help="show the application in a window of its own")
    return parser


def _for_argparse(option: Option) -> Callable[[str], Any]:
    def read(text: str) -> Any:
        try:
            return option.read(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(f"must be {error}, not {text!r}") from None

    return read


@dataclass(frozen=True)
class Choices:
    """What command line and environment say.

    :param command_line: what was given there, by name; None for what was not.
    """

    command_line: Mapping[str, Any] = field(default_factory=dict)

    def __call__(self, name: str, given: Any = None, default: Any = None) -> Any:
        """The value of an option: the one `given` in the code, else the first found.

        :param default: in place of the option's own.

        Raises SettingsError that names the variable for a value in the environment that makes no sense.
        """
        if given is not None:
            return given
        chosen = self.command_line.get(name)
        if chosen is not None:
            return chosen
        option = OPTIONS[name]
        text = os.environ.get(option.variable)
        if text is None:
            return option.default if default is None else default
        try:
            return option.read(text)
        except ValueError as error:
            raise SettingsError(f"{option.variable} must be {error}, not {text!r:.60}") from None

    def settings(self, base: Settings, options: Mapping[str, Any], store: str | None = None) -> Settings:
        """The settings of an application, with what was chosen elsewhere for what they leave at its default.

        :param options: of the server.
        :param store: given beside the settings.
        """
        plain = Settings()
        changes: dict[str, Any] = {"store": self("store", store or _unless(plain.store, base.store)) or plain.store}
        changes["debug"] = bool(self("debug", _unless(plain.debug, base.debug)))
        for name, setting in (("ws_max_msg_size", "max_message_bytes"), ("ws_heart_beat", "ping_interval")):
            chosen = self(name, options.get(name))
            if chosen is not None:
                changes[setting] = chosen
        return replace(base, **changes)

    def mode(self, given: str | None) -> str:
        """Who shares a session."""
        return str(self("mode", given) or MODES[0])


def _unless(default: Any, value: Any) -> Any:
    return None if value == default else value


def read_command_line(parser: argparse.ArgumentParser, arguments: Sequence[str] | None) -> dict[str, Any]:
    """What the arguments say; those that the parser does not know are somebody else's.

    :param arguments: None: those of the program.
    """
    return vars(parser.parse_known_args(arguments)[0])
