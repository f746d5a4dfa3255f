"""Whatever a page sends: one warning, no error, and no effect on anybody else."""

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from jibe_like.tree.events import DOM_EVENTS
from tests.integration.attack import Attack, Form
from tests.integration.conftest import Mounted
from tests.integration.visitor import Visitor

EXAMPLES = settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])

WIDGETS = ["topwidget", "go", "entry", "tick", "size", "toppings", "plain"]
EVENTS = ["click", "change", "input", "keydown", "focus"]


def is_json(text: str) -> bool:
    with suppress(ValueError, RecursionError):
        json.loads(text)
        return True
    return False


# What UTF-8, and so a browser, can send.
TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=300)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner), max_leaves=10)
WIDGET = st.sampled_from(WIDGETS)
EVENT = st.sampled_from(EVENTS)


# -- no message at all


def test_not_json(attack: Attack) -> None:
    @EXAMPLES
    @given(TEXTS.filter(lambda text: not is_json(text)))
    @example("")
    @example("{")
    @example('{"id":"go","event":"click"}{"id":"go","event":"click"}')
    @example('{"id":"go","event":"click",}')
    @example("{'id':'go','event':'click'}")
    @example('\ufeff{"id":"go","event":"click"}')
    @example('{"id":"go","event":"cli\nck"}')
    @example('{"id":"go","event":"click"} \x00')
    def check(text: str) -> None:
        attack.refused(text, "JSON|truncated|Expected `object`")

    check()


def test_not_an_object(attack: Attack) -> None:
    @EXAMPLES
    @given(SCALARS | st.lists(VALUES))
    def check(value: Any) -> None:
        attack.refused(json.dumps(value), "Expected `object`|range")

    check()


def test_binary_frames(attack: Attack) -> None:
    @EXAMPLES
    @given(st.binary())
    @example(b'{"id":"go","event":"click"}')
    def check(data: bytes) -> None:
        attack.refused(data, "^a binary frame$")

    check()


# -- of the wrong shape


WRONG = {
    "id": st.integers() | st.booleans() | st.lists(VALUES) | st.dictionaries(TEXTS, VALUES) | st.just(""),
    "event": st.integers() | st.booleans() | st.lists(VALUES) | st.dictionaries(TEXTS, VALUES) | st.just(""),
    "n": TEXTS | st.none() | st.booleans() | st.integers(max_value=-1) | st.integers(2**53 + 1) | st.lists(VALUES),
    "ack": TEXTS
    | st.none()
    | st.booleans()
    | st.integers(max_value=-1)
    | st.just(1.5)
    | st.dictionaries(TEXTS, VALUES),
    "data": TEXTS | st.booleans() | st.integers() | st.lists(VALUES),
    "properties": TEXTS | st.booleans() | st.integers() | st.lists(VALUES),
}


@pytest.mark.parametrize("key", list(WRONG))
def test_wrong_types(attack: Attack, key: str) -> None:
    @EXAMPLES
    @given(WRONG[key])
    def check(value: Any) -> None:
        attack.refused({"id": "go", "event": "click", key: value}, rf"`\$\.{key}`|out of range")

    check()


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ({}, "no id"),
        ({"n": 1}, "no id"),
        ({"ack": 0}, "no id"),
        ({"event": "click"}, "no id"),
        ({"n": 1, "ack": 1, "event": "click", "data": {}}, "no id"),
        ({"id": None, "event": "click"}, "no id"),
        ({"id": "go"}, "no event"),
        ({"n": 1, "id": "go"}, "no event"),
        ({"id": "go", "event": None}, "no event"),
        ({"hello": {"token": "x"}}, "no id"),
        ({"ID": "go", "Event": "click"}, "no id"),
    ],
)
def test_missing_keys(attack: Attack, message: dict[str, Any], reason: str) -> None:
    attack.refused(message, f"^{reason}$")


def test_keys_that_nobody_knows_are_left_alone(attack: Attack) -> None:
    assert attack.send({"id": "plain", "event": "focus", "further": {"in": ["a", 1]}}) == []


@pytest.mark.parametrize("where", ["data", "properties", "further"])
@pytest.mark.parametrize("opening", ["[", '{"a":'])
@pytest.mark.parametrize("depth", [17, 1_000, 30_000])
def test_deep_nesting(attack: Attack, where: str, opening: str, depth: int) -> None:
    closing = "]" if opening == "[" else "}"
    nested = opening * depth + "1" + closing * depth
    message = f'{{"id":"go","event":"focus","{where}":{{"x":{nested}}}}}'
    if where == "further" and depth == 17:
        # Nobody looks into it.
        assert attack.send(message) == []
    else:
        attack.refused(message, "deep|recursion")


