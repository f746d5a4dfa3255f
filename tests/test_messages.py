"""The shapes of messages, and how they are read and written."""

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from jibe_like.errors import ProtocolError
from jibe_like.wire.messages import (
    MAX_DEPTH,
    PONG,
    Event,
    decode_event,
    encode,
    encode_got,
    encode_hello,
    encode_kept,
    encode_ops,
    encode_root,
)

CLICK = '{"n":7,"ack":12,"id":"w3","event":"click","data":{"clientX":10,"clientY":5}}'


def nested(depth: int) -> str:
    """A value of so many levels."""
    return "[" * depth + "]" * depth


def test_an_event() -> None:
    assert decode_event(CLICK) == Event(7, 12, id="w3", event="click", data={"clientX": 10, "clientY": 5})
    assert decode_event('{"id":"w3","event":"change","properties":{"value":"a"}}') == Event(
        id="w3", event="change", properties={"value": "a"}
    )


def test_an_acknowledgement_alone() -> None:
    assert decode_event('{"ack":40}') == Event(ack=40)


def test_a_ping_alone_and_its_answer() -> None:
    assert decode_event('{"ping":1}') == Event(ping=1)
    assert decode_event('{"ack":40,"ping":1}') == Event(ack=40, ping=1)
    assert json.loads(PONG) == {"pong": 1}


def test_what_is_stored() -> None:
    assert encode_kept(9) == b'{"kept":9}'
    assert json.loads(encode_hello("t", 9, True, 0)) == {"hello": {"token": "t", "got": 9, "resumed": True, "kept": 0}}
    assert "kept" not in json.loads(encode_hello("t", 9, True))["hello"]


@pytest.mark.parametrize(
    "text",
    [
        '{ "id" : "w1" , "event"\n:\t"click" }',
        '{"id":"w1","event":"click","later":{"a":[1]}}',
        '{"id":"w1","event":"click","data":{"a":"\\":\\":"}}',
        '{"n":0,"ack":0,"id":"w1","event":"click","data":null,"properties":null}',
        '{"id":"w1","event":"click","data":{}}',
        '{"id":"w1","event":"click","data":{"a":{"a":{"a":1}},"b":[{"a":1},{"a":1}]}}',
        '{"id":"w1","event":"click","data":{"a":"\\ud83c\\udf89"}}',
        f'{{"id":"w1","event":"click","data":{{"a":{nested(MAX_DEPTH - 1)}}}}}',
        f'{{"n":{2**53},"id":"{"i" * 256}","event":"{"e" * 256}"}}',
    ],
    ids=range(9),
)
def test_what_is_well_formed_however_it_is_written(text: str) -> None:
    event = decode_event(text)
    assert event.id
    assert event.event
    assert event.data in (None, json.loads(text).get("data"))


