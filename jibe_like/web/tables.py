"""Tornado's tables of what runs and of what is watched, which keep the room for as many as they once held."""

import socket

from tornado.ioloop import IOLoop

from jibe_like.session.memory.tables import Passing, have_come_and_go


async def shrink_tables(most: int) -> None:
    """Has Tornado make its tables anew; those that this version has.

    :param most: sessions that there were at the same time.
    """
    loop = IOLoop.current()
    for name in "readers", "writers":
        found = getattr(loop, name, None)
        if isinstance(found, set):
            setattr(loop, name, set(found))
    has_tasks = hasattr(loop, "_register_task") and hasattr(loop, "_unregister_task")

    def come_and_go(watched: socket.socket, passing: Passing) -> None:
        loop.add_handler(watched, _nothing, IOLoop.READ)
        loop.remove_handler(watched)
        if has_tasks:
            loop._register_task(passing)
            loop._unregister_task(passing)

    await have_come_and_go(most, come_and_go)


def _nothing(file: object, events: int) -> None:
    """Is called for nothing."""
