"""Child servers: what their root has, by names of their own."""

import pickle
from typing import Any

import pytest

from jibe_like import Server, Translator, get_server


def family(name: str, prefix: str = "left_") -> tuple[Server, Server]:
    root = Server(name)
    return root, Server("child", parent_server=root, translator=Translator(prefix))


# -- names


def test_a_translator() -> None:
    translator = Translator(prefix="a_")
    translator.add_translation("color", "the_color")
    assert translator("size") == translator.translate_key("size") == "a_size"
    assert translator.translate_list(["color", "size"]) == ["the_color", "a_size"]
    assert translator.translate_dict({"color": 1, "size": 2}) == {"the_color": 1, "a_size": 2}
    assert translator.reverse_translate_list(["the_color", "a_size"]) == ["color", "size"]
    translator.set_prefix("b_")
    assert translator("size") == "b_size"


@pytest.mark.parametrize("name", ["trame__busy", "trigger__1", "on_server_ready"])
def test_reserved_names_stay(name: str) -> None:
    translator = Translator("a_")
    assert translator(name) == name == translator.reverse_translate_key(name)


def test_names_that_a_child_does_not_have_are_left_out() -> None:
    translator = Translator("a_")
    translator.add_translation("color", "the_color")
    # "color" of the child is the root's "the_color": nothing is "a_color" for it.
    root = {"a_size": 1, "other": 2, "the_color": 3, "a_color": 4}
    assert translator.reverse_translate_dict(root) == {"size": 1, "color": 3}


# -- what they share


def test_state_under_other_names() -> None:
    root, child = family("state of a child")
    root.state.other = 0
    child.state.size = 1
    child.state["weight"] = 2
    assert root.state.left_size == 1
    assert (child.state.size, child.state["size"], child.state.nothing) == (1, 1, None)
    assert child.state == {"size": 1, "weight": 2}
    assert root.state != child.state
    assert (len(child.state), set(child.state)) == (2, {"size", "weight"})
    assert "size" in child.state
    assert child.state.has("weight")
    assert "other" not in child.state
    assert child.state.setdefault("size", 9) == 1
    child.state.update({"size": 3}, depth=4)
    assert root.state == {"other": 0, "left_size": 3, "left_weight": 2, "left_depth": 4}
    assert child.state.initial == {"size": 3, "weight": 2, "depth": 4}
    del child.state.size
    del child.state["depth"]
    assert child.get_server_state() == {"name": "child", "client_type": "jibe_like", "state": {"weight": 2}}
    assert repr(child.state) == "TranslatedState({'weight': 2})"


def test_context_too() -> None:
    root, child = family("context of a child")
    child.context.size = 1
    assert root.context.left_size == 1
    assert "left_size" not in root.state


def test_own_names_of_a_state_are_no_values() -> None:
    _, child = family("own names")
    with pytest.raises(AttributeError, match="'update' is a name of every state"):
        child.state.update = 1  # type: ignore[method-assign, assignment]
    child.state["update"] = 1
    assert child.state["update"] == 1
    with pytest.raises(AttributeError):
        child.state._nothing  # noqa: B018


def test_changes() -> None:
    root, child = family("changes of a child")
    seen: list[Any] = []

    @child.change("size")
    def on_size(size: int, weight: int | None, **values: Any) -> None:
        seen.append((size, weight, values, child.state.modified_keys))

    root.state.other = 1
    with child.state:
        child.state.size = 1
        child.state.depth = 2
        assert child.state.is_dirty("size", "nothing")
        assert not child.state.is_dirty_all("size", "nothing")
    assert seen == [(1, None, {"depth": 2}, {"size", "depth"})]
    root.state.left_size = 2
    root.state.flush()
    assert seen[1:] == [(2, None, {"depth": 2}, {"size"})]
    with child.state.suppress_change_listeners("size"):
        child.state.size = 3
    child.state.size = 4
    child.state.clean("size")
    assert child.state.flush() == set()
    child.state.dirty("size")
    assert child.state.flush() == {"size"}
    assert [size for size, *_ in seen] == [1, 2, 4]


def test_client_names() -> None:
    root, child = family("client names")
    child.state.client_keys("typed")
    child.state.client_only("hover")
    assert root.state._client_keys == {"left_typed"}
    assert root.state._client_only == {"left_hover"}


def test_a_controller_under_other_names() -> None:
    root, child = family("controller of a child")
    child.controller.reset = lambda: "reset"
    assert root.controller.left_reset() == "reset"
    assert child.controller.reset is root.controller["left_reset"]
    child.controller.add("on_server_ready")(print)
    assert root.controller.on_server_ready.exists()


def test_triggers_under_other_names() -> None:
    root, child = family("triggers of a child")

    @child.trigger("save")
    def save() -> None: ...

    @child.trigger("trigger__own")
    def own() -> None: ...

    assert root.controller.trigger_fn("left_save") is save
    assert root.controller.trigger_fn("trigger__own") is own
    assert child.trigger_name(save) == "left_save"
    assert root.trigger_name(test_context_too) == child.trigger_name(test_context_too) == "trigger__1"


def test_all_else_is_the_root_s() -> None:
    root, child = family("all else")
    grandchild = child.create_child_server(prefix="inner_")
    assert root.root_server is child.root_server is grandchild.root_server is root
    assert grandchild.name == "child"
    assert (child.translator("size"), grandchild.translator("size"), root.translator("size")) == (
        "left_size",
        "inner_size",
        "size",
    )
    assert child.protocol is root.protocol
    assert child.ui is root.ui
    assert child.cli is root.cli
    assert child.ready is root.ready
    assert child.enable_module({"scripts": ["a.js"], "state": {"size": 1}})
    assert not root.enable_module({"scripts": ["a.js"], "state": {"size": 1}})
    assert root.page_files.scripts == ["a.js"]
    assert root.state.left_size == 1
    assert (child.running, child.port, child.url, child.server_options) == (False, 0, "", {})
    assert root.client_type == child.client_type == "jibe_like"


def test_a_session_that_holds_one_finds_it_again() -> None:
    root = get_server("kept parent")
    child = root.create_child_server(prefix="left_")
    child.state.size = 1
    again, state, controller = pickle.loads(pickle.dumps((child, child.state, child.controller)))
    assert again.root_server is root
    root.state.left_size = 2
    assert again.state.size == state.size == 2
    root.controller.left_reset = lambda: "reset"
    assert controller.reset() == "reset"
