"""A session as bytes: pickled, signed, and checked before anything in it is believed.

The signature is the trust boundary. Unpickling runs what the bytes say, so whoever can choose them can run code in the
server. The store is therefore not trusted: it may be a file that others can write, a shared Redis, a restored backup.
`Snapshots.load` compares an HMAC-SHA256 over everything it is about to read, in constant time, and touches pickle only
after that; bytes which were not written with one of the secrets raise SnapshotError and are never parsed. So a snapshot
is as safe as the secret, and no safer: who knows it owns the server. Bytes in a snapshot that came from a browser are
harmless, since they are data to the pickler that writes them.

    magic (3 bytes) | version (1 byte) | HMAC-SHA256 (32 bytes) | canonical name of __main__, state (two pickles)
"""

import hmac
import io
import logging
import pickle
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import BuiltinMethodType, CellType, FunctionType, MethodType, MethodWrapperType
from typing import Any, Final

from jibe_like.errors import MisfitSnapshotError, SnapshotError, UnpicklableError

from .code_reference import find_attribute, remember_main
from .live_objects import LIVE, REFUSED, reduce_live, refuse
from .main_module import MAIN, canonical_module, resolve_module
from .stored_functions import noting_losses, reduce_builtin, reduce_cell, reduce_function, reduce_method
from .unpicklable import find_unpicklable

logger = logging.getLogger("jibe_like.session")

MAGIC: Final = b"jls"
VERSION: Final = 1
PROTOCOL: Final = 5

_START: Final = MAGIC + bytes([VERSION])
_BODY: Final = len(_START) + 32
_DEEPEST: Final = 4_000
"""Calls within calls while pickling: it takes about 1 MB of the thread's stack."""

Reducer = Callable[[Any], Any]
_FUNCTIONS: Final[dict[type, Reducer | None]] = {
    FunctionType: reduce_function,
    MethodType: reduce_method,
    BuiltinMethodType: reduce_builtin,
    MethodWrapperType: reduce_builtin,
    CellType: reduce_cell,
}


@dataclass(frozen=True, slots=True)
class Restored:
    """What a snapshot held."""

    state: Any
    warnings: list[str] = field(default_factory=list)
    """A line for each function that today's code does not have; calling it raises LostFunctionError."""


