"""docs/vocabulary.md has every name of the four systems' references, and each is here and has its test."""

import ast
import importlib
import re
from functools import cache
from inspect import getattr_static
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import jibe_like
from tests.serving import ROOT
from tests.sessions import make_session, on_a_loop

NAMES = {
    "H2O Wave": """
        app app.route app.mode app.on_startup app.on_shutdown
        Auth Auth.access_token Auth.refresh_token Auth.subject Auth.username Auth.ensure_fresh_token
        Auth.ensure_fresh_token_sync
        Query Query.app Query.args Query.auth Query.client Query.events Query.headers Query.mode Query.page Query.route
        Query.site Query.user Query.exec Query.run Query.sleep Q
    """,
    "PyWebIO": """
        download run_js eval_js register_thread defer_call local set_env go_app info hold run_async
        run_asyncio_coroutine TaskHandler TaskHandler.close TaskHandler.closed data get_info
        info.user_agent info.user_language info.server_host info.origin info.user_ip info.backend info.protocol
        info.request
    """,
    "trame": """
        get_server Server enable_module js_call change trigger trigger_name name root_server translator options
        client_type cli state context controller ui running ready get_server_state add_protocol_to_configure protocol
        protocol_call force_state_push start stop port server_options log_network ws_max_msg_size ws_heart_beat
        desktop_debug
        start.port start.thread start.open_browser start.show_connection_info start.disable_logging start.backend
        start.exec_mode start.timeout start.host
    """,
    "Bokeh": """
        ServerSession id document token destroyed expiration_requested expiration_blocked expiration_blocked_count
        connection_count milliseconds_since_last_unsubscribe destroy request_expiration block_expiration
        unblock_expiration subscribe unsubscribe with_document_locked pull push patch notify_connection_lost
        current_time
    """,
}
"""The public names of the references, by system."""

PAGE = (ROOT / "docs" / "vocabulary.md").read_text()


class Row(NamedTuple):
    system: str
    there: str
    here: str
    test: str


def rows() -> list[Row]:
    found = []
    for section in PAGE.split("\n## ")[1:]:
        system, _, text = section.partition("\n")
        for line in text.splitlines():
            cells = [re.findall(r"`([^`]+)`", cell) for cell in line.strip("|").split("|")]
            if line.startswith("| `"):
                assert len(cells) == 3, line
                found.append(Row(system, cells[0][0], cells[1][0], cells[2][0]))
    return found


@cache
def names_of_tests(path: Path) -> frozenset[str]:
    tree = ast.parse(path.read_text())
    return frozenset(
        node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_")
    )


@pytest.mark.parametrize("system", NAMES)
def test_every_name_has_one_row(system: str) -> None:
    there = [row.there for row in rows() if row.system == system]
    assert sorted(there) == sorted(NAMES[system].split())


@pytest.mark.parametrize("row", rows(), ids=lambda row: f"{row.system}: {row.there}")
def test_its_test_is_there(row: Row) -> None:
    file, _, name = row.test.partition("::")
    assert name in names_of_tests(ROOT / file)


def step(owner: Any, name: str) -> Any:
    """The attribute, or the submodule, of that name. A property is not asked for its value."""
    try:
        return getattr_static(owner, name)
    except AttributeError:
        if hasattr(owner, "__path__"):
            return importlib.import_module(f"{owner.__name__}.{name}")
        return getattr(owner, name)


@on_a_loop
async def test_every_name_is_here() -> None:
    instances: dict[str, Any] = {"Session": make_session()}
    for row in rows():
        path, _, parameter = row.here.partition("(")
        first, *others = path.split(".")
        here = instances[first] if first in instances and others else step(jibe_like, first)
        for name in others:
            here = step(here, name)
        if parameter:
            code = getattr(here, "__func__", here).__code__
            assert parameter.rstrip("=…)") in code.co_varnames[: code.co_argcount + code.co_kwonlyargcount], row
    instances["Session"].destroy()
