"""How much one connection may send, and how much one visitor and one address may do altogether."""

import logging
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Final, NamedTuple, TypeAlias

from jibe_like.session.connection import Visit
from jibe_like.session.log import about
from jibe_like.settings import Settings

logger = logging.getLogger("jibe_like.web")

MOST_IDLE: Final = 10_000
"""Visitors and addresses without a connection that are remembered; beyond, those are forgotten that were looked at
least recently."""
MOST_SECONDS: Final = 300.0
"""That they are remembered; no longer than it takes until they may do all again."""
LOOK_SECONDS: Final = 1.0
"""Between two looks at who may."""
LOOKED_AT: Final = 1_000
"""At most, each time: it stops the server for less than a millisecond."""

HANDSHAKES: Final = "handshakes"
FILES: Final = "files"
DOWNLOADS: Final = "downloads"
SIGN_INS: Final = "sign_ins"
UPLOADS: Final = "uploads"
RATED: Final = (HANDSHAKES, FILES, DOWNLOADS, SIGN_INS, UPLOADS)
"""What may be asked for only so often: by `<name>_per_second` and `<name>_burst` of the settings."""

CallLater: TypeAlias = Callable[[float, Callable[[], None]], Callable[[], object]]


class Rate:
    """A token bucket.

    :param per_second: tokens that come back a second.
    :param burst: tokens that it holds.
    """

    __slots__ = ("_at", "_burst", "_left", "_per_second", "complained")

    def __init__(self, per_second: float, burst: float) -> None:
        self.complained = False
        """Whether the log has it that there was nothing left: once, until there is."""
        self._per_second = per_second
        self._burst = self._left = float(burst)
        self._at = time.monotonic()

    def take(self) -> bool:
        """Whether there is one more."""
        if self._left < 1:
            now = time.monotonic()
            self._left = min(self._burst, self._left + (now - self._at) * self._per_second)
            self._at = now
            if self._left < 1:
                return False
        self._left -= 1
        return True

    def is_full(self, now: float) -> bool:
        """Whether all tokens have come back."""
        return self._left + (now - self._at) * self._per_second >= self._burst


class Pace:
    """A token bucket that may be overdrawn: who has taken too much waits until it is paid back.

    :param per_second: tokens that come back a second; 0: as many as anybody takes.
    :param burst: tokens that it holds.
    """

    __slots__ = ("_at", "_burst", "_left", "_per_second")

    def __init__(self, per_second: float, burst: float) -> None:
        self._per_second = per_second
        self._burst = self._left = float(burst)
        self._at = time.monotonic()

    def take(self, many: int) -> float:
        """Takes so many. Gives the seconds to wait then."""
        if not self._per_second:
            return 0.0
        now = time.monotonic()
        self._left = min(self._burst, self._left + (now - self._at) * self._per_second) - many
        self._at = now
        return max(0.0, -self._left / self._per_second)

    def is_full(self, now: float) -> bool:
        """Whether all tokens have come back."""
        return self._left + (now - self._at) * self._per_second >= self._burst


class Allowance(NamedTuple):
    """What may be sent."""

    events_per_second: float
    events_burst: float
    bytes_per_second: float
    bytes_burst: float

    def times(self, factor: float) -> "Allowance":
        """So many times as much."""
        return Allowance(*(factor * value for value in self))


class Budget:
    """Two token buckets in one: messages and their bytes."""

    __slots__ = ("_allowance", "_at", "_bytes", "_events")

    def __init__(self, allowance: Allowance) -> None:
        self._allowance = allowance
        self._events = allowance.events_burst
        self._bytes = allowance.bytes_burst
        self._at = time.monotonic()

    def take(self, size: int) -> str:
        """What there is too much of with one more message of this size: `events`, `bytes` or, where it may pass, ""."""
        if self._events < 1 or self._bytes < size:
            self._fill()
            if self._events < 1:
                return "events"
            if self._bytes < size:
                return "bytes"
        self._events -= 1
        self._bytes -= size
        return ""

    def is_full(self, now: float) -> bool:
        """Whether all tokens have come back."""
        allowance, seconds = self._allowance, now - self._at
        return (
            self._events + seconds * allowance.events_per_second >= allowance.events_burst
            and self._bytes + seconds * allowance.bytes_per_second >= allowance.bytes_burst
        )

    def _fill(self) -> None:
        now, allowance = time.monotonic(), self._allowance
        seconds = now - self._at
        self._events = min(allowance.events_burst, self._events + seconds * allowance.events_per_second)
        self._bytes = min(allowance.bytes_burst, self._bytes + seconds * allowance.bytes_per_second)
        self._at = now