class Snapshots:
    """Makes snapshots and reads them.

    :param secrets: the first signs, all verify, so that keys can rotate. Raises ValueError where there is none.
    :param live: classes beside those of `live_objects` whose instances belong to the running server and come back as
        None: the session, its server.

    Make it when the server starts: the code of the started script is read then.
    """

    def __init__(self, secrets: Sequence[str], live: tuple[type, ...] = ()) -> None:
        if isinstance(secrets, str) or not secrets or not all(secrets):
            raise ValueError("snapshots need a list of secrets, of which none is empty")
        # A key of their own: nothing else that is signed with the same secret can pass for a snapshot.
        self._keys = [_sign(secret.encode(), b"jibe_like snapshot " + _START) for secret in secrets]
        self._live = LIVE + live
        self._logged: set[str] = set()
        remember_main()

    def dump(self, state: object, context: str = "", *, explain: bool = True) -> bytes:
        """The state as bytes.

        :param context: what the snapshot belongs to (application and session); `load` must be told the same, so that
            it cannot be put in the place of another.
        :param explain: whether to search for what cannot be stored, which is slow; else the error names the whole.

        Raises UnpicklableError with the path of the first thing that cannot be stored.
        """
        try:
            buffer = self._pickled(state)
        except Exception as error:
            raise self._explained(state, error, explain) from error
        view = buffer.getbuffer()
        view[: len(_START)] = _START
        view[len(_START) : _BODY] = self._signature(self._keys[0], context, view[_BODY:])
        return view.tobytes()

    def load(self, data: bytes, context: str = "") -> Restored:
        """What was dumped, with today's code.

        Raises SnapshotError where the bytes were not written with one of the secrets for this context, in which case
        they are not unpickled; MisfitSnapshotError where they were, but today's code cannot take them.
        """
        if data[: len(MAGIC)] != MAGIC or len(data) <= _BODY:
            raise SnapshotError("not a snapshot")
        if data[len(MAGIC)] != VERSION:
            raise SnapshotError(f"a snapshot of version {data[len(MAGIC)]}, and this program reads version {VERSION}")
        signature, body = data[len(_START) : _BODY], memoryview(data)[_BODY:]
        signed = [hmac.compare_digest(self._signature(key, context, body), signature) for key in self._keys]
        if not any(signed):
            raise SnapshotError("the snapshot was changed, or signed with another secret")
        with noting_losses() as losses:
            try:
                file = io.BytesIO(body)
                state = _Unpickler(file, pickle.load(file)).load()
            except Exception as error:
                raise MisfitSnapshotError(
                    f"the snapshot does not fit the code: {type(error).__name__}: {error}"
                ) from error
        self._log(losses)
        return Restored(state, list(losses))

    def _pickled(self, state: object) -> io.BytesIO:
        """The state, after room for what precedes it."""
        try:
            return self._pickled_within_limits(state)
        except RecursionError:
            # Rows that each refer to the next are nested as deep as there are rows.
            limit = sys.getrecursionlimit()
            sys.setrecursionlimit(max(limit, _DEEPEST))
            try:
                return self._pickled_within_limits(state)
            finally:
                sys.setrecursionlimit(limit)

    def _pickled_within_limits(self, state: object) -> io.BytesIO:
        buffer = io.BytesIO()
        buffer.write(bytes(_BODY))
        pickle.dump(canonical_module(MAIN), buffer, PROTOCOL)
        _Pickler(buffer, self._live).dump(state)
        return buffer

    @staticmethod
    def _signature(key: bytes, context: str, body: memoryview) -> bytes:
        return _sign(_sign(key, context.encode("utf-8", "surrogatepass")), body)

    def _explained(self, state: object, error: Exception, explain: bool) -> UnpicklableError:
        if explain:
            override = _Pickler(io.BytesIO(), self._live).reducer_override
            found = find_unpicklable(state, override, too_deep=isinstance(error, RecursionError))
            if found is not None:
                return found
        kind = type(state)
        return UnpicklableError(
            "the session", f"{kind.__module__}.{kind.__qualname__}", f"{type(error).__name__}: {error}"
        )

    def _log(self, losses: dict[str, None]) -> None:
        """A thousand sessions of one application have lost the same function: that is one line."""
        for line in losses:
            if line not in self._logged:
                self._logged.add(line)
                logger.warning("restoring a session: %s", line)


def _sign(key: bytes, data: bytes | memoryview) -> bytes:
    return hmac.digest(key, data, "sha256")


class _Pickler(pickle.Pickler):
    def __init__(self, file: io.BytesIO, live: tuple[type, ...]) -> None:
        super().__init__(file, PROTOCOL)
        self._live = live
        self._reducers = dict(_FUNCTIONS)

    def reducer_override(self, obj: Any) -> Any:
        kind = type(obj)
        try:
            reducer = self._reducers[kind]
        except KeyError:
            reducer = self._reducers[kind] = self._reducer(kind)
        return NotImplemented if reducer is None else reducer(obj)

    def _reducer(self, kind: type) -> Reducer | None:
        if issubclass(kind, self._live) or kind.__module__ == "uvloop.loop":
            return reduce_live
        return refuse if issubclass(kind, REFUSED) else None


class _Unpickler(pickle.Unpickler):
    """Finds the classes of the script that was started when the snapshot was made."""

    def __init__(self, file: io.BytesIO, main: str) -> None:
        super().__init__(file)
        self._main = main

    def find_class(self, module_name: str, name: str) -> Any:
        module = sys.modules.get(module_name)
        if module is None or module_name == MAIN:
            module = resolve_module(self._main if module_name == MAIN else module_name)
        return find_attribute(module, name)