BAD = {
    "nothing": "",
    "not JSON": "click",
    "cut off": CLICK[:-1],
    "two values": CLICK + CLICK,
    "a number": "7",
    "null": "null",
    "a list": f"[{CLICK}]",
    "a text": '"click"',
    "an empty object": "{}",
    "a number alone": '{"n":1}',
    "a ping of another kind": '{"ping":true}',
    "a ping that is none": '{"ping":0}',
    "two pings": '{"ping":1,"ping":1}',
    "no id": '{"event":"click"}',
    "no id, but an acknowledgement": '{"ack":3,"event":"click"}',
    "no event": '{"id":"w1"}',
    "an empty id": '{"id":"","event":"click"}',
    "an empty event": '{"id":"w1","event":""}',
    "a long id": f'{{"id":"{"i" * 257}","event":"click"}}',
    "a long event": f'{{"id":"w1","event":"{"e" * 257}"}}',
    "an id of another type": '{"id":3,"event":"click"}',
    "an event of another type": '{"id":"w1","event":["click"]}',
    "n is a text": '{"n":"7","id":"w1","event":"click"}',
    "n is a fraction": '{"n":1.5,"id":"w1","event":"click"}',
    "n is a boolean": '{"n":true,"id":"w1","event":"click"}',
    "n is negative": '{"n":-1,"id":"w1","event":"click"}',
    "n is huge": f'{{"n":{2**53 + 1},"id":"w1","event":"click"}}',
    "n has 5,000 digits": f'{{"n":{"1" * 5000},"id":"w1","event":"click"}}',
    "ack is a text": '{"ack":"1"}',
    "data is a list": '{"id":"w1","event":"click","data":[]}',
    "data is a text": '{"id":"w1","event":"click","data":"x"}',
    "properties is a number": '{"id":"w1","event":"change","properties":1}',
    "NaN": '{"id":"w1","event":"click","data":{"clientX":NaN}}',
    "Infinity": '{"id":"w1","event":"click","data":{"clientX":-Infinity}}',
    "a number out of range": '{"id":"w1","event":"click","data":{"clientX":1e999}}',
    "5,000 digits": f'{{"id":"w1","event":"click","data":{{"clientX":{"1" * 5000}}}}}',
    "5,000 digits where nobody looks": f'{{"id":"w1","event":"click","more":{"1" * 5000}}}',
    "half a character": '{"id":"w1","event":"click","data":{"key":"\\ud800"}}',
    "half a character as a key": '{"id":"w1","event":"click","data":{"\\udc00":1}}',
    "a control character": '{"id":"w1","event":"click","data":{"key":"\n"}}',
    "nested too deeply": f'{{"id":"w1","event":"click","data":{{"a":{nested(MAX_DEPTH)}}}}}',
    "objects nested too deeply": '{"id":"w1","event":"change","properties":' + '{"a":' * 17 + "1" + "}" * 18,
    "nested beyond all bounds": f'{{"id":"w1","event":"click","data":{{"a":{nested(100_000)}}}}}',
    "nested beyond all bounds where nobody looks": f'{{"id":"w1","event":"click","more":{nested(100_000)}}}',
    "a key twice": '{"id":"w1","id":"w2","event":"click"}',
    "a key twice, spaced": '{"id" :"w1","id":"w2","event":"click"}',
    "a key twice, both spaced": '{"id" :"w1","id"\n:"w2","event":"click"}',
    "a key twice, once escaped": '{"\\u0069d":"w1","id":"w2","event":"click"}',
    "a key twice in data": '{"id":"w1","event":"click","data":{"a":1,"a":2}}',
    "a key twice deep in data": '{"id":"w1","event":"click","data":{"b":[{"a":1,"a":2}]}}',
    "a key twice among unknown ones": '{"id":"w1","event":"click","x":1,"x":2}',
    "a key twice hidden by a zero": '{"n":0,"n":0,"id":"w1","event":"click"}',
    "a byte order mark": "\ufeff" + CLICK,
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_refused(name: str) -> None:
    with pytest.raises(ProtocolError) as caught:
        decode_event(BAD[name])
    assert str(caught.value)


def test_a_binary_frame_is_refused() -> None:
    with pytest.raises(ProtocolError, match="a binary frame"):
        decode_event(CLICK.encode())


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(st.text() | st.binary() | JSON.map(json.dumps))
@example("[" * 200_000)
@example('{"a":' * 200_000)
def test_nothing_but_a_protocol_error_is_raised(text: str | bytes) -> None:
    with suppress(ProtocolError):
        decode_event(text)


@given(
    st.dictionaries(
        st.sampled_from(["n", "ack", "id", "event", "data", "properties", "more"]),
        JSON | st.sampled_from(["w1", {}, 1]),
    ),
    st.sampled_from([None, 1, "\t"]),
)
def test_what_is_accepted_is_of_the_protocols_shape(message: dict[str, Any], indent: str | int | None) -> None:
    text = json.dumps(message, indent=indent)
    try:
        event = decode_event(text)
    except ProtocolError:
        return
    assert {"n": event.n, "ack": event.ack, "id": event.id, "event": event.event} == {
        "n": message.get("n", 0),
        "ack": message.get("ack", 0),
        "id": message.get("id"),
        "event": message.get("event"),
    }
    assert event.data == message.get("data")
    assert event.properties == message.get("properties")
    assert (event.id is None) == (event.event is None)


# -- what goes out


def test_frames() -> None:
    assert encode_ops(13, [["text", "w2", "a"]], 8) == b'{"seq":13,"got":8,"ops":[["text","w2","a"]]}'
    assert encode_ops(13, []) == b'{"seq":13,"ops":[]}'
    assert encode_root(14, ["main", {}]) == b'{"seq":14,"root":["main",{}]}'
    assert encode_root(14, ["main", {}], 3) == b'{"seq":14,"got":3,"root":["main",{}]}'
    assert encode_got(9) == b'{"got":9}'
    assert encode_hello("t", 7, True) == b'{"hello":{"token":"t","got":7,"resumed":true}}'


@given(JSON)
def test_whatever_is_encoded_is_valid_utf_8(value: Any) -> None:
    json.loads(encode({"seq": 1, "ops": [["message", value]]}).decode())


def test_half_a_character_is_replaced_wherever_it_stands() -> None:
    assert encode({"a\ud800": ["\udc00b", ("c",), {"d": "\ud83c"}], "e": 1}) == b'{"a?":["?b",["c"],{"d":"?"}],"e":1}'


@pytest.mark.parametrize("value", [object(), {"a": [object()]}, {1j: 2}, len])
def test_what_json_cannot_say(value: object) -> None:
    with pytest.raises(TypeError):
        encode(value)
