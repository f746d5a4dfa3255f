"""ProgressBar, Spinner, Notification."""

import pickle
from typing import Any

import pytest

from jibe_like.errors import PropertyTypeError, PropertyValueError, ProtocolError
from jibe_like.tree.tree import Tree
from jibe_like.widgets import Button, Notification, Notifications, ProgressBar, Spinner

from .live_tree import FakeHost, browser_says, copied, html, live, operations


class TestProgressBar:
    def test_html(self) -> None:
        assert html(ProgressBar(42, "Upload")) == (
            '<progress id="w1" class="widget progressbar" value="42" aria-label="Upload" max="100"></progress>'
        )
        assert 'value="0"' not in html(ProgressBar(None))
        assert 'aria-label="Progress"' in html(ProgressBar())

    @pytest.mark.parametrize(
        ("value", "stored"), [(0, 0), (50, 50), (33.25, 33.25), (100, 100), (101, 100), (1e9, 100), (-1, 0)]
    )
    def test_values_are_cut(self, value: float, stored: float) -> None:
        assert ProgressBar(value).value == stored

    def test_a_bar_at_the_start_is_not_indeterminate(self) -> None:
        assert ' value="0"' in html(ProgressBar())

    def test_changes(self) -> None:
        bar = ProgressBar()
        tree = live(bar)
        bar.value = 12.5
        assert operations(tree) == [["attr", "w1", "value", "12.5"]]
        bar.value = None
        assert operations(tree) == [["attr", "w1", "value", None]]
        bar.value = 0
        assert operations(tree) == [["attr", "w1", "value", "0"]]

    def test_wrong_values(self) -> None:
        with pytest.raises(PropertyValueError, match=r"ProgressBar.*value"):
            ProgressBar(float("nan"))
        for wrong in ("5", True):
            with pytest.raises(PropertyTypeError, match=r"ProgressBar.*value must be float"):
                ProgressBar().properties["value"] = wrong

    def test_snapshot(self) -> None:
        assert copied(ProgressBar(5)).value == 5


class TestSpinner:
    def test_html(self) -> None:
        assert html(Spinner()) == '<div id="w1" class="widget spinner" role="status">Loading …</div>'

    def test_changes(self) -> None:
        spinner = Spinner("Searching")
        tree = live(spinner)
        spinner.label = "Sorting"
        assert operations(tree) == [["text", "w1", "Sorting"]]