@pytest.mark.parametrize(
    "number", ["NaN", "Infinity", "-Infinity", "1e999", "-1e999", "0x10", "01", "1.", ".5", "+1", "١"]
)
@pytest.mark.parametrize(
    "message", ['{"id":"go","event":"click","data":{"x":%s}}', '{"id":"go","event":"click","n":%s}']
)
def test_numbers_that_are_none(attack: Attack, message: str, number: str) -> None:
    attack.refused(message % number, "JSON|range|invalid|Expected")


@pytest.mark.parametrize(
    "message",
    [
        '{"id":"go","id":"entry","event":"click"}',
        '{"id":"go","event":"click","event":"click"}',
        '{"id":"go","event":"click","n":1,"n":2}',
        '{"id":"go","event":"click","data":{"a":1,"a":1}}',
        '{"id":"go","event":"click","data":{"a":1, "a" : 1}}',
        '{"id":"go","event":"click","data":{"b":[{"a":1,"\\u0061":2}]}}',
        '{"id":"go","\\u0069d":"entry","event":"click"}',
        '{"id":"entry","event":"change","properties":{"value":"a","value":"b"}}',
        '{"id":"go","event":"click","further":{"a":1,"a":2}}',
        '{"id":"go","event":"click","further":1,"further":2}',
        '{"id":"go","event":"click","data":null,"data":null}',
    ],
)
def test_duplicate_keys(attack: Attack, message: str) -> None:
    attack.refused(message, "^a key stands twice in one object$")


@pytest.mark.parametrize("surrogate", ["\\ud800", "\\udfff", "\\ud800x", "\\udc00\\ud800", "\\uD83D"])
@pytest.mark.parametrize(
    "message",
    [
        '{"id":"go%s","event":"click"}',
        '{"id":"go","event":"click%s"}',
        '{"id":"go","event":"click","data":{"key":"%s"}}',
        '{"id":"go","event":"click","data":{"%s":1}}',
        '{"id":"entry","event":"change","properties":{"value":"%s"}}',
        '{"id":"entry","event":"change","properties":{"%s":"x"}}',
        '{"id":"go","event":"click","further":"%s"}',
    ],
)
def test_lone_surrogates(attack: Attack, message: str, surrogate: str) -> None:
    attack.refused(message % surrogate, "surrogate|truncated")


# -- to nobody, or to somebody who does not take it


def test_unknown_widgets(attack: Attack) -> None:
    @EXAMPLES
    # The dot is the session itself.
    @given(NAMES.filter(lambda name: name not in (*attack.form.tree.index, ".") and len(name) <= 256), EVENT)
    @example("entry.box", "click")
    @example("__class__", "click")
    @example("../go", "click")
    @example("Go", "click")
    @example("w" * 256, "click")
    @example("line\nbreak\x1b[31m", "click")
    def check(name: str, event: str) -> None:
        attack.refused({"id": name, "event": event}, "^no such widget$", widget=name)

    check()


def test_unknown_events(attack: Attack) -> None:
    @EXAMPLES
    @given(WIDGET, NAMES.filter(lambda name: name not in DOM_EVENTS and len(name) <= 256))
    @example("go", "__init__")
    @example("go", "onclick")
    @example("go", "CLICK")
    @example("go", "dismiss")
    @example("topwidget", "x\ny")
    def check(widget: str, event: str) -> None:
        attack.refused({"id": widget, "event": event}, "^no such event: ", widget=widget)

    check()


@pytest.mark.parametrize("key", ["id", "event"])
@pytest.mark.parametrize("size", [257, 200_000])
def test_huge_names(attack: Attack, key: str, size: int) -> None:
    attack.refused({"id": "go", "event": "click", key: "x" * size}, rf"length.*`\$\.{key}`")


@pytest.mark.parametrize("event", EVENTS)
def test_a_widget_that_was_removed(attack: Attack, event: str) -> None:
    attack.refused({"id": "gone", "event": event}, "^no such widget$", widget="gone")


@pytest.mark.parametrize("event", EVENTS)
@pytest.mark.parametrize("more", [{}, {"properties": {"value": "on"}}, {"data": {"key": "a"}}])
def test_a_widget_that_is_disabled(attack: Attack, event: str, more: dict[str, Any]) -> None:
    attack.refused({"id": "off", "event": event, **more}, "^the widget is disabled$", widget="off")


# -- values


