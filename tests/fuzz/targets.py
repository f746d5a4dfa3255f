"""What is fuzzed. A target takes any bytes, and raises where what must always hold does not."""

import json
import re
import time
from collections.abc import Callable
from pathlib import PurePath, PureWindowsPath
from typing import Final

from tornado.httputil import HTTPHeaders, HTTPServerRequest, RequestStartLine, parse_cookie

from jibe_like.errors import MisfitSnapshotError, ProtocolError, SnapshotError
from jibe_like.session.auth.identity import Identities, _sign
from jibe_like.session.auth.sealed import Seal
from jibe_like.session.snapshot.snapshot import Snapshots
from jibe_like.session.token import Claims, Tokens
from jibe_like.session.uploads.kinds import accepts, type_of, type_of_name
from jibe_like.session.uploads.names import clean_name
from jibe_like.web.multipart import BadForm, FileForm
from jibe_like.web.origin import is_allowed
from jibe_like.wire.messages import decode_event

from .server import Server

Target = Callable[[bytes], None]

SECRET: Final = "the secret that the corpus is signed with"

_CLAIMS: Final = Claims("session", "connection", "identity")
_tokens: Final = Tokens([SECRET], "fuzz", 2**33 - time.time())

_STATE: Final = {"text": ["a", "b"], "number": 1}
_snapshots: Final = Snapshots([SECRET])

_SEALED: Final = {"access_token": "secret"}
_seal: Final = Seal([SECRET], "fuzz")

_identities: Final = Identities([SECRET])


def decoder(data: bytes) -> None:
    """What a page sends: a ProtocolError, or the event that the JSON says and no other."""
    text = data.decode("utf-8", "replace")
    try:
        event = decode_event(text)
    except ProtocolError:
        return
    said = json.loads(text)
    for name in ("n", "ack", "ping"):
        assert getattr(event, name) == said.get(name, 0), name
    for name in ("id", "event", "data", "properties"):
        assert getattr(event, name) == said.get(name), name
    assert event.id is None or event.event is not None


def tokens(data: bytes) -> None:
    """A page's token: nothing, or what was signed."""
    claims = _tokens.check(data.decode("utf-8", "surrogateescape"))
    assert claims is None or claims == _CLAIMS


def snapshots(data: bytes) -> None:
    """What a store gives back: a SnapshotError before anything is unpickled, or what was signed."""
    try:
        state = _snapshots.load(data, "fuzz").state
    except MisfitSnapshotError as error:
        raise AssertionError("it was unpickled") from error
    except SnapshotError:
        return
    assert state == _STATE


def seals(data: bytes) -> None:
    """What a store keeps of a sign-in: nothing, or what was sealed."""
    content = _seal.open(data)
    assert content is None or content == _SEALED


def cookies(data: bytes) -> None:
    """The header `Cookie`: nobody is who was not signed."""
    found = parse_cookie(data.decode("latin-1"))
    assert {_identities.find(found, secure) for secure in (False, True)} <= {"", "ada"}


def origins(data: bytes) -> None:
    """The header `Origin`: one that is allowed names this host, and no other."""
    origin = data.decode("latin-1")
    request = HTTPServerRequest(
        start_line=RequestStartLine("GET", "/", "HTTP/1.1"), headers=HTTPHeaders({"Host": "example.org"})
    )
    try:
        request.headers["Origin"] = origin
    except ValueError:
        return  # no such header comes through
    if is_allowed(request, ()):
        # Browsers and `urlsplit` alike pass over these.
        _, _, named = re.sub("[\t\r\n]", "", origin.lower()).partition("//")
        assert re.match(r"example\.org(:80|:443)?([/?#]|$)", named), origin


def forms(data: bytes) -> None:
    """The form that a file comes in: a BadForm or the same content, in whatever pieces it comes."""
    content = _content(data, len(data) or 1)
    assert content is None or len(content) < len(data)
    for size in (1, 7):
        assert _content(data, size) == content, size


def _content(data: bytes, size: int) -> bytes | None:
    """What a form has for a file, where it is fed by so many bytes at a time; None where it is no such form."""
    form, pieces = FileForm("multipart/form-data; boundary=b"), []
    try:
        for start in range(0, len(data), size):
            pieces += form.feed(data[start : start + size])
    except BadForm:
        return None
    return b"".join(pieces) if form.is_whole else None


def files(data: bytes) -> None:
    """A file's name and first bytes: a name that does no harm, and a type that is accepted as what it is."""
    name, _, head = data.partition(b"\n")
    clean = clean_name(name.decode("utf-8", "surrogateescape"))
    assert clean == clean_name(clean)
    assert PurePath(clean).name == clean
    assert PureWindowsPath(clean).name == clean
    found = type_of(head, clean)
    assert accepts(["*/*"], clean, found) or found != type_of_name(clean)
    assert found.startswith("image/") or not accepts(["image/*"], clean, found)


_server: Server | None = None


def http(data: bytes) -> None:
    """A request, head and body: an answer which is no error of the server's, and nothing of the kind in the log."""
    global _server
    _server = _server or Server()
    _server.request(data)


TARGETS: Final[dict[str, Target]] = {
    target.__name__: target for target in (decoder, tokens, snapshots, seals, cookies, origins, forms, files, http)
}
"""All of them, by name."""


def signed() -> dict[str, bytes]:
    """An input of each target that it takes, where that needs the secret."""
    return {
        "tokens": _tokens.issue(_CLAIMS).encode(),
        "snapshots": _snapshots.dump(_STATE, "fuzz"),
        "seals": _seal.seal(_SEALED),
        "cookies": f"{_identities.cookie_name(False)}=ada.{_sign(_identities._keys[0], 'ada')}".encode(),
    }