class TestNotification:
    def test_html(self) -> None:
        assert html(Notification("Saved", "success")) == (
            '<div id="w1" class="widget notification" data-on="keydown,keys=Escape" data-kind="success" role="status">'
            '<p id="w1.text">Saved</p><button id="w1.dismiss" type="button" class="close" value="dismiss" '
            'aria-label="Dismiss" data-on="click:value">×</button></div>'
        )
        assert "<button" not in html(Notification("Saved", dismiss_label=""))

    @pytest.mark.parametrize(
        ("kind", "role"), [("info", "status"), ("success", "status"), ("warning", "alert"), ("error", "alert")]
    )
    def test_what_is_urgent_is_read_out_at_once(self, kind: str, role: str) -> None:
        assert f'data-kind="{kind}" role="{role}"' in html(Notification("Hm", kind))

    def test_changes(self) -> None:
        message = Notification("Saving")
        tree = live(message)
        message.text = "Saved"
        assert operations(tree) == [["render", "w1.text", ["p", {"id": "w1.text"}, "Saved"]]]
        message.kind = "error"
        ((name, target, node),) = operations(tree)
        assert (name, target, node[1]["role"]) == ("render", "w1", "alert")

    def test_further_widgets(self) -> None:
        undo = Button("Undo")
        assert '×</button><button id="w2" class="widget button" type="button">Undo</button></div>' in html(
            Notification("Deleted", children=[undo])
        )

    def test_it_is_dismissed(self) -> None:
        message = Notification("Saved")
        seen: list[Any] = []
        message.register("dismiss", lambda source, message: seen.append((source, source.parent is not None, message)))
        tree = live(message)
        browser_says(message, "click", value="dismiss")
        assert seen == [(message, True, {"id": "w1", "event": "dismiss"})]
        assert operations(tree) == [["remove", "w1"]]
        message.dismiss()
        assert len(seen) == 1

    def test_the_escape_key_dismisses_it(self) -> None:
        message = Notification("Saved")
        tree = live(message)
        browser_says(message, "keydown")
        assert operations(tree) == [["remove", "w1"]]

    def test_other_clicks_do_not(self) -> None:
        message = Notification("Saved")
        clicks: list[Any] = []
        message.register("click", clicks.append)
        tree = live(message)
        browser_says(message, "click")
        assert clicks == [message]
        with pytest.raises(ProtocolError):
            browser_says(message, "click", value="else")
        with pytest.raises(ProtocolError):
            browser_says(message, "dismiss")
        assert operations(tree) == []

    def test_a_handler_that_takes_it_away_itself(self) -> None:
        message = Notification("Saved")
        tree = live(message)
        message.register("dismiss", lambda: tree.root.children.clear())
        message.dismiss()
        assert operations(tree) == [["remove", "w1"]]

    def test_its_time_is_over(self) -> None:
        host = FakeHost()
        message = Notification("Saved", timeout=5)
        tree = live(message)
        assert host.waiting == []
        tree.go_live(host)
        host.advance(4.9)
        assert operations(tree) == []
        host.advance(0.1)
        assert operations(tree) == [["remove", "w1"]]
        assert host.waiting == []

    def test_it_stays_without_a_timeout(self) -> None:
        host = FakeHost()
        live(Notification("Saved")).go_live(host)
        assert host.waiting == []

    def test_its_time_stands_still_under_the_pointer(self) -> None:
        host = FakeHost()
        message = Notification("Saved", timeout=5)
        tree = live(message)
        tree.go_live(host)
        for come, go in (("mouseover", "mouseout"), ("focusin", "focusout")):
            host.advance(4)
            browser_says(message, come)
            host.advance(100)
            browser_says(message, go)
        host.advance(4.9)
        assert operations(tree) == []
        host.advance(0.1)
        assert operations(tree) == [["remove", "w1"]]

    def test_a_timeout_that_is_set_later(self) -> None:
        host = FakeHost()
        message = Notification("Saved")
        tree = live(message)
        tree.go_live(host)
        message.timeout = 2
        assert "mouseover" in operations(tree)[0][3]
        assert host.waiting == [2]
        message.timeout = None
        assert host.waiting == []

    def test_one_that_was_taken_away_is_not_dismissed(self) -> None:
        host = FakeHost()
        message = Notification("Saved", timeout=2)
        seen: list[Any] = []
        message.register("dismiss", seen.append)
        tree = live(message)
        tree.go_live(host)
        tree.root.children.clear()
        assert host.waiting == []
        assert seen == []

    def test_wrong_values(self) -> None:
        with pytest.raises(PropertyValueError, match=r"Notification.*kind: 'bad' is not one of 'info'"):
            Notification("x", "bad")
        with pytest.raises(PropertyValueError, match=r"Notification.*timeout: a length of time is more than 0"):
            Notification("x", timeout=0)

    def test_snapshot_of_one_whose_time_runs(self) -> None:
        host = FakeHost()
        tree = live(Notification("Saved", timeout=5))
        tree.go_live(host)
        restored: Tree = pickle.loads(pickle.dumps(tree))
        tree.close()
        assert host.waiting == []
        restored.go_live(host)
        host.advance(5)
        assert operations(restored) == [["remove", "w1"]]


class TestNotifications:
    def test_html(self) -> None:
        assert html(Notifications()) == (
            '<section id="w1" class="widget notifications" aria-label="Notifications" aria-live="polite"></section>'
        )

    def test_notify(self) -> None:
        host = FakeHost()
        corner = Notifications()
        tree = live(corner)
        tree.go_live(host)
        first = corner.notify("Saved", "success")
        second = corner.notify("Lost", "error", timeout=None)
        (name, parent, before, nodes), *calls = operations(tree)
        assert (name, parent, before) == ("insert", "w1", None)
        # Where there are more of them than the window is high.
        assert [call[:3] for call in calls] == [["call", each.identifier, "scrollIntoView"] for each in (first, second)]
        assert [node[1]["id"] for node in nodes] == [first.identifier, second.identifier]
        assert (first.timeout, second.timeout) == (5, None)
        host.advance(5)
        assert corner.children == [second]
