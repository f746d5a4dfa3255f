"""Who lives how long: sessions, the connections of their pages, the tokens that name them. No server library.

What applications call stands here: functions that act in the current session (docs/session-functions.md).

    from jibe_like import session

    async def on_click():
        width = await session.eval_js("window.innerWidth")
        session.download("width.txt", str(width))
"""

from .current import use
from .downloads import download
from .ending import defer_call, hold
from .environment import set_env
from .javascript import eval_js, run_js
from .other_apps import go_app
from .scripting import script
from .session_local import data, local
from .threads import TaskHandler, register_thread, run_async, run_asyncio_coroutine
from .visitor import get_info, info

__all__ = [
    "TaskHandler",
    "data",
    "defer_call",
    "download",
    "eval_js",
    "get_info",
    "go_app",
    "hold",
    "info",
    "local",
    "register_thread",
    "run_async",
    "run_asyncio_coroutine",
    "run_js",
    "script",
    "set_env",
    "use",
]
