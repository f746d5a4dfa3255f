"""A pure-Python full-stack web UI framework: subclass `MainApp`, compose widgets, call `run`."""

from .errors import (
    AssetsPathError,
    JibeLikeError,
    NoSuchEvent,
    NotInitializedError,
    NotWidgetError,
    OrphanWidgetError,
    PropertyTypeError,
    PropertyValueError,
    ProtocolError,
    SettingsError,
    TreeError,
    UnsafeValueError,
)
from .main_app import MainApp
from .multi_app import InJupyterApp, InJupyterMultiApp, MultiApp, MultiAppHandler
from .session.connection import Connection
from .session.session import Session
from .settings import Settings
from .tree import binding as bind
from .tree.events import Message, event_handler
from .tree.observed import NotifyList2
from .tree.property import Property
from .tree.widget import Widget
from .web.page import MainHandler, htmlt
from .web.websocket import WebSocketHandler
from .widgets import *
from .widgets import __all__ as _widgets

__version__ = "0.1.0"

__all__ = [
    "AssetsPathError",
    "Connection",
    "InJupyterApp",
    "InJupyterMultiApp",
    "JibeLikeError",
    "MainApp",
    "MainHandler",
    "Message",
    "MultiApp",
    "MultiAppHandler",
    "NoSuchEvent",
    "NotInitializedError",
    "NotWidgetError",
    "NotifyList2",
    "OrphanWidgetError",
    "Property",
    "PropertyTypeError",
    "PropertyValueError",
    "ProtocolError",
    "Session",
    "Settings",
    "SettingsError",
    "TreeError",
    "UnsafeValueError",
    "WebSocketHandler",
    "Widget",
    "bind",
    "event_handler",
    "htmlt",
    *_widgets,
]