class Whose(NamedTuple):
    """What each of a kind may do."""

    kind: str
    """`identity` or `address`."""
    connections: float
    rates: Mapping[str, tuple[float, float]]
    """Tokens a second, and tokens that a bucket holds, for each that is `RATED`."""
    pace: tuple[float, float]
    """The same for bytes of files that they send; 0 a second: as many as they like."""
    allowance: Allowance


class _One:
    """A visitor or an address: what they have done."""

    __slots__ = ("_pace", "budget", "connections", "key", "left_at", "rates", "whose")

    def __init__(self, whose: Whose, key: str) -> None:
        self.whose = whose
        self.key = key
        self.connections = 0
        self.left_at = 0.0
        """When their last connection went, by `time.monotonic`."""
        self.rates: dict[str, Rate] = {}
        self._pace: Pace | None = None
        self.budget = Budget(whose.allowance)

    def rate(self, what: str) -> Rate:
        """Their token bucket for one that is `RATED`."""
        found = self.rates.get(what)
        if found is None:
            found = self.rates[what] = Rate(*self.whose.rates[what])
        return found

    @property
    def pace(self) -> "Pace":
        """How fast they may send files."""
        if self._pace is None:
            self._pace = Pace(*self.whose.pace)
        return self._pace

    def is_as_new(self, now: float) -> bool:
        """Whether they may do all that somebody may who has never been here."""
        return (
            self.budget.is_full(now)
            and all(rate.is_full(now) for rate in self.rates.values())
            and (self._pace is None or self._pace.is_full(now))
        )


class Seat:
    """A connection's share in what its visitor and its address may do. To be left once."""

    __slots__ = ("_limits", "_ones")

    def __init__(self, limits: "Limits", ones: list[_One]) -> None:
        self._limits = limits
        self._ones = ones

    def take(self, size: int) -> str:
        """As of a Budget: `events_per_identity`, `bytes_per_address`, …"""
        for one in self._ones:
            reason = one.budget.take(size)
            if reason:
                return f"{reason}_per_{one.whose.kind}"
        return ""

    def leave(self) -> None:
        """The connection is gone."""
        for one in self._ones:
            one.connections -= 1
            if not one.connections:
                self._limits.rest(one)


