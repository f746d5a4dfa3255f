"""What belongs to a running process and not to a session's state: it comes back as None."""

import asyncio
import concurrent.futures
import queue
import socket
import threading
from pickle import PicklingError
from typing import Any, Final, NoReturn

LIVE: Final[tuple[type, ...]] = (
    socket.socket,
    asyncio.AbstractEventLoop,
    asyncio.AbstractServer,
    asyncio.BaseTransport,
    asyncio.StreamReader,
    asyncio.StreamWriter,
    asyncio.Future,
    asyncio.Handle,
    asyncio.Lock,
    asyncio.Event,
    asyncio.Condition,
    asyncio.Semaphore,
    asyncio.Barrier,
    concurrent.futures.Executor,
    concurrent.futures.Future,
    threading.Thread,
    type(threading.Lock()),
    type(threading.RLock()),
    threading.Condition,
    threading.Semaphore,
    threading.Event,
    threading.Barrier,
)
"""Sockets, tasks, timers, locks, threads and executors. A Task is a Future, a TimerHandle a Handle."""

REFUSED: Final[tuple[type, ...]] = (queue.Queue, asyncio.Queue)
"""They hold locks and cannot do without: come back in part they would hang, and as None lose what is in them."""


def reduce_live(_: object) -> tuple[Any, ...]:
    """For the pickler: None."""
    return type(None), ()


def refuse(obj: object) -> NoReturn:
    """For the pickler. Raises PicklingError."""
    raise PicklingError(f"a {type(obj).__name__} belongs to running tasks or threads; keep its items in a list")
