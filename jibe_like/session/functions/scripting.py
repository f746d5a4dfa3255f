"""Script mode: a program whose top-level code has a page."""

from typing import Any, Protocol

from jibe_like.settings import Settings


class Stage(Protocol):
    """Opens a page for the calling thread: the server, which this room knows nothing of."""

    def __call__(
        self, *, title: str, port: int, address: str, open_browser: bool | None, settings: Settings | None
    ) -> Any: ...


_stages: list[Stage] = []


def set_stage(stage: Stage) -> None:
    """Names what opens the page."""
    _stages[:] = [stage]


def script(
    title: str = "",
    *,
    port: int = 0,
    address: str = "127.0.0.1",
    open_browser: bool | None = None,
    settings: Settings | None = None,
) -> Any:
    """Opens a page for this program, and waits until it is there. Gives it: a `MainApp`, to put widgets into.

        from jibe_like import Label, session

        page = session.script("Hello")
        page.children.append(Label(f"You are {session.info.user_ip}"))
        session.hold()

    From here on this thread acts in the page's session, so that `run_js`, `eval_js`, `download`, `local` and the others
    work, without `await`. When the program ends, so does the page, and says so; `hold()` waits until the visitor has
    closed it. After that, what needs a page raises SessionEndedError, which ends the program without a traceback. The
    page is one for all who open it, and a reload does it no harm.

    :param title: the page's title; empty: the program's name.
    :param port: where it is served; 0 takes a free one.
    :param address: the interface; only this computer, unless you name another.
    :param open_browser: whether to open it in the browser. None: unless the environment variable
        `JIBE_LIKE_OPEN_BROWSER` is 0; then the log says its URL.

    Raises RuntimeError where the program has such a page already, and in a thread whose event loop is running.
    """
    if not _stages:
        raise RuntimeError("session.script needs jibe_like as a whole: import jibe_like")
    return _stages[0](title=title, port=port, address=address, open_browser=open_browser, settings=settings)