class Limits:
    """The bounds of an application, and who has come how close to them.

    What an address may do does not count for this machine's own: who comes from there is its user, or a proxy that the
    settings do not name and behind which anybody may be.

    :param rejected: told of each refusal's reason.
    :param call_later: calls back after so many seconds, and gives what cancels that: it is then time to `forget`.
    """

    def __init__(
        self,
        settings: Settings,
        rejected: Callable[[str], object],
        call_later: CallLater | None = None,
    ) -> None:
        self.allowance = Allowance(
            settings.events_per_second,
            settings.events_burst,
            settings.bytes_per_second,
            # Else the largest message that is allowed could never be sent.
            max(settings.bytes_burst, settings.max_message_bytes),
        )
        """Of one connection."""
        many, more = settings.identity_factor, settings.address_factor
        rates: dict[str, tuple[float, float]] = {
            what: (getattr(settings, f"{what}_per_second"), getattr(settings, f"{what}_burst")) for what in RATED
        }
        self._identity = Whose(
            "identity",
            settings.connections_per_identity,
            rates,
            (settings.upload_bytes_per_second, settings.upload_bytes_burst),
            self.allowance.times(many),
        )
        self._address = Whose(
            "address",
            more * settings.connections_per_identity,
            {what: (more * per_second, more * burst) for what, (per_second, burst) in rates.items()},
            (more * settings.upload_bytes_per_second, more * settings.upload_bytes_burst),
            self.allowance.times(many * more),
        )
        self.rejected = rejected
        """To be told of what is refused for another reason, too."""
        self._present: dict[str, _One] = {}
        self._idle: OrderedDict[str, _One] = OrderedDict()
        self._call_later = call_later
        self._cancel: Callable[[], object] | None = None

    def __len__(self) -> int:
        """Visitors and addresses that are remembered."""
        return len(self._present) + len(self._idle)

    def knock(self, identity: str, address: str) -> str:
        """Somebody wants a page, or to open a connection. As `take`."""
        return self.take(HANDSHAKES, identity, address)

    def take(self, what: str, identity: str, address: str) -> str:
        """Somebody wants one that is `RATED`. Gives why they must wait; empty where they need not.

        :param identity: empty where there is none: their address alone counts then.
        """
        ones = self._ones(identity, address)
        reason = ""
        for one in ones:
            rate = one.rate(what)
            if what == HANDSHAKES and one.connections >= one.whose.connections:
                reason = f"connections_per_{one.whose.kind}"
            elif not rate.take():
                reason = f"{what}_per_{one.whose.kind}"
            if reason:
                break
            rate.complained = False
        if reason:
            self.rejected(reason)
            if not rate.complained:
                rate.complained = True
                hint = "; if it is a proxy, name it in trusted_proxies" if one.whose is self._address else ""
                logger.warning("refused: too many %s (%s%s)", reason, address, hint, extra=about(user=identity))
        for one in ones:
            if not one.connections:
                self.rest(one)
        return reason

    def admits_file(self, visit: Visit) -> bool:
        """Whether somebody may offer one more file."""
        return not self.take(UPLOADS, visit.identity, visit.address)

    def pace(self, identity: str, address: str, size: int) -> float:
        """Somebody has sent so many bytes of a file. Gives the seconds until they may send more."""
        ones = self._ones(identity, address)
        seconds = max((one.pace.take(size) for one in ones), default=0.0)
        for one in ones:
            if not one.connections:
                self.rest(one)
        return seconds

    def enter(self, identity: str, address: str) -> Seat | None:
        """A connection has opened. None where nothing is counted."""
        ones = self._ones(identity, address)
        for one in ones:
            one.connections += 1
            self._idle.pop(one.key, None)
            self._present[one.key] = one
        return Seat(self, ones) if ones else None

    def rest(self, one: _One) -> None:
        """They have no connection, and are forgotten once nothing speaks against them any more."""
        self._present.pop(one.key, None)
        if not self._present:
            self._present.clear()  # else it keeps the room for as many as it once held
        one.left_at = time.monotonic()
        if one.is_as_new(one.left_at):
            self._idle.pop(one.key, None)
            return
        self._idle[one.key] = one
        self._idle.move_to_end(one.key)
        if len(self._idle) > MOST_IDLE:
            self._idle.popitem(last=False)
        self._look_later()

    def forget(self) -> None:
        """Those who have no connection are looked at in turn, some at once."""
        self.close()
        now = time.monotonic()
        for _ in range(min(len(self._idle), LOOKED_AT)):
            key, one = self._idle.popitem(last=False)
            if not one.is_as_new(now) and now - one.left_at < MOST_SECONDS:
                self._idle[key] = one
        if self._idle:
            self._look_later()
        else:
            self._idle.clear()  # as above

    def _look_later(self) -> None:
        if self._cancel is None and self._call_later is not None:
            self._cancel = self._call_later(LOOK_SECONDS, self.forget)

    def close(self) -> None:
        """The server stops."""
        if self._cancel is not None:
            self._cancel()
            self._cancel = None

    def _ones(self, identity: str, address: str) -> list[_One]:
        keys = ((self._identity, identity), (self._address, place_of(address)))
        return [self._find(whose, key) for whose, key in keys if key]

    def _find(self, whose: Whose, name: str) -> _One:
        key = f"{whose.kind} {name}"
        return self._present.get(key) or self._idle.get(key) or _One(whose, key)


def place_of(address: str) -> str:
    """Whom an address stands for: with IPv6, one line has 2⁶⁴ of them. Empty for this machine's own."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return ""
    if isinstance(found, IPv6Address) and found.ipv4_mapped is not None:
        found = found.ipv4_mapped
    if found.is_loopback or found.is_unspecified:
        return ""
    return str(ip_network((found, 64), strict=False)) if isinstance(found, IPv6Address) else str(found)
