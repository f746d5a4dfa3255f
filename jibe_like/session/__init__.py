"""Who lives how long: sessions, the connections of their pages, the tokens that name them. No server library.

What applications call stands here: functions that act in the current session (docs/session-functions.md).

    from jibe_like import session

    async def on_click():
        width = await session.eval_js("window.innerWidth")
        session.download("width.txt", str(width))
"""

from .current import use
from .functions.downloads import download
from .functions.ending import defer_call, hold
from .functions.environment import set_env
from .functions.javascript import eval_js, run_js
from .functions.other_apps import go_app
from .functions.scripting import script
from .functions.session_local import data, local
from .functions.threads import TaskHandler, register_thread, run_async, run_asyncio_coroutine
from .functions.visitor import get_info, info

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