def test_values_that_no_option_allows(attack: Attack) -> None:
    @EXAMPLES
    @given(VALUES.filter(lambda value: value not in ("S", "M", "L")))
    @example("m")
    @example("M ")
    @example(["M"])
    @example("x" * 100_000)
    def check(value: Any) -> None:
        message = {"id": "size", "event": "change", "properties": {"value": value}}
        if value == "":
            # The blank option: nothing is chosen.
            return
        attack.refused(message, "option|must be", widget="size")

    check()


def test_selections_that_no_options_allow(attack: Attack) -> None:
    def is_allowed(value: Any) -> bool:
        return isinstance(value, list) and all(item in ("a", "b", "c") for item in value)

    @EXAMPLES
    @given(
        (st.lists(st.sampled_from(["a", "b", "c", "d"]) | VALUES) | VALUES).filter(lambda value: not is_allowed(value))
    )
    @example("a")
    @example(["a", "d"])
    @example(["a", None])
    @example([["a"]])
    def check(value: Any) -> None:
        message = {"id": "toppings", "event": "change", "properties": {"value": value}}
        attack.refused(message, "option|must be", widget="toppings")

    check()


@pytest.mark.parametrize(
    ("widget", "values"),
    [
        ("entry", VALUES.filter(lambda value: not isinstance(value, str))),
        ("tick", VALUES.filter(lambda v: type(v) is not bool)),
    ],
)
def test_values_of_the_wrong_type(attack: Attack, widget: str, values: st.SearchStrategy[Any]) -> None:
    name = "checked" if widget == "tick" else "value"

    @EXAMPLES
    @given(values)
    def check(value: Any) -> None:
        message = {"id": widget, "event": "change", "properties": {name: value}}
        attack.refused(message, rf"\.{name} must be ", widget=widget)

    check()


@pytest.mark.parametrize("size", [101, 200_000])
def test_texts_that_are_too_long(attack: Attack, size: int) -> None:
    message = {"id": "entry", "event": "change", "properties": {"value": "x" * size}}
    attack.refused(message, f"{size} characters, 100 are allowed", widget="entry")


def test_properties_that_are_not_for_the_page_to_set(attack: Attack) -> None:
    @EXAMPLES
    @given(WIDGET, EVENT, NAMES.filter(lambda name: name not in ("value", "checked", "open")), VALUES)
    @example("entry", "change", "disabled", True)
    @example("entry", "change", "_tree", None)
    @example("size", "change", "options", ["XXL"])
    @example("go", "click", "label", "Do not")
    @example("topwidget", "click", "children", [])
    @example("entry", "click", "value", "not with a click")
    @example("go", "change", "value", "it has none")
    def check(widget: str, event: str, name: str, value: Any) -> None:
        message = {"id": widget, "event": event, "properties": {name: value}}
        attack.refused(message, "is no property that", widget=widget)

    check()


def test_one_property_that_is_refused_keeps_the_others_from_being_set(attack: Attack) -> None:
    message = {"id": "entry", "event": "change", "properties": {"value": "taken", "disabled": True}}
    attack.refused(message, "is no property that", widget="entry")


# -- anything


def test_anything_that_looks_like_a_message(attack: Attack) -> None:
    messages = st.fixed_dictionaries(
        {},
        optional={
            "id": WIDGET | NAMES | SCALARS,
            "event": EVENT | NAMES | SCALARS,
            "n": st.integers() | SCALARS,
            "ack": st.integers() | SCALARS,
            "data": st.dictionaries(TEXTS, VALUES) | VALUES,
            "properties": st.dictionaries(st.sampled_from(["value", "checked"]) | TEXTS, VALUES) | VALUES,
            "further": VALUES,
        },
    )

    @settings(EXAMPLES, max_examples=300)
    @given(messages)
    def check(message: dict[str, Any]) -> None:
        records = attack.send(message)
        assert [record.levelname for record in records] in ([], ["WARNING"])

    check()


@pytest.mark.gen_test
async def test_text_that_is_not_utf_8_ends_the_connection(mounted: Mounted, base_url: str) -> None:
    registry = mounted(Form)
    async with Visitor(base_url) as page, Visitor(base_url) as other:
        await page.connect()
        await other.connect()
        # A text frame of one byte, masked with zeros.
        await page.stream.write(b"\x81\x81\0\0\0\0\xff")
        assert await page.closed() == (None, None)
        assert (await page.connect())["got"] == 0
        assert len(registry.sessions) == 2
        await other.frame()
        other.post({"id": "bell", "event": "click"})
        await other.shows("sound", "1")
